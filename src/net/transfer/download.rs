//! Getting files.
//!
//! A few threads get one file after the other, each all of it: it asks for the file, receives it and saves it. So a folder
//! of small files costs little more than its connections; the network thread hears of each only when it is there.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::thread;

use async_channel::{Receiver, Sender};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::partial::Partial;
use super::stream::{self, Watch};
use super::{Cancel, CancelOnDrop, Download, Downloaded, TransferError};
use crate::net::exchange::{self, Habits};
use crate::protocol::social::{PeerRequest, file_list};

/// How many files are got at once; more would only share the same network.
const AT_ONCE: usize = 4;
/// How many orders wait in the queue; those that find no room wait before it.
const WAITING: usize = 4096;

/// The orders that wait for one of the threads, which are started with the first of them.
static ORDERS: LazyLock<Sender<Job>> = LazyLock::new(|| {
    let (orders, queue) = async_channel::bounded(WAITING);
    for _ in 0..AT_ONCE {
        let queue = queue.clone();
        let started = thread::Builder::new().name("klatch-download".to_owned()).spawn(move || work(&queue));
        if let Err(error) = started {
            tracing::error!(%error, "no thread for downloads");
        }
    }
    orders
});

/// An order, and who waits for what becomes of it.
struct Job {
    order: Download,
    outcome: oneshot::Sender<Result<Downloaded, TransferError>>,
}

/// Gets a file. Waits while others are being got: only some at once. If the future is dropped, it is cancelled.
pub(in crate::net) async fn download(order: Download) -> Result<Downloaded, TransferError> {
    let cancel = order.cancel.clone();
    let _guard = CancelOnDrop(&cancel);
    let (outcome, ended) = oneshot::channel();
    let carried_out = async {
        // Without a thread, the order is dropped with its sender.
        let _ = ORDERS.send(Job { order, outcome }).await;
        ended.await.unwrap_or_else(|error| Err(broken_off(error)))
    };
    tokio::select! {
        biased;
        // What runs on another thread ends by itself, soon, and cleans up.
        () = cancel.cancelled() => Err(TransferError::Cancelled),
        outcome = carried_out => outcome,
    }
}

fn broken_off(error: impl std::error::Error + Send + Sync + 'static) -> TransferError {
    TransferError::Local { what: "the transfer was broken off", error: io::Error::other(error) }
}

/// Carries out orders, until there can be no more.
fn work(queue: &Receiver<Job>) {
    // Of its own, so that no other thread is woken for what comes and goes here.
    let runtime = Builder::new_current_thread().enable_all().build();
    let mut buffer = stream::buffer();
    while let Ok(Job { order, outcome }) = queue.recv_blocking() {
        let got = match &runtime {
            _ if outcome.is_closed() => continue,
            // A panic has printed its reason, and is the end of this file alone.
            Ok(runtime) => match catch_unwind(AssertUnwindSafe(|| get(runtime, &mut buffer, order))) {
                Ok(got) => got,
                Err(_) => continue,
            },
            Err(error) => Err(broken_off(io::Error::from(error.kind()))),
        };
        // Whoever wanted it may have gone.
        let _ = outcome.send(got);
    }
}

fn get(runtime: &Runtime, buffer: &mut [u8], order: Download) -> Result<Downloaded, TransferError> {
    let wanted = order.wanted();
    let Download { from, name, is_offered, habits, folder, save_as: _, mut progress, cancel } = order;
    let request = PeerRequest::GetFile(name.clone()).encode();
    let (socket, address) = wait(runtime, &cancel, exchange::request(&from, &request, habits))??;
    // What follows is not for the runtime: it is a loop of system calls.
    let socket = socket.into_std().map_err(|error| TransferError::Lost { done: 0, error })?;
    let partial = Partial::create(&folder, &wanted)?;
    let has_room = || partial.has_room();
    let size = stream::receive(&socket, partial.file(), buffer, has_room, &mut Watch::new(&cancel, &mut *progress))?;
    drop(socket);
    // A file with nothing in it looks like a refusal on this wire.
    if size == 0 && !is_offered && !wait(runtime, &cancel, is_listed(address, &name, habits))? {
        return Err(TransferError::Nothing);
    }
    Ok(Downloaded { path: partial.finish(&wanted)?, size })
}

/// Whether a peer has a file of this name in its list.
async fn is_listed(address: SocketAddr, name: &str, habits: Habits) -> bool {
    let answer = exchange::ask(&[address], &PeerRequest::ListFiles, habits).await;
    answer.is_ok_and(|answer| file_list(&answer.reply).is_ok_and(|list| list.names.iter().any(|known| known == name)))
}

/// Waits for what others answer, unless the transfer is cancelled.
fn wait<T>(runtime: &Runtime, cancel: &Cancel, answer: impl Future<Output = T>) -> Result<T, TransferError> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(TransferError::Cancelled),
            outcome = answer => Ok(outcome),
        }
    })
}
