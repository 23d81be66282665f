//! When to try again: exponential, with jitter, pure.

use std::time::Duration;

/// The first pause, before jitter.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause, jitter included.
const LONGEST: Duration = Duration::from_mins(1);

/// The pauses between attempts: about 1, 2, 4 ... 60 seconds, each spread by a quarter, so that a whole class does not
/// return to a restarted server in the same instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure; `random` is anything from 0 to 1.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let pause = FIRST.saturating_mul(2u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        pause.mul_f64(0.75 + random.clamp(0.0, 1.0) / 2.0).clamp(FIRST, LONGEST)
    }

    /// An attempt has succeeded: the next pause is the first one again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_start_anew() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..8).map(|_| backoff.next(0.5).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        backoff.reset();
        assert_eq!(backoff.next(0.5), FIRST);
        let mut latest = Backoff { failures: u32::MAX };
        assert_eq!((latest.next(1.0), latest.next(0.0)), (LONGEST, LONGEST.mul_f64(0.75)));
        assert_eq!(Backoff::default().next(0.0), FIRST);
    }
}
