"""Use of directions in a layer's channel space as targets of other workspaces."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QPushButton

from nnviz.base.documents.unit_images import METHOD
from nnviz.base.notation.targets import DIRECTION
from nnviz.base.parameters import Value
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.datasets import TOPIC
from nnviz.gui.services.jobs import Lane
from nnviz.gui.theme.parts import button
from nnviz.gui.workspaces.data.record_actions import chosen_paths

Vector = NDArray[np.float32]
_MAP = "grad_cam"
"""Map on the direction's own layer: its activations weighted by the direction."""


class DirectionUse(QObject):
    """Saves a direction beside the index, and makes it a target in Explain or Imagine.

    The direction is a file, so that recipes and the command line can name it:
    ``--target direction:FILE``.
    """

    def __init__(self, app: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._app = app
        self._lane = Lane("direction")
        self._direction: tuple[str, str, Vector] | None = None
        self.explain = button(self.tr("Explain the direction"), self._explain)
        self.explain.setToolTip(
            self.tr(
                "Show what in the current image moves the layer along this direction"
            )
        )
        self.imagine = button(self.tr("Visualize the direction"), self._imagine)
        self.imagine.setToolTip(
            self.tr(
                "Optimize a synthetic image that moves the layer along this direction"
            )
        )
        self.show_direction(None)

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The buttons that use the direction."""
        return self.explain, self.imagine

    def show_direction(self, direction: tuple[str, str, Vector] | None) -> None:
        """Set the direction (name, layer, vector) of the buttons; None for none."""
        self._direction = direction
        for each in self.buttons:
            each.setVisible(direction is not None)

    def _explain(self) -> None:
        self._write(self._explain_target)

    def _imagine(self) -> None:
        self._write(self._imagine_target)

    def _write(self, use: Callable[[str], None]) -> None:
        app, dataset = self._app, self._app.datasets.dataset
        if self._direction is None or dataset is None or app.bridge is None:
            return
        name, layer, vector = self._direction
        folder = str(dataset.index.folder / "directions")
        work = app.bridge.files.results.direction(name, layer, vector, folder)
        job = app.jobs.do(work, self._lane)
        job.done.connect(lambda path: use(f"{DIRECTION}{path}"))
        job.failed.connect(lambda error: app.messages.fail(TOPIC, error))

    def _choose(self, method: str, values: Mapping[str, Value]) -> bool:
        """Select a method on the direction's network, opening it if needed.

        Returns:
            Whether the network is open; else it is being opened, and the method waits
            for it.
        """
        app, dataset = self._app, self._app.datasets.dataset
        facts, model = dataset.index.facts if dataset else None, app.selection.model
        if facts is None or (model is not None and facts.model_sha256 == model.sha256):
            app.choice.choose(method, values)
            return True
        app.choice.prefer(method, values)
        app.open_model(facts.model)
        return False

    def _explain_target(self, target: str) -> None:
        app = self._app
        paths = chosen_paths(app, 1)
        if paths:
            app.images.add(paths)
        app.workspace_wanted.emit("explain")
        app.selection.set_target(target)
        if self._direction is not None:
            # A class activation map of a later layer would not depend on the direction.
            layer = self._direction[1]
            self._choose(_MAP, {"target": target, "layer": layer})

    def _imagine_target(self, target: str) -> None:
        app = self._app
        app.imagine_wanted.emit()
        if self._choose(METHOD, {"target": target}):
            app.runs.run()
