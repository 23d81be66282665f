#!/usr/bin/python3
"""A stand-in for a file manager: a window from which files are dragged.

    drag_source.py TITLE PATH...
"""
import sys

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, Gio, GLib, GObject, Gtk  # noqa: E402


def main(title, paths):
    # As addresses, and through the portal for programs in a sandbox, if there is one.
    files = GObject.Value(Gdk.FileList, Gdk.FileList.new_from_list([Gio.File.new_for_path(path) for path in paths]))
    source = Gtk.DragSource(content=Gdk.ContentProvider.new_for_value(files), actions=Gdk.DragAction.COPY)
    label = Gtk.Label(label="\n".join(paths))
    label.add_controller(source)
    window = Gtk.Window(title=title, child=label, default_width=200, default_height=120)
    window.present()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
