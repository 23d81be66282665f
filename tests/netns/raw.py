"""Sockets on the computers of a `network.Network`, and a peer of whose bytes each test decides itself."""
import contextlib
import ctypes
import os
import pickle
import socket
import threading
import time

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def on(host):
    """Sockets that this thread makes are that host's, for as long as they live."""
    own, other = (os.open(path, os.O_RDONLY) for path in ("/proc/thread-self/ns/net", f"/run/netns/{host.namespace}"))
    try:
        if _libc.setns(other, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        _libc.setns(own, _CLONE_NEWNET)
        os.close(own)
        os.close(other)


def connect(host, to, timeout=15):
    with on(host):
        sock = socket.socket()
    sock.settimeout(timeout)
    sock.connect(to)
    return sock


def read_all(sock):
    """Everything until the other side closes, as the slides read a reply."""
    pieces = []
    while True:
        piece = sock.recv(1024)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def ask(host, to, *pieces, closes=False):
    """The whole reply to a request in these pieces. Our writing side stays open unless it `closes`."""
    with connect(host, to) as sock:
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(0.02)
            sock.sendall(piece)
        if closes:
            sock.shutdown(socket.SHUT_WR)
        return read_all(sock)


def request(verb, *arguments, protocol=0):
    """A request with a pickled tuple, as Python 2 writes it by default."""
    return verb.encode() + b" " + pickle.dumps(arguments, protocol)


def port_of(klatch):
    """The port on which a `peers.Klatch` listens."""
    return int(klatch.event("state", 10, state="online")["detail"].split()[-1])


class RawPeer:
    """A peer that takes one recv(1024) for a request. `replies` has a reply, or what makes one, for each verb."""

    def __init__(self, host, name, **replies):
        self.name = name
        self.requests = []
        self._news = threading.Condition()
        self.replies = {"GET_USER_INFO": pickle.dumps({"name": name, "status": "raw", "host": "here"}, 0), **replies}
        with on(host):
            self._sock = socket.socket()
        self._sock.bind((host.address, 0))
        self._sock.listen(50)
        self.address = self._sock.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            sock, _ = self._sock.accept()
            threading.Thread(target=self._handle, args=(sock,), daemon=True).start()

    def _handle(self, sock):
        with sock:
            data = sock.recv(1024)
            with self._news:
                self.requests.append(data)
                self._news.notify_all()
            reply = self.replies.get(data.split(b" ")[0].decode(), b"")
            # Whoever has asked may not want all of it.
            with contextlib.suppress(ConnectionError):
                sock.sendall(reply(data) if callable(reply) else reply)

    def got(self, verb, timeout=10, after=0):
        """Waits for a request, from the `after`th on; its argument, unpickled."""
        begin = verb.encode() + b" "
        with self._news:
            there = self._news.wait_for(
                lambda: [data for data in self.requests[after:] if data.startswith(begin)], timeout)
        assert there, f"no {verb} within {timeout} s, only {self.requests[after:]}"
        return pickle.loads(there[0][len(begin):])
