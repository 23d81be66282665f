# -*- coding: utf-8 -*-
"""The IM client of somebody who has the course's slides and nothing else.

A thread listens for messages, the main thread does what standard input says. It runs unchanged on Jython 2.7 and on
CPython 3. Loopback only. One process can be several clients, since Jython takes seconds to start.

Usage:

    python3 naive_client.py
    jython  naive_client.py

Standard input, one command a line; CLIENT is any word and names one of the clients, JSON is one JSON value:

    CLIENT connect {"port": N, OPTION: VALUE, ...}
    CLIENT VERB JSON        send the verb and the pickled argument, whatever they are
    CLIENT VERB             send a verb that has no argument, in the way that the option "bare" says
    CLIENT raw "HEX"        send these bytes
    CLIENT close            close the connection without a word
    quit                    end of everything; so does the end of the input

Options of a client:

    "proto": N          pickle protocol; 0 by default, as pickle.dumps(x) has it in Python 2
    "bare": TEXT        how a verb with no argument ends: "" (default) bare, " ", "\\n", or "none", "tuple", "list", "text"
                        for a pickled None, (), [] or ''
    "text": TYPE        Jython only: "str" (default) or "unicode", in which of its string types texts go out
    "tuples": true      lists go out as tuples
    "dribble": true     one byte a send
    "coalesce": true    what is to be sent within 30 ms goes out in one send
    "strict": true      one recv(1024) is one message, as in the slides; anything glued to it, or cut off from it, is
                        told as "broken" and ends the connection

Output, one JSON object a line on standard output, flushed:

    {"event": "ready"}                                           once, when commands are taken
    {"event": "received", "client": CLIENT, "verb": VERB, "args": ARGUMENT}
    {"event": "broken", "client": CLIENT, "why": TEXT}           received what could not be read; the client is dead
    {"event": "gone", "client": CLIENT}                          the connection has ended
"""
import io
import json
import pickle
import socket
import sys
import threading
import time

PYTHON2 = sys.version_info[0] == 2
VERBS = ["ONLINE_USERS", "INVITATION", "CONVERSATIONS", "MESSAGE", "SEND_MESSAGE", "ERROR"]
EMPTY = {"none": None, "tuple": (), "list": [], "text": ""}
printing = threading.Lock()


def plain(value):
    """The value as JSON can have it."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")
    if isinstance(value, dict):
        return dict([(str(plain(k)) if not PYTHON2 else plain(k), plain(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def tell(**what):
    line = json.dumps(plain(what), sort_keys=True) + "\n"
    with printing:
        sys.stdout.write(line)
        sys.stdout.flush()


class Broken(Exception):
    pass


class Client:
    def __init__(self, name, options):
        self.name = name
        self.proto = options.get("proto", 0)
        self.bare = options.get("bare", "")
        self.text = options.get("text", "str")
        self.tuples = options.get("tuples", False)
        self.dribble = options.get("dribble", False)
        self.coalesce = options.get("coalesce", False)
        self.strict = options.get("strict", False)
        self.sending = threading.Lock()
        self.waiting = []
        self.open = True
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.connect(("127.0.0.1", options["port"]))
        # Else the system would put dribbled bytes together again.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")
        self.start(self.listen)
        if self.coalesce:
            self.start(self.send_now_and_then)

    def start(self, function):
        thread = threading.Thread(target=function)
        thread.daemon = True
        thread.start()

    # Sending

    def own_types(self, value):
        if isinstance(value, dict):
            return dict([(self.own_types(k), self.own_types(v)) for k, v in value.items()])
        if isinstance(value, (list, tuple)):
            parts = [self.own_types(v) for v in value]
            if self.tuples:
                return tuple(parts)
            return parts
        if PYTHON2 and self.text == "str" and isinstance(value, unicode):  # noqa: F821
            return value.encode("utf-8")
        return value

    def send(self, verb, args):
        self.send_bytes(verb.encode("utf-8") + b" " + pickle.dumps(self.own_types(args), self.proto))

    def send_verb(self, verb):
        if self.bare in EMPTY:
            self.send(verb, EMPTY[self.bare])
        else:
            self.send_bytes(verb.encode("utf-8") + self.bare.encode("ascii"))

    def send_bytes(self, data):
        with self.sending:
            if self.coalesce:
                self.waiting.append(data)
            else:
                self.write(data)

    def send_now_and_then(self):
        while self.open:
            time.sleep(0.03)
            self.flush()

    def flush(self):
        with self.sending:
            data = b"".join(self.waiting)
            self.waiting = []
            if data:
                self.write(data)

    def write(self, data):
        try:
            if self.dribble:
                for i in range(len(data)):
                    self.sock.sendall(data[i:i + 1])
            else:
                self.sock.sendall(data)
        except Exception:
            pass    # the listening thread tells it

    def close(self):
        self.flush()
        self.open = False
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except Exception:
            pass
        try:
            self.file.close()
            self.sock.close()
        except Exception:
            pass

    # Receiving

    def receive(self):
        """(verb, args) of the next message, or None at the end."""
        if self.strict:
            data = self.sock.recv(1024)
            if not data:
                return None
            verb = data[0:data.find(b" ")].decode("latin-1")
            rest = io.BytesIO(data[data.find(b" ") + 1:])
            if verb not in VERBS:
                raise Broken("no such verb: " + repr(verb))
            try:
                args = pickle.load(rest)
            except Exception:
                raise Broken("one recv(1024) was not one message: " + repr(data))
            if rest.read():
                raise Broken("glued: " + repr(data))
            return verb, args
        verb = b""
        while 1:
            c = self.file.read(1)
            if not c:
                if verb:
                    raise Broken("ended within " + repr(verb))
                return None
            if c == b" ":
                break
            verb = verb + c
        verb = verb.decode("latin-1")
        if verb not in VERBS:
            raise Broken("no such verb: " + repr(verb))
        return verb, pickle.load(self.file)

    def listen(self):
        try:
            while 1:
                message = self.receive()
                if message is None:
                    break
                verb, args = message
                tell(event="received", client=self.name, verb=verb, args=args)
        except Exception:
            if self.open:
                tell(event="broken", client=self.name, why=repr(sys.exc_info()[1]))
        self.close()
        tell(event="gone", client=self.name)


def main():
    clients = {}
    tell(event="ready")
    while 1:
        line = sys.stdin.readline()
        if not line or line.strip() == "quit":
            break
        words = line.strip().split(" ", 2)
        name, verb = words[0], words[1]
        args = None
        if len(words) > 2:
            args = json.loads(words[2])
        if verb == "connect":
            clients[name] = Client(name, args)
        elif verb == "close":
            clients[name].close()
        elif verb == "raw":
            clients[name].send_bytes(bytes(bytearray([int(args[i:i + 2], 16) for i in range(0, len(args), 2)])))
        elif len(words) > 2:
            clients[name].send(verb, args)
        else:
            clients[name].send_verb(verb)
    for client in clients.values():
        client.flush()


if __name__ == "__main__":
    main()
