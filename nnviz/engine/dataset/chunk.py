"""Chunks of a set's images passed through the network: the unit of indexing.

The same images in the same chunk give the same rows in any process: batches never cross
the borders of a chunk, and their size depends on the network alone.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import InputError, OutOfMemoryError
from nnviz.base.info import ModelInfo, OutputActivation, Task
from nnviz.base.preprocess import Fit
from nnviz.engine.compute.memory import in_words, release
from nnviz.engine.dataset.classes import NO_CLASS, ClassNumbers
from nnviz.engine.dataset.sources import ImageSet, Skipped
from nnviz.engine.models.model import Model, Photo, fit_to_input
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.targets.resolve import probabilities
from nnviz.media.index.reader import (
    COLUMN,
    FEATURES,
    MAXIMA,
    PLACES,
    PROBABILITIES,
    SHA256,
    SUMS,
    THUMBNAILS,
)
from nnviz.media.index.writer import Rows
from nnviz.media.thumbnails import framed_thumbnail
from nnviz.media.video.prefetch import prefetched

CHUNK, _LEAST_CHUNK = 512, 64
"""Maximum number of images in a chunk, and in one of a slow network."""
_CHUNK_WORK = 1 << 39
"""Multiply-accumulates of a chunk: ten seconds on two cores, lost if it is killed."""
_FIRST_CHUNK = 32
"""Size of a set's first chunk: its rows can be shown after a second."""
_AHEAD = 192
"""Images that are decoded in advance."""
_WORK = 8_000_000_000
"""Approximate multiply-accumulates of a batch; larger ones gain nothing on a CPU."""
_LEAST, _MOST, _MOST_ON_GPU = 16, 128, 256
_SMALL_PLACES = 1 << 16
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that the rows of an index depend on, besides network and images.

    Attributes:
        layers: names of those whose features are kept.
        thumbnail: side, px.
        precision: of the features, "float16" or "float32".
    """

    layers: tuple[str, ...]
    thumbnail: int
    precision: str = "float16"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """An image preprocessed for the network, with the facts of its file.

    Attributes:
        pixels: (H, W, C) in [0, 1], as returned by ``fit_to_input``.
        path: as in the set.
        label: name of its class, "" for none.
        thumbnail: uint8 (side, side, 3).
        shape: height and width of the image, px.
        sha256: of the file.
        size: of the file, bytes.
        changed: time of its last change, ns.
    """

    pixels: Photo
    path: str
    label: str
    thumbnail: NDArray[np.uint8]
    shape: tuple[int, int]
    sha256: bytes
    size: int
    changed: int


@dataclass(frozen=True, slots=True, eq=False)
class ChunkRows:
    """The rows of a chunk.

    Attributes:
        places: indices in the set of the rows' images.
        labels: names of their classes.
        rows: by array's name, except those that depend on the number of classes.
        skipped: images that cannot be used.
        seconds: time of the network's passes.
    """

    places: list[int]
    labels: list[str]
    rows: Rows
    skipped: list[Skipped]
    seconds: float = 0.0


def largest_chunk(model: Model) -> int:
    """Return how many images a chunk has at most: fewer by a slow network."""
    if model.device.type != "cpu":
        return CHUNK
    fitting = int(_CHUNK_WORK / max(1, model.info.macs or 1))
    return min(CHUNK, max(_LEAST_CHUNK, 1 << max(0, fitting.bit_length() - 1)))


def chunk_spans(count: int, done: int = 0, most: int = CHUNK) -> Iterator[range]:
    """Yield the range of each chunk's images, counted from the first remaining one.

    Chunks grow at the beginning of a set, so that first results appear soon; their
    borders depend on the index in the set alone, so a resumed run has the same ones.

    Args:
        count: remaining images.
        done: images before them.
        most: maximum number of images in a chunk, a power of two.
    """
    place = done
    while place < done + count:
        size = min(most, max(_FIRST_CHUNK, (1 << place.bit_length()) >> 1))
        end = min((place // size + 1) * size, done + count)
        yield range(place - done, end - done)
        place = end


@dataclass(slots=True, eq=False)
class ChunkPasses:
    """Runs chunks of images through a network.

    Attributes:
        model: the network.
        settings: of the rows.
        check: raises to stop.
        batch: images in a pass.
    """

    model: Model
    settings: Settings
    check: Check
    batch: int = field(init=False)
    _extractor: FeatureExtractor = field(init=False)

    def __post_init__(self) -> None:
        """Choose the batch size from the network's cost alone."""
        names = ("", *self.settings.layers)
        self._extractor = self.model.feature_extractor(names, self.check)
        gpu = self.model.device.type != "cpu"
        fitting = int(_WORK / max(1, self.model.info.macs or 1))
        size = 1 << max(0, fitting.bit_length() - 1)
        most = _MOST_ON_GPU if gpu else _MOST
        self.batch = min(most, max(_MOST_ON_GPU if gpu else _LEAST, size))

    def over(self, images: ImageSet, spans: Iterable[range]) -> Iterator[ChunkRows]:
        """Yield the rows of each chunk; images are decoded ahead of the network.

        Args:
            images: the set.
            spans: indices of each chunk's images, consecutive: ``chunk_spans``.

        Raises:
            ModelError: the network does not keep the batch first.
            OutOfMemoryError: a single image does not fit into memory.
        """
        places = range(len(images))

        def prepare(place: int) -> Prepared | Skipped:
            return prepared(self.model, images, place, self.settings.thumbnail)

        with prefetched(prepare, places, _AHEAD) as opened:
            for part in spans:
                yield self.rows(part, list(islice(opened, len(part))))

    def rows(
        self, places: Sequence[int], found: Sequence[Prepared | Skipped]
    ) -> ChunkRows:
        """Pass one chunk through the network; return its rows.

        Args:
            places: indices of its images in the set.
            found: its opened images, or the reason why one cannot be opened.
        """
        pairs = list(zip(places, found, strict=True))
        usable = [(place, each) for place, each in pairs if isinstance(each, Prepared)]
        images = [each for _, each in usable]
        seconds = time.perf_counter()
        network = [self._pass(batch) for batch in self._batches(images)]
        seconds = time.perf_counter() - seconds
        return ChunkRows(
            places=[place for place, _ in usable],
            labels=[each.label for each in images],
            rows={**file_rows(images), **_summed(_joined(network))} if images else {},
            skipped=[each for each in found if isinstance(each, Skipped)],
            seconds=seconds,
        )

    def _batches(self, images: Sequence[Prepared]) -> Iterator[list[Prepared]]:
        """Yield batches of equally sized images."""
        batch: list[Prepared] = []
        for each in images:
            if batch and (
                len(batch) == self.batch or each.pixels.shape != batch[0].pixels.shape
            ):
                yield batch
                batch = []
            batch.append(each)
        if batch:
            yield batch

    def _pass(self, images: Sequence[Prepared]) -> dict[str, NDArray[np.generic]]:
        """Return the network's rows of a batch, which is halved if memory runs out."""
        self.check()
        try:
            with in_words(self.model.info.title):
                return self._arrays(images)
        except OutOfMemoryError:
            if len(images) == 1:
                raise
            release()
        half = len(images) // 2
        parts = [self._pass(images[:half]), self._pass(images[half:])]
        return _joined(parts)

    @torch.no_grad()
    def _arrays(self, images: Sequence[Prepared]) -> dict[str, NDArray[np.generic]]:
        stacked = np.stack([each.pixels for each in images]).transpose(0, 3, 1, 2)
        pixels = torch.from_numpy(np.ascontiguousarray(stacked)).to(self.model.device)
        layers = self.settings.layers
        maps = self._extractor(pixels, frozenset(("", *layers)))
        rows: dict[str, NDArray[np.generic]] = {}
        for layer in layers:
            rows |= layer_rows(layer, maps[layer], self.settings.precision)
            if self.model.info.preprocess.fit is not Fit.WHOLE:
                rows[SUMS + layer] = maps[layer].sum(0).float().cpu().numpy()[None]
        truth = torch.from_numpy(self._classes([each.label for each in images]))
        return rows | output_rows(self.model, maps[""], truth.to(pixels.device))

    def _classes(self, labels: Sequence[str]) -> NDArray[np.int64]:
        """Return the network's class index of each label, else ``NO_CLASS``."""
        numbers = ClassNumbers(self.model.info.labels)
        numbers.add(labels)
        found = numbers.of(labels).astype(np.int64)
        return np.where(found < len(self.model.info.labels), found, NO_CLASS)


