//! The network thread against real servers: ours, and some that behave badly.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use klatch::net::{
    self, Command, ConversationId, Delivery, EndReason, Event, Events, Handle, LinkState, MessageId, Mode, NetError,
    NetErrorKind, Phase, Question, ServerParameters, Status, UserName,
};
use klatch::server::{Options, Server, listen};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of ours on a thread of its own.
struct Hosted {
    port: u16,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Hosted {
    fn start(port: u16) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::new(listen(([127, 0, 0, 1], port).into()).unwrap(), Options::default());
                tell.send(server.local_addresses()[0].port()).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        Self { port: told.recv_timeout(PATIENCE).unwrap(), stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// One client, with everything that it was told.
struct Client {
    handle: Handle,
    events: Events,
}

fn mode(port: u16, name: &str) -> Mode {
    Mode::Server(ServerParameters {
        address: format!("127.0.0.1:{port}").parse().unwrap(),
        name: UserName::new(name).unwrap(),
        status: Status::default(),
    })
}

impl Client {
    fn start(port: u16, name: &str) -> Self {
        let (handle, events) = net::start().unwrap();
        handle.send(Command::Connect(mode(port, name))).unwrap();
        Self { handle, events }
    }

    fn online(port: u16, name: &str) -> Self {
        let client = Self::start(port, name);
        client.wait(|event| matches!(event, Event::Link(LinkState::Online { .. })).then_some(()));
        client
    }

    /// The next event that is looked for; those before it are dropped.
    fn wait<T>(&self, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            if let Ok(event) = self.events.try_recv() {
                if let Some(found) = look(&event) {
                    return found;
                }
                seen.push(event);
            } else {
                assert!(Instant::now() < deadline, "only saw {seen:?}");
                thread::sleep(Duration::from_millis(2));
            }
        }
    }

    fn phase(&self, wanted: Phase) -> ConversationId {
        self.wait(|event| match event {
            Event::Conversation(conversation) if conversation.phase == wanted => Some(conversation.id.clone()),
            _ => None,
        })
    }

    fn hear(&self) -> (String, String) {
        self.wait(|event| match event {
            Event::Said(said) => Some((said.from.to_string(), said.body.clone())),
            _ => None,
        })
    }

    fn say(&self, conversation: &ConversationId, body: &str, id: u64) {
        let command = Command::Say { conversation: conversation.clone(), body: body.into(), id: MessageId(id) };
        self.handle.send(command).unwrap();
    }

    fn delivery(&self, wanted: Delivery) {
        self.wait(|event| matches!(event, Event::Delivery { state, .. } if *state == wanted).then_some(()));
    }

    /// Ends the thread and tells how long that took.
    fn stop(self) -> Duration {
        let begin = Instant::now();
        self.handle.shutdown();
        begin.elapsed()
    }
}

/// Two who talk to each other.
fn chatting(port: u16) -> (Client, Client, ConversationId) {
    let (ann, bob) = (Client::online(port, "ann"), Client::online(port, "bob"));
    ann.handle.send(Command::Start { with: vec![UserName::received("bob")] }).unwrap();
    let conversation = bob.wait(|event| match event {
        Event::Invited { conversation, from } if from.as_str() == "ann" => Some(conversation.clone()),
        _ => None,
    });
    bob.handle.send(Command::Answer { conversation, accept: true }).unwrap();
    let id = ann.phase(Phase::Open);
    bob.phase(Phase::Open);
    (ann, bob, id)
}

#[test]
fn two_people_chat_and_leave() {
    let server = Hosted::start(0);
    let (ann, bob, id) = chatting(server.port);
    ann.say(&id, "hello", 1);
    assert_eq!(bob.hear(), ("ann".to_owned(), "hello".to_owned()));
    assert_eq!(ann.hear(), ("ann".to_owned(), "hello".to_owned()));
    ann.delivery(Delivery::Delivered);
    bob.handle.send(Command::Leave(id)).unwrap();
    bob.phase(Phase::Ended(EndReason::Left));
    ann.phase(Phase::Waiting);
    bob.stop();
    ann.wait(|event| matches!(event, Event::Roster(contacts) if contacts.is_empty()).then_some(()));
}

#[test]
fn a_restarted_server_is_found_again() {
    let server = Hosted::start(0);
    let port = server.port;
    let (ann, bob, id) = chatting(port);
    drop(server);
    ann.phase(Phase::Interrupted);
    ann.wait(|event| matches!(event, Event::Link(LinkState::Reconnecting { .. })).then_some(()));
    ann.say(&id, "is anybody there?", 1);
    ann.delivery(Delivery::Failed);
    let _server = Hosted::start(port);
    for client in [&ann, &bob] {
        client.handle.send(Command::RetryNow).unwrap();
        client.wait(|event| matches!(event, Event::Link(LinkState::Online { .. })).then_some(()));
        client.phase(Phase::Ended(EndReason::NotResumed));
    }
}

#[test]
fn what_is_said_too_late_is_not_lost() {
    let server = Hosted::start(0);
    let (ann, _bob, id) = chatting(server.port);
    ann.handle.send(Command::Disconnect).unwrap();
    ann.wait(|event| matches!(event, Event::Link(LinkState::Offline(_))).then_some(()));
    ann.say(&id, "one more thing", 1);
    assert_eq!(ann.hear(), ("ann".to_owned(), "one more thing".to_owned()));
    ann.delivery(Delivery::Failed);
    let problem = ann.wait(|event| if let Event::Problem(error) = event { Some(error.kind) } else { None });
    assert_eq!(problem, NetErrorKind::NotConnected);
}

#[test]
fn what_only_peers_can_be_asked_is_refused_to_who_waits_for_it() {
    let server = Hosted::start(0);
    let ann = Client::online(server.port, "ann");
    let bob = || UserName::new("bob").unwrap();
    let is_refused = |kind| {
        let because = NetError::new(kind);
        // It counts when one is a peer: nobody is told.
        ann.handle.send(Command::Share(None)).unwrap();
        for (command, question) in
            [(Command::AskUserInfo(bob()), Question::UserInfo), (Command::ListFiles(bob()), Question::Files)]
        {
            ann.handle.send(command).unwrap();
            let told = Event::Unanswered { by: bob(), question, because: because.clone() };
            ann.wait(|event| {
                assert!(!matches!(event, Event::Problem(_)), "{event:?}");
                (*event == told).then_some(())
            });
        }
        ann.handle.send(Command::Offer { to: bob(), path: "/nowhere".into() }).unwrap();
        let told = Event::NotOffered { to: bob(), path: "/nowhere".into(), because };
        ann.wait(|event| (*event == told).then_some(()));
    };
    is_refused(NetErrorKind::PeersOnly);
    ann.handle.send(Command::Disconnect).unwrap();
    ann.wait(|event| matches!(event, Event::Link(LinkState::Offline(_))).then_some(()));
    is_refused(NetErrorKind::NotConnected);
}

#[test]
fn a_lost_connection_comes_back_into_its_conversation() {
    let server = Hosted::start(0);
    // What is between ann and the server can be cut.
    let between = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = between.local_addr().unwrap().port();
    let (cut, cuts) = mpsc::channel();
    let to = server.port;
    thread::spawn(move || {
        for inward in between.incoming() {
            let inward = inward.unwrap();
            let outward = TcpStream::connect(("127.0.0.1", to)).unwrap();
            cut.send((inward.try_clone().unwrap(), outward.try_clone().unwrap())).unwrap();
            for (mut from, mut to) in [(inward.try_clone().unwrap(), outward.try_clone().unwrap()), (outward, inward)] {
                thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
            }
        }
    });
    let ann = Client::online(port, "ann");
    let bob = Client::online(server.port, "bob");
    ann.handle.send(Command::Start { with: vec![UserName::received("bob")] }).unwrap();
    let conversation = bob.wait(|event| match event {
        Event::Invited { conversation, .. } => Some(conversation.clone()),
        _ => None,
    });
    bob.handle.send(Command::Answer { conversation, accept: true }).unwrap();
    let id = ann.phase(Phase::Open);
    let (inward, outward) = cuts.recv_timeout(PATIENCE).unwrap();
    for socket in [inward, outward] {
        socket.shutdown(std::net::Shutdown::Both).unwrap();
    }
    ann.phase(Phase::Interrupted);
    assert_eq!(ann.phase(Phase::Open), id);
    ann.say(&id, "back again", 1);
    assert_eq!(bob.hear().1, "back again");
}

#[test]
fn a_name_in_use_is_refused_with_the_servers_words() {
    let server = Hosted::start(0);
    let _ann = Client::online(server.port, "ann");
    let other = Client::start(server.port, "ANN");
    let error = other.wait(|event| match event {
        Event::Link(LinkState::Offline(Some(error))) => Some(error.clone()),
        _ => None,
    });
    assert_eq!(error.kind, NetErrorKind::NameRefused);
    assert!(!error.detail.is_empty());
}

#[test]
fn what_answers_with_nonsense_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            drop(stream.read(&mut [0; 1024]));
        }
    });
    let client = Client::start(port, "ann");
    let kind = client.wait(|event| match event {
        Event::Link(LinkState::Reconnecting { because, .. }) => Some(because.kind),
        _ => None,
    });
    assert_eq!(kind, NetErrorKind::NotTheProtocol);
}

