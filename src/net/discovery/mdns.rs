//! The adapter on `mdns-sd`: nothing outside of it and its folder names that.
//!
//! Two of its daemons run beside each other, one that looks for peers and one that announces oneself, because each has to
//! be started anew for a reason of its own: the browser to ask anew, and the announcer to change its name; and each of them
//! when its cache, which has no limit, grows too large. When somebody else turns out to have the name, the announcer is
//! ended and another is begun: mdns-sd would change the name by itself, but interface by interface, so that one peer may end
//! up with two names; and because its table of services is in small letters (version 0.21.7, `handle_query`), it would go on
//! to answer questions about `Bob`, and not those about `Bob (2)`. It looks for conflicts only before it announces a name;
//! those that come later, when two networks become one, are found here in what the browser sees.
//!
//! A third one runs for some seconds when something is told that may be a lie: nobody proves anything in multicast DNS, and
//! the cache of the browser has the lie in it.

mod announcer;
mod browser;
mod doubts;
mod findings;
mod oneself;
mod patience;

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use async_channel::{Receiver, Sender};
use tokio::time::{Instant, sleep_until};

use self::announcer::Announcer;
pub(super) use self::browser::ADDRESSES_EVERY;
use self::browser::{Browser, Sight};
use self::doubts::SecondLook;
use self::patience::Patience;
use super::directory::Directory;
use super::{Advertisement, Event, Order, Trouble, instance};
use crate::net::interfaces;
use crate::protocol::ident::UserName;

/// How long to listen for names in use before one is tried. Responders answer within 120 ms, but not twice in a second
/// (RFC 6762, section 6); the second question goes out after one second, and the answers to it come before probing, which
/// takes at least 750 ms, has ended.
const LISTENING: Duration = Duration::from_millis(450);
/// How long peers may take to answer after the browser was started anew; it asks at once, after 1 s and after 3 s.
const RETURN: Duration = Duration::from_secs(5);
/// A new address is not yet of use in the moment in which it comes.
const SETTLING: Duration = Duration::from_secs(1);
/// How often to look whether all is well, and how long that was not done when the computer has slept.
const ROUND: Duration = Duration::from_secs(2);
const SLEPT: Duration = Duration::from_secs(8);
/// How long after the last sign of a flood to look once more who is real.
const AFTERMATH: Duration = Duration::from_secs(10);
/// How many names in use are remembered.
const HEARD: usize = 4096;

/// Announces and looks for peers until it is asked to stop, or nobody can ask any more.
pub(super) async fn run(advertisement: Advertisement, orders: Receiver<Order>, events: Sender<Event>) {
    let mut task = Task::new(advertisement, events);
    task.look_for_network().await;
    let done = loop {
        let timer = task.next_timer();
        tokio::select! {
            order = orders.recv() => match order {
                Ok(Order::Stop(done)) => break Some(done),
                Ok(order) => task.obey(order),
                Err(_) => break None,
            },
            sight = task.browser.next() => task.see(sight).await,
            sight = task.second_look.next() => task.see_again(sight).await,
            notice = Announcer::next(&mut task.announcer) => task.hear(notice).await,
            () = sleep_until(timer) => task.on_time().await,
        }
    };
    task.browser.stop();
    task.second_look.stop();
    if let Some(announcer) = task.announcer.take() {
        announcer.stop().await;
    }
    drop(done);
}

struct Task {
    advertisement: Advertisement,
    events: Sender<Event>,
    directory: Directory,
    browser: Browser,
    second_look: SecondLook,
    announcer: Option<Announcer>,
    /// Instances of the service type that others have announced, by their [`instance::key`].
    heard: HashSet<String>,
    patience: Patience,
    published: Option<UserName>,
    timers: Timers,
    last_round: SystemTime,
    is_trouble_told: bool,
    is_on_network: bool,
}

/// When to do what; `None` for never.
struct Timers {
    announce: Option<Instant>,
    repeat: Option<Instant>,
    /// What `repeat` becomes after it has gone off.
    repeat_again: Option<Instant>,
    search_anew: Option<Instant>,
    second_look: Option<Instant>,
    /// When to ask the browser what it knows, after it was asked to verify something.
    replay: Option<Instant>,
    round: Instant,
}

/// Whether a timer has gone off; then it is reset.
fn is_due(timer: &mut Option<Instant>) -> bool {
    timer.take_if(|at| *at <= Instant::now()).is_some()
}

/// Whether the computer has slept between two rounds: the time of day goes on meanwhile, timers do not.
fn has_slept(last_round: SystemTime, now: SystemTime) -> bool {
    now.duration_since(last_round).is_ok_and(|passed| passed > SLEPT)
}

impl Task {
    fn new(advertisement: Advertisement, events: Sender<Event>) -> Self {
        let now = Instant::now();
        Self {
            directory: Directory::new(
                advertisement.service_type.as_str(),
                &instance::from_wanted(advertisement.name.as_str()),
            ),
            browser: Browser::start(&advertisement.service_type),
            second_look: SecondLook::default(),
            advertisement,
            events,
            announcer: None,
            heard: HashSet::new(),
            patience: Patience::default(),
            published: None,
            timers: Timers {
                announce: Some(now + LISTENING),
                repeat: None,
                repeat_again: None,
                search_anew: None,
                second_look: None,
                replay: None,
                round: now + ROUND,
            },
            last_round: SystemTime::now(),
            is_trouble_told: false,
            is_on_network: true,
        }
    }

