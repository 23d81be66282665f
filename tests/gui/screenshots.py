#!/usr/bin/python3
"""Makes the pictures that the metainfo shows: single windows of the real program, with real-looking content.

    screenshots.py PROGRAMS [FOLDER]      the programs are klatch, klatch-server and klatch-cli in a folder; the pictures go to
                                          data/screenshots/ if no other folder is named
"""
import os
import pathlib
import subprocess
import sys

from scene import Scene
from waiting import poll

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


def main(programs, folder):
    with Scene(programs, "1280x900", appearance="light") as scene:
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


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else str(ROOT / "data/screenshots"))
