"""The image index: a network's outputs for many images, as memory-mapped arrays.

An index is a folder:

- ``index.json``: the commit record, written last (fsync, then rename); rows that it
  does not count do not exist;
- ``arrays/NAME.npy``: one array each, one row a record, append-only; readable by any
  program that knows numpy's format;
- ``arrays/NAME.utf8``: bytes of texts (paths, reasons), with the array of their ends.

A killed process leaves uncommitted rows at the end: readers ignore them, the next
writer truncates them.
"""

from nnviz.media.index.facts import ArrayFacts, IndexFacts, LayerFacts
from nnviz.media.index.reader import OWN_COLUMNS, ImageIndex, is_index
from nnviz.media.index.synthetic import write_synthetic_index
from nnviz.media.index.texts import Texts
from nnviz.media.index.writer import IndexWriter

__all__ = [
    "OWN_COLUMNS",
    "ArrayFacts",
    "ImageIndex",
    "IndexFacts",
    "IndexWriter",
    "LayerFacts",
    "Texts",
    "is_index",
    "write_synthetic_index",
]
