"""The protocol on the wire, for tests that look at the bytes themselves.

`Recorder` stands between a client and a server and notes down what passes; `ScriptedServer` is a server that does as the
test says, good or bad. Both listen on a free port of 127.0.0.1.
"""
import io
import pickle
import pickletools
import socket
import threading

from waiting import poll

WITHOUT_ARGUMENT = ("GOODBYE", "LIST_CONVERSATIONS")


def free_port():
    """A port of this computer that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Message:
    """One message: its verb, its argument, and its bytes."""

    def __init__(self, verb, argument, raw):
        self.verb, self.argument, self.raw = verb, argument, raw

    def __repr__(self):
        return f"{self.verb} {self.argument!r}"

    @property
    def protocol(self):
        """The number of the pickle protocol that it was written in."""
        return self.raw[len(self.verb) + 2] if self.raw[len(self.verb) + 1:len(self.verb) + 2] == b"\x80" else 0


def write(verb, argument=None, protocol=2):
    """A message as bytes."""
    return verb.encode() + b" " + pickle.dumps(argument, protocol)


def read(data):
    """The messages at the start of `data`, and the bytes that are left."""
    messages = []
    while True:
        verb, space, rest = data.partition(b" ")
        if not space:
            return messages, data
        stream = io.BytesIO(rest)
        try:
            for _ in pickletools.genops(stream):
                pass
        except Exception:  # noqa: BLE001  (there are many ways in which a pickle can be incomplete)
            return messages, data
        end = len(verb) + 1 + stream.tell()
        messages.append(Message(verb.decode("ascii"), pickle.loads(rest[:stream.tell()]), data[:end]))
        data = data[end:]


class Stream:
    """One direction of one connection, as far as it has been read."""

    def __init__(self):
        self.messages, self.pending, self.ended = [], b"", False

    def feed(self, data):
        new, self.pending = read(self.pending + data)
        self.messages += new
        return new


class Listener:
    """Accepts connections on a free port; each is served by a thread of its own."""

    def __init__(self, port=0):
        self.socket = socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.lock = threading.RLock()
        self.open = []
        self.received = []  # One Stream for each connection, of what its client sent.
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open.append(connection)
                stream = Stream()
                self.received.append(stream)
            threading.Thread(target=self._serve_until_end, args=(connection, stream), daemon=True).start()

    def _serve_until_end(self, connection, stream):
        try:
            self.serve(connection, stream)
        except OSError:
            pass
        finally:
            stream.ended = True
            self._end(connection)

    def _end(self, connection):
        with self.lock:
            if connection in self.open:
                self.open.remove(connection)
        # Closing alone would not wake a thread that waits for bytes, nor tell the other side.
        for end in (lambda: connection.shutdown(socket.SHUT_RDWR), connection.close):
            try:
                end()
            except OSError:
                pass

    def cut(self):
        """Ends all connections without a word."""
        for connection in list(self.open):
            self._end(connection)

    def close(self):
        """Ends all connections and listens no more."""
        try:
            # Wakes the thread that accepts.
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.cut()

    # --- What the client has sent.

    def messages(self, verb=None):
        """All messages of all connections, or those of one verb, in order."""
        with self.lock:
            return [m for stream in self.received for m in stream.messages if verb is None or m.verb == verb]

    def sent(self, verb):
        """The arguments of all messages with that verb."""
        return [message.argument for message in self.messages(verb)]

    def wait_sent(self, verb, *arguments, timeout=10):
        """Waits until the client has sent exactly these with that verb, in this order."""
        wanted = list(arguments)
        poll(lambda: f"{verb} {wanted}; there were {self.messages()}", lambda: self.sent(verb) == wanted, timeout)

    def wait_last(self, verb, timeout=10):
        """The argument of the last message with that verb, as soon as there is one."""
        return poll(f"{verb} from the client", lambda: self.sent(verb), timeout)[-1]


class Recorder(Listener):
    """Passes everything on to a server, and notes it down; `upstream` is whatever has the server's `address`."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.relayed = []  # One Stream for each connection, of what the server sent.
        super().__init__()

    def serve(self, connection, stream):
        host, port = self.upstream.address.rsplit(":", 1)
        upstream = socket.create_connection((host, int(port)))
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = Stream()
        with self.lock:
            self.relayed.append(back)
        threading.Thread(target=self._relay, args=(upstream, connection, back), daemon=True).start()
        try:
            self._pass(connection, upstream, stream)
        finally:
            self._end(upstream)

    def _relay(self, upstream, connection, back):
        try:
            self._pass(upstream, connection, back)
        except OSError:
            pass
        finally:
            self._end(connection)

    def _pass(self, source, target, stream):
        while data := source.recv(65536):
            with self.lock:
                stream.feed(data)
            target.sendall(data)

    def heard(self, verb):
        """The arguments of all messages with that verb that came from the server."""
        with self.lock:
            return [m.argument for stream in self.relayed for m in stream.messages if m.verb == verb]


class ScriptedServer(Listener):
    """Answers as a simple server does, for one client; everything else is pushed by the test.

    `users` are those that it tells the client of, with their statuses; `conversations` what it lists. `echo` says whether a
    text goes back to its sender, `relay` is the verb with which it does. `on` may replace what is done for a verb.
    """

    def __init__(self, users=None, echo=True, relay="MESSAGE", protocol=2, ids=None, port=0):
        self.users, self.conversations = dict(users or {}), {}
        self.echo, self.relay, self.protocol = echo, relay, protocol
        self.ids = iter(ids or range(1, 1000))
        self.name = None
        self.on = {"REGISTER": self.register, "STATUS": self.set_status, "INVITE": self.invite, "JOIN": self.join,
                   "LEAVE": self.leave, "SEND_MESSAGE": self.say, "LIST_CONVERSATIONS": self.list}
        super().__init__(port)

    def serve(self, connection, stream):
        while data := connection.recv(65536):
            with self.lock:
                new = stream.feed(data)
            for message in new:
                self.on.get(message.verb, lambda _: None)(message.argument)

    def push(self, verb, argument=None):
        """Sends a message to the client."""
        self.push_raw(write(verb, argument, self.protocol))

    def push_raw(self, data):
        """Sends bytes to the client."""
        with self.lock:
            for connection in self.open:
                connection.sendall(data)

    def register(self, argument):
        self.name, self.users[argument[0]] = argument[0], argument[1]
        self.push("ONLINE_USERS", self.users)

    def set_status(self, argument):
        self.users[self.name] = argument[0]
        self.push("ONLINE_USERS", self.users)

    def invite(self, _names):
        number = next(self.ids)
        self.conversations[number] = []
        self.push("INVITATION", [number, self.name])

    def join(self, argument):
        members = self.conversations.setdefault(argument[0], [])
        if self.name not in members:
            members.append(self.name)

    def leave(self, argument):
        members = self.conversations.get(argument[0], [])
        if self.name in members:
            members.remove(self.name)

    def say(self, argument):
        if self.echo:
            self.push(self.relay, [argument[0], self.name, argument[1]])

    def list(self, _argument):
        self.push("CONVERSATIONS", self.conversations)
