//! The addresses under which others on the network reach this computer.

use std::io;
use std::net::IpAddr;

use if_addrs::Interface;

/// How the names of interfaces begin that only containers and virtual machines on this computer see: the bridges and
/// the ends of cables that Docker, Podman, libvirt, LXC, LXD, Incus, systemd-nspawn, `VirtualBox`, `VMware`, Waydroid and the
/// networks of Kubernetes make. Inside a container the other end has another name, mostly `eth0`.
const VIRTUAL: [&str; 19] = [
    "br-", "cali", "cilium", "cni", "docker", "flannel", "incusbr", "lxcbr", "lxdbr", "nerdctl", "podman", "vb-",
    "vboxnet", "ve-", "veth", "virbr", "vmnet", "vnet", "waydroid",
];

/// What an interface leads to, the most useful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// Other computers, as far as can be known.
    Lan,
    /// Containers and virtual machines on this computer.
    Virtual,
    /// Nothing but this computer.
    Loopback,
}

fn reach(name: &str, ip: IpAddr) -> Reach {
    if ip.is_loopback() {
        Reach::Loopback
    } else if VIRTUAL.iter().any(|prefix| name.starts_with(prefix)) {
        Reach::Virtual
    } else {
        Reach::Lan
    }
}

/// Whether to speak with other peers over this interface: over everything that leads to other computers; without
/// that, to the containers, or (inside one, or in a network namespace, whose only interface may be called `veth1`) from
/// there to everybody else; and over loopback only when there is nothing else, between programs on this computer. So the
/// addresses of containers and loopback are never told to a network, and there is no network without peers.
pub(super) fn is_for_peers(interface: &Interface) -> bool {
    let own = reach(&interface.name, interface.ip());
    // Most interfaces are decided by themselves; only for the others must the table of the system be read again.
    own == Reach::Lan || if_addrs::get_if_addrs().is_ok_and(|all| own == best_reach(&all))
}

/// Whether anybody can be reached who is not on this computer itself. What cannot be known is not denied.
pub(super) fn is_on_network() -> bool {
    if_addrs::get_if_addrs().map_or(true, |all| best_reach(&all) != Reach::Loopback)
}

/// Whether this is an address of this computer. What cannot be known is not denied.
pub(super) fn is_own(address: IpAddr) -> bool {
    if_addrs::get_if_addrs().map_or(true, |all| all.iter().any(|interface| interface.ip() == address))
}

/// The most useful reach of those that are in use.
fn best_reach(interfaces: &[Interface]) -> Reach {
    let usable = interfaces.iter().filter(|interface| interface.is_oper_up() && !interface.is_p2p());
    usable.map(|interface| reach(&interface.name, interface.ip())).min().unwrap_or(Reach::Loopback)
}

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
        if reach(&name, ip) != Reach::Lan {
            continue;
        }
        match ip {
            IpAddr::V4(v4) if v4.is_unspecified() => {}
            IpAddr::V4(v4) => found.push((if v4.is_link_local() { 2 } else { 0 }, ip)),
            // A link-local IPv6 address means nothing without the name of the other computer's interface.
            IpAddr::V6(v6) if v6.is_unspecified() || v6.is_unicast_link_local() => {}
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
    fn addresses_of_others_are_not_ones_own() {
        assert!(is_own([127, 0, 0, 1].into()));
        // One that is for documents only.
        assert!(!is_own([192, 0, 2, 1].into()));
    }

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
    #[test]
    fn peers_are_looked_for_where_the_others_are() {
        let interface = |name: &str, ip: &str, up: bool| Interface {
            name: name.to_owned(),
            addr: match ip.parse().unwrap() {
                IpAddr::V4(ip) => if_addrs::IfAddr::V4(if_addrs::Ifv4Addr {
                    ip,
                    netmask: [255, 255, 255, 0].into(),
                    prefixlen: 24,
                    broadcast: None,
                }),
                IpAddr::V6(ip) => {
                    if_addrs::IfAddr::V6(if_addrs::Ifv6Addr { ip, netmask: ip, prefixlen: 64, broadcast: None })
                }
            },
            index: Some(1),
            oper_status: if up { if_addrs::IfOperStatus::Up } else { if_addrs::IfOperStatus::Down },
            is_p2p: name.starts_with("tun"),
        };
        let (lo, lo6) = (interface("lo", "127.0.0.1", true), interface("lo", "::1", true));
        let wlan = interface("wlan0", "192.168.1.20", true);
        let docker = interface("docker0", "172.17.0.1", true);
        let veth = interface("veth-3", "10.1.1.3", true);
        for (all, best) in [
            (vec![lo.clone(), lo6.clone()], Reach::Loopback),
            (vec![lo.clone(), docker.clone(), wlan.clone()], Reach::Lan),
            (vec![lo.clone(), docker.clone()], Reach::Virtual),
            (vec![lo.clone(), veth.clone()], Reach::Virtual),
            (vec![lo.clone(), veth, interface("br0", "10.1.1.1", true)], Reach::Lan),
            (vec![lo.clone(), interface("wlan0", "192.168.1.20", false)], Reach::Loopback),
            (vec![lo, interface("tun0", "10.8.0.2", true)], Reach::Loopback),
            (vec![], Reach::Loopback),
        ] {
            assert_eq!(best_reach(&all), best, "{all:?}");
        }
        assert!(is_for_peers(&wlan));
    }
}
