#!/usr/bin/python3
"""Runs the end-to-end tests of the desktop client: real programs on virtual displays.

    run.py FOLDER [WORD...]        all tests, or those that have one of the words in their names, against the programs in
                                   FOLDER (klatch, klatch-server, klatch-cli)
    run.py --list                  their names

A test is a function `test_...` of a module `test_....py`; its one argument is a `scene.Scene`. Each runs in a process and on a
display of its own, as many at a time as there are processors; those of peers also in a network of their own, which needs
root, or a system that lets everybody make one (user namespaces). The picture of the display and what the programs
printed are kept under target/gui/ for those that fail.
"""
import ast
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "netns"))

import network  # noqa: E402

KEPT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "target", "gui")
LONGEST = 150  # Seconds for one test.
# At most so many failures are tried once more.
TRIED_AGAIN = 3
# Held while a test's process is started, and for good once all shall end.
starting = threading.Lock()
running = set()


def tests():
    """(module, function) of every test, in the order of the files."""
    found = []
    for file in sorted(os.listdir(HERE)):
        if file.startswith("test_") and file.endswith(".py"):
            with open(os.path.join(HERE, file), encoding="utf-8") as source:
                tree = ast.parse(source.read(), file)
            found += [(file[:-3], node.name) for node in tree.body
                      if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    names = [name for _, name in found]
    doubled = {name for name in names if names.count(name) > 1}
    assert not doubled, f"two tests of one name: {doubled}"
    return found


def needs_network(module):
    """Whether its tests make computers of their own, for peers."""
    return "peers" in module


def run_here(module, name, programs):
    """One test, in this process; returns whether it passed."""
    from scene import Scene
    if needs_network(module):
        network.enter()
    with Scene(programs) as scene:
        try:
            getattr(importlib.import_module(module), name)(scene)
            scene.check_complaints()
            return True
        except BaseException:
            traceback.print_exc()
            scene.keep(os.path.join(KEPT, name))
            return False


def run_apart(module, name, programs):
    """One test, in a process of its own; returns (passed, seconds, what it printed)."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as out:
        command = [sys.executable, os.path.abspath(__file__), "--here", programs, module, name]
        with starting:
            process = subprocess.Popen(network.apart(command) if needs_network(module) else command,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
            running.add(process)
        try:
            passed, why = process.wait(LONGEST) == 0, ""
        except subprocess.TimeoutExpired:
            passed, why = False, f"not done after {LONGEST} s\n"
            process.terminate()  # It keeps the picture when it is asked to end.
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                pass
        end_group(process)
        process.wait()
        running.discard(process)
        out.seek(0)
        return passed, time.monotonic() - start, why + out.read()


def end_group(process):
    """Ends the process and whatever it has started and left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def interrupted(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    starting.acquire()
    for process in list(running):
        end_group(process)
    os._exit(130)


def main(programs, words):
    existing = tests()
    chosen = [test for test in existing if not words or any(word in test[1] for word in words)]
    for program in ("klatch", "klatch-server", "klatch-cli"):
        if not os.access(os.path.join(programs, program), os.X_OK):
            sys.exit(f"there is no {program} in {programs}: build it first")
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    failed, passed, again, start = [], 0, 0, time.monotonic()
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        pending = [(name, pool.submit(run_apart, module, name, programs)) for module, name in chosen]
        for name, future in pending:
            ok, seconds, printed = future.result()
            print(f"{'ok    ' if ok else 'FAILED'} {seconds:6.1f} s  {name}", flush=True)
            if ok:
                passed += 1
            else:
                failed.append(name)
                print("    " + printed.strip().replace("\n", "\n    "), flush=True)
    # On a busy machine a window can miss a deadline. What fails alone as well has found something; and where many fail, so
    # has each of them.
    for module, name in [test for test in chosen if test[1] in failed and len(failed) <= TRIED_AGAIN]:
        ok, seconds, _ = run_apart(module, name, programs)
        print(f"{'ok    ' if ok else 'FAILED'} {seconds:6.1f} s  {name}, once more and alone", flush=True)
        if ok:
            passed += 1
            again += 1
            failed.remove(name)
    for name in failed:
        print(f"failed: {name} (picture and output: {os.path.relpath(os.path.join(KEPT, name))})")
    print(f"{passed} passed, {len(failed)} failed, of {len(chosen)} chosen and {len(existing)} existing,"
          f" {again} at the second try, in {time.monotonic() - start:.0f} s")
    return 0 if chosen and passed == len(chosen) else 1


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    if sys.argv[1:2] == ["--list"]:
        print("\n".join(name for _, name in tests()))
    elif sys.argv[1:2] == ["--here"]:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to end"))
        sys.exit(0 if run_here(sys.argv[3], sys.argv[4], sys.argv[2]) else 1)
    elif len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
    else:
        sys.exit(__doc__)
