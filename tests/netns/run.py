#!/usr/bin/python3
"""Runs peers in networks of their own and checks that they find and understand each other; and clients of a server.

    KLATCH_BIN=target/debug tests/netns/run.py [NAME...]    those tests whose name contains one of these, or all
    tests/netns/run.py --list

It makes namespaces of its own to work in (network, mounts, processes), so nothing leaves them and nothing of it remains.
That needs root, or sudo; and the Debian packages iproute2, avahi-daemon, avahi-utils, dbus-daemon, jython, libjmdns-java
and python3-zeroconf, which build-aux/install-deps test installs.
"""
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "gui")]

MODULES = ("test_discovery", "test_document", "test_files", "test_hostile", "test_names", "test_networks", "test_others",
           "test_raw", "test_server")
PROGRAMS = ("ip", "unshare", "avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon", "jython")
#: The most seconds that one test may take.
LONGEST = 180
# At most so many failures are tried once more.
TRIED_AGAIN = 3


def tests():
    """All of them, in order: name -> function."""
    found = {}
    for module in map(importlib.import_module, MODULES):
        found.update((name, function) for name, function in vars(module).items() if name.startswith("test_"))
    return found


def enter_namespaces():
    """Starts this program again, as the first process of new namespaces; what it leaves behind ends with it."""
    if os.geteuid() != 0:
        os.execvp("sudo", ["sudo", "--preserve-env=KLATCH_BIN", sys.executable, *sys.argv])
    os.environ["KLATCH_NETNS"] = "inside"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--",
                          sys.executable, *sys.argv])


def too_long(*_):
    raise TimeoutError(f"not done after {LONGEST} s")


def run(function):
    """Runs one test; the error as text, or nothing."""
    from network import Network
    signal.alarm(LONGEST)
    try:
        with Network() as network:
            function(network)
    except Exception:  # noqa: BLE001
        return traceback.format_exc()
    finally:
        signal.alarm(0)
    return ""


def main(words):
    existing = tests()
    if words == ["--list"]:
        print("\n".join(existing))
        return 0
    folder = os.environ.get("KLATCH_BIN", "")
    if not os.access(os.path.join(folder, "klatch-cli"), os.X_OK):
        sys.exit(f"there is no klatch-cli in KLATCH_BIN={folder!r}: build it first")
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        sys.exit(f"these programs are missing, see build-aux/install-deps: {' '.join(missing)}")
    if "KLATCH_NETNS" not in os.environ:
        enter_namespaces()
    importlib.import_module("network").enter()
    chosen = {name: test for name, test in existing.items() if not words or any(word in name for word in words)}
    signal.signal(signal.SIGALRM, too_long)
    # The first process of a namespace has no handler by default.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("asked to end"))
    failed, again, start = {}, 0, time.monotonic()
    for name, function in chosen.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="klatch-netns-") as tempfile.tempdir:
            error = run(function)
        tempfile.tempdir = None
        print(f"{'FAILED' if error else 'ok    '} {time.monotonic() - began:6.1f} s  {name}", flush=True)
        if error:
            failed[name] = function
            print("    " + error.strip().replace("\n", "\n    "), flush=True)
    # On a busy machine a deadline can be missed. What fails again has found something; and where many fail, so has each.
    for name, function in list(failed.items()) if len(failed) <= TRIED_AGAIN else ():
        with tempfile.TemporaryDirectory(prefix="klatch-netns-") as tempfile.tempdir:
            error = run(function)
        tempfile.tempdir = None
        print(f"{'FAILED' if error else 'ok    '}           {name}, once more", flush=True)
        if not error:
            again += 1
            del failed[name]
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed, of {len(chosen)} chosen and {len(existing)}"
          f" existing, {again} at the second try, in {time.monotonic() - start:.0f} s")
    return 0 if chosen and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
