use super::lists::{POLL, SLOW_POLL};
use super::*;
use crate::net::command::MessageId;
use crate::net::event::{Conversation, Delivery, Phase};

/// A session with a clock of its own, online as `alice` unless said otherwise.
struct Bench {
    session: Session,
    moment: Moment,
}

fn name(text: &str) -> UserName {
    UserName::received(text)
}

fn names(texts: &[&str]) -> Vec<UserName> {
    texts.iter().map(|text| name(text)).collect()
}

fn users(texts: &[&str]) -> Input {
    Input::Received(ServerMessage::OnlineUsers(
        texts.iter().map(|text| (name(text), Status::received("online"))).collect(),
    ))
}

fn id(n: i64) -> ConversationId {
    ConversationId::Int(n)
}

fn invitation(n: i64, from: &str) -> Input {
    Input::Received(ServerMessage::Invitation { conversation: id(n), from: name(from) })
}

fn lists(all: &[(i64, &[&str])]) -> Input {
    Input::Received(ServerMessage::Conversations(all.iter().map(|(n, members)| (id(*n), names(members))).collect()))
}

fn said(n: i64, from: &str, body: &str) -> Input {
    Input::Received(ServerMessage::Message { conversation: id(n), from: name(from), body: body.into() })
}

fn say(n: i64, body: &str, message: u64) -> Input {
    Input::Command(Command::Say { conversation: id(n), body: body.into(), id: MessageId(message) })
}

