//! How fast something goes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The speed is that of the last moments: long enough to be steady, short enough to tell a change.
const WINDOW: Duration = Duration::from_secs(4);
/// Before so much time has passed, any figure would be a guess.
const FIRST: Duration = Duration::from_millis(500);
/// How many marks are kept; more often than ten times a second is not needed.
const MARKS: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);

/// Measures a number of bytes that grows.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    marks: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// So much is done now.
    pub fn mark(&mut self, now: Instant, done: u64) {
        if self.marks.len() > 1 && self.marks.back().is_some_and(|(at, _)| now.saturating_duration_since(*at) < PAUSE) {
            return;
        }
        self.marks.push_back((now, done));
        let is_old = |mark: &(Instant, u64)| now.saturating_duration_since(mark.0) > WINDOW;
        while self.marks.len() > 2 && (self.marks.get(1).is_some_and(is_old) || self.marks.len() > MARKS) {
            self.marks.pop_front();
        }
    }

    /// Bytes in a second; `None` while that is not known.
    pub fn per_second(&self) -> Option<u64> {
        let (first, last) = (self.marks.front()?, self.marks.back()?);
        let time = last.0.saturating_duration_since(first.0);
        if time < FIRST {
            return None;
        }
        let bytes = u128::from(last.1.saturating_sub(first.1));
        u64::try_from(bytes * 1000 / time.as_millis().max(1)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_that_of_the_last_moments() {
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(tenths * 100);
        let mut rate = Rate::default();
        rate.mark(at(0), 0);
        assert_eq!(rate.per_second(), None);
        rate.mark(at(3), 300);
        assert_eq!(rate.per_second(), None, "too early to tell");
        rate.mark(at(10), 1000);
        assert_eq!(rate.per_second(), Some(1000));
        for tenths in 11..=100 {
            rate.mark(at(tenths), 1000 + (tenths - 10) * 500);
        }
        assert_eq!(rate.per_second(), Some(5000), "the slow beginning is forgotten");
        assert!(rate.marks.len() <= MARKS);
    }

    #[test]
    fn what_stands_still_has_no_speed() {
        let start = Instant::now();
        let mut rate = Rate::default();
        for second in 0..10 {
            rate.mark(start + Duration::from_secs(second), 7);
        }
        assert_eq!(rate.per_second(), Some(0));
    }
}
