"""The windows in which one says who one is and how to go online, and dialogs, as a person sees and uses them."""
import re

CHOICE = re.compile("^(radio button|check box)$")


def choose_file(app, title, path):
    """Answers a file dialog."""
    app.window(title).focus_window()
    # A slash lets one type where the file is.
    app.session.xdotool("type", "--clearmodifiers", "--delay", 5, "--", path)
    app.session.key("Return")
    app.no_window(title)


class Welcome:
    """The first window of somebody new."""

    def __init__(self, window):
        self.window = window

    def join(self, host, port, name):
        """Chooses to join a server."""
        self.window.find("text", "Your name").set_text(name)
        self.window.find(CHOICE, "Join a server").click()
        self.window.find("text", "Address").set_text(host)
        self.window.find("text", "Port").set_text(str(port))
        self.window.find("push button", "Join").click()

    def join_network(self, name):
        """Chooses to chat without a server."""
        self.window.find("text", "Your name").set_text(name)
        self.window.find(CHOICE, "Chat on this network").click()
        self.window.find("push button", "Go Online").click()

    def choose_hosting(self, name, port):
        """Fills in what is needed to host a server here, and goes on."""
        self.window.find("text", "Your name").set_text(name)
        self.window.find(CHOICE, "Host a server here").click()
        self.window.find("text", "Server port").set_text(str(port))
        self.window.find("push button", "Host and Join").click()
        self.window.find("push button", "Start Chatting")

    def host(self, name, port):
        self.choose_hosting(name, port)
        self.start_chatting()

    def start_chatting(self):
        self.window.find("push button", "Start Chatting").click()


class Preferences:
    """The preferences window."""

    def __init__(self, window):
        self.window = window

    def turn_to(self, page):
        # GTK 4.8 names every tab "Tab"; what is written on it is a label inside.
        self.window.find("page tab list").find("label", text=page).click()

    def shows(self, words):
        """Whether some label contains these words."""
        return any(words in label.text for label in self.window.query("label"))

    def type_server(self, host, port):
        """Chooses to be online through a server, and fills in its address and port."""
        self.turn_to("Connection")
        self.window.find(CHOICE, "Through a server").click()
        self.window.find("text", "Address").set_text(host)
        self.window.find("text", "Port").set_text(str(port))

    def apply(self):
        self.window.find("push button", re.compile("^Apply")).click()

    def connect_to(self, host, port):
        """Types an address and a port, key by key, and goes there."""
        self.turn_to("Connection")
        self.window.find(CHOICE, "Through a server").click()
        self.window.find("text", "Address").type(host, clear=True)
        self.window.find("text", "Port").type(str(port), clear=True)
        self.apply()

    def chat_on_network(self):
        """Chooses to be online without a server, and goes there."""
        self.turn_to("Connection")
        self.window.find(CHOICE, "On this network, without a server").click()
        self.apply()

    def host(self):
        """Hosts a server here, and joins it; returns the port."""
        self.turn_to("Hosting")
        self.window.find(CHOICE, "Host a server on this computer while Klatch runs").click()
        self.window.find("push button", "Join This Server").click()
        return int(self.window.find("text", "Port").text)

    def share(self, folder):
        """Chooses the folder whose files others can get."""
        self.turn_to("Sharing")
        self.window.find("push button", re.compile("^Choose a folder to share")).click()
        choose_file(self.window.app, "Choose a Folder to Share", folder)
        self.window.find("label", text=folder)

    def stop_sharing(self):
        self.turn_to("Sharing")
        self.window.find("push button", "Stop Sharing").click()
        self.window.find("label", text="Nothing is shared.")

    def add_field(self, field, value):
        """Adds something that others can look up."""
        self.turn_to("Sharing")
        self.window.find("push button", "Add Field").click()
        self.window.find("text", "Field").set_text(field)
        self.window.find("text", "Value").set_text(value)

    def choose_appearance(self, word):
        self.turn_to("Appearance")
        self.window.find(CHOICE, word).click()

    def close(self):
        self.window.find("push button", "Close").click()
