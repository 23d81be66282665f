//! Whole peers with real sockets and files, on a network of the test's own.

mod absent;
mod added;
mod files;
mod heard;
mod pictures;

use std::fs;
use std::net::Ipv4Addr;

use async_channel::Sender;
use socket2::SockRef;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use super::*;
use crate::net::command::MessageId;
use crate::net::discovery::{FakeLan, ServiceType};
use crate::net::event::{Delivery, EndReason, Phase, Transfer, TransferState};
use crate::net::events::{Events, queue_for};
use crate::protocol::ident::ConversationId;
use crate::protocol::social::{PeerRequest, UserInfo};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer, with a folder that it shares and one for what it gets.
struct Someone {
    commands: Sender<Command>,
    events: Events,
    running: JoinHandle<()>,
    shared: TempDir,
    downloads: TempDir,
    roster: Vec<crate::net::Contact>,
    port: u16,
}

fn name(text: &str) -> UserName {
    UserName::received(text)
}

fn parameters(who: &str) -> PeerParameters {
    PeerParameters {
        name: name(who),
        status: Status::default(),
        service_type: ServiceType::default(),
        port: 0,
        share: None,
        downloads: ".".into(),
        info: UserInfo::default(),
        blocked: Vec::new(),
        added: Vec::new(),
        pictures: true,
    }
}

impl Someone {
    async fn on(lan: &FakeLan, who: &str) -> Self {
        Self::with(lan, parameters(who)).await
    }

    /// Like [`Self::on`], with what is given beside folders and what is told about oneself.
    async fn with(lan: &FakeLan, parameters: PeerParameters) -> Self {
        let who = parameters.name.as_str();
        let (shared, downloads) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(shared.path().join("notes.txt"), format!("by {who}")).unwrap();
        let info = UserInfo { fields: vec![("email".to_owned(), format!("{who}@example.org"))], picture: None };
        let parameters = PeerParameters {
            share: Some(shared.path().to_owned()),
            downloads: downloads.path().to_owned(),
            info,
            ..parameters
        };
        let (commands, inbox) = async_channel::bounded(16);
        let (outbox, events) = queue_for(64);
        let lan = lan.clone();
        let running = tokio::spawn(async move {
            run(parameters, &inbox, &outbox, |advertisement| lan.join(advertisement)).await;
        });
        let mut someone = Self { commands, events, running, shared, downloads, roster: Vec::new(), port: 0 };
        let online =
            |event: &Event| if let Event::Link(LinkState::Online { at, .. }) = event { Some(at.clone()) } else { None };
        someone.port = someone.wait(online).await.trim_start_matches("port ").parse().unwrap();
        someone
    }

    async fn tell(&self, command: Command) {
        self.commands.send(command).await.unwrap();
    }

    #[track_caller]
    fn wait<T>(&mut self, look: impl FnMut(&Event) -> Option<T>) -> impl Future<Output = T> {
        let caller = std::panic::Location::caller();
        self.wait_at(look, caller)
    }

