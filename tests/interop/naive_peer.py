# -*- coding: utf-8 -*-
"""The peer of somebody who has the course's slides and nothing else.

JmDNS to publish and discover, one thread for each connection, one recv(1024) for one request, a new connection for each
request of its own. It runs unchanged on Jython 2.7 with JmDNS and on CPython 3 with python-zeroconf. Nothing is done on
its own but answering: see "Standard input".

Usage:

    python3 naive_peer.py --name NAME --address IP [OPTION]...
    jython  naive_peer.py --name NAME --address IP [OPTION]...

    --name NAME         the mdns_name
    --address IP        the IPv4 address to listen on, to announce, and to discover on
    --type TYPE         the service type; _klatch._tcp.local. by default
    --port N            0, the default, takes any free one
    --share DIR         its files can be had; without it there are none
    --picture FILE      a picture of the user, told with the user info
    --downloads DIR     where files go that were got; the present folder by default
    --proto N           pickle protocol; 0 by default, as pickle.dumps(x) has it in Python 2
    --verbs HOW         how a request without argument goes out: "bare" (default, LIST_FILES), "space" (LIST_FILES and
                        a blank) or "none" (with a pickled None)
    --names HOW         how GET_FILE names its file: "raw" (default) or "pickle"
    --one-recv          one recv(1024) is a whole reply; by default it reads until the connection is closed
    --dispatch HOW      how it finds the verb of a request:
                            "find"   (default) data[0:data.find(' ')], which cuts the last letter where there is no space
                            "whole"  the whole of the data is compared: data == 'LIST_FILES'
                            "split"  data.split(' ')[0]
    --answers HOW       ACK and NACK as they are ("raw", default), with a line end ("line"), or pickled ("pickle")
    --text str|unicode  Jython only: in which of its two string types texts go out; str by default
    --lists HOW         the arguments as "tuple" (default) or "list"

Standard input, one JSON list a line; the end of the input is a quit:

    ["info", PEER]                  GET_USER_INFO
    ["files", PEER]                 LIST_FILES
    ["get", PEER, FILE]             GET_FILE
    ["offer", PEER, FILE]           OFFER_FILE
    ["invite", ID, PEER...]         INVITE, as the initiator; who answers ACK becomes a member
    ["answer", true|false]          how invitations are answered from now on; true at first
    ["say", ID, TEXT]               MESSAGE to every other member
    ["leave", ID]                   GOODBYE to the initiator
    ["close", ID]                   CLOSE_CHAT to every other member, as the initiator
    ["status", TEXT]                another status, in the TXT record and in the user info
    ["send", PEER, "HEX"]           these bytes on a new connection; the reply is told as "reply" of the verb "send"
    ["quit"]                        goodbye to the network, and end

Output, one JSON object a line on standard output, flushed:

    {"event": "ready", "name": NAME, "port": N}                 announced, under this name
    {"event": "found", "name": NAME, "address": IP, "addresses": [IP...], "port": N, "status": TEXT or null}
                                                                each time that it is told of
    {"event": "lost", "name": NAME}
    {"event": "request", "verb": VERB, "args": ARGUMENT, "data": HEX}    somebody asked for something
    {"event": "strange", "data": HEX}                           it was not understood; the connection was closed
    {"event": "reply", "verb": VERB, "peer": PEER, "value": REPLY}       for GET_FILE {"size": N, "path": PATH}
    {"event": "failed", "verb": VERB, "peer": PEER, "why": TEXT}
    {"event": "chat", "id": ID, "owner": NAME, "members": [NAME...]}     what it knows of a chat, whenever that changes
    {"event": "closed", "id": ID}
    {"event": "answers", "accepts": true|false}                 how invitations are answered from now on
"""
import json
import os
import pickle
import socket
import sys
import threading
import traceback

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
    return value


def tell(event, **what):
    what["event"] = event
    line = json.dumps(plain(what), sort_keys=True) + "\n"
    with printing:
        sys.stdout.write(line)
        sys.stdout.flush()


def hexed(data):
    return "".join(["%02x" % c for c in bytearray(data)])


def unhexed(text):
    return bytes(bytearray([int(text[i:i + 2], 16) for i in range(0, len(text), 2)]))


def load(data):
    if PYTHON2:
        return pickle.loads(data)
    return pickle.loads(data, encoding="utf-8")


