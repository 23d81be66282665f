#!/usr/bin/python3
"""A stand-in for the desktop's file manager: notes down which files it is asked to mark in their folders.

usage: file_manager.py FILE     (a line for each)
"""
import sys

from gi.repository import Gio, GLib

NAME, PATH = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
INTERFACE = f"""<node><interface name="{NAME}">
 <method name="ShowItems"><arg type="as" direction="in"/><arg type="s" direction="in"/></method>
 <method name="ShowFolders"><arg type="as" direction="in"/><arg type="s" direction="in"/></method>
</interface></node>"""


def main():
    out = open(sys.argv[1], "a", buffering=1, encoding="utf-8")
    loop = GLib.MainLoop()

    def call(_connection, _sender, _path, _interface, method, parameters, invocation):
        for uri in parameters.unpack()[0]:
            out.write(f"{method} {uri}\n")
        invocation.return_value(None)

    def acquired(connection, _name):
        connection.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], call, None, None)

    Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, acquired, lambda *_: out.write("ready\n"),
                     lambda *_: loop.quit())
    loop.run()


main()
