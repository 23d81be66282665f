#!/usr/bin/python3
"""Runs the installed flatpak as a desktop would, with people outside of the sandbox, and looks whether all of it works.

usage: run-installed.py PROGRAMS FOLDER [activation|language|server|peers]...     (all if none is named)

klatch-server and klatch-cli of this system are in PROGRAMS; the installation is FLATPAK_USER_DIR; pictures go into FOLDER.
Needs to be root, and happens in namespaces of its own.

What is real: flatpak, its sandbox and its filters of the buses; xdg-desktop-portal, its document portal and the dialogs of
xdg-desktop-portal-gtk; the bus that activates the program; a network with multicast, of namespaces that are connected to
nothing else. What is played: who shows notifications, the text viewer, the file manager, and the server for names.
"""
import gettext
import os
import pathlib
import re
import subprocess
import sys

from desktop import Desktop, Sandboxed, network
from person import Person
from programs import Cli, Program
from waiting import poll

ID = "im.klatch.Klatch"
APPLICATION = (ID, "/" + ID.replace(".", "/"))
SERVER_NAME = "chat.klatch.test"
NAME_SERVER = pathlib.Path(__file__).with_name("name_server.py")


class Terminal(Cli):
    """Somebody at klatch-cli on another computer."""

    def __init__(self, host, programs, name, *way):
        self.name = name
        Program.__init__(self, host.command([programs / "klatch-cli", *way, "--name", name, "--json"]), os.environ)
        self.wait("state", state="online")

    def wait_peers(self, *names, timeout=10):
        """Waits until exactly these are found."""
        def look():
            found = self.events("peers")
            return found and {peer["name"] for peer in found[-1]["peers"]} == set(names)
        poll(lambda: f"{self.name} to find {names}; it says {self.output()!r}", look, timeout)


