"""Conversation management: several at a time, INVITE, INVITATION, JOIN, LEAVE, CONVERSATIONS."""
import threading

from waiting import poll, stays


def together(scene, *names):
    """People at desktop clients of one real server, each through a recorder of their own: (person, recorder) pairs."""
    server = scene.server()
    pairs = []
    for name in names:
        recorder = scene.recorder(server)
        pairs.append((scene.person(name, recorder), recorder))
    for person, _ in pairs:
        person.wait_buddies(*(name for name in names if name != person.name))
    return pairs


def test_two_conversations_at_once(scene):
    (alice, _), (bob, _), (carol, _) = together(scene, "alice", "bob", "carol")
    with_bob = alice.start("bob")
    bob.accept("alice")
    with_carol = alice.start("carol")
    carol.accept("alice")
    with_bob.wait_members("alice", "bob")
    with_carol.wait_members("alice", "carol")
    with_bob.say("for bob only")
    with_carol.say("for carol only")
    bob.conversation("alice").say("from bob")
    carol.conversation("alice").say("from carol")
    with_bob.wait_texts("for bob only", "from bob")
    with_carol.wait_texts("for carol only", "from carol")
    bob.conversation("alice").wait_texts("for bob only", "from bob")
    carol.conversation("alice").wait_texts("for carol only", "from carol")


def test_two_conversations_at_once_end_apart(scene):
    (alice, server), (bob, _), (carol, _) = together(scene, "alice", "bob", "carol")
    with_bob = alice.start("bob")
    bob.accept("alice")
    with_carol = alice.start("carol")
    carol.accept("alice")
    with_carol.wait_members("alice", "carol")
    with_bob.wait_members("alice", "bob")
    ids = server.sent("JOIN")
    with_bob.close()
    server.wait_sent("LEAVE", ids[0])
    with_carol.say("still here")
    carol.conversation("alice").wait_texts("still here")


def test_three_people_in_one_conversation(scene):
    (alice, server), (bob, _), (carol, _) = together(scene, "alice", "bob", "carol")
    of_alice = alice.start("bob", "carol")
    assert sorted(server.sent("INVITE")[0]) == ["bob", "carol"]
    bob.accept("alice")
    carol.accept("alice")
    of_alice.wait_members("alice", "bob", "carol")
    of_carol = carol.conversation("alice")
    of_carol.say("hello both")
    of_alice.wait_texts("hello both")
    bob.conversation("alice").wait_texts("hello both")


def test_invite_is_sent_and_waiting_is_shown(scene):
    (alice, server), (bob, _) = together(scene, "alice", "bob")
    conversation = alice.start("bob")
    server.wait_sent("INVITE", ["bob"])
    conversation.wait_waiting_for("bob")
    bob.accept("alice")
    conversation.wait_members("alice", "bob")
    conversation.wait_not_waiting()


def test_invitation_of_another_is_shown(scene):
    (alice, _), (bob, server) = together(scene, "alice", "bob")
    alice.start("bob")
    bob.invitation("alice")
    assert len(server.heard("INVITATION")) == 1 and server.heard("INVITATION")[0][1] == "alice"
    assert server.sent("JOIN") == []


def test_invitation_of_oneself_is_joined_and_not_shown(scene):
    (alice, server), _ = together(scene, "alice", "bob")
    alice.start("bob")
    poll("one's own INVITATION", lambda: server.heard("INVITATION"))
    number = server.heard("INVITATION")[0][0]
    server.wait_sent("JOIN", [number])
    stays("no invitation shown", lambda: not alice.has_invitation())


def test_join_is_sent_when_an_invitation_is_accepted(scene):
    (alice, _), (bob, server) = together(scene, "alice", "bob")
    alice.start("bob")
    bob.accept("alice")
    number = server.heard("INVITATION")[0][0]
    server.wait_sent("JOIN", [number])
    assert server.messages("JOIN")[0].protocol == 2
    bob.conversation("alice").wait_members("alice", "bob")


def test_declining_an_invitation_sends_nothing(scene):
    (alice, _), (bob, server) = together(scene, "alice", "bob")
    alice.start("bob")
    bob.decline("alice")
    stays("nothing sent", lambda: {m.verb for m in server.messages()} <= {"REGISTER"})
    assert not bob.has_invitation()


