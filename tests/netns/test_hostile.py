"""Somebody on the network tells lies by multicast DNS."""
import contextlib
import os
import socket

import zeroconf

from peers import HERE, Klatch, Program
from raw import ask, on, request
from waiting import stays

#: What takes one connection or a few.
SOON = 10


def mallory_says(host, what, *words, to=None):
    """Has Mallory say it, to all or to one host alone."""
    place = f"{host.address}>{to.address}" if to else host.address
    return Program(host, ["/usr/bin/python3", os.path.join(HERE, "mallory.py"), place, what, *map(str, words)])


def tells(host, what, *words, to=None, timeout=60):
    """The same, and waits until all is said."""
    mallory = mallory_says(host, what, *words, to=to)
    mallory.wait("all is said", lambda: any(line == "done" for _, line in mallory.lines), timeout)


def three(network):
    """Ann, Bob, and the host of Mallory."""
    here, there, hers = network.host(), network.host(), network.host()
    network.settle()
    ann, bob = Klatch(here, "Ann"), Klatch(there, "Bob")
    ann.sees("Bob")
    bob.sees("Ann")
    return ann, bob, hers


def they_go_on(ann, bob, memory, timeout=60):
    """Those who are there still see each other, and who comes is seen; what was invented is forgotten."""
    eve = Klatch(bob.host, "Eve")
    assert ann.memory() < memory, (memory, ann.memory())
    ann.sees("Bob", "Eve", timeout=timeout)
    bob.sees("Ann", "Eve", timeout=timeout)
    eve.sees("Ann", "Bob", timeout=timeout)
    assert ann.memory() < memory, (memory, ann.memory())
    ann.do("/info", "Bob")
    ann.event("user_info", SOON, peer="Bob")


def test_a_flood_of_invented_peers(network):
    ann, bob, mallory = three(network)
    memory = ann.memory() + 150
    tells(mallory, "flood", 10_000)
    assert len(ann.peers()) <= 2000, len(ann.peers())
    they_go_on(ann, bob, memory)


def test_a_flood_of_large_texts(network):
    ann, bob, mallory = three(network)
    memory = ann.memory() + 200
    tells(mallory, "texts", 10_000)
    # A build without optimisation is busy with them for long, the more so beside other programs.
    they_go_on(ann, bob, memory, timeout=120)


def test_a_flood_of_what_nobody_has_asked_for(network):
    ann, bob, mallory = three(network)
    memory = ann.memory() + 150
    for _ in range(3):
        tells(mallory, "addresses", 60_000)
    they_go_on(ann, bob, memory)


def test_nonsense(network):
    ann, bob, mallory = three(network)
    memory = ann.memory() + 50
    tells(mallory, "nonsense", 5_000)
    eve = Klatch(bob.host, "Eve")
    # What was changed by chance may be a peer of a strange name.
    ann.wait("Ann sees the others", lambda: {"Bob", "Eve"} <= set(ann.peers()), SOON)
    eve.wait("Eve sees the others", lambda: {"Ann", "Bob"} <= set(eve.peers()), SOON)
    assert ann.memory() < memory, (memory, ann.memory())


def test_places_where_no_peer_is(network):
    ann, bob, mallory = three(network)
    for number, ip in enumerate(("127.0.0.1", "0.0.0.0", "224.0.0.251", "255.255.255.255", "::1", "::", "ff02::fb",
                                 "::ffff:127.0.0.1", "::ffff:224.0.0.1", "::ffff:255.255.255.255")):
        tells(mallory, "claim", f"Nowhere {number}", 4000, ip)
    tells(mallory, "claim", "No port", 0, mallory.address)
    tells(mallory, "claim", "Mallory", 4000, "127.0.0.1", "::ffff:127.0.0.1", mallory.address)
    ann.sees("Bob", "Mallory")
    assert ann.peers()["Mallory"]["address"] == mallory.address, ann.peers()
    # The broadcast address of this network is one like all others to whoever does not know the network.
    tells(mallory, "claim", "Everybody", 4000, "10.77.0.255")
    ann.sees("Bob", "Mallory", "Everybody")
    ann.do("/info", "Everybody")
    ann.sees("Bob", "Mallory", timeout=20)
    bob.sees("Ann", "Mallory", "Everybody")


