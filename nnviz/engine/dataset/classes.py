"""Classes of a set and of a network in one numbering: the network's come first."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from nnviz.base.notation.targets import class_called

NO_CLASS = -1


class ClassNumbers:
    """Numbering of classes by name, case-insensitive.

    Args:
        outputs: labels of the network, in the order of its outputs.
        further: names that only the set has, from an earlier run.
    """

    def __init__(self, outputs: Sequence[str], further: Sequence[str] = ()) -> None:
        self._outputs = tuple(outputs)
        self._further = list(further)
        self._numbers: dict[str, int] = {"": NO_CLASS}

    @property
    def names(self) -> tuple[str, ...]:
        """All class names, the network's first."""
        return (*self._outputs, *self._further)

    def add(self, names: Iterable[str]) -> None:
        """Number new names in sorted order."""
        for name in sorted(set(names) - set(self._numbers)):
            found = class_called(name, self.names)
            if found is None:
                found = len(self.names)
                self._further.append(name)
            self._numbers[name] = found

    def of(self, labels: Sequence[str]) -> NDArray[np.int32]:
        """Return the numbers of labels, int32 (n,); ``NO_CLASS`` for ""."""
        return np.array([self._numbers[each] for each in labels], np.int32)
