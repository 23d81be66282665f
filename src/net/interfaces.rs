//! The addresses under which others on the network reach this computer.

use std::io;
use std::net::IpAddr;

/// Interfaces that only containers and virtual machines on this computer see.
const VIRTUAL: [&str; 5] = ["docker", "veth", "virbr", "br-", "podman"];

/// The addresses of this computer that somebody else can use, best first: IPv4, then IPv6, then IPv4 addresses that
/// the computer has given to itself. Empty without a network. Reads a table of the system; does not wait.
pub fn reachable_addresses() -> io::Result<Vec<IpAddr>> {
    let interfaces = if_addrs::get_if_addrs()?;
    Ok(best_first(interfaces.into_iter().map(|interface| (interface.ip(), interface.name))))
}

fn best_first(interfaces: impl Iterator<Item = (IpAddr, String)>) -> Vec<IpAddr> {
    let mut with_ipv6 = Vec::new();
    let mut found: Vec<(u8, IpAddr)> = Vec::new();
    for (ip, name) in interfaces {
        if VIRTUAL.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        match ip {
            IpAddr::V4(v4) if v4.is_loopback() || v4.is_unspecified() => {}
            IpAddr::V4(v4) => found.push((if v4.is_link_local() { 2 } else { 0 }, ip)),
            // A link-local IPv6 address means nothing without the name of the other computer's interface.
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() || v6.is_unicast_link_local() => {}
            // One of the several that an interface has (temporary and lasting ones) is enough to type.
            IpAddr::V6(_) if with_ipv6.contains(&name) => {}
            IpAddr::V6(_) => {
                with_ipv6.push(name);
                found.push((1, ip));
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.dedup();
    found.into_iter().map(|(_, ip)| ip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_can_use_comes_first_and_the_rest_not_at_all() {
        let interfaces = [
            ("lo", "127.0.0.1"),
            ("lo", "::1"),
            ("usb0", "169.254.7.7"),
            ("wlan0", "fe80::1"),
            ("wlan0", "2001:db8::7"),
            ("wlan0", "2001:db8::8"),
            ("wlan0", "192.168.1.20"),
            ("docker0", "172.17.0.1"),
            ("tun0", "10.8.0.2"),
            ("tun0", "fd00::2"),
        ];
        let found = best_first(interfaces.iter().map(|(name, ip)| (ip.parse().unwrap(), (*name).to_owned())));
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.168.1.20", "10.8.0.2", "2001:db8::7", "fd00::2", "169.254.7.7"]);
    }
}
