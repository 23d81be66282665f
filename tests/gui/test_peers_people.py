"""Peers in the buddy list: who is there, what they tell about themselves, and who is not wanted."""
import signal

from neighbours import PATIENCE, meet
from waiting import poll, stays


def discovery(scene, interpreter):
    ann, bob, jo = meet(scene, interpreter)
    assert ann.link() == "On this network as Ann", ann.link()
    assert ann.people() == {"Bob": ("Online", ""), "Jo": ("Online", "")}, ann.people()
    bob.set_status_text("in the library")
    ann.wait_status("Bob", "in the library")
    jo.event("found", 10, name="Bob", status="in the library")
    bob.set_presence("Busy")
    ann.wait_status("Bob", "busy")
    jo.do("status", "away")
    ann.wait_status("Jo", "away")
    bob.wait_status("Jo", "away")


def test_discovery_with_a_jython_peer(scene):
    discovery(scene, "jython")


def test_discovery_with_a_cpython_peer(scene):
    discovery(scene, "/usr/bin/python3")


def test_discovery_from_the_welcome(scene):
    here, there = scene.hosts(2)
    bob = scene.peer(there, "Bob")
    ann = scene.newcomer("Ann", host=here)
    ann.welcome().join_network("Ann")
    ann.wait_online()
    ann.wait_buddies("Bob")
    bob.wait_buddies("Ann")


def user_info(scene, interpreter):
    ann, bob, jo = meet(scene, interpreter)
    ann.user_info("Jo").wait_fields(Name="Jo", Status="Online", Host=jo.host.address, hobby="Café")
    preferences = bob.preferences()
    preferences.add_field("Room", "E 42")
    preferences.close()
    bob.set_status_text("in the library")
    ann.wait_status("Bob", "in the library")
    of_bob = ann.user_info("Bob")
    of_bob.wait_fields(Name="Bob", Status="in the library", Room="E 42")
    jo.do("info", "Bob")
    told = jo.reply("GET_USER_INFO", "Bob")
    assert told["name"] == "Bob" and told["Room"] == "E 42", told


def test_user_info_with_a_jython_peer(scene):
    user_info(scene, "jython")


def test_user_info_with_a_cpython_peer(scene):
    user_info(scene, "/usr/bin/python3")


def test_a_peer_that_goes_offline(scene):
    ann, bob, jo = meet(scene, "jython")
    bob.window.menu("Klatch", "Disconnect")
    bob.wait_link("You are offline")
    ann.wait_buddies("Jo", timeout=3)
    bob.window.menu("Klatch", "Connect")
    bob.wait_online()
    ann.wait_buddies("Bob", "Jo", timeout=5)
    bob.wait_buddies("Ann", "Jo")
    bob.quit()
    ann.wait_buddies("Jo", timeout=3)
    jo.do("quit")
    ann.wait_buddies(timeout=PATIENCE)
    ann.wait_link("Nobody found yet")


def test_a_peer_that_is_killed(scene):
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    bob.app.process.send_signal(signal.SIGKILL)
    bob.app.wait_exit()
    # Who is asked something and does not answer is not there.
    ann.pick("Bob", "User Info")
    ann.wait_buddies("Jo", timeout=30)
    jo.kill()
    ann.pick("Jo", "Shared Files")
    ann.wait_buddies(timeout=30)


def test_switching_between_server_and_peer_mode(scene):
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    # Bob hosts a server, and Ann joins it: neither is a peer any more.
    preferences = bob.preferences()
    port = preferences.host()
    poll("Bob to be on his own server", lambda: bob.link().startswith("Hosting here"))
    preferences.close()
    ann.wait_buddies("Jo", timeout=5)
    preferences = ann.preferences()
    preferences.window.move(310, 30)
    preferences.connect_to(bob.host.address, port)
    poll("Ann to be on the server", lambda: ann.link().startswith("Connected to"))
    ann.wait_buddies("Bob")
    bob.wait_buddies("Ann")
    jo.event("lost", name="Ann")
    jo.event("lost", name="Bob")
    talk = ann.start("Bob")
    bob.accept("Ann")
    talk.wait_members("Ann", "Bob")
    talk.say("through the server")
    bob.conversation("Ann").wait_text("through the server")

    mark = jo.mark()
    # And back again; what was said stays to be read.
    preferences.chat_on_network()
    poll("Ann to be a peer", lambda: ann.link() == "On this network as Ann")
    ann.wait_buddies("Jo")
    bob.wait_buddies()
    talk.wait_ended()
    assert talk.texts() == ["through the server"], talk.rows()
    preferences.close()
    jo.wait("Ann is found again", lambda: jo.events("found", mark), 10)


def test_blocking(scene):
    ann, bob, jo = meet(scene, "jython")
    ann.pick("Jo", "Block")
    ann.wait_status("Jo", "blocked")
    mark = jo.mark()
    jo.do("invite", 7, "Ann")
    poll("a refusal", lambda: jo.events("reply", mark) or jo.events("failed", mark))
    jo.do("info", "Ann")
    jo.do("offer", "Ann", "nothing.txt")
    stays("Jo is not heard", lambda: not ann.has_invitation(), 2)
    assert not [event for event in jo.events("reply", mark) if event["verb"] == "GET_USER_INFO"], jo.events("reply", mark)
    # Bob is heard all the same.
    bob.start("Ann")
    ann.accept("Bob")

    mark = jo.mark()
    ann.pick("Jo", "Unblock")
    ann.wait_status("Jo", "online")
    jo.do("invite", 8, "Ann")
    ann.accept("Jo")
    assert jo.reply("INVITE", "Ann", after=mark) == "ACK"
