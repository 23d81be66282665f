//! People who want something and are not known here: somebody may have added one's address, and waits to be added as well.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::Peer;
use crate::net::event::Event;
use crate::net::fairness::Seldom;
use crate::protocol::social::PeerRequest;

/// For how long nothing more is told of an address, and of how many addresses something is told in that time. Anybody can
/// knock as often as they like.
const QUIET: Duration = Duration::from_mins(10);
const ADDRESSES: usize = 16;

/// From where somebody came of whom was told lately.
pub(super) fn strangers() -> Seldom<IpAddr> {
    Seldom::new(QUIET, ADDRESSES)
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
        if is_nobody && self.strangers.may(from, Instant::now()) {
            self.tell(Event::Stranger { name, address: from }).await;
        }
    }
}
