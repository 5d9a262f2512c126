"""Sets of images, from Python: indexed once, then asked."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from nnviz.api.core import Model, OnProgress, load, perform
from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.dataset.requests import IndexImages
from nnviz.base.defaults import default_model
from nnviz.media.index import ImageIndex


class Index:
    """An index of images: its arrays, and what can be asked of it.

    Attributes:
        folder: that holds it.
        summary: of the run that ``nnviz.index`` made; None where it was opened.
    """

    def __init__(
        self, folder: str | PathLike[str], summary: IndexSummary | None = None
    ) -> None:
        self.folder = Path(folder)
        self.summary = summary
        self.images = ImageIndex(self.folder)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    def __repr__(self) -> str:
        """Say what it holds."""
        layers = ", ".join(each.name for each in self.images.layers)
        return (
            f"<nnviz.Index {self.folder}: {len(self)} images,"
            f" {self.images.facts.model}, {layers}>"
        )

    @property
    def paths(self) -> list[str]:
        """Paths of the images, as they were named or relative to the folder."""
        return list(self.images.paths)

    @property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """Columns by name, (n,) each, memory-mapped; see ``nnviz index --help``."""
        return self.images.columns

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names that the columns ``label`` and ``predicted`` count."""
        return self.images.class_names

    @property
    def thumbnails(self) -> NDArray[Any]:
        """Thumbnails, uint8 (n, side, side, 3), memory-mapped."""
        return self.images.thumbnails

    def features(self, layer: str = "") -> NDArray[Any]:
        """Return the mean of each channel over its map, (n, d), memory-mapped.

        Args:
            layer: one that was indexed; empty for the deepest.

        Raises:
            UsageError: it was not indexed.
        """
        return self.images.features(layer)

    @cached_property
    def model(self) -> Model:
        """The network that made the index, opened when it is first needed."""
        return load(self.images.facts.model)


def index(
    source: str | PathLike[str] | Iterable[str | PathLike[str]],
    model: Model | str | PathLike[str] = "",
    *,
    out: str | PathLike[str],
    layers: str | Iterable[str] = (),
    limit: int = 0,
    thumbnail: int = 0,
    precision: str = "float16",
    fresh: bool = False,
    progress: OnProgress | None = None,
) -> Index:
    """Run a network over a set of images, and keep what it made of each.

    An index that is there is gone on with: what is in it is not computed again.

    Args:
        source: a folder (class folders, flat, or with COCO's annotations), a CSV file,
            "scenes", "scenes-planted", "scenes-contradicting"; or paths of images.
        model: what ``load`` returned, or what it takes; empty for the default network.
        out: folder of the index.
        layers: names of those whose features are kept; "stages" for the last layer of
            every size of map; empty for the deepest with maps.
        limit: most images, taken evenly from all; 0 for all.
        thumbnail: side, px; 0 to choose.
        precision: of the features on disk: "float16" or "float32".
        fresh: begin anew, whatever is there.
        progress: told how far it is.

    Raises:
        NnvizError: no such images, network or layer; or an index of another network.
    """
    opened = model if isinstance(model, Model) else load(model or default_model())
    listed = () if isinstance(source, str | PathLike) else tuple(map(str, source))
    request = IndexImages(
        model=opened.request,
        source="list" if listed else str(source),
        out=str(out),
        images=listed,
        layers=(layers,) if isinstance(layers, str) and layers else tuple(layers),
        limit=limit,
        thumbnail=thumbnail,
        precision=precision,
        fresh=fresh,
    )
    return Index(out, perform(request, progress))


def open_index(folder: str | PathLike[str]) -> Index:
    """Open an index that ``nnviz index`` made, by memory map.

    Raises:
        InputError: there is none, or it is damaged.
    """
    return Index(folder)
