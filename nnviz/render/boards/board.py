"""A board with its results: as tiles, as files, as JSON."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnviz.base.documents.boards import Cell, Plan
from nnviz.base.errors import ErrorRecord
from nnviz.base.recipes import Run
from nnviz.base.results import ColorImage, Heatmap
from nnviz.render import colormaps
from nnviz.render.boards import agreement, board_image
from nnviz.render.boards.scale_locks import Lock, Tile
from nnviz.render.placeholders import placeholder

Outcome = Run | ErrorRecord
"""Outcome of a cell."""
WIDTH = 2400


def tile_of(
    run: Run, row: str = "", column: str = "", network: str = ""
) -> Tile | None:
    """Return a run's first map or image as a tile; None where it has neither.

    Args:
        run: the run, of which the first map is taken, else the first image.
        row: heading of the row.
        column: heading of the column.
        network: title of the network.
    """
    results = list(run.report.values())
    shown: list[Heatmap | ColorImage] = [r for r in results if isinstance(r, Heatmap)]
    shown += [each for each in results if isinstance(each, ColorImage)]
    return Tile(row, column, shown[0], run.image, network) if shown else None


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A plan and the outcomes of its cells so far.

    Attributes:
        plan: the networks, images and methods.
        outcomes: by index into ``plan.cells()``; cells left out are still to come.
    """

    plan: Plan
    outcomes: Mapping[int, Outcome]

    @property
    def errors(self) -> dict[str, str]:
        """The errors of cells without a map, by row and column."""
        cells = self.plan.cells()
        return {
            f"{cells[n].row} · {cells[n].column}": outcome.text
            for n, outcome in self.outcomes.items()
            if isinstance(outcome, ErrorRecord)
        }

    def tiles(self, waiting: str = "") -> list[Tile]:
        """Return a tile for each cell; one without a result shows the reason.

        Args:
            waiting: text for cells that are still to come.
        """
        return [
            _tile(cell, self.outcomes.get(n), waiting)
            for n, cell in enumerate(self.plan.cells())
        ]

    def runs(self) -> list[Run]:
        """Return the runs that have finished, row by row."""
        places = sorted(self.outcomes)
        outcomes = [self.outcomes[n] for n in places]
        return [each for each in outcomes if isinstance(each, Run)]

    def scale(self) -> Lock:
        """Return the default grouping of maps by color scale.

        With several networks, maps of one method and network share a scale.  Else all
        maps do if they have the same unit, otherwise those of one method: logits and
        fractions have no common scale.
        """
        return usual_lock(self.tiles())

    def painted(self, width: int = WIDTH, lock: Lock | None = None) -> Any:
        """Paint the board as one image, uint8 (H, W, 3)."""
        return board_image.paint(
            self.tiles(),
            width=width,
            lock=lock or self.scale(),
            notes=f"{self.question}." if self.question else "",
        )

    picture = painted
    """Former name of ``painted``."""

    def page(self, lock: Lock | None = None) -> str:
        """Return the board as a self-contained HTML page."""
        from nnviz.render.boards import board_page  # noqa: PLC0415 -- only to save

        return board_page.page(
            self.tiles(), self.title, lock=lock or self.scale(), notes=self.question
        )

    @property
    def title(self) -> str:
        """The heading of the page."""
        return ", ".join(image.name for image in self.plan.images)

    @property
    def question(self) -> str:
        """The target and score of each row, and cells without a map."""
        words = []
        cells, told = self.plan.cells(), set()
        for n, outcome in sorted(self.outcomes.items()):
            if isinstance(outcome, Run) and outcome.report.notes:
                if cells[n].row not in told:
                    words.append(f"{cells[n].row}: {outcome.report.notes[0]}")
                told.add(cells[n].row)
        if self.plan.changed:
            words += [
                f"{first.title_column} before and after: {_words(first, second)}"
                for first, second in _with_first(
                    self.tiles(), lambda each: each.title_column
                )
            ]
        words += [f"{place}: {text}" for place, text in self.errors.items()]
        return ". ".join(words)

    def agreement(self) -> list[dict[str, Any]]:
        """Return the agreement of each row's maps with the first of the row."""
        return [
            {"row": first.title_row}
            | {"first": first.title_column, "second": second.title_column}
            | _agreement(first, second)
            for first, second in _with_first(self.tiles(), lambda each: each.title_row)
        ]

    def changes(self) -> list[dict[str, Any]]:
        """Return the agreement of each column's maps with the first of the column.

        For an attack, this shows whether the explanation changed.
        """
        return [
            {"column": first.title_column}
            | {"first": first.title_row, "second": second.title_row}
            | _agreement(first, second)
            for first, second in _with_first(
                self.tiles(), lambda each: each.title_column
            )
        ]

    def save(
        self, folder: Path, stem: str = "", lock: Lock | None = None
    ) -> tuple[Path, ...]:
        """Write STEM.png, STEM.html, STEM.npz (maps) and STEM.json (recipes, numbers).

        Args:
            folder: created if it does not exist.
            stem: first part of the names; by default the first image's.  Files of these
                names are replaced.
            lock: which maps share a scale; None for the default.

        Raises:
            InputError: the files cannot be written.
        """
        # Imported here: it loads decoders slowly, and the window imports this module.
        from nnviz.media.encode import (  # noqa: PLC0415
            write_npz,
            write_png,
            write_text,
        )

        stem = stem or f"{Path(self.plan.images[0].name).stem}.board"
        paths = tuple(folder / f"{stem}{end}" for end in _ENDS)
        write_png(paths[0], self.painted(lock=lock))
        write_text(paths[1], self.page(lock))
        write_npz(paths[2], self._arrays())
        write_text(paths[3], json.dumps(self.record(), indent=1, ensure_ascii=False))
        return paths

    def record(self) -> dict[str, Any]:
        """Return tiles with their ranges, recipes, agreement and errors, as JSON."""
        return {
            "tiles": [
                _tile_record(tile, outcome)
                for tile, outcome in zip(
                    self.tiles(), map(self.outcomes.get, self._places()), strict=True
                )
            ],
            "agreement": self.agreement(),
            "changes": self.changes(),
            "errors": self.errors,
        }

    def _places(self) -> range:
        return range(len(self.plan.cells()))

    def _arrays(self) -> dict[str, Any]:
        return {
            f"{tile.title_row}/{tile.title_column}": tile.result.values
            for tile in self.tiles()
            if isinstance(tile.result, Heatmap)
        }


