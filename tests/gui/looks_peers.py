"""Pictures of what only peers have, for `looks.py`."""
import os
import signal
import subprocess

from peers import Klatch, Program
from waiting import poll

LONG_NAME = "Wilhelmine-Charlotte von und zu Hohenstein-Langenburg"
LONG_FILE = "Minutes of the meeting of the working group for the summer party, second draft with remarks (final).odt"
#: Asks the peer at that address and port for a file, and reads it at some 8 MB in a second.
SLOW = """
import socket, sys, time
peer = socket.socket()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
peer.connect((sys.argv[1], int(sys.argv[2])))
peer.sendall(b"GET_FILE Recording of the lecture.mkv\\n")
while peer.recv(400_000, socket.MSG_WAITALL):
    time.sleep(0.05)
"""
FILES = {"Lecture 1.pdf": b"1", "Lecture 2.pdf": b"2", "Lecture 10.pdf": b"10", LONG_FILE: b"minutes", "notes.txt": b"notes",
         "تقرير.txt": b"report", "week 1/exercise.py": b"1", "week 1/solution.py": b"1",
         "a folder in a folder/with a rather long name/and another one/deep.txt": b"deep"}


def terminal(scene, host, name, *options, status="online"):
    """Somebody who is a peer at a terminal."""
    peer = scene.add(Klatch(host, name, *options))
    peer.do("/status", status)
    return peer


def people(scene):
    """Ann, at the desktop client, and others, at terminals: {name: program}."""
    here, there = scene.hosts(2)
    Klatch.folder = scene.programs
    share = scene.folder("shared", FILES)
    others = {name: terminal(scene, there, name, "--share", share, status=status)
              for name, status in (("Bob", "away: back at two"), (LONG_NAME, "preparing the lecture on Thursday"),
                                   ("Zoë", "busy"), ("張偉", "online"))}
    ann = scene.peer(here, "Ann", share)
    ann.window.move(10, 30)
    ann.wait_buddies(*others)
    for name, words in (("Bob", "back at two"), ("Zoë", "busy")):
        ann.wait_status(name, words)
    return ann, others


def look_peers_nobody(scene):
    here, = scene.hosts(1)
    yield "peers-nobody", scene.peer(here, "Ann")


def look_peers_network(scene):
    scene.hosts(1)
    ann = scene.newcomer("Ann", host=scene.network.host(interface=None), settings={"mode": "peer", "name": "Ann"}.items())
    ann.wait_link("This computer is not on a network")
    yield "peers-no-network", ann


def look_peers_added(scene):
    here, there, elsewhere = scene.hosts(3)
    Klatch.folder = scene.programs
    bob, zoe = (terminal(scene, host, name, "--service-type", f"_elsewhere-{name[0].lower()}._tcp.local.")
                for host, name in ((there, "Bob"), (elsewhere, LONG_NAME)))
    ann = scene.peer(here, "Ann")
    ann.window.move(10, 30)
    ann.window.menu("Klatch", "Add Peer by Address…")
    dialog = ann.app.window("Add Peer by Address")
    yield "peers-add", ann
    field = dialog.find("text", "Address")
    field.type(f"{there.address}:{bob.port() - 1}\n", clear=True)
    poll("the problem", lambda: any("Nobody can be reached" in label.text for label in dialog.query("label")))
    yield "peers-add-nobody", ann
    own = next(label.text for label in dialog.query("label") if label.text.startswith(here.address))
    bob.stop()
    field.type(f"{there.address}:{bob.port()}\n", clear=True)
    dialog.find(text="Looking who is there…")
    yield "peers-add-looking", ann
    bob.go_on()
    ann.wait_buddies("Bob")
    talk = ann.start("Bob")
    talk.window.resize(620, 460).move(330, 30)
    talk.wait_state("must add you by your address first", timeout=15)
    yield "peers-conversation-declined", ann
    talk.window.close()
    ann.window.find("list", "People").row("Bob").click(button=3)
    yield "peers-menu-added", ann
    scene.session.key("Escape")
    zoe.do("/add", own)
    zoe.sees("Ann", timeout=10)
    zoe.do("/chat", "Ann")
    ann.wait_problem("is not known here.", timeout=15)
    yield "peers-stranger", ann
    preferences = ann.preferences()
    preferences.window.resize(620, 800).move(330, 30)
    preferences.turn_to("Sharing")
    yield "peers-preferences-added", ann


def look_peers_people(scene):
    ann, others = people(scene)
    ann.pick("Zoë", "Block")
    ann.wait_status("Zoë", "blocked")
    picture = os.path.join(scene.folder("pictures"), "jo.jpg")
    subprocess.run(["convert", "-size", "400x300", "plasma:orange-blue", picture], check=True)
    jo = scene.naive_peer(others["Bob"].host, "/usr/bin/python3", "Jo", None, "--picture", picture)
    ann.wait_buddies("Jo", *others)
    jo.event("request", verb="GET_USER_INFO")
    yield "peers-people", ann
    ann.window.find("list", "People").row("Bob").click(button=3)
    yield "peers-menu-person", ann
    scene.session.key("Escape")
    ann.window.find("menu item", "Klatch").click()
    yield "peers-menu", ann


