use std::collections::VecDeque;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener as StdListener};
use std::thread::JoinHandle;

use async_channel::Receiver;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::asking::ask_in_forms;
use super::*;
use crate::protocol::ident::{ConversationId, UserName};
use crate::protocol::limits;

/// How long anything may take here before it counts as never.
const DEADLINE: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.unwrap()
}

fn invite() -> PeerRequest {
    PeerRequest::Invite { chat: ConversationId::Int(7), from: UserName::received("bob") }
}

/// A server whose requests come out of the channel.
async fn host() -> (SocketAddr, Receiver<Arrival>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (arrivals, arrived) = async_channel::bounded(16);
    let lookup: Lookup = Arc::new(|_, name: &str| if name == "known" { NameMatch::Exact } else { NameMatch::Unknown });
    tokio::spawn(serve(listener, lookup, Arc::new(|_| false), arrivals.clone(), arrivals));
    (address, arrived)
}

async fn next_request(arrived: &Receiver<Arrival>) -> Request {
    match soon(arrived.recv()).await.unwrap() {
        Arrival::Request(request) => request,
        Arrival::Abandoned { .. } => panic!("abandoned"),
    }
}

/// A peer as somebody writes it in an afternoon: one `recv(1024)`, a reply, and the connection is closed.
fn naive_peer(
    connections: usize,
    reply: impl Fn(&[u8]) -> Vec<u8> + Send + 'static,
) -> (SocketAddr, JoinHandle<Vec<Vec<u8>>>) {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let one = |_| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut data = vec![0; 1024];
            let count = stream.read(&mut data).unwrap();
            data.truncate(count);
            let _ = stream.write_all(&reply(&data));
            data
        };
        (0..connections).map(one).collect()
    });
    (address, thread)
}

#[tokio::test]
async fn every_form_of_a_request_is_answered_though_its_sender_stays_open() {
    let (address, arrived) = host().await;
    for (bytes, wanted) in [
        (&b"LIST_FILES"[..], PeerRequest::ListFiles),
        (b"LIST_FILES ", PeerRequest::ListFiles),
        (b"LIST_FILES N.", PeerRequest::ListFiles),
        (b"GET_USER_INFO\n", PeerRequest::GetUserInfo),
        (b"GET_FILE known", PeerRequest::GetFile("known".into())),
        (b"GET_FILE unknown", PeerRequest::GetFile("unknown".into())),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let request = next_request(&arrived).await;
        assert_eq!(request.request, wanted);
        assert_eq!(request.from, stream.local_addr().unwrap());
        request.reply.send(Reply::Bytes(b"reply".as_slice().into())).unwrap();
        let mut reply = Vec::new();
        soon(stream.read_to_end(&mut reply)).await.unwrap();
        assert_eq!(reply, b"reply");
    }
}

#[tokio::test]
async fn a_request_that_nobody_replies_to_is_closed() {
    let (address, arrived) = host().await;
    let asked = tokio::spawn(async move { ask(&[address], &invite(), Habits::default()).await });
    drop(next_request(&arrived).await);
    assert_eq!(soon(asked).await.unwrap().unwrap().reply, b"");
}

#[tokio::test]
async fn bytes_that_are_no_request_cost_only_their_connection() {
    let (address, arrived) = host().await;
    let endless = [b"GET_FILE ".as_slice(), &[b'x'; 10_000]].concat();
    let enormous = [b"MESSAGE \x80\x02X\xff\xff\xff\x7f".as_slice(), &[b'x'; 5_000]].concat();
    for bytes in
        [b"GET / HTTP/1.1\r\n\r\n".as_slice(), b"\xff\xff\xff\xff", b"INVITE cos\nsystem\n.", &endless, &enormous]
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The other side may close before all of it is written.
        let _ = stream.write_all(bytes).await;
        let mut reply = Vec::new();
        let _ = soon(stream.read_to_end(&mut reply)).await;
        assert_eq!(reply, b"", "{bytes:?}");
    }
    drop(TcpStream::connect(address).await.unwrap());
    assert!(arrived.is_empty());
    let asked = tokio::spawn(async move { ask(&[address], &PeerRequest::ListFiles, Habits::default()).await });
    let reply = next_request(&arrived).await.reply;
    reply.send(Reply::Bytes(b"N.".as_slice().into())).unwrap();
    assert_eq!(soon(asked).await.unwrap().unwrap().reply, b"N.");
}

#[tokio::test]
async fn ten_thousand_connections_of_one_address_leave_room_for_others() {
    let (address, arrived) = host().await;
    let mut held = VecDeque::new();
    for _ in 0..10_000 {
        if let Ok(stream) = soon(TcpStream::connect(address)).await {
            held.push_back(stream);
        }
        if held.len() > 200 {
            held.pop_front();
        }
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).unwrap();
    let mut stream = soon(socket.connect(address)).await.unwrap();
    stream.write_all(b"LIST_FILES N.").await.unwrap();
    let request = next_request(&arrived).await;
    assert_eq!(request.from.ip(), IpAddr::from([127, 0, 0, 2]));
    request.reply.send(Reply::Bytes(b"N.".as_slice().into())).unwrap();
    let mut reply = Vec::new();
    soon(stream.read_to_end(&mut reply)).await.unwrap();
    assert_eq!(reply, b"N.");
}

