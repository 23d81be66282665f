"""Every program ends cleanly: by signals, by its window, and when the display dies."""
import os
import signal
import subprocess

from waiting import poll
from wire import free_port


def test_dying_display_ends_the_client_with_a_goodbye(scene):
    server = scene.recorder(scene.server())
    bob = scene.cli("bob", server.upstream)
    alice = scene.person("alice", server)
    alice.start("bob")
    bob.wait("invitation")
    scene.session.x_server.kill()
    alice.app.wait_exit()
    server.wait_sent("GOODBYE", None)
    bob.wait_users()
    assert "panicked" not in alice.app.output(), alice.app.output()


def test_client_ends_at_once_while_the_server_does_not_answer(scene):
    server = scene.scripted_server()
    server.on["REGISTER"] = lambda _: None
    alice = scene.person("alice", server, online=False)
    poll("REGISTER", lambda: server.sent("REGISTER"))
    alice.app.process.send_signal(signal.SIGTERM)
    assert alice.app.wait_exit(5) == 0
    server.wait_sent("GOODBYE", None)


def test_client_ends_while_it_waits_to_connect_again(scene):
    alice = scene.newcomer("alice", "--name", "alice", "--server", "127.0.0.1:1")
    alice.wait_link("No server answers")
    alice.window.close()
    assert alice.app.wait_exit(5) == 0


def test_host_is_asked_before_quitting_and_its_guests_are_told(scene):
    host = scene.newcomer("host")
    address = Address(free_port())
    host.welcome().host("host", address.port)
    host.wait_online()
    guest = scene.cli("guest", address)
    host.wait_buddies("guest")
    host.wait_link("2 people are connected")
    host.window.focus_window()
    scene.session.key("ctrl+q")
    question = host.app.window("Quit Klatch")
    assert question.query("label", text="Disconnect 1 other person?"), question.dump()
    question.find("push button", "Quit").click()
    assert host.app.wait_exit() == 0
    guest.wait("state", state="reconnecting")


class Address:
    def __init__(self, port):
        self.port, self.address = port, f"127.0.0.1:{port}"


def ends_server(scene, number):
    server = scene.server()
    bob = scene.cli("bob", server)
    server.signal(number)
    assert server.wait_exit(5) == 0, server.output()
    bob.wait("state", state="reconnecting")


def test_server_ends_on_sigterm(scene):
    ends_server(scene, signal.SIGTERM)


def test_server_ends_on_ctrl_c(scene):
    ends_server(scene, signal.SIGINT)


def ends_cli(scene, end):
    server = scene.server()
    recorder = scene.recorder(server)
    watcher = scene.cli("watcher", server)
    bob = scene.cli("bob", recorder)
    watcher.wait_users(bob="online")
    end(bob)
    assert bob.wait_exit(5) == 0, bob.output()
    recorder.wait_sent("GOODBYE", None)
    watcher.wait_users()


def test_cli_ends_on_sigterm(scene):
    ends_cli(scene, lambda bob: bob.signal(signal.SIGTERM))


def test_cli_ends_on_ctrl_c(scene):
    ends_cli(scene, lambda bob: bob.signal(signal.SIGINT))


def test_cli_ends_with_its_input(scene):
    ends_cli(scene, lambda bob: bob.process.stdin.close())


def test_no_display_is_told_in_words(scene):
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    ended = subprocess.run([os.path.join(scene.programs, "klatch"), "--new-instance"], env=environment,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1, ended
    assert "display" in ended.stderr and "panicked" not in ended.stderr, ended.stderr
