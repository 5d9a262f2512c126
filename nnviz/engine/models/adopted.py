"""Networks handed over by a Python program, under references of their own."""

import copy
import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.host.interrupts import held_back
from nnviz.base.info import ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.compute import memory
from nnviz.engine.models.adapters.inputs import adapt_inputs
from nnviz.engine.models.opened import Opened
from nnviz.engine.models.references import ObjectReference
from nnviz.engine.models.weights.hashing import parameters_sha256
from nnviz.engine.models.weights.plain_copies import PLAIN, is_compiled, plain_copy


class AdoptedNetworks:
    """Copies of networks as they were when handed over."""

    def __init__(self) -> None:
        self._opened: dict[str, Opened] = {}
        self._numbers = itertools.count(1)

    def add(
        self,
        net: nn.Module,
        preprocess: Preprocess | None,
        labels: Sequence[str],
        task: Task | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> str:
        """Store a copy of a network; return the reference that opens it.

        The caller's network is unchanged, in training mode or not; later changes to it
        do not affect the copy, which computes in float32.

        Raises:
            ModelError: the network cannot be copied, or its weights do not exist yet.
            UsageError: no preprocessing was given for a network that carries none.
        """
        kind = type(getattr(net, "_orig_mod", net)).__name__
        reference = str(ObjectReference(f"{kind}-{next(self._numbers)}"))
        twin, own = plain_copy(net, kind), None
        if is_torchvision_detector(twin):
            twin, own = opened_detector(twin)
            task = Task.DETECT
        chosen = preprocess or own
        if chosen is None:
            raise UsageError(
                "preprocess", "missing", "a module needs its size, mean and std"
            )
        notes = adapt_inputs(twin, chosen, fixed or {}, kind)
        digests: list[str] = []
        why = memory.refusal(
            lambda: digests.append(parameters_sha256(twin, lambda: None))
        )
        if why is not None:
            raise ModelError(kind, f"its own code failed ({why})", PLAIN)
        self._opened[reference] = Opened(
            net=twin,
            reference=reference,
            title=kind,
            source=ModelSource.YOURS,
            weights="handed over by a program",
            sha256=digests[0],
            preprocess=chosen,
            labels=tuple(labels) or _carried_labels(net),
            notes=(*_notes(net), *notes),
            task=task or Task.CLASSIFY,
            task_said=task is not None,
            own_code=True,
        )
        return reference

    def discard(self, reference: str) -> None:
        """Drop a network; its reference becomes invalid."""
        self._opened.pop(reference, None)

    def open(self, reference: ObjectReference) -> Opened:
        """Return a stored network, not yet on a device.

        Raises:
            ModelError: no network was registered under that name in this process.
        """
        known = self._opened.get(str(reference))
        if known is None:
            raise ModelError(
                str(reference),
                "was handed over by a program that has ended",
                "run that program again, or save the network's weights to a file",
            )
        return dataclasses.replace(known, net=copy.deepcopy(known.net))


def is_torchvision_detector(net: nn.Module) -> bool:
    """Tell whether a network is a torchvision detector; does not import torchvision."""
    return any(
        kind.__module__.startswith("torchvision.models.detection.")
        for kind in type(net).__mro__
    )


def opened_detector(net: Any) -> tuple[nn.Module, Preprocess]:
    """Wrap a detector as a network from pixels; return it and its preprocessing."""
    with held_back():  # torchvision takes 2 s to import
        from nnviz.engine.models.detectors import (  # noqa: PLC0415
            torchvision_nets as detectors,
        )

    own = detectors.preprocess_of(net.transform)
    return detectors.detector(net).eval().requires_grad_(False), own


def _carried_labels(net: nn.Module) -> tuple[str, ...]:
    """Return the class names in the configuration of transformers' networks.

    Placeholders of the library ("LABEL_0") are left out.
    """
    found: list[object] = []
    # Properties of a network may raise anything.
    memory.refusal(lambda: found.append(getattr(net, "config", None)))
    names = getattr(found[0], "id2label", None) if found else None
    if not isinstance(names, dict) or sorted(names) != list(range(len(names))):
        return ()
    ordered = tuple(str(names[index]) for index in range(len(names)))
    made_up = all(name == f"LABEL_{index}" for index, name in enumerate(ordered))
    return () if made_up else ordered


def _notes(net: nn.Module) -> tuple[str, ...]:
    found = []
    if is_compiled(net):
        found.append("compiled: the original network is used")
    kinds = {weight.dtype for weight in net.parameters() if weight.is_floating_point()}
    others = sorted(
        str(kind).removeprefix("torch.") for kind in kinds - {torch.float32}
    )
    if others:
        words = " and ".join(others)
        found.append(f"its weights are {words}; here it computes in float32")
    return tuple(found)