#[tokio::test]
async fn a_simple_peer_is_asked_in_the_form_that_it_knows() {
    let list = b"(lp0\nS'a.txt'\np1\na.".to_vec();
    for (form, connections) in [(Form::Pickled, 1), (Form::Bare, 2), (Form::Spaced, 3)] {
        let knows = PeerRequest::ListFiles.encode_as(form);
        let reply = list.clone();
        let (address, peer) =
            naive_peer(connections, move |data| if data == knows { reply.clone() } else { Vec::new() });
        let answer = soon(ask(&[address], &PeerRequest::ListFiles, Habits::default())).await.unwrap();
        assert_eq!(answer, Answer { reply: list.clone(), habits: Habits { form, ..Habits::default() } });
        assert_eq!(peer.join().unwrap().len(), connections);
        // What worked is tried first the next time.
        let reply = list.clone();
        let (address, peer) = naive_peer(1, move |_| reply.clone());
        soon(ask(&[address], &PeerRequest::ListFiles, Habits { form, ..Habits::default() })).await.unwrap();
        assert_eq!(peer.join().unwrap(), [PeerRequest::ListFiles.encode_as(form)]);
    }
    let (address, _) = naive_peer(3, |_| Vec::new());
    assert_eq!(
        soon(ask(&[address], &PeerRequest::GetUserInfo, Habits { form: Form::Bare, ..Habits::default() }))
            .await
            .unwrap()
            .reply,
        b""
    );
}

#[tokio::test]
async fn a_reply_is_complete_without_the_end_of_the_connection() {
    let list = b"(lp0\nS'a.txt'\np1\na.";
    for (request, reply) in [(PeerRequest::ListFiles, &list[..]), (invite(), b" ACK\n"), (invite(), b"NACK")] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = tokio::spawn(async move { ask(&[address], &request, Habits::default()).await });
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        let mut data = [0; 1024];
        assert_ne!(soon(stream.read(&mut data)).await.unwrap(), 0);
        // A peer in Jython must not see the end of the stream before it has replied.
        let more = timeout(Duration::from_millis(50), stream.read(&mut data)).await;
        assert!(more.is_err(), "{more:?}");
        for byte in reply {
            stream.write_all(&[*byte]).await.unwrap();
        }
        assert_eq!(soon(asked).await.unwrap().unwrap().reply.trim_ascii(), reply.trim_ascii());
    }
}

#[tokio::test]
async fn blanks_before_a_reply_are_no_part_of_it() {
    // Kept, so many would be more than such a reply may have.
    let (address, _) = naive_peer(1, |_| format!("{:60000}\r\nACK", "").into_bytes());
    let answer = soon(ask(&[address], &invite(), Habits::default())).await.unwrap();
    assert_eq!(answer.reply, b"ACK");
}

#[tokio::test]
async fn a_reply_without_end_is_given_up() {
    let endless = |_: &[u8]| vec![b'('; limits::REPLY_BYTES + 1];
    let (address, _) = naive_peer(1, endless);
    let answer = soon(ask(&[address], &invite(), Habits::default())).await;
    assert!(matches!(answer, Err(ExchangeError::TooLong)), "{answer:?}");
    let (address, _) = naive_peer(3, endless);
    let answer = soon(ask(&[address], &PeerRequest::ListFiles, Habits::default())).await;
    assert!(matches!(answer, Err(ExchangeError::TooLong)), "{answer:?}");
}

#[tokio::test]
async fn the_first_address_that_answers_is_taken() {
    let closed = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let (address, _) = naive_peer(1, |_| b"N.".to_vec());
    let answer = soon(ask(&[closed, address], &PeerRequest::ListFiles, Habits::default())).await;
    assert_eq!(answer.unwrap().reply, b"N.");
    let nowhere = soon(ask(&[closed], &PeerRequest::ListFiles, Habits::default())).await;
    assert!(matches!(nowhere, Err(ExchangeError::Unreachable(_))), "{nowhere:?}");
    let nothing = soon(ask(&[], &PeerRequest::ListFiles, Habits::default())).await;
    assert!(matches!(nothing, Err(ExchangeError::NoAddress)), "{nothing:?}");
}

#[tokio::test]
async fn whoever_gives_an_invitation_up_is_not_waited_for() {
    let (address, arrived) = host().await;
    let asked = tokio::spawn(async move { ask(&[address], &invite(), Habits::default()).await });
    let request = next_request(&arrived).await;
    asked.abort();
    is_abandoned(&arrived, request.number).await;
}

