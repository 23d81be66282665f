//! Getting files.
//!
//! A few threads get one file after the other, each all of it: it asks for the file, receives it and saves it. So a folder
//! of small files costs little more than its connections; the network thread hears of each only when it is there.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::orders::{AT_ONCE, Job, Orders, Place};
use super::partial::Partial;
use super::stream::{self, Watch};
use super::{Cancel, CancelOnDrop, Download, Downloaded, TransferError};
use crate::net::exchange::{self, Habits};
use crate::protocol::ident::UserName;
use crate::protocol::social::{PeerRequest, file_list};

/// Gets files, on threads that are started with the first of them and end with this.
#[derive(Debug, Default)]
pub(in crate::net) struct Downloads {
    queue: Arc<Queue>,
    threads: OnceLock<()>,
}

/// What the threads share with whoever gives orders.
#[derive(Debug, Default)]
struct Queue {
    orders: Mutex<Orders>,
    /// There is another order, or there will be none any more.
    changed: Condvar,
}

impl Downloads {
    /// Gets a file. Waits while others are being got: only some at once. If the future is dropped, it is cancelled.
    pub(in crate::net) fn get(
        &self,
        order: Download,
    ) -> impl Future<Output = Result<Downloaded, TransferError>> + Send + use<> {
        self.threads.get_or_init(|| self.queue.start());
        let cancel = order.cancel.clone();
        let (outcome, ended) = oneshot::channel();
        self.queue.lock().add(Job { order, outcome });
        self.queue.changed.notify_one();
        async move {
            let _guard = CancelOnDrop(&cancel);
            tokio::select! {
                biased;
                // What runs on another thread ends by itself, soon, and cleans up.
                () = cancel.cancelled() => Err(TransferError::Cancelled),
                outcome = ended => outcome.unwrap_or_else(|error| Err(broken_off(error))),
            }
        }
    }

    /// Somebody is at these addresses now: what waits to be got from them is asked for there. What has begun goes on as it is.
    pub(in crate::net) fn moved(&self, peer: &UserName, now_at: &[SocketAddr]) {
        self.queue.lock().moved(peer, now_at);
        // There can be room where there was none.
        self.queue.changed.notify_one();
    }

    /// Fails all that waits to be got from somebody, who has gone. What has begun may come to its end.
    pub(in crate::net) fn give_up(&self, peer: &UserName) {
        for Job { outcome, .. } in self.queue.lock().give_up(peer) {
            // Whoever wanted it may have gone.
            let _ = outcome.send(Err(TransferError::Gone(peer.clone())));
        }
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        self.queue.lock().end();
        self.queue.changed.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Orders> {
        // Nothing in there panics between two changes that belong together.
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: &Arc<Self>) {
        let start = |_| {
            let queue = Arc::clone(self);
            let started = thread::Builder::new().name("klatch-download".to_owned()).spawn(move || work(&queue));
            started.inspect_err(|error| tracing::error!(%error, "no thread for downloads")).is_ok()
        };
        if (0..AT_ONCE).filter(|n| start(*n)).count() == 0 {
            // Nothing would ever be got.
            self.lock().end();
        }
    }

    /// The next order, after the one in this place has ended; `None` when there can be no more. Waits for it.
    fn next(&self, ended: Option<&Place>) -> Option<(Job, Place)> {
        let mut orders = self.lock();
        if let Some(place) = ended {
            orders.ended(place);
        }
        loop {
            if orders.is_over() {
                return None;
            }
            if let Some(next) = orders.next() {
                // What has ended at several addresses can make room for several.
                if orders.has_next() {
                    self.changed.notify_one();
                }
                return Some(next);
            }
            orders = self.changed.wait(orders).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn broken_off(error: impl std::error::Error + Send + Sync + 'static) -> TransferError {
    TransferError::Local { what: "the transfer was broken off", error: io::Error::other(error) }
}

/// Carries out orders, until there can be no more.
fn work(queue: &Queue) {
    // Of its own, so that no other thread is woken for what comes and goes here.
    let runtime = Builder::new_current_thread().enable_all().build();
    let mut buffer = stream::buffer();
    let mut place = None;
    while let Some((Job { order, outcome }, taken)) = queue.next(place.as_ref()) {
        place = Some(taken);
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
    let Download { peer: _, from, name, is_offered, may_be_empty, habits, folder, save_as: _, mut progress, cancel } =
        order;
    let request = PeerRequest::GetFile(name.clone()).encode();
    let (socket, address) = wait(runtime, &cancel, exchange::request(&from, &request, habits))??;
    // What follows is not for the runtime: it is a loop of system calls.
    let socket = socket.into_std().map_err(|error| TransferError::Lost { done: 0, error })?;
    let partial = Partial::create(&folder, &wanted)?;
    let has_room = || partial.has_room();
    let size = stream::receive(&socket, partial.file(), buffer, has_room, &mut Watch::new(&cancel, &mut *progress))?;
    drop(socket);
    // Even if it was offered: that may be over.
    if size == 0 && !may_be_empty && !wait(runtime, &cancel, is_listed(address, &name, habits))? {
        return Err(if is_offered { TransferError::OfferOver } else { TransferError::Nothing });
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
