"""A picture of oneself, from a file to those who see one in their lists or look one up."""
import os
import subprocess

from neighbours import PATIENCE, meet
from waiting import poll, stays
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


def painted(scene, person, name, colour):
    """How many pixels of exactly this colour the row of somebody has."""
    shot = os.path.join(scene.session.folder, "shot.png")
    scene.session.screenshot(shot)
    x, y = person.window.find("list", "People").row(name).middle()
    crop = subprocess.run(["convert", shot, "-crop", f"260x40+{x - 130}+{y - 20}", "+repage", "-fill", "black", "+opaque",
                           colour, "-fill", "white", "-opaque", colour, "-format", "%[fx:round(mean*w*h)]", "info:"],
                          check=True, capture_output=True, text=True)
    return int(crop.stdout)


def picture_in_the_list(scene, interpreter):
    here, there = scene.hosts(2)
    colour = "#d01080"
    file = os.path.join(scene.folder("pictures"), "jo.png")
    subprocess.run(["convert", "-size", "400x300", f"xc:{colour}", file], check=True)
    ann = scene.peer(here, "Ann")
    ann.window.resize(280, 400).move(10, 30)
    jo = scene.naive_peer(there, interpreter, "Jo", None, "--picture", file)
    ann.wait_buddies("Jo", timeout=PATIENCE)
    # A disc of 30 pixels, less the presence in its corner.
    poll("the picture", lambda: painted(scene, ann, "Jo", colour) > 300)
    # JmDNS never tells a change that comes while it still announces itself.
    stays("the picture", lambda: painted(scene, ann, "Jo", colour) > 300, seconds=2)
    # Another status is no reason to ask again.
    jo.do("status", "away")
    ann.wait_status("Jo", "away")
    asked = jo.events("request")
    assert [request["verb"] for request in asked] == ["GET_USER_INFO"] and not jo.events("strange"), str(asked)


def test_a_picture_in_the_list_of_a_jython_peer(scene):
    picture_in_the_list(scene, "jython")


def test_a_picture_in_the_list_of_a_cpython_peer(scene):
    picture_in_the_list(scene, "/usr/bin/python3")


def test_a_picture_of_oneself_with_a_jython_peer(scene):
    picture(scene, "jython")


def test_a_picture_of_oneself_with_a_cpython_peer(scene):
    picture(scene, "/usr/bin/python3")
