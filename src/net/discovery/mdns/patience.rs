//! How patiently a free name is looked for.

use std::time::{Duration, Instant};

/// How many names in a row are tried without a pause: as many people of one name may come together.
const TRIES: u32 = 20;
/// The first pause; each is twice as long as the one before, up to the longest.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(30);
/// After so much time in which no name was lost, all is forgotten.
const QUIET: Duration = Duration::from_mins(3);

/// What the names have cost until now that others had. Whoever claims every name would else keep us busy, or keep us out for
/// good.
#[derive(Debug, Default)]
pub(super) struct Patience {
    losses: u32,
    last: Option<Instant>,
}

/// How long to wait before the next name is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) length: Duration,
    /// It is the first one: until now, all could have been by chance.
    pub(super) is_first: bool,
}

impl Patience {
    /// So many names are lost to somebody else. `None` where the next may be tried at once.
    pub(super) fn lost(&mut self, names: u32, now: Instant) -> Option<Pause> {
        if self.is_quiet(now) {
            self.losses = 0;
        }
        self.last = Some(now);
        // Each of the pauses has its turn, however many names were lost before it.
        self.losses = if self.losses > TRIES {
            self.losses.saturating_add(1)
        } else {
            self.losses.saturating_add(names).min(TRIES + 1)
        };
        let doublings = self.losses.checked_sub(TRIES + 1)?;
        let factor = 1u32.checked_shl(doublings).unwrap_or(u32::MAX);
        Some(Pause { length: FIRST.saturating_mul(factor).min(LONGEST), is_first: doublings == 0 })
    }

    /// All names are lost, as far as can be seen.
    pub(super) fn lost_all(&mut self, now: Instant) -> Option<Pause> {
        self.lost(u32::MAX, now)
    }

    /// Whether all the names are used up that are tried without a pause.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.losses >= TRIES && !self.is_quiet(now)
    }

    fn is_quiet(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| last + QUIET <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_end_and_quiet_ends_them() {
        let (mut patience, mut now) = (Patience::default(), Instant::now());
        for _ in 0..TRIES {
            assert!(!patience.is_over(now));
            assert_eq!(patience.lost(1, now), None);
        }
        assert!(patience.is_over(now));
        let pauses: Vec<Pause> = (0..100).filter_map(|_| patience.lost(1, now)).collect();
        let seconds: Vec<u64> = pauses.iter().map(|pause| pause.length.as_secs()).collect();
        assert_eq!(seconds[..6], [2, 4, 8, 16, 30, 30]);
        assert!(seconds.len() == 100 && seconds[6..].iter().all(|length| *length == 30), "{seconds:?}");
        assert!(pauses[0].is_first && pauses[1..].iter().all(|pause| !pause.is_first));
        now += QUIET;
        assert!(!patience.is_over(now));
        assert_eq!(patience.lost(1, now), None);
    }

    #[test]
    fn many_names_at_once_count_as_many_and_skip_no_pause() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        assert_eq!(patience.lost(TRIES, now), None);
        assert_eq!(patience.lost(9, now), Some(Pause { length: FIRST, is_first: true }));
        assert_eq!(patience.lost(9, now), Some(Pause { length: FIRST * 2, is_first: false }));
    }

    #[test]
    fn what_is_no_chance_needs_no_further_names() {
        let (mut patience, now) = (Patience::default(), Instant::now());
        assert_eq!(patience.lost(1, now), None);
        assert_eq!(patience.lost_all(now), Some(Pause { length: FIRST, is_first: true }));
        assert_eq!(patience.lost_all(now), Some(Pause { length: FIRST * 2, is_first: false }));
        assert_eq!(patience.lost_all(now + QUIET), Some(Pause { length: FIRST, is_first: true }));
    }
}
