#!/usr/bin/python3
"""The smallest server for names: one name has one IPv4 address, and no other exists.

usage: name_server.py NAME ADDRESS      (listens on port 53 of that address)
"""
import socket
import struct
import sys


def answer(query, wanted, address):
    """What to answer to a query. Format: RFC 1035, section 4."""
    end = query.index(b"\0", 12)
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, = struct.unpack_from(">H", query, end + 1)
    question = query[12:end + 5]
    is_known = ".".join(labels).lower() == wanted
    has_answer = is_known and kind == 1
    header = query[:2] + struct.pack(">HHHHH", 0x8580 if is_known else 0x8583, 1, int(has_answer), 0, 0)
    # The name is that of the question, 12 bytes from the beginning.
    record = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
    return header + question + (record if has_answer else b"")


def main():
    name, address = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind((address, 53))
        while True:
            query, who = asked.recvfrom(512)
            asked.sendto(answer(query, name, address), who)


main()
