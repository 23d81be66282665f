#!/usr/bin/python3
"""Pictures of the windows of both modes in other languages, for whoever judges how they look there.

    languages.py PROGRAM FOLDER [LANGUAGE...]     all of po/LINGUAS, or these

Nothing is checked here but that the windows open. What is done is done by keys and names of people, which are the same in all
languages. It needs root, or a system that lets everybody make networks, and localedef with the sources of the locales
(Debian's package locales).
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "netns"))

import network  # noqa: E402
from scene import Scene  # noqa: E402
from waiting import poll  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOCALES = {"ar": "ar_EG", "de": "de_DE", "es": "es_ES", "fr": "fr_FR", "zh_CN": "zh_CN"}
USERS = {"bob": "preparing Thursday", "Zoë": "away: back at two", "張偉": "busy", "مريم": "online"}
FILES = {"notes.txt": b"some notes\n" * 99, "week 1/slides.pdf": bytes(300_000), "large.bin": bytes(3_000_000)}


def install(program, language, prefix):
    """The program with its catalogue beside it, and the locale; returns the folder of the program and what it needs to know."""
    binaries, catalogues = prefix / "bin", prefix / "share/locale" / language / "LC_MESSAGES"
    for folder in (binaries, catalogues, prefix / "locales"):
        folder.mkdir(parents=True)
    for name in ("klatch", "klatch-cli"):
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(program)), name), binaries)
    subprocess.run(["msgfmt", "-o", catalogues / "klatch.mo", ROOT / f"po/{language}.po"], check=True)
    locale = LOCALES[language] + ".UTF-8"
    subprocess.run(["localedef", "-i", LOCALES[language], "-f", "UTF-8", prefix / "locales" / locale], check=True)
    return str(binaries), {"LOCPATH": str(prefix / "locales"), "LANG": locale, "LC_ALL": locale, "LANGUAGE": language}


class Tour:
    """The windows of one scene, one after the other."""

    def __init__(self, scene, environment, folder):
        self.scene, self.environment, self.folder, self.count = scene, environment, folder, 0
        self.session = scene.session

    def take(self, name):
        """A picture of all that is on the display."""
        self.count += 1
        path = os.path.join(self.folder, f"{self.count:02}-{name}.png")
        self.session.xdotool("mousemove", 1279, 899)
        self.session.screenshot(path, 0.6)
        subprocess.run(["mogrify", "-trim", "+repage", path], check=True)
        print(f"  {path}", flush=True)

    def start(self, home, *arguments, **more):
        person = self.scene.newcomer(home, *arguments, **more, **self.environment)
        poll("a window", lambda: person.app.windows())
        return person

    def opened(self, person, count):
        """The newest window, when there are so many."""
        return poll(f"{count} windows, there are {person.app.windows()}",
                    lambda: list(person.app.root.children())[count - 1:])[-1]

    def keys(self, window, *keys):
        window.focus_window()
        self.session.key(*keys)

    def welcome(self):
        newcomer = self.start("newcomer")
        self.take("welcome")
        newcomer.app.kill()

    def main_menus(self, person, count):
        self.keys(person.window, "F10")
        for number in range(count):
            self.take(f"menu-{number}")
            self.session.key("Right")
        self.session.key("Escape", "Escape")

    def preferences(self, person):
        self.keys(person.window, "ctrl+comma")
        window = self.opened(person, 2)
        window.move(330, 60)
        tabs = window.find("page tab list")
        for number in range(6):
            tabs.find("page tab", nth=number).find("label").click()
            self.take(f"preferences-{number}")
        self.session.key("Escape")
        poll("the preferences gone", lambda: len(person.app.windows()) == 1)

    def at_a_server(self):
        server = self.scene.scripted_server(users=USERS)
        alice = self.start("alice", "--server", server.address, "--name", "alice")
        alice.window.find("label", text="bob")
        alice.window.move(10, 30)
        self.take("people")
        self.main_menus(alice, 4)
        alice.window.find("list").row("bob").click(button=3)
        self.take("menu-of-a-person")
        self.session.key("Escape")
        self.preferences(alice)
        server.push("INVITATION", [1, "bob"])
        invitation = self.opened(alice, 2)
        invitation.move(330, 60)
        self.take("invitation")
        server.push("INVITATION", [2, "alice"])
        window = self.opened(alice, 3)
        window.move(330, 30)
        self.take("waiting")
        for members in (["alice", "bob"], ["alice", "bob", "Zoë"], ["alice", "Zoë", "مريم"]):
            server.conversations[2] = members
            server.push("CONVERSATIONS", server.conversations)
        server.push("MESSAGE", [2, "bob", "Hello from bob."])
        server.push("MESSAGE", [2, "Zoë", "See https://example.org/a?b=c, مرحبا 你好."])
        window.find("label", text=re.compile("Hello from bob"))
        self.take("conversation")
        def labels():
            return [label.text for label in alice.window.query("label")]
        before = labels()
        server.close()
        poll("the news of it", lambda: labels() != before)
        self.take("interrupted")
        alice.app.kill()

    def on_the_network(self):
        hosts = self.scene.hosts(3)
        shared = self.scene.folder("shared", FILES)
        for host, name in zip(hosts[1:], ("Bob", "مريم")):
            # It goes on as long as its input does not end.
            self.session.spawn(host.command(["sh", "-c", 'sleep 600 | exec "$0" "$@"', os.path.join(self.scene.programs, "klatch-cli"),
                                             "peer", "--name", name, "--share", shared]), name + ".log")
        settings = {"mode": "peer", "name": "Ann", "shared-folder": f"file://{shared}"}
        ann = self.start("ann", host=hosts[0], settings=settings.items())
        ann.window.move(10, 30)
        ann.window.find("label", text="Bob", timeout=30)
        self.take("network")
        self.main_menus(ann, 1)
        self.preferences(ann)
        for downs, name in ((1, "user-info"), (2, "shared-files")):
            ann.window.find("list").row("Bob").click(button=3)
            self.take("menu-of-a-peer")
            self.session.key(*["Down"] * downs, "Return")
            window = self.opened(ann, 2)
            window.move(330, 60)
            window.find("label", text="Bob" if name == "user-info" else "notes.txt")
            self.take(name)
            if name == "shared-files":
                window.find("label", text="notes.txt").double_click()
                self.opened(ann, 3)
                self.take("transfers")
            else:
                self.session.key("Escape")
                poll("the window gone", lambda: len(ann.app.windows()) == 1)
        ann.app.kill()

    def guide(self):
        alice = self.start("alice", "--server", "127.0.0.1:1", "--name", "alice")
        alice.window.move(900, 30)
        self.take("no-server")
        self.keys(alice.window, "F1")
        self.opened(alice, 2).move(10, 30)
        for number in range(9):
            self.take(f"guide-{number}")
            self.session.key("Down")
        self.session.key("Escape")
        poll("the guide gone", lambda: len(alice.app.windows()) == 1)
        self.keys(alice.window, "ctrl+question")
        self.take("shortcuts")
        alice.app.kill()


PLACES = ("welcome", "at_a_server", "on_the_network", "guide")


def visit(place, programs, environment, folder):
    """The pictures of one scene; whether there are all."""
    try:
        with Scene(programs, "1280x900", "light") as scene:
            try:
                getattr(Tour(scene, environment, folder), place)()
                return True
            except BaseException:
                scene.keep(os.path.join(folder, "failed"))
                raise
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        return False


def main(program, folder, languages):
    failed = []
    for language in languages or LOCALES:
        with tempfile.TemporaryDirectory() as prefix:
            programs, environment = install(program, language, pathlib.Path(prefix))
            for place in PLACES:
                # One display a process: the accessibility library knows only the first.
                child = os.fork()
                if child == 0:
                    # Only the parent tidies up.
                    os._exit(not visit(place, programs, environment, os.path.join(folder, language, place)))
                if os.waitpid(child, 0)[1] != 0:
                    failed.append(f"{language} {place}")
    if failed:
        sys.exit(f"not all pictures of {', '.join(failed)}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] != "--apart":
        sys.exit(subprocess.run(network.apart([sys.executable, __file__, "--apart", *sys.argv[1:]])).returncode)
    network.enter()
    main(sys.argv[2], sys.argv[3], sys.argv[4:])
