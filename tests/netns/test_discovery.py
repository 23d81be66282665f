"""Klatch peers find each other, and notice who leaves."""
import time

from network import ip
from peers import Klatch, NaivePeer
from waiting import stays

#: Peers are seen within so many seconds of the start of the last, and a clean exit within so many of the command.
SEEN = 3.0
GONE = 1.0


def in_one_network(network, names, **options):
    """One peer on a host of its own for each name."""
    hosts = [network.host(**options) for _ in names]
    network.settle()
    return [Klatch(host, name) for host, name in zip(hosts, names)]


def all_see_all(peers, timeout=SEEN):
    deadline = time.monotonic() + timeout
    for peer in peers:
        others = [other.name for other in peers if other is not peer]
        peer.sees(*others, timeout=max(0.01, deadline - time.monotonic()))


def test_four_peers_see_each_other_and_a_clean_exit(network):
    peers = in_one_network(network, ["Ann", "Bob", "Zoë", "张伟"])
    all_see_all(peers)
    seen = peers[0].peers()["Bob"]
    assert seen["address"] == peers[1].host.address and seen["port"] > 0, seen
    assert seen["status"] == "online", seen

    # The second one leaves right after the first.
    leaving, staying = peers[1:3], peers[:1] + peers[3:]
    for number, peer in enumerate(leaving):
        peer.quit()
        left = time.monotonic()
        still = leaving[number + 1:] + staying
        for peer in still:
            peer.sees(*[other.name for other in still if other is not peer], timeout=left + GONE - time.monotonic())
    for peer in leaving:
        assert peer.exited(3) == 0

    # And back again.
    back = [Klatch(peer.host, peer.name) for peer in leaving]
    all_see_all(staying + back)


def test_a_change_of_status_is_seen(network):
    ann, bob = in_one_network(network, ["Ann", "Bob"])
    all_see_all([ann, bob])
    for status in ("away", "Zürich, back at 5"):
        bob.do("/status", status)
        ann.wait(f"the status {status}", lambda: ann.peers()["Bob"]["status"] == status, 2)
    # Changing it is no conflict with oneself.
    stays("Bob keeps the name", lambda: set(ann.peers()) == {"Bob"}, 2)


def test_a_killed_peer_is_noticed(network):
    ann, bob, eve = in_one_network(network, ["Ann", "Bob", "Eve"])
    all_see_all([ann, bob, eve])
    bob.kill()
    # Whoever tries to reach it finds out soon; multicast DNS alone would take two minutes.
    ann.do("/info", "Bob")
    ann.sees("Eve", timeout=10)
    eve.do("/get", "Bob", "a.txt")
    eve.sees("Ann", timeout=10)


def test_many_who_are_killed_at_the_same_time_are_noticed(network):
    ann, *others = peers = in_one_network(network, ["Ann", *(f"Bob {number}" for number in range(8))])
    all_see_all(peers)
    for other in others:
        other.kill()
    for other in others:
        ann.do("/info", other.name)
    ann.sees(timeout=10)


def test_a_peer_whose_host_has_gone_is_noticed(network):
    ann, bob = in_one_network(network, ["Ann", "Bob"])
    all_see_all([ann, bob])
    bob.host.link("set", "eth0", "down")
    # Nobody refuses the connection, so the attempt takes some seconds.
    ann.do("/get", "Bob", "a.txt")
    ann.sees(timeout=20)


def test_thirty_peers_see_all_others(network):
    hosts = [network.host() for _ in range(10)]
    network.settle()
    peers = [Klatch(host, f"peer {number}{letter}") for letter in "abc" for number, host in enumerate(hosts)]
    # All start at once on the same few processors, so this is no measure of time.
    all_see_all(peers, timeout=40)
    for peer in peers[:20]:
        peer.quit()
    all_see_all(peers[20:], timeout=20)


def test_two_peers_on_one_host(network):
    host, other = network.host(), network.host()
    network.settle()
    all_see_all([Klatch(host, "Ann"), Klatch(host, "Bob"), Klatch(other, "Eve")])


def test_two_peers_on_a_host_without_a_network(network):
    host = network.host(interface=None)
    ann, bob = Klatch(host, "Ann"), Klatch(host, "Bob")
    all_see_all([ann, bob])
    assert ann.peers()["Bob"]["address"] in ("127.0.0.1", "::1"), ann.peers()


