# -*- coding: utf-8 -*-
"""Known answers for the pickle decoder, written by real interpreters.

    python3 make_known_answers.py           write ../fixtures/known_answers.json (runs Jython as well)
    PYTHON  make_known_answers.py --load    read pickles from standard input, one in hexadecimal a line, and write
                                            what each of them holds, one JSON object a line

What a pickle holds is described without Python: null, true, false, {"int": DECIMAL}, {"float": BITS AS HEX},
{"text": TEXT}, {"bytes": HEX}, {"list": [...]}, {"tuple": [...]}, {"set": [...]}, {"dict": [[KEY, VALUE], ...]}.
A byte string of Python 2 is text here, as it is for Klatch: UTF-8, else Latin-1; a lone surrogate is U+FFFD.

The fixture has, in "values", for each value its name, its description and the pickles of it by writer and protocol; in
"messages" the same for whole messages of both directions, with their verbs before them.
"""
import binascii
import json
import os
import pickle
import struct
import subprocess
import sys

PYTHON2 = sys.version_info[0] == 2
if PYTHON2:
    import cPickle
    text_type, integers = unicode, (int, long)  # noqa: F821
else:
    text_type, integers, long = str, (int,), int


def hexed(data):
    return binascii.hexlify(bytes(data)).decode("ascii")


def without_surrogates(text):
    """Surrogate pairs as the character that they stand for, lone surrogates as U+FFFD."""
    characters, i = [], 0
    units = []
    for c in text:
        code = ord(c) if len(c) == 1 else None
        if code is not None and code > 0xffff:
            units += [0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff)]
        else:
            units.append(code)
    while i < len(units):
        unit = units[i]
        i += 1
        if 0xd800 <= unit < 0xdc00 and i < len(units) and 0xdc00 <= units[i] < 0xe000:
            unit = 0x10000 + ((unit - 0xd800) << 10) + (units[i] - 0xdc00)
            i += 1
        elif 0xd800 <= unit < 0xe000:
            unit = 0xfffd
        characters.append(unit)
    # As JSON has it in ASCII, so that it does not matter how an interpreter stores characters beyond U+FFFF.
    return Text(characters)


class Text:
    def __init__(self, characters):
        self.characters = characters

    def json(self):
        out = '"'
        for c in self.characters:
            if 0x20 <= c < 0x7f and c not in (0x22, 0x5c):
                out += chr(c)
            elif c < 0x10000:
                out += "\\u%04x" % c
            else:
                out += "\\u%04x\\u%04x" % (0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff))
        return out + '"'


