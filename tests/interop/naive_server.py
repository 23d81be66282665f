# -*- coding: utf-8 -*-
"""The IM server of somebody who has the course's slides and nothing else.

One thread for each client, pickle.load straight from the socket's file, send to each member in turn. It runs
unchanged on Jython 2.7 and on CPython 3. Loopback only. It is a test's partner: see "Output".

Usage:

    python3 naive_server.py [OPTION]... [+ [OPTION]...]...
    jython  naive_server.py [OPTION]... [+ [OPTION]...]...

Each "+" starts one more server, with options of its own, in the same process (Jython takes seconds to start).

    --port N            port on 127.0.0.1; 0, the default, takes any free one
    --proto N           pickle protocol; 0 by default, as pickle.dumps(x) has it in Python 2
    --ids int|str       conversation ids 1, 2, ... or "c1", "c2", ...; int by default
    --text str|unicode  Jython only: in which of its two string types names and texts go out; str by default
    --no-echo           a message does not go back to its sender
    --relay VERB        the verb of a relayed message: MESSAGE (default) or SEND_MESSAGE
    --errors pickle|raw the text of ERROR pickled (default), or as it is
    --tuples            lists go out as tuples
    --dribble           one byte a send
    --coalesce          what is to be sent within 30 ms goes out in one send
    --strict            one recv(1024) is one message and data[0:data.find(' ')] its verb; anything glued to it, or
                        cut off from it, is told as "broken" and ends the connection
    --period SECONDS    also send ONLINE_USERS so often; 0, the default: only on changes

and once, anywhere:

    --stdin             take commands from standard input, one a line, and end when it ends:
                            quit
                            raw NAME HEX    send these bytes to the client who registered as NAME
                            kick NAME       close the connection of NAME without a word

Output, one JSON object a line on standard output, flushed:

    {"event": "listening", "server": PORT}                               for each server, in the order given
    {"event": "received", "server": PORT, "from": NAME or null, "verb": VERB, "args": ARGUMENT}
    {"event": "gone", "server": PORT, "from": NAME or null}              the connection has ended
    {"event": "broken", "server": PORT, "from": NAME or null, "why": TEXT}   it sent what could not be read
"""
import io
import json
import pickle
import socket
import sys
import threading
import time

PYTHON2 = sys.version_info[0] == 2
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
    if isinstance(value, (set, frozenset)):
        return sorted([plain(v) for v in value])
    return value


def tell(**what):
    line = json.dumps(plain(what), sort_keys=True) + "\n"
    with printing:
        sys.stdout.write(line)
        sys.stdout.flush()


class Options:
    def __init__(self, words):
        self.port = 0
        self.proto = 0
        self.ids = "int"
        self.text = "str"
        self.echo = True
        self.relay = "MESSAGE"
        self.errors = "pickle"
        self.tuples = False
        self.dribble = False
        self.coalesce = False
        self.strict = False
        self.period = 0.0
        while words:
            word = words.pop(0)
            if word == "--port":
                self.port = int(words.pop(0))
            elif word == "--proto":
                self.proto = int(words.pop(0))
            elif word == "--ids":
                self.ids = words.pop(0)
            elif word == "--text":
                self.text = words.pop(0)
            elif word == "--no-echo":
                self.echo = False
            elif word == "--relay":
                self.relay = words.pop(0)
            elif word == "--errors":
                self.errors = words.pop(0)
            elif word == "--tuples":
                self.tuples = True
            elif word == "--dribble":
                self.dribble = True
            elif word == "--coalesce":
                self.coalesce = True
            elif word == "--strict":
                self.strict = True
            elif word == "--period":
                self.period = float(words.pop(0))
            else:
                sys.stderr.write("naive_server.py: what is %s? See the head of the file.\n" % word)
                sys.exit(2)

    def own_strings(self, value):
        """The value with the string type and the sequence type that were asked for."""
        if isinstance(value, dict):
            return dict([(self.own_strings(k), self.own_strings(v)) for k, v in value.items()])
        if isinstance(value, (list, tuple)):
            parts = [self.own_strings(v) for v in value]
            if self.tuples:
                return tuple(parts)
            return parts
        if PYTHON2:
            if self.text == "str" and isinstance(value, unicode):  # noqa: F821
                return value.encode("utf-8")
            if self.text == "unicode" and isinstance(value, str):
                return value.decode("utf-8")
        return value


