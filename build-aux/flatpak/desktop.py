"""A desktop for a flatpak: a display, a session bus with the system's own portals, and one home folder for all of it.

Only what the portals themselves ask a desktop for is played here: who shows notifications, opens files and marks them in
their folders notes down what it is asked.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/gui"), str(ROOT / "tests/netns")]
import network  # noqa: E402, F401
from driver import App, Session  # noqa: E402
from waiting import poll  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# Started by the bus when somebody asks for them, as on every desktop: xdg-desktop-portal, its document portal, its store
# of permissions, and the dialogs of xdg-desktop-portal-gtk.
SERVICES = pathlib.Path("/usr/share/dbus-1/services")
PORTALS = ("org.freedesktop.portal.Desktop", "org.freedesktop.portal.Documents",
           "org.freedesktop.impl.portal.PermissionStore", "org.freedesktop.impl.portal.desktop.gtk")
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus")


class Desktop(Session):
    """A session in which the flatpaks of an installation are installed."""

    def __init__(self, installation):
        super().__init__()
        self.installation = pathlib.Path(installation)
        self.user = pathlib.Path(self.home("user"))

    def _start(self):
        super()._start()
        self.user.mkdir()
        (self.user / "Downloads").mkdir()
        (self.user / ".config").mkdir()
        (self.user / ".config/user-dirs.dirs").write_text('XDG_DOWNLOAD_DIR="$HOME/Downloads"\n')
        # Where sandboxes and portals expect it to be, for documents have the same path for both.
        runtime = pathlib.Path(f"/run/user/{os.getuid()}")
        runtime.mkdir(mode=0o700, parents=True)
        self.environment.update(HOME=str(self.user), XDG_RUNTIME_DIR=str(runtime), FLATPAK_USER_DIR=str(self.installation),
                                XDG_DATA_DIRS=f"{self.installation}/exports/share:/usr/share")
        exported = self.installation / "exports/share/dbus-1/services"
        for source in [SERVICES / f"{name}.service" for name in PORTALS] + list(exported.glob("*.service")):
            lines = source.read_text().splitlines()
            # There is no systemd of the user's here that could start it.
            text = "\n".join(line for line in lines if not line.startswith("SystemdService"))
            (pathlib.Path(self.folder) / "services" / source.name).write_text(text + "\n")
        self.call(*BUS, "org.freedesktop.DBus.ReloadConfig")
        names = ("HOME", "XDG_RUNTIME_DIR", "FLATPAK_USER_DIR", "XDG_DATA_DIRS")
        variables = ", ".join(f"'{name}': '{self.environment[name]}'" for name in names)
        self.call(*BUS, "org.freedesktop.DBus.UpdateActivationEnvironment", f"{{{variables}}}")
        self.start_notifications()
        self._start_file_programs()

    def _start_file_programs(self):
        """Who opens text files, and who shows folders."""
        self.opened = pathlib.Path(self.folder) / "opened"
        self.opened.touch()
        applications = self.user / ".local/share/applications"
        applications.mkdir(parents=True)
        (applications / "viewer.desktop").write_text(
            "[Desktop Entry]\nType=Application\nName=Viewer\nMimeType=text/plain;\n"
            f"Exec=sh -c 'echo opened \"$1\" >>{self.opened}' sh %f\n")
        (self.user / ".config/mimeapps.list").write_text("[Default Applications]\ntext/plain=viewer.desktop\n")
        subprocess.run(["update-desktop-database", applications], check=True)
        self.spawn(["/usr/bin/python3", str(HERE / "file_manager.py"), str(self.opened)], "file-manager.log")
        poll("the file manager", lambda: "ready" in self.opened.read_text())

    def close(self):
        # The documents are the person's own files: they must be out of sight before anything is deleted.
        mounts = pathlib.Path("/proc/self/mounts")
        for line in mounts.read_text().splitlines() if mounts.exists() else ():
            if line.split()[1].startswith("/run/user/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=False)
        super().close()

    def output(self, *command):
        return subprocess.run([str(word) for word in command], env=self.environment, check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def call(self, name, path, method, *arguments, check=True):
        """Calls a method on the session bus."""
        command = ["gdbus", "call", "--session", "--timeout", "60", "--dest", name, "--object-path", path, "--method", method]
        subprocess.run([*command, *arguments], env=self.environment, check=check, stdout=subprocess.DEVNULL)

    def has_window(self, title):
        return f'"{title}"' in self.output("xwininfo", "-root", "-tree")

    def wait_opened(self, words):
        """Waits until a program outside was asked for that."""
        def look():
            # Where several programs can open a file, the portal asks. The usual one is the first.
            for dialog in self.x_windows("--name", "^Open With"):
                self.xdotool("windowactivate", "--sync", dialog)
                self.key("Return")
            return words in self.opened.read_text().splitlines()
        poll(lambda: f"{words!r}; there was {self.opened.read_text()!r}", look)

    def choose(self, title, path, shown=lambda: None):
        """Fills a path into a dialog of the portal, and accepts it; calls `shown` before that."""
        window = poll(f"the dialog {title!r}", lambda: self.x_windows("--name", f"^{title}$"), 20)[-1]
        self.xdotool("windowactivate", "--sync", window)
        dialog = Dialogs(self).root.find(name=title)
        # It begins with what was used last, where nothing can be typed.
        self.key("alt+Home")
        self.key("ctrl+l")
        entry = poll(f"the entry of {title!r}", lambda: next(e for e in dialog.query("text") if "focused" in e.states))
        # Typed, it would be completed to what is in the folder.
        entry.set_text(str(path))
        shown()
        self.key("Return")
        poll("the dialog to close", lambda: window not in self.x_windows("--name", f"^{title}$"))


class Dialogs:
    """The dialogs of the portal, which are open, on the accessibility bus."""

    def __init__(self, session):
        from accessible import Atspi, Node
        self.session = session

        def look():
            desktop = Atspi.get_desktop(0)
            found = [desktop.get_child_at_index(index) for index in range(desktop.get_child_count())]
            return next(child for child in found if child is not None and child.get_name() == "xdg-desktop-portal-gtk")
        portal = poll("the portal on the accessibility bus", look)
        portal.set_cache_mask(Atspi.Cache.NONE)
        self.root = Node(self, portal)


class Sandboxed(App):
    """A flatpak that runs on the desktop, on a computer of a network."""

    def __init__(self, session, app_id, host, *arguments, **environment):
        self.app_id = app_id
        there = ["nsenter", f"--net=/run/netns/{host.namespace}"]
        super().__init__(session, [*there, "flatpak", "run", app_id, *arguments], "user", environment)

    def x_windows(self, title=None):
        # GTK does not tell the X server the number of a process in a sandbox, which would mean nothing outside.
        return self.session.x_windows("--name", title) if title else self.session.x_windows("--class", "^klatch$")

    def is_this(self, accessible):
        return accessible.get_toolkit_name() == "GTK" and accessible.get_toolkit_version().startswith("4")
