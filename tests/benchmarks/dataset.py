"""Sets of images: an index of CIFAR-10 against bare passes, t-SNE against openTSNE.

The index needs ``NNVIZ_DATA``, a folder that holds ``cifar10``; without it, it is left
out.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as PillowImage

import nnviz
from nnviz.base.requests import ModelRequest
from nnviz.engine.dataset.chunk import ChunkPasses, Settings
from nnviz.engine.dataset.projections import tsne as projection
from nnviz.engine.dataset.projections.task import Task
from nnviz.engine.dataset.sources import list_set
from nnviz.engine.jobs import Session
from nnviz.engine.models.model import Model
from nnviz.media.index.arrays import HEADER_BYTES
from tests.benchmarks.engine import finish, never
from tests.benchmarks.figures import ROUNDS, Figure, soak

NETWORK = "bundled:everyday"
_SOME = 3_000
"""Images of a round that is timed."""
_QUERIES, _NEAREST, _STRONGEST = 50, 15, 9
_POINTS, _WIDTH, _GROUPS = 10_000, 512, 10
_PATIENCE, _HASH_BYTES = 3600, 32


@soak
def index_of_cifar10() -> Iterator[Figure]:
    """All images of CIFAR-10 (60,000), killed in the middle and gone on with; asked."""
    cifar = Path(os.environ.get("NNVIZ_DATA", ""), "cifar10")
    if not cifar.is_dir():
        return
    model = finish(Session().store.open(ModelRequest(reference=NETWORK), never))
    with tempfile.TemporaryDirectory(prefix="nnviz-bench-") as folder:
        yield from _rate(model, cifar, Path(folder))
        out = Path(folder, "whole")
        whole = len(list_set(str(cifar)))
        lost = _index_killed(cifar, out, whole)
        yield Figure("images lost by kill -9 in the middle", lost, 0.1 * whole)
        index = nnviz.open_index(out)
        yield Figure("images missing after going on", whole - len(index), 0)
        yield from _neighbors(index)
        yield from _exemplars(model, index, cifar)


def _rate(model: Model, cifar: Path, folder: Path) -> Iterator[Figure]:
    """Yield processor time of an image in an index / in bare passes, decoding too."""
    paths = [cifar / each for each in list_set(str(cifar), (), _SOME).paths]
    batch = ChunkPasses(model, Settings((), 32), never).batch

    def ours(turn: int) -> None:
        nnviz.index(cifar, NETWORK, out=folder / f"some{turn}", limit=_SOME)

    def bare(_turn: int) -> None:
        for start in range(0, len(paths), batch):
            with torch.no_grad():
                model.net(model.normalizer(_opened(paths[start : start + batch])))

    ours(ROUNDS)
    bare(ROUNDS)
    rounds = range(ROUNDS)
    shares = [_worked(ours, turn) / _worked(bare, turn) for turn in rounds]
    yield Figure("index / bare passes, processor", statistics.median(shares), 1 / 0.85)


def _opened(paths: list[Path]) -> torch.Tensor:
    """Return images as the plainest loop opens them, (N, 3, H, W) in [0, 1]."""
    images = [np.asarray(PillowImage.open(path).convert("RGB")) for path in paths]
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


def _worked(act: Callable[[int], None], turn: int) -> float:
    """Return processor time of a call, of all threads, s."""
    began = time.process_time()
    act(turn)
    return time.process_time() - began


def _index_killed(cifar: Path, out: Path, whole: int) -> int:
    """Index in a process that is killed half way; go on; return what was lost."""
    words = ["index", str(cifar), "--model", NETWORK, "--out", str(out), "--json"]
    command = [sys.executable, "-m", "nnviz", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    end = time.monotonic() + _PATIENCE
    while _committed(out) < whole // 2 and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    hashes = (out / "arrays" / "sha256.npy").stat().st_size
    lost = (hashes - HEADER_BYTES) // _HASH_BYTES - _committed(out)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["added"] <= whole - whole // 2
    return lost


def _committed(out: Path) -> int:
    try:
        return int(json.loads((out / "index.json").read_text())["count"])
    except FileNotFoundError:
        return 0


def _neighbors(index: nnviz.Index) -> Iterator[Figure]:
    """Yield the largest difference to a plain matrix product, over some records."""
    vectors = np.asarray(index.features(), np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    worst = 0.0
    for record in np.linspace(0, len(index) - 1, _QUERIES).astype(int).tolist():
        found = index.neighbors(record, count=_NEAREST)
        distances = 1 - vectors @ vectors[record]
        distances[record] = np.inf
        expected = np.sort(distances)[:_NEAREST]
        worst = max(worst, np.abs(found.distances - expected).max())
        worst = max(worst, np.abs(distances[found.records] - expected).max())
    yield Figure("neighbors, distances off a matrix product by", worst, 1e-6)


def _exemplars(model: Model, index: nnviz.Index, cifar: Path) -> Iterator[Figure]:
    """Yield the largest difference to a loop over all images with a forward hook."""
    layer = index.images.layers[-1].name
    paths = [cifar / each for each in index.paths]
    highest = _highest(model, layer, paths)
    found = index.exemplars(layer, count=_STRONGEST, patches=False)
    expected = -np.sort(-highest, axis=0)[:_STRONGEST].T
    worst = np.abs(found.values - expected).max()
    own = np.take_along_axis(highest.T, found.records, axis=1)
    worst = max(worst, np.abs(own - expected).max())
    scale = float(np.abs(expected).max())
    yield Figure("exemplars, values off a slow loop by, relative", worst / scale, 1e-5)


def _highest(model: Model, layer: str, paths: list[Path]) -> NDArray[np.float32]:
    """Return the highest activation of each channel on each image, (n, channels)."""
    rows = []

    def keep(_module: object, _inputs: object, output: torch.Tensor) -> None:
        rows.append(output.detach().flatten(2).amax(2).numpy().copy())

    hook = model.net.get_submodule(layer).register_forward_hook(keep)
    with hook, torch.no_grad():
        for start in range(0, len(paths), 100):
            model.net(model.normalizer(_opened(paths[start : start + 100])))
    return np.concatenate(rows)


@soak
def t_sne() -> Iterator[Figure]:
    """10,000 x 512: the first picture, and the whole beside openTSNE by itself."""
    import openTSNE

    random = np.random.default_rng(3)
    centers = random.normal(0, 1, (_GROUPS, _WIDTH))
    groups = random.integers(0, _GROUPS, _POINTS)
    vectors = centers[groups] + random.normal(0, 1.5, (_POINTS, _WIDTH))
    vectors = vectors.astype(np.float32)
    task = Task(vectors=vectors, labels=groups, seed=1)
    began = time.process_time()
    first = next(projection.project(task))
    yield Figure(
        "t-SNE, first picture, processor", time.process_time() - began, 0.5, "s"
    )
    assert len(first.points) == _POINTS
    kept: dict[str, NDArray[np.float32]] = {}

    def ours(_turn: int) -> None:
        *_, last = projection.project(task)
        kept["ours"] = last.points

    def alone(_turn: int) -> None:
        peer = openTSNE.TSNE(perplexity=30, random_state=1, n_jobs=1)
        kept["alone"] = np.asarray(peer.fit(vectors), np.float32)

    shares = [_worked(ours, turn) / _worked(alone, turn) for turn in range(3)]
    yield Figure("t-SNE / openTSNE alone, processor", statistics.median(shares), 1.05)
    near = _nearest(vectors)
    preserved = {name: _preserved(near, points) for name, points in kept.items()}
    yield Figure(
        "t-SNE, neighbors of 15 kept by openTSNE / by ours",
        preserved["alone"] / preserved["ours"],
        1.03,
    )


def _preserved(near: NDArray[np.int64], points: NDArray[np.float32]) -> float:
    """Return the share of the nearest neighbors that are so in the plane too."""
    pairs = zip(near, _nearest(points), strict=True)
    return float(np.mean([len(np.intersect1d(*pair)) / _NEAREST for pair in pairs]))


def _nearest(points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the places of the 15 nearest of each point, by all distances."""
    squares = (points.astype(np.float64) ** 2).sum(1)
    found = []
    for start in range(0, len(points), 500):
        part = slice(start, start + 500)
        distances = squares[part, None] + squares - 2.0 * points[part] @ points.T
        distances[
            np.arange(len(distances)), np.arange(start, start + len(distances))
        ] = np.inf
        found.append(np.argpartition(distances, _NEAREST, axis=1)[:, :_NEAREST])
    return np.concatenate(found)
