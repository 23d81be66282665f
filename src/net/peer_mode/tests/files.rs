//! Files and offers of peers, beyond the usual.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;

use super::*;
use crate::net::command::OfferId;
use crate::net::mode::Mode;

/// Somebody who takes connections and closes them.
async fn patient_bob(lan: &FakeLan) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    lan.add("bob", &[listener.local_addr().unwrap()]);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
}

/// What somebody at this computer gets who asks for a file: all of it, or why not.
async fn asked_for(someone: &Someone, file: &str) -> io::Result<String> {
    asked_from(Ipv4Addr::LOCALHOST, someone, file).await
}

/// What somebody gets who asks for a file from this address of this computer.
async fn asked_from(from: Ipv4Addr, someone: &Someone, file: &str) -> io::Result<String> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect((Ipv4Addr::LOCALHOST, someone.port).into()).await?;
    stream.write_all(format!("GET_FILE {file}\n").as_bytes()).await?;
    let mut content = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut content)).await.unwrap().map(|_| content)
}

fn offered(event: &Event) -> Option<OfferId> {
    if let Event::Offered { offer, .. } = event { Some(*offer) } else { None }
}

#[tokio::test]
async fn an_offer_ends_with_ones_stay_and_is_never_taken_for_another() {
    let lan = FakeLan::default();
    let mut bob = Someone::on(&lan, "bob").await;
    let path = bob.shared.path().join("notes.txt");
    let mut before = None;
    for _ in 0..2 {
        let mut ann = Someone::on(&lan, "ann").await;
        bob.sees("ann").await;
        ann.sees("bob").await;
        bob.tell(Command::Offer { to: name("ann"), path: path.clone() }).await;
        let offer = ann.wait(offered).await;
        if let Some(before) = before.replace(offer) {
            ann.tell(Command::AnswerOffer { offer: before, accept: true }).await;
            let problem = |event: &Event| if let Event::Problem(error) = event { Some(error.kind) } else { None };
            assert_eq!(ann.wait(problem).await, NetErrorKind::NoSuchFile);
            assert_eq!(fs::read_dir(ann.downloads.path()).unwrap().count(), 0);
        }
        // Nobody is told to be offline who goes online in another way.
        ann.tell(Command::Connect(Mode::Peer(Box::new(parameters("ann"))))).await;
        ann.wait(|event| (*event == Event::Unoffered { offer }).then_some(())).await;
        timeout(PATIENCE, ann.running).await.unwrap().unwrap();
        while bob.roster.iter().any(|contact| contact.name == name("ann")) {
            bob.wait(|event| matches!(event, Event::Roster(_)).then_some(())).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_shared_once_sharing_is_stopped() {
    let lan = FakeLan::default();
    let (mut ann, mut bob) = (Someone::on(&lan, "ann").await, Someone::on(&lan, "bob").await);
    bob.sees("ann").await;
    let folder = ann.shared.path().to_owned();
    for _ in 0..20 {
        // Opening a folder takes longer than to stop sharing it.
        ann.tell(Command::Share(Some(folder.clone()))).await;
        ann.tell(Command::Share(None)).await;
        ann.tell(Command::AskUserInfo(name("nobody"))).await;
        ann.wait(|event| matches!(event, Event::Unanswered { .. }).then_some(())).await;
        bob.tell(Command::ListFiles(name("ann"))).await;
        let files = |event: &Event| if let Event::Files { names, .. } = event { Some(names.clone()) } else { None };
        assert_eq!(bob.wait(files).await, [""; 0]);
    }
    ann.tell(Command::Share(Some(folder))).await;
    ann.wait(|event| matches!(event, Event::Sharing(Sharing { files: 1, .. })).then_some(())).await;
}

#[tokio::test]
async fn a_file_whose_sending_is_cancelled_is_not_on_offer_any_more() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    patient_bob(&lan).await;
    ann.sees("bob").await;
    let path = ann.downloads.path().join("large");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    ann.tell(Command::Offer { to: name("bob"), path }).await;
    let id = ann.transfer().await.id;
    // A bob who does not read on: the sender cannot come to the end.
    let mut reading = TcpStream::connect((Ipv4Addr::LOCALHOST, ann.port)).await.unwrap();
    reading.write_all(b"GET_FILE large\n").await.unwrap();
    let has_begun =
        |event: &Event| matches!(event, Event::Transfer(it) if it.state == TransferState::Running).then_some(());
    ann.wait(has_begun).await;
    ann.tell(Command::Cancel(id)).await;
    assert_eq!(ann.transfer().await.state, TransferState::Cancelled);
    assert_eq!(asked_for(&ann, "large").await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn an_offer_is_not_for_somebody_else_who_takes_the_name() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    patient_bob(&lan).await;
    ann.sees("bob").await;
    for file in ["got", "waiting"] {
        let path = ann.downloads.path().join(file);
        fs::write(&path, "for bob").unwrap();
        ann.tell(Command::Offer { to: name("bob"), path }).await;
        assert_eq!(ann.transfer().await.state, TransferState::Offered);
    }
    // Bob is back, at another port of the same computer.
    lan.leave(&name("bob"));
    patient_bob(&lan).await;
    ann.sees("bob").await;
    assert_eq!(asked_for(&ann, "got").await.unwrap(), "for bob");
    assert_eq!(ann.transfer().await.state, TransferState::Done);

    // Somebody takes the name.
    let (eve, eves) = (Ipv4Addr::new(127, 0, 0, 66), SocketAddr::from(([127, 0, 0, 66], 9)));
    lan.change(&name("bob"), |bob| bob.addresses = vec![eves]);
    let told = ann.transfer().await;
    let because = NetError::new(NetErrorKind::MayBeAnother);
    assert_eq!((&told.file[..], told.state), ("waiting", TransferState::Failed(because)));
    for file in ["got", "waiting"] {
        let refused = asked_from(eve, &ann, file).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn an_offer_can_be_had_from_an_address_that_one_has_only_since() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    patient_bob(&lan).await;
    ann.sees("bob").await;
    let path = ann.downloads.path().join("photo.jpg");
    fs::write(&path, "for bob").unwrap();
    ann.tell(Command::Offer { to: name("bob"), path }).await;
    let told = ann.transfer().await;
    assert_eq!(told.state, TransferState::Offered);
    let (cable, at_cable) = (Ipv4Addr::new(127, 0, 0, 6), SocketAddr::from(([127, 0, 0, 6], 9)));
    assert_eq!(asked_from(cable, &ann, "photo.jpg").await.unwrap(), "", "nobody is there yet");
    lan.change(&name("bob"), |bob| bob.addresses.push(at_cable));
    ann.is_at("bob", at_cable).await;
    assert_eq!(asked_from(cable, &ann, "photo.jpg").await.unwrap(), "for bob");
    let sent = ann.transfer().await;
    assert_eq!((sent.id, sent.state), (told.id, TransferState::Done));
}

#[tokio::test]
async fn an_offered_file_may_be_empty_unless_the_offer_may_be_over() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    patient_bob(&lan).await;
    ann.sees("bob").await;
    let failed = TransferState::Failed(NetError::new(NetErrorKind::OfferOver));
    for (file, is_started_anew, state) in [("empty", false, TransferState::Done), ("over", true, failed)] {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, ann.port)).await.unwrap();
        let request = PeerRequest::OfferFile { from: name("bob"), file: file.to_owned() };
        stream.write_all(&request.encode()).await.unwrap();
        let offer = ann.wait(offered).await;
        if is_started_anew {
            lan.leave(&name("bob"));
            let is_gone = |event: &Event| matches!(event, Event::Roster(all) if all.is_empty()).then_some(());
            ann.wait(is_gone).await;
            patient_bob(&lan).await;
            ann.sees("bob").await;
        }
        ann.tell(Command::AnswerOffer { offer, accept: true }).await;
        let told = ann.transfer().await;
        assert_eq!((&told.file[..], told.state), (file, state));
    }
    let got: Vec<_> = fs::read_dir(ann.downloads.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(got, ["empty"]);
}

#[tokio::test]
async fn whoever_stops_getting_a_file_has_ended_it() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    patient_bob(&lan).await;
    ann.sees("bob").await;
    let path = ann.downloads.path().join("offered");
    fs::write(&path, "").unwrap();
    ann.tell(Command::Offer { to: name("bob"), path: path.clone() }).await;
    assert_eq!(ann.transfer().await.state, TransferState::Offered);
    for (path, was_offered) in [(path, true), (ann.shared.path().join("shared"), false)] {
        fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
        let mut reading = TcpStream::connect((Ipv4Addr::LOCALHOST, ann.port)).await.unwrap();
        let file = path.file_name().unwrap().to_str().unwrap();
        reading.write_all(format!("GET_FILE {file}\n").as_bytes()).await.unwrap();
        assert_ne!(reading.read(&mut [0; 1024]).await.unwrap(), 0);
        drop(reading);
        let ended = ann.transfer().await;
        assert_eq!((&ended.file[..], ended.was_offered), (file, was_offered));
        assert_eq!(ended.state, TransferState::EndedThere);
    }
}

#[tokio::test]
async fn an_offer_does_not_hide_what_is_shared() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    // Shared files are known once they are listed.
    let at = [SocketAddr::from((Ipv4Addr::LOCALHOST, ann.port))];
    exchange::ask(&at, &PeerRequest::ListFiles, Habits::default()).await.unwrap();
    let closed = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let gone = lan.add("bob", &[closed]);
    ann.sees("bob").await;
    let not_offered = |event: &Event| matches!(event, Event::NotOffered { .. }).then_some(());
    ann.tell(Command::Offer { to: name("bob"), path: ann.shared.path().join("notes.txt") }).await;
    ann.wait(not_offered).await;
    assert_eq!(asked_for(&ann, "notes.txt").await.unwrap(), "by ann", "the offer is taken back, not the file");

    lan.leave(&gone);
    patient_bob(&lan).await;
    let other = ann.downloads.path().join("notes.txt");
    fs::write(&other, "another").unwrap();
    let offered = loop {
        ann.tell(Command::Offer { to: name("bob"), path: other.clone() }).await;
        let told = ann.wait(|event| match event {
            Event::NotOffered { .. } => Some(None),
            Event::Transfer(it) if it.state == TransferState::Offered => Some(Some(it.file.clone())),
            _ => None,
        });
        // Discovery may not have told yet where bob is now.
        if let Some(offered) = told.await {
            break offered;
        }
    };
    assert_eq!(asked_for(&ann, "notes.txt").await.unwrap(), "by ann");
    assert_eq!((asked_for(&ann, &offered).await.unwrap(), &*offered), ("another".to_owned(), "notes (2).txt"));
}

