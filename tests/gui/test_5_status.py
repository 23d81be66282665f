"""STATUS: changed, displayed, and propagated to the others."""


def test_status_is_changed_shown_and_propagated(scene):
    server = scene.server()
    recorder = scene.recorder(server)
    alice = scene.person("alice", recorder)
    bob = scene.person("bob", server)
    carol = scene.cli("carol", server)
    bob.wait_status("alice", "online")
    alice.set_presence("Away")
    bob.wait_status("alice", "away")
    alice.set_status_text("back at two")
    bob.wait_status("alice", "back at two")
    assert alice.own_presence() == "Away"
    last = recorder.messages("STATUS")[-1]
    assert last.protocol == 2 and len(last.argument) == 1 and "back at two" in last.argument[0], last
    carol.wait_users(alice=last.argument[0], bob="online")


def test_status_of_any_text_is_shown(scene):
    server = scene.scripted_server(users={"bob": "eating <b>soup</b> & bread", "carol": "", "dave": "AWAY"})
    alice = scene.person("alice", server)
    alice.wait_status("bob", "eating <b>soup</b> & bread")
    alice.wait_buddies("bob", "carol", "dave")


def test_status_is_registered_again_after_a_restart(scene):
    server = scene.recorder(scene.server())
    alice = scene.newcomer("alice")
    alice.welcome().join("127.0.0.1", server.port, "alice")
    alice.wait_online()
    alice.set_presence("Busy")
    while_busy = server.wait_last("STATUS")
    alice.quit()
    scene.newcomer("alice").wait_online()
    server.wait_sent("REGISTER", ["alice", "online"], ["alice", while_busy[0]])
