"""Requests about sets of images: index them, then ask the index."""

from dataclasses import dataclass

from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.request import ModelRequest, Request

STAGES = "stages"
"""In place of layers' names: the last layer of every size of map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexImages(Request[IndexSummary]):
    """Run a network over a set of images; ends with an ``IndexSummary``.

    An index that is there already is gone on with: images that are in it are left out.

    Attributes:
        model: the network.
        source: a folder (class folders, flat, COCO's annotations in it), a CSV file, a
            COCO file, or "scenes", "scenes-planted", "scenes-contradicting".
        out: folder of the index.
        images: paths, in place of what the source lists; the source is then their
            common name.
        layers: names; empty for the deepest with maps, or its vector where there are
            none; ``STAGES``.
        limit: most images, taken evenly from all; 0 for all.
        thumbnail: side of the thumbnails, px; 0 to choose: 64, or less where the first
            images are smaller.
        precision: of the features on disk, "float16" or "float32".
        fresh: begin anew, whatever is there.
        cluster: "" for this process, "local" for processes here, or the address of a
            Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for as many as there are cores.
    """

    model: ModelRequest
    source: str
    out: str
    images: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    limit: int = 0
    thumbnail: int = 0
    precision: str = "float16"
    fresh: bool = False
    cluster: str = ""
    workers: int = 0


AnyDatasetRequest = IndexImages
"""Every request about sets of images."""
