"""Base class of writers that are closed at the end of a ``with`` block."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Base of context managers that close their files, also after an error."""

    @abstractmethod
    def close(self) -> None:
        """Close the files; idempotent."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files, keeping what was written so far."""
        self.close()