async fn is_abandoned(arrived: &Receiver<Arrival>, wanted: u64) {
    match soon(arrived.recv()).await.unwrap() {
        Arrival::Abandoned { number } => assert_eq!(number, wanted),
        Arrival::Request(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_acceptance_that_nobody_takes_is_told() {
    let (address, arrived) = host().await;
    // Somebody who has patience for a moment only, and closes; this looks like one who has done writing and waits.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&invite().encode()).await.unwrap();
    drop(stream);
    let request = next_request(&arrived).await;
    request.reply.send(Reply::Bytes(b"ACK".as_slice().into())).unwrap();
    is_abandoned(&arrived, request.number).await;

    // The one who does wait takes it.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&invite().encode()).await.unwrap();
    stream.shutdown().await.unwrap();
    next_request(&arrived).await.reply.send(Reply::Bytes(b"ACK".as_slice().into())).unwrap();
    let mut reply = Vec::new();
    soon(stream.read_to_end(&mut reply)).await.unwrap();
    assert_eq!(reply, b"ACK");
    drop(stream);
    // Whatever was to be told of the last one would come before this one.
    let asked = tokio::spawn(async move { ask(&[address], &invite(), Habits::default()).await });
    next_request(&arrived).await.reply.send(Reply::Bytes(b"ACK".as_slice().into())).unwrap();
    assert_eq!(soon(asked).await.unwrap().unwrap().reply, b"ACK");
    tokio::time::pause();
    assert!(timeout(DEADLINE, arrived.recv()).await.is_err(), "nothing is told of those who have taken theirs");
}

#[tokio::test]
async fn a_reset_is_no_answer() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let note = PeerRequest::Goodbye { chat: ConversationId::Int(7), from: UserName::received("bob") };
    let asked = tokio::spawn(async move { ask(&[address], &note, Habits::default()).await });
    let (stream, _) = soon(listener.accept()).await.unwrap();
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    soon(stream.peek(&mut [0])).await.unwrap();
    drop(stream);
    let answer = soon(asked).await.unwrap();
    assert!(matches!(answer, Err(ExchangeError::Lost(_))), "{answer:?}");
}

#[tokio::test]
async fn who_reads_until_we_close_is_told_at_once_and_not_left_before_it_has_read() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let note = PeerRequest::Goodbye { chat: ConversationId::Int(7), from: UserName::received("bob") };
    let (written, is_written) = tokio::sync::oneshot::channel();
    let told = tokio::spawn({
        let note = note.clone();
        let written = || written.send(()).unwrap();
        async move { tell(&[address], &note, Habits::default(), DEADLINE / 10, written).await }
    });
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    let mut read = Vec::new();
    soon(stream.read_to_end(&mut read)).await.unwrap();
    assert_eq!(read, note.encode());
    soon(is_written).await.unwrap();
    assert!(!told.is_finished(), "only one side is closed");
    drop(stream);
    soon(told).await.unwrap().unwrap();
}

#[tokio::test]
async fn who_reads_until_we_close_is_asked_so_in_the_end_and_from_then_on() {
    let list = b"(lp0\nS'a.txt'\np1\na.".to_vec();
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, connections) = async_channel::unbounded();
    let reply = list.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut data) = (stream.unwrap(), Vec::new());
            let _ = asked.send_blocking(());
            // Whoever has the answer already has gone.
            let _ = stream.read_to_end(&mut data);
            let _ = if data == b"LIST_FILES" { stream.write_all(&reply) } else { Ok(()) };
        }
    });
    let patience = Duration::from_millis(50);
    let habits = Habits { form: Form::Bare, reads_to_end: true };
    let answer = soon(ask_in_forms(&[address], &PeerRequest::ListFiles, Habits::default(), patience)).await;
    assert_eq!(answer.unwrap(), Answer { reply: list.clone(), habits });
    let before = connections.len();
    let answer = soon(ask(&[address], &PeerRequest::ListFiles, habits)).await;
    assert_eq!(answer.unwrap(), Answer { reply: list, habits });
    soon(async {
        while connections.len() <= before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_does_not_read_until_we_close_any_more_is_answered_all_the_same() {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            // As in Jython: who closes one side gets nothing.
            if stream.read(&mut [0]).is_err() {
                stream.write_all(b"N.").unwrap();
            }
        }
    });
    let habits = Habits { reads_to_end: true, ..Habits::default() };
    let answer = soon(ask(&[address], &PeerRequest::ListFiles, habits)).await;
    assert_eq!(answer.unwrap(), Answer { reply: b"N.".to_vec(), habits: Habits::default() });
}

#[tokio::test]
async fn who_takes_long_to_answer_is_still_listened_to() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let patience = Duration::from_millis(50);
    let asked =
        tokio::spawn(
            async move { ask_in_forms(&[address], &PeerRequest::ListFiles, Habits::default(), patience).await },
        );
    let (mut first, _) = soon(listener.accept()).await.unwrap();
    let _second = soon(listener.accept()).await.unwrap();
    let _third = soon(listener.accept()).await.unwrap();
    first.write_all(b"N.").await.unwrap();
    assert_eq!(soon(asked).await.unwrap().unwrap().reply, b"N.");
}