/// The thread has to end soon, whatever it is doing: a person has closed the last window.
fn ends_soon(client: Client, doing: &str) {
    let took = client.stop();
    assert!(took < Duration::from_secs(3), "{doing}: {took:?}");
}

#[test]
fn it_ends_soon_when_nothing_happens() {
    let (handle, events) = net::start().unwrap();
    ends_soon(Client { handle, events }, "idle");
    let server = Hosted::start(0);
    ends_soon(Client::online(server.port, "ann"), "online");
}

#[test]
fn it_ends_soon_while_it_waits_for_the_next_attempt() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = Client::start(port, "ann");
    let kind = client.wait(|event| match event {
        Event::Link(LinkState::Reconnecting { because, .. }) => Some(because.kind),
        _ => None,
    });
    assert_eq!(kind, NetErrorKind::Refused);
    ends_soon(client, "waiting");
}

/// A server that lets everybody in and then does as it is told.
fn careless_server(then: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.read(&mut [0; 1024]));
        stream.write_all(b"ONLINE_USERS (dS'ann'\nS'online'\ns.INVITATION (lI7\naS'ann'\na.").unwrap();
        then(stream);
    });
    port
}

#[test]
fn it_ends_soon_while_the_server_does_not_read() {
    let port = careless_server(|stream| {
        thread::sleep(PATIENCE);
        drop(stream);
    });
    let client = Client::online(port, "ann");
    let id = client.phase(Phase::Waiting);
    for n in 0..30 {
        client.say(&id, &"x".repeat(900 << 10), n);
    }
    client.hear();
    ends_soon(client, "writing");
}

#[test]
fn it_ends_soon_while_nobody_takes_its_events() {
    let (filled, is_full) = mpsc::channel();
    let port = careless_server(move |mut stream| {
        stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        let message = format!("MESSAGE (lI7\naS'bob'\naS'{}'\na.", "y".repeat(4000));
        let sent = (0..100_000).take_while(|_| stream.write_all(message.as_bytes()).is_ok()).count();
        filled.send(sent).unwrap();
        thread::sleep(PATIENCE);
    });
    let client = Client::online(port, "ann");
    let sent = is_full.recv_timeout(PATIENCE).unwrap();
    assert!(sent < 100_000, "the server was not slowed down");
    ends_soon(client, "telling");
}
