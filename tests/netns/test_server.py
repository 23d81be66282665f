"""Klatch at a server that vanishes from the network."""
import os

from peers import JsonProgram, Klatch, Program

#: What takes one connection or a few.
SOON = 10
#: The client waits 45 s for an acknowledgement; the kernel looks at its timers a little later.
NOTICED = 60


def test_a_server_that_vanishes_is_noticed_though_a_text_is_on_its_way(network):
    at, here = network.host(), network.host()
    network.settle()
    server = Program(at, [os.path.join(Klatch.folder, "klatch-server"), "--listen", f"{at.address}:6666"])
    server.wait("the server listens", lambda: any("listening on" in line for _, line in server.lines), SOON)
    ann, bob = (JsonProgram(here, [os.path.join(Klatch.folder, "klatch-cli"), "server", at.address, "--name", name, "--json"])
                for name in ("Ann", "Bob"))
    for client in (ann, bob):
        client.event("state", SOON, state="online")
    ann.write("/invite Bob")
    bob.event("invitation", SOON)
    chat = ann.event("conversation", SOON)["id"]
    bob.write(f"/accept {chat}")
    ann.event("conversation", SOON, id=chat, state="open")

    at.link("set", "eth0", "down")
    ann.write(f"/say {chat} are you there?")
    ann.event("message", SOON, text="are you there?", own=True)
    ann.event("state", NOTICED, state="reconnecting")
    mark = ann.mark()
    at.link("set", "eth0", "up")
    ann.event("state", NOTICED, mark, state="online")