class Broken(Exception):
    pass


class Handler:
    """One client."""

    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.file = sock.makefile("rb")
        self.name = None
        self.sending = threading.Lock()
        self.waiting = []
        if server.options.coalesce:
            self.start(self.send_now_and_then)
        self.start(self.handle)

    def start(self, function):
        thread = threading.Thread(target=function)
        thread.daemon = True
        thread.start()

    # Sending

    def send(self, verb, args):
        args = self.server.options.own_strings(args)
        self.send_bytes(verb.encode("ascii") + b" " + pickle.dumps(args, self.server.options.proto))

    def send_error(self, text):
        if self.server.options.errors == "raw":
            self.send_bytes(b"ERROR " + text.encode("utf-8"))
        else:
            self.send("ERROR", text)

    def send_bytes(self, data):
        with self.sending:
            if self.server.options.coalesce:
                self.waiting.append(data)
            else:
                self.write(data)

    def send_now_and_then(self):
        while self.sock is not None:
            time.sleep(0.03)
            with self.sending:
                data = b"".join(self.waiting)
                self.waiting = []
                if data:
                    self.write(data)

    def write(self, data):
        try:
            if self.server.options.dribble:
                for i in range(len(data)):
                    self.sock.sendall(data[i:i + 1])
            else:
                self.sock.sendall(data)
        except Exception:
            pass    # its own thread will notice

    # Receiving

    def receive(self):
        """(verb, args) of the next message, or None at the end."""
        if self.server.options.strict:
            data = self.sock.recv(1024)
            if not data:
                return None
            # Exactly as in the slides: with no space in it, this cuts the last letter.
            verb = data[0:data.find(b" ")].decode("latin-1")
            rest = io.BytesIO(data[data.find(b" ") + 1:])
            if verb not in self.server.table:
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
                if verb == b"GOODBYE":
                    return "GOODBYE", None
                if verb:
                    raise Broken("ended within " + repr(verb))
                return None
            if c == b" ":
                break
            if c not in b"\r\n":
                verb = verb + c
        verb = verb.decode("latin-1")
        if verb not in self.server.table:
            raise Broken("no such verb: " + repr(verb))
        return verb, pickle.load(self.file)

    def handle(self):
        port = self.server.port
        try:
            while 1:
                message = self.receive()
                if message is None:
                    break
                verb, args = message
                tell(event="received", server=port, verb=verb, args=args, **{"from": self.name})
                if verb == "GOODBYE":
                    break
                self.server.table[verb](self, args)
        except Exception:
            tell(event="broken", server=port, why=repr(sys.exc_info()[1]), **{"from": self.name})
        self.server.forget(self)
        self.close()
        tell(event="gone", server=port, **{"from": self.name})

    def close(self):
        sock = self.sock
        self.sock = None
        if sock is not None:
            try:
                self.file.close()
                sock.shutdown(socket.SHUT_RDWR)
            except Exception:
                pass
            try:
                sock.close()
            except Exception:
                pass


