"""Indexing: a set of images through a network, into an index that can be resumed."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.dataset.requests import STAGES, IndexImages
from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Progress
from nnviz.engine.data.scenes import CLASSES
from nnviz.engine.dataset.changes import find_changes
from nnviz.engine.dataset.chunk import Check, ChunkRows, Settings
from nnviz.engine.dataset.class_centers import center_distances
from nnviz.engine.dataset.classes import ClassNumbers
from nnviz.engine.dataset.sources import ImageSet, list_set
from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import channels_of
from nnviz.engine.nn.map_layers import choose_layers, layers_with_maps, map_size
from nnviz.media.index import (
    OWN_COLUMNS,
    ImageIndex,
    IndexFacts,
    IndexWriter,
    LayerFacts,
    is_index,
)
from nnviz.media.index.reader import COLUMN, PATHS, REASONS, SKIPPED

_COMMIT_SECONDS = 10.0
"""Maximum time between two commits: a killed process loses this and one chunk."""
_FIRST_COMMIT_SECONDS = 1.0
"""Likewise at the beginning, when a user waits for the first images."""
_SIDE, _SAMPLED = 64, 16
"""Side of a thumbnail, px; and number of images sampled to choose a smaller one."""
Chunks = Callable[[ImageSet, Settings, int], Iterator[ChunkRows]]
"""Runs a set's chunks from a given number of completed images on: here or on a
cluster."""
Indexing = Generator[Progress, None, IndexSummary]


def index_images(
    model: Model, request: IndexImages, check: Check, run_chunks: Chunks
) -> Indexing:
    """Index a set of images, or resume an unfinished index.

    Raises:
        InputError: no such set, or a folder that cannot be written.
        UsageError: the existing index is of another network, or has other settings.
    """
    started = time.monotonic()
    yield Progress(0, 0, f"listing the images of {request.source}")
    images = list_set(request.source, request.images, request.limit)
    with _writer(model, request, images) as writer:
        run = _Run(writer, images, _settings(writer.facts))
        left = run.left()
        done = len(images) - len(left)
        for chunk in run_chunks(images.part(left), run.settings, done):
            check()
            run.add(chunk, left)
            done += len(chunk.places) + len(chunk.skipped)
            yield Progress(done, len(images), f"image {done} of {len(images)}")
        yield Progress(done, len(images), "distances to the centers of classes")
        run.finish()
    index = ImageIndex(request.out)
    yield Progress(done, len(images), "looking for images that have changed")
    changes = find_changes(index, images)
    return IndexSummary(
        folder=str(index.folder),
        model=index.facts.model,
        count=len(index),
        added=run.added,
        skipped=index.skipped,
        changed=changes.changed,
        missing=changes.missing,
        layers=tuple(each.name for each in index.layers),
        accuracy=_accuracy(index),
        notes=images.notes,
        seconds=time.monotonic() - started,
        network_seconds=run.seconds,
    )


@dataclass(slots=True, eq=False)
class _Run:
    """State of one run that adds records to an index.

    Attributes:
        writer: of the index.
        images: of the set.
        settings: of the rows.
        added: records.
        seconds: time of the network's passes.
    """

    writer: IndexWriter
    images: ImageSet
    settings: Settings
    added: int = 0
    seconds: float = 0.0
    _classes: ClassNumbers = field(init=False)
    _splits: ClassNumbers = field(init=False)
    _committed: float = field(init=False)
    _begun: float = field(init=False)
    _pending: int = 0

    def __post_init__(self) -> None:
        facts = self.writer.facts
        outputs = facts.class_names[: facts.outputs]
        self._classes = ClassNumbers(outputs, facts.class_names[facts.outputs :])
        self._classes.add(self.images.labels)
        if self.images.scenes:
            self._classes.add(CLASSES)
        self._splits = ClassNumbers((), facts.split_names)
        self._splits.add(self.images.splits)
        self._begun = self._committed = time.monotonic()

    def left(self) -> list[int]:
        """Return the positions of images that are not yet in the index."""
        if not is_index(self.writer.folder) or not self.writer.facts.arrays:
            return list(range(len(self.images)))
        index = ImageIndex(self.writer.folder)
        known = {*index.paths, *(path for path, _ in index.skipped)}
        return [k for k, path in enumerate(self.images.paths) if path not in known]

    def add(self, chunk: ChunkRows, left: list[int]) -> None:
        """Append a chunk's rows; commit if the last commit is old."""
        places = [left[place] for place in chunk.places]
        skipped = [each.path for each in chunk.skipped]
        reasons = [each.reason for each in chunk.skipped]
        self.writer.append({SKIPPED: skipped, REASONS: reasons})
        if places:
            self.writer.append({**chunk.rows, **self._known(places, chunk.labels)})
        self.added += len(places)
        self.seconds += chunk.seconds
        self._pending += len(places)
        if self._is_due():
            self._commit()

    def _is_due(self) -> bool:
        """Tell whether a commit is due: often at first, then rarely."""
        age = max(_FIRST_COMMIT_SECONDS, self._committed - self._begun)
        past = time.monotonic() - self._committed
        return not self.writer.facts.count or past > min(_COMMIT_SECONDS, age)

    def finish(self) -> None:
        """Commit the rest, and add the distances to class centers."""
        self._commit()
        index = ImageIndex(self.writer.folder)
        if len(index) and index.layers:
            self.writer.put_column("center_distance", center_distances(index))
        self.writer.commit(len(index), finished=True)

    def _commit(self) -> None:
        count = self.writer.facts.count + self._pending
        self._pending = 0
        self.writer.commit(
            count,
            finished=False,
            total=len(self.images),
            class_names=self._classes.names,
            split_names=self._splits.names,
        )
        self._committed = time.monotonic()

    def _known(
        self, places: list[int], labels: list[str]
    ) -> Mapping[str, NDArray[Any] | list[str]]:
        """Return the rows from the set: numbers, labels, splits and paths."""
        images = self.images
        splits = [images.splits[k] if images.splits else "" for k in places]
        numbers = {
            COLUMN + _free(name): each[places] for name, each in images.numbers.items()
        }
        return {
            **numbers,
            COLUMN + "label": self._classes.of(labels),
            COLUMN + "split": self._splits.of(splits).astype(np.int16),
            PATHS: [images.paths[k] for k in places],
        }


