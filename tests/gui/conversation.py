"""A conversation window, as a person sees and uses it."""
import re

from waiting import poll

PRESENCES = ("Online", "Away", "Busy", "Offline")

# How a row of the transcript begins when it names the sender, and what may stand behind one's own text.
HEADING = re.compile(r"^(?P<sender>[^\n]+)  \d\d:\d\d\n")
NOTE = re.compile(r"(  (?P<state>sending…|sent|not delivered to [^\n]+ yet)|\n⚠ (?P<mark>[^\n]+?)(?:  Resend)?)$")
NOTICE = re.compile(r"^[^\n]+  \d\d:\d\d$")
DAY = re.compile(r"^\w+, +\d+ \w+ \d{4}$")


class Said:
    """A text in the transcript: by whom, what, with what state, while it is not delivered, and with what warning, if any."""

    def __init__(self, sender, text, state, mark):
        self.sender, self.text, self.state, self.mark = sender, text, state, mark


class Conversation:
    """The window of one conversation."""

    def __init__(self, window):
        self.window = window

    # --- The transcript.

    def rows(self):
        """The transcript's rows as they are shown, notices and days among them."""
        return ["\n".join(row) for row in self.window.find("list", "Messages").rows()]

    def said(self):
        """What was said, in order; a row without a name goes on in the name of the one before."""
        found, sender = [], None
        for row in self.rows():
            heading = HEADING.match(row)
            if heading:
                sender = heading["sender"]
                row = row[heading.end():]
            elif DAY.match(row) or NOTICE.match(row):
                continue
            note = NOTE.search(row)
            found.append(Said(sender, row[:note.start()], note["state"], note["mark"]) if note else Said(sender, row, None, None))
        return found

    def texts(self):
        return [said.text for said in self.said()]

    def senders(self):
        """By whom each text is, in order."""
        return [said.sender for said in self.said()]

    def mark(self, text):
        """The warning at that text."""
        return next((said.mark for said in self.said() if said.text == text), None)

    def wait_delivered(self, *texts, timeout=10):
        """Waits until nothing is said any more about the delivery of these texts."""
        def delivered():
            said = {said.text: said for said in self.said()}
            return all(not said[text].state and not said[text].mark for text in texts)
        poll(lambda: f"{texts} to be delivered; there is {self.rows()}", delivered, timeout)

    def wait_texts(self, *texts, timeout=10):
        """Waits until exactly these were said, in this order."""
        poll(lambda: f"{list(texts)} in {self.window!r}; it has {self.rows()}", lambda: self.texts() == list(texts), timeout)

    def wait_text(self, text, timeout=10):
        """Waits until that was said."""
        poll(lambda: f"{text!r} in {self.window!r}; it has {self.rows()}", lambda: text in self.texts(), timeout)

    def wait_mark(self, text, timeout=10):
        """Waits until that text is marked as perhaps not delivered."""
        poll(lambda: f"a mark at {text!r}; there is {self.rows()}", lambda: self.mark(text), timeout)

    # --- Writing.

    def entry(self):
        return self.window.find("text", "Message")

    def entered(self):
        """What has been typed and not sent."""
        return self.entry().text

    def type(self, text):
        """Types key by key; a line end is Return, which sends."""
        self.entry().type(text)

    def say(self, text):
        """Writes a text and sends it with Return."""
        self.entry().set_text(text)
        self.entry().type("\n")

    # --- Who is in it.

    def people(self):
        """The rows of the list of members: the presence, if it is known, then the name, then what is said about it."""
        return self.window.find("list", "Members").rows()

    def members(self):
        """The names of those who are in it now, oneself included."""
        people = [row[1:] if row[0] in PRESENCES else row for row in self.people()]
        return sorted(row[0] for row in people if row[-1] not in ("invited", "has declined", "has not joined"))

    def notes(self):
        """What is said about each of them: {name: words}."""
        people = [row[1:] if row[0] in PRESENCES else row for row in self.people()]
        return {row[0]: row[1] if len(row) > 1 else "" for row in people}

    def wait_note(self, name, words, timeout=10):
        """Waits until that is said about somebody in the list of members."""
        poll(lambda: f"{name} to be {words!r}; there are {self.notes()}",
             lambda: words in self.notes()[name].split(" · "), timeout)

    def wait_members(self, *names, timeout=10):
        """Waits until exactly these are in it."""
        poll(lambda: f"members {sorted(names)} in {self.window!r}; there are {self.people()}",
             lambda: self.members() == sorted(names), timeout)

    def notices(self):
        """What the transcript says about what happened, without the times."""
        return [row.rsplit("  ", 1)[0] for row in self.rows() if NOTICE.match(row)]

    def wait_notice(self, words, timeout=10):
        """Waits until the transcript says that this happened."""
        poll(lambda: f"the notice {words!r}; there is {self.rows()}", lambda: words in self.notices(), timeout)

    def state(self):
        """The line that says what one should know; empty when all is well."""
        return " ".join(node.text for node in self.window.query(re.compile("status"))).strip()

    def wait_state(self, words, timeout=10):
        """Waits until that line contains these words."""
        poll(lambda: f"{words!r}; {self.window!r} says {self.state()!r}", lambda: words in self.state(), timeout)

    def wait_waiting_for(self, *names, timeout=10):
        """Waits until the window says that it waits for these."""
        self.wait_state(f"Waiting for {', '.join(names)} to join", timeout)

    def wait_not_waiting(self, timeout=10):
        poll(lambda: f"no more waiting; it says {self.state()!r}", lambda: "Waiting" not in self.state(), timeout)

    def wait_problem(self, words, timeout=10):
        self.wait_state(words, timeout)

    def wait_ended(self, timeout=10):
        """Waits until the window says that the conversation is over."""
        poll(lambda: f"an end; it says {self.state()!r}", lambda: "ended" in self.state(), timeout)

    def close(self):
        """Closes the window by its title bar."""
        self.window.close()

