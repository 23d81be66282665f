#!/usr/bin/python3
"""A stand-in for a file manager: a window from which files are dragged.

    drag_source.py TITLE PATH...
"""
import pathlib
import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402


def main(title, paths):
    uris = "".join(pathlib.Path(path).as_uri() + "\r\n" for path in paths)
    files = Gdk.ContentProvider.new_for_bytes("text/uri-list", GLib.Bytes.new(uris.encode()))
    source = Gtk.DragSource(content=files, actions=Gdk.DragAction.COPY)
    label = Gtk.Label(label="\n".join(paths))
    label.add_controller(source)
    window = Gtk.Window(title=title, child=label, default_width=200, default_height=120)
    window.present()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
