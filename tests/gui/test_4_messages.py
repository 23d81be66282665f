"""SEND_MESSAGE: what is sent and what is received appears once, tagged by whom it is from."""
from waiting import stays


def conversation_at(scene, **options):
    """Alice in a conversation with bob, on a server that the test plays."""
    server = scene.scripted_server(users={"bob": "online"}, **options)
    alice = scene.person("alice", server)
    conversation = alice.start("bob")
    server.conversations[1].append("bob")
    server.push("CONVERSATIONS", server.conversations)
    conversation.wait_members("alice", "bob")
    return server, alice, conversation


def says_once(scene, **options):
    server, _, conversation = conversation_at(scene, **options)
    conversation.say("it is said once")
    server.wait_sent("SEND_MESSAGE", [1, "it is said once"])
    conversation.wait_texts("it is said once")
    conversation.say("twice")
    conversation.say("twice")
    conversation.wait_texts("it is said once", "twice", "twice")
    stays("each text once", lambda: conversation.texts() == ["it is said once", "twice", "twice"], 2)


def test_sent_text_appears_once_with_a_server_that_echoes(scene):
    says_once(scene)


def test_sent_text_appears_once_with_a_server_that_does_not_echo(scene):
    says_once(scene, echo=False)


def test_sent_text_appears_once_with_a_server_that_relays_send_message(scene):
    says_once(scene, relay="SEND_MESSAGE")


def test_sent_text_reaches_the_server_as_it_was_typed(scene):
    server, _, conversation = conversation_at(scene)
    text = "Zoë says: it's \"ok\" \\n N. JOIN <b>&amp;</b> 😀"
    conversation.say(text)
    server.wait_sent("SEND_MESSAGE", [1, text])
    conversation.wait_texts(text)
    assert server.messages("SEND_MESSAGE")[0].protocol == 2


def test_sent_text_may_have_several_lines(scene):
    server, _, conversation = conversation_at(scene)
    conversation.type("one")
    scene.session.key("shift+Return")
    conversation.type("two")
    scene.session.key("Return")
    server.wait_sent("SEND_MESSAGE", [1, "one\ntwo"])
    conversation.wait_texts("one\ntwo")


def test_nothing_is_sent_for_an_empty_line(scene):
    server, _, conversation = conversation_at(scene)
    conversation.say("")
    conversation.say("   ")
    conversation.say("something")
    server.wait_sent("SEND_MESSAGE", [1, "something"])


def test_received_text_appears_once_tagged_by_its_sender(scene):
    server, _, conversation = conversation_at(scene)
    server.users["carol"] = "online"
    server.conversations[1].append("carol")
    server.push("CONVERSATIONS", server.conversations)
    server.push("MESSAGE", [1, "bob", "from bob"])
    server.push("SEND_MESSAGE", [1, "carol", "from carol"])
    server.push("MESSAGE", (1, "bob", "<i>again</i> & from bob"))
    conversation.wait_texts("from bob", "from carol", "<i>again</i> & from bob")
    assert conversation.senders() == ["bob", "carol", "bob"], conversation.senders()
    stays("each text once", lambda: len(conversation.texts()) == 3)


def test_received_text_of_another_conversation_does_not_appear(scene):
    server, _, conversation = conversation_at(scene)
    server.push("MESSAGE", [99, "bob", "elsewhere"])
    server.push("MESSAGE", ["1", "bob", "elsewhere, too"])
    server.push("MESSAGE", [1, "bob", "here"])
    conversation.wait_texts("here")


def test_texts_between_two_people_appear_once_with_the_real_server(scene):
    server = scene.server()
    alice, bob = scene.person("alice", server), scene.person("bob", server)
    alice.wait_buddies("bob")
    of_alice = alice.start("bob")
    bob.accept("alice")
    of_alice.wait_members("alice", "bob")
    of_bob = bob.conversation("alice")
    for number in range(8):
        of_alice.say(f"question {number}")
        of_bob.wait_text(f"question {number}")
        of_bob.say(f"answer {number}")
        of_alice.wait_text(f"answer {number}")
    wanted = [text for number in range(8) for text in (f"question {number}", f"answer {number}")]
    of_alice.wait_texts(*wanted)
    of_bob.wait_texts(*wanted)