_ENDS = (".png", ".html", ".npz", ".json")


def usual_lock(tiles: Sequence[Tile]) -> Lock:
    """Return the default grouping of maps by color scale; see ``Board.scale``."""
    if len({each.network for each in tiles}) > 1:
        return Lock.NETWORK
    units = {each.result.unit for each in tiles if isinstance(each.result, Heatmap)}
    return Lock.BOARD if len(units) < 2 else Lock.COLUMN  # noqa: PLR2004


def _with_first(
    tiles: Sequence[Tile], line: Callable[[Tile], str]
) -> Iterator[tuple[Tile, Tile]]:
    """Yield the first map of each row or column, paired with each of its other maps."""
    firsts: dict[str, Tile] = {}
    for tile in tiles:
        if isinstance(tile.result, Heatmap):
            first = firsts.setdefault(line(tile), tile)
            if first is not tile:
                yield first, tile


def _words(first: Tile, second: Tile) -> str:
    """Return the agreement of two maps in words; "" where one is not a map."""
    one, two = first.result, second.result
    if not isinstance(one, Heatmap) or not isinstance(two, Heatmap):
        return ""
    return board_image.agreement_words(one, two)


def _agreement(first: Tile, second: Tile) -> dict[str, Any]:
    """Return rank correlation and top overlap of two maps, for JSON."""
    one, two = first.result, second.result
    if not isinstance(one, Heatmap) or not isinstance(two, Heatmap):
        return {}
    pair = agreement.common_grid(one, two)
    rho = agreement.rank_correlation(*pair)
    return {
        "rank_correlation": None if np.isnan(rho) else round(rho, 6),
        "top_overlap": round(agreement.top_overlap(*pair), 6),
    }


def _tile(cell: Cell, outcome: Outcome | None, waiting: str) -> Tile:
    """Return the tile of a cell: its result, its error, or that it is pending."""
    if isinstance(outcome, Run):
        made = tile_of(outcome, cell.row, cell.column, cell.network)
        if made is not None:
            return made
        words = f"{cell.column} gives no map"
    else:
        words = outcome.text if outcome is not None else waiting
    return Tile(
        cell.row,
        cell.column,
        placeholder(cell.image, words),
        cell.image,
        cell.network,
    )


def _tile_record(tile: Tile, outcome: Outcome | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"row": tile.title_row, "column": tile.title_column}
    if isinstance(outcome, Run):
        facts["notes"] = list(outcome.report.notes)
        facts["recipe"] = json.loads(outcome.recipe.to_json())
    if isinstance(tile.result, Heatmap):
        own = colormaps.scale_of(tile.result.values, signed=False)
        facts |= {"unit": tile.result.unit, "low": own.low, "high": own.high}
        facts["problem"] = own.problem
    return facts
