"""Overall program structure: the GUI works, starts as it should, and the server's address and port can be configured."""
from waiting import poll


def test_server_address_and_port_are_configured_in_preferences(scene):
    first, second = scene.recorder(scene.server()), scene.recorder(scene.server())
    alice = scene.newcomer("alice")
    alice.welcome().join("127.0.0.1", first.port, "alice")
    alice.wait_online()
    alice.preferences().connect_to("localhost", second.port)
    second.wait_sent("REGISTER", ["alice", "online"])
    first.wait_sent("GOODBYE", None)
    alice.wait_link(f"localhost:{second.port}")


def test_server_address_and_port_are_remembered(scene):
    server = scene.recorder(scene.server())
    alice = scene.newcomer("alice")
    alice.welcome().join("127.0.0.1", server.port, "alice")
    alice.wait_online()
    alice.quit()

    alice = scene.newcomer("alice")
    alice.wait_online()
    server.wait_sent("REGISTER", ["alice", "online"], ["alice", "online"])


def test_wrong_addresses_are_refused_in_words(scene):
    alice = scene.person("alice", scene.server())
    preferences = alice.preferences()
    for wrong, words in ((("two words", 6666), "neither a computer's name nor an IP address"),
                         (("", 6666), "Enter the name or IP address")):
        preferences.type_server(*wrong)
        poll(f"words for {wrong}", lambda words=words: preferences.shows(words))


def test_host_name_that_does_not_exist_is_told(scene):
    alice = scene.person("alice", None, "--name", "alice", "--server", "no-such-computer.invalid", online=False)
    alice.wait_link("There is no computer named no-such-computer.invalid")


def test_the_guide_is_there_from_the_first_window_on(scene):
    anna = scene.newcomer("anna")
    anna.welcome().window.find("push button", "User Guide").click()
    guide = anna.app.window("User Guide - Klatch")
    guide.find("heading", "First Steps")
    # The keyboard is in the contents.
    scene.session.key("Down")
    guide.find("heading", "People and Status")
    scene.session.key("Escape")
    anna.app.no_window("User Guide - Klatch")

    ben = scene.person("ben", scene.server())
    preferences = ben.preferences()
    preferences.window.focus_window()
    scene.session.key("F1")
    guide = ben.app.window("User Guide - Klatch")
    # A question that waits for an answer does not lock it; what is typed is searched for.
    guide.focus_window()
    scene.session.xdotool("type", "encrypted")
    guide.find("heading", "Privacy")
    guide.find("label", text="Nothing is encrypted, and there are no passwords.")
    scene.session.key("Escape", "Escape")
    ben.app.no_window("User Guide - Klatch")
    preferences.close()


def test_menu_of_a_person_opens_by_keyboard(scene):
    server = scene.server()
    alice, bob = scene.person("alice", server), scene.person("bob", server)
    alice.wait_buddies("bob")
    alice.window.find("list", "People").row("bob").click()
    for key in ("shift+F10", "Menu"):
        scene.session.key(key)
        alice.window.find("menu item", "Copy Name")
        scene.session.key("Escape")
        alice.window.wait_gone("menu item", "Copy Name")
    # What is typed into the list still goes to the search.
    scene.session.key("b", "o")
    alice.window.find("entry", "Find people", text="bo")
    bob.quit()
