//! Pictures, which nobody asks for and everybody shows.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::net::peer_mode::pictures::mark;

/// A picture, as far as the protocol is concerned.
const PICTURE: &[u8] = b"\x89PNG of somebody";

/// Somebody who answers the first form of a request alone, and all with what they tell about themselves. Tells what is
/// asked of them.
async fn somebody_with_a_picture() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let info = UserInfo { fields: Vec::new(), picture: Some(PICTURE.to_vec()) };
    let (outbox, asked) = async_channel::unbounded();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let count = stream.read(&mut request).await.unwrap();
            outbox.send(String::from_utf8_lossy(&request[..count]).into_owned()).await.unwrap();
            stream.write_all(&info.to_reply()).await.unwrap();
        }
    });
    (address, asked)
}

fn picture(event: &Event) -> Option<(UserName, Option<Vec<u8>>)> {
    if let Event::Picture { of, picture } = event { Some((of.clone(), picture.clone())) } else { None }
}

#[tokio::test]
async fn whoever_is_found_is_asked_for_their_picture_one_time() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let (address, asked) = somebody_with_a_picture().await;
    let bob = lan.add("bob", &[address]);
    assert_eq!(ann.wait(picture).await, (bob.clone(), Some(PICTURE.to_vec())));
    lan.change(&bob, |bob| bob.status = Some("away".to_owned()));
    ann.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
    // Whoever is blocked is not shown any more, and is asked again only when they are not.
    ann.tell(Command::Block { name: bob.clone(), blocked: true }).await;
    assert_eq!(ann.wait(picture).await, (bob.clone(), None));
    assert_eq!(asked.len(), 1);
    assert_eq!(asked.recv().await.unwrap(), "GET_USER_INFO N.");
    ann.tell(Command::Block { name: bob.clone(), blocked: false }).await;
    assert_eq!(ann.wait(picture).await, (bob, Some(PICTURE.to_vec())));
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn whoever_does_not_understand_is_left_alone_and_none_of_it_is_told() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bob = lan.add("bob", &[listener.local_addr().unwrap()]);
    drop(listener.accept().await.unwrap());
    // When that has come back, everything about bob has: he is asked nothing by himself.
    let (address, _asked) = somebody_with_a_picture().await;
    let eve = lan.add("eve", &[address]);
    let events = ann.wait(picture);
    let (who, _) = tokio::select! {
        news = events => news,
        _ = listener.accept() => panic!("asked again"),
    };
    assert_eq!(who, eve);
    // Asked by a person, he is asked in all forms, and that is told.
    ann.tell(Command::AskUserInfo(bob.clone())).await;
    for _ in 0..3 {
        drop(listener.accept().await.unwrap());
    }
    let unanswered = |event: &Event| if let Event::Unanswered { by, .. } = event { Some(by.clone()) } else { None };
    assert_eq!(ann.wait(unanswered).await, bob);
}

#[tokio::test]
async fn another_picture_of_ones_own_is_announced() {
    let lan = FakeLan::default();
    let ann = Someone::on(&lan, "ann").await;
    let (_bob, heard) = lan.join(Advertisement {
        service_type: ServiceType::default(),
        name: name("bob"),
        port: 9,
        status: String::new(),
        picture: None,
    });
    let mut marks = Vec::new();
    for picture in [PICTURE, PICTURE, b"\x89PNG of ann"] {
        let info = UserInfo { fields: Vec::new(), picture: Some(picture.to_vec()) };
        ann.tell(Command::SetUserInfo(info)).await;
    }
    while marks.len() < 3 {
        if let discovery::Event::Found(ann) = timeout(PATIENCE, heard.recv()).await.unwrap().unwrap() {
            marks.push(ann.picture);
        }
    }
    assert_eq!(marks, [None, Some(mark(PICTURE)), Some(mark(b"\x89PNG of ann"))]);
}
