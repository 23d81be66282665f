//! When the user interface is told how a chat or a text stands: once for each input, whatever that has changed, and only a
//! few times a second. Others can change both as often as they like, and each time a long list is told.

use std::time::{Duration, Instant};

/// How often something may be told in so long a time. What it has come to by then is told at the end of that time.
pub(super) const TIMES: usize = 10;
pub(super) const SPAN: Duration = Duration::from_secs(1);

/// Whether there is something to tell, and when that may be told.
#[derive(Debug, Default)]
pub(super) struct Pace {
    has_news: bool,
    /// Since when it was told how often.
    since: Option<Instant>,
    times: usize,
}

impl Pace {
    /// Something has changed.
    pub(super) fn changed(&mut self) {
        self.has_news = true;
    }

    /// Whether it is to be told now; then it counts as told.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        if !self.has_news {
            return false;
        }
        if self.since.is_none_or(|since| now >= since + SPAN) {
            (self.since, self.times) = (Some(now), 0);
        }
        let is_due = self.times < TIMES;
        if is_due {
            self.times += 1;
            self.has_news = false;
        }
        is_due
    }

    /// When it is to be told, if it was too early for that.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.since.filter(|_| self.has_news).map(|since| since + SPAN)
    }
}
