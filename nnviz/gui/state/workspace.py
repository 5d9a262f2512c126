"""Workspaces: their methods, docks and pages."""

from dataclasses import dataclass

from nnviz.base.info import MethodInfo, Task
from nnviz.gui.state.modes import COMPARE, PICTURED


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace: its methods, docks and pages.

    Attributes:
        name: constant, for settings.
        title: title in the bar.
        icon: of ``resources/icons``.
        group: ``Capabilities.workspace`` of its methods; empty for all.
        methods: chosen when the workspace is entered for the first time: the first of
            them that suits the network.
        for_detectors: the method that comes before these where the network is a
            detector; empty for none.
        docks: names of the docks that stand open; all others are hidden.
        live: whether its methods follow a camera.
        modes: further pages of the middle that it has.
        images: whether the middle also shows the image, results and comparisons; else
            the first of its own pages stands in their place.
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
    for_detectors: str = ""

    def usual(self, task: Task | None) -> tuple[str, ...]:
        """Return the methods to begin with, for a network of a task."""
        first = self.for_detectors if task is Task.DETECT else ""
        return (first, *self.methods) if first else self.methods

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
