use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use async_channel::Receiver;
use socket2::SockRef;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::stream::Watch;
use super::*;
use crate::net::exchange::{self, Arrival, Reply, serve};
use crate::net::share::SharedFile;
use crate::protocol::social::{PeerRequest, encode_file_list};

/// How long anything may take here before it counts as never.
const DEADLINE: Duration = Duration::from_secs(20);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.unwrap()
}

/// Waits for something that another thread does.
async fn eventually(mut is_so: impl FnMut() -> bool) {
    soon(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Bytes with no period that a buffer could hide.
fn noise(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..)).take(size).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A peer that shares a folder, and a folder for what is got from it.
struct Place {
    all: TempDir,
    address: SocketAddr,
    /// What became of uploads.
    ended: Receiver<Result<u64, TransferError>>,
    /// Ends the last upload.
    cancel: Arc<Mutex<Cancel>>,
}

impl Place {
    async fn new(files: &[(&str, &[u8])]) -> Self {
        let all = tempfile::tempdir().unwrap();
        for folder in ["share", "downloads"] {
            fs::create_dir(all.path().join(folder)).unwrap();
        }
        for (name, content) in files {
            fs::write(all.path().join("share").join(name), content).unwrap();
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let share = Share::open(&all.path().join("share")).unwrap();
        share.list().unwrap();
        let (arrivals, arrived) = async_channel::bounded(16);
        let known = share.clone();
        let lookup = Arc::new(move |_, name: &str| known.lookup(name));
        tokio::spawn(serve(listener, lookup, Arc::new(|_| true), arrivals.clone(), arrivals));
        let (end, ended) = async_channel::unbounded();
        let cancel = Arc::new(Mutex::new(Cancel::default()));
        let last = Arc::clone(&cancel);
        tokio::spawn(async move {
            while let Ok(Arrival::Request(request)) = arrived.recv().await {
                let reply = match request.request {
                    PeerRequest::ListFiles => {
                        Reply::Bytes(encode_file_list(share.list().unwrap().names.to_vec()).into())
                    }
                    PeerRequest::GetFile(name) => {
                        let end = end.clone();
                        let (ended, outcome) = oneshot::channel();
                        tokio::spawn(async move { end.send(outcome.await.unwrap()).await });
                        let source = Source::Shared(share.clone(), name);
                        let cancel = Cancel::default();
                        *last.lock().unwrap() = cancel.clone();
                        Reply::File(Upload { source, progress: Box::new(|_, _| ()), cancel, ended })
                    }
                    other => panic!("{other:?}"),
                };
                let _ = request.reply.send(reply);
            }
        });
        Self { all, address, ended, cancel }
    }

    fn downloads(&self) -> PathBuf {
        self.all.path().join("downloads")
    }

    fn order(&self, name: &str) -> Download {
        order(self.address, name, self.downloads())
    }
}

async fn download(order: Download) -> Result<Downloaded, TransferError> {
    let downloads = Downloads::default();
    downloads.get(order).await
}

fn order(address: SocketAddr, name: &str, folder: PathBuf) -> Download {
    Download {
        peer: UserName::received("bob"),
        is_offered: false,
        may_be_empty: false,
        habits: Habits::default(),
        from: vec![address],
        name: name.to_owned(),
        folder,
        save_as: None,
        progress: Box::new(|_| ()),
        cancel: Cancel::default(),
    }
}

/// A peer that sends something for whatever is asked, and gives the connection to the test.
async fn odd_peer(bytes: Vec<u8>) -> (SocketAddr, tokio::task::JoinHandle<tokio::net::TcpStream>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert_ne!(stream.read(&mut request).await.unwrap(), 0);
        // The receiver may give up before it has all.
        let _ = stream.write_all(&bytes).await;
        stream
    });
    (address, task)
}

