#!/usr/bin/env python3
"""What a good metainfo has and appstreamcli does not ask for; the rules are those of Flathub.

usage: check-metainfo.py [--published] METAINFO.xml DESKTOP ICONS_FOLDER

Exits with 1 on any finding. A home page and pictures are asked for only with --published, because they are somewhere
only once somebody has published the program.
"""
import argparse
import configparser
import datetime
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
findings = []


def need(is_right, finding):
    if not is_right:
        findings.append(finding)


def untranslated(parent, path):
    return [element for element in parent.findall(path) if LANGUAGE not in element.attrib]


def text(parent, path):
    found = untranslated(parent, path)
    return " ".join("".join(found[0].itertext()).split()) if found else ""


def version_key(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def check_identity(component):
    component_id = text(component, "id")
    need(component.get("type") == "desktop-application", "not a desktop-application")
    need(text(component, "metadata_license") in ("CC0-1.0", "FSFAP", "MIT", "FSFUL"), "metadata_license is not permissive")
    need(text(component, "project_license"), "no project_license")
    need(text(component, "launchable") == component_id + ".desktop", "launchable is not ID.desktop")
    developer = component.find("developer")
    need(developer is not None and re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", developer.get("id", "")),
         "no <developer id=reverse.dns>")
    need(developer is not None and text(developer, "name"), "developer has no name")
    return component_id


def check_words(component):
    name, summary = text(component, "name"), text(component, "summary")
    need(0 < len(name) <= 15, f"name has {len(name)} characters (15 at most)")
    need(10 <= len(summary) <= 35, f"summary has {len(summary)} characters (10-35)")
    need(not summary.endswith("."), "summary ends with a full stop")
    need(not re.match(r"(an?|the)\b", summary, re.I), "summary starts with an article")
    need(name.lower() not in summary.lower(), "summary repeats the name")
    need(not re.search(r"\b(app|tool|client|gtk\d?|rust|free|open.source)\b", summary, re.I),
         "summary has a technical or generic word")
    description = component.find("description")
    body = "" if description is None else " ".join(
        " ".join("".join(element.itertext()).split())
        for tag in (".//p", ".//li") for element in untranslated(description, tag))
    need(len(body) >= 200, f"description has {len(body)} characters (200 at least)")
    need("://" not in body, "description has a URL")
    for items in component.findall("description/ul") + component.findall("description/ol"):
        need(len(untranslated(items, "li")) <= 10, "a list has more than 10 items")


def check_branding(component):
    colours = {element.get("scheme_preference"): (element.text or "").strip()
               for element in component.findall("branding/color[@type='primary']")}
    for scheme in ("light", "dark"):
        value = colours.get(scheme, "")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            findings.append(f"no primary branding colour for {scheme} (#rrggbb)")
            continue
        channels = [int(value[at:at + 2], 16) for at in (1, 3, 5)]
        need(max(channels) - min(channels) >= 24, f"branding colour {value} is nearly grey")
    need(colours.get("light") != colours.get("dark"), "branding colours are the same")


def check_published(component):
    homepage = text(component, "url[@type='homepage']")
    need(homepage.startswith("https://"), "no homepage over https")
    shots = component.findall("screenshots/screenshot")
    need(1 <= len(shots) <= 10, f"{len(shots)} screenshots (1-10, best 3-6)")
    need([shot.get("type") for shot in shots][:1] == ["default"]
         and [shot.get("type") for shot in shots].count("default") == 1,
         "the first screenshot alone is the default one")
    for number, shot in enumerate(shots, 1):
        caption = text(shot, "caption")
        need(caption and not caption.endswith(".") and not caption[0].isdigit(),
             f"screenshot {number}: caption missing, with a full stop, or with a number first")
        for image in shot.findall("image"):
            need((image.text or "").strip().startswith("https://"), f"screenshot {number}: not over https")
            width, height = int(image.get("width", 0)), int(image.get("height", 0))
            need(0 < width <= 1000 and 0 < height <= 700, f"screenshot {number}: {width}x{height} (1000x700 at most)")


def check_rating(component):
    rating = component.find("content_rating")
    need(rating is not None and rating.get("type") == "oars-1.1", "no oars-1.1 rating")
    attributes = set() if rating is None else {attribute.get("id") for attribute in rating}
    need("social-chat" in attributes, "a chat program must rate social-chat")


def check_releases(component):
    releases = component.findall("releases/release")
    need(releases, "no releases")
    versions = [release.get("version", "") for release in releases]
    need(versions == sorted(versions, key=version_key, reverse=True), "releases are not newest first")
    for release in releases:
        version, description = release.get("version"), release.find("description")
        need(description is not None and "".join(description.itertext()).strip(), f"release {version}: no notes")
        need(release.get("date", "9999") <= datetime.date.today().isoformat(),
             f"release {version}: no date, or one in the future")


def check_desktop(path, component_id):
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    entry = parser["Desktop Entry"]
    need(path.name == component_id + ".desktop", "desktop file is not ID.desktop")
    need(entry.get("Icon") == component_id, "Icon of the desktop file is not the ID")
    need(entry.get("DBusActivatable") == "true", "desktop file is not DBusActivatable")
    need(entry.get("Keywords", "").endswith(";"), "Keywords of the desktop file missing or without ;")
    need("Network" in entry.get("Categories", "").split(";"), "no main category (Network) in the desktop file")


def check_icons(folder, component_id):
    for kind, suffix, size in (("scalable", "", 128), ("symbolic", "-symbolic", 16)):
        path = folder / "hicolor" / kind / "apps" / f"{component_id}{suffix}.svg"
        if not path.is_file():
            findings.append(f"no {path}")
            continue
        box = ElementTree.parse(path).getroot().get("viewBox", "").split()
        need(box == ["0", "0", str(size), str(size)], f"{path.name}: not {size}x{size}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--published", action="store_true")
    parser.add_argument("metainfo", type=pathlib.Path)
    parser.add_argument("desktop", type=pathlib.Path)
    parser.add_argument("icons", type=pathlib.Path)
    args = parser.parse_args()
    component = ElementTree.parse(args.metainfo).getroot()
    component_id = check_identity(component)
    check_words(component)
    check_branding(component)
    check_rating(component)
    check_releases(component)
    if args.published:
        check_published(component)
    need(component.find(".//display_length") is not None, "no display_length")
    need({"keyboard", "pointing"} <= {control.text for control in component.iter("control")}, "no controls")
    check_desktop(args.desktop, component_id)
    check_icons(args.icons, component_id)
    print("\n".join(findings) or "metainfo: ok")
    sys.exit(bool(findings))


main()
