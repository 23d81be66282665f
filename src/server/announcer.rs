//! Tells the lists to those who do not know their latest state, no more often than their size allows.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout_at};

use super::hub::Hub;
use super::lists::List;

/// Changes that follow each other faster than this are told together.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the list of users is told though nothing has changed.
const PERIOD: Duration = Duration::from_secs(15);
/// A list that all users are told costs the square of their number; this many bytes a second it may have.
const BYTES_PER_SECOND: usize = 25_000_000;
/// So many bytes are handed out before everything else has its turn.
const TURN_BYTES: usize = 1 << 20;

/// Tells one list for ever.
pub(super) async fn announce(hub: Arc<Hub>, list: List) {
    let mut told_at = Instant::now();
    loop {
        let changed = hub.signals.changed[list as usize].notified();
        let to_all = match list {
            List::Users => timeout_at(told_at + period(&hub), changed).await.is_err(),
            List::Conversations => {
                changed.await;
                false
            }
        };
        if !to_all {
            let bytes = hub.lock().announcement_bytes(list);
            sleep(pause(bytes)).await;
        }
        told_at = Instant::now();
        tell(&hub, list, to_all).await;
    }
}

/// How long after a change to wait for further ones.
fn pause(bytes: usize) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "far below the 2^52 bytes where it would begin")]
    let cost = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND as f64);
    PAUSE + cost
}

fn period(hub: &Hub) -> Duration {
    PERIOD.max(10 * pause(hub.lock().announcement_bytes(List::Users)))
}

async fn tell(hub: &Hub, list: List, to_all: bool) {
    let (audience, bytes) = {
        let mut state = hub.lock();
        let bytes = state.announcement_bytes(list);
        let audience = if to_all { state.registry.registered().collect() } else { state.audience(list) };
        (audience, bytes)
    };
    let each = (bytes / audience.len().max(1)).max(1);
    for some in audience.chunks((TURN_BYTES / each).max(1)) {
        {
            let mut state = hub.lock();
            for &key in some {
                state.push_list(key, list, false);
            }
        }
        yield_now().await;
    }
}
