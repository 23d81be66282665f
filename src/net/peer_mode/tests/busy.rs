//! Many people who do not answer.

use super::*;

/// An address that takes no connection and does not refuse one either, as long as all this is kept.
fn nowhere() -> (SocketAddr, Vec<Socket>) {
    let new = || Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    let listener = new();
    listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let at = listener.local_addr().unwrap();
    let mut sockets = vec![listener];
    // Whoever connects now waits for those who are not accepted.
    for _ in 0..4 {
        let waiting = new();
        waiting.set_nonblocking(true).unwrap();
        let _ = waiting.connect(&at);
        sockets.push(waiting);
    }
    (at.as_socket().unwrap(), sockets)
}

#[tokio::test]
async fn a_text_does_not_wait_for_hundreds_who_are_not_there() {
    let lan = FakeLan::default();
    let mut ann = Someone::with(&lan, PeerParameters { pictures: false, ..parameters("ann") }).await;
    let mut bob = Someone::with(&lan, PeerParameters { pictures: false, ..parameters("bob") }).await;
    ann.sees("bob").await;
    bob.sees("ann").await;
    bob.tell(Command::Start { with: vec![name("ann")] }).await;
    let invited =
        |event: &Event| if let Event::Invited { conversation, .. } = event { Some(conversation.clone()) } else { None };
    let id = ann.wait(invited).await;
    ann.tell(Command::Answer { conversation: id.clone(), accept: true }).await;

    let (nowhere, _kept) = nowhere();
    let mut nobody = name("nobody");
    for number in 0..400 {
        nobody = lan.add(&format!("nobody {number}"), &[nowhere]);
    }
    ann.sees(nobody.as_str()).await;
    for number in 0..400 {
        ann.tell(Command::AskUserInfo(name(&format!("nobody {number}")))).await;
    }
    ann.tell(Command::Say { conversation: id, body: "hello".into(), id: MessageId(1) }).await;
    let said = bob.wait(|event| if let Event::Said(said) = event { Some(said.clone()) } else { None }).await;
    assert_eq!((said.from, said.body.as_str()), (name("ann"), "hello"));
}
