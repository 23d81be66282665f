"""The desktop client with a server that somebody has written from the slides, under CPython 3 and Jython."""
from waiting import poll, stays


def chats(scene, interpreter, *options):
    server = scene.naive_server(interpreter, *options)
    alice, bob = scene.person("alice", server), scene.person("bob", server)
    alice.wait_buddies("bob")
    alice.set_presence("Away")
    bob.wait_status("alice", "away")
    of_alice = alice.start("bob")
    of_alice.wait_waiting_for("bob")
    bob.accept("alice")
    of_alice.wait_members("alice", "bob", timeout=20)
    of_bob = bob.conversation("alice")
    of_alice.say("it's \"naïve\"")
    of_bob.wait_texts("it's \"naïve\"")
    of_bob.say("and yet it works")
    wanted = ["it's \"naïve\"", "and yet it works"]
    of_alice.wait_texts(*wanted)
    stays("each text once", lambda: of_alice.texts() == wanted and of_bob.texts() == wanted)
    of_bob.close()
    poll("LEAVE", lambda: server.received("bob", "LEAVE") == server.received("bob", "JOIN"))
    of_alice.wait_members("alice", timeout=20)
    bob.quit()
    poll("GOODBYE", lambda: server.received("bob", "GOODBYE") == [None])
    alice.wait_buddies()
    assert not server.events("broken"), server.output()


def test_naive_server_under_cpython(scene):
    chats(scene, "/usr/bin/python3")


def test_naive_server_that_does_not_echo_and_has_text_for_ids(scene):
    chats(scene, "/usr/bin/python3", "--no-echo", "--ids", "str", "--proto", "1")


def test_naive_server_that_relays_send_message_in_single_bytes(scene):
    chats(scene, "/usr/bin/python3", "--relay", "SEND_MESSAGE", "--dribble", "--tuples", "--proto", "2")


def test_naive_server_under_jython(scene):
    chats(scene, "jython", "--ids", "str")


def test_naive_server_under_jython_with_unicode_and_raw_errors(scene):
    chats(scene, "jython", "--text", "unicode", "--proto", "2", "--coalesce", "--errors", "raw", "--period", "0.5")