def _summed(rows: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """Return rows with the sums of maps reduced to one row per chunk."""
    return {
        name: each.sum(0, dtype=np.float64, keepdims=True).astype(np.float32)
        if name.startswith(SUMS)
        else each
        for name, each in rows.items()
    }


def _joined(
    parts: Sequence[dict[str, NDArray[np.generic]]],
) -> dict[str, NDArray[np.generic]]:
    return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}


def prepared(
    model: Model, images: ImageSet, place: int, thumbnail: int
) -> Prepared | Skipped:
    """Preprocess an image for the network, or return the reason why it is skipped."""
    try:
        sample = images.open(place)
        pixels = fit_to_input(sample.image, model.info.preprocess)
    except InputError as error:
        reason = f"{error.reason}; {error.remedy}" if error.remedy else error.reason
        return Skipped(images.paths[place], reason)
    return Prepared(
        pixels=pixels,
        path=images.paths[place],
        label=sample.label or (images.labels[place] if images.labels else ""),
        thumbnail=framed_thumbnail(sample.image.pixels, thumbnail),
        shape=sample.image.size,
        sha256=sample.sha256,
        size=sample.size,
        changed=sample.changed,
    )


def file_rows(images: Sequence[Prepared]) -> dict[str, NDArray[np.generic]]:
    """Return the rows of images that need no network."""
    hashes = b"".join(each.sha256 for each in images)
    shapes = np.array([each.shape for each in images], np.int32)
    return {
        COLUMN + "height": shapes[:, 0],
        COLUMN + "width": shapes[:, 1],
        COLUMN + "bytes": np.array([each.size for each in images], np.int64),
        COLUMN + "mtime_ns": np.array([each.changed for each in images], np.int64),
        SHA256: np.frombuffer(hashes, np.uint8).reshape(-1, 32),
        THUMBNAILS: np.stack([each.thumbnail for each in images]),
    }


