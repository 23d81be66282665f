"""The programs that have no window: klatch-server, klatch-cli and the naive server, run for a test."""
import json
import os
import re
import signal
import subprocess
import threading

from waiting import poll

INTEROP = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop")


class Program:
    """A process whose output is kept, line by line."""

    def __init__(self, command, environment):
        self.lines, self.errors = [], []
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, errors="replace", bufsize=1)
        for pipe, lines in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            threading.Thread(target=self._read, args=(pipe, lines), daemon=True).start()

    @staticmethod
    def _read(pipe, lines):
        for line in pipe:
            lines.append(line.rstrip("\n"))

    def output(self):
        """All that it has printed."""
        return "\n".join(self.lines + self.errors)

    def write(self, line):
        """Gives it a line of input."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, timeout=10):
        """The exit code, when it has ended."""
        return self.process.wait(timeout)

    def kill(self):
        """Ends it as a crash does."""
        self.process.kill()
        self.process.wait()


class Server(Program):
    """klatch-server on a port of 127.0.0.1; a free one, if none is given."""

    def __init__(self, folder, environment, port=0, options=()):
        super().__init__([os.path.join(folder, "klatch-server"), "--listen", f"127.0.0.1:{port}", *options], environment)
        listening = re.compile(r"listening on (127\.0\.0\.1:(\d+))")
        found = poll(lambda: f"klatch-server to listen; it says {self.output()!r}",
                     lambda: next(filter(None, map(listening.search, self.lines)), None))
        self.address, self.port = found.group(1), int(found.group(2))


class NaiveServer(Program):
    """The server of somebody who has the slides and nothing else, under CPython or Jython."""

    def __init__(self, environment, interpreter, options=()):
        super().__init__([interpreter, os.path.join(INTEROP, "naive_server.py"), "--stdin", *options], environment)
        # Jython takes its time to start.
        heard = poll(lambda: f"the naive server to listen; it says {self.output()!r}", lambda: self.events("listening"), 60)
        self.port = heard[0]["server"]
        self.address = f"127.0.0.1:{self.port}"

    def events(self, kind):
        return [event for event in map(json.loads, list(self.lines)) if event["event"] == kind]

    def received(self, name, verb):
        """The arguments of all messages with that verb from that person."""
        return [event["args"] for event in self.events("received") if event["from"] == name and event["verb"] == verb]


class Cli(Program):
    """klatch-cli: a person at a terminal."""

    def __init__(self, folder, environment, name, address):
        super().__init__([os.path.join(folder, "klatch-cli"), "server", address, "--name", name, "--json"], environment)
        self.name = name
        self.wait("state", state="online")

    def events(self, kind, **wanted):
        """What it has told of that kind, with these values."""
        told = [json.loads(line) for line in list(self.lines)]
        return [event for event in told if event["event"] == kind and all(event.get(k) == v for k, v in wanted.items())]

    def wait(self, kind, timeout=10, **wanted):
        """Waits for the last event of that kind with these values."""
        return poll(lambda: f"{self.name} to be told {kind} {wanted}; it says {self.output()!r}",
                    lambda: self.events(kind, **wanted), timeout)[-1]

    def wait_users(self, **statuses):
        """Waits until exactly these others are online, with their statuses."""
        def look():
            users = self.events("users")
            return users and {user["name"]: user["status"] for user in users[-1]["users"]} == statuses
        poll(lambda: f"{self.name} to see {statuses}; it says {self.output()!r}", look)

    def texts(self):
        """(from, text) of all messages, in order."""
        return [(event["from"], event["text"]) for event in self.events("message")]

    def end(self):
        """Ends it by its signal, and checks that it does."""
        self.signal(signal.SIGTERM)
        assert self.wait_exit() in (0, 130, 143), self.output()