def describe(value):
    """The description, as JSON text."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, integers):
        return '{"int":"%d"}' % value
    if isinstance(value, float):
        if value != value:
            return '{"float":"7ff8000000000000"}'
        return '{"float":"%s"}' % hexed(struct.pack(">d", value))
    if PYTHON2 and isinstance(value, str):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            value = value.decode("latin-1")
    if isinstance(value, text_type):
        return '{"text":%s}' % without_surrogates(value).json()
    if isinstance(value, (bytes, bytearray)):
        return '{"bytes":"%s"}' % hexed(value)
    if isinstance(value, list):
        return '{"list":[%s]}' % ",".join([describe(v) for v in value])
    if isinstance(value, tuple):
        return '{"tuple":[%s]}' % ",".join([describe(v) for v in value])
    if isinstance(value, (set, frozenset)):
        return '{"set":[%s]}' % ",".join(sorted([describe(v) for v in value]))
    if isinstance(value, dict):
        pairs = sorted(["[%s,%s]" % (describe(k), describe(v)) for k, v in value.items()])
        return '{"dict":[%s]}' % ",".join(pairs)
    raise TypeError(repr(value))


def nested(depth):
    value = []
    for i in range(depth):
        value = [value] if i % 2 else (value,)
    return value


shared_list = [1, 2]
shared_text = u"twice"
VALUES = [
    ("none", None),
    ("true", True),
    ("false", False),
    ("bools in a list", [True, False, None, 1, 0]),
    ("small integers", [0, 1, -1, 2, 9, 10, 127, 128, 255, 256, -127, -128, -129, -255, -256, -257]),
    ("integers of 16 and 32 bits", [32767, 32768, 65535, 65536, -32768, -32769, -65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1,
                                    2**32, -2**31, -2**31 - 1, -2**32]),
    ("integers of 64 bits", [2**62, 2**63 - 1, -2**63, 2**53 + 1, -2**53 - 1, 10**18]),
    ("integers beyond 64 bits", [2**63, -2**63 - 1, 2**64 - 1, 2**64, -2**64, 10**30, -10**30, 2**127, 2**128]),
    ("huge integers", [2**2031, 2**2032, 2**2039, -2**2039, 2**2040, 10**700, -10**700, 2**8191 - 1, -2**8191]),
    ("long integers of Python 2", [long(0), long(1), long(-1), long(255), long(256), long(-128), long(2**31), long(2**63)]),
    ("floats", [0.0, -0.0, 1.5, -1.5, 0.1, 1e300, 1e-300, -1e22, 5e-324, 1.7976931348623157e308, 3.0, 1e16, 123456789.125]),
    ("infinities", [float("inf"), float("-inf")]),
    ("not a number", float("nan")),
    ("empty text", u""),
    ("ASCII text", u"Hello, world. None of this is N. or a STOP."),
    ("quotes", [u"it's", u'say "x"', u"it's \"x\"", u"'", u'"', u"''\"\"", u"\\'", u'\\"']),
    ("backslashes", [u"\\", u"\\\\", u"\\n", u"\\u0041", u"\\x41", u"C:\\new\\table\\", u"\\\\u0041", u"\\U0001f600"]),
    ("line ends", [u"\n", u"\r", u"\r\n", u"a\nb\r\nc", u"\n.", u"\u0085", u"\u2028\u2029", u"\x0b\x0c\x1c\x1d\x1e"]),
    ("control characters", u"".join([chr(c) if not PYTHON2 else unichr(c) for c in list(range(32)) + [127]])),  # noqa: F821
    ("all of Latin-1", u"".join([chr(c) if not PYTHON2 else unichr(c) for c in range(256)])),  # noqa: F821
    ("a nul and an end of file", u"a\x00b\x1ac"),
    ("Latin-1", u"Zo\xeb caf\xe9 \xff\xa0\xad"),
    ("the basic plane", u"\u0100 \u0416 \u4e2d\u6587 \u0645\u0631\u062d\u0628\u0627 \u202e \ufeff \ufffd \uffff \ue000"),
    ("beyond the basic plane", u"\U0001f600 \U00010000 \U0010ffff \U0001f469\u200d\U0001f4bb"),
    ("text of 255, 256 and 257 bytes", [u"x" * 255, u"y" * 256, u"z" * 257, u"\xe9" * 127, u"\xe9" * 128]),
    ("byte strings", [b"", b"abc", b"it's \"x\"\n\\\t\r\x00\x7f"]),
    ("byte strings of UTF-8", [b"Zo\xc3\xab", b"\xf0\x9f\x98\x80"]),
    ("byte strings not of UTF-8", [b"Zo\xeb", b"\xff\xfe\x80", b"\xc3", bytes(bytearray(range(128, 256)))]),
    ("all bytes", bytes(bytearray(range(256)))),
    ("byte strings of 255, 256 and 300 bytes", [b"x" * 255, b"y" * 256, b"\x00" * 300]),
    ("a byte array", bytearray(b"abc")),
    ("byte arrays", [bytearray(), bytearray(b"\x00\xff\n'\""), bytearray(range(256))]),
    ("empty list", []),
    ("empty tuple", ()),
    ("empty dictionary", {}),
    ("empty set", set()),
    ("empty frozen set", frozenset()),
    ("empty containers", [[], (), {}, [[]], ((),), {u"a": {}}, [[], []], {u"b": []}]),
    ("tuples of one to five", [(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5)]),
    ("list of one", [u"one"]),
    ("dictionary of one", {u"one": 1}),
    ("keys of all kinds", {None: 0, u"a": 1, 2: 3, 2.5: 4, (1, u"x"): 5, -1: 6, 2**70: 7, False: 8, b"zz": 9}),
    ("a set", {1, 2, 3}),
    ("sets of text", [{u"one"}, {u"a", u"b", u"c"}]),
    ("a frozen set", frozenset([1, 2])),
    ("a set of tuples and frozen sets", {(1, 2), frozenset([3])}),
    ("the slides' dictionary", {"name": "keith", "location": (2.425, 1.783, 0.892),
                                "info": {"email": "keith@cc", "phone": 56783}, "buddies": ["ralph", "fred", "betty"]}),
    ("one list twice", [shared_list, shared_list]),
    ("one list for two keys", {u"a": shared_list, u"b": shared_list}),
    ("one tuple twice", [(1, 2, 3, 4), (1, 2, 3, 4)] + [(shared_list,)] * 2),
    ("one dictionary three times", [{u"a": shared_list}] * 3),
    ("one text many times", [shared_text, shared_text, (shared_text, {shared_text: shared_text})]),
    ("one set twice", [frozenset([1])] * 2 + [set([2])] * 2),
    ("nested deeply", nested(60)),
    ("300 texts", [u"text %d" % i for i in range(300)]),
    ("1,001 integers", list(range(1001))),
    ("1,001 short texts", [u"u%d" % (i % 260) for i in range(1001)]),
    ("1,001 keys", dict([(i, None) for i in range(1001)])),
    ("1,001 in a set", set(range(1001))),
    ("a tuple of 1,001", tuple([0] * 1001)),
]
# Not in UTF-8, and not in the texts of Jython either, which refuses them in its source.
SURROGATES = [] if PYTHON2 else [
    ("a lone high surrogate", "a" + chr(0xd800) + "b"),
    ("a lone low surrogate", "a" + chr(0xdfff) + "b"),
    ("surrogates in the wrong order", chr(0xdc00) + chr(0xd800)),
]

# The messages that tests/known_answers.rs expects, by name.
MESSAGES = [
    ("client", "register", "REGISTER", ["alice", "online"]),
    ("client", "register, with a name beyond ASCII", "REGISTER", [u"Zo\xeb \u5f20\u4f1f \U0001f600", u"at the caf\xe9"]),
    ("client", "status", "STATUS", ["away: it's \"lunch\"\n"]),
    ("client", "goodbye", "GOODBYE", None),
    ("client", "invite", "INVITE", ["bob", "carol"]),
    ("client", "list", "LIST_CONVERSATIONS", None),
    ("client", "join", "JOIN", [7]),
    ("client", "join by text", "JOIN", ["c7"]),
    ("client", "join by a huge id", "JOIN", [2**70]),
    ("client", "say", "SEND_MESSAGE", [7, "N. JOIN STATUS . it's"]),
    ("client", "leave", "LEAVE", [7]),
    ("server", "users", "ONLINE_USERS", {"alice": "online", "bob": "away"}),
    ("server", "nobody", "ONLINE_USERS", {}),
    ("server", "invitation", "INVITATION", [7, "bob"]),
    ("server", "conversations", "CONVERSATIONS", {7: ["alice", "bob"], 8: []}),
    ("server", "conversations by text", "CONVERSATIONS", {"c7": ["alice"], "c8": []}),
    ("server", "message", "MESSAGE", [7, "bob", "hello\nthere"]),
    ("server", "relayed message", "SEND_MESSAGE", [7, "bob", "hello\nthere"]),
    ("server", "error", "ERROR", "The name is taken"),
]


def writers():
    """(name, function from value to bytes) for each way in which this interpreter can write a pickle."""
    if PYTHON2:
        for protocol in range(3):
            yield "Jython 2.7, pickle, protocol %d" % protocol, lambda v, p=protocol: pickle.dumps(v, p)
            yield "Jython 2.7, cPickle, protocol %d" % protocol, lambda v, p=protocol: cPickle.dumps(v, p)
    else:
        for protocol in range(6):
            yield "CPython 3, protocol %d" % protocol, lambda v, p=protocol: pickle.dumps(v, p)
            # The other implementation in the same library; it differs in what it memoises and frames.
            yield "CPython 3, pickle.py, protocol %d" % protocol, lambda v, p=protocol: pickle._dumps(v, p)


def dump(out):
    """One line for each pickle: kind, name, description, writer, bytes."""
    for by, dumps in writers():
        for name, value in VALUES + SURROGATES:
            data = dumps(value)
            assert describe(pickle.loads(data)) == describe(value), (by, name)
            out.write('["value",%s,%s,"%s","%s"]\n' % (json.dumps(name), describe(value), by, hexed(data)))
        for direction, name, verb, argument in MESSAGES:
            data = verb.encode("ascii") + b" " + dumps(argument)
            out.write('["%s",%s,%s,"%s","%s"]\n' % (direction, json.dumps(name), describe(argument), by, hexed(data)))
    out.flush()


def load():
    while 1:
        line = sys.stdin.readline()
        if not line:
            break
        try:
            answer = describe(pickle.loads(binascii.unhexlify(line.strip().encode("ascii"))))
        except Exception:
            answer = json.dumps({"failed": repr(sys.exc_info()[1])})
        sys.stdout.write(answer + "\n")
    sys.stdout.flush()


def collect():
    here = os.path.abspath(__file__)
    # Without the seed, sets of text would be written in another order each time.
    environment = dict(os.environ, PYTHONHASHSEED="0")
    lines = []
    for interpreter in (sys.executable, "jython"):
        dumped = subprocess.run([interpreter, here, "--dump"], env=environment, stdout=subprocess.PIPE, check=True)
        lines += dumped.stdout.decode("ascii").splitlines()
    found = {"value": {}, "client": {}, "server": {}}
    for line in lines:
        kind, name, description, by, data = json.loads(line)
        pickles = found[kind].setdefault((name, json.dumps(description)), {})
        # What two writers write alike is kept once.
        pickles.setdefault(data, by)

    def entries(kind):
        return [{"name": name, "value": json.loads(description), "pickles": {by: data for data, by in pickles.items()}}
                for (name, description), pickles in found[kind].items()]

    fixture = {"values": entries("value"), "client": entries("client"), "server": entries("server")}
    path = os.path.join(os.path.dirname(here), "..", "fixtures", "known_answers.json")
    with open(path, "w") as out:
        parts = []
        for kind, part in fixture.items():
            rows = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in part)
            parts.append('"%s": [\n%s\n]' % (kind, rows))
        out.write("{\n" + ",\n".join(parts) + "\n}\n")
    count = sum(len(e["pickles"]) for part in fixture.values() for e in part)
    print("%d pickles, %d bytes" % (count, os.path.getsize(path)))


if __name__ == "__main__":
    if sys.argv[1:] == ["--load"]:
        load()
    elif sys.argv[1:] == ["--dump"]:
        dump(sys.stdout)
    else:
        collect()
