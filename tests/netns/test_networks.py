"""Networks that change, networks without IPv4, several networks at once, and computers that sleep."""
import os
import tempfile
import time

from network import ip
from peers import Avahi, Klatch
from waiting import stays

#: What takes one connection or a few.
SOON = 10


def two(network, **options):
    """Two peers on hosts of their own."""
    hosts = [network.host(**options) for _ in "ab"]
    network.settle()
    folders = [tempfile.mkdtemp(prefix="klatch-share-") for _ in hosts]
    for folder in folders:
        with open(os.path.join(folder, "notes.txt"), "wb") as file:
            file.write(b"some notes\n" * 10_000)
    peers = [Klatch(host, name, "--share", folder, "--downloads", tempfile.mkdtemp())
             for host, name, folder in zip(hosts, ("Ann", "Bob"), folders)]
    peers[0].sees("Bob")
    peers[1].sees("Ann")
    return peers


def they_do_everything(ann, bob):
    """Each asks the other for all there is; then they chat."""
    for asking, asked in ((ann, bob), (bob, ann)):
        asking.do("/info", asked.name)
        assert asking.event("user_info", SOON, peer=asked.name)["info"]["name"] == asked.name
        asking.do("/files", asked.name)
        assert asking.event("files", SOON, peer=asked.name)["files"] == ["notes.txt"]
        asking.do("/get", asked.name, "notes.txt")
        done = asking.event("transfer", SOON, peer=asked.name, direction="in", state="done")
        assert os.path.getsize(done["path"]) == 110_000
    offered = os.path.join(tempfile.mkdtemp(), "offered.txt")
    with open(offered, "wb") as file:
        file.write(b"for you")
    ann.do("/offer", "Bob", offered)
    mark = bob.mark()
    bob.do("/accept", str(bob.event("offer", SOON, peer="Ann", file="offered.txt")["id"]))
    bob.event("transfer", SOON, mark, peer="Ann", file="offered.txt", direction="in", state="done")
    for inviting, invited in ((ann, bob), (bob, ann)):
        inviting.do("/chat", invited.name)
        chat = invited.event("invitation", SOON, **{"from": inviting.name})["id"]
        invited.do("/accept", str(chat))
        for peer in (ann, bob):
            peer.wait("the chat is open", lambda: [e for e in peer.events("conversation") if e["id"] == chat
                                                   and e["state"] == "open" and len(e["members"]) == 2], SOON)
        for speaking, listening in ((ann, bob), (bob, ann)):
            speaking.do("/say", str(chat), f"from {speaking.name}")
            listening.event("message", SOON, id=chat, text=f"from {speaking.name}", own=False,
                            **{"from": speaking.name})


def test_peers_with_link_local_ipv6_addresses_only(network):
    ann, bob = two(network, prefix=None)
    assert ann.peers()["Bob"]["address"].startswith("fe80::"), ann.peers()
    they_do_everything(ann, bob)


def test_peers_with_unique_local_ipv6_addresses(network):
    ann, bob = two(network, prefix="fd77::{number}/64")
    assert ann.peers()["Bob"]["address"] == bob.host.address, ann.peers()
    they_do_everything(ann, bob)


def test_a_computer_that_sleeps(network):
    hosts = [network.host() for _ in range(4)]
    network.settle()
    ann, bob, eve = Klatch(hosts[0], "Ann"), Klatch(hosts[1], "Bob"), Klatch(hosts[2], "Eve")
    ann.sees("Bob", "Eve")
    bob.sees("Ann", "Eve")
    bob.stop()
    eve.quit()
    ann.sees("Bob")
    ann.do("/info", "Bob")
    # It takes connections, as the system does that for it, and answers nothing.
    ann.sees(timeout=30)
    zoe = Klatch(hosts[3], "Zoë")
    ann.sees("Zoë")
    bob.go_on()
    bob.sees("Ann", "Zoë", timeout=15)
    for peer, other in ((ann, "Zoë"), (zoe, "Ann")):
        peer.sees("Bob", other, timeout=15)


def test_an_address_that_changes(network):
    ann, bob = two(network)
    place = ("dev", "eth0")
    ip("-n", bob.host.namespace, "addr", "del", f"{bob.host.address}/24", *place)
    ip("-n", bob.host.namespace, "addr", "add", "10.77.0.99/24", *place)
    ann.wait("the new address", lambda: ann.peers().get("Bob", {}).get("address") == "10.77.0.99", 15)
    they_do_everything(ann, bob)
    # And the other way: who has changed is still known as the one who speaks.
    assert bob.peers()["Ann"]["address"] == ann.host.address