class Run:
    """A computer with the flatpak, and two others beside it."""

    def __init__(self, computers, desktop, programs, folder):
        self.desktop, self.programs, self.folder = desktop, pathlib.Path(programs).resolve(), pathlib.Path(folder)
        self.here, self.there, self.elsewhere = (computers.host() for _ in range(3))
        computers.settle()
        self.shared, self.got = desktop.user / "Shared", pathlib.Path(desktop.folder) / "got"
        for folder in (self.shared, self.got):
            folder.mkdir()
        (self.shared / "plan.txt").write_text("We meet at six.\n")
        (self.shared / "sub").mkdir()
        (self.shared / "sub/photo.txt").write_text("A picture, in words.\n" * 40_000)
        (desktop.user / "private.txt").write_text("Not for others.\n")

    def picture(self, name):
        self.desktop.screenshot(str(self.folder / f"{name}.png"))

    def start(self, *arguments, **environment):
        """The flatpak, started as from a terminal."""
        app = Sandboxed(self.desktop, ID, self.here, *arguments, **environment)
        self.desktop.apps.append(app)
        app.wait_readable(30)
        return Person(app, "Sandra")

    def quit(self):
        """Ends the program, which has to have nothing to complain of."""
        # The program may be gone before its reply is.
        self.desktop.call(*APPLICATION, "org.freedesktop.Application.ActivateAction", "quit", "[]", "{}", check=False)
        poll("the end of the sandbox", lambda: ID not in self.desktop.output("flatpak", "ps", "--columns=application"), 20)
        for app in self.desktop.apps:
            assert not app.complaints(), app.complaints()

    def look_away(self, sandra):
        """Minimizes all her windows."""
        for window in sandra.app.root.children():
            self.desktop.xdotool("windowminimize", window.x_window())
        poll("no window to be active", lambda: not any("active" in window.states for window in sandra.app.root.children()))

    def told(self, summary, since):
        """Waits for a notification, without those that were there before."""
        return poll(lambda: f"notification {summary!r}; there are {self.desktop.notifications()[since:]}", lambda: next(
            note for note in self.desktop.notifications()[since:] if note.get("summary") == summary))

    def choose_folder(self, sandra, what, title, folder, shown=lambda: None):
        """Chooses a folder in the preferences; it is shown by its name then."""
        preferences = sandra.preferences()
        preferences.turn_to("Sharing")
        preferences.window.find("push button", re.compile(f"^{what}")).click()
        self.desktop.choose(title, folder, shown)
        preferences.window.find("label", text=folder.name)
        return preferences

    # --- What is tried, in order.

    def activation(self):
        """The exported service file starts it, as menus do."""
        self.desktop.call(*APPLICATION, "org.freedesktop.Application.Activate", "{}")
        poll("the window of a new person", lambda: self.desktop.has_window("Welcome to Klatch"), 30)
        self.quit()

    def language(self):
        """It speaks the language of the desktop."""
        installed = self.desktop.installation / f"app/{ID}/current/active/files/share/locale/de/LC_MESSAGES/klatch.mo"
        with installed.open("rb") as file:
            title = gettext.GNUTranslations(file).gettext("Welcome to Klatch")
        assert title != "Welcome to Klatch"
        self.start(LANGUAGE="de").app.window(title)
        self.picture("german")
        self.quit()

    def server(self):
        """Somebody in the sandbox joins a server outside by its name, and is invited by somebody outside."""
        names = self.desktop.spawn(self.there.command([NAME_SERVER, SERVER_NAME, self.there.address]), "names.log")
        server = Program(self.there.command([self.programs / "klatch-server", "--listen", f"{self.there.address}:0"]), os.environ)
        address = poll("the server", lambda: server.lines[0]).split()[-1]
        sandra = self.start("--server", f"{SERVER_NAME}:{address.rsplit(':', 1)[1]}", "--name", "Sandra")
        sandra.wait_online()
        otto = Terminal(self.elsewhere, self.programs, "Otto", "server", address)
        otto.wait_users(Sandra="online")
        otto.write("/invite Sandra")
        sandra.invitation("Otto")
        self.picture("server")
        sandra.accept("Otto")
        conversation = sandra.conversation("Otto")
        number = otto.wait("conversation", state="open")["id"]
        conversation.say("From the sandbox")
        poll("the words from the sandbox", lambda: ("Sandra", "From the sandbox") in otto.texts())
        self.notification(sandra, otto, number)
        otto.end()
        server.kill()
        names.terminate()

    def notification(self, sandra, otto, number):
        """A message while nobody looks is told through the portal, and its notification leads back to the conversation."""
        self.look_away(sandra)
        before = len(self.desktop.notifications())
        otto.write(f"/say {number} Are you there?")
        note = self.told("Otto", before)
        assert note["body"] == "Are you there?", note
        self.desktop.press_notification(note["id"], note["actions"][0])
        window = sandra.conversation("Otto")
        poll("the conversation to come to the front", lambda: "active" in window.window.states)
        self.quit()

    def peers(self):
        """Somebody in the sandbox and two outside find each other, share and send files, and chat."""
        theirs = self.got / "theirs"
        theirs.mkdir()
        (theirs / "song.txt").write_text("La la la.\n" * 100_000)
        (theirs / "verse.txt").write_text("La la.\n")
        peer = ("peer", "--share", theirs, "--downloads", self.got)
        otto, paula = (Terminal(host, self.programs, name, *peer) for host, name in
                       ((self.there, "Otto"), (self.elsewhere, "Paula")))
        sandra = self.start()
        sandra.welcome().join_network("Sandra")
        sandra.wait_buddies("Otto", "Paula")
        otto.wait_peers("Paula", "Sandra")
        self.sharing(sandra, otto)
        self.downloads(sandra, otto)
        self.other_downloads(sandra, otto)
        self.sending(sandra, otto)
        self.chat_of_three(sandra, otto, paula)
        self.quit()
        otto.wait_peers("Paula")
        self.once_more(otto)
        for terminal in (otto, paula):
            terminal.end()

    def fetch(self, terminal, file, original):
        """Somebody gets a file of Sandra's; it must be what it is here."""
        terminal.write(f"/get Sandra {file}")
        done = terminal.wait("transfer", 20, state="done", file=file)
        assert pathlib.Path(done["path"]).read_bytes() == original.read_bytes(), done

    def list_of(self, terminal, *names):
        """Waits until somebody sees exactly these files of Sandra's."""
        def look():
            terminal.write("/files Sandra")
            return any(sorted(event["files"]) == sorted(names) for event in terminal.events("files")[-1:])
        poll(lambda: f"the files {names}; it says {terminal.output()!r}", look, step=0.5)

    def sharing(self, sandra, otto):
        """A folder that was chosen in the dialog of the portal, and nothing else, is read by others."""
        self.list_of(otto)
        preferences = self.choose_folder(sandra, "Choose a folder to share", "Choose a Folder to Share", self.shared,
                                         lambda: self.picture("portal"))
        preferences.window.find("label", text=str(self.desktop.user / "Downloads"))
        self.picture("sharing")
        preferences.close()
        self.list_of(otto, "plan.txt", "sub/photo.txt")
        self.fetch(otto, "sub/photo.txt", self.shared / "sub/photo.txt")
        (self.shared / "new.txt").write_text("Written outside, while it is shared.\n")
        self.list_of(otto, "new.txt", "plan.txt", "sub/photo.txt")
        self.fetch(otto, "new.txt", self.shared / "new.txt")

    def downloads(self, sandra, otto):
        """What is got lands in the person's own folder, and other programs can open it and show where it is."""
        theirs, folder = self.got / "theirs", self.desktop.user / "Downloads"
        sandra.files_of("Otto").get("song.txt")
        transfers = sandra.transfers()
        poll("the song", lambda: (folder / "song.txt").read_bytes() == (theirs / "song.txt").read_bytes())
        transfers.press("song.txt from Otto", "Open")
        self.desktop.wait_opened(f"opened {folder}/song.txt")
        otto.write(f"/offer Sandra {theirs}/verse.txt")
        sandra.accept_offer("Otto", "verse.txt")
        poll("the verse", lambda: (folder / "verse.txt").read_bytes() == (theirs / "verse.txt").read_bytes())
        transfers.press("verse.txt from Otto", "Show in Folder")
        self.desktop.wait_opened(f"ShowItems {(folder / 'verse.txt').as_uri()}")
        self.picture("transfers")
        assert sorted(path.name for path in folder.iterdir()) == ["song.txt", "verse.txt"], list(folder.iterdir())

    def other_downloads(self, sandra, otto):
        """Another folder for downloads is that of the person, too, and nothing in it is replaced."""
        folder = self.desktop.user / "Elsewhere"
        folder.mkdir()
        (folder / "verse.txt").write_text("Mine.\n")
        self.choose_folder(sandra, "Choose a folder for downloads", "Choose a Folder for Downloads", folder).close()
        sandra.files_of("Otto").get("verse.txt")
        poll("the verse", lambda: (folder / "verse (2).txt").read_text() == "La la.\n")
        assert (folder / "verse.txt").read_text() == "Mine.\n"
        poll("no partial file", lambda: len(list(folder.iterdir())) == 2)

    def sending(self, sandra, otto):
        """A file that was chosen in the dialog of the portal, or dragged from another program, can be sent."""
        sandra.pick("Otto", "Send File…")
        private = self.desktop.user / "private.txt"
        self.desktop.choose("Send Files to Otto", private)
        self.take_offer(otto, private)
        dragged = self.desktop.user / "dragged.txt"
        dragged.write_text("Dragged.\n")
        source = sandra.drop_files("Otto", str(dragged))
        self.take_offer(otto, dragged)
        source.terminate()

    @staticmethod
    def take_offer(terminal, original):
        """Somebody takes a file that Sandra offers; it must be what it is here."""
        offer = terminal.wait("offer", file=original.name)
        terminal.write(f"/accept {offer['id']}")
        done = terminal.wait("transfer", 20, state="done", file=original.name)
        assert pathlib.Path(done["path"]).read_bytes() == original.read_bytes(), done

    def chat_of_three(self, sandra, otto, paula):
        """An invitation while nobody looks is answered in its notification; then all three talk."""
        self.look_away(sandra)
        before = len(self.desktop.notifications())
        otto.write("/chat Sandra Paula")
        number = paula.wait("invitation")["id"]
        paula.write(f"/accept {number}")
        note = self.told("Invitation", before)
        self.desktop.press_notification(note["id"], note["actions"][note["actions"].index("Accept") - 1])
        conversation = sandra.conversation("Otto", "Paula")
        conversation.wait_members("Otto", "Paula", "Sandra")
        conversation.say("Hello both of you")
        for terminal in (otto, paula):
            poll("the words from the sandbox", lambda: ("Sandra", "Hello both of you") in terminal.texts())
        paula.write(f"/say {number} Hello Sandra")
        conversation.wait_text("Hello Sandra")
        self.picture("peers")

    def once_more(self, otto):
        """What was chosen holds after a new start."""
        sandra = self.start()
        sandra.wait_buddies("Otto", "Paula")
        otto.wait_peers("Paula", "Sandra")
        self.list_of(otto, "new.txt", "plan.txt", "sub/photo.txt")
        self.fetch(otto, "plan.txt", self.shared / "plan.txt")
        self.quit()


def set_up():
    """Makes the namespaces fit for use: there are no services of this machine, and names are looked up in our network."""
    network.enter()
    # The second computer of the network.
    configuration = pathlib.Path("/run/klatch-resolv.conf")
    configuration.write_text("nameserver 10.77.0.2\n")
    subprocess.run(["mount", "--bind", "-o", "ro", configuration, os.path.realpath("/etc/resolv.conf")], check=True)


def main():
    if "KLATCH_FLATPAK" not in os.environ:
        os.environ["KLATCH_FLATPAK"] = "inside"
        command = network.apart(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--", sys.executable, *sys.argv])
        os.execvp(command[0], command)
    set_up()
    with network.Network() as computers, Desktop(os.environ["FLATPAK_USER_DIR"]) as desktop:
        run = Run(computers, desktop, *sys.argv[1:3])
        try:
            for name in sys.argv[3:] or ("activation", "language", "server", "peers"):
                getattr(run, name)()
                print(f"flatpak, {name}: ok", flush=True)
        except BaseException:
            run.picture("failed")
            for log in pathlib.Path(desktop.folder).glob("*.log"):
                print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
            raise


main()
