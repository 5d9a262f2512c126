"""Layered graph drawing (Sugiyama, Tagawa & Toda 1981) with nested groups.

A diagram is laid out from the inside out: the members of a group (nodes, and groups
that are closed or open) are one small graph, and its drawing gives the group's size.
Where an arrow crosses the border of an open group it enters at a port in the top side
and leaves at one in the bottom side.  All sizes and coordinates are in px.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from nnviz.base.results import Diagram, DiagramNode
from nnviz.render.drawings.cell_layout import draw_on_cells
from nnviz.render.drawings.diagram_parts import (
    DETAIL_SIZE,
    HEADER,
    LINE,
    TITLE_SIZE,
    Box,
    Drawing,
    Point,
    Route,
)
from nnviz.render.text.paragraphs import width_of

Measure = Callable[[str, bool], float]
"""Width of a line of text, px; the flag says whether it is bold."""

ROOT = ""
_GAP, _ROW_GAP, _PADDING = 20.0, 30.0, 12.0
_INSET_X, _INSET_Y, _LEAST_WIDTH = 12.0, 6.0, 76.0
_THREAD = 6.0
"""Width reserved for an arrow that passes a row of boxes."""
_SWEEPS = 8
_STRAIGHT = 8.0
"""Weight of a passing arrow relative to a box, to keep long arrows straight."""
_IN, _OUT = "\0in", "\0out"


@dataclass(slots=True)
class _Level:
    """The graph within one group: members in computing order, and arrows."""

    members: dict[str, None] = field(default_factory=dict)
    arrows: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def contents(self) -> list[str]:
        """The members other than ports."""
        return [name for name in self.members if name not in (_IN, _OUT)]

    def join(self, source: str, target: str, label: str) -> None:
        labels = self.arrows.setdefault((source, target), [])
        if label and label not in labels:
            labels.append(label)


@dataclass(slots=True)
class _Item:
    """An item in a row of the layout: a member, a port, or an arrow's dummy node."""

    name: str
    width: float
    height: float
    inner: Drawing | None = None
    x: float = 0.0
    top: float = 0.0
    above: list["_Item"] = field(default_factory=list)
    below: list["_Item"] = field(default_factory=list)
    place: float = 0.0

    @property
    def passing(self) -> bool:
        return not self.name


def measure_text(words: str, bold: bool) -> float:  # noqa: FBT001 -- a Measure
    """Return the width of a line in the program's font, px."""
    return float(width_of(words, TITLE_SIZE if bold else DETAIL_SIZE, bold=bold))


