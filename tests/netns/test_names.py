"""Names that several want, and names of every kind."""
from peers import Klatch
from waiting import stays

#: Probing for a name takes a second, and each conflict another one.
SETTLED = 30


def all_are_distinct(peers, listener, names):
    listener.sees(*names, timeout=SETTLED)
    ports = {entry["port"] for entry in listener.peers().values()}
    assert len(ports) == len(peers), listener.peers()
    for peer in peers:
        peer.wait("sees all others", lambda: len(set(peer.peers()) & names) == len(names) - 1, 10)
    stays("as many peers as names", lambda: set(listener.peers()) == names, 3)


def test_five_of_one_name_on_one_host(network):
    here, there = network.host(), network.host()
    network.settle()
    listener = Klatch(there, "Listener")
    peers = [Klatch(here, "Bob") for _ in range(5)]
    all_are_distinct(peers, listener, {"Bob", "Bob (2)", "Bob (3)", "Bob (4)", "Bob (5)"})
    # Each can chat with the one who has the name that it wanted.
    by_port = {peer.port(): peer for peer in peers}
    first, second = (by_port[listener.peers()[name]["port"]] for name in ("Bob", "Bob (2)"))
    second.do("/chat", "Bob")
    first.event("invitation", 10, **{"from": "Bob (2)"})


def test_five_of_one_name_on_five_hosts(network):
    hosts = [network.host() for _ in range(6)]
    network.settle()
    listener = Klatch(hosts[0], "Listener")
    peers = [Klatch(host, "Zoë") for host in hosts[1:]]
    all_are_distinct(peers, listener, {"Zoë", "Zoë (2)", "Zoë (3)", "Zoë (4)", "Zoë (5)"})


#: What is wanted, and what others see.
NAMES = {
    "x" * 64: "x" * 58,
    "張" * 40: "張" * 19,
    "e\N{COMBINING ACUTE ACCENT}" * 21: "e\N{COMBINING ACUTE ACCENT}" * 19 + "e",
    "👩‍👩‍👧‍👦 home": "👩‍👩‍👧‍👦 home",
    "J.R.R. Tolkien": "J R R Tolkien",
    "O'Brien \"Bob\" \\o/": "O'Brien \"Bob\" \\o/",
    "a;b,c=d": "a;b,c=d",
    "Bob": "Bob",
    "Воb": "Воb",  # Two of its letters are Cyrillic.
    "Bob (2)": "Bob (2)",
    "ZOË": "ZOË",
    "zoë": "zoë",
    "_klatch._tcp.local.": "_klatch _tcp local",
    "Ἀριστοτέλης": "Ἀριστοτέλης",
    "مرحبا": "مرحبا",
}


def test_names_of_every_kind(network):
    hosts = [network.host() for _ in range(3)]
    network.settle()
    listener = Klatch(hosts[0], "Listener")
    peers = [Klatch(hosts[1 + number % 2], name) for number, name in enumerate(NAMES)]
    listener.sees(*NAMES.values(), timeout=SETTLED)
    for name in NAMES.values():
        assert len(name.encode()) <= 63, name
    ann = peers[list(NAMES).index("O'Brien \"Bob\" \\o/")]
    for shown in ("👩‍👩‍👧‍👦 home", "Воb", "_klatch _tcp local", "a;b,c=d"):
        ann.do("/info", shown)
        ann.event("user_info", 10, peer=shown)
    # The second of the same look gets a number, however long the name is.
    Klatch(hosts[0], "x" * 60)
    Klatch(hosts[0], "張" * 30)
    listener.sees(*NAMES.values(), "x" * 58 + " (2)", "張" * 19 + " (2)", timeout=SETTLED)
