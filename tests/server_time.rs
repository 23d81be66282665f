//! What the server does when time passes. The clock is simulated: it moves when nothing else does.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

#[path = "server_support/host.rs"]
mod host;

use std::time::Duration;

use host::{contains, register, show};
use klatch::server::{Options, Server, listen};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A server in this runtime, and a connection to it.
async fn connected(options: Options) -> TcpStream {
    let server = Server::new(listen("127.0.0.1:0".parse().unwrap()).unwrap(), options);
    let address = server.local_addresses()[0];
    tokio::spawn(server.run(std::future::pending()));
    TcpStream::connect(address).await.unwrap()
}

async fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut some = vec![0; 65536];
    let n = stream.read(&mut some).await.unwrap();
    some.truncate(n);
    some
}

fn seconds_since(start: Instant) -> u64 {
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn who_does_not_register_is_disconnected_after_a_minute() {
    let mut stream = connected(Options::default()).await;
    let start = Instant::now();
    stream.write_all(b"REGISTER (lp0").await.unwrap();
    assert!(contains(&receive(&mut stream).await, b"REGISTER has not come within 60 s"));
    assert_eq!(seconds_since(start), 60);
    assert!(receive(&mut stream).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_is_registered_may_be_silent_for_hours_but_not_inside_a_message() {
    let mut stream = connected(Options::default()).await;
    stream.write_all(&register("bob")).await.unwrap();
    let start = Instant::now();
    let list = receive(&mut stream).await;
    while seconds_since(start) < 3 * 3600 {
        let told = Instant::now();
        assert_eq!(show(&receive(&mut stream).await), show(&list), "the list of users is told now and then");
        assert!((10..=30).contains(&seconds_since(told)), "{:?}", told.elapsed());
    }
    stream.write_all(b"JOIN (").await.unwrap();
    let begun = Instant::now();
    while !contains(&receive(&mut stream).await, b"the rest of a message has not come within 60 s") {
        assert!(seconds_since(begun) < 60);
    }
    assert_eq!(seconds_since(begun), 60);
}

#[tokio::test(start_paused = true)]
async fn a_bare_verb_is_complete_after_a_silence() {
    let mut stream = connected(Options::default()).await;
    stream.write_all(&register("bob")).await.unwrap();
    receive(&mut stream).await;
    let start = Instant::now();
    stream.write_all(b"LIST_CONVERSATIONS").await.unwrap();
    assert!(receive(&mut stream).await.starts_with(b"CONVERSATIONS "));
    assert!((200..300).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    // A verb that needs an argument is never complete without one.
    stream.write_all(b"JOIN").await.unwrap();
    assert!(receive(&mut stream).await.starts_with(b"ONLINE_USERS "));
}

#[tokio::test(start_paused = true)]
async fn an_argument_that_comes_late_and_in_pieces_leaves_nothing_owed() {
    let mut stream = connected(Options::default()).await;
    stream.write_all(&register("bob")).await.unwrap();
    receive(&mut stream).await;
    stream.write_all(b"LIST_CONVERSATIONS").await.unwrap();
    assert!(receive(&mut stream).await.starts_with(b"CONVERSATIONS "));
    stream.write_all(b"(").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stream.write_all(b"t.").await.unwrap();
    for _ in 0..5 {
        assert!(receive(&mut stream).await.starts_with(b"ONLINE_USERS "));
    }
}

#[tokio::test(start_paused = true)]
async fn each_message_comes_alone_to_a_client_that_reads_once_for_one() {
    let pace = Duration::from_millis(15);
    let mut stream = connected(Options { pace, ..Options::default() }).await;
    stream.write_all(&[register("bob"), b"JOIN I1\n.JOIN I2\n.JOIN I3\n.".to_vec()].concat()).await.unwrap();
    assert!(receive(&mut stream).await.starts_with(b"ONLINE_USERS "));
    for id in ["1", "2", "3"] {
        let start = Instant::now();
        let message = receive(&mut stream).await;
        assert!(message.starts_with(b"ERROR ") && message.ends_with(format!("conversation {id}.").as_bytes()));
        // The clock of the runtime counts whole milliseconds.
        assert!(start.elapsed() + Duration::from_millis(2) >= pace);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_fallen_behind_gets_all_at_once() {
    let mut stream = connected(Options { pace: Duration::from_secs(5), ..Options::default() }).await;
    stream.write_all(&[register("bob"), b"JOIN I1\n.".repeat(20)].concat()).await.unwrap();
    let start = Instant::now();
    let mut received = Vec::new();
    while received.windows(6).filter(|window| window == b"ERROR ").count() < 20 {
        received.extend(receive(&mut stream).await);
    }
    assert!(seconds_since(start) < 5);
}

#[tokio::test(start_paused = true)]
async fn a_dead_reader_is_disconnected_within_a_minute() {
    let server = Server::new(listen("127.0.0.1:0".parse().unwrap()).unwrap(), Options::default());
    let (address, monitor) = (server.local_addresses()[0], server.monitor());
    tokio::spawn(server.run(std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&register("bob")).await.unwrap();
    receive(&mut stream).await;
    // Answers that nobody reads: the server reads no more of this client, too.
    let (_kept, mut writer) = stream.into_split();
    let flood = tokio::spawn(async move {
        while writer.write_all(&b"JOIN I1\n.JOIN (t.LIST_CONVERSATIONS\n".repeat(500)).await.is_ok() {}
    });
    let start = Instant::now();
    while monitor.counts().users > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(seconds_since(start) < 60);
    }
    flood.abort();
}

#[tokio::test(start_paused = true)]
async fn connections_that_do_not_register_make_room_for_others() {
    let options = Options { max_clients: 2, ..Options::default() };
    let server = Server::new(listen("127.0.0.1:0".parse().unwrap()).unwrap(), options);
    let address = server.local_addresses()[0];
    tokio::spawn(server.run(std::future::pending()));
    let mut alice = TcpStream::connect(address).await.unwrap();
    alice.write_all(&register("alice")).await.unwrap();
    receive(&mut alice).await;
    let mut stranger = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let mut bob = TcpStream::connect(address).await.unwrap();
    assert!(contains(&receive(&mut stranger).await, b"the server is full"));
    assert!(receive(&mut stranger).await.is_empty());
    bob.write_all(&register("bob")).await.unwrap();
    assert!(receive(&mut bob).await.starts_with(b"ONLINE_USERS "));
}
