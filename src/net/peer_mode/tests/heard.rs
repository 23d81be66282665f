//! Who is heard: the blocked are not, and who is faster than the news of where they are is.

use super::*;

#[tokio::test]
async fn who_is_blocked_is_not_heard_from_an_address_shared_with_others() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    for who in ["bob", "cid"] {
        lan.add(who, &["127.0.0.1:9".parse().unwrap()]);
        ann.sees(who).await;
    }
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let offered = |event: &Event| match event {
        Event::Offered { offer, file, .. } => Some((*offer, file.clone())),
        _ => None,
    };
    let before = PeerRequest::OfferFile { from: name("bob"), file: "before".into() };
    exchange::ask(&at, &before, Habits::default()).await.unwrap();
    let (offer, _) = ann.wait(offered).await;
    ann.tell(Command::Block { name: name("bob"), blocked: true }).await;
    ann.wait(|event| (*event == Event::Unoffered { offer }).then_some(())).await;
    while ann.roster.iter().all(|contact| !contact.is_blocked) {
        ann.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
    }
    for who in ["bob", "bob._klatch._tcp.local.", "cid"] {
        let offer = PeerRequest::OfferFile { from: name(who), file: format!("of {who}") };
        exchange::ask(&at, &offer, Habits::default()).await.unwrap();
    }
    assert_eq!(ann.wait(offered).await.1, "of cid");
}

#[tokio::test]
async fn who_is_faster_than_the_news_of_a_new_address_is_heard() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let bob = lan.add("bob", &["127.0.0.2:9".parse().unwrap()]);
    lan.add("cid", &["127.0.0.1:9".parse().unwrap()]);
    ann.sees("bob").await;
    ann.sees("cid").await;
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let offer = |who: &str| PeerRequest::OfferFile { from: name(who), file: format!("of {who}") };
    let _open = exchange::request(&at, &offer("bob").encode(), Habits::default()).await.unwrap();
    // By the time that this is answered, the other one has probably come in.
    exchange::ask(&at, &offer("cid"), Habits::default()).await.unwrap();
    let file = |event: &Event| if let Event::Offered { file, .. } = event { Some(file.clone()) } else { None };
    assert_eq!(ann.wait(file).await, "of cid");
    lan.leave(&bob);
    lan.add("bob", &["127.0.0.1:9".parse().unwrap()]);
    assert_eq!(ann.wait(file).await, "of bob");
}

#[tokio::test]
async fn who_speaks_and_was_not_found_is_looked_for() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    lan.add_unheard("bob", &["127.0.0.1:9".parse().unwrap()]);
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let offer = PeerRequest::OfferFile { from: name("bob"), file: "of bob".into() };
    exchange::ask(&at, &offer, Habits::default()).await.unwrap();
    let file = |event: &Event| if let Event::Offered { file, .. } = event { Some(file.clone()) } else { None };
    assert_eq!(ann.wait(file).await, "of bob");
}

#[tokio::test]
async fn an_invitation_that_is_given_up_before_its_sender_is_known_is_not_shown() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    lan.add("cid", &["127.0.0.1:9".parse().unwrap()]);
    ann.sees("cid").await;
    let at = [SocketAddr::from(([127, 0, 0, 1], ann.port))];
    let invite = |id| PeerRequest::Invite { chat: ConversationId::Int(id), from: name("bob") };
    let given_up = exchange::request(&at, &invite(7).encode(), Habits::default()).await.unwrap().0;
    SockRef::from(&given_up).set_linger(Some(Duration::ZERO)).unwrap();
    let mut given_up = Some(given_up);
    for file in ["one", "two"] {
        // By the time that this is told, what was done before has probably come in.
        let offer = PeerRequest::OfferFile { from: name("cid"), file: file.into() };
        exchange::ask(&at, &offer, Habits::default()).await.unwrap();
        ann.wait(|event| matches!(event, Event::Offered { .. }).then_some(())).await;
        drop(given_up.take());
    }
    lan.add("bob", &["127.0.0.1:9".parse().unwrap()]);
    ann.sees("bob").await;
    let _open = exchange::request(&at, &invite(8).encode(), Habits::default()).await.unwrap();
    let invited =
        |event: &Event| if let Event::Invited { conversation, .. } = event { Some(conversation.clone()) } else { None };
    assert_eq!(ann.wait(invited).await, ConversationId::Int(8));
}
