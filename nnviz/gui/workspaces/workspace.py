"""What a workspace is: a group of methods and the docks that stand open for it."""

from dataclasses import dataclass

from nnviz.gui.actions import Command


@dataclass(frozen=True, slots=True)
class Workspace:
    """A job and what it needs at hand.

    Attributes:
        name: unchanging, for settings.
        title: in the bar.
        icon: of ``resources/icons``.
        group: ``MethodInfo.group`` of its methods.
        method: chosen when the workspace is entered for the first time.
        docks: names of the docks that stand open; all others are hidden.
    """

    name: str
    title: str
    icon: str
    group: str
    method: str
    docks: tuple[str, ...]

    def command(self) -> Command:
        """Return the command that enters it."""
        return Command(
            f"workspace.{self.name}", self.title, "", self.icon, "Go", checkable=True
        )
