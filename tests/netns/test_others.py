"""Klatch beside Avahi, and with peers that others have written: Jython with JmDNS, CPython with python-zeroconf."""
import hashlib
import os
import tempfile

from peers import Avahi, Klatch, NaivePeer
from waiting import stays

#: What takes one connection or a few.
SOON = 10


# Avahi

def folder(test):
    return tempfile.mkdtemp(prefix=f"klatch-{test}-")


def announced(browser, sign, name):
    """The fields of the last line about that name that begins with `sign`: + new, - gone, = resolved."""
    lines = [line.split(";") for _, line in browser.lines if line.startswith(sign + ";")]
    found = [fields for fields in lines if unescaped(fields[3]) == name and fields[2] == "IPv4"]
    return found[-1] if found else None


def unescaped(text):
    r"""avahi-browse writes \195\171 for ë, by the byte."""
    out, bytes_ = text.encode(), b""
    while out:
        if out[:1] == b"\\" and out[1:4].isdigit():
            bytes_, out = bytes_ + bytes([int(out[1:4])]), out[4:]
        elif out[:1] == b"\\":
            bytes_, out = bytes_ + out[1:2], out[2:]
        else:
            bytes_, out = bytes_ + out[:1], out[1:]
    return bytes_.decode()


def test_avahi_sees_klatch(network):
    here, there = network.host(), network.host()
    network.settle()
    avahi = Avahi(here, folder("avahi"))
    browser = avahi.browse()
    beside, other = Klatch(here, "Ann Müller"), Klatch(there, "Bob.Smith")
    for name, host in (("Ann Müller", here), ("Bob Smith", there)):
        fields = browser.wait(f"avahi-browse resolves {name}", lambda: announced(browser, "=", name), SOON)
        assert fields[7] == host.address and int(fields[8]) > 0, fields
        assert '"status=online"' in fields[9] and '"txtvers=1"' in fields[9], fields
    beside.sees("Bob Smith")
    other.sees("Ann Müller")
    beside.do("/status", "away")
    # It resolves each service once, so it takes another one to see the change.
    other.wait("the new status", lambda: other.peers()["Ann Müller"]["status"] == "away", SOON)
    later = avahi.browse()
    fields = later.wait("avahi-browse resolves it again", lambda: announced(later, "=", "Ann Müller"), SOON)
    assert '"status=away"' in fields[9], fields
    for peer in (beside, other):
        peer.quit()
    for name in ("Ann Müller", "Bob Smith"):
        browser.wait(f"avahi-browse tells that {name} is gone", lambda: announced(browser, "-", name), SOON)


def test_klatch_sees_what_avahi_publishes(network):
    here, there = network.host(), network.host()
    network.settle()
    avahi = Avahi(here, folder("avahi"))
    beside, other = Klatch(here, "Ann"), Klatch(there, "Bob")
    published = avahi.publish("Reading Room ☕", 4711, "txtvers=1", "status=quiet")
    for peer in (beside, other):
        peer.wait("sees the room", lambda: "Reading Room ☕" in peer.peers(), SOON)
        room = peer.peers()["Reading Room ☕"]
        assert (room["address"], room["port"], room["status"]) == (here.address, 4711, "quiet"), room
    published.process.terminate()
    beside.sees("Bob", timeout=5)
    other.sees("Ann", timeout=5)


def test_names_that_avahi_has_and_names_that_avahi_wants(network):
    here, there = network.host(), network.host()
    network.settle()
    avahi = Avahi(here, folder("avahi"))
    avahi.publish("Ann", 4711)
    eve = Klatch(there, "Eve")
    eve.sees("Ann", timeout=SOON)
    Klatch(there, "Ann")
    eve.sees("Ann", "Ann (2)", timeout=6)
    avahi.publish("Eve", 4712)
    eve.sees("Ann", "Ann (2)", "Eve #2", timeout=SOON)
    stays("the names", lambda: set(eve.peers()) == {"Ann", "Ann (2)", "Eve #2"}, 2)


# Other people's peers

#: Three ways of writing one.
HABITS = {
    "plain": [],
    "careful": ["--verbs", "none", "--names", "pickle", "--proto", "1", "--dispatch", "split", "--answers", "pickle"],
    "odd": ["--verbs", "space", "--proto", "2", "--one-recv", "--dispatch", "whole", "--answers", "line", "--text", "unicode",
            "--lists", "list"],
}

FILES = {"notes.txt": b"some notes\n", "über uns (2).txt": "Grüße\n".encode(), "empty": b"",
         "large.bin": bytes(range(256)) * 4096}


def share(kind):
    """A folder with files in it."""
    made = folder(kind)
    for name, content in FILES.items():
        with open(os.path.join(made, name), "wb") as file:
            file.write(content)
    return made


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def same(path, name):
    assert digest(path) == hashlib.sha256(FILES[name]).hexdigest(), f"{path} is not {name}"


