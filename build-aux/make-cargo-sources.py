#!/usr/bin/env python3
"""Writes cargo-sources.json, the crates that flatpak-builder downloads, from Cargo.lock; needs no network.

usage: make-cargo-sources.py [--check]

With --check nothing is written; it exits with 1 when the file is not in step with Cargo.lock.
"""
import json
import pathlib
import sys
import tomllib

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
CONFIG = """[source.vendored-sources]
directory = "cargo/vendor"

[source.crates-io]
replace-with = "vendored-sources"
"""


def sources(lock):
    for package in lock["package"]:
        source, name, version = package.get("source"), package["name"], package["version"]
        if source is None:
            continue  # Klatch itself.
        if source != CRATES_IO:
            sys.exit(f"{name} {version} comes from {source}: only crates.io is supported")
        folder = f"cargo/vendor/{name}-{version}"
        yield {
            "type": "archive",
            "archive-type": "tar-gzip",
            "url": f"https://static.crates.io/crates/{name}/{name}-{version}.crate",
            "sha256": package["checksum"],
            "dest": folder,
        }
        yield {
            "type": "inline",
            "contents": json.dumps({"package": package["checksum"], "files": {}}),
            "dest": folder,
            "dest-filename": ".cargo-checksum.json",
        }
    yield {"type": "inline", "contents": CONFIG, "dest": "cargo", "dest-filename": "config.toml"}


def main():
    here = pathlib.Path(__file__).resolve().parent
    out = here / "cargo-sources.json"
    lock = tomllib.loads((here.parent / "Cargo.lock").read_text(encoding="utf-8"))
    text = json.dumps(list(sources(lock)), indent=1) + "\n"
    if "--check" not in sys.argv:
        out.write_text(text, encoding="utf-8")
    elif not out.is_file() or out.read_text(encoding="utf-8") != text:
        sys.exit("build-aux/cargo-sources.json is not in step with Cargo.lock: run build-aux/make-cargo-sources.py")


main()
