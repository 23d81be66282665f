//! Writes what waits in the outboxes, once the sockets have nothing more to read.

use std::future::{pending, poll_fn};
use std::sync::Arc;

use tokio::task::yield_now;
use tokio::time::sleep_until;

use super::hub::Hub;

/// So many times the other tasks have their turn before it is written: under load each of them adds messages that go
/// into the same write, but nobody shall wait for a client that never ceases.
const ROUNDS: usize = 4;

/// Flushes for ever.
pub(super) async fn flush(hub: Arc<Hub>) {
    loop {
        let due = hub.lock().next_due();
        let paced = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = poll_fn(|cx| hub.lock().poll_dirty(cx)) => {}
            () = paced => {}
        }
        for _ in 0..ROUNDS {
            let reads = hub.lock().counters.reads;
            // Comes back after the runtime has asked the kernel for news and run whom they concern.
            yield_now().await;
            if hub.lock().counters.reads == reads {
                break;
            }
        }
        hub.lock().flush();
    }
}
