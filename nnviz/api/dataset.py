"""Sets of images, from Python: indexes and queries on them."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict, Unpack, cast

from numpy.typing import NDArray

from nnviz.api.core import Model, OnProgress, Pictured, load, open_image, perform
from nnviz.base.dataset.concepts import (
    Ablation,
    ConceptParts,
    ConceptTest,
    LayerProbe,
)
from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.dataset.mistakes import Disagreement, Mistakes
from nnviz.base.dataset.neighbors import PIXELS, Metric, Neighbors
from nnviz.base.dataset.projections import PlacedImage, Projection
from nnviz.base.dataset.requests import (
    AblateChannels,
    CompareIndexes,
    CompareNeighbors,
    FactorLayer,
    FindExemplars,
    FindMistakes,
    FindNeighbors,
    IndexImages,
    PlaceImage,
    ProbeLayers,
    ProjectIndex,
    TestConcept,
)
from nnviz.base.host.reading import is_folder
from nnviz.base.images import Image
from nnviz.base.notation.numerals import is_whole
from nnviz.base.shipped.defaults import default_model
from nnviz.media.index import ImageIndex


class ProjectionSettings(TypedDict, total=False):
    """Settings of a projection, as ``Index.project`` describes them."""

    layer: str
    limit: int
    perplexity: float
    neighbors: int
    steps: int
    seed: int


class Index:
    """An index of images: its arrays, and queries on them.

    Attributes:
        folder: folder of the index.
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
        """Return a summary of the index."""
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
        """The class names that the columns ``label`` and ``predicted`` index."""
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
            UsageError: the layer was not indexed.
        """
        return self.images.features(layer)

    def neighbors(
        self,
        image: Pictured | int,
        *,
        count: int = 10,
        layer: str = "",
        metric: Metric = "cosine",
        box: tuple[float, float, float, float] | tuple[()] = (),
        exact: bool = False,
        progress: OnProgress | None = None,
    ) -> Neighbors:
        """Find the images most similar to a given one.

        The search is exact up to 200,000 images.  Beyond, where faiss is installed, it
        covers only the nearest clusters, and the result states its recall.

        Args:
            image: a record number, or what ``open_image`` returns or accepts.
            count: number of neighbors, without the image itself.
            layer: layer whose features are compared, empty for the deepest; "pixels"
                for the thumbnails themselves.
            metric: "cosine" (1 - cosine) or "l2".
            box: left, top, right, bottom: the region to compare, px.
            exact: compare with all images, however many there are.
            progress: called with each ``Progress``.

        Raises:
            NnvizError: no such record, image or layer.
        """
        number = image if isinstance(image, int) else 0
        request = FindNeighbors(
            index=str(self.folder),
            record=number,
            image=None if isinstance(image, int) else _opened(image),
            box=box,
            layer=layer,
            metric=metric,
            count=count,
            exact=exact,
        )
        return perform(request, progress)

    def neighbors_beside(
        self,
        image: Pictured | int,
        others: "Index | str | PathLike[str] | Iterable[Index | str | PathLike[str]]",
        *,
        count: int = 10,
        metric: Metric = "cosine",
        progress: OnProgress | None = None,
    ) -> tuple[Neighbors, ...]:
        """Compare an image's neighbors by this network with those by others.

        Args:
            image: as in ``neighbors``.
            others: indexes of the same images by other networks, or "pixels".
            count: number of neighbors from each.
            metric: "cosine" or "l2".
            progress: called with each ``Progress``.

        Returns:
            The neighbors by this network first, then those by each other one, all as
            records of this index; images that it does not hold are left out.

        Raises:
            NnvizError: no such record, image or index.
        """
        several = [others] if isinstance(others, Index | str | PathLike) else others
        folders = [str(each.folder if isinstance(each, Index) else each)
                   for each in several]  # fmt: skip
        question = FindNeighbors(
            index=str(self.folder),
            record=image if isinstance(image, int) else 0,
            image=None if isinstance(image, int) else _opened(image),
            metric=metric,
            count=count,
        )
        views = tuple(
            (str(self.folder), PIXELS) if each == PIXELS else (each, "")
            for each in folders
        )
        return perform(CompareNeighbors(question=question, views=views), progress)

    def exemplars(
        self,
        layer: str = "",
        *,
        count: int = 9,
        channels: Iterable[int] = (),
        patches: bool = True,
        cluster: str = "",
        workers: int = 0,
        progress: OnProgress | None = None,
    ) -> Exemplars:
        """Find the images that activate each channel most, with channel statistics.

        Args:
            layer: one that was indexed; empty for the deepest.
            count: number of images of each channel.
            channels: channel indices; empty for all.
            patches: also open the images and crop the channel's receptive fields.
            cluster: that crops them: empty for this process, "local", or the address of
                a Dask scheduler, "tcp://HOST:PORT".
            workers: processes of a local cluster; 0 for one a core.
            progress: called with each ``Progress``.

        Raises:
            NnvizError: no such layer or channel, or the network cannot be opened.
        """
        request = FindExemplars(
            index=str(self.folder),
            layer=layer,
            channels=tuple(channels),
            count=count,
            patches=patches,
            cluster=cluster,
            workers=workers,
        )
        return perform(request, progress)

    def project(
        self,
        method: str = "pca",
        *,
        layer: str = "",
        records: Iterable[int] = (),
        limit: int = 0,
        perplexity: float = 0.0,
        neighbors: int = 15,
        steps: int = 0,
        seed: int = 0,
        progress: OnProgress | None = None,
    ) -> Projection:
        """Project the images onto a plane: PCA, LDA, t-SNE, UMAP or an autoencoder.

        Args:
            method: "pca", "lda", "tsne", "autoencoder", or "umap" where installed.
            layer: layer whose features are projected, empty for the deepest; "pixels".
            records: record numbers to project; empty for all.
            limit: maximum number of records, sampled evenly; 0 for all.
            perplexity: of t-SNE; 0 for 30.
            neighbors: of UMAP.
            steps: of t-SNE after exaggeration, or epochs of the autoencoder; 0 for
                500 and 40.
            seed: of the random numbers; equal seeds give equal points.
            progress: called with each ``Progress``.

        Raises:
            NnvizError: no such method or layer, or its library is not installed.
        """
        request = self._projection(
            method=method,
            layer=layer,
            records=records,
            limit=limit,
            perplexity=perplexity,
            neighbors=neighbors,
            steps=steps,
            seed=seed,
        )
        return perform(request, progress)

    def place(
        self,
        image: Pictured,
        method: str = "pca",
        *,
        box: tuple[float, float, float, float] | tuple[()] = (),
        count: int = 8,
        records: Iterable[int] = (),
        progress: OnProgress | None = None,
        **projection: Unpack[ProjectionSettings],
    ) -> PlacedImage:
        """Place a new image on the plane of an existing projection.

        After ``project`` with the same arguments nothing is refitted.

        Args:
            image: what ``open_image`` returns or accepts.
            method: as in ``project``.
            box: left, top, right, bottom: the region to place, px.
            count: number of nearest neighbors to return.
            records: record numbers that were projected.
            progress: called with each ``Progress``.
            **projection: ``layer``, ``limit``, ``perplexity``, ``neighbors``, ``steps``
                and ``seed``, as in ``project``.

        Raises:
            NnvizError: no such method, layer or image.
        """
        fitted = self._projection(method, records, **projection)
        request = PlaceImage(
            projection=fitted, image=_opened(image), box=box, count=count
        )
        return perform(request, progress)

    def _projection(
        self,
        method: str,
        records: Iterable[int],
        **settings: Unpack[ProjectionSettings],
    ) -> ProjectIndex:
        return ProjectIndex(
            index=str(self.folder), method=method, records=tuple(records), **settings
        )

    def concept(
        self,
        concept: str | PathLike[str] | Iterable[int],
        target: str,
        *,
        layer: str = "",
        runs: int = 20,
        limit: int = 100,
        seed: int = 0,
        progress: OnProgress | None = None,
    ) -> ConceptTest:
        """Test whether a class depends on a concept: TCAV, against random sets.

        Args:
            concept: a class of the index, a folder of other images, or numbers of
                records.
            target: name of the class.
            layer: one that was indexed; empty for the deepest.
            runs: number of random sets.
            limit: maximum number of images of the class whose gradients are computed.
            seed: of the random numbers.
            progress: called with each ``Progress``.

        Raises:
            NnvizError: no such class or layer, or too few images.
        """
        named = str(concept) if isinstance(concept, str | PathLike) else ""
        records = () if named else tuple(cast("Iterable[int]", concept))
        records = records or _numbers(named)
        folder = named if not records and is_folder(named) else ""
        request = TestConcept(
            index=str(self.folder),
            target=target,
            records=records,
            concept_class="" if records or folder else named,
            concept_folder=folder,
            layer=layer,
            runs=runs,
            limit=limit,
            seed=seed,
        )
        return perform(request, progress)

    def parts(
        self,
        count: int = 8,
        *,
        layer: str = "",
        records: Iterable[int] = (),
        limit: int = 200,
        seed: int = 0,
        progress: OnProgress | None = None,
    ) -> ConceptParts:
        """Factor a layer's activations into parts, with their maps (NMF).

        Args:
            count: number of parts.
            layer: one that was indexed; empty for the deepest.
            records: numbers of the images; empty for all.
            limit: maximum number of images, sampled evenly.
            seed: of the initial factors.
            progress: called with each ``Progress``.

        Raises:
            NnvizError: no such layer, or the network cannot be opened.
        """
        request = FactorLayer(
            index=str(self.folder),
            parts=count,
            layer=layer,
            records=tuple(records),
            limit=limit,
            seed=seed,
        )
        return perform(request, progress)

    def probe(
        self,
        *,
        limit: int = 10_000,
        seed: int = 0,
        progress: OnProgress | None = None,
    ) -> tuple[LayerProbe, ...]:
        """Train a linear probe on each indexed layer and measure its accuracy.

        Args:
            limit: maximum number of images, sampled evenly; 0 for all.
            seed: of the held-out folds.
            progress: called with each ``Progress``.

        Raises:
            InputError: there are too few labels.
        """
        request = ProbeLayers(index=str(self.folder), limit=limit, seed=seed)
        return perform(request, progress)

    def ablate(
        self,
        channels: Iterable[int],
        *,
        layer: str = "",
        replacement: str | PathLike[str] | Image = "zero",
        records: Iterable[int] = (),
        limit: int = 1000,
        progress: OnProgress | None = None,
    ) -> Ablation:
        """Rerun the network on the images with channels of a layer replaced.

        Args:
            channels: indices.
            layer: any layer of the network; empty for the deepest of the index.
            replacement: "zero", "mean" over the index, or an image whose activations
                are patched in.
            records: numbers of the images; empty for all.
            limit: maximum number of images, sampled evenly; 0 for all.
            progress: called with each ``Progress``.

        Raises:
            NnvizError: no such layer or channel, or the network does not classify.
        """
        constant = replacement in {"zero", "mean"}
        request = AblateChannels(
            index=str(self.folder),
            channels=tuple(channels),
            layer=layer,
            replacement=str(replacement) if constant else "zero",
            image=None if constant else _opened(replacement),
            records=tuple(records),
            limit=limit,
        )
        return perform(request, progress)

    def mistakes(
        self,
        *,
        count: int = 100,
        by: str = "",
        duplicates: bool = True,
        progress: OnProgress | None = None,
    ) -> Mistakes:
        """Find wrong predictions, suspect labels and duplicate images.

        Args:
            count: maximum length of each list.
            by: how labels are judged: "network", "features" or empty to choose.
            duplicates: also search for duplicates.
            progress: called with each ``Progress``.

        Raises:
            InputError: there are neither predictions nor labels.
        """
        request = FindMistakes(
            index=str(self.folder), count=count, by=by, duplicates=duplicates
        )
        return perform(request, progress)

    def compare(
        self,
        other: "Index | str | PathLike[str]",
        *,
        count: int = 100,
        progress: OnProgress | None = None,
    ) -> Disagreement:
        """Find the images on which another network answers differently.

        Args:
            other: index of the same images by that network, or its folder.
            count: maximum number of images to list.
            progress: called with each ``Progress``.

        Raises:
            InputError: the indexes share no image.
        """
        folder = other.folder if isinstance(other, Index) else other
        request = CompareIndexes(
            first=str(self.folder), second=str(folder), count=count
        )
        return perform(request, progress)

    @cached_property
    def model(self) -> Model:
        """The network that made the index, loaded on first use."""
        return load(self.images.facts.model)


def _numbers(text: str) -> tuple[int, ...]:
    """Parse "3,7,20-25" as numbers of records; () for anything else."""
    found: list[int] = []
    for part in text.split(",") if text else ():
        first, dash, last = part.strip().partition("-")
        if not is_whole(first) or (dash and not is_whole(last)):
            return ()
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


def _opened(image: Pictured) -> Image:
    return image if isinstance(image, Image) else open_image(image)


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
    cluster: str = "",
    workers: int = 0,
    progress: OnProgress | None = None,
) -> Index:
    """Build or resume an index: the outputs of a network for each image of a set.

    An existing index is resumed: images that it holds are skipped.

    Args:
        source: a folder (class folders, flat, or with COCO's annotations), a CSV file,
            "scenes", "scenes-planted", "scenes-contradicting"; or paths of images.
        model: what ``load`` returns or accepts; empty for the default network.
        out: folder of the index.
        layers: names of the layers whose features are kept; "stages" for the last layer
            of each map size; empty for the deepest with maps.
        limit: maximum number of images, sampled evenly; 0 for all.
        thumbnail: side, px; 0 to choose.
        precision: of the features on disk: "float16" or "float32".
        fresh: start over, discarding an existing index.
        cluster: empty for this process; "local" for processes on this machine, or the
            address of a Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for one a core.
        progress: called with each ``Progress``.

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
        cluster=cluster,
        workers=workers,
    )
    return Index(out, perform(request, progress))


def open_index(folder: str | PathLike[str]) -> Index:
    """Open an existing index, memory-mapped.

    Raises:
        InputError: there is none, or it is damaged.
    """
    return Index(folder)