def _free(name: str) -> str:
    """Return a table column's name, changed if it collides with a built-in column."""
    return f"{name} (given)" if name in OWN_COLUMNS else name


def _writer(model: Model, request: IndexImages, images: ImageSet) -> IndexWriter:
    """Open the writer of a new index, or of the existing one.

    Raises:
        UsageError: the existing one has other settings.
    """
    out = Path(request.out)
    facts = _facts(model, request, images)
    if request.fresh or not is_index(out):
        if not is_index(out) and out.is_dir() and any(out.iterdir()):
            _check_left_over(out)
        return IndexWriter(out, facts)
    _check_same(IndexWriter(out), facts, request)
    return IndexWriter(out)


def _check_left_over(out: Path) -> None:
    """Refuse a folder that holds other files.

    Raises:
        UsageError: the folder holds neither an index nor one that was just started.
    """
    if {each.name for each in out.iterdir()} - {"arrays", "index.part", "writer.lock"}:
        raise UsageError("--out", f"{out} holds other files", "name a new folder")


def _check_same(writer: IndexWriter, facts: IndexFacts, request: IndexImages) -> None:
    there = writer.facts
    writer.close()
    for what, old, new in (
        ("another network", there.model_sha256, facts.model_sha256),
        ("another preprocessing", there.preprocess, facts.preprocess),
        ("other layers", there.layers, facts.layers),
        ("other thumbnails", there.settings["thumbnail"], facts.settings["thumbnail"]),
        ("another precision", there.settings["precision"], facts.settings["precision"]),
    ):
        if old != new:
            raise UsageError(
                "--out",
                f"{request.out} holds an index made with {what}",
                "name a new folder, or add --fresh to start over",
            )


def _facts(model: Model, request: IndexImages, images: ImageSet) -> IndexFacts:
    info = model.info
    if request.precision not in {"float16", "float32"}:
        raise UsageError(
            "--precision", f"{request.precision!r} is not known", "float16 or float32"
        )
    values = asdict(request.model)
    del values["preprocess"]
    settings = {
        "thumbnail": request.thumbnail or _thumbnail_side(images),
        "precision": request.precision,
        "threads": torch.get_num_threads(),
        "request": values,
    }
    return IndexFacts(
        total=len(images),
        source=request.source,
        root=images.root,
        model=info.reference,
        model_sha256=info.sha256,
        preprocess=_plain(info.preprocess.to_json()),
        settings=_plain(settings),
        class_names=info.labels,
        outputs=len(info.labels),
        layers=_layers(model, request.layers),
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert values as JSON does: tuples become lists."""
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found


def _settings(facts: IndexFacts) -> Settings:
    return Settings(
        tuple(each.name for each in facts.layers),
        int(facts.settings["thumbnail"]),
        str(facts.settings["precision"]),
    )


def _layers(model: Model, names: tuple[str, ...]) -> tuple[LayerFacts, ...]:
    """Return the layers to keep features of, the deepest last.

    Raises:
        UsageError: no such layer.
    """
    info = model.info
    order = [each.name for each in info.layers]
    if not names:
        chosen = (
            layers_with_maps(info)[-1:]
            or [each for each in info.layers if each.leaf and each.shape][-2:-1]
        )
    elif names == (STAGES,):
        chosen = list(choose_layers(info, others=STAGES).layers)
    else:
        chosen = [info.known_layer(name) for name in dict.fromkeys(names)]
    chosen = sorted(chosen, key=lambda each: order.index(each.name))
    return tuple(
        LayerFacts(each.name, channels_of(each), map_size(each) or (1, 1))
        for each in chosen
    )


def _thumbnail_side(images: ImageSet) -> int:
    """Return the thumbnail side: 64 px, or less if the first images are smaller."""
    longest = 0
    for index in range(min(_SAMPLED, len(images))):
        try:
            longest = max(longest, *images.open(index).image.size)
        except InputError:
            continue
    return min(_SIDE, longest) or _SIDE


def _accuracy(index: ImageIndex) -> float | None:
    columns = index.columns
    if "predicted" not in columns:
        return None
    label = np.asarray(columns["label"])
    known = (label >= 0) & (label < index.facts.outputs)
    if not known.any():
        return None
    return float((label == columns["predicted"])[known].mean())
