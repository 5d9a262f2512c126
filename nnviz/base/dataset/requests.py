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
"""Stands in place of layer names: the last layer of each map size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexImages(Request[IndexSummary]):
    """Run a network over a set of images; ends with an ``IndexSummary``.

    An existing index is resumed: images that it holds are skipped.

    Attributes:
        model: the network.
        source: a folder (class folders, flat, COCO's annotations in it), a CSV file, a
            COCO file, or "scenes", "scenes-planted", "scenes-contradicting".
        out: folder of the index.
        images: paths, in place of what the source lists; the source is then their
            common name.
        layers: names; empty for the deepest layer with maps, or with a vector where no
            layer has maps; ``STAGES``.
        limit: maximum number of images, sampled evenly; 0 for all.
        thumbnail: side of the thumbnails, px; 0 to choose: 64, or less where the first
            images are smaller.
        precision: of the features on disk, "float16" or "float32".
        fresh: start over, discarding an existing index.
        cluster: "" for this process, "local" for processes on this machine, or the
            address of a Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for one a core.
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
        record: number of the image in it; ignored where ``image`` is given.
        image: an image, which need not be in the index.
        box: left, top, right, bottom, px of the image: the region to compare; empty for
            the whole image.
        layer: layer whose features are compared, "" for the deepest of the index;
            ``PIXELS`` for thumbnails.
        metric: "cosine" or "l2".
        count: of neighbors; the image itself is left out.
        exact: compare with every record, however many records there are.
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

    All records are numbered by the index of ``question``; an image that only another
    index holds is left out.

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
        count: maximum length of each list.
        by: how labels are judged: "network", "features", or "" to choose.
        duplicates: also search for images that show the same.
    """

    index: str
    count: int = 100
    by: str = ""
    duplicates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareIndexes(Request[Disagreement]):
    """Compare two networks on one set; ends with a ``Disagreement``.

    Attributes:
        first: folder of the first network's index.
        second: folder of the second network's index.
        count: maximum number of images that are listed.
    """

    first: str
    second: str
    count: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FindExemplars(Request[Exemplars]):
    """Find the images that excite each channel most; ends with ``Exemplars``.

    Attributes:
        index: folder of the index.
        layer: a layer whose features the index holds, "" for the deepest.
        channels: indices; () for all.
        count: number of images of each channel.
        patches: also open these images and crop the channel's receptive fields.
        cluster: cluster that crops them, as in ``IndexImages``.
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

    Intermediate reports hold a ``Plane`` named "map": after every 25 iterations of
    t-SNE, after every epoch of the autoencoder.

    Attributes:
        index: folder of the index.
        method: "pca", "lda", "tsne", "autoencoder" or "umap".
        layer: layer whose features are projected, "" for the deepest; ``PIXELS``.
        records: numbers of those to project; () for all.
        limit: maximum number of records, sampled evenly; 0 for all.
        perplexity: of t-SNE; 0 to choose.
        neighbors: of UMAP.
        steps: of t-SNE after exaggeration, or epochs of the autoencoder; 0 to choose.
        seed: of the random numbers.
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

    The projection is fitted first, unless it was the last one fitted.

    Attributes:
        projection: the request that made the projection.
        image: an image, which need not be in the index.
        box: left, top, right, bottom, px of the image: the region to place; empty for
            the whole image.
        count: number of neighbors.
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
        records: record numbers of the concept's images; or one of the next two fields.
        concept_class: a class of the index that stands for the concept.
        concept_folder: folder of images of the concept.
        layer: a layer of the index, "" for the deepest.
        runs: number of random sets.
        limit: maximum number of images of the class whose gradients are computed.
        seed: of the random numbers.
    """

    __test__ = False  # not a test class for pytest
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
        parts: number of parts.
        layer: a layer of the index, "" for the deepest.
        records: numbers of the images; () for all.
        limit: maximum number of images, sampled evenly.
        seed: of the initial factors.
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
        limit: maximum number of images, sampled evenly; 0 for all.
        seed: of the held-out folds.
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
        layer: any layer of the network, "" for the deepest of the index.
        replacement: "zero" or "mean" over the index.
        image: image whose activations are patched in instead; None for no patching.
        records: numbers of the images; () for all.
        limit: maximum number of images, sampled evenly; 0 for all.
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
