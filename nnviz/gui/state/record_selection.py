"""The selected records of a data set, shared by all panels."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.gui.state.record_query import Records

NO_RECORD = -1


class RecordSelection(QObject):
    """The selected records and the current one."""

    changed = Signal()
    """The selected records have changed."""
    current_changed = Signal(int)
    """The record whose details are shown; -1 for none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._flags = np.zeros(0, bool)
        self._current = NO_RECORD
        self._count = 0

    @property
    def flags(self) -> NDArray[np.bool_]:
        """Flags of the selected records, bool (n,); read-only by convention."""
        return self._flags

    @property
    def count(self) -> int:
        """Number of selected records."""
        return self._count

    @property
    def current(self) -> int:
        """The record whose details are shown; -1 for none."""
        return self._current

    def records(self, most: int | None = None) -> Records:
        """Return the first ``most`` selected records."""
        found: Records = np.flatnonzero(self._flags)
        return found[:most]

    def reset(self, count: int) -> None:
        """Clear the selection for another data set of ``count`` records."""
        self._take(np.zeros(count, bool))
        self.set_current(NO_RECORD)

    def grow(self, count: int) -> None:
        """Extend the flags to records added at the end."""
        grown = np.zeros(count, bool)
        kept = min(count, len(self._flags))
        grown[:kept] = self._flags[:kept]
        self._take(grown)

    def select(self, records: Records, *, add: bool = False) -> None:
        """Select records, adding to the selection or replacing it."""
        flags = self._flags.copy() if add else np.zeros(len(self._flags), bool)
        flags[records] = True
        self._take(flags)

    def toggle(self, records: Records) -> None:
        """Toggle the selection of some records."""
        flags = self._flags.copy()
        flags[records] ^= True
        self._take(flags)

    def clear(self) -> None:
        """Clear the selection."""
        self._take(np.zeros(len(self._flags), bool))

    def set_current(self, record: int) -> None:
        """Set the current record."""
        if record != self._current:
            self._current = record
            self.current_changed.emit(record)

    def take(self, flags: NDArray[np.bool_]) -> None:
        """Select exactly the records whose flag is set."""
        self._take(flags)

    def _take(self, flags: NDArray[np.bool_]) -> None:
        if len(flags) == len(self._flags) and np.array_equal(flags, self._flags):
            return
        self._flags, self._count = flags, int(np.count_nonzero(flags))
        self.changed.emit()
