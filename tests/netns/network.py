"""Networks of our own: network namespaces as computers, joined by a bridge in another namespace.

Nothing of it is connected to anything else, so all multicast stays inside.
"""
import itertools
import os
import signal
import subprocess

from waiting import poll

_numbers = itertools.count(1)


def apart(command):
    """The command, with a network of its own in which it may make such computers; it has to call `enter()` first."""
    # Whoever is not root is so in there, where the system allows that.
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *rights, "--mount", "--net", "--", *command]


def enter():
    """Makes a network of one's own fit for use, and hides from others what is made in it."""
    # Where `ip netns` keeps what it makes; and the sockets of X servers: one that sees no other in its network takes the
    # first number, and the socket of whoever had it.
    for place in ("/run", "/tmp/.X11-unix"):
        os.makedirs(place, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "none", place], check=True)
    ip("link", "set", "lo", "up")


def ip(*words):
    done = subprocess.run(["ip", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(map(str, words))}: {done.stdout.strip()}")
    return done.stdout


class Host:
    """A computer: a network namespace."""

    def __init__(self, name):
        self.namespace = name
        self.address = None
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")

    def command(self, words):
        """The command that runs `words` there, with a /run of its own, so that several daemons do not meet."""
        return ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "sh", "-c",
                'mount -t tmpfs none /run && exec "$@"', "sh", *map(str, words)]

    def link(self, *words):
        return ip("-n", self.namespace, "link", *words)

    def settled(self):
        """Whether all its IPv6 addresses may be used: duplicates are looked for during a second or two."""
        return "tentative" not in ip("-n", self.namespace, "addr", "show")

    def pids(self):
        return [int(pid) for pid in ip("netns", "pids", self.namespace).split()]

    def remove(self):
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        ip("netns", "del", self.namespace)


class Network:
    """Some computers. With `with`, they are removed at the end, with all that runs on them."""

    def __init__(self):
        self.prefix = f"klatch-{next(_numbers)}"
        self.hosts = []
        self.switches = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for host in self.hosts + list(self.switches.values()):
            host.remove()

    def _switch(self, switch):
        if switch not in self.switches:
            name = f"{self.prefix}-s{switch}"
            self.switches[switch] = Host(name)
            # Without snooping: there is no router here that would ask who listens to which group.
            ip("-n", name, "link", "add", "bridge", "type", "bridge", "mcast_snooping", 0)
            ip("-n", name, "link", "set", "bridge", "up")
        return self.switches[switch]

    def host(self, interface="eth0", switch=0, **options):
        """A new computer, at the switch of that number; with no `interface`, alone."""
        host = Host(f"{self.prefix}-{len(self.hosts) + 1}")
        self.hosts.append(host)
        if interface:
            host.address = self.connect(host, interface, switch, **options)
        return host

    def connect(self, host, interface, switch=0, prefix="10.77.{switch}.{number}/24"):
        """Another cable, to the switch of that number; tells its address, which has that prefix. With none, there is only
        the link-local IPv6 address."""
        bridge = self._switch(switch)
        number = self.hosts.index(host) + 1
        port = f"p{number}-{interface}"
        bridge.link("add", port, "type", "veth", "peer", "name", interface, "netns", host.namespace)
        bridge.link("set", port, "master", "bridge", "up")
        address = prefix and prefix.format(switch=switch, number=number)
        if address:
            ip("-n", host.namespace, "addr", "add", address, "dev", interface)
        host.link("set", interface, "up")
        return address and address.split("/")[0]

    def let_through(self, host, passes, interface="eth0", switch=0):
        """Whether the switch passes on what comes from or goes to a computer, which cannot see that."""
        port = f"p{self.hosts.index(host) + 1}-{interface}"
        state = {True: "3", False: "0"}[passes]
        subprocess.run(["bridge", "-n", self.switches[switch].namespace, "link", "set", "dev", port, "state", state],
                       check=True)

    def join(self, one, other):
        """A cable from switch to switch."""
        one, other = self.switches[one], self.switches[other]
        one.link("add", "trunk", "type", "veth", "peer", "name", "trunk", "netns", other.namespace)
        for switch in (one, other):
            switch.link("set", "trunk", "master", "bridge", "up")

    def settle(self):
        """Waits until all addresses may be used."""
        for host in self.hosts:
            poll(f"the addresses of {host.namespace}", host.settled, timeout=10)
