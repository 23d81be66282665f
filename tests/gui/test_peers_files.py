"""Files between peers: browsing, getting, offering."""
import os

from neighbours import meet
from waiting import poll, stays

FILES = {"notes.txt": b"some notes\n", "Über uns.txt": "Grüße\n".encode(), "empty": b"", "large.bin": bytes(range(256)) * 8192,
         "Lecture 10.pdf": b"ten", "Lecture 9.pdf": b"nine"}
#: How the list shows them.
BY_NAME = ("empty", "large.bin", "Lecture 9.pdf", "Lecture 10.pdf", "notes.txt", "Über uns.txt")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def check(folder, *names):
    """That folder has exactly these files, byte for byte."""
    assert sorted(os.listdir(folder)) == sorted(names), os.listdir(folder)
    for name in names:
        assert content(os.path.join(folder, name)) == FILES[name], name


def browse(scene, interpreter):
    ann, bob, _ = meet(scene, interpreter, of_jo=scene.folder("of-jo", FILES),
                       of_bob=scene.folder("of-bob", {**FILES, "week 2/slides.pdf": b"2", "week 1/slides.pdf": b"1"}))
    files = ann.files_of("Jo")
    files.wait_names(*BY_NAME)
    files.sort("Name")
    files.wait_names(*reversed(BY_NAME))
    files.search("lecture")
    files.wait_names("Lecture 10.pdf", "Lecture 9.pdf")
    files.sort("Name")
    files.wait_names("Lecture 9.pdf", "Lecture 10.pdf")
    files.window.close()

    files = ann.files_of("Bob")
    files.wait_names(*BY_NAME[:5], "slides.pdf", "slides.pdf", BY_NAME[5])
    files.sort("Folder")
    poll("the folders last", lambda: files.files()[-2:] == [("slides.pdf", "week 1"), ("slides.pdf", "week 2")])
    files.search("week 2")
    files.wait_names("slides.pdf")


def test_browsing_the_files_of_a_jython_peer(scene):
    browse(scene, "jython")


def test_browsing_the_files_of_a_cpython_peer(scene):
    browse(scene, "/usr/bin/python3")


def get(scene, interpreter):
    ann, _, _ = meet(scene, interpreter, of_bob=scene.folder("of-bob", FILES), of_jo=scene.folder("of-jo", FILES))
    files = ann.files_of("Jo")
    files.get("Über uns.txt")
    transfers = ann.transfers()
    transfers.wait("Über uns.txt from Jo", "^Received · 8 bytes$")
    check(ann.downloads, "Über uns.txt")
    files.window.close()

    files = ann.files_of("Bob")
    files.get("empty", "large.bin", "notes.txt")
    transfers.wait("large.bin from Bob", r"^Received · 2\.1\sMB$")
    transfers.wait("notes.txt from Bob", "^Received · 11 bytes$")
    transfers.wait("empty from Bob", "^Received · 0 bytes$")
    check(ann.downloads, "Über uns.txt", "empty", "large.bin", "notes.txt")
    # The same again does not overwrite the first.
    files.get("notes.txt")
    poll("a second copy", lambda: "notes (2).txt" in os.listdir(ann.downloads))
    transfers.wait("notes.txt from Bob", r"^Received as notes \(2\)\.txt · 11 bytes$")
    assert content(os.path.join(ann.downloads, "notes (2).txt")) == FILES["notes.txt"]


def test_getting_one_file_and_several_with_a_jython_peer(scene):
    get(scene, "jython")


def test_getting_one_file_and_several_with_a_cpython_peer(scene):
    get(scene, "/usr/bin/python3")


def test_offering_a_file_by_the_menu(scene):
    folder = scene.folder("of-ann", FILES)
    ann, bob, jo = meet(scene, "jython")
    ann.send_file("Bob", os.path.join(folder, "large.bin"))
    # Where one sees what has become of it.
    sent = ann.transfers()
    sent.wait("large.bin to Bob", "^Offered. It is sent if Bob accepts.$")
    bob.accept_offer("Ann", "large.bin")
    bob.transfers().wait("large.bin from Ann", r"^Received · 2\.1\sMB$")
    check(bob.downloads, "large.bin")
    sent.wait("large.bin to Bob", r"^Sent · 2\.1\sMB$")
    assert len(sent.rows()) == 1, sent.rows()
    # To somebody else's peer, which has to ask for it itself.
    ann.send_file("Jo", os.path.join(folder, "notes.txt"))
    asked = jo.event("request", 10, verb="OFFER_FILE")["args"]
    assert asked == ["Ann", "notes.txt"], asked
    jo.do("get", "Ann", "notes.txt")
    assert content(jo.reply("GET_FILE", "Ann")["path"]) == FILES["notes.txt"]
    sent.wait("notes.txt to Jo", "^Sent · 11 bytes$")
    # An offer can be taken back.
    ann.send_file("Jo", os.path.join(folder, "large.bin"))
    sent.wait("large.bin to Jo", "^Offered.")
    sent.press("large.bin to Jo", "Cancel")
    sent.wait("large.bin to Jo", "^Cancelled$")
    mark = jo.mark()
    jo.do("get", "Ann", "large.bin")
    # The connection is reset, which in Jython looks like its end.
    assert jo.reply("GET_FILE", "Ann", after=mark)["size"] == 0