class DiagramLayout:
    """Layout engine of one diagram, for any set of open groups.

    Args:
        diagram: the diagram.
        measure: returns the width of text.
    """

    def __init__(self, diagram: Diagram, measure: Measure = measure_text) -> None:
        self.diagram = diagram
        self._measure = measure
        self._levels = _levels_of(diagram)
        self._index = {node.name: i for i, node in enumerate(diagram.nodes)}
        self._sizes = _count_members(self._levels)
        self._kept: dict[str, tuple[frozenset[str], Drawing]] = {}

    @property
    def groups(self) -> tuple[str, ...]:
        """Paths of all groups with members."""
        return tuple(name for name in self._levels if name != ROOT)

    def top_groups(self, boxes: int) -> frozenset[str]:
        """Return the groups to open, outer ones first, within a number of boxes."""
        opened: set[str] = set()
        outermost = self._levels[ROOT].contents
        count = len(outermost)
        waiting = [each for each in outermost if each in self._levels]
        while waiting:
            inside: list[str] = []
            grown = count
            for name in waiting:
                members = self._levels[name].contents
                grown += len(members)
                inside += [each for each in members if each in self._levels]
            if grown > boxes:
                break
            opened.update(waiting)
            count, waiting = grown, inside
        return frozenset(opened)

    def size_of(self, group: str) -> int:
        """Return the number of nodes in a group, nested groups included."""
        return self._sizes[group]

    def draw(self, opened: Iterable[str] = ()) -> Drawing:
        """Lay out the diagram with the given groups open and all others closed.

        If every node has a cell, the nodes are placed there.
        """
        if self.diagram.nodes and all(node.cell for node in self.diagram.nodes):
            items = [self._node_item(node) for node in self.diagram.nodes]
            sizes = [(item.width, item.height) for item in items]
            names = [self._measure(edge.label, False) for edge in self.diagram.edges]
            return draw_on_cells(self.diagram, sizes, names)
        return self._draw(ROOT, frozenset(opened))

    def _draw(self, group: str, opened: frozenset[str]) -> Drawing:
        inside = frozenset(
            name for name in opened if group == ROOT or name.startswith(f"{group}.")
        )
        kept = self._kept.get(group)
        if kept is None or kept[0] != inside:
            items = self._items(group, inside)
            drawing = _place(items, self._levels[group].arrows, self._index)
            self._kept[group] = kept = (inside, drawing)
        return kept[1]

    def _items(self, group: str, opened: frozenset[str]) -> dict[str, _Item]:
        items = {}
        for name in self._levels[group].members:
            if name in (_IN, _OUT):
                items[name] = _Item(name, 0.0, 0.0)
            elif name in self._index:
                items[name] = self._node_item(self.diagram.nodes[self._index[name]])
            elif name in opened:
                inner = self._draw(name, opened)
                title = self._measure(self._group_title(name), True) + 2 * _INSET_X
                width = max(inner.width, title)
                items[name] = _Item(name, width, inner.height + HEADER, inner)
            else:
                items[name] = self._group_item(name)
        return items

    def _node_item(self, node: DiagramNode) -> _Item:
        return self._item(node.name, node.title, node.detail)

    def _group_item(self, name: str) -> _Item:
        return self._item(name, self._group_title(name), self.group_detail(name))

    def group_detail(self, name: str) -> str:
        """Return the second line of a closed group, "BasicBlock · 7"."""
        title, count = self.diagram.groups[name], self._sizes[name]
        if title:
            return f"{title} · {count}"
        return f"{count} operation" if count == 1 else f"{count} operations"

    @staticmethod
    def _group_title(name: str) -> str:
        return name.rpartition(".")[2]

    def _item(self, name: str, title: str, detail: str) -> _Item:
        lines = [(title, True)] + ([(detail, False)] if detail else [])
        widest = max(self._measure(words, bold) for words, bold in lines)
        width = max(_LEAST_WIDTH, widest + 2 * _INSET_X)
        return _Item(name, width, LINE * len(lines) + 2 * _INSET_Y)


def _levels_of(diagram: Diagram) -> dict[str, _Level]:
    """Build the graph within each group, "" being the outermost."""
    levels: dict[str, _Level] = {ROOT: _Level()}
    chains = [_chain(node.name, diagram.groups) for node in diagram.nodes]
    for chain in chains:
        for outer, member in pairwise(chain):
            levels.setdefault(outer, _Level()).members[member] = None
    for edge in diagram.edges:
        _lift(levels, chains[edge.source], chains[edge.target], edge.label)
    for level in levels.values():
        _add_ports(level)
    return levels


def _chain(name: str, groups: Mapping[str, str]) -> list[str]:
    """Return the groups that contain a node, outermost first, and the node."""
    parts = name.split(".")
    paths = [".".join(parts[:count]) for count in range(1, len(parts))]
    return [ROOT, *(path for path in paths if path in groups), name]


def _lift(
    levels: Mapping[str, _Level],
    source: Sequence[str],
    target: Sequence[str],
    label: str,
) -> None:
    """Add an arrow to the innermost group of both its ends, with ports below."""
    common = 0
    while source[common + 1] == target[common + 1]:
        common += 1
    levels[source[common]].join(source[common + 1], target[common + 1], label)
    for outer, member in pairwise(source[common + 1 :]):
        levels[outer].join(member, _OUT, label)
    for outer, member in pairwise(target[common + 1 :]):
        levels[outer].join(_IN, member, label)


def _add_ports(level: _Level) -> None:
    ends = {end for arrow in level.arrows for end in arrow}
    first = {_IN: None} if _IN in ends else {}
    last = {_OUT: None} if _OUT in ends else {}
    level.members = {**first, **level.members, **last}


def _count_members(levels: Mapping[str, _Level]) -> dict[str, int]:
    counts: dict[str, int] = {}

    def count(group: str) -> int:
        members = levels[group].contents
        counts[group] = sum(count(name) if name in levels else 1 for name in members)
        return counts[group]

    count(ROOT)
    return counts