def test_whoever_speaks_from_a_new_address_before_that_is_known(network):
    ann, bob = two(network)
    # By then Ann takes no other address of Bob's on trust any more.
    stays("they know each other for a while", lambda: set(ann.peers()) == {"Bob"}, 4)
    for number in (98, 99, 100):
        ip("-n", bob.host.namespace, "addr", "flush", "dev", "eth0", "scope", "global")
        ip("-n", bob.host.namespace, "addr", "add", f"10.77.0.{number}/24", "dev", "eth0")
        mark = ann.mark()
        bob.do("/chat", "Ann")
        invitation = ann.event("invitation", SOON, mark, **{"from": "Bob"})
        ann.do("/accept", str(invitation["id"]))
        bob.event("conversation", SOON, id=invitation["id"], state="open")


def test_a_network_that_is_gone_for_a_while(network):
    ann, bob = two(network)
    ann.host.link("set", "eth0", "down")
    ann.sees(timeout=10)
    eve = Klatch(bob.host, "Eve")
    bob.sees("Ann", "Eve", timeout=SOON)
    ann.host.link("set", "eth0", "up")
    # Its IPv6 address first has to be looked for.
    ann.sees("Bob", "Eve", timeout=15)
    eve.sees("Ann", "Bob", timeout=15)
    eve.quit()
    ann.sees("Bob")
    they_do_everything(ann, bob)


def chat_of_three(network):
    """Ann, who has invited the other two, and all three in her chat: its id."""
    hosts = [network.host() for _ in range(3)]
    network.settle()
    peers = [Klatch(host, name) for host, name in zip(hosts, ("Ann", "Bob", "Carl"))]
    for peer in peers:
        peer.sees(*({"Ann", "Bob", "Carl"} - {peer.name}), timeout=SOON)
    ann, bob, carl = peers
    ann.do("/chat", "Bob", "Carl")
    for invited in (bob, carl):
        chat = invited.event("invitation", SOON, **{"from": "Ann"})["id"]
        invited.do("/accept", str(chat))
    are_in_it(peers, chat)
    return peers, chat


def members(peer, chat):
    """Who is in the chat, as that peer was told last; nobody, if it was not told yet."""
    told = [e["members"] for e in peer.events("conversation") if e["id"] == chat]
    return sorted(told[-1]) if told else []


def are_in_it(peers, chat, timeout=SOON):
    everybody = sorted(peer.name for peer in peers)
    for peer in peers:
        peer.wait(f"{peer.name} knows that all are in the chat", lambda: members(peer, chat) == everybody, timeout)  # noqa: B023


def all_hear_all(peers, chat):
    for speaking in peers:
        marks = {listening: listening.mark() for listening in peers}
        speaking.do("/say", str(chat), f"from {speaking.name}")
        for listening in peers:
            listening.event("message", SOON, marks[listening], id=chat, text=f"from {speaking.name}",
                            own=listening is speaking, **{"from": speaking.name})


def test_a_chat_goes_on_with_a_member_whose_network_was_gone(network):
    peers, chat = chat_of_three(network)
    ann, bob, carl = peers
    bob.host.link("set", "eth0", "down")
    ann.do("/say", str(chat), "Bob?")
    for peer in (ann, carl):
        peer.wait("Bob is lost", lambda: members(peer, chat) == ["Ann", "Carl"], 20)  # noqa: B023
    bob.host.link("set", "eth0", "up")
    are_in_it(peers, chat, 20)
    all_hear_all(peers, chat)
    assert len(bob.events("invitation")) == 1, "nobody was asked for it"


def test_a_chat_goes_on_with_a_member_who_did_not_notice_that_they_were_lost(network):
    peers, chat = chat_of_three(network)
    ann, bob, carl = peers
    network.let_through(bob.host, False)
    ann.do("/say", str(chat), "Bob?")
    for peer in (ann, carl):
        peer.wait("Bob is lost", lambda: members(peer, chat) == ["Ann", "Carl"], 20)  # noqa: B023
    network.let_through(bob.host, True)
    # What he says at once is not lost either, though he is known to nobody at that moment.
    bob.do("/say", str(chat), "back already")
    for peer in (ann, carl):
        peer.event("message", SOON, id=chat, text="back already", **{"from": "Bob"})
    are_in_it(peers, chat, 20)
    all_hear_all(peers, chat)
    assert len(bob.events("invitation")) == 1, "nobody was asked for it"


def test_a_chat_goes_on_when_whoever_started_it_was_away(network):
    peers, chat = chat_of_three(network)
    ann, bob, carl = peers
    ann.host.link("set", "eth0", "down")
    ann.wait("all are lost", lambda: members(ann, chat) == ["Ann"], 20)
    bob.do("/say", str(chat), "Ann?")
    bob.sees("Carl", timeout=20)
    ann.host.link("set", "eth0", "up")
    are_in_it(peers, chat, 20)
    all_hear_all(peers, chat)
    assert [len(peer.events("invitation")) for peer in peers] == [0, 1, 1]


