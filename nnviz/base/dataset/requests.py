"""Requests about sets of images: building an index, and querying it."""

from dataclasses import dataclass

from nnviz.base.dataset.concepts import (
    Ablation,
    ConceptParts,
    ConceptTest,
    LayerProbe,
)
from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.dataset.mistakes import Disagreement, Mistakes
from nnviz.base.dataset.neighbors import Metric, Neighbors
from nnviz.base.dataset.projections import PlacedImage, Projection
from nnviz.base.images import Image
from nnviz.base.request_base import ModelRequest, Request

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FindNeighbors(Request[Neighbors]):
    """Find the nearest neighbors of an image; ends with ``Neighbors``.

    Attributes:
        index: folder of the index.
        record: number of the image in it; not read where ``image`` is given.
        image: one that need not be in the index.
        box: left, top, right, bottom, px of the image: the part that is looked for;
            empty for all of it.
        layer: whose features are compared, "" for the deepest of the index;
            ``PIXELS`` for thumbnails.
        metric: "cosine" or "l2".
        count: of neighbors; the image itself is left out.
        exact: compare with every record, however many there are.
    """

    index: str
    record: int = 0
    image: Image | None = None
    box: tuple[float, float, float, float] | tuple[()] = ()
    layer: str = ""
    metric: Metric = "cosine"
    count: int = 10
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompareNeighbors(Request[tuple[Neighbors, ...]]):
    """Find an image's neighbors in several ways; ends with ``Neighbors`` of each.

    Their records are those of the question's index; an image that only another index
    holds is left out.

    Attributes:
        question: the first way.
        views: (index, layer) of each other way: another layer or ``PIXELS`` of the
            same index, or a layer of another network's index of the same images; ""
            for the deepest.
    """

    question: FindNeighbors
    views: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMistakes(Request[Mistakes]):
    """Find what a network gets wrong over a set; ends with ``Mistakes``.

    Attributes:
        index: folder of the index.
        count: most entries of each list.
        by: what judges labels: "network", "features", or "" to choose.
        duplicates: also look for images that show the same.
    """

    index: str
    count: int = 100
    by: str = ""
    duplicates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareIndexes(Request[Disagreement]):
    """Compare two networks on one set; ends with a ``Disagreement``.

    Attributes:
        first: folder of the one network's index.
        second: of the other's.
        count: most images that are named.
    """

    first: str
    second: str
    count: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FindExemplars(Request[Exemplars]):
    """Find the images that excite each channel most; ends with ``Exemplars``.

    Attributes:
        index: folder of the index.
        layer: one whose features it holds, "" for the deepest.
        channels: indices; () for all.
        count: images of each channel.
        patches: also open these images, and cut out what the channel sees.
        cluster: that cuts them out, as ``IndexImages`` has it.
        workers: likewise.
    """

    index: str
    layer: str = ""
    channels: tuple[int, ...] = ()
    count: int = 9
    patches: bool = True
    cluster: str = ""
    workers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectIndex(Request[Projection]):
    """Project images onto a plane; ends with a ``Projection``.

    On the way it tells reports with a ``Plane`` named "map": every 25 iterations of
    t-SNE, every epoch of the autoencoder.

    Attributes:
        index: folder of the index.
        method: "pca", "lda", "tsne", "autoencoder" or "umap".
        layer: whose features are projected, "" for the deepest; ``PIXELS``.
        records: numbers of those to project; () for all.
        limit: most of them, taken evenly; 0 for all.
        perplexity: of t-SNE; 0 to choose.
        neighbors: of UMAP.
        steps: of t-SNE after exaggeration, or epochs of the autoencoder; 0 to choose.
        seed: of random numbers.
    """

    index: str
    method: str = "pca"
    layer: str = ""
    records: tuple[int, ...] = ()
    limit: int = 0
    perplexity: float = 0.0
    neighbors: int = 15
    steps: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceImage(Request[PlacedImage]):
    """Place a new image on the plane of a projection; ends with a ``PlacedImage``.

    The projection is fitted first where it is not the last one that was.

    Attributes:
        projection: as it was asked for.
        image: need not be in the index.
        box: left, top, right, bottom, px of the image: its part; empty for all.
        count: of neighbors.
    """

    projection: ProjectIndex
    image: Image
    box: tuple[float, float, float, float] | tuple[()] = ()
    count: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TestConcept(Request[ConceptTest]):
    """Test whether a class depends on a concept (TCAV); ends with a ``ConceptTest``.

    Attributes:
        index: folder of the index.
        target: name of the class.
        records: numbers of the concept's images; or one of the next two.
        concept_class: name of a class of the index.
        concept_folder: folder of other images.
        layer: one of the index, "" for the deepest.
        runs: random sets.
        limit: images of the class whose gradients are taken, at most.
        seed: of random numbers.
    """

    __test__ = False  # no test of pytest's
    index: str
    target: str
    records: tuple[int, ...] = ()
    concept_class: str = ""
    concept_folder: str = ""
    layer: str = ""
    runs: int = 20
    limit: int = 100
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLayer(Request[ConceptParts]):
    """Factor a layer's activations into parts (NMF); ends with ``ConceptParts``.

    Attributes:
        index: folder of the index.
        parts: how many.
        layer: one of the index, "" for the deepest.
        records: numbers of the images; () for all.
        limit: most of them, taken evenly.
        seed: of the start.
    """

    index: str
    parts: int = 8
    layer: str = ""
    records: tuple[int, ...] = ()
    limit: int = 200
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLayers(Request[tuple[LayerProbe, ...]]):
    """Train a linear probe on each layer of an index; ends with ``LayerProbe`` each.

    Attributes:
        index: folder of the index.
        limit: most images, taken evenly; 0 for all.
        seed: of the parts that are held out.
    """

    index: str
    limit: int = 10_000
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AblateChannels(Request[Ablation]):
    """Replace channels and rerun the network over a set; ends with an ``Ablation``.

    Attributes:
        index: folder of the index.
        channels: indices.
        layer: any of the network, "" for the deepest of the index.
        replacement: "zero" or "mean" over the index.
        image: whose activations are patched in instead; None for none.
        records: numbers of the images; () for all.
        limit: most of them, taken evenly; 0 for all.
    """

    index: str
    channels: tuple[int, ...]
    layer: str = ""
    replacement: str = "zero"
    image: Image | None = None
    records: tuple[int, ...] = ()
    limit: int = 1000


AnyDatasetRequest = (
    IndexImages
    | FindNeighbors
    | CompareNeighbors
    | FindMistakes
    | CompareIndexes
    | FindExemplars
    | ProjectIndex
    | PlaceImage
    | TestConcept
    | FactorLayer
    | ProbeLayers
    | AblateChannels
)
"""Every request about sets of images."""
