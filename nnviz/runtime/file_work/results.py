"""File work that saves results, boards, contact sheets, plots and sidecars."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.concepts import ConceptParts
from nnviz.base.dataset.projections import Projection
from nnviz.base.host.file_work import FileWork, Urgency, file_work
from nnviz.base.images import Image
from nnviz.base.info import ModelInfo
from nnviz.base.measures.evaluation import Robustness
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest
from nnviz.base.results import Result
from nnviz.media.files import write_text
from nnviz.media.index import ImageIndex
from nnviz.media.side_cars import write_side_car
from nnviz.storage import recent
from nnviz.storage.attacks import save_curve
from nnviz.storage.concepts import save_parts, save_vector
from nnviz.storage.contact_sheets import save_contact_sheet
from nnviz.storage.figures import save_figure
from nnviz.storage.projections import save_projection
from nnviz.storage.results import save_run

if TYPE_CHECKING:  # painters load slowly
    from nnviz.render.boards.board import Board
    from nnviz.render.boards.scale_locks import Lock
    from nnviz.render.figures import FigureLook
    from nnviz.render.maps.heatmaps import Looks

Saved = FileWork[tuple[Path, ...]]
"""Work that ends with the written paths."""


class ResultWork:
    """File operations that save results; existing files are not overwritten."""

    def save(self, run: Run, folder: str, looks: "Looks | None" = None) -> Saved:
        """Save a result without overwriting earlier ones.

        Args:
            run: the run to save.
            folder: folder to write to.
            looks: appearance of its maps, by the result's name.
        """
        return file_work(lambda: _save(run, Path(folder), looks), Urgency.SAVE)

    def figure(
        self,
        result: Result,
        image: Image | None,
        path: str,
        look: "FigureLook | None",
    ) -> Saved:
        """Save a result as an SVG, PDF or PNG figure for a slide.

        Args:
            result: any kind.
            image: image below the result, for kinds that lie over one.
            path: of the file; its suffix sets the format.
            look: appearance; None for the default.
        """
        return file_work(
            lambda: (save_figure(result, image, Path(path), look),), Urgency.SAVE
        )

    def board(self, board: "Board", folder: str, lock: "Lock") -> Saved:
        """Save a board as an image, a web page and numbers."""
        return file_work(lambda: board.save(Path(folder), lock=lock), Urgency.SAVE)

    def contact_sheet(self, runs: Sequence[Run], path: str) -> Saved:
        """Save several results as one image."""
        return file_work(lambda: (save_contact_sheet(runs, Path(path)),), Urgency.SAVE)

    def projection(self, found: Projection, index: ImageIndex, folder: str) -> Saved:
        """Save a projection as plot, table and arrays."""
        return file_work(
            lambda: save_projection(found, index, Path(folder)), Urgency.SAVE
        )

    def direction(
        self, name: str, layer: str, vector: NDArray[np.float32], folder: str
    ) -> FileWork[Path]:
        """Write a direction in a layer's channels to a file that targets can name."""
        return file_work(
            lambda: save_vector(name, layer, vector, Path(folder)), Urgency.SAVE
        )

    def parts(self, found: ConceptParts, index: ImageIndex, folder: str) -> Saved:
        """Save the concept parts of a layer as a contact sheet and arrays."""
        return file_work(lambda: save_parts(found, index, Path(folder)), Urgency.SAVE)

    def curve(self, found: Robustness, folder: str) -> Saved:
        """Save accuracy against epsilon as CSV, PNG and SVG."""
        return file_work(lambda: save_curve(found, Path(folder)), Urgency.SAVE)

    def text(self, text: str, path: str) -> Saved:
        """Write text to a file."""

        def write() -> tuple[Path, ...]:
            write_text(Path(path), text)
            return (Path(path),)

        return file_work(write, Urgency.SAVE)

    def side_car(self, info: ModelInfo, request: ModelRequest) -> Saved:
        """Save a network's settings to a sidecar file.

        Class names are written if they come from a label file.
        """
        labels = info.labels if request.labels else ()

        def write() -> tuple[Path, ...]:
            weights = Path(info.reference)
            return (write_side_car(weights, info.preprocess, labels, request),)

        return file_work(write, Urgency.SAVE)


def _save(run: Run, folder: Path, looks: "Looks | None") -> tuple[Path, ...]:
    """Save a result, and remember the path of its image for reopening."""
    paths = save_run(run, folder, None, overwrite=False, looks=looks)
    if run.image is not None:
        recent.remember(run.image)
    recent.remember_others(run.recipe)
    return paths
