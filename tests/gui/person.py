"""Somebody at the desktop client: what is seen in its windows, and what is done in them."""
import os
import re

from conversation import PRESENCES, Conversation
from files import SharedFiles, Transfers, UserInfo
from waiting import TimedOut, poll
from windows import Preferences, Welcome, choose_file

MAIN = "Klatch"
DRAG_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drag_source.py")
INVITATIONS = re.compile(r"^(\d+ )?(Invitation|Offer)[^-]* - Klatch$")


class Person:
    """The buddy list of one running client, and the way to its other windows."""

    def __init__(self, app, name):
        self.app, self.name = app, name
        self.session = app.session

    @property
    def window(self):
        """The buddy list."""
        return self.app.window(MAIN)

    # --- How one is connected.

    def link(self):
        """What the status bar says."""
        return " ".join(node.text for node in self.window.query(re.compile("status"))).strip()

    def wait_link(self, words, timeout=15):
        """Waits until the status bar, or the place where people would be, contains these words."""
        def shows():
            places = self.window.query("label") + self.window.query(re.compile("status"))
            return any(words in node.text for node in places)
        poll(lambda: f"{words!r} in {self.name}'s window:\n{self.window.dump()}", shows, timeout)

    def wait_online(self, timeout=15):
        poll(lambda: f"{self.name} to be connected; it says {self.link()!r}",
             lambda: self.link().startswith(("Connected", "Hosting here", "On this network as")), timeout)

    def retry(self):
        """Presses Retry in the status bar."""
        self.window.find("push button", "Retry").click()

    def wait_problem(self, words, timeout=10):
        """Waits until the bar above the list says this."""
        self.wait_link(words, timeout)

    def dismiss_problem(self):
        self.window.find("push button", "Dismiss").click()
        self.window.wait_gone("push button", "Dismiss")

    # --- Who is there.

    def people(self):
        """{name: (presence, words)} of everybody in the list."""
        found = {}
        for lists in self.window.query("list", "People")[:1]:
            for row in lists.rows():
                presence = next((cell for cell in row if cell in PRESENCES), None)
                if presence is not None:
                    rest = row[row.index(presence) + 1:]
                    found[rest[0]] = (presence, rest[1] if len(rest) > 1 else "")
        return found

    def wait_buddies(self, *names, timeout=15):
        """Waits until exactly these are in the list."""
        poll(lambda: f"{self.name} to see {sorted(names)}; there are {self.people()}",
             lambda: set(self.people()) == set(names), timeout)

    def wait_status(self, name, words, timeout=10):
        """Waits until somebody has this presence or these words."""
        def has():
            presence, shown = self.people()[name]
            return words in (presence.lower(), shown)
        poll(lambda: f"{name} to be {words!r}; there are {self.people()}", has, timeout)

    # --- Oneself.

    def set_presence(self, word):
        """Chooses a presence from the drop-down."""
        choice = self.window.find("combo box", "My presence")
        self.window.focus_window()
        for _ in range(3):
            choice.click()
            try:
                choice.row(word, timeout=2).click()
                break
            except TimedOut:
                # The window manager was still handing over the focus, and that closes a popover.
                continue
        poll(f"presence {word}", lambda: self.own_presence() == word)

    def own_presence(self):
        choice = self.window.find("combo box", "My presence")
        return next(node.text for node in choice.walk() if node.role == "label" and node.is_visible and node.text)

    def set_status_text(self, text):
        self.window.find("text", "My status message").type(text + "\n", clear=True)

    # --- Conversations.

    def conversations(self):
        """The conversation windows, oldest first."""
        return [window for window in self.app.root.children() if window.query("list", "Messages")]

    def start(self, *names):
        """Starts a conversation from the list; returns it when its window is there."""
        before = len(self.conversations())
        people = self.window.find("list", "People")
        if len(names) == 1:
            people.row(names[0]).double_click()
        else:
            people.row(names[0]).click()
            for name in names[1:]:
                self.session.xdotool("keydown", "ctrl")
                try:
                    people.row(name).click()
                finally:
                    self.session.xdotool("keyup", "ctrl")
            self.session.key("Return")
        return self.newest_conversation(before + 1)

    def newest_conversation(self, count=1):
        """The newest of at least so many conversation windows."""
        window = poll(lambda: f"{count} conversations of {self.name}; there are {self.app.windows()}",
                      lambda: self.conversations()[count - 1:])[-1]
        poll(f"X window of {window!r}", window.x_window_now)
        return Conversation(window)

    def conversation(self, *names):
        """The newest conversation whose title names these."""
        def look():
            found = [window for window in self.conversations() if all(name in window.name for name in names)]
            return found and found[-1]
        window = poll(lambda: f"conversation of {self.name} with {names}; there are {self.app.windows()}", look)
        poll(f"X window of {window!r}", window.x_window_now)
        return Conversation(window)

    # --- Invitations.

    def invitations(self):
        """The windows that list invitations; there is one at most."""
        return [window for window in self.app.root.children() if INVITATIONS.search(window.name)]

    def has_invitation(self):
        return bool(self.invitations())

    def invitation(self, sender):
        """Waits for the invitation of somebody; returns its row."""
        words = f"{sender} invites you to a conversation."
        return self._request(words)

    def _request(self, words):
        return self.app.window(INVITATIONS).find("list", "Invitations").row(words)

    def accept(self, sender):
        self.invitation(sender).find("push button", "Accept").click()

    def decline(self, sender):
        self.invitation(sender).find("push button", "Decline").click()
        poll("the invitation to close", lambda: not self.has_invitation())

    def offer(self, sender, file):
        """Waits for the offer of that file; returns its row."""
        return self._request(f"{sender} offers you the file “{file}”.")

    def accept_offer(self, sender, file):
        self.offer(sender, file).find("push button", "Accept").click()

    def refuse_offer(self, sender, file):
        self.offer(sender, file).find("push button", "Refuse").click()
        poll("the offer to close", lambda: not self.has_invitation())

    # --- Peers.

    def pick(self, name, entry):
        """Picks an entry of somebody's menu."""
        row = self.window.find("list", "People").row(name)
        self.window.focus_window()
        row.click(button=3)
        self.window.find(re.compile("menu item$"), entry).click()

    def user_info(self, name):
        self.pick(name, "User Info")
        return UserInfo(self.app.window(f"User Info of {name}"))

    def files_of(self, name):
        self.pick(name, "Shared Files")
        return SharedFiles(self.app.window(f"Shared Files of {name}"))

    def send_file(self, name, path):
        """Chooses a file for somebody, with the menu."""
        self.pick(name, "Send Files…")
        choose_file(self.app, f"Send Files to {name}", path)

    def drop_files(self, name, *paths):
        """Drags files from another program onto somebody."""
        self.drop(self.window, self.window.find("list", "People").row(name), *paths)

    def drop(self, onto, place, *paths):
        """Drags files from another program onto a place in a window."""
        title = f"Files {len(self.session.processes)}"
        self.session.spawn(["/usr/bin/python3", DRAG_SOURCE, title, *paths], "drag-source.log")
        window = poll(f"the window {title!r}", lambda: self.session.x_windows("--name", f"^{title}$"))[-1]
        self.session.xdotool("windowmove", "--sync", window, 700, 500)
        left, top, width, height, _ = self.session.x_geometry(window)
        onto.focus_window()
        self.session.drag((left + width // 2, top + height // 2), place.middle())

    def transfers(self):
        """The window of the transfers, which opens by itself when one gets something."""
        return Transfers(self.app.window("Transfers - Klatch"))

    # --- Other windows.

    def welcome(self):
        return Welcome(self.app.window("Welcome to Klatch"))

    def preferences(self):
        self.window.focus_window()
        self.session.key("ctrl+comma")
        return Preferences(self.app.window("Preferences"))

    def choose_another_name(self, name):
        """Answers the question that comes when the server refuses the name."""
        question = self.app.window("Choose Another Name")
        question.find("text", "Name").type(name, clear=True)
        question.find("push button", "Retry").click()

    def quit_by_menu(self):
        self.window.menu("Klatch", "Quit")

    def quit(self):
        """Quits with the key for it, and waits for the end."""
        self.window.focus_window()
        self.session.key("ctrl+q")
        assert self.app.wait_exit() == 0, self.app.output()
