"""Owns the clipboard and offers what other programs offer there: `clipboard.py TARGET=FILE ...`, each file holding the bytes
of one target. Says "ready" once the clipboard is its own, and stays until it is ended."""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, Gtk

offered = dict(argument.split("=", 1) for argument in sys.argv[1:])
window = Gtk.Window()
window.realize()


def give(_window, selection, _info, _time):
    with open(offered[selection.get_target().name()], "rb") as file:
        selection.set(selection.get_target(), 8, file.read())


window.connect("selection-get", give)
Gtk.selection_owner_set(window, Gdk.SELECTION_CLIPBOARD, Gdk.CURRENT_TIME)
for number, target in enumerate(offered):
    Gtk.selection_add_target(window, Gdk.SELECTION_CLIPBOARD, Gdk.Atom.intern(target, False), number)
print("ready", flush=True)
Gtk.main()