    /// Waits while the owner has too much to do: then mdns-sd ends the search, and it is begun anew.
    async fn emit(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            // Without an owner the task is about to end.
            let _ = self.events.send(event).await;
        }
    }

    async fn trouble(&mut self, why: String) {
        if !std::mem::replace(&mut self.is_trouble_told, true) {
            self.emit([Event::Trouble(Trouble::Unavailable(why))]).await;
        }
    }

    /// Tells whether there is a network if that has changed.
    async fn look_for_network(&mut self) {
        let is_there = interfaces::is_on_network();
        if std::mem::replace(&mut self.is_on_network, is_there) != is_there {
            self.emit([Event::Network { is_there }]).await;
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Status(status) => {
                self.advertisement.status = status;
                self.announce_change();
            }
            Order::Picture(mark) => {
                self.advertisement.picture = mark;
                self.announce_change();
            }
            Order::Refresh => self.search_anew(),
            Order::AskAgain => self.browser.ask_again(),
            Order::Verify(name) => {
                if let Some(full_name) = self.directory.suspect(&name) {
                    self.verify(&full_name);
                }
            }
            // Handled where the task ends.
            Order::Stop(_) => {}
        }
    }

    // Looking for others.

    async fn see(&mut self, sight: Sight) {
        let service_type = self.advertisement.service_type.as_str();
        match sight {
            Sight::Name(full_name) => {
                let Some(name) = instance::of_full_name(&full_name, service_type) else { return };
                // One's own name is probably announced by oneself; if not, that is told when it is resolved. Whoever is new
                // may have come with a whole network, where nobody has heard of us, and somebody may have our name.
                let is_own = self.announcer.as_ref().is_some_and(|announcer| announcer.has_name(name));
                if !is_own && self.heard.len() < HEARD && self.heard.insert(instance::key(name)) {
                    self.announce_again_soon();
                }
            }
            Sight::Resolved(sighting) => {
                self.defend_name(&sighting, false).await;
                let event = self.directory.saw(sighting, Instant::now().into_std());
                self.ask_about_doubtful();
                self.emit(event).await;
            }
            Sight::Removed(full_name) => {
                if let Some(name) = instance::of_full_name(&full_name, service_type) {
                    self.heard.remove(&instance::key(name));
                    if self.announcer.as_ref().is_some_and(|announcer| announcer.has_name(name)) {
                        self.announce_again_soon();
                    }
                }
                let event = self.directory.removed(&full_name, Instant::now().into_std());
                self.ask_about_doubtful();
                if event.is_some() {
                    // Whoever was out of reach for a moment need not notice that, and so does not tell when they are back.
                    self.browser.ask_again();
                }
                self.emit(event).await;
            }
            Sight::NewAddress => {
                self.timers.search_anew.get_or_insert(Instant::now() + SETTLING);
            }
            Sight::Ended => {
                // Too much came at once, or the daemon has ended; not at once, so that it cannot go round and round.
                self.timers.search_anew.get_or_insert(Instant::now() + SETTLING);
            }
            Sight::Unavailable(why) => self.trouble(why).await,
        }
    }

    fn search_anew(&mut self) {
        self.browser.stop();
        self.browser = Browser::start(&self.advertisement.service_type);
        self.heard.clear();
        self.directory.doubt_all((Instant::now() + RETURN).into_std());
        self.timers.search_anew = None;
        // Those who are new in this network must hear of oneself, too.
        if let Some(announcer) = &mut self.announcer {
            announcer.announce_again();
        }
        // Whoever waits for a free name may have left those who take them all.
        self.timers.announce = self.timers.announce.map(|at| at.min(Instant::now() + LISTENING));
    }

    // Time.

    fn next_timer(&self) -> Instant {
        let timers = &self.timers;
        let settle = self.directory.deadline().map(Instant::from_std);
        let optional = [timers.announce, timers.repeat, timers.search_anew, timers.second_look, timers.replay, settle];
        optional.into_iter().flatten().fold(timers.round, Instant::min)
    }

    async fn on_time(&mut self) {
        if is_due(&mut self.timers.announce) {
            self.begin_to_announce();
        }
        if is_due(&mut self.timers.repeat) {
            self.timers.repeat = self.timers.repeat_again.take();
            if let Some(announcer) = &mut self.announcer {
                announcer.announce_again();
            }
        }
        if is_due(&mut self.timers.search_anew) {
            self.search_anew();
        }
        if is_due(&mut self.timers.second_look) {
            self.look_again();
        }
        if is_due(&mut self.timers.replay) {
            self.end_look();
        }
        let settled = self.directory.settle(Instant::now().into_std());
        self.emit(settled).await;
        if self.timers.round <= Instant::now() {
            self.timers.round = Instant::now() + ROUND;
            self.look_for_network().await;
            let has_slept = has_slept(std::mem::replace(&mut self.last_round, SystemTime::now()), SystemTime::now());
            let is_flood = self.directory.is_overflowing() || self.browser.is_flooded().await;
            if has_slept || is_flood {
                self.search_anew();
            }
            if is_flood {
                // The last of those who are invented come after this search.
                self.timers.search_anew = Some(Instant::now() + AFTERMATH);
            }
            if let Some(announcer) = &mut self.announcer
                && announcer.is_flooded().await
            {
                announcer.restart();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_noticed_by_the_time_of_day() {
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert!(!has_slept(before, before + ROUND));
        assert!(has_slept(before, before + ROUND + Duration::from_secs(10)));
        // Somebody has put the clock back.
        assert!(!has_slept(before, before - Duration::from_hours(1)));
    }
}
