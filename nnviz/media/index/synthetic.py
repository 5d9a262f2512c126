"""Synthetic indexes: a million records in seconds, for tests and benchmarks."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnviz.media.index.facts import IndexFacts, LayerFacts
from nnviz.media.index.reader import (
    COLUMN,
    FEATURES,
    MAXIMA,
    PATHS,
    PLACES,
    REASONS,
    SHA256,
    SKIPPED,
    SUMS,
    THUMBNAILS,
)
from nnviz.media.index.writer import IndexWriter, Rows

_BLOCK = 50_000
"""Records generated at once."""
_DISTINCT = 512
"""Number of different thumbnails, which repeat."""
_RADIUS = 0.3
_WRONG, _UNLABELED = 0.1, 0.01


def write_synthetic_index(
    folder: str | Path,
    count: int = 1_000_000,
    *,
    classes: int = 10,
    side: int = 16,
    channels: int = 16,
    seed: int = 0,
) -> Path:
    """Write an index of synthetic records, without a network; return its folder.

    The features of each class cluster around a center; a tenth of the predictions are
    wrong, and one record in a hundred has no label.

    Args:
        folder: of the index.
        count: number of records.
        classes: number of classes.
        side: of the thumbnails, px.
        channels: of the one layer, "synthetic".
        seed: of the random numbers; equal seeds give equal bytes.
    """
    generator = np.random.default_rng(seed)
    centers = generator.normal(0, 2, (classes, channels)).astype(np.float32)
    thumbnails = _thumbnails(classes, side, generator)
    facts = IndexFacts(
        total=count,
        source="synthetic",
        model="synthetic",
        class_names=tuple(f"class {number}" for number in range(classes)),
        outputs=classes,
        split_names=("train", "test"),
        layers=(LayerFacts("synthetic", channels, (7, 7)),),
    )
    with IndexWriter(folder, facts) as writer:
        writer.append({SKIPPED: [], REASONS: []})
        writer.append({SUMS + "synthetic": np.ones((1, channels, 7, 7), np.float32)})
        for start in range(0, count, _BLOCK):
            size = min(_BLOCK, count - start)
            writer.append(_rows(start, size, centers, generator))
            labels = _classes_of(start, size, classes)
            shades = np.arange(start, start + size) % thumbnails.shape[1]
            writer.append({THUMBNAILS: thumbnails[labels, shades]})
        writer.commit(count, finished=True)
    return Path(folder)


def _classes_of(start: int, size: int, classes: int) -> NDArray[np.int64]:
    """Return the class of each record, in runs of 97 as if from class folders."""
    return np.arange(start, start + size) // 97 % classes


def _thumbnails(
    classes: int, side: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Return thumbnails (classes, shades, side, side, 3): a disk on a color."""
    shades = max(1, _DISTINCT // classes)
    hues = generator.integers(40, 216, (classes, 1, 1, 1, 3))
    light = np.linspace(0.5, 1.1, shades)[None, :, None, None, None]
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    disk = (rows**2 + columns**2 < _RADIUS**2)[None, None, :, :, None]
    pixels = np.where(disk, 255 - hues * light, hues * light)
    return pixels.clip(0, 255).astype(np.uint8)


def _rows(
    start: int,
    size: int,
    centers: NDArray[np.float32],
    generator: np.random.Generator,
) -> Rows:
    classes, channels = centers.shape
    truth = _classes_of(start, size, classes).astype(np.int32)
    wrong = generator.random(size) < _WRONG
    other = (truth + generator.integers(1, max(2, classes), size)) % classes
    predicted = np.where(wrong, other, truth).astype(np.int32)
    label = np.where(generator.random(size) < _UNLABELED, -1, truth).astype(np.int32)
    noise = generator.standard_normal((size, channels), dtype=np.float32)
    features = centers[truth] + noise
    confidence = generator.beta(5, 2, size).astype(np.float32)
    right = np.where(predicted == label, confidence, (1 - confidence) / classes)
    columns = {
        "label": label,
        "predicted": predicted,
        "split": (np.arange(start, start + size) % 5 == 0).astype(np.int16),
        "width": np.full(size, 320, np.int32),
        "height": np.full(size, 240, np.int32),
        "confidence": confidence,
        "margin": (confidence * generator.random(size)).astype(np.float32),
        "entropy": ((1 - confidence) * np.log(classes)).astype(np.float32),
        "loss": np.where(label < 0, np.nan, -np.log(right)).astype(np.float32),
        "center_distance": np.linalg.norm(noise, axis=1).astype(np.float32),
        "bytes": np.full(size, 20_000, np.int64),
        "mtime_ns": np.zeros(size, np.int64),
    }
    rows = {COLUMN + name: values for name, values in columns.items()}
    paths = [f"class {c}/{start + k:08d}.jpg" for k, c in enumerate(truth.tolist())]
    return {
        **rows,
        PATHS: paths,
        SHA256: generator.integers(0, 256, (size, 32), np.uint8),
        FEATURES + "synthetic": features.astype(np.float16),
        MAXIMA + "synthetic": features + 1,
        PLACES + "synthetic": np.full((size, channels), 24, np.uint16),
    }