    async fn wait_at<T>(&mut self, mut look: impl FnMut(&Event) -> Option<T>, caller: &std::panic::Location<'_>) -> T {
        let mut seen = Vec::new();
        let waiting = async {
            loop {
                let event = self.events.recv().await.unwrap();
                if let Event::Roster(contacts) = &event {
                    self.roster.clone_from(contacts);
                }
                if let Some(found) = look(&event) {
                    return found;
                }
                seen.push(event);
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("{caller}: only saw {seen:?}"))
    }

    async fn sees(&mut self, who: &str) {
        while self.roster.iter().all(|contact| contact.name != name(who)) {
            self.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
        }
    }

    async fn is_at(&mut self, who: &str, address: SocketAddr) {
        self.wait(|event| match event {
            Event::Roster(contacts) => contacts
                .iter()
                .any(|contact| contact.name == name(who) && contact.addresses.contains(&address))
                .then_some(()),
            _ => None,
        })
        .await;
    }

    async fn transfer(&mut self) -> Transfer {
        self.wait(|event| match event {
            Event::Transfer(transfer) if transfer.state != TransferState::Running => Some(transfer.clone()),
            _ => None,
        })
        .await
    }
}

#[tokio::test]
async fn files_are_listed_offered_and_got() {
    let lan = FakeLan::default();
    let (mut ann, mut bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    ann.sees("bob").await;
    bob.sees("ann").await;

    ann.tell(Command::AskUserInfo(name("bob"))).await;
    let info = ann.wait(|event| if let Event::UserInfo { info, .. } = event { Some(info.clone()) } else { None }).await;
    assert_eq!(info.fields[0], ("name".to_owned(), "bob".to_owned()));
    assert!(info.fields.contains(&("email".to_owned(), "bob@example.org".to_owned())));

    ann.tell(Command::ListFiles(name("bob"))).await;
    let names = ann.wait(|event| if let Event::Files { names, .. } = event { Some(names.clone()) } else { None }).await;
    assert_eq!(names, ["notes.txt"]);

    // What cannot be sent is told to whom it belongs.
    let unfit = bob.shared.path().join("bad\nname");
    fs::write(&unfit, "").unwrap();
    ann.tell(Command::ListFiles(name("bob"))).await;
    ann.wait(|event| matches!(event, Event::Files { names, unfit: 0, .. } if *names == ["notes.txt"]).then_some(()))
        .await;
    let sharing = Sharing { files: 1, unfit: 1, is_cut: false };
    bob.wait(|event| (*event == Event::Sharing(sharing)).then_some(())).await;
    fs::remove_file(unfit).unwrap();
    ann.tell(Command::Fetch { from: name("bob"), file: "notes.txt".into(), save_as: None }).await;
    let got = ann.transfer().await;
    assert_eq!(got.state, TransferState::Done);
    assert_eq!(fs::read_to_string(&got.path).unwrap(), "by bob");
    assert_eq!(bob.transfer().await.done, 6);

    for (from, file, expected) in
        [("bob", "../secret", NetErrorKind::NoSuchFile), ("nobody", "secret", NetErrorKind::UnknownPeer)]
    {
        ann.tell(Command::Fetch { from: name(from), file: file.into(), save_as: None }).await;
        let target = ann.downloads.path().join("secret");
        ann.wait(|event| matches!(event, Event::Transfer(begun) if begun.path == target).then_some(())).await;
        let failed = ann.transfer().await;
        assert!(matches!(&failed.state, TransferState::Failed(error) if error.kind == expected), "{failed:?}");
        assert_eq!((failed.peer, failed.path), (name(from), target), "as before, to try it again");
    }

    // A file outside the shared folder can be got by whom it is offered to, and by nobody else.
    let path = ann.downloads.path().join("photo.jpg");
    fs::write(&path, "a photo").unwrap();
    ann.tell(Command::Offer { to: name("bob"), path }).await;
    let offer = bob.wait(|event| if let Event::Offered { offer, .. } = event { Some(*offer) } else { None }).await;
    bob.tell(Command::AnswerOffer { offer, accept: true }).await;
    let got = bob.transfer().await;
    assert_eq!(fs::read_to_string(&got.path).unwrap(), "a photo");
    assert!(got.path.starts_with(bob.downloads.path()));
    assert_eq!(fs::read_dir(bob.shared.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn an_offer_is_one_transfer_from_the_beginning_and_can_be_taken_back() {
    let lan = FakeLan::default();
    let (mut ann, mut bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    ann.sees("bob").await;
    let path = ann.downloads.path().join("photo.jpg");
    fs::write(&path, "a photo").unwrap();
    let mut offered = Vec::new();
    for accept in [true, false] {
        ann.tell(Command::Offer { to: name("bob"), path: path.clone() }).await;
        let told = ann.transfer().await;
        assert_eq!((&told.state, &told.path, &told.file[..]), (&TransferState::Offered, &path, "photo.jpg"));
        let offer = bob.wait(|event| if let Event::Offered { offer, .. } = event { Some(*offer) } else { None }).await;
        if accept {
            bob.tell(Command::AnswerOffer { offer, accept }).await;
            let sent = ann.transfer().await;
            assert_eq!((sent.id, sent.state, sent.done), (told.id, TransferState::Done, 7));
            assert_eq!(bob.transfer().await.state, TransferState::Done);
        } else {
            ann.tell(Command::Cancel(told.id)).await;
            let ended = ann.transfer().await;
            assert_eq!((ended.id, ended.state), (told.id, TransferState::Cancelled));
            bob.tell(Command::AnswerOffer { offer, accept: true }).await;
            assert!(matches!(bob.transfer().await.state, TransferState::Failed(_)), "there is nothing to be had");
            assert_eq!(fs::read_dir(bob.downloads.path()).unwrap().count(), 1, "not even an empty file");
        }
        offered.push(told.id);
    }
    assert_ne!(offered[0], offered[1]);
    // Whoever goes offline takes all offers back.
    ann.tell(Command::Offer { to: name("bob"), path }).await;
    let last = ann.transfer().await;
    ann.tell(Command::Disconnect).await;
    let ended = ann.transfer().await;
    assert_eq!((ended.id, ended.state), (last.id, TransferState::Cancelled));
}

#[tokio::test]
async fn a_file_that_cannot_be_offered_is_told_with_whom_it_was_for() {
    let lan = FakeLan::default();
    let (mut ann, bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    ann.sees("bob").await;
    let (there, missing) = (bob.shared.path().join("notes.txt"), bob.shared.path().join("missing"));
    for (to, path, expected) in
        [("nobody", there, NetErrorKind::UnknownPeer), ("bob", missing, NetErrorKind::LocalFile)]
    {
        ann.tell(Command::Offer { to: name(to), path: path.clone() }).await;
        let told = ann.wait(|event| match event {
            Event::NotOffered { to, path, because } => Some((to.clone(), path.clone(), because.kind)),
            _ => None,
        });
        assert_eq!(told.await, (name(to), path, expected));
    }
}

/// What somebody is told until the first problem, which is the last of it, when discovery tells this.
async fn told_after(news: discovery::Event) -> Vec<Event> {
    let (commands, inbox) = async_channel::bounded(1);
    let (outbox, events) = queue_for(16);
    let (found, finds) = async_channel::bounded(1);
    found.send(news).await.unwrap();
    let lan = FakeLan::default();
    let running =
        tokio::spawn(
            async move { run(parameters("J.R.R. Tolkien"), &inbox, &outbox, |it| (lan.join(it).0, finds)).await },
        );
    let mut told = Vec::new();
    let telling = async {
        while !matches!(told.last(), Some(Event::Problem(_))) {
            told.push(events.recv().await.unwrap());
        }
    };
    timeout(PATIENCE, telling).await.unwrap();
    commands.send(Command::Disconnect).await.unwrap();
    timeout(PATIENCE, running).await.unwrap().unwrap();
    told
}

#[tokio::test]
async fn too_many_people_are_no_broken_network() {
    let told = told_after(discovery::Event::Trouble(discovery::Trouble::TooMany(1000))).await;
    let Some(Event::Problem(error)) = told.last() else { panic!("{told:?}") };
    assert_eq!(error.kind, NetErrorKind::TooManyPeers);
    assert_eq!(error.to_string(), "more people are on this network than can be shown: the first 1000 are kept");
}

#[tokio::test]
async fn whoever_is_online_without_being_found_is_told_after_that() {
    for (trouble, kind) in [
        (discovery::Trouble::Unavailable("no sockets".into()), NetErrorKind::Discovery),
        (discovery::Trouble::NoFreeName, NetErrorKind::NoFreeName),
    ] {
        let told = told_after(discovery::Event::Trouble(trouble)).await;
        let [.., Event::Link(LinkState::Online { name, .. }), Event::Problem(error)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(name.as_str(), "J R R Tolkien", "by which name others would find them");
        assert_eq!(error.kind, kind);
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_shared_is_told_from_the_beginning() {
    let (commands, inbox) = async_channel::bounded(1);
    let (outbox, events) = queue_for(16);
    let lan = FakeLan::default();
    let parameters = PeerParameters { share: Some("/nowhere".into()), ..parameters("ann") };
    let running = tokio::spawn(async move { run(parameters, &inbox, &outbox, |it| lan.join(it)).await });
    let mut told = Vec::new();
    let telling = async {
        while !matches!(told.last(), Some(Event::Link(LinkState::Online { .. }))) {
            told.push(events.recv().await.unwrap());
        }
    };
    timeout(PATIENCE, telling).await.unwrap();
    assert!(told.contains(&Event::Sharing(Sharing::default())), "{told:?}");
    let is_it = |event: &Event| matches!(event, Event::Problem(error) if error.kind == NetErrorKind::LocalFile);
    assert!(told.iter().any(is_it), "{told:?}");
    commands.send(Command::Disconnect).await.unwrap();
    timeout(PATIENCE, running).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shared_folder_that_vanishes_is_told_to_its_owner_alone() {
    let lan = FakeLan::default();
    let (mut ann, mut bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    ann.sees("bob").await;
    fs::remove_dir_all(bob.shared.path()).unwrap();
    for _ in 0..2 {
        ann.tell(Command::ListFiles(name("bob"))).await;
        let names = ann.wait(|event| if let Event::Files { names, .. } = event { Some(names.clone()) } else { None });
        assert!(names.await.is_empty());
    }
    let problem = bob.wait(|event| if let Event::Problem(error) = event { Some(error.clone()) } else { None }).await;
    assert_eq!(problem.kind, NetErrorKind::LocalFile);
    assert!(problem.detail.contains("moved, deleted or replaced"), "{problem}");
}

#[tokio::test]
async fn three_chat_and_the_initiator_closes() {
    let lan = FakeLan::default();
    let mut people = Vec::new();
    for who in ["ann", "bob", "cid"] {
        people.push(Someone::on(&lan, who).await);
    }
    let [ann, bob, cid] = people.as_mut_slice() else { panic!("three") };
    for (someone, others) in [(&mut *ann, ["bob", "cid"]), (&mut *bob, ["ann", "cid"]), (&mut *cid, ["ann", "bob"])] {
        for other in others {
            someone.sees(other).await;
        }
    }
    ann.tell(Command::Start { with: vec![name("bob"), name("cid")] }).await;
    for invited in [&mut *bob, &mut *cid] {
        let conversation = invited
            .wait(
                |event| if let Event::Invited { conversation, .. } = event { Some(conversation.clone()) } else { None },
            )
            .await;
        invited.tell(Command::Answer { conversation, accept: true }).await;
    }
    let members = |wanted: usize| {
        move |event: &Event| match event {
            Event::Conversation(conversation) if conversation.members.len() == wanted => Some(conversation.id.clone()),
            _ => None,
        }
    };
    let id = ann.wait(members(3)).await;
    bob.wait(members(3)).await;
    bob.tell(Command::Say { conversation: id.clone(), body: "hello".into(), id: MessageId(1) }).await;
    for someone in [&mut *ann, &mut *cid] {
        let said = someone.wait(|event| if let Event::Said(said) = event { Some(said.clone()) } else { None }).await;
        assert_eq!((said.from, said.body.as_str()), (name("bob"), "hello"));
    }
    bob.wait(|event| matches!(event, Event::Delivery { state: Delivery::Delivered, .. }).then_some(())).await;

    bob.tell(Command::Leave(id.clone())).await;
    ann.wait(members(2)).await;
    ann.tell(Command::Disconnect).await;
    cid.wait(|event| match event {
        Event::Conversation(conversation) if conversation.phase == Phase::Ended(EndReason::Closed) => Some(()),
        _ => None,
    })
    .await;
    let ann = people.remove(0);
    timeout(PATIENCE, ann.running).await.unwrap().unwrap();
}

#[tokio::test]
async fn who_reads_until_we_close_hears_that_every_chat_is_over() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    lan.add("bob", &[listener.local_addr().unwrap()]);
    ann.sees("bob").await;
    let (hear, heard) = async_channel::unbounded();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let hear = hear.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                // An invitation that is not answered in time is reset.
                let _ = stream.read_to_end(&mut request).await;
                let _ = hear.send(String::from_utf8_lossy(&request).into_owned()).await;
            });
        }
    });
    for _ in 0..3 {
        ann.tell(Command::Start { with: vec![name("bob")] }).await;
    }
    ann.tell(Command::Disconnect).await;
    timeout(PATIENCE, ann.running).await.unwrap().unwrap();
    let mut closed = 0;
    while closed < 3 {
        let request = timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
        closed += usize::from(request.starts_with("CLOSE_CHAT "));
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let taken = TcpListener::bind("[::]:0").await.unwrap();
    let (_commands, inbox) = async_channel::bounded(1);
    let (outbox, events) = queue_for(16);
    let parameters = PeerParameters { port: taken.local_addr().unwrap().port(), ..parameters("ann") };
    let lan = FakeLan::default();
    run(parameters, &inbox, &outbox, |advertisement| lan.join(advertisement)).await;
    events.recv().await.unwrap();
    let Event::Link(LinkState::Offline(Some(error))) = events.recv().await.unwrap() else { panic!("not offline") };
    assert_eq!(error.kind, NetErrorKind::CannotListen);
}

#[tokio::test]
async fn others_are_answered_while_nobody_takes_ones_events() {
    let lan = FakeLan::default();
    let (mut ann, mut bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    ann.sees("bob").await;
    bob.sees("ann").await;
    let mut told = 0;
    while !(ann.events.is_full() && ann.commands.is_full()) {
        // Each of them leads to an event.
        if ann.commands.try_send(Command::AskUserInfo(name("nobody"))).is_ok() {
            told += 1;
        }
        tokio::task::yield_now().await;
    }
    bob.tell(Command::AskUserInfo(name("ann"))).await;
    bob.wait(|event| matches!(event, Event::UserInfo { of, .. } if *of == name("ann")).then_some(())).await;
    bob.tell(Command::ListFiles(name("ann"))).await;
    let files = |event: &Event| if let Event::Files { names, .. } = event { Some(names.clone()) } else { None };
    assert_eq!(bob.wait(files).await, ["notes.txt"]);
    bob.tell(Command::Fetch { from: name("ann"), file: "notes.txt".to_owned(), save_as: None }).await;
    assert_eq!(bob.transfer().await.state, TransferState::Done);

    // Nothing that was to be told is lost.
    let mut is_done = false;
    let everything = |event: &Event| {
        match event {
            Event::Unanswered { .. } => told -= 1,
            Event::Transfer(transfer) => is_done |= transfer.state == TransferState::Done,
            _ => {}
        }
        (told == 0 && is_done).then_some(())
    };
    ann.wait(everything).await;
}