def look_peers_info(scene):
    ann, _ = people(scene)
    ann.user_info("Bob").window.move(330, 30)
    yield "peers-info", ann


def look_peers_files(scene):
    ann, others = people(scene)
    files = ann.files_of("Bob")
    files.window.move(330, 30)
    poll("the files", lambda: len(files.files()) == len(FILES))
    files.select("Lecture 2.pdf", "notes.txt")
    yield "peers-files", ann
    files.select("notes.txt")
    files.window.find("push button", "Get As…").click()
    ann.app.window("Get As").move(420, 200)
    yield "peers-get-as", ann
    scene.session.key("Escape")
    files.search("nothing like it")
    files.window.find("label", text="Nothing found")
    yield "peers-files-not-found", ann
    files.window.close()
    others["Zoë"].process.send_signal(signal.SIGSTOP)
    ann.files_of("Zoë").window.move(330, 30)
    yield "peers-files-waiting", ann
    others["Zoë"].kill()
    ann.app.window("Shared Files of Zoë").find("push button", "Retry", timeout=30)
    yield "peers-files-failed", ann


def look_peers_transfers(scene):
    ann, others = people(scene)
    recording = os.path.join(scene.session.folder, "shared", "Recording of the lecture.mkv")
    with open(recording, "wb") as file:
        file.truncate(200_000_000)
    ann.window.menu("Klatch", "Transfers")
    transfers = ann.transfers()
    transfers.window.move(330, 30)
    yield "peers-transfers-none", ann
    files = ann.files_of("Bob")
    files.get("Lecture 2.pdf", LONG_FILE)
    files.window.close()
    # To somebody who reads slowly, and from somebody who does not begin.
    scene.add(Program(others["Bob"].host, ["/usr/bin/python3", "-c", SLOW, ann.host.address,
                                                 str(others["Bob"].peers()["Ann"]["port"])]))
    poll("some of the recording", lambda: any("left" in state for _, state in transfers.rows()), 20)
    files = ann.files_of("Zoë")
    poll("the files", lambda: len(files.files()) > len(FILES))
    others["Zoë"].process.send_signal(signal.SIGSTOP)
    files.get("notes.txt")
    files.window.close()
    ann.send_file("張偉", os.path.join(scene.session.folder, "shared", "notes.txt"))
    transfers.wait("notes.txt to 張偉", "^Offered")
    others[LONG_NAME].do("/offer", "Ann", os.path.join(scene.session.folder, "shared", "Lecture 1.pdf"))
    ann.offer(LONG_NAME, "Lecture 1.pdf")
    others[LONG_NAME].kill()
    ann.accept_offer(LONG_NAME, "Lecture 1.pdf")
    transfers.wait(f"Lecture 1.pdf from {LONG_NAME}", "reach|there", timeout=30)
    transfers.window.focus_window()
    yield "peers-transfers", ann


def look_peers_offers(scene):
    ann, others = people(scene)
    path = os.path.join(scene.session.folder, "shared")
    others["Bob"].do("/offer", "Ann", os.path.join(path, "Lecture 2.pdf"))
    ann.offer("Bob", "Lecture 2.pdf").frame().move(330, 30)
    yield "peers-offer", ann
    others[LONG_NAME].do("/offer", "Ann", os.path.join(path, LONG_FILE))
    ann.offer(LONG_NAME, LONG_FILE)
    others["張偉"].do("/chat", "Ann")
    ann.invitation("張偉")
    yield "peers-offers", ann


def look_peers_conversation(scene):
    ann, others = people(scene)
    conversation = ann.start("Bob", "Zoë", "張偉")
    conversation.window.resize(700, 560).move(330, 30)
    chat = others["Bob"].event("invitation")["id"]
    for name in ("Bob", "張偉"):
        others[name].event("invitation")
        others[name].do("/accept", str(chat))
    conversation.wait_members("Ann", "Bob", "張偉")
    conversation.say("Shall we begin?")
    others["Bob"].do("/say", str(chat), "Yes, please.")
    conversation.wait_text("Yes, please.")
    yield "peers-conversation-waiting", ann
    others["Zoë"].do("/refuse", str(chat))
    conversation.wait_note("Zoë", "has declined")
    others["Bob"].process.send_signal(signal.SIGSTOP)
    conversation.say("Who takes the minutes?")
    poll("the state", lambda: conversation.said()[-1].state)
    yield "peers-conversation-partial", ann
    others["Bob"].kill()
    conversation.say("Bob?")
    conversation.wait_note("Bob", "not reachable", timeout=60)
    yield "peers-conversation-lost", ann


def look_peers_preferences(scene):
    ann, _ = people(scene)
    ann.pick("Zoë", "Block")
    preferences = ann.preferences()
    preferences.window.move(330, 30)
    preferences.add_field("Room", "E 42")
    yield "peers-preferences", ann
    preferences.window.resize(620, 800)
    preferences.window.find("push button", "GtkExpander").click()
    preferences.window.find("text", "Listen on port").type("99999", clear=True)
    yield "peers-preferences-advanced", ann
    preferences.turn_to("Connection")
    yield "peers-preferences-connection", ann
