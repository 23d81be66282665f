//! The contents of a file, on their way in or out: streamed, never held in memory.
//!
//! The wire has no length and no checksum: the end of the file is the end of the stream. So this is what can be noticed
//! when a file comes: a reset connection, and one on which hardly anything comes any more. What cannot be noticed is a
//! foreign peer that closes its connection properly in the middle. One of ours that is killed in the middle resets the
//! connection: see [`send`]. Nor is it known whether a file finds room; one that never ends must not take all of it.

mod download;
mod name;
mod orders;
mod pace;
mod partial;
mod stream;
#[cfg(test)]
mod tests;
mod upload;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{oneshot, watch};

pub(super) use download::Downloads;
pub(super) use name::{is_partial, numbered, safe_name};
pub(super) use partial::remove_forgotten;
pub(super) use upload::send;

use super::exchange::{ExchangeError, Habits};
use super::share::{Share, ShareError};
use crate::protocol::ident::UserName;

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
    /// Called with the bytes that have gone and with how many there are: of a file that takes more than a moment at the
    /// beginning, and then at most ten times a second. On another thread; must not wait.
    pub(super) progress: Box<dyn FnMut(u64, u64) + Send>,
    /// Ends it.
    pub(super) cancel: Cancel,
    /// Who waits for its end: how many bytes have gone, all of them, or why not.
    pub(super) ended: oneshot::Sender<Result<u64, TransferError>>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A file to get.
pub(super) struct Download {
    /// From whom.
    pub(super) peer: UserName,
    /// Where they are, the best address first.
    pub(super) from: Vec<SocketAddr>,
    /// By its name there.
    pub(super) name: String,
    /// The other side has offered it: so it need not be in its list.
    pub(super) is_offered: bool,
    /// A reply with nothing in it is this file, whatever the list says: it looks like a refusal on this wire.
    pub(super) may_be_empty: bool,
    /// How the other side takes requests.
    pub(super) habits: Habits,
    /// In which folder of this computer it is to be; it is made if it is not there.
    pub(super) folder: PathBuf,
    /// Under which name; else by its own. Either is reduced to a safe name of a file.
    pub(super) save_as: Option<String>,
    /// Called with the bytes that have come, at most ten times a second, on another thread; must not wait.
    pub(super) progress: Box<dyn FnMut(u64) + Send>,
    /// Ends it.
    pub(super) cancel: Cancel,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("peer", &self.peer).field("name", &self.name).finish_non_exhaustive()
    }
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
    /// Discovery has lost the other side.
    #[error("{0} is not there any more")]
    Gone(UserName),
    /// There was nothing in the reply, and the other side does not list such a file.
    #[error("the other side sent nothing: it does not share this file, or not any more")]
    Nothing,
    /// There was nothing in the reply, and the other side has offered such a file, but does not list it. It may have been
    /// started anew since.
    #[error("the other side sent nothing: the file is empty, or not offered any more")]
    OfferOver,
    /// The connection broke, or next to nothing came or went for too long.
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
