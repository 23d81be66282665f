"""Conversations between peers, with no server: two desktop clients and one peer written from the slides."""
import signal

from neighbours import PATIENCE, meet
from waiting import poll, stays

ALL = ("Ann", "Bob", "Jo")


def chat_of(jo):
    """The chat that Jo has been invited to last: its id."""
    return jo.event("request", 10, verb="INVITE")["args"][0]


def members_of(jo, *names):
    """Waits until Jo's peer knows exactly these as members."""
    jo.wait(f"Jo knows the members {names}", lambda: [event for event in jo.events("chat")][-1:]
            and sorted(jo.events("chat")[-1]["members"]) == sorted(names), 10)


def in_a_chat(ann, bob, jo):
    """Ann invites the two others, who join; both windows, and the id."""
    of_ann = ann.start("Bob", "Jo")
    bob.accept("Ann")
    of_bob = bob.conversation("Ann")
    for conversation in (of_ann, of_bob):
        conversation.wait_members(*ALL)
    of_ann.window.move(310, 30)
    of_bob.window.move(310, 480)
    members_of(jo, *ALL)
    return of_ann, of_bob, chat_of(jo)


def chat_of_three(scene, interpreter):
    ann, bob, jo = meet(scene, interpreter)
    of_ann = ann.start("Bob", "Jo")
    # Jo's peer says ACK at once; Bob has not yet decided.
    of_ann.wait_members("Ann", "Jo")
    of_ann.wait_note("Bob", "invited")
    of_ann.wait_waiting_for("Bob")
    members_of(jo, "Ann", "Jo")
    of_ann.say("Jo, are you there?")
    chat = chat_of(jo)
    jo.event("request", 10, verb="MESSAGE", args=[chat, "Ann", "Jo, are you there?"])
    bob.accept("Ann")
    of_bob = bob.conversation("Ann")
    for conversation in (of_ann, of_bob):
        conversation.wait_members(*ALL)
        conversation.wait_not_waiting()
    members_of(jo, *ALL)

    of_ann.say("from Ann")
    of_bob.wait_text("from Ann")
    of_bob.say("from Bob")
    of_ann.wait_text("from Bob")
    jo.do("say", chat, "from Jo: Grüße")
    for conversation in (of_ann, of_bob):
        conversation.wait_text("from Jo: Grüße")
    # Each from its sender, not by way of who began the chat.
    for name in ("Ann", "Bob"):
        jo.event("request", 10, verb="MESSAGE", args=[chat, name, f"from {name}"])
    said = [(said.sender, said.text) for said in of_ann.said()]
    assert said == [("Ann", "Jo, are you there?"), ("Ann", "from Ann"), ("Bob", "from Bob"), ("Jo", "from Jo: Grüße")], said
    assert [(said.sender, said.text) for said in of_bob.said()] == said[1:], of_bob.rows()
    of_ann.wait_delivered("Jo, are you there?", "from Ann")
    of_bob.wait_delivered("from Bob")


def test_a_chat_of_three_with_a_jython_peer(scene):
    chat_of_three(scene, "jython")


def test_a_chat_of_three_with_a_cpython_peer(scene):
    chat_of_three(scene, "/usr/bin/python3")


def test_an_invitation_that_is_declined(scene):
    ann, bob, jo = meet(scene, "jython")
    jo.do("answer", False)
    jo.event("answers", 10, accepts=False)
    of_ann = ann.start("Bob", "Jo")
    of_ann.wait_note("Jo", "has declined")
    bob.decline("Ann")
    of_ann.wait_note("Bob", "has declined")
    of_ann.wait_members("Ann")
    of_ann.wait_state("Jo, Bob have declined.")
    # The other way round: who invites is told NACK, or ACK.
    of_ann.close()
    mark = jo.mark()
    jo.do("invite", "room", "Ann", "Bob")
    ann.decline("Jo")
    assert jo.reply("INVITE", "Ann", after=mark) == "NACK"
    bob.accept("Jo")
    assert jo.reply("INVITE", "Bob", after=mark) == "ACK"
    bob.conversation("Jo").wait_members("Bob", "Jo")
    stays("Ann is in no chat", lambda: not ann.conversations(), 1)


