"""Exception handling: server crashes, and malformed messages from the server."""
import os
import pickle

from waiting import poll, stays
from wire import write


class Boom:
    """Pickles to a program that would leave a file behind if it were ever executed."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_server_killed_and_restarted_while_clients_are_in_a_conversation(scene):
    server = scene.server()
    alice, bob = scene.person("alice", server), scene.person("bob", server)
    alice.wait_buddies("bob")
    of_alice = alice.start("bob")
    bob.accept("alice")
    of_bob = bob.conversation("alice")
    of_alice.wait_members("alice", "bob")
    of_alice.say("before")
    of_bob.wait_texts("before")
    of_alice.type("not sent yet")
    server.kill()
    # The status bar says so as well, but soon tells of the next attempt instead.
    of_alice.wait_problem("The connection is lost")
    of_bob.wait_problem("The connection is lost")

    scene.server(port=server.port)
    alice.wait_online(timeout=30)
    bob.wait_online(timeout=30)
    alice.wait_buddies("bob")
    # A new server knows no conversation of old; what was said and what was being typed is still there.
    of_alice.wait_texts("before")
    assert of_alice.entered() == "not sent yet"
    again = alice.start("bob")
    bob.accept("alice")
    again.wait_members("alice", "bob")
    again.say("after")
    bob.newest_conversation().wait_texts("after")


def test_conversation_is_entered_again_where_somebody_known_remains(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    conversation = alice.start("bob")
    server.wait_sent("JOIN", [1])
    server.conversations[1].append("bob")
    conversation.wait_members("alice", "bob", timeout=20)
    conversation.type("kept")
    server.conversations[1] = ["bob"]
    server.cut()
    server.wait_sent("REGISTER", ["alice", "online"], ["alice", "online"], timeout=30)
    server.wait_sent("JOIN", [1], [1], timeout=20)
    conversation.wait_members("alice", "bob", timeout=20)
    assert conversation.entered() == "kept"
    conversation.type("\n")
    server.wait_sent("SEND_MESSAGE", [1, "kept"])


def test_conversation_is_not_entered_again_where_nobody_known_remains(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    conversation = alice.start("bob")
    server.wait_sent("JOIN", [1])
    server.conversations[1].append("bob")
    conversation.wait_members("alice", "bob", timeout=20)
    # The same number is another conversation now.
    server.conversations[1] = ["mallory"]
    server.cut()
    server.wait_sent("REGISTER", ["alice", "online"], ["alice", "online"], timeout=30)
    conversation.wait_ended(timeout=20)
    assert server.sent("JOIN") == [[1]]


def test_text_whose_delivery_is_not_known_is_marked(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    conversation = alice.start("bob")
    server.wait_sent("JOIN", [1])
    server.conversations[1].append("bob")
    conversation.wait_members("alice", "bob", timeout=20)
    conversation.say("echoed")
    conversation.wait_texts("echoed")
    server.echo = False
    conversation.say("lost?")
    server.wait_sent("SEND_MESSAGE", [1, "echoed"], [1, "lost?"])
    server.cut()
    conversation.wait_mark("lost?")
    assert not conversation.mark("echoed")


def test_server_that_is_not_there_at_start_is_found_when_it_comes(scene):
    first = scene.server()
    first.kill()
    alice = scene.newcomer("alice", "--name", "alice", "--server", first.address)
    alice.wait_link("No server answers")
    scene.server(port=first.port)
    alice.retry()
    alice.wait_online()


def test_name_that_is_taken_is_told_and_another_can_be_chosen(scene):
    server = scene.server()
    scene.cli("alice", server)
    second = scene.person("alice", server, online=False)
    second.wait_link("does not accept this name")
    second.choose_another_name("alice two")
    second.wait_online()
    second.wait_buddies("alice")


def skips(scene, data):
    """Something malformed is told and skipped; the connection and the program go on."""
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    server.push_raw(data)
    alice.wait_problem("could not be understood")
    server.push("ONLINE_USERS", {"alice": "online", "carol": "online"})
    alice.wait_buddies("carol")
    alice.dismiss_problem()
    assert len(server.sent("REGISTER")) == 1


def test_malformed_message_with_an_unknown_verb(scene):
    skips(scene, write("DANCE", ["now"]))


def test_malformed_online_users(scene):
    skips(scene, write("ONLINE_USERS", [1, 2, 3]))


def test_malformed_invitation(scene):
    skips(scene, write("INVITATION", [1]))


def test_malformed_conversations(scene):
    skips(scene, write("CONVERSATIONS", [1, 2, 3]))


def test_malformed_message(scene):
    skips(scene, write("MESSAGE", [[1], "bob", "a list is no id"]))


def test_malformed_send_message(scene):
    skips(scene, write("SEND_MESSAGE", None))


def test_malicious_pickle_is_not_executed(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    trap = f"{scene.session.folder}/executed"
    server.push_raw(b"ONLINE_USERS " + pickle.dumps(Boom(trap), 2))
    alice.wait_problem("could not be understood")
    server.push("ONLINE_USERS", {"alice": "online", "carol": "online"})
    alice.wait_buddies("carol")
    assert not os.path.exists(trap)


def test_bytes_that_are_no_messages_end_the_connection_in_words(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    server.push_raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    alice.wait_link("is not a Klatch server")
    # It may have been an accident: it is tried again.
    server.wait_sent("REGISTER", ["alice", "online"], ["alice", "online"], timeout=30)
    alice.wait_online()


def test_message_that_never_ends_does_not_stop_the_program(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    server.push_raw(b"ONLINE_USERS \x80\x02}q\x00(X\xff\xff\xff\x7f")
    alice.wait_link("is not a Klatch server")
    server.wait_sent("REGISTER", ["alice", "online"], ["alice", "online"], timeout=30)


def test_message_in_single_bytes_and_many_in_one_piece(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    for byte in write("ONLINE_USERS", {"alice": "online", "bit by bit": "here"}, protocol=0):
        server.push_raw(bytes([byte]))
    alice.wait_buddies("bit by bit")
    server.push_raw(b"".join(write("ONLINE_USERS", {"alice": "online", f"user {n}": "here"}, n % 5) for n in range(50)))
    alice.wait_buddies("user 49")


def test_error_from_the_server_is_shown(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    server.push("ERROR", "the <b>disk</b> is full")
    alice.wait_problem("the <b>disk</b> is full")
    alice.dismiss_problem()
    server.push_raw(b"ERROR something raw")
    alice.wait_problem("something raw")


def test_invitation_that_outlives_the_server_is_withdrawn(scene):
    server = scene.server()
    alice, bob = scene.cli("alice", server), scene.person("bob", server)
    alice.wait_users(bob="online")
    alice.write("/invite bob")
    bob.invitation("alice")
    server.kill()
    poll("the invitation to go", lambda: not bob.has_invitation())
    stays("the program alive", lambda: bob.app.process.poll() is None)