impl Bench {
    fn offline() -> Self {
        let parameters = ServerParameters {
            address: "localhost:6666".parse().unwrap(),
            name: name("alice"),
            status: Status::default(),
        };
        let moment = Moment { now: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        Self { session: Session::new(&parameters), moment }
    }

    fn online() -> Self {
        let mut bench = Self::offline();
        bench.give(Input::Connected);
        bench.give(users(&["alice", "bob"]));
        bench
    }

    /// In conversation 7 with bob.
    fn talking() -> Self {
        let mut bench = Self::online();
        bench.give(Input::Command(Command::Start { with: names(&["bob"]) }));
        bench.give(invitation(7, "alice"));
        bench.give(lists(&[(7, &["alice", "bob"])]));
        bench
    }

    fn give(&mut self, input: Input) -> Vec<Action> {
        self.session.handle(input, self.moment)
    }

    fn after(&mut self, time: Duration) -> Vec<Action> {
        self.moment.now += time;
        self.give(Input::Tick)
    }
}

fn sent(actions: &[Action]) -> Vec<&ClientMessage> {
    actions.iter().filter_map(|action| if let Action::Send(message) = action { Some(message) } else { None }).collect()
}

fn told(actions: &[Action]) -> Vec<&Event> {
    actions.iter().filter_map(|action| if let Action::Emit(event) = action { Some(event) } else { None }).collect()
}

fn conversation(actions: &[Action]) -> Option<&Conversation> {
    told(actions).into_iter().rev().find_map(|event| match event {
        Event::Conversation(conversation) => Some(conversation),
        _ => None,
    })
}

fn problems(actions: &[Action]) -> Vec<NetErrorKind> {
    told(actions)
        .into_iter()
        .filter_map(|event| if let Event::Problem(error) = event { Some(error.kind) } else { None })
        .collect()
}

fn deliveries(actions: &[Action]) -> Vec<(u64, Delivery)> {
    told(actions)
        .into_iter()
        .filter_map(|event| if let Event::Delivery { id, state, .. } = event { Some((id.0, *state)) } else { None })
        .collect()
}

fn bodies(actions: &[Action]) -> Vec<String> {
    told(actions)
        .into_iter()
        .filter_map(
            |event| if let Event::Said(said) = event { Some(format!("{}: {}", said.from, said.body)) } else { None },
        )
        .collect()
}

#[test]
fn registering_is_confirmed_by_being_listed() {
    let mut bench = Bench::offline();
    let actions = bench.give(Input::Connected);
    assert_eq!(sent(&actions), [&ClientMessage::Register { user: name("alice"), status: Status::received("online") }]);
    assert!(!told(&bench.give(users(&["bob"]))).iter().any(|event| matches!(event, Event::Link(_))));
    let actions = bench.give(users(&["Alice", "bob", "carol"]));
    assert!(matches!(told(&actions)[0], Event::Link(LinkState::Online { at, .. }) if at == "localhost:6666"));
    let Event::Roster(roster) = told(&actions)[1] else { panic!("{actions:?}") };
    assert_eq!(roster.iter().map(|contact| contact.name.as_str()).collect::<Vec<_>>(), ["bob", "carol"]);
    assert!(bench.give(users(&["alice", "bob", "carol"])).is_empty(), "the same list is no news");
}

#[test]
fn a_server_that_does_not_list_the_receiver_is_believed_after_a_while() {
    let mut bench = Bench::offline();
    bench.give(Input::Connected);
    bench.give(users(&["bob"]));
    let actions = bench.after(UNLISTED);
    assert!(matches!(told(&actions)[0], Event::Link(LinkState::Online { .. })));
}

#[test]
fn a_silent_server_is_given_up() {
    let mut bench = Bench::offline();
    bench.give(Input::Connected);
    let actions = bench.after(REGISTRATION);
    assert_eq!(actions, [Action::Reconnect(NetError::new(NetErrorKind::TimedOut))]);
}

#[test]
fn a_refused_name_ends_it_unless_it_was_ours_before() {
    let mut bench = Bench::offline();
    bench.give(Input::Connected);
    let taken = || Input::Received(ServerMessage::Error("taken".into()));
    assert_eq!(bench.give(taken()), [Action::GiveUp(NetError::with(NetErrorKind::NameRefused, "taken"))]);
    let mut bench = Bench::online();
    bench.give(Input::Lost);
    bench.give(Input::Connected);
    assert_eq!(bench.give(taken()), [Action::Reconnect(NetError::with(NetErrorKind::NameRefused, "taken"))]);
}

#[test]
fn ones_own_invitation_opens_the_conversation_without_asking() {
    let mut bench = Bench::online();
    let actions = bench.give(Input::Command(Command::Start { with: names(&["bob", "alice"]) }));
    assert_eq!(sent(&actions), [&ClientMessage::Invite(names(&["bob"]))]);
    let actions = bench.give(invitation(7, "alice"));
    assert_eq!(sent(&actions), [&ClientMessage::Join(id(7)), &ClientMessage::ListConversations]);
    assert!(!told(&actions).iter().any(|event| matches!(event, Event::Invited { .. })));
    let shown = conversation(&actions).unwrap();
    assert_eq!((shown.phase, &shown.awaited, &shown.members), (Phase::Waiting, &names(&["bob"]), &names(&["alice"])));

    let actions = bench.give(lists(&[(7, &["alice"])]));
    assert!(actions.is_empty(), "still waiting: {actions:?}");
    let actions = bench.give(lists(&[(7, &["alice", "bob"])]));
    let shown = conversation(&actions).unwrap();
    assert_eq!((shown.phase, shown.awaited.len()), (Phase::Open, 0));
}

#[test]
fn a_server_cannot_open_any_number_of_conversations() {
    let mut bench = Bench::online();
    let opened = (0..100).filter(|n| conversation(&bench.give(invitation(*n, "alice"))).is_some()).count();
    assert_eq!(opened, UNASKED);
    assert_eq!(problems(&bench.give(invitation(100, "alice"))), [NetErrorKind::Busy]);
    // What is asked for opens all the same.
    bench.give(Input::Command(Command::Start { with: names(&["bob"]) }));
    assert!(conversation(&bench.give(invitation(101, "alice"))).is_some());
}

#[test]
fn an_invite_without_reply_is_told() {
    let mut bench = Bench::online();
    bench.give(Input::Command(Command::Start { with: names(&["bob"]) }));
    assert_eq!(problems(&bench.after(ANSWER)), [NetErrorKind::NoConversation]);
    assert!(bench.after(ANSWER).is_empty());
}

#[test]
fn invitations_of_others_are_asked_about() {
    let mut bench = Bench::online();
    let actions = bench.give(invitation(7, "bob"));
    assert!(sent(&actions).is_empty());
    assert_eq!(told(&actions), [&Event::Invited { conversation: id(7), from: name("bob") }]);
    assert!(bench.give(invitation(7, "bob")).is_empty(), "the same invitation twice");
    bench.give(invitation(8, "bob"));
    let no = bench.give(Input::Command(Command::Answer { conversation: id(8), accept: false }));
    assert!(no.is_empty(), "declining sends nothing: {no:?}");
    let yes = bench.give(Input::Command(Command::Answer { conversation: id(7), accept: true }));
    assert_eq!(sent(&yes)[0], &ClientMessage::Join(id(7)));
    assert_eq!(conversation(&yes).unwrap().awaited, names(&["bob"]));
}

#[test]
fn an_invitation_of_somebody_who_has_gone_is_taken_back_when_nobody_is_left() {
    let mut bench = Bench::online();
    bench.give(invitation(7, "bob"));
    bench.give(invitation(8, "bob"));
    assert_eq!(sent(&bench.give(users(&["alice", "carol"]))), [&ClientMessage::ListConversations]);
    let actions = bench.give(lists(&[(7, &[]), (8, &["carol"])]));
    assert_eq!(told(&actions), [&Event::Uninvited { conversation: id(7) }]);
    let actions = bench.give(Input::Command(Command::Answer { conversation: id(8), accept: true }));
    assert_eq!(sent(&actions)[0], &ClientMessage::Join(id(8)));
}

#[test]
fn sent_text_is_shown_once_with_and_without_echo() {
    let mut bench = Bench::talking();
    let actions = bench.give(say(7, "hi", 1));
    assert_eq!(sent(&actions), [&ClientMessage::SendMessage { conversation: id(7), body: "hi".into() }]);
    assert_eq!(bodies(&actions), ["alice: hi"]);
    let actions = bench.give(said(7, "alice", "hi"));
    assert!(bodies(&actions).is_empty());
    assert_eq!(deliveries(&actions), [(1, Delivery::Delivered)]);

    bench.give(say(7, "again", 2));
    bench.give(say(7, "again", 3));
    assert_eq!(deliveries(&bench.after(room::ECHO)), [(2, Delivery::Sent), (3, Delivery::Sent)]);
    assert!(bodies(&bench.give(said(7, "alice", "AGAIN"))).is_empty(), "an echo that the server has changed");
    assert!(bodies(&bench.give(said(7, "alice", "never said"))).is_empty());
}

#[test]
fn received_text_is_shown_once_with_its_sender() {
    let mut bench = Bench::talking();
    assert_eq!(bodies(&bench.give(said(7, "bob", "hello"))), ["bob: hello"]);
    assert!(bench.give(said(9, "bob", "not here")).is_empty());
}

#[test]
fn a_server_without_lists_shows_as_members_who_speak() {
    let mut bench = Bench::online();
    bench.give(invitation(7, "bob"));
    bench.give(Input::Command(Command::Join(id(7))));
    let actions = bench.give(said(7, "bob", "hello"));
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Open);
    assert_eq!(conversation(&actions).unwrap().awaited, []);
    assert_eq!(conversation(&bench.give(said(7, "BOB", "still me"))), None);
    let actions = bench.give(said(7, "carol", "me too"));
    assert_eq!(conversation(&actions).unwrap().members, names(&["alice", "bob", "carol"]));
}

