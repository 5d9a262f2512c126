"""Workspaces: their methods, docks and pages."""

from dataclasses import dataclass

from nnviz.base.info import MethodInfo
from nnviz.gui.state.modes import COMPARE, PICTURED


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace: its methods, docks and pages.

    Attributes:
        name: constant, for settings.
        title: title in the bar.
        icon: of ``resources/icons``.
        group: ``Capabilities.workspace`` of its methods; empty for all.
        methods: candidates for the first entry into the workspace: the first that suits
            the network is selected.
        docks: names of the open docks; all others are hidden.
        live: whether its methods run on a camera.
        modes: additional pages of the central view.
        images: whether the central view also shows the image, results and comparisons;
            else the first of its own pages replaces them.
    """

    name: str
    title: str
    icon: str
    group: str
    methods: tuple[str, ...]
    docks: tuple[str, ...]
    live: bool = False
    modes: tuple[str, ...] = ()
    images: bool = True

    def offers(self, info: MethodInfo) -> bool:
        """Return whether the workspace offers a method."""
        return (info.live or not self.live) and self.group in {
            "",
            info.capabilities.workspace,
        }

    @property
    def pages(self) -> tuple[str, ...]:
        """Modes of the central view that the workspace offers."""
        usual = (*PICTURED, COMPARE) if self.images else ()
        return (*usual, *self.modes)