class Options:
    def __init__(self, words):
        self.name = None
        self.address = None
        self.type = "_klatch._tcp.local."
        self.port = 0
        self.share = None
        self.picture = None
        self.downloads = "."
        self.proto = 0
        self.verbs = "bare"
        self.names = "raw"
        self.one_recv = False
        self.dispatch = "find"
        self.answers = "raw"
        self.text = "str"
        self.lists = "tuple"
        while words:
            word = words.pop(0)
            option = word[2:].replace("-", "_")
            if word == "--one-recv":
                self.one_recv = True
            elif word in ("--port", "--proto"):
                setattr(self, option, int(words.pop(0)))
            elif word.startswith("--") and hasattr(self, option):
                text = words.pop(0)
                if PYTHON2 and isinstance(text, bytes):
                    # Jython has the bytes of the command line, one a character.
                    text = text.decode("utf-8")
                setattr(self, option, text)
            else:
                sys.stderr.write("naive_peer.py: what is %s? See the head of the file.\n" % word)
                sys.exit(2)


# Discovery: JmDNS as in the slides, or what is nearest to it in Python 3. Both call found(name, ips, port, status) and
# lost(name), and have announce(name, ip, port, status), change(status) and close().

class WithJmdns:
    def __init__(self, options, found, lost):
        for jar in ("jmdns", "slf4j-api", "slf4j-nop"):
            sys.path.append("/usr/share/java/%s.jar" % jar)
        from java.net import InetAddress
        from javax.jmdns import JmDNS, ServiceListener

        class Listener(ServiceListener):
            def serviceAdded(self, event):
                event.getDNS().requestServiceInfo(event.getType(), event.getName())

            def serviceRemoved(self, event):
                lost(event.getName())

            def serviceResolved(self, event):
                info = event.getInfo()
                addresses = list(info.getInet4Addresses())
                if addresses:
                    found(event.getName(), [str(address.getHostAddress()) for address in addresses], info.getPort(),
                          info.getPropertyString("status"))

        self.type = options.type
        self.jmdns = JmDNS.create(InetAddress.getByName(options.address))
        self.jmdns.addServiceListener(self.type, Listener())

    def announce(self, name, address, port, status):
        from java.util import HashMap
        from javax.jmdns import ServiceInfo
        text = HashMap()
        text.put("txtvers", "1")
        text.put("status", status)
        self.info = ServiceInfo.create(self.type, name, port, 0, 0, text)
        self.jmdns.registerService(self.info)
        return self.info.getName()

    def change(self, status):
        from java.util import HashMap
        text = HashMap()
        text.put("txtvers", "1")
        text.put("status", status)
        self.info.setText(text)

    def close(self):
        self.jmdns.unregisterAllServices()
        self.jmdns.close()


class WithZeroconf:
    def __init__(self, options, found, lost):
        import zeroconf
        self.zeroconf = zeroconf
        self.type = options.type
        self.dns = zeroconf.Zeroconf(interfaces=[options.address])

        def bare(name):
            return name[:-len(self.type) - 1]

        class Listener(zeroconf.ServiceListener):
            def add_service(self, dns, type_, name):
                info = dns.get_service_info(type_, name)
                if info and info.parsed_addresses(zeroconf.IPVersion.V4Only):
                    status = info.properties.get(b"status")
                    found(bare(name), info.parsed_addresses(zeroconf.IPVersion.V4Only), info.port, status)

            def update_service(self, dns, type_, name):
                self.add_service(dns, type_, name)

            def remove_service(self, dns, type_, name):
                lost(bare(name))

        self.browser = zeroconf.ServiceBrowser(self.dns, self.type, Listener())

    def make_info(self, name, status):
        return self.zeroconf.ServiceInfo(
            self.type, "%s.%s" % (name, self.type), addresses=[socket.inet_aton(self.address)], port=self.port,
            properties={"txtvers": "1", "status": status}, server="%s-%d.local." % (socket.gethostname(), self.port))

    def announce(self, name, address, port, status):
        self.address, self.port = address, port
        self.info = self.make_info(name, status)
        self.dns.register_service(self.info, allow_name_change=True)
        self.name = self.info.name[:-len(self.type) - 1]
        return self.name

    def change(self, status):
        self.info = self.make_info(self.name, status)
        self.dns.update_service(self.info)

    def close(self):
        self.dns.unregister_all_services()
        self.dns.close()


class Chat:
    def __init__(self, owner, members):
        self.owner = owner
        self.members = members


