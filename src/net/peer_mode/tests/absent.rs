//! People who are not there, though they are listed.

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

#[tokio::test]
async fn whoever_a_chat_drops_is_looked_for() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    for who in ["bob", "cid"] {
        lan.add(who, &["127.0.0.1:9".parse().unwrap()]);
        ann.sees(who).await;
    }
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let chat = ConversationId::Int(7);
    let invite = PeerRequest::Invite { chat: chat.clone(), from: name("bob") };
    let _open = exchange::request(&at, &invite.encode(), Habits::default()).await.unwrap();
    ann.wait(|event| matches!(event, Event::Invited { .. }).then_some(())).await;
    ann.tell(Command::Answer { conversation: chat.clone(), accept: true }).await;
    ann.wait(|event| matches!(event, Event::Conversation(_)).then_some(())).await;
    let list = |members: &[&str]| PeerRequest::ChatStatus {
        chat: chat.clone(),
        from: name("bob"),
        members: members.iter().copied().map(name).collect(),
    };
    exchange::ask(&at, &list(&["bob", "ann", "cid"]), Habits::default()).await.unwrap();
    lan.silence(&name("cid"));
    exchange::ask(&at, &list(&["bob", "ann"]), Habits::default()).await.unwrap();
    while ann.roster.iter().any(|contact| contact.name == name("cid")) {
        ann.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
    }
}
