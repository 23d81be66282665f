"""Announces a great many peers that do not exist: flood.py ADDRESS COUNT, the address being one of this computer."""
import socket
import struct
import sys
import time

GROUP = ("224.0.0.251", 5353)
TYPE = b"\x07_klatch\x04_tcp\x05local\x00"
IN, FLUSH = 1, 0x8001


def record(name, kind, kind_class, data):
    return name + struct.pack(">HHIH", kind, kind_class, 4500, len(data)) + data


def peer(number):
    """PTR, SRV, TXT and A of one that is said to be at 10.66.x.y."""
    label = b"bogus peer number %d" % number
    name = bytes([len(label)]) + label + TYPE
    host_label = b"bogus-%d" % number
    host = bytes([len(host_label)]) + host_label + b"\x05local\x00"
    address = bytes([10, 66, number >> 8 & 255, number & 255])
    return (record(TYPE, 12, IN, name) + record(name, 33, FLUSH, struct.pack(">HHH", 0, 0, 4000) + host)
            + record(name, 16, FLUSH, b"\x0dstatus=online") + record(host, 1, FLUSH, address))


def main(address, count):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sock.bind((address, 5353))
    for number in range(0, count, 5):
        answers = b"".join(peer(n) for n in range(number, number + 5))
        sock.sendto(struct.pack(">HHHHHH", 0, 0x8400, 0, 20, 0, 0) + answers, GROUP)
        time.sleep(0.0005)  # So that they are read, and not only dropped by the system.
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
