//! The contents of a file, on their way in or out: streamed, never held in memory.
//!
//! The wire has no length and no checksum: the end of the file is the end of the stream. So this is what can be noticed
//! when a file comes: a reset connection, and one on which nothing comes any more. What cannot be noticed is a foreign
//! peer that closes its connection properly in the middle. One of ours that is killed in the middle resets the
//! connection: see [`send`]. Nor is it known whether a file finds room; one that never ends must not take all of it.

mod name;
mod partial;
mod stream;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;
use thiserror::Error;
use tokio::sync::{Semaphore, watch};

pub(super) use name::{is_partial, numbered, safe_name};
pub(super) use partial::remove_forgotten;

use self::partial::Partial;
use self::stream::Watch;
use super::exchange::{self, ExchangeError};
use super::share::{Share, ShareError, SharedFile};
use crate::protocol::social::{Form, PeerRequest, file_list};

/// How many files are got at once; more would only share the same network.
static DOWNLOADS: Semaphore = Semaphore::const_new(4);
/// How long a receiver may take to close after the last byte: closing first with unread bytes of it would reset the
/// connection, and could take the end of the file with it.
const DRAIN: Duration = Duration::from_millis(500);

/// A file of at most so many bytes goes out in one write: there is no middle in which it could be cut.
const ONE_WRITE: u64 = 16 << 10;

/// Ends a transfer from outside. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Ends the transfer; it fails with [`TransferError::Cancelled`] within a quarter of a second.
    pub(super) fn cancel(&self) {
        self.0.send_replace(true);
    }

    fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    async fn cancelled(&self) {
        // The sender is in `self`, so there is always an end to wait for.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// Ends the work on another thread when the future that waits for it is dropped.
struct CancelOnDrop<'a>(&'a Cancel);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What becomes of an upload. Called on another thread; must not wait.
pub(super) type Report = Box<dyn FnMut(Progress) + Send>;

/// How an upload stands.
#[derive(Debug)]
pub(super) enum Progress {
    /// Bytes are on their way; told at the beginning, and then at most ten times a second.
    Running {
        /// How many have gone.
        done: u64,
        /// How many there are.
        size: u64,
    },
    /// It is over; all these bytes were sent, or why not.
    Ended(Result<u64, TransferError>),
}

/// Which file goes out.
#[derive(Debug)]
pub(super) enum Source {
    /// One in the shared folder, by its name there.
    Shared(Share, String),
    /// One that was offered.
    Offered(PathBuf),
}

/// A file that goes out as a reply.
pub(super) struct Upload {
    /// What.
    pub(super) source: Source,
    /// Who hears of it.
    pub(super) report: Report,
    /// Ends it.
    pub(super) cancel: Cancel,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A file to get.
pub(super) struct Download {
    /// Where from, the best address first.
    pub(super) from: Vec<SocketAddr>,
    /// By its name there.
    pub(super) name: String,
    /// The other side has offered it: then nothing is a file with nothing in it, even if it is in no list.
    pub(super) is_offered: bool,
    /// In which form the other side answers requests without argument.
    pub(super) form: Form,
    /// In which folder of this computer it is to be; it is made if it is not there.
    pub(super) folder: PathBuf,
    /// Under which name; else by its own. Either is reduced to a safe name of a file.
    pub(super) save_as: Option<String>,
    /// Called with the bytes that have come, at most ten times a second, on another thread; must not wait.
    pub(super) progress: Box<dyn FnMut(u64) + Send>,
    /// Ends it.
    pub(super) cancel: Cancel,
}

impl Download {
    /// Under which name it is saved, if no other file has it.
    fn wanted(&self) -> String {
        safe_name(self.save_as.as_deref().unwrap_or(&self.name))
    }

    /// Where it is to be.
    pub(super) fn target(&self) -> PathBuf {
        self.folder.join(self.wanted())
    }
}

/// A file that was got.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Downloaded {
    /// Where it is; the name may have a number in it, since nothing is overwritten.
    pub(super) path: PathBuf,
    /// Its size, in bytes.
    pub(super) size: u64,
}

/// Why a file has not come or gone.
#[derive(Debug, Error)]
pub(super) enum TransferError {
    /// The other side could not be asked.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The file is not there for the other side, or cannot be read.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// There was nothing in the reply, and the other side does not list such a file.
    #[error("the other side sent nothing: it does not share this file, or not any more")]
    Nothing,
    /// The connection broke, or nothing came or went for too long.
    #[error("the connection was lost after {done} bytes: {error}")]
    Lost {
        /// How many bytes had come or gone.
        done: u64,
        /// What happened to it.
        error: io::Error,
    },
    /// There is hardly any room left, or one may not use more.
    #[error("the disk is full")]
    DiskFull,
    /// It is larger than a file can be in this folder (4 GiB on a FAT file system).
    #[error("the file is too large for the file system of this folder")]
    TooLarge,
    /// A file or folder of this computer cannot be read or written.
    #[error("{what}: {error}")]
    Local {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        error: io::Error,
    },
    /// The user has ended it.
    #[error("cancelled")]
    Cancelled,
}

