#!/usr/bin/python3
"""Pictures of the desktop client for whoever judges how it looks: light and dark, with much and with long content.

    looks.py PROGRAM FOLDER [WORD...]     all of them, or those with a word in their names

Nothing is checked here but that the windows open. The picture of the README, data/screenshots/conversation.png, is
readme-light.png.
"""
import os
import signal
import subprocess
import sys

from scene import Scene, network  # First: it knows where the modules for networks are.
import looks_peers
from tour import TALK
from waiting import poll

LONG_NAME = "Wilhelmine-Charlotte von und zu Hohenstein-Langenburg-Wertheim"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
PARAGRAPH = ("Every one of these sentences is here to make a message of the length that people write when they explain"
             " something: with a subordinate clause, an aside (in brackets), and no line break at all. ")
CODE = "def handle(self):\n    while 1:\n        data = self.sock.recv(1024)\n        if not data: break\n        self.table[verb](args)"
TEXTS = [
    ("bob", "hi"), ("bob", "are you there?"), ("alice", "Yes."), (LONG_NAME, "So am I, with a name that needs room."),
    ("bob", PARAGRAPH * 6), ("alice", CODE), ("bob", LONG_WORD), (LONG_NAME, "👍🏽 🎉 你好 مرحبا שלום <b>not bold</b> & so on"),
    ("alice", "See https://example.org/a/long/path?with=a&query=that#goes-on and tell me."), ("bob", "ok"),
]


def crowd(count):
    """So many people with all kinds of names and statuses."""
    statuses = ["online", "away", "busy", "away: back at two", "preparing Thursday", "busy: " + PARAGRAPH, ""]
    names = ["bob", LONG_NAME, "Zoë", "張偉", "مريم", "x"] + [f"student {number:03}" for number in range(count)]
    return {name: statuses[index % len(statuses)] for index, name in enumerate(names[:count])}


def in_conversation(scene, users, others, me="alice"):
    """Somebody in a conversation with others, on a server that the scene plays."""
    server = scene.scripted_server(users=users)
    alice = scene.person(me, server)
    alice.window.move(10, 30)
    server.push("INVITATION", [1, me])
    conversation = alice.newest_conversation()
    conversation.window.move(330, 30)
    server.conversations[1] = [me, *others]
    server.push("CONVERSATIONS", server.conversations)
    conversation.wait_members(me, *others)
    return server, alice, conversation


def talk(server, conversation, texts):
    for sender, text in texts:
        if sender == server.name:
            conversation.say(text)
            poll("the text", lambda text=text: server.sent("SEND_MESSAGE")[-1][1] == text)
        else:
            server.push("MESSAGE", [1, sender, text])
    poll("the last text", lambda: texts[-1][1] in conversation.texts()[-1])


def look_welcome(scene):
    yield "welcome", scene.newcomer("alice")


def look_nobody_there(scene):
    yield "nobody-there", scene.person("alice", scene.scripted_server())


def look_no_server(scene):
    alice = scene.newcomer("alice", "--name", "alice", "--server", "127.0.0.1:1")
    alice.wait_link("No server answers")
    yield "no-server", alice


def look_people(scene):
    alice = scene.person("alice", scene.scripted_server(users=crowd(8)))
    yield "people-few", alice


def look_crowd(scene):
    alice = scene.person("alice", scene.scripted_server(users=crowd(200)))
    yield "people-200", alice
    alice.window.find("entry", "Find people").type("19")
    poll("the search", lambda: 0 < len(alice.people()) < 30)
    yield "people-searched", alice


def look_conversation(scene):
    server, alice, conversation = in_conversation(scene, crowd(8), ["bob", LONG_NAME])
    conversation.window.resize(760, 780)
    talk(server, conversation, TEXTS)
    yield "conversation-long", alice
    conversation.window.resize(360, 300)
    yield "conversation-small", alice


def look_waiting(scene):
    server = scene.scripted_server(users=crowd(8))
    alice = scene.person("alice", server)
    alice.window.move(10, 30)
    conversation = alice.start("bob")
    conversation.window.move(330, 30)
    conversation.wait_waiting_for("bob")
    yield "waiting", alice


def look_interrupted(scene):
    server, alice, conversation = in_conversation(scene, crowd(8), ["bob"])
    talk(server, conversation, TEXTS[:3])
    server.echo = False
    conversation.say("Did you get this?")
    conversation.type("and this is not sent yet")
    server.close()
    conversation.wait_mark("Did you get this?")
    yield "interrupted", alice


def look_invitations(scene):
    server = scene.scripted_server(users=crowd(8))
    alice = scene.person("alice", server)
    alice.window.move(10, 30)
    server.push("INVITATION", [1, "bob"])
    alice.invitation("bob").frame().move(330, 60)
    yield "invitation", alice
    server.push("INVITATION", [2, LONG_NAME])
    alice.invitation(LONG_NAME)
    yield "invitations", alice