def test_leave_is_sent_when_a_conversation_is_closed(scene):
    (alice, _), (bob, server) = together(scene, "alice", "bob")
    of_alice = alice.start("bob")
    bob.accept("alice")
    of_alice.wait_members("alice", "bob")
    bob.conversation("alice").close()
    server.wait_sent("LEAVE", server.sent("JOIN")[0])
    of_alice.wait_members("alice")
    assert bob.app.process.poll() is None


def test_leave_is_sent_for_a_conversation_that_nobody_has_joined(scene):
    (alice, server), _ = together(scene, "alice", "bob")
    alice.start("bob").close()
    server.wait_sent("LEAVE", server.sent("JOIN")[0])


def test_conversations_keeps_the_members_true(scene):
    (alice, _), (bob, _), (carol, _) = together(scene, "alice", "bob", "carol")
    of_alice = alice.start("bob", "carol")
    of_alice.wait_members("alice")
    bob.accept("alice")
    of_alice.wait_members("alice", "bob")
    of_bob = bob.conversation("alice")
    carol.accept("alice")
    for conversation in (of_alice, of_bob):
        conversation.wait_members("alice", "bob", "carol")
    carol.app.process.kill()
    for conversation in (of_alice, of_bob):
        conversation.wait_members("alice", "bob")
    of_bob.close()
    of_alice.wait_members("alice")


def test_conversations_is_asked_for_where_the_server_does_not_push_it(scene):
    server = scene.scripted_server(users={"bob": "online"})
    alice = scene.person("alice", server)
    conversation = alice.start("bob")
    server.wait_sent("JOIN", [1])
    server.conversations[1].append("bob")
    conversation.wait_members("alice", "bob", timeout=20)
    server.conversations[1].remove("bob")
    conversation.wait_members("alice", timeout=20)
    assert all(argument is None for argument in server.sent("LIST_CONVERSATIONS"))


def test_conversations_of_others_do_not_open_windows(scene):
    server = scene.scripted_server(users={"bob": "online", "carol": "online"})
    alice = scene.person("alice", server)
    server.push("CONVERSATIONS", {7: ["bob", "carol"], "c8": ["carol"]})
    server.push("ONLINE_USERS", {"alice": "online", "bob": "away", "carol": "online"})
    alice.wait_status("bob", "away")
    assert len(alice.app.windows()) == 1, alice.app.windows()


def test_typing_neither_answers_an_invitation_nor_is_lost(scene):
    server = scene.recorder(scene.server())
    alice = scene.person("alice", server)
    bob, carol = scene.cli("bob", server.upstream), scene.cli("carol", server.upstream)
    alice.wait_buddies("bob", "carol")
    conversation = alice.start("carol")
    joined = len(server.sent("JOIN"))
    conversation.type(".")
    words = "all this is typed in one go while an invitation comes up"
    typing = threading.Thread(target=scene.session.xdotool, args=("type", "--delay", 80, "--", words))
    typing.start()
    poll("some words", lambda: " is " in conversation.entered())
    bob.write("/invite alice")
    alice.invitation("bob")
    typing.join()
    poll(lambda: f"all words; there is {conversation.entered()!r}", lambda: conversation.entered() == "." + words)
    assert alice.has_invitation() and len(server.sent("JOIN")) == joined and not carol.texts()
    alice.accept("bob")
    alice.conversation("bob")


def test_a_mouse_that_rests_on_the_menus_takes_the_keyboard_from_nobody(scene):
    (alice, _), _ = together(scene, "alice", "bob")
    conversation = alice.start("bob")
    conversation.type("abc")
    scene.session.xdotool("mousemove", *conversation.window.find("menu item", "Edit").middle())
    def has_keyboard():
        return "focused" in conversation.entry().states
    stays("the keyboard in the entry", has_keyboard, 0.5)
    scene.session.xdotool("type", "def")
    poll(lambda: f"all of it; there is {conversation.entered()!r}", lambda: conversation.entered() == "abcdef")
    # The keys of the menus open them as before, and whoever closes them goes on typing.
    for key in ("F10", "alt+e"):
        scene.session.key(key)
        poll("the keyboard in the menu", lambda: not has_keyboard())
        scene.session.key("Escape")
        poll("the keyboard back in the entry", has_keyboard)
    scene.session.xdotool("type", "ghi")
    poll(lambda: f"all of it; there is {conversation.entered()!r}", lambda: conversation.entered() == "abcdefghi")
    # But what one picks there may give it to another.
    alice.window.menu("View", "Find People")
    poll("the keyboard in the search", lambda: "focused" in alice.window.find("entry", "Find people").states)