#[test]
fn somebody_whose_name_differs_only_in_its_case_is_not_oneself() {
    let mut bench = Bench::talking();
    let actions = bench.give(users(&["alice", "Alice", "bob"]));
    let Event::Roster(roster) = told(&actions)[0] else { panic!("{actions:?}") };
    assert_eq!(roster.iter().map(|contact| contact.name.as_str()).collect::<Vec<_>>(), ["Alice", "bob"]);
    let actions = bench.give(lists(&[(7, &["Alice", "alice"])]));
    assert_eq!(conversation(&actions).unwrap().members, names(&["Alice", "alice"]));
    assert_eq!(bodies(&bench.give(said(7, "Alice", "hello"))), ["Alice: hello"]);
    let actions = bench.give(invitation(8, "Alice"));
    assert!(matches!(told(&actions)[..], [Event::Invited { from, .. }] if from.as_str() == "Alice"), "{actions:?}");
}

#[test]
fn names_that_a_server_writes_in_its_own_way_are_the_same_people() {
    let mut bench = Bench::talking();
    let actions = bench.give(lists(&[(7, &["carol", "ALICE", "bob"])]));
    assert_eq!(conversation(&actions).unwrap().members, names(&["carol", "alice", "bob"]));
    let actions = bench.give(lists(&[(7, &["Alice", "alice"])]));
    assert_eq!(conversation(&actions).unwrap().members, names(&["Alice", "alice"]), "it knows both");
    bench.give(invitation(8, "Bob"));
    assert!(sent(&bench.give(users(&["alice", "bob", "dave"]))).is_empty(), "he has not gone");
}

#[test]
fn members_are_asked_for_only_where_they_are_not_pushed() {
    let mut bench = Bench::talking();
    assert_eq!(sent(&bench.after(POLL)), [&ClientMessage::ListConversations]);
    bench.give(lists(&[(7, &["alice", "bob"])]));
    bench.give(lists(&[(7, &["alice", "bob", "carol"])]));
    assert!(sent(&bench.after(POLL)).is_empty(), "the second list came unasked");
    let mut mute = Bench::online();
    mute.give(invitation(7, "alice"));
    mute.after(ANSWER);
    assert!(sent(&mute.after(POLL)).is_empty());
    assert_eq!(sent(&mute.after(SLOW_POLL)).len(), 1);
}

#[test]
fn late_lists_are_no_reason_to_stop_asking() {
    let mut bench = Bench::talking();
    let asked =
        sent(&bench.after(POLL)).len() + sent(&bench.after(ANSWER)).len() + sent(&bench.give(Input::Tick)).len();
    assert_eq!(asked, 2, "given up, and asked again");
    for _ in 0..asked {
        bench.give(lists(&[(7, &["alice", "bob"])]));
    }
    assert_eq!(sent(&bench.after(POLL)), [&ClientMessage::ListConversations]);
    bench.give(lists(&[(7, &["alice", "bob"])]));
    bench.give(lists(&[(7, &["alice"])]));
    assert!(sent(&bench.after(POLL)).is_empty(), "this one came unasked");
}