class Peer:
    def __init__(self, options):
        self.options = options
        self.name = options.name
        self.status = "online"
        self.accepts = True
        self.lock = threading.Lock()
        self.peers = {}     # name -> (address, port)
        self.chats = {}     # id -> Chat
        self.table = {
            "GET_USER_INFO": self.get_user_info,
            "LIST_FILES": self.list_files,
            "GET_FILE": self.get_file,
            "OFFER_FILE": self.nothing,
            "INVITE": self.invited,
            "CHAT_STATUS": self.chat_status,
            "MESSAGE": self.nothing,
            "GOODBYE": self.goodbye,
            "CLOSE_CHAT": self.close_chat,
        }
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((str(options.address), options.port))
        self.sock.listen(50)
        port = self.sock.getsockname()[1]
        self.in_background(self.serve)
        if PYTHON2:
            self.dns = WithJmdns(options, self.found, self.lost)
        else:
            self.dns = WithZeroconf(options, self.found, self.lost)
        self.name = plain(self.dns.announce(self.name, options.address, port, self.status))
        tell("ready", name=self.name, port=port)

    def in_background(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments)
        thread.daemon = True
        thread.start()

    # Discovery

    def found(self, name, addresses, port, status):
        name = plain(name)
        if name != self.name:
            with self.lock:
                self.peers[name] = (addresses[0], int(port))
            tell("found", name=name, address=addresses[0], addresses=addresses, port=int(port), status=status)

    def lost(self, name):
        name = plain(name)
        with self.lock:
            self.peers.pop(name, None)
        tell("lost", name=name)

    # Strings and pickles

    def own_types(self, value):
        if isinstance(value, dict):
            return dict([(self.own_types(k), self.own_types(v)) for k, v in value.items()])
        if isinstance(value, tuple) and self.options.lists == "tuple":
            return tuple([self.own_types(v) for v in value])
        if isinstance(value, (list, tuple)):
            return [self.own_types(v) for v in value]
        if PYTHON2 and self.options.text == "str" and isinstance(value, unicode):  # noqa: F821
            return value.encode("utf-8")
        return value

    def dumps(self, value):
        return pickle.dumps(self.own_types(value), self.options.proto)

    # The server portion

    def serve(self):
        while 1:
            sock, peer = self.sock.accept()
            self.in_background(self.handle, sock)

    def handle(self, sock):
        try:
            data = sock.recv(1024)
            verb, rest = self.find_verb(data)
            if verb not in self.table:
                tell("strange", data=hexed(data))
            else:
                reply = self.table[verb](data, rest)
                if reply:
                    sock.sendall(reply)
        except Exception:
            sys.stderr.write(traceback.format_exc())
        sock.close()

    def find_verb(self, data):
        if self.options.dispatch == "whole" and data in (b"GET_USER_INFO", b"LIST_FILES"):
            return data.decode("latin-1"), b""
        if self.options.dispatch == "split":
            verb = data.split(b" ")[0]
        else:
            # Exactly as in the slides: with no space in it, this cuts the last letter.
            verb = data[0:data.find(b" ")]
        rest = data[data.find(b" ") + 1:]
        if self.options.dispatch == "whole" and verb in (b"GET_USER_INFO", b"LIST_FILES"):
            return None, rest
        return verb.decode("latin-1"), rest

    def asked(self, verb, data, args=None):
        tell("request", verb=verb, args=args, data=hexed(data))

    def get_user_info(self, data, rest):
        self.asked("GET_USER_INFO", data)
        info = {"name": self.name, "status": self.status, "host": self.options.address, "hobby": u"Caf\xe9"}
        if self.options.picture is not None:
            with open(self.options.picture, "rb") as f:
                info["picture"] = f.read()
        return self.dumps(info)

    def list_files(self, data, rest):
        self.asked("LIST_FILES", data)
        return self.dumps(self.files())

    def files(self):
        if self.options.share is None:
            return []
        return sorted([plain(name) for name in os.listdir(self.options.share)])

    def get_file(self, data, rest):
        name = plain(rest)
        if name not in self.files():
            try:
                name = plain(load(rest))
            except Exception:
                name = name.strip()
        self.asked("GET_FILE", data, name)
        if name not in self.files():
            return b""
        with open(os.path.join(self.options.share, name), "rb") as f:
            return f.read()

    def nothing(self, data, rest):
        """OFFER_FILE and MESSAGE: it is enough to show them."""
        self.asked(data[0:data.find(b" ")].decode("latin-1"), data, load(rest))

    def invited(self, data, rest):
        chat, owner = load(rest)
        self.asked("INVITE", data, [chat, owner])
        if self.accepts:
            with self.lock:
                self.chats[chat] = Chat(plain(owner), [])
        answer = self.accepts and "ACK" or "NACK"
        if self.options.answers == "pickle":
            return self.dumps(answer)
        return answer.encode("ascii") + (self.options.answers == "line" and b"\n" or b"")

    def chat_status(self, data, rest):
        chat, owner, members = load(rest)
        self.asked("CHAT_STATUS", data, [chat, owner, members])
        with self.lock:
            self.chats[chat] = Chat(plain(owner), plain(members))
        self.tell_chat(chat)

    def goodbye(self, data, rest):
        chat, who = load(rest)
        self.asked("GOODBYE", data, [chat, who])
        with self.lock:
            known = self.chats.get(chat)
            if known and known.owner == self.name and plain(who) in known.members:
                known.members.remove(plain(who))
        self.in_background(self.tell_members, chat)

    def close_chat(self, data, rest):
        chat, owner = load(rest)
        self.asked("CLOSE_CHAT", data, [chat, owner])
        with self.lock:
            self.chats.pop(chat, None)
        tell("closed", id=chat)

    # The client portion

    def tell_chat(self, chat):
        tell("chat", id=chat, owner=self.chats[chat].owner, members=self.chats[chat].members)

    def tell_members(self, chat):
        self.tell_chat(chat)
        members = list(self.chats[chat].members)
        for member in members:
            if member != self.name:
                self.request("CHAT_STATUS", member, (chat, self.name, members))

    def ask(self, verb, peer, data):
        """The reply; None if that could not be had."""
        try:
            with self.lock:
                address = self.peers[peer]
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sock.settimeout(130)    # an invitation waits for a person
            sock.connect(address)
            sock.sendall(data)
            # It is not said that this was all: a Jython server would close the connection, and its reply were lost.
            reply = sock.recv(1024)
            while not self.options.one_recv:
                more = sock.recv(65536)
                if not more:
                    break
                reply = reply + more
            sock.close()
            return reply
        except Exception:
            tell("failed", verb=verb, peer=peer, why=repr(sys.exc_info()[1]))
            return None

    def request(self, verb, peer, args):
        return self.ask(verb, peer, verb.encode("ascii") + b" " + self.dumps(args))

    def bare_request(self, verb, peer):
        if self.options.verbs == "none":
            reply = self.request(verb, peer, None)
        else:
            reply = self.ask(verb, peer, verb.encode("ascii") + (self.options.verbs == "space" and b" " or b""))
        if reply is not None:
            try:
                tell("reply", verb=verb, peer=peer, value=load(reply))
            except Exception:
                tell("failed", verb=verb, peer=peer, why="this is no pickle: " + repr(reply))

    def do_info(self, peer):
        self.bare_request("GET_USER_INFO", peer)

    def do_files(self, peer):
        self.bare_request("LIST_FILES", peer)

    def do_get(self, peer, name):
        if self.options.names == "pickle":
            reply = self.request("GET_FILE", peer, name)
        else:
            reply = self.ask("GET_FILE", peer, b"GET_FILE " + name.encode("utf-8"))
        if reply is not None:
            path = os.path.join(self.options.downloads, os.path.basename(name))
            with open(path, "wb") as f:
                f.write(reply)
            tell("reply", verb="GET_FILE", peer=peer, value={"size": len(reply), "path": path})

    def do_offer(self, peer, name):
        if self.request("OFFER_FILE", peer, (self.name, name)) is not None:
            tell("reply", verb="OFFER_FILE", peer=peer, value=None)

    def do_invite(self, chat, *peers):
        with self.lock:
            if chat not in self.chats:
                self.chats[chat] = Chat(self.name, [self.name])
        for peer in peers:
            self.in_background(self.invite, chat, peer)

    def invite(self, chat, peer):
        reply = self.request("INVITE", peer, (chat, self.name))
        if reply is None:
            return
        accepted = reply == b"ACK"
        if accepted:
            with self.lock:
                self.chats[chat].members.append(peer)
        tell("reply", verb="INVITE", peer=peer, value=reply)
        if accepted:
            self.tell_members(chat)

    def do_answer(self, accepts):
        self.accepts = accepts
        tell("answers", accepts=accepts)

    def do_say(self, chat, text):
        for member in list(self.chats[chat].members):
            if member != self.name:
                if self.request("MESSAGE", member, (chat, self.name, text)) is not None:
                    tell("reply", verb="MESSAGE", peer=member, value=None)

    def do_leave(self, chat):
        with self.lock:
            owner = self.chats.pop(chat).owner
        self.request("GOODBYE", owner, (chat, self.name))
        tell("closed", id=chat)

    def do_close(self, chat):
        with self.lock:
            members = self.chats.pop(chat).members
        for member in members:
            if member != self.name:
                self.request("CLOSE_CHAT", member, (chat, self.name))
        tell("closed", id=chat)

    def do_status(self, status):
        self.status = status
        self.dns.change(status)

    def do_send(self, peer, text):
        reply = self.ask("send", peer, unhexed(text))
        if reply is not None:
            tell("reply", verb="send", peer=peer, value=reply)

    def obey(self, words):
        try:
            getattr(self, "do_" + words[0])(*words[1:])
        except Exception:
            sys.stderr.write(traceback.format_exc())
            tell("failed", verb=words[0], peer=None, why=repr(sys.exc_info()[1]))


def main():
    peer = Peer(Options(sys.argv[1:]))
    while 1:
        line = sys.stdin.readline()
        words = line and json.loads(line)
        if not words or words == ["quit"]:
            break
        if words[0] == "answer":
            peer.obey(words)
        else:
            peer.in_background(peer.obey, words)    # an invitation waits for a person
    peer.dns.close()
    # JmDNS leaves threads behind that are no daemons.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
