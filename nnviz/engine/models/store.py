"""Cache of opened networks; the only module that places networks on a device."""

from collections import Counter, OrderedDict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nnviz.base.catalogue import network_title
from nnviz.base.errors import UsageError
from nnviz.base.events import Progress
from nnviz.base.file_formats import DESCRIPTIONS, INDEX
from nnviz.base.host.interrupts import held_back
from nnviz.base.host.reading import is_folder
from nnviz.base.info import Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.compute import memory
from nnviz.engine.models.adopted import AdoptedNetworks
from nnviz.engine.models.assemble import assemble
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.devices import device_of
from nnviz.engine.models.model import Model
from nnviz.engine.models.opened import Opened
from nnviz.engine.models.programs.trust import trust
from nnviz.engine.models.references import (
    BundledReference,
    FileReference,
    ObjectReference,
    PythonReference,
    Reference,
    ZooReference,
    parse,
)
from nnviz.engine.models.shared import Check, SharedSteps
from nnviz.media.side_cars import find_side_car

_Key = tuple[str, str]
"""Identity of a network, and its device."""
_Use = tuple[Preprocess, str, str, str, str]
"""How a network is used: preprocessing, label file, task, output, unit."""
_MOST_FILES = 1000
_SHARE = 0.5
"""Fraction of a device's free memory that cached networks may use."""


@dataclass(eq=False)
class _Kept:
    """A network on its device, with the models that share it."""

    opened: Opened
    models: dict[_Use, Model] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Size of the network and of its models' copies, B."""
        copies = [net for each in self.models.values() for net in each.copies]
        return sum(bytes_of(net) for net in (self.opened.net, *copies))


