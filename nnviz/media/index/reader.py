"""Reader of an image index: memory-mapped, without copies or locks."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError, unknown
from nnviz.media.index.arrays import TEXT_SUFFIX, array_path, map_array
from nnviz.media.index.facts import RECORD_FILE, IndexFacts, LayerFacts, read_facts
from nnviz.media.index.texts import Texts, map_texts

COLUMN, FEATURES, MAXIMA, PLACES = "column/", "features/", "maxima/", "places/"
SUMS = "sums/"
"""Prefixes of the arrays' names."""
PROBABILITIES = "probabilities"
THUMBNAILS, PATHS, SHA256 = "thumbnails", "paths", "sha256"
SKIPPED, REASONS = "skipped", "reasons"
OWN_COLUMNS = frozenset(
    {"label", "predicted", "split", "width", "height", "confidence", "margin"}
    | {"entropy", "loss", "center_distance", "bytes", "mtime_ns"}
)
"""Columns that indexing writes; all others came with the set."""


def is_index(folder: Path) -> bool:
    """Return whether a folder is an image index."""
    return (folder / RECORD_FILE).is_file()


class Columns(Mapping[str, NDArray[Any]]):
    """The columns of an index, (n,) each, memory-mapped on first access."""

    def __init__(self, index: "ImageIndex") -> None:
        self._index = index
        self._names = tuple(
            name.removeprefix(COLUMN)
            for name, facts in index.facts.arrays.items()
            if name.startswith(COLUMN) and facts.count >= index.count
        )

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column.

        Raises:
            KeyError: there is no column of that name.
        """
        if name not in self._names:
            raise KeyError(name)
        return self._index.array(COLUMN + name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self._names)


class ImageIndex:
    """The records of an index as of its last commit; read-only.

    One process may write while others read: a reader sees what was committed when it
    opened the index, and must reopen it to see more.

    Columns that ``nnviz index`` writes, float32 but for the first five and the sizes:
    ``label`` and ``predicted`` (int32, into ``class_names``, -1 for none), ``split``
    (int16, into ``split_names``), ``width`` and ``height`` (int32, px of the image),
    ``confidence`` (the highest probability), ``margin`` (to the second), ``entropy``
    (nats), ``loss`` (cross entropy of the label, nats; NaN without one),
    ``center_distance`` (cosine distance of the last layer's features to the mean of
    its class), ``bytes`` and ``mtime_ns`` (int64, of the file).

    Args:
        folder: of the index.

    Attributes:
        folder: of the index.
        facts: the commit record.
        columns: by name, (n,) each.

    Raises:
        InputError: no index, or a damaged one.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.facts: IndexFacts = read_facts(self.folder)
        self._mapped: dict[str, NDArray[Any]] = {}
        self.columns: Mapping[str, NDArray[Any]] = Columns(self)

    def __len__(self) -> int:
        """Return the number of records."""
        return self.count

    def __repr__(self) -> str:
        """Return a summary of the index."""
        return f"<nnviz index {self.folder}: {self.count} images, {self.facts.model}>"

    @property
    def count(self) -> int:
        """Number of records."""
        return self.facts.count

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names that ``label`` and ``predicted`` index."""
        return self.facts.class_names

    @property
    def split_names(self) -> tuple[str, ...]:
        """Split names that ``split`` indexes."""
        return self.facts.split_names

    @property
    def layers(self) -> tuple[LayerFacts, ...]:
        """Layers whose features are kept, the deepest last."""
        return self.facts.layers

    @cached_property
    def paths(self) -> Texts:
        """Paths of the images, relative to ``facts.root`` where they lie below it."""
        return self._texts(PATHS)

    @cached_property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """(path, reason) of the images that could not be read."""
        paths, reasons = self._texts(SKIPPED), self._texts(REASONS)
        return tuple(zip(paths, reasons, strict=True))

    @property
    def thumbnails(self) -> NDArray[np.uint8]:
        """Thumbnails, uint8 (n, side, side, 3): the whole image, centered on gray.

        A range or a list of records reads only these.
        """
        return self.array(THUMBNAILS)

    @property
    def sha256(self) -> NDArray[np.uint8]:
        """SHA-256 hashes of the files, uint8 (n, 32)."""
        return self.array(SHA256)

    @property
    def probabilities(self) -> NDArray[Any] | None:
        """Class probabilities, float16 (n, classes); None where they are not stored.

        Its classes are the first ``facts.outputs`` of ``class_names``.
        """
        return self.array(PROBABILITIES) if PROBABILITIES in self.facts.arrays else None

    def location(self, record: int) -> Path:
        """Return the path of a record's image."""
        return Path(self.facts.root) / self.paths[record]

    def layer(self, name: str = "") -> LayerFacts:
        """Return the metadata of a layer; of the deepest one for "".

        Raises:
            UsageError: its features are not stored; names the nearest layers that are.
            InputError: the index has no features.
        """
        if not self.layers:
            raise InputError(str(self.folder), "holds no features", "index it again")
        if not name:
            return self.layers[-1]
        found = {each.name: each for each in self.layers}
        if name not in found:
            raise unknown("layer in the index", name, found)
        return found[name]

    def features(self, layer: str = "") -> NDArray[Any]:
        """Return a layer's features (n, d): the mean of each channel over its map.

        Raises:
            UsageError: they are not stored.
        """
        return self.array(FEATURES + self.layer(layer).name)

    def maxima(self, layer: str = "") -> NDArray[np.float32]:
        """Return the maximum activation of each channel, float32 (n, d).

        Raises:
            UsageError: they are not stored.
        """
        return self.array(MAXIMA + self.layer(layer).name)

    def places(self, layer: str = "") -> NDArray[Any]:
        """Return the positions of the maxima, row * columns + column, (n, d).

        Raises:
            UsageError: they are not stored.
        """
        return self.array(PLACES + self.layer(layer).name)

    def mean_maps(self, layer: str = "") -> NDArray[np.float32]:
        """Return the mean of each channel's map over all images, float32 (d, h, w).

        Raises:
            UsageError: the layer was not indexed, or its maps vary in size.
        """
        sums = self.array(SUMS + self.layer(layer).name)
        total = sums.sum(0, dtype=np.float64) / max(1, self.count)
        return np.asarray(total, np.float32)

    def array(self, name: str) -> NDArray[Any]:
        """Return an array by its full name, memory-mapped.

        Raises:
            UsageError: there is no array of that name.
            InputError: its file is truncated.
        """
        if name not in self._mapped:
            facts = self.facts.arrays.get(name)
            if facts is None:
                raise unknown("array of the index", name, self.facts.arrays)
            self._mapped[name] = map_array(array_path(self.folder, name), facts)
        return self._mapped[name]

    def _texts(self, name: str) -> Texts:
        ends = self.array(name)
        return map_texts(array_path(self.folder, name).with_suffix(TEXT_SUFFIX), ends)