class Server:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.clients = {}       # name -> Handler
        self.status = {}        # name -> status
        self.conversations = {}     # id -> list of names
        self.next = 1
        self.table = {
            "REGISTER": self.register,
            "STATUS": self.set_status,
            "GOODBYE": None,
            "INVITE": self.invite,
            "LIST_CONVERSATIONS": self.list_conversations,
            "JOIN": self.join,
            "SEND_MESSAGE": self.send_message,
            "LEAVE": self.leave,
        }
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", options.port))
        self.sock.listen(50)
        self.port = self.sock.getsockname()[1]
        tell(event="listening", server=self.port)

    def run(self):
        while 1:
            sock, peer = self.sock.accept()
            # Else the system would put dribbled bytes together again.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Handler(self, sock)

    def run_periodically(self):
        while 1:
            time.sleep(self.options.period)
            self.tell_online_users()

    def tell_online_users(self):
        with self.lock:
            status = dict(self.status)
            clients = list(self.clients.values())
        for client in clients:
            client.send("ONLINE_USERS", status)

    def register(self, client, args):
        name, status = args
        with self.lock:
            taken = name in self.clients
            if not taken:
                client.name = name
                self.clients[name] = client
                self.status[name] = status
        if taken:
            client.send_error("The name is taken")
        else:
            self.tell_online_users()

    def set_status(self, client, args):
        with self.lock:
            self.status[client.name] = args[0]
        self.tell_online_users()

    def forget(self, client):
        with self.lock:
            if self.clients.get(client.name) is not client:
                return
            del self.clients[client.name]
            del self.status[client.name]
            for members in self.conversations.values():
                if client.name in members:
                    members.remove(client.name)
        self.tell_online_users()

    def invite(self, client, names):
        with self.lock:
            conversation = self.next
            if self.options.ids == "str":
                conversation = "c%d" % self.next
            self.next = self.next + 1
            self.conversations[conversation] = []
            invited = [self.clients[n] for n in names if n in self.clients and n != client.name]
        for other in [client] + invited:
            other.send("INVITATION", [conversation, client.name])

    def list_conversations(self, client, args):
        with self.lock:
            table = dict([(c, list(members)) for c, members in self.conversations.items()])
        client.send("CONVERSATIONS", table)

    def join(self, client, args):
        with self.lock:
            members = self.conversations.get(args[0])
            if members is not None and client.name not in members:
                members.append(client.name)
        if members is None:
            client.send_error("There is no such conversation")

    def leave(self, client, args):
        with self.lock:
            members = self.conversations.get(args[0], [])
            if client.name in members:
                members.remove(client.name)

    def send_message(self, client, args):
        conversation, text = args
        with self.lock:
            members = [n for n in self.conversations.get(conversation, []) if self.options.echo or n != client.name]
            receivers = [self.clients[n] for n in members if n in self.clients]
        for receiver in receivers:
            receiver.send(self.options.relay, [conversation, client.name, text])


def find(servers, name):
    for server in servers:
        for known, client in list(server.clients.items()):
            if plain(known) == plain(name):
                return client
    return None


def obey(servers):
    """Commands from standard input."""
    while 1:
        line = sys.stdin.readline()
        if not line or line.strip() == "quit":
            return
        words = line.split()
        client = None
        if len(words) > 1:
            client = find(servers, words[1])
        if client is None:
            sys.stderr.write("naive_server.py: cannot do %r\n" % line)
        elif words[0] == "raw":
            client.send_bytes(bytes(bytearray([int(words[2][i:i + 2], 16) for i in range(0, len(words[2]), 2)])))
        elif words[0] == "kick":
            client.close()


def main(words):
    from_stdin = "--stdin" in words
    words = [w for w in words if w != "--stdin"]
    groups = [[]]
    for word in words:
        if word == "+":
            groups.append([])
        else:
            groups[-1].append(word)
    servers = [Server(options) for options in [Options(group) for group in groups]]
    functions = [s.run for s in servers] + [s.run_periodically for s in servers if s.options.period]
    for function in functions:
        thread = threading.Thread(target=function)
        thread.daemon = True
        thread.start()
    if from_stdin:
        obey(servers)
    else:
        while 1:
            time.sleep(3600)


if __name__ == "__main__":
    main(sys.argv[1:])
