#!/usr/bin/python3
"""Makes the pictures that the metainfo shows: single windows of the real program, with real-looking content.

    screenshots.py PROGRAMS [FOLDER]      the programs are klatch, klatch-server and klatch-cli in a folder; the pictures go to
                                          data/screenshots/ if no other folder is named

For the peers it makes a network of its own, which needs root, or a system that lets everybody do so.
"""
import os
import pathlib
import subprocess
import sys
import time
import traceback

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "netns"))

import network  # noqa: E402
from peers import Klatch  # noqa: E402
from scene import Scene  # noqa: E402
from waiting import poll  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What people say who make a newspaper at school: who, and what.
TALK = [
    ("Ben", "The interview with the caretaker is done. He has keys for doors that nobody knows 🗝️"),
    ("Anna", "Wonderful! How long is it?"),
    ("Ben", "Two pages. One and a half, if we take the photo of the boiler room large."),
    ("Chiara", "Large, please. I have light in that one at last."),
    ("Anna", "Then it goes on pages 4 and 5, and the timetable moves to the back.\nDoes that work for you, Chiara?"),
    ("Chiara", "Yes. I am sending you the pictures after the third lesson."),
]
OTHERS = [("Deniz", "busy: maths test until 11"), ("Emil", "away"), ("Frida", "online"), ("Mr. Lindqvist", "in the library")]

# What Ben shares.
SHARED = ["Issue 12.pdf", "Interview with the caretaker.odt", "Print shop prices.ods", "photos/boiler room.jpg", "photos/caretaker.jpg",
          "photos/keys.jpg", "photos/title page.jpg", "layout/page 4.svg", "layout/page 5.svg", "READ ME FIRST.txt"]


def picture(scene, window, folder, name):
    """The window with its frame, and nothing else."""
    session = scene.session
    window.focus_window()
    # What was asked for last is drawn when nothing changes any more.
    last = []
    path = os.path.join(folder, name)

    def is_settled():
        subprocess.run(["import", "-frame", "-window", str(window.x_window_now()), path], env=session.environment, check=True)
        last.append(pathlib.Path(path).read_bytes())
        return len(last) > 2 and last[-1] == last[-2] == last[-3]

    poll(f"{name} to settle", is_settled)
    subprocess.run(["convert", path, "-strip", "-define", "png:exclude-chunk=date,time", path], check=True)


def peers(programs, folder):
    """The picture of people without a server."""
    Klatch.folder = programs
    with Scene(programs, "1280x900", appearance="light") as scene:
        for_anna, for_ben = scene.hosts(2)
        shared = scene.folder("of-ben", {name: b"..." for name in SHARED})
        scene.started.append(Klatch(for_ben, "Ben", "--share", shared))
        anna = scene.peer(for_anna, "Anna")
        anna.wait_buddies("Ben")
        files = anna.files_of("Ben")
        poll("the files", lambda: len(files.names()) == len(SHARED))
        # The keyboard is in the list, not in the field for finding.
        files.sort("Name")
        files.sort("Name")
        picture(scene, files.window, folder, "files.png")


def at_a_server(programs, folder):
    """The pictures of people and conversations."""
    with Scene(programs, "1280x900", appearance="light") as scene:
        # It is ten in the morning, as in what they say.
        scene.session.environment["TZ"] = f"XXX{time.gmtime().tm_hour - 10}"
        server = scene.server()
        anna, ben, chiara = (scene.person(name, server) for name in ("Anna", "Ben", "Chiara"))
        crowd = [scene.cli(name, server) for name, _ in OTHERS]
        for somebody, (_, status) in zip(crowd, OTHERS):
            somebody.write(f"/status {status}")
        ben.set_status_text("writing")
        for name, status in OTHERS:
            anna.wait_status(name, status.split(": ")[-1])
        anna.wait_status("Ben", "writing")

        picture(scene, anna.window, folder, "people.png")

        conversations = {"Anna": anna.start("Ben", "Chiara")}
        for person in (ben, chiara):
            person.accept("Anna")
            conversations[person.name] = person.newest_conversation()
        for conversation in conversations.values():
            conversation.wait_members("Anna", "Ben", "Chiara")
        for name, text in TALK:
            conversations[name].say(text)
            for conversation in conversations.values():
                conversation.wait_text(text)
        for person in (ben, chiara):
            person.window.move(900, 500)

        shown = conversations["Anna"].window
        shown.move(20, 20)
        picture(scene, shown, folder, "conversation-light.png")
        anna.window.menu("View", "Dark")
        picture(scene, shown, folder, "conversation-dark.png")


def main(programs, folder):
    os.makedirs(folder, exist_ok=True)
    for scene in (at_a_server, peers):
        # One display a process: the accessibility library knows only the first.
        child = os.fork()
        if child == 0:
            try:
                scene(programs, folder)
                os._exit(0)
            except BaseException:  # noqa: BLE001
                traceback.print_exc()
                os._exit(1)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit("not all pictures were made")


if __name__ == "__main__":
    apart, *arguments = sys.argv[1:] if "--apart" in sys.argv[1:2] else [None, *sys.argv[1:]]
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    if not apart:
        sys.exit(subprocess.run(network.apart([sys.executable, __file__, "--apart", *arguments])).returncode)
    network.enter()
    main(arguments[0], arguments[1] if len(arguments) == 2 else str(ROOT / "data/screenshots"))
