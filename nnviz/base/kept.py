"""Images that the window made and keeps as files, for parameters that name one."""

from dataclasses import dataclass

PICTURE_KEPT = "picture:kept"
"""Address of a ``KeptPicture``."""


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """An image that has a file now.

    Attributes:
        purpose: what it was made for, as it was asked.
        path: of the file.
    """

    purpose: str
    path: str