def test_leaving_a_chat(scene):
    ann, bob, jo = meet(scene, "jython")
    of_ann, of_bob, chat = in_a_chat(ann, bob, jo)
    of_bob.close()
    of_ann.wait_members("Ann", "Jo")
    of_ann.wait_notice("Bob has left.")
    members_of(jo, "Ann", "Jo")
    jo.do("leave", chat)
    of_ann.wait_members("Ann")
    of_ann.wait_notice("Jo has left.")
    of_ann.wait_state("Everybody else has left. Nobody is here to read what you send.")


def test_a_chat_is_closed_by_who_began_it(scene):
    ann, bob, jo = meet(scene, "jython")
    of_ann, of_bob, chat = in_a_chat(ann, bob, jo)
    # It ends for two others, so that is not done by a slip.
    for answer in ("Cancel", "Close"):
        of_ann.close()
        question = ann.app.window("Close Conversation")
        assert question.query("label", text="Close this conversation for everybody?"), question.dump()
        assert not jo.events("closed")
        question.find("push button", answer).click()
        ann.app.no_window("Close Conversation")
    jo.event("closed", 10, id=chat)
    of_bob.wait_state("Ann, who started this conversation, has closed it.")
    # And by the other.
    jo.do("invite", 5, "Ann", "Bob")
    ann.accept("Jo")
    bob.accept("Jo")
    of_ann, of_bob = ann.conversation("Jo"), bob.conversation("Ann", "Jo")
    for conversation in (of_ann, of_bob):
        conversation.wait_members(*ALL)
    jo.do("close", 5)
    for conversation in (of_ann, of_bob):
        conversation.wait_state("Jo, who started this conversation, has closed it.")


def test_going_offline_and_quitting_ask_before_they_close_a_chat(scene):
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    _, of_bob, chat = in_a_chat(ann, bob, jo)
    for key, title, answer in (("ctrl+q", "Quit Klatch", "Cancel"), ("ctrl+shift+d", "Disconnect", "Cancel"),
                               ("ctrl+shift+d", "Disconnect", "Disconnect")):
        assert not jo.events("closed")
        ann.window.focus_window()
        scene.session.key(key)
        question = ann.app.window(title)
        assert question.query("label", text="Close 1 conversation for everybody?"), question.dump()
        question.find("push button", answer).click()
        ann.app.no_window(title)
    jo.event("closed", 10, id=chat)
    of_bob.wait_state("Ann, who started this conversation, has closed it.")
    # Nothing is left to lose.
    ann.quit()


def test_a_member_that_vanishes(scene):
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    of_ann, of_bob, chat = in_a_chat(ann, bob, jo)
    bob.app.process.send_signal(signal.SIGKILL)
    bob.app.wait_exit()
    of_ann.say("Bob, still there?")
    jo.event("request", 10, verb="MESSAGE", args=[chat, "Ann", "Bob, still there?"])
    poll("a word about Bob", lambda: "Bob" in str([said.state or said.mark for said in of_ann.said()]), 10)
    # Who began the chat tells the others who is lost.
    of_ann.wait_notice("No longer reachable: Bob.", timeout=PATIENCE)
    of_ann.wait_state("Not reachable: Bob.")
    of_ann.window.find("label", text="2 members")
    members_of(jo, "Ann", "Jo")
    assert of_ann.mark("Bob, still there?") == "This did not reach Bob.", of_ann.rows()
    of_ann.say("Then the two of us.")
    jo.event("request", 10, verb="MESSAGE", args=[chat, "Ann", "Then the two of us."])
    of_ann.wait_delivered("Then the two of us.")


def test_who_began_the_chat_vanishes(scene):
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    of_ann, of_bob, chat = in_a_chat(ann, bob, jo)
    ann.app.process.send_signal(signal.SIGKILL)
    ann.app.wait_exit()
    of_bob.say("Ann?")
    of_bob.wait_state("Ann, who started this conversation, has left; its members stay as they are.", timeout=PATIENCE)
    of_bob.say("We two go on.")
    jo.event("request", 10, verb="MESSAGE", args=[chat, "Bob", "We two go on."])
