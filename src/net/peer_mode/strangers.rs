//! People who want something and are not known here: somebody may have added one's address, and waits to be added as well.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::Peer;
use crate::net::event::Event;
use crate::protocol::social::PeerRequest;

/// For how long nothing more is told of an address, and of how many addresses something is told in that time. Anybody can
/// knock as often as they like.
const QUIET: Duration = Duration::from_mins(10);
const ADDRESSES: usize = 16;

/// From where somebody came of whom was told, and when.
#[derive(Debug, Default)]
pub(super) struct Strangers(BTreeMap<IpAddr, Instant>);

impl Strangers {
    /// Whether somebody from there is to be told of now.
    fn are_news(&mut self, from: IpAddr, now: Instant) -> bool {
        self.0.retain(|_, told| now.saturating_duration_since(*told) < QUIET);
        self.0.len() < ADDRESSES && self.0.insert(from, now).is_none()
    }
}

impl Peer<'_> {
    /// Tells of somebody who wants to talk or to send a file, where nobody is known. Whoever claims the name of somebody
    /// else is no news.
    pub(super) async fn tell_stranger(&mut self, request: &PeerRequest, from: IpAddr) {
        let (PeerRequest::Invite { from: claimed, .. } | PeerRequest::OfferFile { from: claimed, .. }) = request else {
            return;
        };
        let name = self.node.bare(claimed);
        let is_nobody = name != *self.node.me()
            && self.node.addresses(&name).is_none()
            && self.node.people_at(from).is_empty()
            && !self.node.is_blocked_name(&name);
        if is_nobody && self.strangers.are_news(from, Instant::now()) {
            self.tell(Event::Stranger { name, address: from }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_who_knock_are_told_of_a_few_times() {
        let mut strangers = Strangers::default();
        let now = Instant::now();
        let ip = |number: usize| IpAddr::from([10, 0, 0, u8::try_from(number).unwrap()]);
        let mut told = || (0..200).filter(|number| strangers.are_news(ip(number % 100), now)).count();
        assert_eq!(told(), ADDRESSES);
        assert!(!strangers.are_news(ip(0), now + QUIET / 2));
        assert!(!strangers.are_news(ip(99), now + QUIET / 2));
        assert!(strangers.are_news(ip(0), now + QUIET) && strangers.are_news(ip(99), now + QUIET));
    }
}
