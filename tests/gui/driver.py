#!/usr/bin/python3
"""A private display and session bus, and programs that run on it, each with a home of its own.

    with Session() as session:
        app = session.launch(["target/debug/klatch"], "anna")
        window = app.window("Klatch")

    driver.py --run COMMAND...      runs a command on such a display, for tests that make windows themselves

Debian's own interpreter has what is needed (/usr/bin/python3 with python3-gi); another one first in the path may not.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from waiting import TimedOut, matches, poll

# A bus that can start nothing but the accessibility bus: no portals, no dconf, the same on every machine.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
A11Y_SERVICE = "/usr/share/dbus-1/services/org.a11y.Bus.service"
SETTINGS = """[Settings]
gtk-font-name=Cantarell 11
gtk-icon-theme-name=Adwaita
gtk-enable-animations=0
gtk-cursor-blink=0
gtk-error-bell=0
"""
# What of the caller's environment would change how a program looks or where it keeps things.
FOREIGN = ("XDG_", "DBUS_", "WAYLAND", "GTK_", "GSK_", "GDK_", "DISPLAY", "AT_SPI", "GSETTINGS_", "LC_", "LANG")


class Session:
    """Xvfb, a session bus, a window manager and a compositor; all of it ends with the `with` block."""

    def __init__(self, size="1280x800", folder=None):
        self.size, self.keeps_folder = size, folder is not None
        self.folder = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="klatch-gui-")
        self.processes, self.apps, self.notes = [], [], None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        runtime = os.path.join(self.folder, "run")
        os.makedirs(runtime, mode=0o700, exist_ok=True)
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        self.environment.update(XDG_RUNTIME_DIR=runtime, GDK_BACKEND="x11", GSK_RENDERER="cairo",
                                GSETTINGS_BACKEND="keyfile", LANG="C.UTF-8")
        read, write = os.pipe()
        self.x_server = self.spawn(["Xvfb", "-displayfd", str(write), "-screen", "0", self.size + "x24", "-nolisten", "tcp",
                                    "-noreset"], "xvfb.log", pass_fds=[write])
        number = self._answer(read, write, "Xvfb")
        self.environment["DISPLAY"] = ":" + number
        self._start_bus(runtime)
        # No menus or settings of the person who runs this.
        own = dict(self.environment, XDG_CONFIG_HOME=self.folder, XDG_CACHE_HOME=self.folder)
        self.spawn(["openbox", "--sm-disable"], "openbox.log", env=own)
        poll("a window manager", lambda: "window id" in self._run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"))
        # Without a compositor the shadow round every menu is black in pictures.
        self.spawn(["xcompmgr", "-n"], "xcompmgr.log")

    def _start_bus(self, runtime):
        services = os.path.join(self.folder, "services")
        os.makedirs(services, exist_ok=True)
        with open(A11Y_SERVICE) as source, open(os.path.join(services, os.path.basename(A11Y_SERVICE)), "w") as copy:
            # There is no systemd of the user's here that could start it.
            copy.writelines(line for line in source if not line.startswith("SystemdService"))
        configuration = os.path.join(self.folder, "bus.conf")
        with open(configuration, "w") as file:
            file.write(BUS.format(folder=runtime, services=services))
        read, write = os.pipe()
        self.spawn(["dbus-daemon", "--config-file=" + configuration, "--nofork", f"--print-address={write}"], "bus.log",
                   pass_fds=[write])
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._answer(read, write, "dbus-daemon")

    @staticmethod
    def _answer(read, write, program):
        os.close(write)
        with os.fdopen(read) as file:
            answer = file.readline().strip()
        if not answer:
            raise TimedOut(f"{program} did not start")
        return answer

    def spawn(self, command, log, env=None, **options):
        """Starts a helper process that ends with the session; what it prints goes to a file in the session's folder."""
        with open(os.path.join(self.folder, log), "ab") as out:
            process = subprocess.Popen(command, env=env or self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       **options)
        self.processes.append(process)
        return process

    def close(self):
        for app in self.apps:
            app.kill()
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not self.keeps_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- What goes on on the display.

    def _run(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout

    def xdotool(self, *arguments):
        result = subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, capture_output=True, text=True)
        assert result.returncode == 0, f"xdotool {arguments}: {result.stderr.strip()}"
        return result.stdout

    def x_windows(self, *conditions):
        """The X windows on the screen that fulfil all conditions of `xdotool search`."""
        def search():
            result = subprocess.run(["xdotool", "search", "--all", "--onlyvisible", *map(str, conditions)],
                                    env=self.environment, capture_output=True, text=True)
            # A window that closes during the search ends it with an error of X; that none is found is an answer.
            return None if "Error" in result.stderr else result
        return poll(f"a search for the windows with {conditions}", search).stdout.split()

    def x_geometry(self, window):
        """(x, y, width, height, is a popup) of an X window; xdotool's own counts the frame twice."""
        told = self._run("xwininfo", "-id", window)

        def number(label):
            return int(re.search(rf"{label}:\s+(-?\d+)", told).group(1))
        return (number("Absolute upper-left X"), number("Absolute upper-left Y"), number("Width"), number("Height"),
                "Override Redirect State: yes" in told)

    def drag(self, start, end):
        """Drags from one place of the screen to another; both are (x, y)."""
        self.xdotool("mousemove", *start)
        self.xdotool("mousedown", 1)
        # A drag begins after some pixels. The window below has to be told each place before the button is released.
        for step in range(1, 11):
            self.xdotool("mousemove", *(begin + (finish - begin) * step // 10 for begin, finish in zip(start, end)))
            time.sleep(0.05)
        self.xdotool("mouseup", 1)

    def key(self, *keys):
        """Sends keys to the window that has the focus: key("ctrl+n")."""
        self.xdotool("key", "--clearmodifiers", *keys)

    def screenshot(self, path, settle=0.3):
        """A picture of the whole display, after what was asked for last has been drawn."""
        time.sleep(settle)
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        subprocess.run(["import", "-window", "root", path], env=self.environment, check=True)

    def home(self, name):
        """The home folder of the program that is launched under this name."""
        return os.path.join(self.folder, "home-" + name)

    def launch(self, command, name, timeout=20, **environment):
        """Starts a program that has windows, and waits until it can be read."""
        app = App(self, command, name, environment)
        self.apps.append(app)
        app.wait_readable(timeout)
        return app

    # --- Notifications.

    def start_notifications(self):
        """Stands in for the notification service; before the programs that will notify."""
        self.notes = os.path.join(self.folder, "notifications.jsonl")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "notifications.py")
        self.spawn(["/usr/bin/python3", script, self.notes], "notifications.log")
        poll("the notification service", lambda: "ready" in open(self.notes).read())

    def notifications(self):
        """What was shown and withdrawn, in order."""
        with open(self.notes, encoding="utf-8") as file:
            return [note for note in map(json.loads, file) if "ready" not in note]

    def wait_notification(self, summary, timeout=10):
        return poll(lambda: f"notification {summary!r}; there are {self.notifications()}",
                    lambda: next((n for n in self.notifications() if "summary" in n and matches(summary, n["summary"])), None),
                    timeout)

    def press_notification(self, number, action="default"):
        """As if the person had clicked it, or a button of it."""
        subprocess.run(["gdbus", "call", "--session", "-d", "org.freedesktop.Notifications", "-o",
                        "/org/freedesktop/Notifications", "-m", "im.klatch.Test.Press", str(number), action],
                       env=self.environment, check=True, stdout=subprocess.DEVNULL)


class App:
    """A program on the session's display, with a home folder of its own."""

    def __init__(self, session, command, name, environment):
        self.session, self.name = session, name
        home = session.home(name)
        variables = dict(session.environment, HOME=home)
        for kind, place in (("CONFIG", ".config"), ("DATA", ".local/share"), ("CACHE", ".cache"), ("STATE", ".local/state")):
            variables[f"XDG_{kind}_HOME"] = os.path.join(home, place)
        settings = os.path.join(variables["XDG_CONFIG_HOME"], "gtk-4.0", "settings.ini")
        os.makedirs(os.path.dirname(settings), exist_ok=True)
        with open(settings, "w") as file:
            file.write(SETTINGS)
        variables.update(environment)
        self.log = os.path.join(session.folder, name + ".log")
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.pid = self.process.pid

    def wait_readable(self, timeout):
        # libatspi connects when it is first used, to the bus of that moment: so one session a process, and not before it.
        os.environ.update({key: self.session.environment[key]
                           for key in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")})
        from accessible import Atspi, Node
        Atspi.init()

        def look():
            desktop = Atspi.get_desktop(0)
            for index in range(desktop.get_child_count()):
                child = desktop.get_child_at_index(index)
                if child is not None and self.is_this(child):
                    child.set_cache_mask(Atspi.Cache.NONE)  # GTK 4.8 does not announce every change.
                    return child
            if self.process.poll() is not None:
                raise TimedOut(f"it exited with {self.process.returncode}: {self.output()[-2000:]}")
            return None
        self.root = Node(self, poll(f"{self.name} on the accessibility bus", look, timeout))

    def is_this(self, accessible):
        """Whether that application on the accessibility bus is this program."""
        return accessible.get_process_id() == self.pid

    def x_windows(self, title=None):
        """Its X windows on the screen, popups among them; or those whose titles match a pattern."""
        return self.session.x_windows("--pid", self.pid, *(("--name", title) if title else ()))

    def output(self):
        """What it has printed so far."""
        with open(self.log, errors="replace") as file:
            return file.read()

    def complaints(self):
        """What it has printed that no healthy program prints."""
        # Of the accessibility library's own warnings (dbind) the program knows nothing.
        return [line for line in self.output().splitlines()
                if re.search("CRITICAL|WARNING|panicked", line) and "dbind-WARNING" not in line]

    def windows(self):
        """The titles of its windows."""
        return [node.name for node in self.root.children()]

    def window(self, title, timeout=10):
        """Waits for the window with that title, until it is on the screen."""
        def look():
            return next((node for node in self.root.children() if matches(title, node.name)), None)
        node = poll(lambda: f"window {title!r} of {self.name}; it has {self.windows()}", look, timeout)
        poll(f"X window of {node.name!r}", node.x_window_now, timeout)
        return node

    def no_window(self, title, timeout=10):
        """Waits until there is no window with that title."""
        poll(f"window {title!r} of {self.name} gone", lambda: not any(matches(title, name) for name in self.windows()), timeout)

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def wait_exit(self, timeout=10):
        """The exit code, when it has ended."""
        return self.process.wait(timeout)


def run(command):
    """Runs a command on a private display; for tests that make windows in their own process."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Session() as session:
        # What GTK calls critical is a mistake of ours, such as a widget that is used after its end.
        environment = dict(session.environment, GTK_A11Y="none", GSETTINGS_BACKEND="memory", G_DEBUG="fatal-criticals")
        return subprocess.run(command, env=environment).returncode


if __name__ == "__main__":
    if sys.argv[1:2] != ["--run"] or len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(run(sys.argv[2:]))
