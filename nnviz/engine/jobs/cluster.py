"""Dask: distribution of a job's tasks over local processes or a cluster's workers.

Dask reassigns the tasks of a lost worker; results are consumed in the order of the
tasks, so a job gives the same result as in one process, bit for bit on machines of one
kind.
"""

import importlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

import torch

from nnviz.base.errors import InputError, NnvizError, UsageError
from nnviz.base.requests import ModelRequest
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.jobs.registry import job_of
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.models.model import Model
from nnviz.engine.sharing import Share, Worker, finish, share_here

T = TypeVar("T")
R = TypeVar("R")
LOCAL = "local"
_RETRIES = 3
"""Of a task that failed or whose worker was lost."""
_AHEAD = 2
"""Tasks in flight for each worker."""
_MOST_PER_CORE = 4
"""Processes of a local cluster."""
_POLL = 0.25
_CONNECT_SECONDS = 15
FROM_PROGRAM = "object:"
_CACHED_BYTES = 64 << 20
"""Size of a worker's cache of activations, B."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A worker's refusal of a task that would fail again on any retry."""

    error: NnvizError


class Clustered(Protocol):
    """A request that names the cluster for its tasks."""

    @property
    def cluster(self) -> str:
        """Empty for this process, ``LOCAL``, or a scheduler's address."""

    @property
    def workers(self) -> int:
        """Number of processes of a local cluster; 0 for the number of cores."""


def sharing(here: Worker, opened: ModelRequest, request: Clustered) -> Share:
    """Return the function that runs a job's tasks here or on the request's cluster.

    Args:
        here: this process.
        opened: the request that opens the network.
        request: contains the cluster's address.

    Raises:
        UsageError: the network is a Python object, which workers cannot open.
    """
    if not request.cluster:
        return share_here(here)
    if opened.reference.startswith(FROM_PROGRAM):
        raise UsageError(
            "--cluster",
            "a network from a program cannot be sent to workers",
            "save it to a file",
        )

    def share(work: Callable[[Worker, T], R], tasks: Iterable[T]) -> Iterator[R]:
        remaining = iter(tasks)
        first = list(islice(remaining, 1))
        if not first:  # a finished job starts no cluster
            return
        threads = torch.get_num_threads()
        calls = ((opened, threads, work, task) for task in chain(first, remaining))
        with connected(request.cluster, request.workers) as client:
            yield from in_order(client, carry_out, calls, here.check)

    return share


@contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Connect to a Dask scheduler, or run a local cluster during the block.

    Args:
        address: ``LOCAL`` or a scheduler's, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for one per core.

    Raises:
        UsageError: more processes of a local cluster than this machine can run.
        InputError: Dask is not installed, or no scheduler is reached or it was lost.
    """
    library = _library()
    cores = os.cpu_count() or 1
    if address == LOCAL and workers > _MOST_PER_CORE * cores:
        raise UsageError(
            "workers",
            f"{workers:,} processes are too many for {cores} cores",
            f"give at most {_MOST_PER_CORE * cores}",
        )
    with _in_words(address):
        if address == LOCAL:
            with (
                library.LocalCluster(
                    n_workers=workers or cores,
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


def in_order(
    client: Any,
    function: Callable[..., Any],
    calls: Iterable[tuple[Any, ...]],
    check: Check,
) -> Iterator[Any]:
    """Yield the workers' results of some calls, in the order of the calls.

    A few calls for each worker are in flight at a time.

    Args:
        client: of the cluster.
        function: of a module that workers can import.
        calls: its arguments.
        check: raises to stop.

    Raises:
        NnvizError: a call was refused.
    """
    waiting: deque[Any] = deque()
    for call in calls:
        waiting.append(client.submit(function, *call, pure=False, retries=_RETRIES))
        if len(waiting) > _AHEAD * max(1, len(client.scheduler_info()["workers"])):
            yield _taken(waiting.popleft(), check)
    while waiting:
        yield _taken(waiting.popleft(), check)


def carry_out(
    request: ModelRequest, threads: int, work: Callable[[Worker, T], R], task: T
) -> R | Refused:
    """Carry out a task on a worker; return its result or refusal.

    Args:
        request: of the network, which is opened once.
        threads: of torch, as many as in the requesting process.
        work: the function.
        task: its argument.
    """
    torch.set_num_threads(threads)
    try:
        return work(_opened(request), task)
    except NnvizError as error:
        return Refused(error)


@cache
def _opened(request: ModelRequest) -> Worker:
    """Open a network once per process, and return this process as its worker."""
    resources = Resources(activation_bytes=_CACHED_BYTES)
    model: Model = finish(resources.store.open(request, _never))
    return worker_of(resources, model, _never)


def worker_of(resources: Resources, model: Model, check: Check) -> Worker:
    """Return this process as a worker with an open network."""
    return Worker(
        model=model,
        store=resources.store,
        run=lambda request: job_of(resources, request, check),
        check=check,
    )


def thread_count() -> int:
    """Return the number of torch's threads."""
    return torch.get_num_threads()


def use_threads(count: int) -> None:
    """Set the number of torch's threads."""
    torch.set_num_threads(count)


def _never() -> None:
    """Do nothing: the submitter of a worker's task cancels it, not the worker."""


def _taken(future: Any, check: Check) -> Any:
    """Wait for a task's result, checking for cancellation meanwhile."""
    while not future.done():
        check()
        with suppress(TimeoutError):
            _library().wait(future, timeout=_POLL)
    found = future.result()
    if isinstance(found, Refused):
        raise found.error
    return found


def _library() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError:
        raise InputError(
            "--cluster", "Dask is not installed", install_command("cluster")
        ) from None


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Convert the loss of a cluster to a one-line error; other errors pass.

    Raises:
        InputError: the scheduler is gone, or workers died repeatedly.
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
            "run the command again; an index continues where it stopped",
        ) from None