def _place(
    items: Mapping[str, _Item],
    arrows: Mapping[tuple[str, str], list[str]],
    nodes: Mapping[str, int],
) -> Drawing:
    """Lay out the graph within one group."""
    order = {name: index for index, name in enumerate(items)}
    forward = [each for each in arrows if order[each[0]] < order[each[1]]]
    ranks = _rank(items, forward)
    rows: list[list[_Item]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name, item in items.items():
        rows[ranks[name]].append(item)
    chains = {each: _thread(each, items, ranks, rows) for each in forward}
    _untangle(rows)
    _straighten(rows)
    heights = _stack(rows)
    width = _frame(rows)
    routes = [
        _route(chain, arrows[each], heights, ranks) for each, chain in chains.items()
    ]
    routes = _name_once(routes)
    routes += [
        _return(items[source], items[target], width, arrows[source, target])
        for source, target in arrows
        if order[source] > order[target]
    ]
    bottom = heights[-1][1] if heights else 0.0
    margin = 0.0 if len(routes) == len(chains) else _GAP
    return Drawing(
        width + margin,
        bottom + _PADDING,
        tuple(_boxes(items.values(), nodes)),
        tuple(routes) + tuple(_inner_routes(items.values())),
        items[_IN].x if _IN in items else width / 2,
        items[_OUT].x if _OUT in items else width / 2,
    )


def _rank(
    items: Mapping[str, _Item], arrows: Iterable[tuple[str, str]]
) -> dict[str, int]:
    """Assign each item a row: one below the lowest of its predecessors."""
    before: dict[str, list[str]] = {name: [] for name in items}
    for source, target in arrows:
        before[target].append(source)
    ranks: dict[str, int] = {}
    for name in items:  # computing order: predecessors are ranked already
        ranks[name] = max((ranks[each] + 1 for each in before[name]), default=0)
    if _OUT in ranks:
        ranks[_OUT] = max(ranks[_OUT], *(rank for rank in ranks.values()))
    return ranks


def _thread(
    arrow: tuple[str, str],
    items: Mapping[str, _Item],
    ranks: Mapping[str, int],
    rows: list[list[_Item]],
) -> list[_Item]:
    """Insert dummy nodes in the rows that an arrow crosses; return its chain."""
    source, target = arrow
    chain = [items[source]]
    for rank in range(ranks[source] + 1, ranks[target]):
        passing = _Item("", _THREAD, 0.0)
        rows[rank].append(passing)
        chain.append(passing)
    chain.append(items[target])
    for upper, lower in pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _untangle(rows: Sequence[list[_Item]]) -> None:
    """Reduce crossings: order each row by its neighbors' barycenters."""
    _number(rows)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            keys = {
                id(item): _mean(item.above if down else item.below, item.place)
                for item in row
            }
            row.sort(key=lambda item: keys[id(item)])
            _number([row])


def _number(rows: Iterable[Sequence[_Item]]) -> None:
    """Set each item's relative position in its row, in (0, 1)."""
    for row in rows:
        for index, item in enumerate(row):
            item.place = (index + 0.5) / len(row)


def _mean(items: Sequence[_Item], default: float) -> float:
    return sum(item.place for item in items) / len(items) if items else default


def _straighten(rows: Sequence[Sequence[_Item]]) -> None:
    """Set each item's x near the mean of its neighbors', without overlaps."""
    for row in rows:
        _settle(row, [0.0] * len(row))
    for sweep in range(2 * _SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            wanted = []
            for item in row:
                near = (item.above if down else item.below) or [item]
                wanted.append(sum(each.x for each in near) / len(near))
            _settle(row, wanted)


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the isotonic regression of values (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for aim, mass in zip(values, weights, strict=True):
        value, weight, count = aim, mass, 1
        while blocks and blocks[-1][0] > value:
            left, before, size = blocks.pop()
            value = (left * before + value * weight) / (before + weight)
            weight, count = weight + before, count + size
        blocks.append((value, weight, count))
    return [value for value, _, count in blocks for _ in range(count)]


def _settle(row: Sequence[_Item], wanted: Sequence[float]) -> None:
    """Set the x of a row's items as near to the wanted ones as their widths allow.

    Least squares with a least distance between neighbors is isotonic regression of the
    wanted x minus the widths to their left, solved by pooling adjacent violators.
    """
    offsets, total = [], 0.0
    for index, item in enumerate(row):
        if index:
            total += (row[index - 1].width + item.width) / 2 + _GAP
        offsets.append(total)
    weights = [_STRAIGHT if item.passing else 1.0 for item in row]
    aims = [want - offset for want, offset in zip(wanted, offsets, strict=True)]
    values = _rising(aims, weights)
    for item, value, offset in zip(row, values, offsets, strict=True):
        item.x = value + offset


def _stack(rows: Sequence[Sequence[_Item]]) -> list[tuple[float, float]]:
    """Set the top of each item; return the top and bottom of each row."""
    spans: list[tuple[float, float]] = []
    top = _PADDING
    for row in rows:
        if row[0].name == _OUT and spans:
            top = spans[-1][1]  # no boxes of its own to keep apart
        height = max(item.height for item in row)
        for item in row:
            item.top = top + (height - item.height) / 2
        spans.append((top, top + height))
        top += height + (_PADDING if row[0].name == _IN else _ROW_GAP)
    return spans


def _frame(rows: Sequence[Sequence[_Item]]) -> float:
    """Shift all items to start at the padding; return the total width."""
    items = [item for row in rows for item in row]
    left = min((item.x - item.width / 2 for item in items), default=0.0)
    for item in items:
        item.x += _PADDING - left
    right = max((item.x + item.width / 2 for item in items), default=0.0)
    return right + _PADDING


def _route(
    chain: Sequence[_Item],
    labels: Sequence[str],
    spans: Sequence[tuple[float, float]],
    ranks: Mapping[str, int],
) -> Route:
    """Return the route of a forward arrow."""
    first, last = chain[0], chain[-1]
    start = first.inner.exit + _left(first) if first.inner else first.x
    end = last.inner.entry + _left(last) if last.inner else last.x
    begins = 0.0 if first.name == _IN else first.top + first.height
    ends = spans[-1][1] + _PADDING if last.name == _OUT else last.top
    # Within the rows the line is vertical, so that it crosses no other box.
    points = [(start, begins), (start, spans[ranks[first.name]][1])]
    for rank, item in enumerate(chain[1:-1], ranks[first.name] + 1):
        points += [(item.x, spans[rank][0]), (item.x, spans[rank][1])]
    points += [(end, spans[ranks[last.name]][0]), (end, ends)]
    head = last.name != _OUT
    named = bool(labels) and first.name != _IN and head
    return Route(tuple(points), " · ".join(labels), head=head, named=named)


def _name_once(routes: Sequence[Route]) -> list[Route]:
    """Keep the label of only one of the arrows with the same start and label."""
    seen: set[tuple[Point, str]] = set()
    named = []
    for route in sorted(routes, key=lambda each: each.points[-1][1]):
        key = (route.points[0], route.label)
        named.append(replace(route, named=route.named and key not in seen))
        seen.add(key)
    return named


def _return(source: _Item, target: _Item, width: float, labels: Sequence[str]) -> Route:
    """Return the route of a back edge, around the right side."""
    starts = (source.x + source.width / 2, source.top + source.height / 2)
    ends = (target.x + target.width / 2, target.top + target.height / 2)
    side = width + _GAP / 2
    corners = (starts, (side, starts[1]), (side, ends[1]), ends)
    return Route(corners, " · ".join(labels))


def _left(item: _Item) -> float:
    """Return the left edge of the drawing inside an open group."""
    inner = item.inner.width if item.inner else item.width
    return item.x - inner / 2


def _boxes(items: Iterable[_Item], nodes: Mapping[str, int]) -> Iterable[Box]:
    for item in items:
        if item.name in (_IN, _OUT):
            continue
        left = item.x - item.width / 2
        yield Box(
            item.name,
            left,
            item.top,
            item.width,
            item.height,
            nodes.get(item.name, -1),
            item.inner is not None,
        )
        if item.inner is not None:
            for box in item.inner.boxes:
                yield box.moved(_left(item), item.top + HEADER)


def _inner_routes(items: Iterable[_Item]) -> Iterable[Route]:
    for item in items:
        if item.inner is not None:
            for route in item.inner.routes:
                yield route.moved(_left(item), item.top + HEADER)
