"""Klatch and peers of whose every byte the tests decide: all ways of asking, peers that are only known by their address, and
peers that lie."""
import os
import pickle
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import zeroconf

from peers import Klatch
from raw import RawPeer, ask, connect, on, port_of, read_all, request
from waiting import poll, stays

#: What takes one connection or a few.
SOON = 10

FILES = {"a.txt": b"short", "a.txt.bak": b"longer name", "with space.txt": b"space", 'it\'s "x".txt': b"quotes",
         "über 張.txt": b"no ASCII", "sub/deep/file.txt": b"folder", "N.": b"looks like a pickle", "I5": b"too", "empty": b"",
         " begins with a blank": b"blank", "large.bin": bytes(range(256)) * 8192}


def folder(**files):
    made = tempfile.mkdtemp(prefix="klatch-raw-")
    for name, content in files.items():
        path = os.path.join(made, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    return made


def klatch_and_a_host(network, name="Ann", *options):
    """A Klatch peer, where it listens, and another computer."""
    here, there = network.host(), network.host()
    network.settle()
    klatch = Klatch(here, name, *options)
    return klatch, (here.address, port_of(klatch)), there


def test_a_request_may_be_written_in_any_form(network):
    shared = folder(**FILES)
    os.symlink("/etc/passwd", os.path.join(shared, "out"))
    os.mkfifo(os.path.join(shared, "pipe"))
    ann, to, there = klatch_and_a_host(network, "Ann", "--share", shared)
    poll("the shared folder is open", lambda: pickle.loads(ask(there, to, b"LIST_FILES")) != [])
    for behind in (b"", b" ", b"\n", b"\r\n", b" N.", b" (t.", b" S''\np0\n.", b" \x80\x02N.", b" ]."):
        for closes in (False, True):
            info = pickle.loads(ask(there, to, b"GET_USER_INFO" + behind, closes=closes))
            assert (info["name"], info["status"]) == ("Ann", "online") and info["host"], (behind, info)
            assert sorted(pickle.loads(ask(there, to, b"LIST_FILES" + behind, closes=closes))) == sorted(FILES), behind
    assert len(pickle.loads(ask(there, to, b"LIST", b"_FILES", b" ", b"N", b"."))) == len(FILES)
    ways = [(name, way) for name in FILES for way in (
        name.encode(), name.encode() + b"\n", name.encode() + b"\r\n", pickle.dumps([name], 2),
        *(pickle.dumps(name, protocol) for protocol in range(5)))]
    with ThreadPoolExecutor(8) as pool:
        for content, (name, way) in zip(pool.map(lambda way: ask(there, to, b"GET_FILE " + way[1]), ways), ways):
            assert content == FILES[name], (name, way)
    # What follows the request does not take the reply away.
    assert ask(there, to, b"GET_FILE large.bin\n", b"x" * 5000) == FILES["large.bin"]
    for name in ("nothing", "../a.txt", "/etc/passwd", "out", "pipe", "sub", "sub/../a.txt", "./a.txt", shared + "/a.txt"):
        assert ask(there, to, b"GET_FILE " + name.encode(), b"\r\n") == b"", name
    # Nobody of that name is known, even if one waits a little.
    nobodys = [("INVITE", 1, "Jo"), ("OFFER_FILE", "Jo", "f"), ("CHAT_STATUS", 1, "Jo", ["Jo"]), ("MESSAGE", 1, "Jo", "hi"),
               ("GOODBYE", 1, "Jo"), ("CLOSE_CHAT", 1, "Jo")]
    with ThreadPoolExecutor(len(nobodys)) as pool:
        replies = list(pool.map(lambda words: ask(there, to, request(*words)), nobodys))
    assert replies == [b"NACK"] + [b""] * 5, replies
    ann.quit()
    assert ann.exited(SOON) == 0


def test_a_peer_at_a_given_address_can_do_everything(network):
    files = {"x.txt": b"some text", "empty": b"", "../../evil.txt": b"evil", "/tmp/also evil": b"too", "..\\win.txt": b"w"}
    downloads = folder()
    ann, to, there = klatch_and_a_host(network, "Ann", "--downloads", downloads)
    jo = RawPeer(there, "Jo", LIST_FILES=lambda data: pickle.dumps(list(files), 0),
                 GET_FILE=lambda data: {**files, "offered": b"yes"}.get(data[9:].decode(), b""))
    ann.do("/add", "%s:%d" % jo.address)
    ann.sees("Jo", timeout=SOON)
    ann.do("/files", "Jo")
    assert sorted(ann.event("files", SOON, peer="Jo")["files"]) == sorted(files)
    for name, content in files.items():
        mark = ann.mark()
        ann.do("/get", "Jo", name)
        path = ann.event("transfer", SOON, mark, file=name, state="done")["path"]
        assert os.path.dirname(path) == downloads, path
        with open(path, "rb") as file:
            assert file.read() == content, name
    mark = ann.mark()
    ann.do("/get", "Jo", "nothing")
    ann.event("transfer", SOON, mark, file="nothing", state="failed")
    # An offered file need not be in the list, even if there is nothing in it.
    files_in_list = dict(files)
    files.clear()
    for name, size in (("offered", 3), ("offered and empty", 0)):
        assert ask(there, to, request("OFFER_FILE", "Jo._klatch._tcp.local.", name)) == b""
        offer = ann.event("offer", SOON, peer="Jo", file=name)["id"]
        mark = ann.mark()
        ann.do("/accept", str(offer))
        assert ann.event("transfer", SOON, mark, file=name, state="done")["done"] == size
    assert len(os.listdir(downloads)) == len(files_in_list) + 2, os.listdir(downloads)

    for answer in (b"ACK", b" ack\r\n", pickle.dumps("ACK", 0), pickle.dumps(("ACK",), 2)):
        jo.replies["INVITE"] = answer
        mark, asked = ann.mark(), len(jo.requests)
        ann.do("/chat", "Jo")
        chat, inviter = jo.got("INVITE", after=asked)
        assert inviter == "Ann"
        ann.event("conversation", SOON, mark, id=chat, state="open")
        assert jo.got("CHAT_STATUS", after=asked) == (chat, "Ann", ["Ann", "Jo"])
        ann.do("/say", str(chat), "two  blanks")
        assert jo.got("MESSAGE", after=asked) == (chat, "Ann", "two  blanks")
        ask(there, to, request("MESSAGE", chat, "Jo", "back"))
        ann.event("message", SOON, mark, id=chat, text="back", own=False)
        ask(there, to, request("GOODBYE", chat, "Jo"))
        poll("Jo has left", lambda: ann.events("conversation", mark)[-1]["members"] == ["Ann"])
    for chat in (1, 2 ** 70, "a room", 1.5):
        mark, asked, replies = ann.mark(), len(jo.requests), []
        inviting = threading.Thread(
            target=lambda: replies.append(ask(there, to, request("INVITE", chat, "Jo", protocol=2))))  # noqa: B023
        inviting.start()
        assert ann.event("invitation", SOON, mark)["id"] == chat
        ann.do("/accept", str(chat))
        inviting.join(SOON)
        assert replies == [b"ACK"], replies
        ask(there, to, request("CHAT_STATUS", chat, "Jo", ["Jo", "Ann", "Kim"], protocol=2))
        ann.event("conversation", SOON, mark, id=chat, members=["Ann", "Jo", "Kim"])
        # A text is said to miss only those whom it could not reach.
        ann.write(f'/say "{chat}" hello')
        assert jo.got("MESSAGE", after=asked) == (chat, "Ann", "hello")
        told = ann.event("error", SOON, mark)["message"]
        assert "Kim" in told and "Jo" not in told, told
        ask(there, to, request("CLOSE_CHAT", chat, "Jo", protocol=2))
        ann.event("conversation", SOON, mark, id=chat, state="ended")


def test_only_who_may_is_believed(network):
    ann, to, there = klatch_and_a_host(network)
    elsewhere = network.host()
    network.settle()
    secret = os.path.join(folder(secret=b"for Jo alone"), "secret")
    jo = RawPeer(there, "Jo", INVITE=b"ACK")
    ann.do("/add", "%s:%d" % jo.address)
    ann.sees("Jo", timeout=SOON)
    ann.do("/offer", "Jo", secret)
    assert jo.got("OFFER_FILE") == ("Ann", "secret")
    assert ask(there, to, b"GET_FILE secret") == b"for Jo alone"
    assert ask(elsewhere, to, b"GET_FILE secret") == b""

    ann.do("/chat", "Jo")
    chat, _ = jo.got("INVITE")
    members = ann.event("conversation", SOON, id=chat, state="open")["members"]
    # Whoever is heard by the name that they tell has no other one.
    ask(there, to, request("MESSAGE", chat, "Jo", "It is me."))
    ann.event("message", SOON, text="It is me.")
    lies = []
    for host, name in ((elsewhere, "Jo"), (elsewhere, "Ann"), (elsewhere, "Kim"), (there, "Kim"), (there, "Ann")):
        for verb, rest in (("MESSAGE", ("forged",)), ("GOODBYE", ()), ("CLOSE_CHAT", ()), ("CHAT_STATUS", (["Kim"],))):
            lies.append((host, request(verb, chat, name, *rest), b""))
        lies.append((host, request("OFFER_FILE", name, "forged"), b""))
        lies.append((host, request("INVITE", 5, name), b"NACK"))
    # Whoever is not known yet may be announced in a moment, so each takes its time.
    with ThreadPoolExecutor(len(lies)) as pool:
        for reply, (_, lie, wanted) in zip(pool.map(lambda lie: ask(lie[0], to, lie[1]), lies), lies):
            assert reply == wanted, (lie, reply)
    # Jo is a member, but did not start it.
    ask(there, to, request("CLOSE_CHAT", chat, "Jo"))
    ask(there, to, request("CHAT_STATUS", chat, "Jo", ["Jo"]))
    stays("nothing forged counts", lambda: not [e for e in ann.events() if "forged" in str(e)] and not ann.events("invitation")
          and ann.events("conversation")[-1] == {"event": "conversation", "id": chat, "members": members, "state": "open"})
    # Somebody else at a given address may call themselves as they like, and takes nobody's place.
    liar = RawPeer(elsewhere, "Jo")
    ann.do("/add", "%s:%d" % liar.address)
    ann.sees("Jo", "Jo (2)", timeout=SOON)
    assert ann.peers()["Jo"]["address"] == there.address, ann.peers()


def test_a_request_that_is_understood_in_one_form_is_written_so_from_then_on(network):
    ann, _, there = klatch_and_a_host(network)
    for name, form in (("Jo", b""), ("Kim", b" ")):
        peer = RawPeer(there, name)
        for verb, value in (("GET_USER_INFO", {"name": name}), ("LIST_FILES", ["f"])):
            whole = verb.encode() + form
            peer.replies[verb] = lambda data, whole=whole, value=value: pickle.dumps(value, 0) if data == whole else b""
        ann.do("/add", "%s:%d" % peer.address)
        ann.wait(f"sees {name}", lambda: name in ann.peers(), SOON)  # noqa: B023
        known = len(peer.requests)
        for _ in range(2):
            mark = ann.mark()
            ann.do("/files", name)
            ann.event("files", SOON, mark, peer=name, files=["f"])
        assert peer.requests[known:] == [b"LIST_FILES" + form] * 2, peer.requests


def test_a_peer_with_no_text_record_and_a_dot_in_its_name(network):
    ann, to, there = klatch_and_a_host(network)
    jo = RawPeer(there, "J. Jones", INVITE=b"ACK\n")
    with on(there):
        dns = zeroconf.Zeroconf(interfaces=[there.address])
    full = "J. Jones._klatch._tcp.local."
    dns.register_service(zeroconf.ServiceInfo("_klatch._tcp.local.", full, port=jo.address[1], server="jones.local.",
                                              addresses=[socket.inet_aton(there.address)]))
    ann.sees("J. Jones", timeout=SOON)
    assert ann.peers()["J. Jones"]["port"] == jo.address[1]
    with connect(there, to) as sock:
        sock.sendall(request("INVITE", "x", full))
        assert ann.event("invitation", SOON)["from"] == "J. Jones"
        ann.do("/accept", "x")
        assert read_all(sock) == b"ACK"
    ask(there, to, request("CHAT_STATUS", "x", full, [full, "Ann._klatch._tcp.local."]))
    ask(there, to, request("MESSAGE", "x", full, "hello"))
    ann.event("message", SOON, text="hello", **{"from": "J. Jones"})
    assert ann.events("conversation")[-1]["members"] == ["Ann", "J. Jones"]
    dns.close()
    ann.sees(timeout=SOON)
