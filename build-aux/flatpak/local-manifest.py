#!/usr/bin/env python3
"""Prints the manifest for the runtime that make-runtime has made.

usage: local-manifest.py MANIFEST PLATFORM SDK BRANCH

Only the names of runtime and SDK change, and every crate is the file that `cargo fetch --locked` has left, so that
flatpak-builder downloads nothing. Modules, options and permissions stay as people get them.
"""
import json
import os
import pathlib
import sys


def main():
    path, (platform, sdk, branch) = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    cargo_home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    crates = {crate.name: str(crate) for crate in cargo_home.glob("registry/cache/*/*.crate")}
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest.update({
        "runtime": platform, "sdk": sdk, "runtime-version": branch,
        "sdk-extensions": [f"{sdk}.Extension.{name.rsplit('.', 1)[1]}" for name in manifest["sdk-extensions"]],
    })

    def local(source):
        name = source.get("url", "").rsplit("/", 1)[-1]
        if name:
            if name not in crates:
                sys.exit(f"{name} is not among cargo's files: run cargo fetch --locked")
            return {key: value for key, value in source.items() if key != "url"} | {"path": crates[name]}
        if source["type"] == "dir":
            return source | {"path": str(path.parent / source["path"])}
        return source

    for module in manifest["modules"]:
        sources = []
        for source in module["sources"]:
            sources += json.loads((path.parent / source).read_text(encoding="utf-8")) if isinstance(source, str) else [source]
        module["sources"] = [local(source) for source in sources]
    print(json.dumps(manifest, indent=1))


main()
