//! What multicast DNS tells of one peer, and what can be made of it.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use super::Peer;
use crate::protocol::ident::UserName;

/// How many addresses of one peer are kept.
pub(super) const ADDRESSES: usize = 16;
/// How many entries of one TXT record are kept.
const TEXT: usize = 64;

/// A service instance as multicast DNS tells it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sighting {
    pub(super) full_name: String,
    pub(super) host: String,
    /// 0 where the service is not there (any more).
    pub(super) port: u16,
    pub(super) addresses: Vec<Address>,
    pub(super) text: Vec<(String, Vec<u8>)>,
}

/// One of its addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    pub(super) ip: IpAddr,
    /// The interface on which it was told, which is the scope of a link-local IPv6 address.
    pub(super) interface: u32,
    /// Whether that interface is the loopback one.
    pub(super) over_loopback: bool,
}

impl Sighting {
    /// The peer under this name at these addresses.
    pub(super) fn into_peer(self, name: UserName, addresses: Vec<SocketAddr>) -> Peer {
        let text: Vec<(String, String)> =
            self.text.into_iter().take(TEXT).map(|(key, value)| (key, lenient_text(value))).collect();
        let entry = |wanted: &str| {
            text.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
        };
        let (status, picture) = (entry("status"), entry("picture"));
        Peer { name, addresses, status, picture, text }
    }

    /// The addresses to try, in this order: those that are `proven`, in theirs, so that nobody comes before them who was made
    /// up since;
    /// IPv4, because programs written from the slides listen there only; then IPv6, then what holds on one link only. None
    /// where the service is not there (any more).
    pub(super) fn usable(&self, proven: &[IpAddr]) -> Vec<SocketAddr> {
        if self.port == 0 {
            return Vec::new();
        }
        let mut found: Vec<(usize, u8, SocketAddr)> = Vec::new();
        for address in &self.addresses {
            // An IPv6 address may stand for an IPv4 one: ::ffff:127.0.0.1.
            let rank = match address.ip.to_canonical() {
                // Whoever tells others the address of a loopback interface would have them speak to themselves.
                ip if ip.is_loopback() && !address.over_loopback => continue,
                ip if ip.is_unspecified() || ip.is_multicast() => continue,
                IpAddr::V4(v4) if v4.is_broadcast() => continue,
                IpAddr::V4(v4) if v4.is_link_local() => 2,
                IpAddr::V4(_) => 0,
                IpAddr::V6(v6) if v6.is_unicast_link_local() => 3,
                IpAddr::V6(_) => 1,
            };
            let address = match address.ip {
                IpAddr::V6(v6) if rank == 3 => SocketAddrV6::new(v6, self.port, 0, address.interface).into(),
                ip => SocketAddr::new(ip.to_canonical(), self.port),
            };
            let proven = proven.iter().position(|ip| *ip == address.ip());
            found.push((proven.unwrap_or(usize::MAX), rank, address));
        }
        // Multicast DNS tells them in no order; ours must not change without a reason.
        found.sort_unstable();
        found.dedup();
        found.truncate(ADDRESSES);
        found.into_iter().map(|(.., address)| address).collect()
    }
}

/// Text that ought to be UTF-8 and may be Latin-1.
fn lenient_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}
