//! Peers at addresses that the user has given.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::net::mode::ServerAddress;
use crate::protocol::ident::ConversationId;

/// Somebody who answers a bare `GET_USER_INFO` alone, under a name of their choice. Tells what is asked of them, and
/// ends when nobody wants to know.
async fn somebody_called(claimed: &str) -> (ServerAddress, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
    let info = UserInfo { fields: vec![("name".into(), claimed.into())], picture: None };
    let (outbox, asked) = async_channel::unbounded();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let count = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..count]).into_owned();
            let is_understood = request == "GET_USER_INFO";
            if outbox.send(request).await.is_err() {
                return;
            }
            if is_understood {
                stream.write_all(&info.to_reply()).await.unwrap();
            }
        }
    });
    (address, asked)
}

#[tokio::test]
async fn whoever_is_at_a_given_address_takes_nobodys_place() {
    let lan = FakeLan::default();
    let known: SocketAddr = "127.0.0.1:9".parse().unwrap();
    lan.add("bob", &[known]);
    let mut ann = Someone::on(&lan, "ann").await;
    ann.sees("bob").await;
    let (bob, asked) = somebody_called("bob._klatch._tcp.local.").await;
    let (ann_too, _asked) = somebody_called("ann").await;
    for (address, shown) in [(bob, "bob (2)"), (ann_too, "ann (2)")] {
        ann.tell(Command::AddPeer(address.clone())).await;
        ann.sees(shown).await;
        let there = |who: &str| ann.roster.iter().find(|contact| contact.name == name(who)).unwrap().addresses.clone();
        assert_eq!(there(shown), [format!("127.0.0.1:{}", address.port).parse().unwrap()]);
        assert_eq!(there("bob"), [known]);
    }
    // How they understand a request is remembered.
    ann.tell(Command::AskUserInfo(name("bob (2)"))).await;
    ann.wait(|event| matches!(event, Event::UserInfo { .. }).then_some(())).await;
    let asked: Vec<String> = std::iter::from_fn(|| asked.try_recv().ok()).collect();
    assert_eq!(asked, ["GET_USER_INFO N.", "GET_USER_INFO", "GET_USER_INFO"]);
}

#[tokio::test]
async fn who_is_at_a_given_address_stays_when_discovery_loses_them() {
    let lan = FakeLan::default();
    let (address, _asked) = somebody_called("bob").await;
    let discovered = lan.add("bob", &[format!("127.0.0.1:{}", address.port).parse().unwrap()]);
    let mut ann = Someone::on(&lan, "ann").await;
    ann.tell(Command::AddPeer(address)).await;
    ann.sees("bob").await;
    // The second answer is behind the first, which is taken by then.
    ann.tell(Command::AskUserInfo(name("bob"))).await;
    ann.wait(|event| matches!(event, Event::UserInfo { .. }).then_some(())).await;
    assert!(lan.leave(&discovered).is_some());
    let (other, _asked) = somebody_called("cid").await;
    ann.tell(Command::AddPeer(other)).await;
    ann.sees("cid").await;
    assert!(ann.roster.iter().any(|contact| contact.name == name("bob")), "{:?}", ann.roster);
}

#[tokio::test]
async fn an_address_where_nobody_is_or_only_oneself_is_told() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for (host, port, expected) in [
        ("127.0.0.1", ann.port, NetErrorKind::OwnAddress),
        ("127.0.0.1", nobody, NetErrorKind::PeerUnreachable),
        ("nobody.invalid", nobody, NetErrorKind::HostNotFound),
    ] {
        let address = ServerAddress { host: host.into(), port };
        ann.tell(Command::AddPeer(address.clone())).await;
        let told = ann.wait(|event| match event {
            Event::NotAdded { address, because } => Some((address.clone(), because.kind)),
            _ => None,
        });
        assert_eq!(told.await, (address, expected));
    }
    assert!(ann.roster.is_empty());
}

/// What is told of the addresses next.
async fn added(someone: &mut Someone) -> Vec<(ServerAddress, Option<UserName>)> {
    let told = someone.wait(|event| if let Event::Added(all) = event { Some(all.clone()) } else { None }).await;
    told.into_iter().map(|added| (added.address, added.who)).collect()
}

#[tokio::test]
async fn an_address_is_given_kept_and_taken_back() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let (address, asked) = somebody_called("bob").await;
    // Whoever asks twice is told twice.
    for _ in 0..2 {
        ann.tell(Command::AddPeer(address.clone())).await;
        assert_eq!(added(&mut ann).await, [(address.clone(), Some(name("bob")))]);
    }
    // Where somebody was once is looked at again, and told without being asked.
    drop(asked);
    while !ann.roster.is_empty() {
        ann.tell(Command::ListFiles(name("bob"))).await;
        ann.wait(|event| matches!(event, Event::Roster(_) | Event::Unanswered { .. }).then_some(())).await;
    }
    assert_eq!(added(&mut ann).await, [(address.clone(), None)]);
    ann.tell(Command::RemovePeer(address)).await;
    assert_eq!(added(&mut ann).await, []);
}

