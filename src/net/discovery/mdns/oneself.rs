//! Announcing oneself, and what others say of one's own name.

use std::time::Duration;

use tokio::time::Instant;

use super::announcer::{Announcer, Notice};
use super::patience::Pause;
use super::{ROUND, Task};
use crate::net::discovery::sighting::Sighting;
use crate::net::discovery::{Event, Trouble, instance};
use crate::protocol::ident::UserName;

/// An announcement is repeated after more than a second (RFC 6762, sections 6 and 8.3). `mdns-sd` does so only for names
/// in small letters.
const REPEAT: Duration = Duration::from_millis(1100);
/// At most so much later: many may have the same reason to do it.
const JITTER_MILLIS: u64 = 500;
/// The longest name that is taken from mdns-sd. It goes on to number names that are too long for DNS.
const NUMBERED: usize = 62;

impl Task {
    /// Tells everybody all of it again, in more than a second: what was told less than a second ago, mdns-sd leaves out
    /// (RFC 6762, section 6). If that is to be done already, it is done once more after it.
    pub(super) fn announce_again_soon(&mut self) {
        let at = Instant::now() + REPEAT + Duration::from_millis(fastrand::u64(..JITTER_MILLIS));
        let timer = if self.timers.repeat.is_none() { &mut self.timers.repeat } else { &mut self.timers.repeat_again };
        *timer = Some(at);
    }

    /// Tells everybody what has changed about oneself.
    pub(super) fn announce_change(&mut self) {
        if let Some(announcer) = &mut self.announcer {
            announcer.change(&self.advertisement);
            // A status that is taken back at once is not told again so soon.
            self.announce_again_soon();
        }
    }

    /// Announces under this name.
    fn announce(&mut self, name: &str) {
        let announcer = Announcer::start(&self.advertisement, name);
        self.directory.add_own_host(announcer.host());
        self.announcer = Some(announcer);
    }

    /// The wanted name, or the next that is free.
    fn free_name(&self) -> String {
        instance::free(&instance::from_wanted(self.advertisement.name.as_str()), &self.heard)
    }

    /// Announces under another name, at once or after a pause: this one, or the wanted one if it is free.
    async fn try_again(&mut self, pause: Option<Pause>, name: Option<String>) {
        (self.timers.repeat, self.timers.repeat_again) = (None, None);
        // Otherwise it has not begun yet: the name is chosen when it does.
        let Some(before) = self.announcer.take() else { return };
        before.stop().await;
        let Some(pause) = pause else {
            let name = name.unwrap_or_else(|| self.free_name());
            return self.announce(&name);
        };
        self.timers.announce = Some(Instant::now() + pause.length);
        // Without a network nobody could have taken them.
        if pause.is_first && self.is_on_network {
            // The same name as before is news again.
            self.published = None;
            self.emit([Event::Trouble(Trouble::NoFreeName)]).await;
        }
    }

    /// Looks whether it is oneself whom this describes, if it is of one's own name. `is_repeated` if the network says it
    /// though it was asked.
    ///
    /// If somebody else has the name, it may be oneself who has to change it: of course while it is only wanted, and perhaps
    /// later, when two networks become one. Of two programs like this one just one yields then; others may not know that
    /// they should. But a name that one has is given up only to somebody who goes on to have it: it ends all chats.
    pub(super) async fn defend_name(&mut self, told: &Sighting, is_repeated: bool) {
        let Some(announcer) = &self.announcer else { return };
        let name = instance::of_full_name(&told.full_name, self.advertisement.service_type.as_str());
        let Some(name) = name.filter(|name| announcer.has_name(name)) else { return };
        let is_own = self.directory.is_own_host(&told.host);
        if is_own && announcer.is_described_by(told) {
            return;
        }
        let yields = !is_own && told.port != 0 && announcer.yields_to(&told.host);
        let now = Instant::now().into_std();
        if yields && (is_repeated || !announcer.is_announced()) && !self.patience.is_over(now) {
            self.heard.insert(instance::key(name));
            let pause = self.patience.lost(1, now);
            return self.try_again(pause, None).await;
        }
        if yields {
            self.look_again_soon();
        }
        // So that the other one knows who has to yield, and everybody else whose name this is: the goodbye of the other takes
        // one's own records away, too, and who says that one is elsewhere puts theirs in their place. (Those who have
        // flushed them notice when they come back.)
        self.announce_again_soon();
    }

    pub(super) async fn hear(&mut self, notice: Notice) {
        match notice {
            Notice::Announced(name) => {
                let others = self.directory.call_oneself(&name);
                let name = UserName::received(&name);
                if self.published.as_ref() != Some(&name) {
                    self.published = Some(name.clone());
                    self.announce_again_soon();
                    self.emit([Event::Published { name }]).await;
                }
                self.emit(others).await;
            }
            Notice::Taken { names, free } => {
                let pause = self.patience.lost(names, Instant::now().into_std());
                self.try_again(pause, Some(free).filter(|free| free.len() <= NUMBERED)).await;
            }
            Notice::NoneFree => {
                let pause = self.patience.lost_all(Instant::now().into_std());
                self.try_again(pause, None).await;
            }
            Notice::Ended(why) => {
                self.announcer = None;
                self.timers.announce = Some(Instant::now() + ROUND);
                self.trouble(why).await;
            }
        }
    }

    /// Announces for the first time, or again after a pause.
    pub(super) fn begin_to_announce(&mut self) {
        let name = self.free_name();
        self.announce(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::discovery::{Advertisement, ServiceType};

    #[tokio::test]
    async fn a_name_ends_having_none_even_if_it_is_the_one_of_before() {
        let (outbox, events) = async_channel::bounded(8);
        let service_type = ServiceType::default();
        let name = UserName::received("Ann");
        let advertisement =
            Advertisement { service_type, name: name.clone(), port: 9, status: String::new(), picture: None };
        let mut task = Task::new(advertisement, outbox);
        let announced = || Notice::Announced("Ann".to_owned());
        task.begin_to_announce();
        task.hear(announced()).await;
        task.hear(announced()).await;
        task.hear(Notice::NoneFree).await;
        task.hear(announced()).await;
        let published = || Event::Published { name: name.clone() };
        let told: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
        assert_eq!(told, [published(), Event::Trouble(Trouble::NoFreeName), published()]);
    }
}