def test_the_same_name_gets_a_number(network):
    one, other = network.host(), network.host()
    network.settle()
    eve = Klatch(other, "Eve")
    first = Klatch(one, "Bob")
    eve.sees("Bob")
    second = Klatch(one, "bob")
    eve.sees("Bob", "bob (2)", timeout=6)
    third = Klatch(other, "Bob")
    eve.sees("Bob", "bob (2)", "Bob (3)", timeout=6)
    first.sees("Eve", "bob (2)", "Bob (3)")
    second.sees("Eve", "Bob", "Bob (3)")
    third.sees("Eve", "Bob", "bob (2)")


def test_the_same_name_at_the_same_time(network):
    hosts = [network.host() for _ in range(3)]
    network.settle()
    eve = Klatch(hosts[0], "Eve")
    same = [Klatch(host, "Bob") for host in (hosts[1], hosts[1], hosts[2])]
    names = {"Bob", "Bob (2)", "Bob (3)"}
    eve.sees(*names, timeout=12)
    for peer in same:
        peer.wait("sees the two others", lambda: len(set(peer.peers()) & names) == 2, 5)
    stays("three peers of three names", lambda: set(eve.peers()) == names, 2)


def test_two_networks_become_one(network):
    near, far = network.host(switch=0), network.host(switch=1)
    network.settle()
    ann, bob = Klatch(near, "Bob"), Klatch(far, "Bob")
    eve = Klatch(near, "Eve")
    eve.sees("Bob")
    stays("apart", lambda: set(bob.peers()) == set(), 2)
    network.join(0, 1)
    # Nobody tells them: whoever comes next is new to all of them.
    Klatch(far, "Zoë")
    eve.sees("Bob", "Bob (2)", "Zoë", timeout=20)
    both = {ann.port(), bob.port()}
    eve.wait("one of them has another name", lambda: both <= {entry["port"] for entry in eve.peers().values()}, 10)
    found = eve.peers()
    for peer in (ann, bob):
        peer.wait("sees the other Bob", lambda: len(peer.peers()) == 3, 10)
        assert peer.port() not in (entry["port"] for entry in peer.peers().values()), peer.peers()
    ports = {name: entry["port"] for name, entry in found.items()}
    stays("they agree", lambda: {name: entry["port"] for name, entry in eve.peers().items()} == ports, 3)


def test_an_interface_that_comes_and_goes(network):
    here, there = network.host(), network.host()
    network.settle()
    ann, bob = Klatch(here, "Ann"), Klatch(there, "Bob")
    all_see_all([ann, bob])
    there.link("set", "eth0", "down")
    bob.sees(timeout=10)
    there.link("set", "eth0", "up")
    bob.sees("Ann", timeout=15)
    # Another network, joined later.
    eve = Klatch(network.host(switch=1), "Eve")
    network.connect(there, "wlan0", switch=1)
    eve.sees("Bob", timeout=15)
    bob.sees("Ann", "Eve", timeout=15)


def test_containers_are_not_told_to_the_network(network):
    here, there, container = network.host(), network.host(), network.host(interface=None)
    # What Docker does: a bridge with an address, and a cable to the container.
    here.link("add", "docker0", "type", "bridge", "mcast_snooping", 0)
    here.link("set", "docker0", "up")
    here.link("add", "veth1234", "type", "veth", "peer", "name", "eth0", "netns", container.namespace)
    here.link("set", "veth1234", "master", "docker0", "up")
    container.link("set", "eth0", "up")
    ip("-n", here.namespace, "addr", "add", "172.17.0.1/16", "dev", "docker0")
    ip("-n", container.namespace, "addr", "add", "172.17.0.2/16", "dev", "eth0")
    network.settle()
    inside = Klatch(container, "Inside")
    listener = NaivePeer(there, "/usr/bin/python3", "Listener")
    listener.event("ready", 10)
    ann = Klatch(here, "Ann")
    ann.sees("Listener")
    stays("nobody of the network comes into the container", lambda: inside.peers() == {}, 2)
    told = {address for event in listener.events("found") for address in event["addresses"]}
    assert told == {here.address}, told


def test_a_host_whose_only_interface_is_a_veth(network):
    all_see_all(in_one_network(network, ["Ann", "Bob"], interface="veth0"))


def test_another_service_type_is_another_class(network):
    here, there = network.host(), network.host()
    network.settle()
    ann = Klatch(here, "Ann", "--service-type", "_cs8803._tcp")
    bob = Klatch(there, "Bob", "--service-type", "cs8803")
    eve = Klatch(there, "Eve")
    all_see_all([ann, bob])
    stays("Eve is alone", lambda: eve.peers() == {}, 1)
