#!/usr/bin/python3
"""The tour: two people meet and chat, on a display that nobody has to have.

    tour.py PROGRAM FOLDER      with the desktop client PROGRAM; pictures go to FOLDER

The first person hosts a server inside the program, the second joins it. It ends with 0 only if everything it tells has really
happened: each step waits until the other person's window shows it.
"""
import os
import shutil
import signal
import socket
import sys
import time

from scene import Scene
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
        self.scene, self.folder, self.count, self.start = scene, folder, 0, time.monotonic()

    def show(self, what, picture=None):
        print(f"  {what}", flush=True)
        if picture:
            self.count += 1
            self.scene.session.screenshot(os.path.join(self.folder, f"{self.count}-{picture}.png"))


def play(scene, tour):
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


def is_served(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(program, folder):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(folder, ignore_errors=True)
    with Scene(os.path.dirname(os.path.abspath(program)), SIZE) as scene:
        tour = Tour(scene, folder)
        try:
            play(scene, tour)
            scene.check_complaints()
        except BaseException:
            scene.keep(os.path.join(folder, "failed"))
            raise
    print(f"All of it happened. The pictures are in {folder}/.")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
