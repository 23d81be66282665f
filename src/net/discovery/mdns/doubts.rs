//! What is said of others and may not be true: asking the network about it.

use std::time::Duration;

use tokio::time::Instant;

use super::Task;
use super::browser::{Browser, Sight, VERIFICATION};

/// From one second look to the next: responders do not answer twice in a second (RFC 6762, section 6).
const LOOK_EVERY: Duration = Duration::from_millis(1300);
/// After that time the browser has forgotten what nobody has repeated; it does not tell by itself that something else holds now.
const REPLAY: Duration = VERIFICATION.saturating_add(Duration::from_millis(500));
/// How many are verified between two looks. Whoever invents more does not make us send more.
const ASKED: usize = 16;

/// A second search beside the first, with an empty memory: it knows only what is still said.
#[derive(Default)]
pub(super) struct SecondLook {
    browser: Option<Browser>,
    began: Option<Instant>,
    asked: usize,
}

impl SecondLook {
    /// What comes next; never, where there is no look. May be dropped and called again at any time.
    pub(super) async fn next(&mut self) -> Sight {
        match &mut self.browser {
            Some(browser) => browser.next().await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn stop(&mut self) {
        if let Some(browser) = self.browser.take() {
            browser.stop();
        }
    }
}

impl Task {
    /// Asks about those of whom something is said that may not be true.
    pub(super) fn ask_about_doubtful(&mut self) {
        let doubtful = self.directory.take_doubtful();
        if doubtful.is_empty() {
            return;
        }
        for full_name in doubtful {
            if self.second_look.asked < ASKED {
                self.second_look.asked += 1;
                self.verify(&full_name);
            }
        }
        self.look_again_soon();
    }

    pub(super) fn look_again_soon(&mut self) {
        let now = Instant::now();
        let at = self.second_look.began.map_or(now, |began| now.max(began + LOOK_EVERY));
        self.timers.second_look.get_or_insert(at);
    }

    /// Has the browser forget what is not said any more about somebody.
    pub(super) fn verify(&mut self, full_name: &str) {
        self.browser.verify(full_name);
        self.timers.replay.get_or_insert(Instant::now() + REPLAY);
    }

    pub(super) fn look_again(&mut self) {
        self.second_look.stop();
        let now = Instant::now();
        let browser = Some(Browser::start(&self.advertisement.service_type));
        self.second_look = SecondLook { browser, began: Some(now), asked: 0 };
        self.timers.replay = Some(now + REPLAY);
    }

    /// The answers are there: from now on the browser knows what holds.
    pub(super) fn end_look(&mut self) {
        self.second_look.stop();
        self.second_look.asked = 0;
        self.browser.ask_again();
    }

    pub(super) async fn see_again(&mut self, sight: Sight) {
        let now = Instant::now().into_std();
        match sight {
            Sight::Name(full_name) => self.directory.heard_name_again(&full_name),
            Sight::Resolved(sighting) => {
                self.defend_name(&sighting, true).await;
                let event = self.directory.heard_again(sighting, now);
                self.emit(event).await;
            }
            _ => {}
        }
    }
}