def test_offering_files_by_drag_and_drop(scene):
    folder = scene.folder("of-ann", FILES)
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    ann.drop_files("Bob", *(os.path.join(folder, name) for name in ("notes.txt", "Über uns.txt")))
    bob.accept_offer("Ann", "notes.txt")
    bob.accept_offer("Ann", "Über uns.txt")
    transfers = bob.transfers()
    transfers.wait("notes.txt from Ann", "^Received · 11 bytes$")
    transfers.wait("Über uns.txt from Ann", "^Received · 8 bytes$")
    check(bob.downloads, "notes.txt", "Über uns.txt")
    assert not [event for event in jo.events("request") if event["verb"] == "OFFER_FILE"], "only Bob was meant"


def test_dropping_files_on_a_conversation(scene):
    folder = scene.folder("of-ann", FILES)
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    conversation = ann.start("Bob")
    bob.accept("Ann")
    conversation.wait_members("Ann", "Bob")
    window = conversation.window
    window.move(330, 30)
    for place, name in ((window.find("list", "Messages"), "notes.txt"), (window.find("list", "Members"), "empty"),
                        (conversation.entry(), "large.bin")):
        ann.drop(window, place, os.path.join(folder, name))
        bob.accept_offer("Ann", name)
        bob.transfers().wait(f"{name} from Ann", "^Received")
    assert conversation.entered() == ""
    check(bob.downloads, "notes.txt", "empty", "large.bin")
    assert not [event for event in jo.events("request") if event["verb"] == "OFFER_FILE"], "Jo is not in it"


def test_an_offer_is_answered_while_a_file_is_being_chosen(scene):
    ann, _, jo = meet(scene, "/usr/bin/python3", of_jo=scene.folder("of-jo", FILES))
    ann.pick("Bob", "Send Files…")
    chooser = ann.app.window("Send Files to Bob")
    jo.do("offer", "Ann", "notes.txt")
    ann.accept_offer("Jo", "notes.txt")
    poll("the file", lambda: os.listdir(ann.downloads) == ["notes.txt"])
    assert chooser.is_visible


def accept_offer(scene, interpreter):
    ann, _, jo = meet(scene, interpreter, of_jo=scene.folder("of-jo", FILES))
    jo.do("offer", "Ann", "large.bin")
    ann.accept_offer("Jo", "large.bin")
    ann.transfers().wait("large.bin from Jo", r"^Received · 2\.1\sMB$")
    check(ann.downloads, "large.bin")


def test_accepting_the_offer_of_a_jython_peer(scene):
    accept_offer(scene, "jython")


def test_accepting_the_offer_of_a_cpython_peer(scene):
    accept_offer(scene, "/usr/bin/python3")


def test_refusing_an_offer(scene):
    folder = scene.folder("of-ann", FILES)
    ann, bob, jo = meet(scene, "jython", of_jo=scene.folder("of-jo", FILES))
    jo.do("offer", "Ann", "notes.txt")
    ann.refuse_offer("Jo", "notes.txt")
    ann.send_file("Bob", os.path.join(folder, "notes.txt"))
    bob.refuse_offer("Ann", "notes.txt")
    stays("nothing is got", lambda: os.listdir(ann.downloads) == os.listdir(bob.downloads) == [], 1)
    assert not [event for event in jo.events("request") if event["verb"] == "GET_FILE"], jo.events("request")


def test_a_folder_is_shared_from_the_preferences(scene):
    folder = scene.folder("of-ann", FILES)
    ann, bob, jo = meet(scene, "/usr/bin/python3")
    files = bob.files_of("Ann")
    files.window.find("label", text="Ann shares no files.")
    preferences = ann.preferences()
    preferences.share(folder)
    files.refresh()
    files.wait_names(*BY_NAME)
    preferences.stop_sharing()
    files.refresh()
    files.window.find("label", text="Ann shares no files.")
    jo.do("get", "Ann", "notes.txt")
    assert jo.reply("GET_FILE", "Ann")["size"] == 0
