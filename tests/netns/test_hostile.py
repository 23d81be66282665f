"""Somebody on the network tells lies by multicast DNS."""
import os

from peers import HERE, Klatch, Program
from waiting import stays

#: What takes one connection or a few.
SOON = 10


def tells(host, what, *words, timeout=60):
    """Has Mallory say it, and waits until all is said."""
    mallory = Program(host, ["/usr/bin/python3", os.path.join(HERE, "mallory.py"), host.address, what, *map(str, words)])
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
    they_go_on(ann, bob, memory)


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
    tells(mallory, "claim", "Ann", 4000, mallory.address)
    bob.sees("Ann", "Ann (2)", timeout=SOON)
    assert bob.peers()["Ann (2)"]["port"] == port, bob.peers()
    # Even if all names are taken again and again, one is still there by some name.
    for _ in range(3):
        for number in range(2, 10):
            tells(mallory, "claim", f"Ann ({number})", 4000, mallory.address)
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