#[tokio::test]
async fn files_of_all_sizes_arrive_as_they_are() {
    let whole = noise(5_000_000);
    for size in [1, 1024, 16 << 10, (16 << 10) + 1, 64 << 10, 300_000, 512 << 10, (512 << 10) + 1, 1 << 20, 5_000_000] {
        let place = Place::new(&[("a file.bin", &whole[..size])]).await;
        let got = soon(download(place.order("a file.bin"))).await.unwrap();
        assert_eq!(got, Downloaded { path: place.downloads().join("a file.bin"), size: size as u64 });
        assert!(fs::read(&got.path).unwrap() == whole[..size], "{size} bytes differ");
        assert_eq!(names(&place.downloads()), ["a file.bin"]);
        assert_eq!(soon(place.ended.recv()).await.unwrap().unwrap(), size as u64);
    }
}

#[tokio::test]
async fn nothing_is_overwritten_whatever_name_is_asked_for() {
    let place = Place::new(&[("a.txt", b"theirs")]).await;
    fs::write(place.downloads().join("a.txt"), "mine").unwrap();
    for (save_as, wanted) in
        [(None, "a (2).txt"), (Some("../../b.txt"), "b.txt"), (Some("/etc/a.txt"), "a (3).txt"), (Some(".."), "file")]
    {
        let order = Download { save_as: save_as.map(str::to_owned), ..place.order("a.txt") };
        assert_eq!(soon(download(order)).await.unwrap().path, place.downloads().join(wanted));
    }
    assert_eq!(fs::read(place.downloads().join("a.txt")).unwrap(), b"mine");
    assert_eq!(names(place.all.path()), ["downloads", "share"]);
}

#[tokio::test]
async fn an_empty_file_is_told_from_none() {
    let place = Place::new(&[("empty", b"")]).await;
    for is_offered in [false, true] {
        let order = |name| Download { is_offered, ..place.order(name) };
        let got = soon(download(order("empty"))).await.unwrap();
        assert_eq!(got.size, 0);
        fs::remove_file(got.path).unwrap();
        for name in ["nothing", "../share/empty", "/etc/passwd", ".."] {
            // What was offered need not be in the list; but whoever was started anew offers it no longer.
            match soon(download(order(name))).await {
                Err(TransferError::Nothing) if !is_offered => {}
                Err(TransferError::OfferOver) if is_offered => {}
                other => panic!("{name}: {other:?}"),
            }
        }
        assert_eq!(names(&place.downloads()), [""; 0]);
    }
    let (address, closing) = odd_peer(Vec::new()).await;
    let sure = Download { is_offered: true, may_be_empty: true, ..order(address, "offered", place.downloads()) };
    let sure = tokio::spawn(download(sure));
    drop(closing.await.unwrap());
    assert_eq!(soon(sure).await.unwrap().unwrap().size, 0);
}

