"""The end of the program, and of another, while files are on their way."""
import signal

from waiting import poll


def begin(scene):
    """Ann, who is getting a file that does not come: Bob's computer has stopped."""
    hosts = scene.hosts(2)
    bob = scene.peer(hosts[1], "Bob", scene.folder("of-bob", {"film.bin": b"film"}))
    ann = scene.peer(hosts[0], "Ann")
    ann.wait_buddies("Bob")
    files = ann.files_of("Bob")
    files.wait_names("film.bin")
    bob.app.process.send_signal(signal.SIGSTOP)
    files.get("film.bin")
    ann.transfers().wait("film.bin from Bob", "^0 bytes")
    return ann, bob


def questions(ann):
    return [window for window in ann.app.root.children() if window.name == "Quit Klatch"]


def test_quitting_asks_whether_to_break_transfers_off(scene):
    ann, _ = begin(scene)
    ann.window.focus_window()
    scene.session.key("ctrl+q")
    question = ann.app.window("Quit Klatch")
    assert question.query("label", text="Break off 1 transfer?"), question.dump()
    question.find("push button", "Cancel").click()
    poll("the question to close", lambda: not questions(ann))

    ann.window.close()
    question = ann.app.window("Quit Klatch")
    scene.session.key("Escape")
    poll("the question to close", lambda: not questions(ann))

    transfers = ann.transfers()
    transfers.window.focus_window()
    scene.session.key("ctrl+q")
    ann.app.window("Quit Klatch").find("push button", "Quit").click()
    assert ann.app.wait_exit() == 0


def test_a_signal_ends_transfers_without_a_question(scene):
    ann, _ = begin(scene)
    ann.app.process.send_signal(signal.SIGTERM)
    assert ann.app.wait_exit() == 0


def test_a_transfer_that_fails_behind_other_windows_is_notified(scene):
    ann, bob = begin(scene)
    for window in ann.app.root.children():
        scene.session.xdotool("windowminimize", "--sync", window.x_window())
    bob.app.process.kill()
    bob.app.process.wait()
    told = scene.session.wait_notification("A file could not be got", 30)
    assert told["body"] == "film.bin from Bob", told