def test_goodbyes_of_others(network):
    ann, bob, mallory = three(network)
    ann.do("/chat", "Bob")
    chat = bob.event("invitation", SOON)["id"]
    bob.do("/accept", str(chat))
    ann.event("conversation", SOON, id=chat, state="open")
    mark = ann.mark()
    tells(mallory, "goodbye", "Bob", 12)
    stays("Bob is there", lambda: set(ann.peers()) == {"Bob"}, 4)
    lists = [{peer["name"] for peer in event["peers"]} for event in ann.events("peers", mark)]
    assert all("Bob" in names for names in lists), lists
    ann.do("/say", str(chat), "still there?")
    bob.event("message", SOON, id=chat, text="still there?")


def test_somebody_of_ones_own_name(network):
    ann, bob, mallory = three(network)
    port = ann.port()
    stays("they know each other for a while", lambda: set(bob.peers()) == {"Ann"}, 4)
    # It is said once, and not when they are asked.
    tells(mallory, "claim", "Ann", 4000, mallory.address)
    stays("Ann is Ann", lambda: {name: peer["port"] for name, peer in bob.peers().items()} == {"Ann": port}, 6)
    # Even if all names are taken again and again, one is still there by some name.
    for _ in range(3):
        for number in range(1, 10):
            tells(mallory, "claim", f"Ann ({number})" if number > 1 else "Ann", 4000, mallory.address)
    bob.wait("Ann has a name", lambda: port in (entry["port"] for entry in bob.peers().values()), 20)
    stays("and keeps it", lambda: port in (entry["port"] for entry in bob.peers().values()), 3)


def test_a_name_with_the_service_type_in_it(network):
    ann, bob, mallory = three(network)
    port = ann.peers()["Bob"]["port"]
    for name in ("Bob._klatch._tcp", "Bob._klatch._tcp.local", "Mallory._klatch._tcp"):
        tells(mallory, "claim", name, 4000, mallory.address)
    ann.sees("Bob", "Mallory")
    assert ann.peers()["Bob"]["port"] == port, ann.peers()
    for name in ("Bob._klatch._tcp", "Bob._klatch._tcp.local"):
        tells(mallory, "claim", name, 0, mallory.address)
    stays("Bob is Bob", lambda: ann.peers().get("Bob", {}).get("port") == port, 3)
    ann.do("/info", "Bob")
    ann.event("user_info", SOON, peer="Bob")


def computer_of(name, asker):
    """The host name in the records of a peer."""
    kind = "_klatch._tcp.local."
    with on(asker), contextlib.closing(zeroconf.Zeroconf(interfaces=[asker.address])) as dns:
        return dns.get_service_info(kind, f"{name}.{kind}", timeout=10_000).server


def always_there(klatch, name, since):
    """Whether it was told of that peer without a break."""
    return all(name in {peer["name"] for peer in event["peers"]} for event in klatch.events("peers", since))


def test_goodbyes_in_the_name_of_others(network):
    """The way in which Klatch itself says goodbye, which counts at once where it is true."""
    ann, bob, mallory = three(network)
    computers = [computer_of(name, mallory) for name in ("Bob", "Ann")]
    mark = ann.mark()
    for computer in computers:
        # Where Bob hears it, he contradicts by himself; where not, he has to be asked.
        for victim in (None, ann.host):
            # Who has just told something does not answer at once.
            stays("they know each other for a while", lambda: "Bob" in ann.peers(), 3)
            tells(mallory, "service", "Bob", computer, 0, to=victim)
            stays("Bob is there", lambda: always_there(ann, "Bob", mark), 4)
            bob.do("/status", f"{computer} {victim}")
            ann.wait("Bob's status", lambda: ann.peers()["Bob"]["status"] == f"{computer} {victim}", SOON)  # noqa: B023
    assert always_there(ann, "Bob", mark), ann.events("peers", mark)
    # One of each kind after the other, faster than anybody answers.
    for _ in range(10):
        for computer in computers:
            tells(mallory, "service", "Bob", computer, 0)
        tells(mallory, "goodbye", "Bob", 1)
    bob.do("/status", "back")
    ann.wait("Bob is back", lambda: ann.peers().get("Bob", {}).get("status") == "back", 2 * SOON)


