"""A picture of oneself, from a file to those who look one up."""
import os
import subprocess

from neighbours import meet
from waiting import poll
from windows import choose_file


def picture(scene, interpreter):
    ann, bob, jo = meet(scene, interpreter)
    file = os.path.join(scene.folder("pictures"), "me.jpg")
    subprocess.run(["convert", "-size", "800x600", "plasma:orange-blue", file], check=True)
    preferences = bob.preferences()
    preferences.turn_to("Account")
    preferences.window.find("push button", "Choose Picture…").click()
    choose_file(bob.app, "Choose a Picture", file)
    preferences.window.find("push button", "Remove Picture")
    of_bob = ann.user_info("Bob")
    of_bob.window.find("image", "Picture")
    of_bob.wait_fields(Name="Bob")
    jo.do("info", "Bob")
    told = jo.reply("GET_USER_INFO", "Bob")
    assert told["name"] == "Bob" and "PNG" in str(told["picture"])[:20], str(told)[:300]

    preferences.window.find("push button", "Remove Picture").click()
    of_bob.window.find("push button", "Refresh").click()
    poll("Bob without a picture", lambda: not of_bob.window.query("image", "Picture"))
    of_bob.wait_fields(Name="Bob")


def test_a_picture_of_oneself_with_a_jython_peer(scene):
    picture(scene, "jython")


def test_a_picture_of_oneself_with_a_cpython_peer(scene):
    picture(scene, "/usr/bin/python3")
