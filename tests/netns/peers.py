"""What runs on the computers of a `network.Network`: Klatch, peers by others, and Avahi."""
import json
import os
import signal
import subprocess
import threading
import time

from waiting import TimedOut, poll

HERE = os.path.dirname(os.path.abspath(__file__))
NAIVE_PEER = os.path.join(HERE, os.pardir, "interop", "naive_peer.py")


class Program:
    """A program on a host. What it prints is kept line by line, with the time at which it came."""

    def __init__(self, host, words, environment=None):
        self.host = host
        self.words = words
        self.lines = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            host.command(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", bufsize=1, env={**os.environ, **(environment or {})})
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.lines.append((time.monotonic(), line.rstrip("\n")))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def wait(self, what, condition, timeout):
        """The first true value of `condition()`, which is asked after each line; tells what was printed if none came."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                value = condition()
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0:
                    tail = "\n".join(f"    {line[:400]}" for _, line in self.lines[-12:])
                    raise TimedOut(f"not within {timeout} s: {what}; {os.path.basename(self.words[0])} printed last:\n{tail}")
                self._news.wait(min(left, 0.2))

    def output(self):
        """All that it has printed."""
        return "\n".join(line for _, line in self.lines)

    def write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def memory(self):
        """What it has in memory, in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))

    def stop(self):
        """It does nothing any more, until it is to `go_on`."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """Ends it without a chance to say goodbye."""
        self.process.kill()
        self.process.wait(10)

    def exited(self, timeout):
        """Waits for its end; the exit code."""
        return self.process.wait(timeout)


class JsonProgram(Program):
    """A program that prints one JSON object a line."""

    def events(self, kind=None, after=0):
        """Those it has told, from the `after`th on."""
        found = []
        for _, line in self.lines[after:]:
            if line.startswith("{"):
                event = json.loads(line)
                if kind in (None, event["event"]):
                    found.append(event)
        return found

    def mark(self):
        """A point in what it prints, for `after`."""
        return len(self.lines)

    def event(self, kind, timeout=5, after=0, **wanted):
        """Waits for an event that has these values, the first from the `after`th line on."""
        def there():
            fitting = [e for e in self.events(kind, after) if all(e.get(key) == value for key, value in wanted.items())]
            return fitting[:1]
        return self.wait(f"{kind} {wanted or ''}", there, timeout)[0]


class Klatch(JsonProgram):
    """klatch-cli in peer mode."""

    folder = os.environ.get("KLATCH_BIN", "")

    def __init__(self, host, name, *options):
        self.name = name
        super().__init__(host, [os.path.join(self.folder, "klatch-cli"), "peer", "--name", name, "--json", *options])

    def peers(self):
        """Whom it lists now: name -> entry."""
        last = next((line for _, line in reversed(self.lines) if line.startswith('{"event":"peers"')), None)
        return {peer["name"]: peer for peer in json.loads(last)["peers"]} if last else {}

    def port(self):
        """Where it listens."""
        return int(self.event("state", state="online")["detail"].removeprefix("port "))

    def sees(self, *names, timeout=3.0):
        """Waits until it lists just these."""
        self.wait(f"{self.name} sees just {sorted(names)}", lambda: set(self.peers()) == set(names), timeout)
        return self.peers()

    def do(self, *words):
        """A command; its words are quoted where that is needed, but not a text, which is all the rest of the line."""
        texts = {"/say": 2, "/status": 1}.get(words[0], len(words))
        self.write(" ".join(f'"{word}"' if " " in word and at < texts else word for at, word in enumerate(words)))

    def quit(self):
        self.write("/quit")


class NaivePeer(JsonProgram):
    """naive_peer.py, in real Jython with JmDNS or in CPython with python-zeroconf."""

    #: Jython takes seconds to start, JmDNS some more to look around and to say goodbye.
    STARTS = 45

    def __init__(self, host, interpreter, name, *options):
        self.name = name
        super().__init__(host, [interpreter, NAIVE_PEER, "--name", name, "--address", host.address, *options])

    def wait_ready(self, *names):
        """Waits until it is announced, and knows these others."""
        self.event("ready", self.STARTS)
        for name in names:
            self.event("found", self.STARTS, name=name)

    def do(self, *words):
        self.write(json.dumps(words))

    def reply(self, verb, peer, timeout=8, after=0):
        """The value of the next reply from that peer."""
        return self.event("reply", timeout, after, verb=verb, peer=peer)["value"]


class Avahi:
    """avahi-daemon, with a message bus of its own."""

    def __init__(self, host, folder):
        self.host = host
        self.bus = f"unix:path={folder}/bus"
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.bus}
        bus = os.path.join(folder, "bus.conf")
        with open(bus, "w") as file:
            file.write(f"""<busconfig><listen>{self.bus}</listen><auth>EXTERNAL</auth><policy context="default">
                <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/>
                </policy></busconfig>""")
        configuration = os.path.join(folder, "avahi.conf")
        with open(configuration, "w") as file:
            file.write(f"[server]\nhost-name=avahi-{os.path.basename(folder)}\nuse-ipv4=yes\nuse-ipv6=yes\n"
                       "[wide-area]\nenable-wide-area=no\n[publish]\npublish-workstation=no\n")
        Program(host, ["dbus-daemon", "--nofork", f"--config-file={bus}"])
        poll("the message bus", lambda: os.path.exists(f"{folder}/bus"), timeout=10)
        self.daemon = Program(host, [
            "sh", "-c", 'mkdir -p /run/avahi-daemon && exec "$@"', "sh", "avahi-daemon", "--no-drop-root",
            "--no-rlimits", "--no-chroot", "-f", configuration], self.environment)
        self.daemon.wait("avahi-daemon is up", lambda: any("startup complete" in line for _, line in self.daemon.lines), 20)

    def browse(self, service_type="_klatch._tcp"):
        """avahi-browse that goes on; its lines: `=;interface;IPv4;name;type;domain;host;address;port;text`."""
        return Program(self.host, ["avahi-browse", "--parsable", "--resolve", "--no-db-lookup", service_type],
                       self.environment)

    def publish(self, name, port, *text, service_type="_klatch._tcp"):
        return Program(self.host, ["avahi-publish", "--service", name, service_type, str(port), *text], self.environment)