def they_meet(network, interpreter, habits):
    """A Klatch peer and one by somebody else, who know each other."""
    here, there = network.host(), network.host()
    network.settle()
    theirs = NaivePeer(there, interpreter, "Jo", "--share", share("theirs"), "--downloads", folder("got"),
                       *HABITS[habits])
    ours = Klatch(here, "Ann", "--share", share("ours"), "--downloads", folder("downloads"))
    theirs.event("ready", theirs.STARTS)
    theirs.event("found", theirs.STARTS, name="Ann", address=here.address)
    ours.sees("Jo", timeout=SOON)
    assert ours.peers()["Jo"]["address"] == there.address, ours.peers()
    return ours, theirs


def they_ask_us(ours, theirs, is_hasty):
    theirs.do("info", "Ann")
    info = theirs.reply("GET_USER_INFO", "Ann")
    assert info["name"] == "Ann" and info["status"] == "online" and info["host"], info
    theirs.do("files", "Ann")
    assert sorted(theirs.reply("LIST_FILES", "Ann")) == sorted(FILES)
    for name in FILES:
        if is_hasty and len(FILES[name]) > 1000:
            continue  # One recv(1024) is all that it reads of a file.
        mark = theirs.mark()
        theirs.do("get", "Ann", name)
        same(theirs.reply("GET_FILE", "Ann", after=mark)["path"], name)
    # What is not shared is not had.
    for name in ("../../etc/passwd", "/etc/passwd", "nothing"):
        mark = theirs.mark()
        theirs.do("get", "Ann", name)
        assert theirs.reply("GET_FILE", "Ann", after=mark)["size"] == 0, name


def we_ask_them(ours, theirs):
    ours.do("/info", "Jo")
    info = ours.event("user_info", SOON, peer="Jo")["info"]
    assert info["name"] == "Jo" and info["status"] == "online" and info["hobby"] == "Café", info
    ours.do("/files", "Jo")
    assert sorted(ours.event("files", SOON, peer="Jo")["files"]) == sorted(FILES)
    for name in FILES:
        mark = ours.mark()
        ours.do("/get", "Jo", name)
        done = ours.event("transfer", SOON, mark, peer="Jo", file=name, direction="in", state="done")
        same(done["path"], name)


def they_offer_us(ours, theirs):
    theirs.do("offer", "Ann", "notes.txt")
    offer = ours.event("offer", SOON, peer="Jo", file="notes.txt")
    mark = ours.mark()
    ours.do("/accept", str(offer["id"]))
    done = ours.event("transfer", SOON, mark, peer="Jo", file="notes.txt", direction="in", state="done")
    same(done["path"], "notes.txt")
    theirs.do("offer", "Ann", "large.bin")
    offer = ours.event("offer", SOON, peer="Jo", file="large.bin")
    asked = theirs.mark()
    ours.do("/refuse", str(offer["id"]))
    stays("refused", lambda: not [e for e in theirs.events("request", asked) if e["verb"] == "GET_FILE"], 1)


def we_offer_them(ours, theirs):
    path = os.path.join(folder("offered"), "only for Jo.txt")
    with open(path, "wb") as file:
        file.write(b"for you")
    ours.do("/offer", "Jo", path)
    offered = theirs.event("request", SOON, verb="OFFER_FILE")["args"]
    assert offered == ["Ann", "only for Jo.txt"], offered
    mark = theirs.mark()
    theirs.do("get", "Ann", "only for Jo.txt")
    assert theirs.reply("GET_FILE", "Ann", after=mark)["size"] == 7


def they_invite_us(ours, theirs):
    for chat in (7, "room"):
        word, mark = str(chat), theirs.mark()
        theirs.do("invite", chat, "Ann")
        ours.event("invitation", SOON, id=chat, **{"from": "Jo"})
        ours.do("/accept", word)
        assert theirs.reply("INVITE", "Ann", after=mark) == "ACK"
        ours.wait("the chat is open", lambda: [e for e in ours.events("conversation") if e["id"] == chat
                                              and e["state"] == "open" and sorted(e["members"]) == ["Ann", "Jo"]], SOON)
        theirs.do("say", chat, "Grüße, \"Ann\"")
        ours.event("message", SOON, id=chat, text="Grüße, \"Ann\"", own=False, **{"from": "Jo"})
        ours.do("/say", word, "hallo, 张伟")
        theirs.event("request", SOON, verb="MESSAGE", args=[chat, "Ann", "hallo, 张伟"])
    theirs.do("close", 7)
    ours.event("conversation", SOON, id=7, state="ended")
    ours.do("/leave", "room")
    theirs.event("request", SOON, verb="GOODBYE", args=["room", "Ann"])

    mark = theirs.mark()
    theirs.do("invite", 8, "Ann")
    ours.event("invitation", SOON, id=8)
    ours.do("/refuse", "8")
    assert theirs.reply("INVITE", "Ann", after=mark) == "NACK"


