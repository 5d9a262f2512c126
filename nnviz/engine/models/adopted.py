"""Networks that a program made itself and handed over, under a name of their own."""

import copy
import dataclasses
from collections.abc import Sequence
from itertools import chain

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from nnviz.base.errors import ModelError
from nnviz.base.info import ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.compute.memory import refusal
from nnviz.engine.models.hashing import parameters_sha256
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import ObjectReference


class AdoptedNetworks:
    """Copies of networks as they were when they were handed over."""

    def __init__(self) -> None:
        self._opened: dict[str, Opened] = {}

    def add(
        self,
        net: nn.Module,
        preprocess: Preprocess,
        labels: Sequence[str],
        task: Task = Task.CLASSIFY,
    ) -> str:
        """Keep a copy of a network and return the reference that opens it.

        The caller's network stays as it is, in training mode or not; what becomes of
        it later does not change the copy, which computes in float32.

        Raises:
            ModelError: it cannot be copied, or its weights do not exist yet.
        """
        kind = type(net).__name__
        reference = str(ObjectReference(f"{kind}-{len(self._opened) + 1}"))
        twin = _twin(net, kind)
        self._opened[reference] = Opened(
            net=twin,
            reference=reference,
            title=kind,
            source=ModelSource.YOURS,
            weights="handed over by a program",
            sha256=parameters_sha256(twin, lambda: None),
            preprocess=preprocess,
            labels=tuple(labels),
            notes=_notes(net),
            task=task,
        )
        return reference

    def open(self, reference: ObjectReference) -> Opened:
        """Return a network to be put on a device.

        Raises:
            ModelError: none of that name was handed over in this process.
        """
        known = self._opened.get(str(reference))
        if known is None:
            raise ModelError(
                str(reference),
                "was handed over by a program that has ended",
                "run that program again, or save the network's weights to a file",
            )
        return dataclasses.replace(known, net=copy.deepcopy(known.net))


def _twin(net: nn.Module, kind: str) -> nn.Module:
    """Return a copy, ready for use."""
    if any(is_lazy(weight) for weight in chain(net.parameters(), net.buffers())):
        raise ModelError(
            kind, "has lazy layers without weights", "run it on one picture first"
        )
    copies: list[nn.Module] = []
    why = refusal(lambda: copies.append(copy.deepcopy(net).cpu().float()))
    if why is not None:
        raise ModelError(
            kind, f"cannot be copied ({why})", "hand over a plain nn.Module"
        )
    return frozen(copies[0])


def _notes(net: nn.Module) -> tuple[str, ...]:
    kinds = {weight.dtype for weight in net.parameters() if weight.is_floating_point()}
    others = sorted(
        str(kind).removeprefix("torch.") for kind in kinds - {torch.float32}
    )
    if not others:
        return ()
    return (f"its weights are {' and '.join(others)}; here it computes in float32",)