#[tokio::test]
async fn whoever_offers_too_much_is_told_what_is_on_offer_no_longer() {
    let lan = FakeLan::default();
    let mut ann = Someone::on(&lan, "ann").await;
    patient_bob(&lan).await;
    ann.sees("bob").await;
    for number in 0..101 {
        let path = ann.downloads.path().join(number.to_string());
        fs::write(&path, "").unwrap();
        ann.tell(Command::Offer { to: name("bob"), path }).await;
        if number < 100 {
            assert_eq!(ann.transfer().await.state, TransferState::Offered);
        }
    }
    let failed = ann.transfer().await;
    assert_eq!(failed.file, "0");
    assert_eq!(failed.state, TransferState::Failed(NetError::new(NetErrorKind::Superseded)));
    assert_eq!(asked_for(&ann, "0").await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

/// Ann, who gets ten files of Bob; and what takes her connections for him, and does no more than that.
async fn wants_ten_files_of_bob(lan: &FakeLan) -> (Someone, UserName, TcpListener) {
    let mut ann = Someone::on(lan, "ann").await;
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let bob = lan.add("bob", &[silent.local_addr().unwrap()]);
    ann.sees("bob").await;
    for number in 0..10 {
        ann.tell(Command::Fetch { from: name("bob"), file: number.to_string(), save_as: None }).await;
    }
    let begun = |event: &Event| matches!(event, Event::Transfer(begun) if begun.file == "9").then_some(());
    ann.wait(begun).await;
    (ann, bob, silent)
}

#[tokio::test]
async fn what_waits_for_somebody_who_has_gone_fails_at_once() {
    let lan = FakeLan::default();
    let (mut ann, bob, _silent) = wants_ten_files_of_bob(&lan).await;
    lan.leave(&bob);
    for _ in 0..6 {
        let failed = ann.transfer().await;
        let because = NetError::with(NetErrorKind::UnknownPeer, "bob");
        assert_eq!(failed.state, TransferState::Failed(because), "{failed:?}");
    }
}

#[tokio::test]
async fn what_waits_is_got_from_where_somebody_is_now() {
    let lan = FakeLan::default();
    let (mut ann, bob, silent) = wants_ten_files_of_bob(&lan).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let now_at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"by bob").await;
        }
    });
    lan.change(&bob, |bob| bob.addresses = vec![now_at]);
    ann.is_at("bob", now_at).await;
    // What has begun ends with this, and makes room.
    drop(silent);
    let mut got = 0;
    for _ in 0..10 {
        got += usize::from(ann.transfer().await.state == TransferState::Done);
    }
    assert!(got >= 6, "{got}");
}