def test_a_member_who_is_killed_and_starts_again_is_invited_again(network):
    (ann, bob, carl), chat = chat_of_three(network)
    bob.kill()
    bob = Klatch(bob.host, "Bob")
    bob.event("invitation", 20, **{"from": "Ann"})
    for peer in (ann, carl):
        peer.wait("Bob is out", lambda: members(peer, chat) == ["Ann", "Carl"], SOON)  # noqa: B023
    bob.do("/accept", str(chat))
    are_in_it((ann, bob, carl), chat)
    all_hear_all((ann, bob, carl), chat)


def test_a_chat_stays_frozen_when_whoever_started_it_is_killed_and_starts_again(network):
    (ann, bob, carl), chat = chat_of_three(network)
    ann.kill()
    ann = Klatch(ann.host, "Ann")
    for peer in (bob, carl):
        peer.event("conversation", 20, id=chat, frozen=True)
    ann.sees("Bob", "Carl", timeout=SOON)
    bob.do("/say", str(chat), "without Ann")
    carl.event("message", SOON, id=chat, text="without Ann", **{"from": "Bob"})
    bob.event("conversation", SOON, id=chat, frozen=True, unreachable=["Ann"])


def test_an_invitation_outlasts_a_short_loss_and_vanishes_with_whoever_sent_it(network):
    ann, bob = two(network)
    ann.do("/chat", "Bob")
    chat = bob.event("invitation", SOON, **{"from": "Ann"})["id"]
    network.let_through(ann.host, False)
    bob.do("/info", "Ann")
    bob.sees(timeout=20)
    network.let_through(ann.host, True)
    bob.sees("Ann", timeout=20)
    bob.do("/accept", str(chat))
    are_in_it((ann, bob), chat)
    assert not any(e.get("declined") for e in ann.events("conversation"))

    mark = bob.mark()
    ann.do("/chat", "Bob")
    chat = bob.event("invitation", SOON, mark, **{"from": "Ann"})["id"]
    ann.kill()
    bob.event("error", SOON, mark, message=f"the invitation to conversation {chat} can no longer be answered")


def test_two_interfaces_in_one_network(network):
    laptop, other = network.host(), network.host()
    wlan = network.connect(laptop, "wlan0", prefix="10.77.0.7/24")
    network.settle()
    ann, bob = Klatch(laptop, "Ann"), Klatch(other, "Bob")
    bob.sees("Ann")
    ann.sees("Bob")
    assert bob.peers()["Ann"]["address"] in (laptop.address, wlan), bob.peers()
    stays("one Ann, and nobody else", lambda: set(bob.peers()) == {"Ann"} and set(ann.peers()) == {"Bob"}, 4)
    # Without the cable.
    laptop.link("set", "eth0", "down")
    bob.do("/info", "Ann")
    bob.event("user_info", 15, peer="Ann")
    stays("still one Ann", lambda: set(bob.peers()) == {"Ann"}, 4)


def test_nothing_of_loopback_or_containers_is_announced(network):
    here, there = network.host(), network.host()
    # An address of a container on docker0, one of a virtual machine, and more than one on loopback.
    for bridge, address in (("docker0", "172.17.0.1/16"), ("virbr0", "192.168.122.1/24")):
        here.link("add", bridge, "type", "bridge")
        here.link("add", f"veth-{bridge}", "type", "veth", "peer", "name", f"vnet-{bridge}")
        here.link("set", f"veth-{bridge}", "master", bridge, "up")
        here.link("set", f"vnet-{bridge}", "up")
        here.link("set", bridge, "up")
        ip("-n", here.namespace, "addr", "add", address, "dev", bridge)
    ip("-n", here.namespace, "addr", "add", "10.99.99.99/32", "dev", "lo")
    network.settle()
    avahi = Avahi(there, tempfile.mkdtemp())
    browser = avahi.browse()
    Klatch(here, "Ann")

    def resolved():
        fields = [line.split(";") for _, line in browser.lines if line.startswith("=;")]
        return {field[2]: field[7] for field in fields if field[3] == "Ann"}
    browser.wait("avahi-browse resolves it by IPv4 and IPv6", lambda: len(resolved()) == 2, SOON)
    assert resolved()["IPv4"] == here.address and resolved()["IPv6"].startswith("fe80::"), resolved()
    # All that it has for this host.
    host = next(line.split(";")[6] for _, line in browser.lines if line.startswith("=;"))
    stays("no other address comes", lambda: set(resolved().values()) <= {here.address, resolved()["IPv6"]}, 2)
    assert host.startswith("klatch-"), host
