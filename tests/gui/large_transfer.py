#!/usr/bin/python3
"""Gets a large file from one desktop client with another, and measures how both windows fare meanwhile.

    large_transfer.py FOLDER [MIB]      with the programs in FOLDER; 2048 MiB, unless told otherwise

Latency is how long a window takes to answer a question of the accessibility bus, which it does in its main loop: so it
is the time that a person would wait for it, and the way there and back. It is measured before the transfer, too. Ends
with 0 if the file has arrived as it was sent.
"""
import hashlib
import os
import shutil
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "netns"))

import network  # noqa: E402
from waiting import TimedOut  # noqa: E402

MIB = 1 << 20
LONGEST = 900  # Seconds for the transfer.
TICK = 0.01
NAME = "large.bin"


class Watch:
    """How a client fares: latencies in ms, and memory in MiB over time."""

    def __init__(self, person):
        self.name, self.pid, self.window = person.name, person.app.pid, person.window.accessible
        self.latencies, self.memory = [], []

    def look(self):
        start = time.monotonic()
        self.window.get_child_count()
        self.latencies.append((time.monotonic() - start) * 1e3)

    def weigh(self, at):
        with open(f"/proc/{self.pid}/status") as status:
            kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.memory.append((at, kib / 1024))

    def report(self, when):
        values, self.latencies = sorted(self.latencies), []
        at = [values[int((len(values) - 1) * part)] for part in (0.5, 0.99, 1)]
        print(f"  {self.name:4} {when:9} latency p50 {at[0]:.1f}  p99 {at[1]:.1f}  max {at[2]:.1f} ms ({len(values)} values)")


def watch(watches, is_over, longest):
    """Looks at all of them until it is over; the seconds that took."""
    start = time.monotonic()
    while not is_over():
        seconds = time.monotonic() - start
        if seconds > longest:
            raise TimedOut(f"not over after {longest} s")
        for one in watches:
            one.look()
            if not one.memory or seconds - one.memory[-1][0] >= 1:
                one.weigh(seconds)
        time.sleep(TICK)
    return time.monotonic() - start


def make(path, size):
    """Writes so many MiB that no file system can make smaller."""
    with open(path, "wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
        file.flush()
        os.fsync(file.fileno())


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(programs, size):
    from scene import Scene
    with Scene(programs) as scene:
        free = shutil.disk_usage(scene.session.folder).free // MIB
        if free < 2 * size + 512:
            sys.exit(f"{scene.session.folder} has no room for two files of {size} MiB: {free} MiB are free")
        folder = scene.folder("of-bob")
        make(os.path.join(folder, NAME), size)
        here, there = scene.hosts(2)
        ann, bob = scene.peer(here, "Ann"), scene.peer(there, "Bob", folder)
        ann.wait_buddies("Bob")
        bob.wait_buddies("Ann")
        files = ann.files_of("Bob")
        files.wait_names(NAME)
        bob.window.menu("Klatch", "Transfers")
        watches = [Watch(person) for person in (ann, bob)]
        calm = time.monotonic() + 3
        watch(watches, lambda: time.monotonic() > calm, LONGEST)
        for one in watches:
            one.report("at rest")
            one.memory.clear()

        target = os.path.join(ann.downloads, NAME)
        files.select(NAME)
        files.window.find("push button", "Get").action("click")
        # It has its name when all of it is on the disk.
        seconds = watch(watches, lambda: os.path.exists(target), LONGEST)
        for one in watches:
            one.report("meanwhile")
            amounts = [amount for _, amount in one.memory]
            some = one.memory[::max(1, len(one.memory) // 8)]
            print(f"  {one.name:4} memory {min(amounts):.0f} to {max(amounts):.0f} MiB:"
                  f" {', '.join(f'{amount:.0f} at {at:.0f} s' for at, amount in some)}")
        print(f"  {size} MiB in {seconds:.1f} s: {size / seconds:.0f} MiB/s, to the disk and synced")
        for person, what in ((ann, f"{NAME} from Bob"), (bob, f"{NAME} to Ann")):
            person.transfers().wait(what, r"^(Received|Sent) · [\d.]+\s[MG]B$")
        is_same = digest(target) == digest(os.path.join(folder, NAME))
        print(f"  the hashes {'are the same' if is_same else 'DIFFER'}")
        scene.check_complaints()
        return 0 if is_same else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        network.enter()
        sys.exit(main(sys.argv[2], int(sys.argv[3])))
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    own = network.apart([sys.executable, os.path.abspath(__file__), "--here", os.path.abspath(sys.argv[1]),
                         sys.argv[2] if len(sys.argv) > 2 else "2048"])
    os.execvp(own[0], own)