#[test]
fn a_conversation_that_is_no_longer_listed_is_over() {
    let mut bench = Bench::talking();
    let actions = bench.give(lists(&[]));
    assert_eq!(sent(&actions), [&ClientMessage::ListConversations], "the list may be an old one");
    let actions = bench.give(lists(&[(7, &["bob"])]));
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Ended(EndReason::Gone));
    assert_eq!(deliveries(&bench.give(say(7, "late", 9))), [(9, Delivery::Failed)]);
}

#[test]
fn a_lost_connection_interrupts_and_a_known_face_resumes() {
    let mut bench = Bench::talking();
    bench.give(say(7, "did it arrive?", 1));
    bench.give(invitation(8, "carol"));
    let actions = bench.give(Input::Lost);
    assert_eq!(deliveries(&actions), [(1, Delivery::Uncertain)]);
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Interrupted);
    assert!(told(&actions).contains(&&Event::Uninvited { conversation: id(8) }));
    let offline = bench.give(say(7, "while offline", 2));
    assert_eq!(bodies(&offline), ["alice: while offline"]);
    assert_eq!(deliveries(&offline), [(2, Delivery::Failed)]);

    bench.give(Input::Connected);
    assert_eq!(sent(&bench.give(users(&["alice", "bob"]))), [&ClientMessage::ListConversations]);
    let actions = bench.give(lists(&[(7, &["bob"])]));
    assert_eq!(sent(&actions), [&ClientMessage::Join(id(7))]);
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Open);
}

#[test]
fn a_text_without_the_usual_echo_is_uncertain_when_the_connection_is_lost() {
    let mut bench = Bench::talking();
    bench.give(say(7, "hi", 1));
    assert_eq!(deliveries(&bench.after(room::ECHO)), [(1, Delivery::Sent)]);
    assert_eq!(deliveries(&bench.give(Input::Lost)), [], "a server that sends nothing back");

    let mut bench = Bench::talking();
    bench.give(say(7, "hi", 1));
    bench.give(said(7, "alice", "hi"));
    bench.give(say(7, "are you there?", 2));
    assert_eq!(deliveries(&bench.after(room::ECHO)), [(2, Delivery::Sent)]);
    assert_eq!(deliveries(&bench.give(Input::Lost)), [(2, Delivery::Uncertain)]);
}

#[test]
fn a_restarted_server_with_strangers_under_the_same_id_is_not_entered() {
    let mut bench = Bench::talking();
    bench.give(Input::Lost);
    bench.give(Input::Connected);
    bench.give(users(&["alice", "mallory"]));
    let actions = bench.give(lists(&[(7, &["mallory"])]));
    assert!(sent(&actions).is_empty());
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Ended(EndReason::NotResumed));
}

#[test]
fn what_is_too_long_is_shown_as_failed() {
    let mut bench = Bench::talking();
    let longest = "x".repeat(limits::TEXT_BYTES);
    assert_eq!(sent(&bench.give(say(7, &longest, 0))).len(), 1);
    let actions = bench.give(say(7, &(longest + "x"), 1));
    assert!(sent(&actions).is_empty());
    assert_eq!(deliveries(&actions), [(1, Delivery::Failed)]);
    assert_eq!(problems(&actions), [NetErrorKind::TooLong]);
}

#[test]
fn leaving_tells_the_server() {
    let mut bench = Bench::talking();
    let actions = bench.give(Input::Command(Command::Leave(id(7))));
    assert_eq!(sent(&actions), [&ClientMessage::Leave(id(7))]);
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Ended(EndReason::Left));
    assert!(bench.give(said(7, "bob", "still there?")).is_empty());
    let mut bench = Bench::talking();
    bench.give(invitation(8, "carol"));
    let actions = bench.session.leave();
    assert_eq!(sent(&actions), [&ClientMessage::Goodbye]);
    assert_eq!(conversation(&actions).unwrap().phase, Phase::Ended(EndReason::Offline));
}

#[test]
fn nonsense_is_told_but_not_a_thousand_times() {
    let mut bench = Bench::online();
    let nonsense = || Input::Unreadable(ArgumentError::NoVerb);
    assert_eq!(problems(&bench.give(nonsense())), [NetErrorKind::BadMessage]);
    assert!(bench.give(nonsense()).is_empty());
    bench.moment.now += COMPLAINT;
    assert_eq!(problems(&bench.give(nonsense())), [NetErrorKind::BadMessage]);
}