def look_twenty_conversations(scene):
    users = crowd(30)
    server = scene.scripted_server(users=users)
    alice = scene.person("alice", server)
    for number, name in enumerate(list(users)[:20], 1):
        server.push("INVITATION", [number, "alice"])
        server.conversations[number] = ["alice", name]
    poll("twenty windows", lambda: len(alice.conversations()) == 20, 60)
    server.push("CONVERSATIONS", server.conversations)
    for number in (3, 5, 9):
        server.push("MESSAGE", [number, list(users)[number - 1], "unread"])
    alice.window.focus_window()
    alice.window.find("menu item", "Conversations").click()
    yield "twenty-conversations", alice


def look_problem(scene):
    server = scene.scripted_server(users=crowd(8))
    alice = scene.person("alice", server)
    server.push("ERROR", "The server's own words about what went wrong, which may be rather long. " * 3)
    alice.wait_problem("own words")
    yield "problem", alice


def look_preferences(scene):
    alice = scene.person("alice", scene.scripted_server(users=crowd(8)))
    alice.window.move(10, 30)
    preferences = alice.preferences()
    preferences.window.move(330, 60)
    for page in ("Account", "Connection", "Sharing", "Hosting", "Notifications", "Appearance"):
        preferences.turn_to(page)
        yield "preferences-" + page.lower(), alice
    preferences.type_server("two words", "x")
    yield "preferences-wrong", alice


def look_menus(scene):
    alice = scene.person("alice", scene.scripted_server(users=crowd(8)))
    alice.window.move(10, 30)
    for menu in ("Klatch", "View", "Help"):
        alice.window.find("menu item", menu).click()
        yield "menu-" + menu.lower(), alice
        scene.session.key("Escape", "Escape")
    alice.window.find("list", "People").row("bob").click(button=3)
    yield "menu-person", alice


def look_about(scene):
    alice = scene.person("alice", scene.scripted_server(users=crowd(8)))
    alice.window.move(10, 30)
    alice.window.menu("Help", "About Klatch")
    alice.app.window("About Klatch").move(330, 60)
    yield "about", alice
    scene.session.key("Escape")
    alice.app.no_window("About Klatch")
    alice.window.menu("Help", "Keyboard Shortcuts")
    yield "shortcuts", alice


def look_guide(scene):
    alice = scene.person("alice", scene.scripted_server(users=crowd(8)))
    alice.window.menu("Help", "User Guide")
    guide = alice.app.window("User Guide - Klatch")
    guide.move(10, 30)
    contents = guide.find("list", "Chapters")
    for number, title in ((0, "First Steps"), (2, "Conversations"), (5, "When Something Does Not Work"),
                          (7, "Keyboard Shortcuts"), (9, "The Protocols")):
        contents.find("list item", nth=number).click()
        guide.find("heading", title)
        yield "guide-" + title.replace(" ", "-").lower(), alice
    guide.find("entry", "Find in the guide").type("firewall")
    poll("the search", lambda: "selected" in contents.find("list item").states)
    yield "guide-searched", alice


def look_readme(scene):
    """The picture of the README."""
    users = {"Ben": "preparing Thursday", "Carla": "away: back at two", "Dora": "busy", "Emil": "online"}
    server, anna, conversation = in_conversation(scene, users, ["Ben"], me="Anna")
    talk(server, conversation, TALK)
    yield "readme", anna


LOOKS = {name: look for name, look in sorted({**globals(), **vars(looks_peers)}.items()) if name.startswith("look_")}


def take(programs, folder, look, appearance):
    """The pictures of one scene."""
    with Scene(programs, "1280x900", appearance) as scene:
        try:
            for name, _ in look(scene):
                picture = os.path.join(folder, f"{name}-{appearance}.png")
                # No tooltip, and no more of the empty display than a margin.
                scene.session.xdotool("mousemove", 1279, 899)
                scene.session.screenshot(picture)
                subprocess.run(["mogrify", "-trim", "+repage", "-bordercolor", "#808080", "-border", "12", picture], check=True)
                print(f"  {picture}", flush=True)
        except AssertionError:
            scene.keep(os.path.join(folder, f"failed-{look.__name__}-{appearance}"))
            raise


def main(program, folder, words):
    failed = []
    for name in LOOKS:
        if words and not any(word in name for word in words):
            continue
        for appearance in ("light", "dark"):
            # One display a process: the accessibility library knows only the first.
            command = [sys.executable, os.path.abspath(__file__), "--here", os.path.dirname(os.path.abspath(program)), folder, name,
                       appearance]
            if subprocess.run(network.apart(command) if needs_network(name) else command).returncode != 0:
                failed.append(f"{name} {appearance}")
    if failed:
        sys.exit(f"no pictures of {', '.join(failed)}")


def needs_network(name):
    """Whether it makes computers of its own, for peers."""
    return "peers" in name


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.argv[1] == "--here":
        programs, kept, look_name, light_or_dark = sys.argv[2:]
        if needs_network(look_name):
            network.enter()
        take(programs, kept, LOOKS[look_name], light_or_dark)
        sys.exit()
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
