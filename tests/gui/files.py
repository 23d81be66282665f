"""The windows of files and people that only peers have, as a person sees and uses them."""
import re

from waiting import poll


class UserInfo:
    """What somebody tells about themselves."""

    def __init__(self, window):
        self.window = window

    def fields(self):
        """{caption: value} of what is shown."""
        texts = [label.text for label in self.window.query("label") if label.parent.role != "push button"]
        return dict(zip(texts[::2], texts[1::2]))

    def wait_fields(self, **fields):
        """Waits until at least these are shown."""
        poll(lambda: f"{fields} in {self.window!r}; there are {self.fields()}",
             lambda: fields.items() <= self.fields().items())


class SharedFiles:
    """What somebody shares."""

    def __init__(self, window):
        self.window = window

    def files(self):
        """The rows, in order: file and folder."""
        return [tuple((row + [""])[:2]) for row in self._table().find("list").rows()]

    def _table(self):
        return self.window.find(re.compile("table"), "Files")

    def names(self):
        return [name for name, _ in self.files()]

    def wait_names(self, *names):
        """Waits until exactly these are listed, in this order."""
        poll(lambda: f"{names} in {self.window!r}; there are {self.files()}", lambda: self.names() == list(names))

    def sort(self, column):
        """Clicks on the title of a column."""
        self._table().find("label", text=column).click()

    def search(self, text):
        self.window.find("entry", "Find files").type(text, clear=True)

    def refresh(self):
        self.window.find("push button", "Refresh").click()

    def select(self, *names):
        """Clicks on these, with Ctrl from the second on."""
        table = self._table()
        table.row(names[0]).click()
        for name in names[1:]:
            self.window.session.xdotool("keydown", "ctrl")
            try:
                table.row(name).click()
            finally:
                self.window.session.xdotool("keyup", "ctrl")

    def get(self, *names):
        """Selects these and gets them."""
        self.select(*names)
        # Until then there is nothing to get.
        self.window.find(text=f"{len(names)} selected")
        self.window.find("push button", "Get").click()


class Transfers:
    """Files on their way, and those that have come or gone."""

    def __init__(self, window):
        self.window = window

    def rows(self):
        """(what, state) of each: what is "FILE from NAME" or "FILE to NAME"."""
        return [tuple(row[:2]) for row in self.window.find("list", "Transfers").rows()]

    def wait(self, what, state, timeout=10):
        """Waits until that transfer shows this state: a text, or a pattern."""
        poll(lambda: f"{what} to be {state!r}; there are {self.rows()}",
             lambda: any(row[0] == what and re.search(state, row[1]) for row in self.rows()), timeout)

    def press(self, what, button):
        self.window.find("list", "Transfers").row(what).find("push button", button).click()