def we_invite_them(ours, theirs):
    for closing in (False, True):
        mark, asked = ours.mark(), theirs.mark()
        ours.do("/chat", "Jo")
        chat, inviter = theirs.event("request", SOON, asked, verb="INVITE")["args"]
        assert inviter == "Ann", inviter
        ours.event("conversation", SOON, mark, id=chat, state="open")
        theirs.wait("they know the members", lambda: [e for e in theirs.events("chat", asked) if e["id"] == chat
                                                      and e["owner"] == "Ann" and sorted(e["members"]) == ["Ann", "Jo"]], SOON)
        theirs.do("say", chat, "ja")
        ours.event("message", SOON, mark, id=chat, text="ja", own=False, **{"from": "Jo"})
        ours.do("/say", str(chat), "nein")
        theirs.event("request", SOON, asked, verb="MESSAGE", args=[chat, "Ann", "nein"])
        ours.event("message", SOON, mark, id=chat, text="nein", own=True)
        if closing:
            ours.do("/close", str(chat))
            theirs.event("closed", SOON, asked, id=chat)
        else:
            theirs.do("leave", chat)
            ours.wait("Jo has left", lambda: ours.events("conversation", mark)[-1]["members"] == ["Ann"], SOON)

    theirs.do("answer", False)
    theirs.event("answers", SOON, accepts=False)
    mark, asked = ours.mark(), theirs.mark()
    ours.do("/chat", "Jo")
    chat, _ = theirs.event("request", SOON, asked, verb="INVITE")["args"]
    # Once when the invitation goes out, and once when nobody is awaited any more. The end of the chat before may still be told.
    def of_this_chat():
        return [e for e in ours.events("conversation", mark) if e["id"] == chat]

    told = ours.wait("the refusal is told", lambda: len(of_this_chat()) > 1 and of_this_chat(), SOON)
    assert all(e["members"] == ["Ann"] and e["state"] == "waiting" for e in told), told


def they_change_and_leave(ours, theirs):
    theirs.do("status", "away")
    ours.wait("the new status", lambda: ours.peers()["Jo"]["status"] == "away", SOON)
    ours.do("/status", "busy")
    theirs.event("found", SOON, name="Ann", status="busy")
    theirs.do("quit")
    ours.sees(timeout=theirs.STARTS)


def everything(network, interpreter, habits):
    ours, theirs = they_meet(network, interpreter, habits)
    they_ask_us(ours, theirs, is_hasty=habits == "odd")
    we_ask_them(ours, theirs)
    they_offer_us(ours, theirs)
    we_offer_them(ours, theirs)
    they_invite_us(ours, theirs)
    we_invite_them(ours, theirs)
    they_change_and_leave(ours, theirs)
    strange = theirs.events("strange")
    # A peer that compares the whole of what it gets understands a bare verb only, and is asked again with that.
    assert not strange or habits == "odd", strange


def test_every_request_with_jython_and_jmdns(network):
    everything(network, "jython", "plain")


def test_every_request_with_a_careful_peer_in_jython(network):
    everything(network, "jython", "careful")


def test_every_request_with_an_odd_peer_in_jython(network):
    everything(network, "jython", "odd")


def test_every_request_with_cpython_and_zeroconf(network):
    everything(network, "/usr/bin/python3", "plain")


def test_every_request_with_a_careful_peer_in_cpython(network):
    everything(network, "/usr/bin/python3", "careful")


def test_every_request_with_an_odd_peer_in_cpython(network):
    everything(network, "/usr/bin/python3", "odd")


def test_a_chat_of_two_klatches_and_a_jython_peer(network):
    hosts = [network.host() for _ in range(3)]
    network.settle()
    jo = NaivePeer(hosts[0], "jython", "Jo", "--downloads", folder("got"))
    ann, bob = Klatch(hosts[1], "Ann"), Klatch(hosts[2], "Bob")
    jo.wait_ready("Ann", "Bob")
    ann.sees("Bob", "Jo", timeout=SOON)
    bob.sees("Ann", "Jo", timeout=SOON)

    ann.do("/chat", "Bob", "Jo")
    chat = bob.event("invitation", SOON, **{"from": "Ann"})["id"]
    bob.do("/accept", str(chat))
    everybody = ["Ann", "Bob", "Jo"]

    def members_are(peer, names):
        kind = "chat" if peer is jo else "conversation"

        def known():
            told = [event for event in peer.events(kind) if event["id"] == chat]
            return told and sorted(told[-1]["members"]) == names
        peer.wait(f"{peer.name} knows the members {names}", known, SOON)

    for peer in (ann, bob, jo):
        members_are(peer, everybody)
    ann.do("/say", str(chat), "from Ann")
    bob.do("/say", str(chat), "from Bob")
    jo.do("say", chat, "from Jo")
    for name in ("Ann", "Bob"):
        jo.event("request", SOON, verb="MESSAGE", args=[chat, name, f"from {name}"])
    for peer in (ann, bob):
        for name in everybody:
            peer.event("message", SOON, id=chat, text=f"from {name}", own=name == peer.name, **{"from": name})
    jo.do("leave", chat)
    for peer in (ann, bob):
        members_are(peer, ["Ann", "Bob"])
    bob.do("/leave", str(chat))
    members_are(ann, ["Ann"])