#[tokio::test]
async fn a_listed_file_that_cannot_be_read_does_not_look_like_an_empty_one() {
    // Not even an administrator can read it.
    let share = Share::open(Path::new("/sys/bus/cpu")).unwrap();
    let source = Source::Shared(share.clone(), "uevent".to_owned());
    assert!(share.list().unwrap().names.contains(&"uevent".to_owned()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (ended, outcome) = oneshot::channel();
    let upload = Upload { source, progress: Box::new(|_, _| ()), cancel: Cancel::default(), ended };
    soon(send(soon(listener.accept()).await.unwrap().0, upload)).await;
    let got = soon(stream.read_to_end(&mut Vec::new())).await;
    assert_eq!(got.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(matches!(outcome.await.unwrap(), Err(TransferError::Share(ShareError::Unreadable(_)))));
}

#[tokio::test]
async fn who_reads_until_we_close_is_asked_so() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let order = order(listener.local_addr().unwrap(), "a.txt", folder.path().to_owned());
    let habits = Habits { reads_to_end: true, ..order.habits };
    let got = tokio::spawn(download(Download { habits, ..order }));
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    let mut request = Vec::new();
    soon(stream.read_to_end(&mut request)).await.unwrap();
    assert_eq!(request, b"GET_FILE a.txt");
    stream.write_all(b"a").await.unwrap();
    drop(stream);
    assert_eq!(soon(got).await.unwrap().unwrap().size, 1);
}

#[tokio::test]
async fn a_folder_for_downloads_is_made_and_a_file_is_none() {
    let place = Place::new(&[("a", b"a")]).await;
    let folder = place.downloads().join("new/er");
    assert!(soon(download(order(place.address, "a", folder.clone()))).await.is_ok());
    let refused = soon(download(order(place.address, "a", folder.join("a")))).await;
    assert!(matches!(refused, Err(TransferError::Local { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_nothing() {
    for size in [1000, 3_000_000] {
        let (address, peer) = odd_peer(noise(size)).await;
        let folder = tempfile::tempdir().unwrap();
        let got = tokio::spawn(download(order(address, "a", folder.path().to_owned())));
        let stream = soon(peer).await.unwrap();
        eventually(|| names(folder.path()).len() == 1).await;
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        let got = soon(got).await.unwrap();
        assert!(matches!(got, Err(TransferError::Lost { .. })), "{got:?}");
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[tokio::test]
async fn a_sender_that_ends_in_the_middle_resets_the_connection() {
    let place = Place::new(&[("big", &noise(30_000_000))]).await;
    // A receiver that does not read: the sender cannot come to the end.
    let (mut stream, _) = exchange::request(&[place.address], b"GET_FILE big\n", Habits::default()).await.unwrap();
    assert_ne!(soon(stream.read(&mut [0; 1000])).await.unwrap(), 0);
    place.cancel.lock().unwrap().cancel();
    let ended = soon(place.ended.recv()).await.unwrap();
    assert!(matches!(ended, Err(TransferError::Cancelled)), "{ended:?}");
    let rest = soon(stream.read_to_end(&mut Vec::new())).await;
    assert_eq!(rest.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_file_that_became_shorter_is_not_taken_for_the_whole() {
    let place = Place::new(&[("big", &noise(30_000_000))]).await;
    let (mut stream, _) = exchange::request(&[place.address], b"GET_FILE big\n", Habits::default()).await.unwrap();
    assert_ne!(soon(stream.read(&mut [0; 1000])).await.unwrap(), 0);
    OpenOptions::new().write(true).open(place.all.path().join("share/big")).unwrap().set_len(29_000_000).unwrap();
    let rest = soon(stream.read_to_end(&mut Vec::new())).await;
    assert_eq!(rest.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let ended = soon(place.ended.recv()).await.unwrap();
    assert!(matches!(ended, Err(TransferError::Local { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_receiver_that_goes_away_is_no_success() {
    let place = Place::new(&[("big", &noise(30_000_000))]).await;
    let (stream, _) = exchange::request(&[place.address], b"GET_FILE big\n", Habits::default()).await.unwrap();
    soon(stream.readable()).await.unwrap();
    drop(stream);
    let ended = soon(place.ended.recv()).await.unwrap();
    assert!(matches!(ended, Err(TransferError::Lost { .. })), "{ended:?}");
}

#[tokio::test]
async fn somebody_who_does_not_answer_keeps_nobody_else_waiting() {
    let place = Place::new(&[("a", b"a")]).await;
    // It takes connections, and that is all; it is on another computer than Carl.
    let silent = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).await.unwrap();
    let downloads = Downloads::default();
    let get = |n: usize| {
        let order = order(silent.local_addr().unwrap(), &n.to_string(), place.downloads());
        (order.cancel.clone(), tokio::spawn(downloads.get(order)))
    };
    let bobs: Vec<_> = (0..20).map(get).collect();
    let carl = UserName::received("carl");
    let got = soon(downloads.get(Download { peer: carl, ..place.order("a") })).await;
    assert_eq!(got.unwrap().size, 1);
    // Once Bob is known to be gone, what has not begun need not be waited for.
    let bob = UserName::received("bob");
    downloads.give_up(&bob);
    let waited = 20 - 4;
    eventually(|| bobs.iter().filter(|(_, got)| got.is_finished()).count() >= waited).await;
    let mut gone = 0;
    for (cancel, got) in bobs {
        cancel.cancel();
        gone += usize::from(matches!(soon(got).await.unwrap(), Err(TransferError::Gone(who)) if who == bob));
    }
    assert!(gone >= waited);
}

#[tokio::test]
async fn a_cancelled_download_leaves_nothing() {
    let (address, peer) = odd_peer(noise(1_000_000)).await;
    let folder = tempfile::tempdir().unwrap();
    let order = order(address, "a", folder.path().to_owned());
    let cancel = order.cancel.clone();
    let got = tokio::spawn(download(order));
    let mut stream = soon(peer).await.unwrap();
    eventually(|| names(folder.path()).len() == 1).await;
    cancel.cancel();
    let got = soon(got).await.unwrap();
    assert!(matches!(got, Err(TransferError::Cancelled)), "{got:?}");
    eventually(|| names(folder.path()).is_empty()).await;
    // The sender notices: the connection is closed.
    let _ = soon(stream.read(&mut [0; 10])).await;
}

/// Both ends of a connection whose first end has written all and closed.
fn filled_connection(bytes: Vec<u8>) -> (TcpStream, std::thread::JoinHandle<()>) {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let writer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The reader may give up in the middle.
        let _ = io::Write::write_all(&mut stream, &bytes);
    });
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nonblocking(true).unwrap();
    (stream, writer)
}

#[test]
fn a_full_disk_is_told_as_such() {
    for size in [1000, 3_000_000] {
        let (socket, writer) = filled_connection(noise(size));
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let outcome = stream::receive(
            &socket,
            &full,
            &mut stream::buffer(),
            || true,
            &mut Watch::new(&Cancel::default(), &mut |_| ()),
        );
        assert!(matches!(outcome, Err(TransferError::DiskFull)), "{outcome:?}");
        drop(socket);
        writer.join().unwrap();
    }
}

#[test]
fn a_file_without_end_does_not_take_all_room() {
    let (socket, writer) = filled_connection(vec![1; 100 << 20]);
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("a")).unwrap();
    let has_room = || file.metadata().unwrap().len() < 30 << 20;
    let outcome = stream::receive(
        &socket,
        &file,
        &mut stream::buffer(),
        has_room,
        &mut Watch::new(&Cancel::default(), &mut |_| ()),
    );
    assert!(matches!(outcome, Err(TransferError::DiskFull)), "{outcome:?}");
    assert!(file.metadata().unwrap().len() < 40 << 20);
    drop(socket);
    writer.join().unwrap();
}

#[test]
fn a_file_that_takes_nothing_from_a_pipe_is_written_all_the_same() {
    let bytes = noise(5_000_000);
    let (socket, writer) = filled_connection(bytes.clone());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    // The kernel splices into no file that is open for appending.
    let file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
    let mut reported = 0;
    let mut report = |done| reported = done;
    let done = stream::receive(
        &socket,
        &file,
        &mut stream::buffer(),
        || true,
        &mut Watch::new(&Cancel::default(), &mut report),
    )
    .unwrap();
    assert_eq!(done, bytes.len() as u64);
    assert!(reported <= done);
    assert!(fs::read(path).unwrap() == bytes, "the bytes differ");
    writer.join().unwrap();
}

#[test]
fn a_file_can_be_sent_through_memory_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let bytes = noise(3_000_000);
    fs::write(&path, &bytes).unwrap();
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut receiver = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (sender, _) = listener.accept().unwrap();
    sender.set_nonblocking(true).unwrap();
    let reader = std::thread::spawn(move || {
        let mut all = Vec::new();
        io::Read::read_to_end(&mut receiver, &mut all).unwrap();
        all
    });
    let file = SharedFile { file: File::open(&path).unwrap(), size: bytes.len() as u64 };
    let done = stream::copy_out(&file, &sender, &mut Watch::new(&Cancel::default(), &mut |_| ())).unwrap();
    assert_eq!(done, bytes.len() as u64);
    drop(sender);
    assert!(reader.join().unwrap() == bytes, "the bytes differ");
}
