#!/usr/bin/python3
"""A stand-in for the desktop's notification service: notes down what is shown and withdrawn, and can press a button.

It runs as a process of its own on the session's private bus, and writes one JSON object a line to the file it is given.
"""
import json
import sys

from gi.repository import Gio, GLib

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
PRESS = "im.klatch.Test.Press"
INTERFACES = f"""<node>
 <interface name="{NAME}">
  <method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
   <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
   <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
  <method name="CloseNotification"><arg type="u" direction="in"/></method>
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
   <arg type="s" direction="out"/><arg type="s" direction="out"/></method>
  <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
  <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
 </interface>
 <interface name="im.klatch.Test">
  <method name="Press"><arg type="u" direction="in"/><arg type="s" direction="in"/></method>
 </interface>
</node>"""


def serve(path):
    """Serve until the bus goes away."""
    loop = GLib.MainLoop()
    shown = 0
    out = open(path, "a", buffering=1, encoding="utf-8")

    def call(connection, _sender, path, _interface, method, parameters, invocation):
        nonlocal shown
        given = parameters.unpack()
        reply = None
        if method == "Notify":
            shown += 1
            number = given[1] or shown
            note = {"id": number, "app": given[0], "summary": given[3], "body": given[4], "actions": list(given[5])}
            out.write(json.dumps(note) + "\n")
            reply = GLib.Variant("(u)", (number,))
        elif method == "CloseNotification":
            out.write(json.dumps({"closed": given[0]}) + "\n")
        elif method == "GetCapabilities":
            reply = GLib.Variant("(as)", (["actions", "body"],))
        elif method == "GetServerInformation":
            reply = GLib.Variant("(ssss)", ("klatch-tests", "klatch", "1", "1.2"))
        elif method == "Press":
            connection.emit_signal(None, path, NAME, "ActionInvoked", GLib.Variant("(us)", given))
        invocation.return_value(reply)

    def acquired(connection, _name):
        for interface in Gio.DBusNodeInfo.new_for_xml(INTERFACES).interfaces:
            connection.register_object(PATH, interface, call, None, None)

    Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, acquired,
                     lambda *_: out.write('{"ready": true}\n'), lambda *_: loop.quit())
    loop.run()


if __name__ == "__main__":
    serve(sys.argv[1])
