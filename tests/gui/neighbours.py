"""Three peers who see each other: two desktop clients and one written from the slides."""

#: Jython takes its time to start and to say goodbye.
PATIENCE = 45


def meet(scene, interpreter, of_ann=None, of_bob=None, of_jo=None):
    """Ann, Bob and Jo, each on a computer of their own, sharing these folders; they know each other."""
    hosts = scene.hosts(3)
    jo = scene.naive_peer(hosts[2], interpreter, "Jo", of_jo)
    ann = scene.peer(hosts[0], "Ann", of_ann)
    bob = scene.peer(hosts[1], "Bob", of_bob)
    # Both can be seen, and what they open is beside them.
    for person, top in ((ann, 30), (bob, 470)):
        person.window.resize(280, 400).move(10, top)
    jo.wait_ready("Ann", "Bob")
    ann.wait_buddies("Bob", "Jo")
    bob.wait_buddies("Ann", "Jo")
    return ann, bob, jo
