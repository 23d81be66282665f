#!/usr/bin/env python3
"""Checks that all strings can be translated, and that all catalogues are complete.

usage: check-i18n.py [REPOSITORY]     (needs gettext; exits with 1 on any finding)

xgettext before 0.24 reads .rs files as C, which silently drops or alters some strings. This script reads the Rust itself
and compares. It also finds files that po/POTFILES lacks, properties of .ui files that are not marked for translation,
and in the catalogues of po/LINGUAS whatever is missing, fuzzy, or has other {places} than the original.
"""
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

# Name of the function: index of its context or None, indexes of its other literals, and what xgettext is told.
CALLS = {
    "gettext": (None, [0], None),
    "ngettext": (None, [0, 1], None),
    "pgettext": (0, [1], None),
    "gettext_f": (None, [0], "gettext_f"),
    "ngettext_f": (None, [0, 1], "ngettext_f:1,2"),
}
# The wrappers around gettext, whose arguments are variables.
WRAPPERS = "src/ui/i18n.rs"
# Properties of widgets that people see.
VISIBLE = {"label", "title", "subtitle", "tooltip-text", "placeholder-text", "text", "description", "secondary-text"}
TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*) | (?P<block>/\*) |
    (?P<raw>\b(?:b|c)?r(?P<hash>\#*)"(?:.|\n)*?"(?P=hash)) |
    (?P<string>(?:\b[bc])?"(?:\\(?:.|\n)|[^"\\])*") |
    (?P<char>b?'(?:\\(?:u\{[0-9a-fA-F_]+\}|x..|.)|[^'\\\n])') |
    (?P<lifetime>'[A-Za-z_]\w*) |
    (?P<ident>(?:r\#)?[A-Za-z_]\w*) | (?P<space>\s+) | (?P<punct>.)
""", re.X)
problems = []


def tokens(text):
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        kind = "raw" if match.lastgroup == "hash" else match.lastgroup
        if kind == "block":
            position = block_end(text, match.end())
            continue
        position = match.end()
        if kind not in ("comment", "space"):
            yield kind, match.group(), match.start()


def block_end(text, position):
    depth = 1
    while depth and position < len(text):
        two = text[position:position + 2]
        depth += {"/*": 1, "*/": -1}.get(two, 0)
        position += 2 if two in ("/*", "*/") else 1
    return position


def unescape(body):
    def one(match):
        escape = match.group(1)
        if escape[0] == "u":
            return chr(int(escape[2:-1].replace("_", ""), 16))
        if escape[0] == "x":
            return chr(int(escape[1:], 16))
        return {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}.get(escape, escape)
    return re.sub(r"\\(u\{[0-9a-fA-F_]+\}|x[0-9a-fA-F]{2}|.)", one, re.sub(r"\\\n\s*", "", body))


def arguments(found, start):
    """The tokens of each argument of the call whose '(' is found[start]."""
    depth, all_arguments, current = 0, [], []
    for token in found[start:]:
        kind, text, _ = token
        if kind == "punct" and text in "([{":
            depth += 1
            if depth == 1:
                continue
        elif kind == "punct" and text in ")]}":
            depth -= 1
            if depth == 0:
                break
        if depth == 1 and kind == "punct" and text == ",":
            all_arguments.append(current)
            current = []
        else:
            current.append(token)
    return all_arguments + ([current] if current else [])


def literal(argument):
    if len(argument) != 1 or argument[0][0] not in ("string", "raw"):
        return None
    kind, text, _ = argument[0]
    return re.sub(r'^r#*"|"#*$', "", text) if kind == "raw" else unescape(text[1:-1])


def rust_messages(path):
    """(context, text): (place, plural) of every call in a file."""
    text = path.read_text(encoding="utf-8")
    found, messages = list(tokens(text)), {}
    for i, (kind, name, position) in enumerate(found[:-1]):
        line = text.count("\n", 0, position) + 1
        if kind != "ident" or name not in CALLS:
            continue
        place, after = f"{path}:{line}", found[i + 1][1]
        if after == "!" or (after == ":" and found[i + 3][1] == "<"):
            problems.append(f"{place}: xgettext does not understand {name}{after}")
        if after != "(":
            continue
        context, literals, _ = CALLS[name]
        given = arguments(found, i + 1)
        needed = ([context] if context is not None else []) + literals
        values = {n: literal(given[n]) if n < len(given) else None for n in needed}
        if None in values.values():
            problems.append(f"{place}: an argument of {name} is not a literal")
            continue
        messages[values.get(context), values[literals[0]]] = (place, values[literals[1]] if literals[1:] else None)
    return messages


def catalogue(text):
    """(context, text): (plural, translations, is fuzzy) of every entry of a catalogue."""
    out, entry, field, is_fuzzy = {}, {}, None, False
    for line in text.splitlines() + [""]:
        match = re.match(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) "(.*)"$', line)
        if match:
            field = match[1]
            entry[field] = match[2]
        elif line.startswith('"') and field:
            entry[field] += line[1:-1]
        elif line.startswith("#,"):
            is_fuzzy = "fuzzy" in line
        elif not line:
            if "msgid" in entry:
                value = {key: unescape(text) for key, text in entry.items()}
                translations = [text for key, text in value.items() if key.startswith("msgstr")]
                out[value.get("msgctxt"), value["msgid"]] = (value.get("msgid_plural"), translations, is_fuzzy)
            entry, field, is_fuzzy = {}, None, False
    out.pop((None, ""), None)
    return out


def xgettext(files, root):
    keywords = [f"--keyword={keyword}" for _, _, keyword in CALLS.values() if keyword]
    run = subprocess.run(["xgettext", "--from-code=UTF-8", "--add-comments", "-o", "-", *keywords, *files],
                         capture_output=True, text=True, cwd=root, check=False)
    if run.returncode:
        problems.append(f"xgettext: {run.stderr}")
    return run.stdout


def check_rust(root, listed):
    messages = {path: rust_messages(path) for path in sorted(root.glob("src/**/*.rs")) if path != root / WRAPPERS}
    for path, found in messages.items():
        if found and str(path.relative_to(root)) not in listed:
            problems.append(f"{path}: has messages and is not in po/POTFILES")
    files = [str(path.relative_to(root)) for path, found in messages.items() if found]
    extracted = catalogue(xgettext(files, root)) if files else {}
    asked = {key: value for found in messages.values() for key, value in found.items()}
    for key, (place, plural) in asked.items():
        if key not in extracted:
            problems.append(f"{place}: xgettext misses or alters {key[1]!r}")
        elif plural is not None and extracted[key][0] != plural:
            problems.append(f"{place}: xgettext alters the plural of {key[1]!r}")
    for key in extracted.keys() - asked.keys():
        problems.append(f"xgettext finds {key[1]!r}, for which no call asks")


def check_templates(root, listed):
    for path in sorted(root.glob("data/**/*.ui")):
        name, has_messages = str(path.relative_to(root)), False
        for element in ElementTree.parse(path).iter():
            is_marked = element.get("translatable") in ("yes", "true", "1")
            has_messages |= is_marked
            is_seen = (element.tag in ("property", "attribute") and element.get("name") in VISIBLE
                       and element.get("bind-source") is None)
            # Words, save the name of the program, which stays.
            if is_seen and not is_marked and re.search(r"[^\W\d_]{2}", (element.text or "").replace("Klatch", "")):
                problems.append(f"{path}: not marked for translation: {element.text!r}")
        if has_messages and name not in listed:
            problems.append(f"{path}: has messages and is not in po/POTFILES")


def places(text):
    return sorted(re.findall(r"\{\w+\}", text))


def check_catalogues(root, listed):
    languages = (root / "po/LINGUAS").read_text(encoding="utf-8").split("\n")
    languages = [line.strip() for line in languages if line.strip() and not line.startswith("#")]
    for path in sorted(root.glob("po/*.po")):
        if path.stem not in languages:
            problems.append(f"{path}: is not in po/LINGUAS")
    if not languages:
        return
    wanted = catalogue(xgettext(listed, root))
    for language in languages:
        path = root / f"po/{language}.po"
        run = subprocess.run(["msgfmt", "--check", "-o", "/dev/null", path], capture_output=True, text=True, check=False)
        if run.returncode:
            problems.append(run.stderr.strip())
            continue
        check_catalogue(path, wanted)


def check_catalogue(path, wanted):
    has = catalogue(path.read_text(encoding="utf-8"))
    for key, (plural, _, _) in wanted.items():
        _, translations, is_fuzzy = has.get(key, (None, [], False))
        if is_fuzzy or not translations or not all(translations):
            problems.append(f"{path}: not translated: {key[1]!r}")
        for translation in translations:
            # One form of a plural may say "one" in words, so it may have fewer places.
            is_right = places(translation) == places(key[1]) or (
                plural is not None and set(places(translation)) <= set(places(plural)))
            if translation and not is_right:
                problems.append(f"{path}: other places than the original: {translation!r}")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    lines = (root / "po/POTFILES").read_text(encoding="utf-8").splitlines()
    listed = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    for name in listed:
        if not (root / name).is_file():
            problems.append(f"po/POTFILES: {name} does not exist")
    if listed != sorted(set(listed)):
        problems.append("po/POTFILES: not sorted, or a line is there twice")
    for source in sorted(root.glob("data/*.in")):
        if source.name.endswith((".desktop.in", ".metainfo.xml.in")) and str(source.relative_to(root)) not in listed:
            problems.append(f"{source}: is not in po/POTFILES")
    check_rust(root, listed)
    check_templates(root, listed)
    check_catalogues(root, [name for name in listed if (root / name).is_file()])
    print("\n".join(problems) or "strings: ok")
    sys.exit(bool(problems))


main()
