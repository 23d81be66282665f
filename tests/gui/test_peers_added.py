"""Peers who do not appear by themselves, and a computer without a network."""
from peers import Klatch
from waiting import poll


def strangers(scene):
    """Ann, at the desktop client, and Bob, at a terminal, who do not find each other; with Bob's address."""
    here, there = scene.hosts(2)
    Klatch.folder = scene.programs
    bob = scene.add(Klatch(there, "Bob", "--service-type", "_elsewhere._tcp.local."))
    ann = scene.peer(here, "Ann")
    ann.wait_link("Nobody found yet")
    return ann, bob, f"{there.address}:{bob.port()}"


def asked(ann):
    """The dialog that asks for an address."""
    ann.window.menu("Klatch", "Add Peer by Address…")
    return ann.app.window("Add Peer by Address")


def own_address(dialog):
    """The address of her own that it shows."""
    return next(label.text for label in dialog.query("label") if label.text.startswith("10.77."))


def test_an_address_is_typed_until_somebody_is_there_and_is_remembered(scene):
    ann, bob, address = strangers(scene)
    dialog = asked(ann)
    field = dialog.find("text", "Address")
    host, port = address.split(":")
    for wrong, told in ((host, "Enter the address and the port"), ("nobody.invalid:4001", "There is no computer named nobody.invalid."),
                        (f"{host}:{int(port) - 1}", f"Nobody can be reached at {host}:{int(port) - 1}."),
                        (own_address(dialog), "is your own address.")):
        field.type(wrong + "\n", clear=True)
        poll(told, lambda told=told: any(told in label.text for label in dialog.query("label")), 15)
        assert field.text == wrong, field.text
    field.type(address + "\n", clear=True)
    ann.wait_buddies("Bob")
    # Who has added nobody hears nobody.
    talk = ann.start("Bob")
    talk.wait_state("must add you by your address first", timeout=15)
    talk.window.close()
    ann.quit()
    ann = scene.peer(ann.host, "Ann")
    ann.wait_buddies("Bob")
    ann.pick("Bob", "Remove Address")
    ann.wait_buddies()
    dialog = asked(ann)
    bob.do("/add", own_address(dialog))
    bob.sees("Ann", timeout=10)


def test_who_has_added_somebody_can_be_added_in_turn(scene):
    ann, bob, address = strangers(scene)
    dialog = asked(ann)
    own = own_address(dialog)
    scene.session.key("Escape")
    bob.do("/add", own)
    bob.sees("Ann", timeout=10)
    bob.do("/chat", "Ann")
    ann.wait_problem("who calls themselves Bob is not known here.", timeout=15)
    ann.window.find("push button", "Add by Address…").click()
    field = ann.app.window("Add Peer by Address").find("text", "Address")
    host, port = address.split(":")
    assert field.text == f"{host}:", field.text
    field.type(port + "\n")
    ann.wait_buddies("Bob")
    poll("the bar to go", lambda: not any("calls themselves" in label.text for label in ann.window.query("label")))
    bob.do("/chat", "Ann")
    ann.accept("Bob")
    bob.event("conversation", state="open")


def test_a_computer_without_a_network(scene):
    Klatch.folder = scene.programs
    scene.hosts(1)
    alone = scene.network.host(interface=None)
    ann = scene.newcomer("Ann", host=alone, settings={"mode": "peer", "name": "Ann"}.items())
    ann.wait_link("This computer is not on a network")
    scene.network.connect(alone, "eth0")
    poll("a network", lambda: ann.link() == "On this network as Ann", 15)
    bob = scene.add(Klatch(scene.network.hosts[0], "Bob"))
    ann.wait_buddies("Bob")
    bob.quit()
    ann.wait_buddies()
