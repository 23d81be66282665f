"""What a test is played with: a display, servers, people at desktop clients and people at terminals.

Peers are on computers of their own, which `tests/netns` makes: see `Scene.hosts`.
"""
import os
import shutil
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "netns"))

import network  # noqa: E402
from driver import Session  # noqa: E402
from peers import NaivePeer  # noqa: E402
from person import Person  # noqa: E402
from programs import Cli, NaiveServer, Server  # noqa: E402
from wire import Recorder, ScriptedServer  # noqa: E402


class Scene:
    """Everything that a test starts; all of it ends with the `with` block."""

    def __init__(self, programs, size="1280x900", appearance="system"):
        self.programs, self.size, self.appearance = programs, size, appearance
        self.session, self.network = None, None
        self.started, self.listeners, self.people = [], [], []

    def __enter__(self):
        self.session = Session(self.size)
        self.session.__enter__()
        self.session.start_notifications()
        return self

    def __exit__(self, *error):
        for person in self.people:
            person.app.kill()
        for listener in self.listeners:
            listener.close()
        for program in self.started:
            if program.process.poll() is None:
                program.kill()
        if self.network:
            self.network.__exit__(*error)
        self.session.__exit__(*error)

    def add(self, program):
        """Looks after a program, which ends with the scene."""
        self.started.append(program)
        return program

    def _listen(self, listener):
        self.listeners.append(listener)
        return listener

    # --- Servers.

    def server(self, *options, port=0):
        """The real klatch-server."""
        return self.add(Server(self.programs, self.session.environment, port, options))

    def naive_server(self, interpreter, *options):
        """The server written from the slides, under `/usr/bin/python3` or `jython`."""
        return self.add(NaiveServer(self.session.environment, interpreter, options))

    def scripted_server(self, **options):
        """A server that does what the test says; see `wire.ScriptedServer`."""
        return self._listen(ScriptedServer(**options))

    def recorder(self, server):
        """Something to connect to instead of the server that notes down what passes; one for each client."""
        return self._listen(Recorder(server))

    # --- People.

    def person(self, name, server, *arguments, online=True):
        """Somebody who has started the desktop client with this name, for this server."""
        given = ["--server", server.address, "--name", name] if server else []
        person = self.newcomer(name, *given, *arguments)
        if online:
            person.wait_online()
        return person

    def newcomer(self, home, *arguments, host=None, settings=(), **environment):
        """Somebody who has started the desktop client with just these arguments; `home` names the home folder. The settings
        are pairs, and count at the first start."""
        keyfile = os.path.join(self.session.home(home), ".config", "glib-2.0", "settings", "keyfile")
        if not os.path.exists(keyfile):
            os.makedirs(os.path.dirname(keyfile))
            with open(keyfile, "w") as file:
                file.write(f"[im/klatch/Klatch]\nappearance='{self.appearance}'\n")
                file.writelines(f"{key}='{value}'\n" for key, value in settings)
        command = [os.path.join(self.programs, "klatch"), "--new-instance", *arguments]
        person = Person(self.session.launch(host.command(command) if host else command, home, **environment), home)
        self.people.append(person)
        return person

    def cli(self, name, server):
        """Somebody at a terminal, online."""
        return self.add(Cli(self.programs, self.session.environment, name, server.address))

    # --- Peers.

    def hosts(self, count):
        """So many computers in one network. For tests in modules that run.py runs in a network of their own."""
        self.network = self.network or network.Network()
        made = [self.network.host() for _ in range(count)]
        self.network.settle()
        return made

    def folder(self, name, files=()):
        """A folder with these files, as pairs of name and bytes."""
        folder = os.path.join(self.session.folder, name)
        os.makedirs(folder)
        for file, content in dict(files).items():
            path = os.path.join(folder, file)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(content)
        return folder

    def peer(self, host, name, share=None):
        """Somebody who chats on this network, with the desktop client on that computer; shares that folder."""
        downloads = os.path.join(self.session.home(name), "downloads")
        os.makedirs(downloads, exist_ok=True)
        settings = {"mode": "peer", "name": name, "downloads-folder": f"file://{downloads}"}
        if share:
            settings["shared-folder"] = f"file://{share}"
        person = self.newcomer(name, host=host, settings=settings.items())
        person.host, person.downloads = host, downloads
        person.wait_online()
        return person

    def naive_peer(self, host, interpreter, name, share=None, *options):
        """The peer written from the slides, under `/usr/bin/python3` or `jython`; it takes seconds to be ready."""
        downloads = self.folder(f"downloads-of-{name}")
        sharing = ["--share", share] if share else []
        return self.add(NaivePeer(host, interpreter, name, "--downloads", downloads, *sharing, *options))

    # --- At the end.

    def check_complaints(self):
        """No program may have printed a warning of its libraries, or panicked."""
        for person in self.people:
            assert not person.app.complaints(), f"{person.name} printed {person.app.complaints()}"
        for program in self.started:
            assert "panicked" not in program.output(), program.output()

    def keep(self, folder):
        """Keeps a picture of the display, and what the programs have printed, for whoever looks into a failure."""
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        if self.session.x_server.poll() is None:
            self.session.screenshot(os.path.join(folder, "display.png"))
        for file in os.listdir(self.session.folder):
            if file.endswith((".log", ".jsonl")):
                shutil.copy(os.path.join(self.session.folder, file), folder)
        for index, program in enumerate(self.started):
            with open(os.path.join(folder, f"program-{index}.log"), "w") as out:
                out.write(program.output())
        for person in self.people:
            if person.app.process.poll() is None:
                with open(os.path.join(folder, person.app.name + ".tree"), "w") as out:
                    out.write("\n".join(window.dump() for window in person.app.root.children()))
