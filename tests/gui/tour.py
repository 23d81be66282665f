#!/usr/bin/python3
"""The tour: two people meet and chat, on a display that nobody has to have.

    tour.py PROGRAM FOLDER      with the desktop client PROGRAM; pictures go to FOLDER

First one of them hosts a server inside the program, and the other joins it. Then they do without a server, on two computers in
a network of their own, if this system lets one make that. It ends with 0 only if everything it tells has really happened:
each step waits until the other person's window shows it.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys

from scene import Scene, network
from waiting import poll
from wire import free_port

SIZE = "960x1020"
TALK = [
    ("Anna", "Hello Ben, the server runs on my laptop. Did you find it at once?"),
    ("Ben", "Yes, one address to type and I was in. 🎉"),
    ("Anna", "Good. The first two groups present on Thursday at 14:00, the other three a week later."),
    ("Ben", "Then I'd like to show our own client, written in Jython. It talks to this one already:\nhttps://example.org/im-client"),
]


class Tour:
    """Tells each step, with a picture of what the display shows then."""

    def __init__(self, scene, folder):
        self.scene, self.folder = scene, folder
        self.count = len(os.listdir(folder)) if os.path.exists(folder) else 0

    def show(self, what, picture=None):
        print(f"  {what}", flush=True)
        if picture:
            self.count += 1
            self.scene.session.screenshot(os.path.join(self.folder, f"{self.count}-{picture}.png"))


def play_with_server(scene, tour):
    port = free_port()
    anna = scene.newcomer("Anna")
    welcome = anna.welcome()
    tour.show("A new person starts Klatch and is welcomed.", "welcome")
    welcome.choose_hosting("Anna", port)
    tour.show("Anna hosts a server inside her Klatch, and is told what others have to type.", "hosting")
    welcome.start_chatting()
    anna.wait_online()

    ben = scene.newcomer("Ben")
    ben.welcome().join("localhost", port, "Ben")
    ben.wait_online()
    anna.wait_buddies("Ben")
    ben.wait_buddies("Anna")
    # Each has a row of the display: the list of people, and beside it the conversation.
    anna.window.resize(280, 440).move(10, 30)
    ben.window.resize(280, 440).move(10, 530)
    tour.show("Ben joins it. Each sees the other.")
    ben.set_status_text("preparing Thursday")
    anna.wait_status("Ben", "preparing Thursday")

    of_anna = anna.start("Ben")
    of_anna.wait_waiting_for("Ben")
    of_anna.window.move(310, 30)
    ben.invitation("Anna").frame().move(310, 530)
    tour.show("Anna starts a conversation: her window waits, Ben is invited.", "invitation")
    ben.accept("Anna")
    of_ben = ben.conversation("Anna")
    of_anna.wait_members("Anna", "Ben")
    of_ben.wait_members("Anna", "Ben")
    of_ben.window.move(310, 530)
    for name, text in TALK:
        {"Anna": of_anna, "Ben": of_ben}[name].say(text)
        for conversation in (of_anna, of_ben):
            conversation.wait_text(text)
    wanted = [text for _, text in TALK]
    assert of_anna.texts() == wanted and of_ben.texts() == wanted, (of_anna.rows(), of_ben.rows())
    tour.show("They talk; each text appears once in both windows.", "conversation-light")

    for person in (anna, ben):
        person.window.menu("View", "Dark")
    of_ben.window.focus_window()
    tour.show("The same in dark.", "conversation-dark")

    of_ben.close()
    of_anna.wait_members("Anna")
    ben.quit()
    anna.wait_buddies()
    tour.show("Ben leaves the conversation, then quits. Anna is told both.", "alone-again")
    anna.quit()
    poll("the server to end with Anna's Klatch", lambda: not is_served(port))
    tour.show("Anna quits, and her server with her.")


def play_without_server(scene, tour):
    files = {"Notes.txt": b"Thursday at 14:00\n", "Slides.pdf": os.urandom(3_000_000), "week 1/Exercise.py": b"print(1)\n"}
    here, there = scene.hosts(2)
    ben = scene.peer(there, "Ben", scene.folder("of-ben", files))
    anna = scene.peer(here, "Anna")
    anna.wait_buddies("Ben")
    ben.wait_buddies("Anna")
    anna.window.resize(280, 440).move(10, 30)
    ben.window.resize(280, 440).move(10, 530)
    tour.show("Without a server, on two computers of one network: they find each other by themselves.")

    of_ben = anna.files_of("Ben")
    of_ben.window.resize(600, 300).move(310, 30)
    of_ben.wait_names("Exercise.py", "Notes.txt", "Slides.pdf")
    of_ben.select("Notes.txt", "Slides.pdf")
    tour.show("Anna looks through what Ben shares, and chooses two files.", "files")
    of_ben.window.find("push button", "Get").click()
    transfers = anna.transfers()
    transfers.window.move(310, 30)
    transfers.wait("Notes.txt from Ben", "^Received · 18 bytes$")
    transfers.wait("Slides.pdf from Ben", r"^Received · 3\.0\sMB$")
    for name in ("Notes.txt", "Slides.pdf"):
        with open(os.path.join(anna.downloads, name), "rb") as got:
            assert got.read() == files[name], f"{name} has not arrived as it was"
    of_ben.window.close()

    photo = os.path.join(scene.folder("of-anna", {"Photo.jpg": os.urandom(500_000)}), "Photo.jpg")
    anna.send_file("Ben", photo)
    ben.offer("Anna", "Photo.jpg").frame().move(310, 530)
    transfers.wait("Photo.jpg to Ben", "^Offered")
    tour.show("They have come. Anna sends Ben a file, and he is asked whether he wants it.", "transfers")
    ben.accept_offer("Anna", "Photo.jpg")
    ben.transfers().wait("Photo.jpg from Anna", r"^Received · 500\.0\skB$")
    transfers.wait("Photo.jpg to Ben", r"^Sent · 500\.0\skB$")
    for person in (anna, ben):
        person.transfers().window.close()

    of_anna = anna.start("Ben")
    of_anna.window.move(310, 30)
    ben.accept("Anna")
    of_ben = ben.conversation("Anna")
    of_ben.window.move(310, 530)
    of_anna.say("Did the photo come?")
    of_ben.wait_text("Did the photo come?")
    of_ben.say("Yes, straight from your computer to mine.")
    of_anna.wait_text("Yes, straight from your computer to mine.")
    of_anna.wait_delivered("Did the photo come?")
    of_ben.wait_delivered("Yes, straight from your computer to mine.")
    tour.show("They talk; each text goes straight to the other computer.", "peers")
    ben.quit()
    anna.wait_buddies()
    anna.quit()
    tour.show("Ben quits, and is gone from Anna's list.")


def is_served(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(play, program, folder):
    with Scene(os.path.dirname(os.path.abspath(program)), SIZE) as scene:
        tour = Tour(scene, folder)
        try:
            play(scene, tour)
            scene.check_complaints()
        except BaseException:
            scene.keep(os.path.join(folder, "failed"))
            raise


def main(program, folder):
    shutil.rmtree(folder, ignore_errors=True)
    run(play_with_server, program, folder)
    # A network of their own, so that nobody else on this one sees them.
    this = [sys.executable, os.path.abspath(__file__)]
    trial = subprocess.run(network.apart([*this, "--try"]), capture_output=True, text=True)
    if trial.returncode == 0:
        apart = subprocess.Popen(network.apart([*this, "--peers", program, folder]))
        try:
            if apart.wait() != 0:
                sys.exit(1)
        finally:
            # Asked, it ends what it has started.
            apart.terminate()
            apart.wait()
    else:
        why = (trial.stderr.strip().splitlines() or [f"exit code {trial.returncode}"])[-1]
        print(f"  Two people without a server are not shown: this system lets no network be made for them ({why}).")
    print(f"All of it happened. The pictures are in {folder}/.")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.argv[1:] == ["--try"]:
        network.enter()
        with network.Network() as attempt:
            attempt.host()
    elif sys.argv[1:2] == ["--peers"]:
        network.enter()
        run(play_without_server, *sys.argv[2:])
    elif len(sys.argv) == 3:
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