/// Runs a test in which nothing can be read or written from when it says so until it drops what it gets then.
fn on_a_disk_that_hangs<F: Future>(test: impl FnOnce(fn() -> std::sync::mpsc::Sender<()>) -> F) {
    // There is one thread for that, and it waits.
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(test(|| {
        let (hold, end) = std::sync::mpsc::channel();
        drop(spawn_blocking(move || end.recv()));
        hold
    }));
}

#[test]
fn a_shared_folder_that_does_not_open_keeps_nobody_offline() {
    on_a_disk_that_hangs(async |hang| {
        let hanging = hang();
        let mut ann = Someone::on(&FakeLan::default(), "ann").await;
        drop(hanging);
        ann.wait(|event| matches!(event, Event::Sharing(Sharing { files: 1, .. })).then_some(())).await;
    });
}

#[test]
fn offers_that_cannot_be_read_keep_nothing_else_waiting() {
    on_a_disk_that_hangs(async |hang| {
        let lan = FakeLan::default();
        let mut ann = Someone::on(&lan, "ann").await;
        lan.add("bob", &["127.0.0.1:9".parse().unwrap()]);
        ann.sees("bob").await;
        let hanging = hang();
        for number in 0..20 {
            ann.tell(Command::Offer { to: name("bob"), path: number.to_string().into() }).await;
        }
        // He does not answer, but he is asked.
        ann.tell(Command::AskUserInfo(name("bob"))).await;
        ann.wait(|event| matches!(event, Event::Unanswered { .. }).then_some(())).await;
        drop(hanging);
        for _ in 0..20 {
            ann.wait(|event| matches!(event, Event::NotOffered { .. }).then_some(())).await;
        }
    });
}
