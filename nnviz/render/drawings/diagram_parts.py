"""Elements of a laid-out diagram: boxes and routes, in px."""

from dataclasses import dataclass, replace

Point = tuple[float, float]
"""x, y."""

TITLE_SIZE, DETAIL_SIZE = 13, 11
"""Font sizes, px."""
HEADER = 26.0
"""Height of the title of an open group."""
LINE = 17.0
"""Height of a line of text."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node or group with its rectangle.

    Attributes:
        name: of the node or the group.
        left: px, as the three that follow.
        top: y of the upper side.
        width: from side to side.
        height: likewise.
        node: index in the diagram; -1 for a group.
        opened: whether it is a group whose members are drawn inside.
        depth: number of groups around it.
    """

    name: str
    left: float
    top: float
    width: float
    height: float
    node: int = -1
    opened: bool = False
    depth: int = 0

    @property
    def group(self) -> bool:
        """Whether the box is a group."""
        return self.node < 0

    def contains(self, x: float, y: float) -> bool:
        """Return whether a point lies in the box."""
        inside = self.left <= x < self.left + self.width
        return inside and self.top <= y < self.top + self.height

    def moved(self, x: float, y: float) -> "Box":
        """Return the box translated, and one group deeper."""
        return replace(self, left=self.left + x, top=self.top + y, depth=self.depth + 1)


@dataclass(frozen=True, slots=True)
class Route:
    """An arrow with its path.

    Attributes:
        points: corners of the line, first to last.
        label: label of the arrow, the data's size.
        head: whether it ends at a box and not at the border of a group.
        named: whether to write the label next to it: once for all arrows that carry the
            same data from one box.
    """

    points: tuple[Point, ...]
    label: str = ""
    head: bool = True
    named: bool = False

    def moved(self, x: float, y: float) -> "Route":
        """Return the arrow translated."""
        return replace(self, points=tuple((a + x, b + y) for a, b in self.points))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A laid-out diagram.

    Attributes:
        width: px.
        height: px.
        boxes: boxes; groups come before their members.
        routes: the arrows.
        entry: x of the port in the top side.
        exit: x of the port in the bottom side.
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    entry: float = 0.0
    exit: float = 0.0

    def box_at(self, x: float, y: float) -> Box | None:
        """Return the innermost box at a point; None where there is none."""
        found = [box for box in self.boxes if box.contains(x, y)]
        return found[-1] if found else None
