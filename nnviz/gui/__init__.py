"""The window: all code that uses Qt.

PySide6 puts an ``import`` of its own in the place of Python's, for ``from __feature__
import ...``: it reads the source of each module imported after it, and Python's line
cache keeps the text.  With torch among them that is 40 MB and some tenths of a second.
No such feature is used here, so Python's own ``import`` is put back.
"""

import builtins

import PySide6.QtCore  # noqa: F401 - brings its own import

builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
