"""What a program shows, read through AT-SPI as a screen reader does, and acted on by mouse and keys as a person does.

How GTK 4.8 is seen here: GtkWindow is a `frame`, GtkButton a `push button`, GtkEntry and GtkTextView a `text`,
GtkSearchEntry an `entry`, GtkSpinButton a `spin button`, GtkCheckButton a `check box` or `radio button`, GtkDropDown a
`combo box`, GtkListView a `list` of `list item`s, GtkLabel a `label`, a menu's entries `menu item`, `check menu item` and
`radio menu item`. Extents are relative to the window, and within a popover to nothing useful; the state `showing` is
known of frames only.
"""
import re
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402

from waiting import TimedOut, matches, poll  # noqa: E402

ROWS = ("list item", "table row", "tree item", "row")
LISTS = ("list", "table", "tree table", "panel", "filler", "scroll pane", "viewport")


class Node:
    """One accessible object of an application."""

    def __init__(self, app, accessible, parent=None):
        self.app, self.accessible, self.parent = app, accessible, parent
        self.session = app.session

    def __repr__(self):
        return f"<{self.role} {self.name!r}>"

    # --- Reading.

    @property
    def name(self):
        """The accessible name, without what GTK 4.8 leaves of mnemonics: a button is "_Send Send", a check box "_On"."""
        name = self.accessible.get_name() or ""
        if "_" in name and self.role.endswith(("button", "box")):
            half = len(name) // 2
            doubled = name[:half].replace("_", "", 1) == name[half + 1:]
            return name[half + 1:] if doubled else name.replace("_", "", 1)
        return name

    @property
    def role(self):
        return self.accessible.get_role_name()

    @property
    def states(self):
        return {state.value_nick for state in self.accessible.get_state_set().get_states()}

    @property
    def text(self):
        """What a label, an entry or a text view contains; else the name."""
        text = self.accessible.get_text_iface()
        if text is None:
            return self.name
        return Atspi.Text.get_text(text, 0, Atspi.Text.get_character_count(text))

    @property
    def value(self):
        """The number that a spin button, scale, scroll bar, progress or level bar shows."""
        return Atspi.Value.get_current_value(self.accessible.get_value_iface())

    def set_value(self, number):
        """Sets the number of a spin button or scale, as an assistive technology does."""
        assert Atspi.Value.set_current_value(self.accessible.get_value_iface(), number), f"{self!r} takes no value"
        return self

    def children(self):
        for index in range(self.accessible.get_child_count()):
            child = self.accessible.get_child_at_index(index)
            if child is not None:
                yield Node(self.app, child, self)

    def walk(self):
        """All below, depth first."""
        for child in self.children():
            yield child
            yield from child.walk()

    def dump(self, depth=0):
        """The tree as text, for whoever writes a test."""
        own = self.text if self.role in ("label", "text", "entry") else ""
        line = "  " * depth + f"{self.role} {self.name!r}" + (f" text={own!r}" if own and own != self.name else "")
        return "\n".join([line] + [child.dump(depth + 1) for child in self.children()])

    @property
    def is_visible(self):
        extents = self._extents()
        return extents is not None and extents.width > 0 and extents.height > 0

    def query(self, role=None, name=None, text=None):
        """Everything visible below that matches now."""
        return [node for node in self.walk()
                if matches(role, node.role) and matches(name, node.name)
                and (text is None or matches(text, node.text)) and node.is_visible]

    def find(self, role=None, name=None, text=None, timeout=10, nth=0):
        """Waits for the nth visible node below that matches."""
        def look():
            found = self.query(role, name, text)
            return found[nth] if len(found) > nth else None
        return poll(f"{role} name={name!r} text={text!r} below {self!r}", look, timeout)

    def wait_gone(self, role=None, name=None, text=None, timeout=10):
        poll(f"{role} name={name!r} text={text!r} gone from {self!r}", lambda: not self.query(role, name, text), timeout)

    def wait_text(self, wanted, timeout=10):
        poll(lambda: f"{self!r} shows {wanted!r}; it has {self.text!r}", lambda: matches(wanted, self.text), timeout)

    def rows(self):
        """The rows of a list, each as the texts of its labels and the names of its images.

        A list view makes widgets only for the rows near what can be seen: scroll, or look at the last rows.
        """
        found = []
        for child in self.children():
            if child.role in ROWS:
                cells = [n.text for n in child.walk() if n.role in ("label", "image", "check box", "entry") and n.is_visible]
                found.append([cell for cell in cells if cell])
            elif child.role in LISTS:
                found.extend(child.rows())
        return found

    def row(self, wanted, timeout=10):
        """Waits for the row in which some label matches."""
        def look():
            for node in self.walk():
                if node.role in ROWS and any(matches(wanted, n.text) for n in node.walk() if n.role == "label"):
                    return node
            return None
        return poll(f"row {wanted!r} in {self!r}", look, timeout)

    # --- Where it is on the screen.

    def _extents(self):
        component = self.accessible.get_component_iface()
        return component.get_extents(Atspi.CoordType.WINDOW) if component else None

    def frame(self):
        """The window that it is in."""
        node = self
        while node.parent is not None and node.parent.role != "application":
            node = node.parent
        return node

    def x_window_now(self):
        """The X window's id, by process and exact title; None while there is none."""
        title = "^" + re.escape(self.frame().name) + "$"
        ids = self.app.x_windows(title)
        return ids[-1] if ids else None

    def x_window(self):
        return poll(f"X window of {self!r}", self.x_window_now)

    def _place(self):
        """(X window, x, y, width, height) with the rectangle relative to the X window that shows this node.

        Menus and other popovers are X windows of their own, which extents ignore. The popover's accessible is as large as
        its X window, less the padding.
        """
        extents = self._extents()
        popups = []
        for window in self.app.x_windows():
            _, _, width, height, is_popup = self.session.x_geometry(window)
            if is_popup:
                popups.append((window, width, height))
        node = self
        while popups and node is not None and node.role != "frame":
            around = node._extents()
            for window, width, height in popups:
                if (around is not None and node.name.startswith("GtkPopover")
                        and 0 <= width - around.width <= 24 and 0 <= height - around.height <= 24):
                    x = extents.x - around.x + (width - around.width) // 2
                    return window, x, extents.y - around.y + height - around.height, extents.width, extents.height
            node = node.parent
        return self.x_window(), extents.x, extents.y, extents.width, extents.height

    def middle(self):
        """(x, y) of its middle on the screen."""
        window, x, y, width, height = poll(f"the place of {self!r}", self._place)
        left, top, *_ = self.session.x_geometry(window)
        return left + x + width // 2, top + y + height // 2

    # --- Acting.

    def focus_window(self):
        self.session.xdotool("windowactivate", "--sync", self.x_window())
        # The window manager is quicker than the program: a popover that opens before the focus comes closes again.
        # Of dialogs GTK 4.8 does not tell it.
        poll(f"focus for {self.frame()!r}", lambda: self.frame().role != "frame" or "active" in self.frame().states)
        return self

    def move(self, x, y):
        """Puts the window there."""
        self.session.xdotool("windowmove", self.x_window(), x, y)
        return self

    def resize(self, width, height):
        """Gives the window this size."""
        self.session.xdotool("windowsize", self.x_window(), width, height)
        return self

    def click(self, button=1, repeat=1):
        """Clicks in the middle of it."""
        if "active" not in self.frame().states:
            self.focus_window()
        # A popover may close while one looks for it.
        window, x, y, width, height = poll(f"the place of {self!r}", self._place)
        self.session.xdotool("mousemove", "--window", window, x + width // 2, y + height // 2)
        time.sleep(0.05)  # GTK must have seen the motion before the button.
        self.session.xdotool("click", "--repeat", repeat, "--delay", 60, button)
        return self

    def double_click(self):
        return self.click(repeat=2)

    def action(self, name=None):
        """An action that it offers: buttons have `click`, a frame all its enabled `win.` actions by their names."""
        actions = self.accessible.get_action_iface()
        names = [actions.get_action_name(index) for index in range(actions.get_n_actions())] if actions else []
        for index, offered in enumerate(names):
            if name is None or offered == name:
                return actions.do_action(index)
        raise TimedOut(f"{self!r} has no action {name!r}, only {names}")

    def type(self, text, clear=False):
        """Clicks into it, then types key by key; a line end is Return."""
        self.click()
        poll(f"focus in {self!r}", lambda: "focused" in self.states, 5)
        if clear:
            self.session.key("ctrl+a", "BackSpace")
        for index, part in enumerate(text.split("\n")):
            if index:
                self.session.key("Return")
            if part:
                self.session.xdotool("type", "--clearmodifiers", "--delay", 5, "--", part)
        return self

    def set_text(self, text):
        """Replaces what an entry or text view contains, without keys."""
        editable = self.accessible.get_editable_text_iface()
        assert editable is not None and editable.set_text_contents(text), f"{self!r} does not take text"
        return self

    def menu(self, *path):
        """Opens a menu of the menu bar and picks an entry with the mouse."""
        self.focus_window()
        self.find("menu item", path[0]).click()
        for label in path[1:]:
            self.find(re.compile("menu item$"), label).click()
        return self

    def close(self):
        """What the title bar's close button does."""
        self.focus_window()
        self.session.key("alt+F4")