#[tokio::test]
async fn addresses_from_earlier_are_looked_at_from_the_beginning() {
    let lan = FakeLan::default();
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let silent = ServerAddress { host: "127.0.0.1".into(), port: nobody };
    let (address, _asked) = somebody_called("bob").await;
    let given = vec![address.clone(), silent.clone()];
    let mut ann = Someone::with(&lan, PeerParameters { added: given, ..parameters("ann") }).await;
    ann.sees("bob").await;
    ann.tell(Command::AddPeer(address.clone())).await;
    let both = [(address.clone(), Some(name("bob"))), (silent.clone(), None)];
    while added(&mut ann).await != both {}
    ann.tell(Command::RemovePeer(address)).await;
    while added(&mut ann).await != [(silent.clone(), None)] {}
    assert!(ann.roster.is_empty());
    ann.tell(Command::RemovePeer(silent)).await;
    while !added(&mut ann).await.is_empty() {}
}

#[tokio::test]
async fn who_announces_another_name_than_they_tell_is_one_person() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let (address, _asked) = somebody_called("Bob Smith").await;
    ann.tell(Command::AddPeer(address.clone())).await;
    ann.sees("Bob Smith").await;
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let offer = PeerRequest::OfferFile { from: name("bob"), file: "slides.pdf".into() };
    exchange::ask(&at, &offer, Habits::default()).await.unwrap();
    let from = |event: &Event| if let Event::Offered { from, .. } = event { Some(from.clone()) } else { None };
    assert_eq!(ann.wait(from).await, name("Bob Smith"));

    // Discovery knows them better.
    let there = SocketAddr::from(([127, 0, 0, 1], address.port));
    let discovered = lan.add("bob", &[there]);
    let only = |who: &'static str| {
        move |event: &Event| match event {
            Event::Roster(all) => (all.iter().map(|it| it.name.as_str()).eq([who])).then_some(()),
            _ => None,
        }
    };
    ann.wait(only("bob")).await;
    assert_eq!(added(&mut ann).await, [(address.clone(), Some(discovered.clone()))]);
    ann.tell(Command::AddPeer(address)).await;
    assert_eq!(added(&mut ann).await[0].1, Some(discovered));
}

#[tokio::test]
async fn who_is_not_known_and_knocks_is_told_of_once() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let invite = |from: &str| PeerRequest::Invite { chat: ConversationId::Int(7), from: name(from) };
    let knocks = ["ann", "eve", "eve"].map(|from| {
        let request = invite(from);
        async move { exchange::ask(&at, &request, Habits::default()).await.unwrap().reply }
    });
    for refused in knocks.map(tokio::spawn) {
        assert_eq!(social::acceptance(&refused.await.unwrap()), Some(false));
    }
    lan.add("bob", &["127.0.0.1:9".parse().unwrap()]);
    let mut strangers = Vec::new();
    ann.wait(|event| {
        if let Event::Stranger { name, address } = event {
            strangers.push((name.clone(), address.to_string()));
        }
        matches!(event, Event::Roster(_)).then_some(())
    })
    .await;
    assert_eq!(strangers, [(name("eve"), "127.0.0.1".to_owned())]);
}

#[tokio::test]
async fn who_is_gone_from_a_given_address_is_noticed_when_they_cannot_be_reached() {
    let lan = FakeLan::default();
    let (address, asked) = somebody_called("bob").await;
    let mut ann = Someone::on(&lan, "ann").await;
    ann.tell(Command::AddPeer(address.clone())).await;
    ann.sees("bob").await;
    drop(asked);
    ann.tell(Command::ListFiles(name("bob"))).await;
    let gone = async {
        while !ann.roster.is_empty() {
            ann.tell(Command::ListFiles(name("bob"))).await;
            ann.wait(|event| matches!(event, Event::Roster(_) | Event::Unanswered { .. }).then_some(())).await;
        }
    };
    // Sooner than the next round.
    timeout(ROUND / 2, gone).await.unwrap();
}

#[tokio::test]
async fn who_is_too_busy_to_answer_at_a_given_address_is_still_there() {
    let lan = FakeLan::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let info = UserInfo { fields: vec![("name".into(), "bob".into())], picture: None };
        stream.write_all(&info.to_reply()).await.unwrap();
        // From now on connections wait to be accepted.
        listener
    });
    let mut ann = Someone::on(&lan, "ann").await;
    ann.tell(Command::AddPeer(address.clone())).await;
    ann.sees("bob").await;
    let listener = answering.await.unwrap();
    // From here on nothing comes that could be too late for the clock: it goes on to the next deadline when all wait.
    tokio::time::pause();
    ann.tell(Command::AddPeer(address)).await;
    // Given up at the same time as the look at the address.
    ann.tell(Command::AskUserInfo(name("bob"))).await;
    ann.wait(|event| matches!(event, Event::Unanswered { .. }).then_some(())).await;
    ann.tell(Command::ListFiles(name("nobody"))).await;
    ann.wait(|event| matches!(event, Event::Unanswered { .. }).then_some(())).await;
    assert_eq!(ann.roster.len(), 1);

    drop(listener);
    while !ann.roster.is_empty() {
        ann.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
    }
}

#[tokio::test]
async fn a_name_without_end_is_none() {
    let mut ann = Someone::on(&FakeLan::default(), "ann").await;
    let (address, _asked) = somebody_called(&"x".repeat(100_000)).await;
    ann.tell(Command::AddPeer(address.clone())).await;
    ann.sees(&address.to_string()).await;
}