def layer_rows(
    layer: str, maps: Tensor, precision: str
) -> dict[str, NDArray[np.generic]]:
    """Return each channel's mean, maximum and position of the maximum.

    Args:
        layer: its name.
        maps: (N, C, h, w).
        precision: of the stored means; maxima are stored unchanged.
    """
    flat = maps.flatten(2)
    highest, place = flat.max(2)
    means = flat.mean(2).to(getattr(torch, precision))
    small = flat.shape[2] <= _SMALL_PLACES
    return {
        FEATURES + layer: means.cpu().numpy(),
        MAXIMA + layer: highest.float().cpu().numpy(),
        PLACES + layer: place.cpu().numpy().astype(np.uint16 if small else np.uint32),
    }


def output_rows(
    model: Model, output: Tensor, truth: Tensor
) -> dict[str, NDArray[np.generic]]:
    """Return the prediction rows of a classifier; none for other networks.

    Args:
        model: the network.
        output: (N, ...) of the network.
        truth: index of each true class, (N,); negative where it has none.
    """
    info = model.info
    scores = output.flatten(1)
    if info.task is not Task.CLASSIFY or scores.shape[1] != len(info.labels):
        return {}
    shares = probabilities(scores.float(), info)
    best = shares.topk(min(2, shares.shape[1]), dim=1)
    runner_up = best.values[:, 1] if shares.shape[1] > 1 else 0 * best.values[:, 0]
    positive = shares.clamp_min(torch.finfo(shares.dtype).tiny)
    found = {
        "loss": losses(shares, scores.float(), truth, info),
        "predicted": best.indices[:, 0].int(),
        "confidence": best.values[:, 0],
        "margin": best.values[:, 0] - runner_up,
        "entropy": -(shares * positive.log()).sum(1),
    }
    rows = {COLUMN + name: each.cpu().numpy() for name, each in found.items()}
    return {**rows, PROBABILITIES: shares.half().cpu().numpy()}


def losses(shares: Tensor, scores: Tensor, truth: Tensor, info: ModelInfo) -> Tensor:
    """Return the cross entropy of each true class, nats, (N,); NaN without a label."""
    if info.output_activation is OutputActivation.SOFTMAX:
        logs = scores.log_softmax(1)
    else:
        logs = shares.clamp_min(torch.finfo(shares.dtype).tiny).log()
    found = -logs.gather(1, truth.clamp_min(0)[:, None])[:, 0]
    return found.masked_fill(truth < 0, torch.nan)
