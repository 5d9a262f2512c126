"""The session: what is open and selected in the window, saved to be resumed later."""

from dataclasses import dataclass, field

from nnviz.base.parameters import Value
from nnviz.base.request_base import ModelRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """The state of a session: open images, network, method, results.

    Attributes:
        images: paths of the tray's images, in its order.
        current: path of the image that is open; may be empty.
        model: how the network was opened; None without a network.
        workspace: name of the visible workspace.
        method: name of the selected method; may be empty.
        values: values of its parameters.
        boxes: boxes drawn on images, in the notation of ``notation.boxes``.
        results: names of the kept results' files, newest first.
        closed: whether the window was closed normally.
    """

    images: tuple[str, ...] = ()
    current: str = ""
    model: ModelRequest | None = None
    workspace: str = ""
    method: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    boxes: str = ""
    results: tuple[str, ...] = ()
    closed: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the session holds nothing worth keeping."""
        return not (self.images or self.results or self.boxes)
