//! Whether a transfer gets on. Pure: the time goes in.

use std::time::{Duration, Instant};

/// For how long fewer bytes than these may come or go. A connection over which now and then one comes would otherwise keep
/// its place for ever; what is slower than a telephone line is not waited for.
const STALL: Duration = Duration::from_mins(1);
const LEAST: u64 = 16 << 10;

/// How a transfer gets on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How many bytes had moved when enough of them had, and when that was.
    counted: u64,
    since: Instant,
}

impl Pace {
    /// It begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self { counted: 0, since: now }
    }

    /// So many bytes have moved in all.
    pub(super) fn moved(&mut self, done: u64, now: Instant) {
        if done.saturating_sub(self.counted) >= LEAST {
            *self = Self { counted: done, since: now };
        }
    }

    /// Whether too little has moved for too long.
    pub(super) fn is_too_slow(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= STALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After what time a transfer is given up, if it is within a day, of which so many bytes come in every second.
    fn given_up(per_second: u64) -> Option<u64> {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        (0..86_400).find(|second| {
            let now = begin + Duration::from_secs(*second);
            pace.moved(second * per_second, now);
            pace.is_too_slow(now)
        })
    }

    #[test]
    fn whoever_sends_a_byte_now_and_then_is_not_waited_for() {
        assert_eq!(given_up(0), Some(60));
        assert_eq!(given_up(1), Some(60));
        assert!(given_up(100).is_some());
        assert_eq!(given_up(1024), None);
    }
}
