"""Closing at the end of a ``with`` block, for what has files open."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Base of what a ``with`` block closes, however the block ends."""

    @abstractmethod
    def close(self) -> None:
        """Close the files; called again, do nothing."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close: what was written up to here stays."""
        self.close()