/// Sends a file over a connection, and closes it. Returns when all of it is over.
///
/// If this program is killed in the middle, the kernel closes the connection for it, which to the receiver would look
/// like the end of the file. So until the last byte is written the socket is set to be reset on closing (a linger time of
/// zero, `socket(7)`).
pub(super) async fn send(socket: tokio::net::TcpStream, mut upload: Upload) {
    let cancel = upload.cancel.clone();
    let _guard = CancelOnDrop(&cancel);
    let socket = socket.into_std();
    let work = tokio::task::spawn_blocking(move || {
        let outcome = send_blocking(socket, &mut upload);
        (upload.report)(Progress::Ended(outcome));
    });
    // A panic in it has printed its reason; the connection is closed by then.
    let _ = work.await;
}

fn send_blocking(socket: io::Result<TcpStream>, upload: &mut Upload) -> Result<u64, TransferError> {
    let lost = |done| move |error| TransferError::Lost { done, error };
    let socket = socket.map_err(lost(0))?;
    let opened = match &upload.source {
        Source::Shared(share, name) => share.open_file(name),
        Source::Offered(path) => SharedFile::open(path),
    };
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            // Whoever has gone needs no answer.
            let _ = if matches!(upload.source, Source::Offered(_)) {
                // What was offered is in no list, so an empty reply would be taken for an empty file.
                SockRef::from(&socket).set_linger(Some(Duration::ZERO))
            } else {
                socket.shutdown(Shutdown::Write).and_then(|()| drain(&socket))
            };
            return Err(error.into());
        }
    };
    let size = file.size;
    let has_middle = size > ONE_WRITE;
    if has_middle {
        SockRef::from(&socket).set_linger(Some(Duration::ZERO)).map_err(lost(0))?;
    }
    let mut report = |done| (upload.report)(Progress::Running { done, size });
    report(0);
    let sent = stream::send(&file, &socket, &mut Watch::new(&upload.cancel, &mut report));
    let done = sent.inspect_err(|_| {
        // Whatever has gone is not all, so the receiver must not take it for that. A broken connection has no options.
        let _ = SockRef::from(&socket).set_linger(Some(Duration::ZERO));
    })?;
    if has_middle {
        SockRef::from(&socket).set_linger(None).map_err(lost(done))?;
    }
    socket.shutdown(Shutdown::Write).map_err(lost(done))?;
    drain(&socket).map_err(lost(done))?;
    Ok(done)
}

/// Waits until the other side has closed, for a short while. It tells a receiver that has it all from one that has
/// broken the connection off.
fn drain(mut socket: &TcpStream) -> io::Result<()> {
    let until = Instant::now() + DRAIN;
    let mut unread = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let left = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
        // Interrupted or not, the next read says how it stands.
        let _ = poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&left));
        match io::Read::read(&mut socket, &mut unread) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gets a file. Waits while others are being got: only some at once. If the future is dropped, it is cancelled.
pub(super) async fn download(order: Download) -> Result<Downloaded, TransferError> {
    let cancel = order.cancel.clone();
    let _guard = CancelOnDrop(&cancel);
    tokio::select! {
        biased;
        // What runs on another thread ends by itself, soon, and cleans up.
        () = cancel.cancelled() => Err(TransferError::Cancelled),
        outcome = get(order) => outcome,
    }
}

async fn get(order: Download) -> Result<Downloaded, TransferError> {
    // The semaphore is never closed, so there is a permit or a wait.
    let _permit = DOWNLOADS.acquire().await;
    let wanted = order.wanted();
    let Download { from, name, is_offered, form, folder, save_as: _, mut progress, cancel } = order;
    let (socket, address) = exchange::request(&from, &PeerRequest::GetFile(name.clone()).encode()).await?;
    let socket = socket.into_std().map_err(|error| TransferError::Lost { done: 0, error })?;
    let received = on_thread(move || {
        let partial = Partial::create(&folder, &wanted)?;
        let has_room = || partial.has_room();
        let done = stream::receive(&socket, partial.file(), has_room, &mut Watch::new(&cancel, &mut *progress))?;
        drop(socket);
        if done == 0 {
            return Ok(Err((partial, wanted)));
        }
        Ok(Ok(Downloaded { path: partial.finish(&wanted)?, size: done }))
    });
    match received.await? {
        Ok(downloaded) => Ok(downloaded),
        // A file with nothing in it looks like a refusal on this wire.
        Err((empty, wanted)) if is_offered || is_listed(address, &name, form).await => {
            on_thread(move || Ok(Downloaded { path: empty.finish(&wanted)?, size: 0 })).await
        }
        Err(_) => Err(TransferError::Nothing),
    }
}

/// Whether a peer has a file of this name in its list.
async fn is_listed(address: SocketAddr, name: &str, form: Form) -> bool {
    let answer = exchange::ask(&[address], &PeerRequest::ListFiles, form).await;
    answer.is_ok_and(|answer| file_list(&answer.reply).is_ok_and(|list| list.names.iter().any(|known| known == name)))
}

/// Does what blocks on a thread that may.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        // The program ends, or the work panicked and has printed why.
        Err(error) => Err(TransferError::Local { what: "the transfer was broken off", error: io::Error::other(error) }),
    }
}
