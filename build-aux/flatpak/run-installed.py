#!/usr/bin/python3
"""Runs the installed flatpak as a desktop would, and looks whether it works.

usage: run-installed.py PROGRAMS FOLDER     (klatch-server and klatch-cli of this system are in PROGRAMS)
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/gui"))
from driver import Session  # noqa: E402
from waiting import poll  # noqa: E402

ID = "im.klatch.Klatch"


class Run:
    def __init__(self, session, programs, folder):
        self.session, self.programs, self.folder = session, pathlib.Path(programs), pathlib.Path(folder)
        self.installed = pathlib.Path(os.environ["FLATPAK_USER_DIR"])
        home = pathlib.Path(session.folder) / "home"
        home.mkdir()
        self.environment = session.environment | {"HOME": str(home), "FLATPAK_USER_DIR": str(self.installed)}

    def output(self, *command):
        return subprocess.run([str(word) for word in command], env=self.environment, check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def call(self, name, path, method, *arguments, check=True):
        command = ["gdbus", "call", "--session", "--timeout", "60", "--dest", name, "--object-path", path, "--method", method]
        subprocess.run([*command, *arguments], env=self.environment, check=check, stdout=subprocess.DEVNULL)

    def has_window(self, title):
        return f'"{title}"' in self.output("xwininfo", "-root", "-tree")

    def is_running(self):
        return ID in self.output("flatpak", "ps", "--columns=application").split()

    def activate(self):
        """The exported service file starts it, as menus do."""
        bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus")
        shutil.copy(self.installed / f"exports/share/dbus-1/services/{ID}.service", pathlib.Path(self.session.folder) / "services")
        self.call(*bus, "org.freedesktop.DBus.ReloadConfig")
        variables = ", ".join(f"'{key}': '{self.environment[key]}'" for key in ("HOME", "FLATPAK_USER_DIR"))
        self.call(*bus, "org.freedesktop.DBus.UpdateActivationEnvironment", f"{{{variables}}}")
        application = (ID, "/" + ID.replace(".", "/"))
        self.call(*application, "org.freedesktop.Application.Activate", "{}")
        poll("the window of a new person", lambda: self.has_window("Welcome to Klatch"), 30)
        # The program may be gone before its reply is.
        self.call(*application, "org.freedesktop.Application.ActivateAction", "quit", "[]", "{}", check=False)
        poll("the end of the program", lambda: not self.is_running(), 30)

    def chat(self):
        """Somebody in the sandbox joins a server outside of it, and is invited by somebody outside."""
        server = subprocess.Popen([self.programs / "klatch-server", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        terminal = app = None
        try:
            address = server.stdout.readline().split()[-1]
            app = subprocess.Popen(["flatpak", "run", ID, "--server", address, "--name", "Sandra"], env=self.environment)
            terminal = subprocess.Popen([self.programs / "klatch-cli", "server", address, "--name", "Otto", "--json"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.wait_for(terminal, lambda event: any(user["name"] == "Sandra" for user in event.get("users", [])))
            terminal.stdin.write("/invite Sandra\n")
            terminal.stdin.flush()
            self.wait_for(terminal, lambda event: event["event"] == "conversation")
            poll("the invitation", lambda: self.has_window("Invitation - Klatch"), 30)
            self.session.screenshot(str(self.folder / "klatch.png"))
        finally:
            for process in (app, terminal, server):
                if process:
                    process.terminate()
                    process.wait(20)

    @staticmethod
    def wait_for(terminal, is_it):
        for line in terminal.stdout:
            if is_it(json.loads(line)):
                return
        sys.exit("klatch-cli has ended")


def main():
    with Session() as session:
        run = Run(session, *sys.argv[1:])
        run.activate()
        run.chat()
    print("the flatpak was activated and has chatted")


main()