class ModelStore:
    """Opens networks and caches the most recently used ones.

    Args:
        weights_folder: folder of downloaded weights; None for the user's cache.
        model_bytes: total size of the cached networks, B; None for half of the free
            memory.  A network in use is never dropped.
    """

    def __init__(
        self, weights_folder: Path | None = None, model_bytes: int | None = None
    ) -> None:
        self._folder = weights_folder
        self._limit = model_bytes
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._openings: dict[_Key, SharedSteps[Progress]] = {}
        self._leases: Counter[int] = Counter()
        self._adopted = AdoptedNetworks()

    def adopt(
        self,
        net: nn.Module,
        preprocess: Preprocess | None,
        labels: Sequence[str] = (),
        task: Task | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> str:
        """Copy a network that exists in Python; return its reference.

        Args:
            net: in any mode; unchanged.
            preprocess: of its input; None where it carries its own, as torchvision's
                detectors do.
            labels: names of its outputs.
            task: of the network; None to infer it from the output.
            fixed: further inputs, by the names of the parameters of ``forward``.

        Raises:
            ModelError: the network cannot be copied, or needs a preprocessing.
        """
        return self._adopted.add(net, preprocess, labels, task, fixed)

    def discard(self, reference: str) -> None:
        """Drop an adopted network; its reference can no longer be opened."""
        self._adopted.discard(reference)
        identity = _identity(parse(reference))
        for key in [each for each in self._kept if each[0] == identity]:
            del self._kept[key]

    def open(
        self, request: ModelRequest, check: Check
    ) -> Generator[Progress, None, Model]:
        """Return a network ready for use, from the cache if it was opened before.

        Raises:
            NnvizError: the network cannot be opened; gives the reason and a remedy.
        """
        device = device_of(request.device)
        parsed = parse(request.reference)
        if request.trust and isinstance(parsed, FileReference | PythonReference):
            self._trust(parsed.path, check)
        kept = yield from self._network(parsed, device, check)
        preprocess = request.preprocess or kept.opened.preprocess
        if request.fields:
            preprocess = preprocess.with_fields(dict(request.fields))
        labels = stamp(Path(request.labels)) if request.labels else ""
        key = (preprocess, labels, request.task, request.outputs, request.unit)
        if key not in kept.models:
            yield Progress(0, 0, f"looking into {kept.opened.title}")
            check()
        if key not in kept.models:  # another job may have done it meanwhile
            # A network's own code may draw random numbers in its passes.
            title = kept.opened.title
            with torch.random.fork_rng(devices=[]), memory.in_words(title):
                kept.models[key] = assemble(
                    kept.opened, preprocess, request, device, check
                )
        return kept.models[key]

    @contextmanager
    def lease(self, model: Model) -> Iterator[None]:
        """Keep a model in memory inside the block."""
        key = id(model.net)
        self._leases[key] += 1
        try:
            yield
        finally:
            self._leases[key] -= 1

    def fetch(self, reference: str, check: Check) -> Generator[Progress, None, Path]:
        """Download a network's weights; return their file.

        Raises:
            UsageError: the reference names nothing that can be downloaded.
            OfflineError: the server cannot be reached; names file and folder.
            InputError: the folder cannot be written, or the file came damaged.
        """
        parsed = parse(reference)
        if not isinstance(parsed, ZooReference) or parsed.seed is not None:
            raise UsageError(
                reference,
                "there is nothing to download",
                "published weights are zoo:NAME or zoo:NAME@WEIGHTS",
            )
        from nnviz.engine.models import published  # noqa: PLC0415 -- see _open

        return (yield from published.fetch(parsed, self._folder, check))

    def close(self) -> None:
        """Drop all networks and release their memory."""
        self._kept.clear()
        memory.release()

    def _network(
        self, reference: Reference, device: torch.device, check: Check
    ) -> Generator[Progress, None, _Kept]:
        key = (_identity(reference), str(device))
        while key not in self._kept:
            opening = self._openings.get(key)
            if opening is None or opening.ended:
                opening = SharedSteps(partial(self._load, key, reference, device))
                self._openings[key] = opening
            yield from opening.join(check)
            check()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _load(
        self, key: _Key, reference: Reference, device: torch.device, check: Check
    ) -> Generator[Progress, None, None]:
        """Open a network, place it on its device and cache it."""
        try:
            yield Progress(0, 0, f"opening {network_title(str(reference))}")
            with memory.in_words(f"opening {reference}"):
                opened = yield from self._open(reference, check)
                size = bytes_of(opened.net)
                self._make_room(size, device)
                _move(opened.net, device, check)
            self._kept[key] = _Kept(opened)
        finally:
            del self._openings[key]

    def _open(
        self, reference: Reference, check: Check
    ) -> Generator[Progress, None, Opened]:
        if isinstance(reference, BundledReference):
            return open_bundled(reference, check)
        if isinstance(reference, ObjectReference):
            return self._adopted.open(reference)
        # torchvision takes 2 s to import: only when one of its networks is wanted.
        with held_back():
            from nnviz.engine.models import files, published, zoo  # noqa: PLC0415

        if isinstance(reference, PythonReference):
            return (yield from files.open_python(reference, check))
        if isinstance(reference, FileReference):
            return (yield from files.open_file(reference, check))
        if reference.seed is None:
            return published.open_published(reference, self._folder, check)
        return zoo.open_random(reference, check)

    @staticmethod
    def _trust(path: Path, check: Check) -> None:
        """Record the user's consent to run a program."""
        if path.is_file():
            trust(path, check)

    def _make_room(self, size: int, device: torch.device) -> None:
        """Evict the least recently used networks until ``size`` B more fit."""
        held = sum(kept.size for kept in self._kept.values())
        limit = self._limit
        if limit is None:
            limit = held + int(memory.free_bytes(device) * _SHARE)
        for key, kept in list(self._kept.items()):
            if held + size <= limit:
                break
            nets = [kept.opened.net, *(each.net for each in kept.models.values())]
            if not any(self._leases[id(net)] for net in nets):
                held -= kept.size
                del self._kept[key]
        memory.release()


def bytes_of(net: nn.Module) -> int:
    """Return the size of a network's parameters and buffers, B."""
    tensors = chain(net.parameters(), net.buffers())
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _identity(reference: Reference) -> str:
    """Return a network's cache key, which changes with its file."""
    if isinstance(reference, PythonReference):
        return f"{reference} {stamp(reference.path)}"
    if not isinstance(reference, FileReference):
        return str(reference)
    side_car = find_side_car(reference.path)
    return _stamps(reference.path) + (stamp(side_car) if side_car else "")


def _stamps(path: Path) -> str:
    """Return the stamp of a file, or of the files of a folder or description."""
    path = path.expanduser()
    if path.name in DESCRIPTIONS or path.name.endswith(INDEX):
        path = path.parent
    if not is_folder(path):
        return stamp(path)
    try:
        return " ".join(map(stamp, islice(sorted(path.iterdir()), _MOST_FILES)))
    except OSError:
        return str(path)


def stamp(path: Path) -> str:
    """Return a file's path, modification time and size, which identify its contents."""
    path = path.expanduser()
    if not path.is_file():
        return str(path)
    status = path.stat()
    return f"{path.resolve()} {status.st_mtime_ns} {status.st_size}"


def _move(net: nn.Module, device: torch.device, check: Check) -> None:
    """Move a network to a device, module by module so that the job can be stopped."""
    for module in net.modules():
        check()
        for tensor in chain(module.parameters(False), module.buffers(False)):
            tensor.data = tensor.data.to(device)
