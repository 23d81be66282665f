#!/usr/bin/env python3
"""Prints the metainfo with what its source leaves open.

usage: make-metainfo.py METAINFO.xml.in CHANGELOG.md [--url URL]

The releases and their notes are those of the change log. Pictures and the home page are named only when a publisher says
where they are: without an address, they are left out. Works on text, so that nothing else in the file changes.
"""
import argparse
import pathlib
import re
import struct
import sys
from xml.sax.saxutils import escape

RELEASE = re.compile(r"^## \[(?P<version>[^]]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?$")
IMAGE = re.compile(r'<image type="source">([^<]+)</image>')


def notes(lines):
    """Paragraphs, headings and lists of Markdown, as far as a change log needs them."""
    out, paragraph, items = [], [], []

    def end():
        if paragraph:
            out.append(f"<p>{plain(' '.join(paragraph))}</p>")
        if items:
            out.extend(["<ul>", *(f"  <li>{plain(item)}</li>" for item in items), "</ul>"])
        paragraph.clear()
        items.clear()

    for line in lines:
        if line.startswith("### "):
            end()
            out.append(f"<p>{plain(line[4:])}:</p>")
        elif line.startswith("- "):
            if paragraph:
                end()
            items.append(line[2:])
        elif line.startswith("  ") and items:
            items[-1] += " " + line.strip()
        elif line.strip():
            if items:
                end()
            paragraph.append(line.strip())
        else:
            end()
    end()
    return out


def plain(markdown):
    return escape(re.sub(r"[`*]", "", markdown))


def releases(changelog):
    found, current = [], None
    for line in changelog.splitlines():
        heading = RELEASE.match(line)
        if heading:
            current = (heading["version"], heading["date"], [])
            if heading["date"]:
                found.append(current)
        elif line.startswith("## "):
            sys.exit(f"CHANGELOG.md: not a release: {line}")
        elif current:
            current[2].append(line)
    if not found:
        sys.exit("CHANGELOG.md: no release with a date")
    out = ["<releases>"]
    for version, date, lines in found:
        out += [f'  <release version="{version}" date="{date}">', '    <description translate="no">']
        out += ["      " + line for line in notes(lines)]
        out += ["    </description>", "  </release>"]
    return "\n  ".join([*out, "</releases>"])


def picture(folder, base, name):
    path = folder / "screenshots" / name
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return f'<image type="source" width="{width}" height="{height}">{base}/screenshots/{name}</image>'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("metainfo", type=pathlib.Path)
    parser.add_argument("changelog", type=pathlib.Path)
    parser.add_argument("--url", default="")
    args = parser.parse_args()
    text = args.metainfo.read_text(encoding="utf-8")
    url = args.url.rstrip("/")
    if url:
        text = IMAGE.sub(lambda found: picture(args.metainfo.parent, url, found[1]), text)
        text = text.replace("  <branding>", f'  <url type="homepage">{escape(url)}/</url>\n  <branding>')
    else:
        text = re.sub(r"  <screenshots>.*</screenshots>\n", "", text, flags=re.DOTALL)
    print(text.replace("<releases/>", releases(args.changelog.read_text(encoding="utf-8"))), end="")


main()
