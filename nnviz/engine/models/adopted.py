"""Networks that a program made itself and handed over, under a name of their own."""

import copy
import dataclasses
from collections.abc import Sequence

from torch import nn

from nnviz.base.errors import ModelError
from nnviz.base.info import ModelSource
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.hashing import parameters_sha256
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import ObjectReference


class AdoptedNetworks:
    """Copies of networks as they were when they were handed over."""

    def __init__(self) -> None:
        self._opened: dict[str, Opened] = {}

    def add(self, net: nn.Module, preprocess: Preprocess, labels: Sequence[str]) -> str:
        """Keep a copy of a network and return the reference that opens it.

        The caller's network stays as it is, in training mode or not; what becomes of
        it later does not change the copy.
        """
        kind = type(net).__name__
        reference = str(ObjectReference(f"{kind}-{len(self._opened) + 1}"))
        twin = frozen(copy.deepcopy(net).cpu())
        self._opened[reference] = Opened(
            net=twin,
            reference=reference,
            title=kind,
            source=ModelSource.YOURS,
            weights="handed over by a program",
            sha256=parameters_sha256(twin, lambda: None),
            preprocess=preprocess,
            labels=tuple(labels),
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
