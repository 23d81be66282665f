"""Basic protocol functionality: REGISTER, ONLINE_USERS, GOODBYE."""
import signal

from waiting import poll, stays


def test_register_is_sent_at_startup_once_first_and_well_formed(scene):
    server = scene.recorder(scene.server())
    alice = scene.person("alice", server)
    first = server.messages()[0]
    assert (first.verb, first.argument, first.protocol) == ("REGISTER", ["alice", "online"], 2), first
    stays("one REGISTER", lambda: len(server.sent("REGISTER")) == 1)
    assert alice.name in alice.window.dump()


def test_online_users_are_shown_and_kept_up_to_date(scene):
    server = scene.server()
    alice = scene.person("alice", server)
    alice.wait_buddies()
    bob = scene.person("bob", server)
    alice.wait_buddies("bob")
    carol = scene.cli("carol", server)
    alice.wait_buddies("bob", "carol")
    bob.wait_buddies("alice", "carol")
    carol.write("/quit")
    alice.wait_buddies("bob")
    bob.app.process.kill()
    alice.wait_buddies()


def test_online_users_never_show_oneself(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    alice.wait_buddies("bob")
    server.push("ONLINE_USERS", {"alice": "away", "bob": "online", "carol": "online"})
    alice.wait_buddies("bob", "carol")
    # Some servers leave the receiver out.
    server.push("ONLINE_USERS", {"bob": "online"})
    alice.wait_buddies("bob")


def says_goodbye(scene, leave):
    server = scene.recorder(scene.server())
    bob = scene.cli("bob", server.upstream)
    alice = scene.person("alice", server)
    bob.wait_users(alice="online")
    leave(alice)
    assert alice.app.wait_exit() == 0
    server.wait_sent("GOODBYE", None)
    poll("the end of the connection", lambda: server.received[-1].ended)
    assert server.messages()[-1].verb == "GOODBYE", server.messages()
    bob.wait_users()


def test_goodbye_when_the_window_is_closed(scene):
    says_goodbye(scene, lambda alice: alice.window.close())


def test_goodbye_on_ctrl_q(scene):
    def quit_by_key(alice):
        alice.window.focus_window()
        scene.session.key("ctrl+q")
    says_goodbye(scene, quit_by_key)


def test_goodbye_from_the_menu(scene):
    says_goodbye(scene, lambda alice: alice.quit_by_menu())


def test_goodbye_on_sigterm(scene):
    says_goodbye(scene, lambda alice: alice.app.process.send_signal(signal.SIGTERM))


def test_goodbye_on_ctrl_c(scene):
    says_goodbye(scene, lambda alice: alice.app.process.send_signal(signal.SIGINT))


def test_goodbye_when_the_session_is_over_while_conversations_are_open(scene):
    server = scene.recorder(scene.server())
    bob = scene.cli("bob", server.upstream)
    alice = scene.person("alice", server)
    alice.start("bob")
    bob.write(f"/accept {bob.wait('invitation')['id']}")
    alice.conversation("bob").wait_members("alice", "bob")
    alice.app.process.send_signal(signal.SIGTERM)
    assert alice.app.wait_exit() == 0
    server.wait_sent("GOODBYE", None)
    bob.wait("conversation", members=["bob"])
