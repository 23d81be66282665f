"""Whether docs/protocol.md tells the truth about peers: its example is played against klatch-cli."""
import os
import queue
import re
import socket
import struct
import subprocess
import tempfile
import threading

from peers import Klatch

DOCUMENT = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "docs", "protocol.md")
#: What takes one connection or a few.
SOON = 10
#: The id of ann's chat in the document, as she and as Python write it.
CHAT, CHAT_IN_PYTHON = b"J\xe8\x03\x00\x00", b"M\xe8\x03"


class Here:
    """The computer on which this runs, which is in a network of its own and has nothing but loopback."""

    @staticmethod
    def command(words):
        return list(words)


class Peer:
    """Somebody who gets requests, and replies what the test says."""

    def __init__(self, port):
        self.requests, self.replies = queue.Queue(), queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                # Each request is one write.
                self.requests.put(connection.recv(65536))
                connection.sendall(self.replies.get(timeout=SOON))


def example():
    """The lines of the example, as (who, sign, rest)."""
    with open(DOCUMENT, encoding="utf-8") as file:
        block = re.search(r"\n```peers\n(.*?)\n```", file.read(), re.S).group(1)
    return [re.fullmatch(r"(\w*)([$=]|>\w+)(?: (.*))?", line).groups() for line in block.splitlines() if line]


def as_bytes(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def read(connection):
    connection.settimeout(SOON)
    return b"".join(iter(lambda: connection.recv(4096), b""))


def test_the_example_of_the_document(_):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    folder = tempfile.mkdtemp(prefix="klatch-document-")
    os.makedirs(os.path.join(folder, "shared", "notes"))
    with open(os.path.join(folder, "shared", "notes", "week 1.txt"), "w") as file:
        file.write("Read chapter 3.\n")
    ann = Klatch(Here, "ann", "--port", "7001", "--share", os.path.join(folder, "shared"), "--downloads", folder)
    ann.event("state", SOON, state="online")
    others = {"bob": Peer(7002), "carl": Peer(7003)}
    chat = [1000]
    lines, asked = example(), None

    def here(text):
        """Bytes of the document, with the id that ann's chat has this time."""
        number = struct.pack("<i", chat[0])
        return as_bytes(text).replace(CHAT, b"J" + number).replace(CHAT_IN_PYTHON, b"J" + number)

    for nth, (who, sign, rest) in enumerate(lines):
        if sign not in "=$" and asked:
            # What has no reply in the document gets none.
            assert read(asked) == b"", (who, rest)
            asked = None
        if sign == "$":
            ann.write(rest.replace("1000", str(chat[0])))
        elif sign == "=" and asked:
            assert read(asked) == here(rest), rest
            asked = None
        elif sign == ">ann":
            mark = ann.mark()
            asked = socket.create_connection(("127.0.0.1", 7001))
            asked.sendall(here(rest))
            for verb, event in (("INVITE", "invitation"), ("OFFER_FILE", "offer"), ("MESSAGE", "message")):
                if rest.startswith(verb):
                    ann.event(event, SOON, after=mark)
        elif who == "ann":
            peer = others[sign[1:]]
            reply = lines[nth + 1][2] if lines[nth + 1:] and lines[nth + 1][1] == "=" else ""
            peer.replies.put(as_bytes(reply))
            got = peer.requests.get(timeout=SOON)
            if rest.startswith("INVITE"):
                chat[0] = struct.unpack("<i", got[got.index(b"J") + 1:][:4])[0]
            assert got == here(rest), (got, here(rest))
            if "GET_USER_INFO" in rest:
                ann.sees(*list(others)[:list(others).index(sign[1:]) + 1])
    done = ann.event("transfer", SOON, direction="in", state="done")
    with open(done["path"]) as file:
        assert file.read() == "A\n"
