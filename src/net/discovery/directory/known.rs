//! One peer that is known, and what the network says against it.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::net::discovery::Peer;
use crate::net::discovery::sighting::ADDRESSES;

/// How long after a peer was found its addresses may become more without a doubt: not all come in one packet.
const ARRIVAL: Duration = Duration::from_secs(3);
/// How many addresses of a peer are remembered: more than it can have at one time.
const PLACES: usize = 2 * ADDRESSES;

/// A peer, and what is remembered of it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) peer: Peer,
    /// The host name in its records.
    pub(super) host: String,
    since: Instant,
    /// At which addresses it was, in the order in which it got them. Whoever has one of them for a while need not prove it
    /// again.
    places: Vec<IpAddr>,
    doubt: Option<Doubt>,
    /// It could not be reached, and has been asked whether it is still there.
    pub(super) is_suspect: bool,
    /// The owner knows of it.
    pub(super) is_told: bool,
}

/// Multicast DNS proves nothing: anybody can say that somebody is gone, or elsewhere. So the network is asked, and until
/// then what was known holds.
#[derive(Debug)]
struct Doubt {
    until: Instant,
    outcome: Outcome,
}

/// What becomes of a peer when its time to object is over.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is gone, as nobody has contradicted.
    Gone,
    /// It is where it was: nobody has repeated that it is elsewhere.
    Stays,
    /// It is this one, with this host name: when asked, the network said so again.
    Moved(Box<(Peer, String)>),
}

impl Known {
    pub(super) fn new(peer: Peer, host: String, now: Instant) -> Self {
        Self { peer, host, since: now, places: Vec::new(), doubt: None, is_suspect: false, is_told: false }
    }

    /// The addresses that go before all others, in this order: none as long as it is still arriving.
    pub(super) fn proven(&self, now: Instant) -> &[IpAddr] {
        if self.is_arriving(now) { &[] } else { &self.places }
    }

    /// Whether somebody may have been put in its place, or beside it: there is an address at which it never was.
    pub(super) fn is_elsewhere(&self, addresses: &[SocketAddr], now: Instant) -> bool {
        !self.is_arriving(now) && addresses.iter().any(|address| !self.was_at(address.ip()))
    }

    fn is_arriving(&self, now: Instant) -> bool {
        now < self.since + ARRIVAL
    }

    fn was_at(&self, ip: IpAddr) -> bool {
        self.places.contains(&ip)
    }

    /// From now on it is this one, beyond doubt.
    pub(super) fn become_this(&mut self, peer: Peer, host: String, now: Instant) {
        let here: Vec<IpAddr> = peer.addresses.iter().map(SocketAddr::ip).collect();
        if self.is_arriving(now) {
            // The best come first, in whatever order they were told.
            self.places.retain(|ip| !here.contains(ip));
            self.places.splice(..0, here.iter().copied());
        } else {
            let new: Vec<IpAddr> = here.iter().copied().filter(|ip| !self.was_at(*ip)).collect();
            self.places.extend(new);
        }
        // However many are invented beside it, where it is stays known.
        while self.places.len() > PLACES
            && let Some(oldest) = self.places.iter().position(|ip| !here.contains(ip))
        {
            self.places.remove(oldest);
        }
        (self.peer, self.host) = (peer, host);
        (self.doubt, self.is_suspect) = (None, false);
    }

    pub(super) fn is_doubted(&self) -> bool {
        self.doubt.is_some()
    }

    pub(super) fn doubted_until(&self) -> Option<Instant> {
        self.doubt.as_ref().map(|doubt| doubt.until)
    }

    /// It is said to be gone, or elsewhere, and may object until then. Whether that is new.
    pub(super) fn doubt(&mut self, outcome: Outcome, until: Instant) -> bool {
        let is_gone = |outcome: &Outcome| matches!(outcome, Outcome::Gone);
        let is_new = self.doubt.as_ref().is_none_or(|doubt| is_gone(&doubt.outcome) != is_gone(&outcome));
        if is_new {
            self.doubt = Some(Doubt { until, outcome });
        }
        is_new
    }

    /// When asked where it is, the network says this.
    pub(super) fn confirm_place(&mut self, peer: Peer, host: String, now: Instant) {
        let is_elsewhere = self.is_elsewhere(&peer.addresses, now);
        if let Some(Doubt { outcome: outcome @ (Outcome::Stays | Outcome::Moved(_)), .. }) = &mut self.doubt {
            *outcome = if is_elsewhere { Outcome::Moved(Box::new((peer, host))) } else { Outcome::Stays };
        }
    }

    /// When asked, somebody still tells its name: it is not gone.
    pub(super) fn confirm_name(&mut self) {
        self.doubt.take_if(|doubt| matches!(doubt.outcome, Outcome::Gone));
    }

    /// What has become of it, if its time is over.
    pub(super) fn settle(&mut self, now: Instant) -> Option<Outcome> {
        self.doubt.take_if(|doubt| doubt.until <= now).map(|doubt| doubt.outcome)
    }
}
