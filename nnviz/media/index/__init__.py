"""The image index: what a network computed of many images, as memory-mapped arrays.

An index is a folder:

- ``index.json``: the commit record, written last (fsync, then rename); what it does not
  count is not there;
- ``arrays/NAME.npy``: one array each, a row a record, appended to; any program that
  reads numpy's format opens them;
- ``arrays/NAME.utf8``: bytes of texts (paths, reasons) beside the array of their ends.

A process that is killed leaves tails after the committed rows: readers do not see them,
the next writer cuts them.
"""

from nnviz.media.index.facts import ArrayFacts, IndexFacts, LayerFacts
from nnviz.media.index.reader import ImageIndex, is_index
from nnviz.media.index.synthetic import write_synthetic_index
from nnviz.media.index.texts import Texts
from nnviz.media.index.writer import IndexWriter

__all__ = [
    "ArrayFacts",
    "ImageIndex",
    "IndexFacts",
    "IndexWriter",
    "LayerFacts",
    "Texts",
    "is_index",
    "write_synthetic_index",
]
