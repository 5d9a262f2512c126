"""Dask: chunks of a set computed by processes here or by a cluster's workers.

A chunk is a task: its images in, its rows out.  Dask gives a task to another worker
where one is lost; the results are taken in the order of the chunks, so the index is
written as by one process, byte for byte on machines of one kind.
"""

import importlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from typing import Any

import torch

from nnviz.base.errors import InputError, NnvizError, UsageError
from nnviz.base.request import ModelRequest
from nnviz.engine.dataset.chunk import CHUNK, ChunkPasses, ChunkRows, Settings
from nnviz.engine.dataset.sources import ImageSet
from nnviz.engine.models.model import Model
from nnviz.engine.models.store import ModelStore

LOCAL = "local"
_RETRIES = 3
"""Of a task that failed or whose worker was lost."""
_AHEAD = 2
"""Tasks that are given out for each worker."""
_POLL = 0.25
_CONNECT_SECONDS = 15
_FROM_PROGRAM = "object:"
Check = Callable[[], None]


@contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Connect to a scheduler, or start processes here for as long as the block.

    Args:
        address: ``LOCAL`` or a scheduler's, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for as many as there are cores.

    Raises:
        InputError: Dask is not installed, no scheduler is reached, or it was lost.
    """
    library = _library()
    with _in_words(address):
        if address == LOCAL:
            with (
                library.LocalCluster(
                    n_workers=workers or os.cpu_count() or 1,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address=None,
                ) as cluster,
                library.Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = library.Client(address, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError):
            raise InputError(
                address, "no scheduler answers there", "start one: dask scheduler"
            ) from None
        with client:
            yield client


def run_chunks(
    client: Any,
    request: ModelRequest,
    images: ImageSet,
    settings: Settings,
    check: Check,
) -> Iterator[ChunkRows]:
    """Yield the rows of each chunk, in order.

    Args:
        client: of the cluster.
        request: of the network; each worker opens it once.
        images: the set; workers read its files by the same paths.
        settings: what is kept.
        check: raises to stop.

    Raises:
        UsageError: the network is a Python object, which workers cannot open.
    """
    if request.reference.startswith(_FROM_PROGRAM):
        raise UsageError(
            "--cluster", "a network from a program cannot travel", "save it to a file"
        )
    threads = torch.get_num_threads()
    waiting: deque[tuple[range, Any]] = deque()
    for start in range(0, len(images), CHUNK):
        part = range(start, min(start + CHUNK, len(images)))
        task = (request, images.part(part), settings, threads)
        future = client.submit(compute_chunk, *task, pure=False, retries=_RETRIES)
        waiting.append((part, future))
        if len(waiting) > _AHEAD * max(1, len(client.scheduler_info()["workers"])):
            yield _taken(*waiting.popleft(), check)
    while waiting:
        yield _taken(*waiting.popleft(), check)


def compute_chunk(
    request: ModelRequest, images: ImageSet, settings: Settings, threads: int
) -> ChunkRows:
    """Return the rows of one chunk; called on a worker.

    Args:
        request: of the network.
        images: of the chunk.
        settings: what is kept.
        threads: of torch, as many as the process that asks has.
    """
    torch.set_num_threads(threads)
    model = _opened(request)
    (rows,) = ChunkPasses(model, settings, _never).over(images, max(1, len(images)))
    return rows


@cache
def _opened(request: ModelRequest) -> Model:
    """Open a network once for all tasks of this process."""
    opening = ModelStore(None, None).open(request, _never)
    while True:
        try:
            next(opening)
        except StopIteration as end:
            model: Model = end.value
            return model


def _never() -> None:
    """Never stop: who asked cancels the task."""


def _taken(part: range, future: Any, check: Check) -> ChunkRows:
    """Wait for a task, so that the job can be stopped meanwhile."""
    while not future.done():
        check()
        with suppress(TimeoutError):
            _library().wait(future, timeout=_POLL)
    rows: ChunkRows = future.result()
    return replace(rows, places=[part[place] for place in rows.places])


def _library() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError:
        raise InputError(
            "--cluster", "Dask is not installed", "pip install nnviz-studio[cluster]"
        ) from None


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Say in one line that a cluster was lost; errors of this program pass.

    Raises:
        InputError: the scheduler is gone, or workers died over and over.
    """
    library = _library()
    lost = (
        library.scheduler.KilledWorker,
        library.comm.CommClosedError,
        library.client.FutureCancelledError,
        OSError,
    )
    try:
        yield
    except NnvizError:
        raise
    except lost as error:
        words = str(error).partition("\n")[0][:120] or type(error).__name__
        raise InputError(
            f"cluster {address}",
            f"was lost ({words})",
            "run the same command again: it goes on where it was left",
        ) from None