def test_an_address_that_is_not_ones_own(network):
    mallory = network.host()
    ann, bob, _ = three(network)
    assert mallory.address < bob.host.address, "it would come first"
    computer, place = computer_of("Bob", mallory), (ann.host.address, ann.port())
    true = ann.peers()["Bob"]["address"], ann.peers()["Bob"]["port"]
    stays("they know each other for a while", lambda: "Bob" in ann.peers(), 4)
    for victim in (None, ann.host):
        for lie in (("at", computer, mallory.address), ("claim", "Bob", 4000, mallory.address)):
            tells(mallory, *lie, to=victim)
            # It waits until it is known who is there.
            assert ask(mallory, place, request("INVITE", 5, "Bob")) == b"NACK", (lie, victim)
            stays("Bob is where he was", lambda: set(ann.peers()) == {"Bob"}
                  and (ann.peers()["Bob"]["address"], ann.peers()["Bob"]["port"]) == true, 3)
    # Who goes on saying so is believed in the end, but whoever was there before is asked first.
    for _ in range(30):
        tells(mallory, "at", computer, mallory.address)
        assert (ann.peers()["Bob"]["address"], ann.peers()["Bob"]["port"]) == true
    ann.do("/info", "Bob")
    ann.event("user_info", SOON, peer="Bob")


@contextlib.contextmanager
def ears(host):
    """A socket that hears what is told there by multicast DNS."""
    with on(host):
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("224.0.0.251", 5353))
        group = socket.inet_aton("224.0.0.251") + socket.inet_aton(host.address)
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        listener.settimeout(SOON)
        yield listener


def test_lies_about_oneself_are_contradicted(network):
    there, mallory = network.host(), network.host()
    network.settle()
    bob = Klatch(there, "Bob")
    bob.event("state", SOON, state="online")
    computer = computer_of("Bob", mallory)
    stays("all is told that is told without a reason", lambda: not bob.peers(), 4)
    for lie in (("at", computer, mallory.address), ("service", "Bob", computer, 4000), ("service", "Bob", computer, 0)):
        with ears(mallory) as listener:
            tells(mallory, *lie)
            # Nobody is here who asks.
            packet, speaker = b"", None
            while speaker != there.address or packet[2] < 0x80:
                packet, (speaker, _) = listener.recvfrom(9000)
            assert socket.inet_aton(there.address) in packet and bob.port().to_bytes(2, "big") in packet, (lie, packet)
        stays("what is told is told twice", lambda: not bob.peers(), 3)


def test_somebody_who_claims_every_name(network):
    ann, bob, mallory = three(network)
    lies = mallory_says(mallory, "taken", "Eve")
    lies.wait("she listens", lambda: any(line == "listening" for _, line in lies.lines), SOON)
    eve = Klatch(bob.host, "Eve")
    eve.wait("she is told", lambda: [e for e in eve.events("error") if "every name" in e["message"]], 40)
    # She sees others and can be asked, even though nobody sees her.
    eve.sees("Ann", "Bob")
    eve.do("/info", "Ann")
    eve.event("user_info", SOON, peer="Ann")
    lies.process.terminate()
    lies.exited(SOON)
    eve.do("/status", "back")
    ann.wait("Eve is there", lambda: [peer for peer in ann.peers().values() if peer["status"] == "back"], 50)
