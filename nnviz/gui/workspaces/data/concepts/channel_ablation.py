"""Pane of channel ablation: accuracy over the set without some channels."""

import math
from collections import Counter

import numpy as np
from PySide6.QtWidgets import QLineEdit

from nnviz.base.dataset.concepts import Ablation
from nnviz.base.dataset.requests import AblateChannels
from nnviz.base.errors import UsageError
from nnviz.base.images import Image
from nnviz.base.notation.channels import parse_indices
from nnviz.base.results import Table
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.datasets import TOPIC
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.record_query import RecordList
from nnviz.gui.theme.parts import allow, button, label, named
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.data.concepts.question_pane import (
    SELECTED,
    QuestionPane,
    above,
    beside,
    table_of,
)
from nnviz.gui.workspaces.data.record_actions import chosen_paths
from nnviz.gui.workspaces.data.record_grid import RecordGrid
from nnviz.render.text.words import percent

_ALL = -1
_LIMIT = 1000
"""Maximum number of images that are classified again."""
ZERO, MEAN, PATCH = "zero", "mean", "patch"


class ChannelAblationPane(QuestionPane):
    """Pane that ablates channels and shows the changed answers."""

    def __init__(self, app: AppContext) -> None:
        super().__init__(
            app,
            "ablation",
            self.tr(
                "Channels of a layer are set to zero, to their mean over the set, "
                "or to their values in the selected image, and every prediction is "
                "computed again. Classes whose accuracy falls need these channels."
            ),
            self.tr("Ablate"),
        )
        self._opening = Lane("ablation image")
        self.channels = named(QLineEdit(), name=self.tr("Channels"))
        self.channels.setPlaceholderText("3, 7, 20-25")
        self.channels.textChanged.connect(lambda _: self.tell_selection())
        self.channels.returnPressed.connect(self.ask)
        self.replacement = self._make_replacement()
        self.images = ComboBox.narrow(self.tr("Images"))
        self.table = TableView()
        self.table.grid.setAccessibleName(self.tr("Accuracy before and after"))
        self.changed = RecordGrid(app, self)
        self.changed.setAccessibleName(self.tr("Images whose prediction changed"))
        self.open = button(self.tr("Show on the wall"), self._open_list)
        self.lay_out(
            label(self.tr("Layer"), "muted"),
            self.layer,
            label(self.tr("Channels"), "muted"),
            self.channels,
            self.replacement,
            self.images,
            below=beside(self.table, above(self.changed, self.open), (1, 1)),
        )
        self.connect_data()

    def _make_replacement(self) -> ComboBox:
        choice = ComboBox.narrow(self.tr("What the channels are set to"))
        for title, key in (
            (self.tr("Zero"), ZERO),
            (self.tr("Mean over the set"), MEAN),
            (self.tr("As in the selected image"), PATCH),
        ):
            choice.addItem(title, key)
        return choice

    def offer(self, dataset: DataSet | None) -> None:
        """Offer all images or the selected ones."""
        if not self.images.count():
            words = self.tr("Up to {0:,} images").format(_LIMIT)
            self.images.addItem(words, _ALL)
            self.images.addItem("", SELECTED)
        super().offer(dataset)

    def tell_selection(self) -> None:
        """Show the number of selected images; enable Run if channels are named."""
        self.name_selected(self.images)
        named_ = bool(self.channels.text().strip()) and bool(self.layer.count())
        able = named_ and not self.stop.isVisible()
        allow(self.begin, able, self.tr("Enter channels first, such as 3, 7, 20-25"))

    # --- requests

    def ask(self) -> None:
        """Run the ablation, opening an image to patch in first."""
        try:
            channels = parse_indices(self.channels.text(), self.tr("Channels"))
        except UsageError as error:
            self.words.setText(str(error))
            return
        if not channels or not self.begin.isEnabled():
            return
        if self.replacement.currentData() == PATCH:
            self._ask_with_image(channels)
        else:
            self._ask(channels, None)

    def _ask_with_image(self, channels: tuple[int, ...]) -> None:
        app, paths = self.app, chosen_paths(self.app, 1)
        if not paths or app.bridge is None:
            self.words.setText(self.tr("Select the image to take the channels from."))
            return
        job = app.jobs.do(app.bridge.files.images.open(paths[0]), self._opening)
        job.done.connect(lambda image: self._ask(channels, image))
        job.failed.connect(lambda error: app.messages.fail(TOPIC, error))

    def _ask(self, channels: tuple[int, ...], image: Image | None) -> None:
        chosen = self.images.currentData() == SELECTED
        replacement = self.replacement.currentData()
        request = AblateChannels(
            index=self.index,
            channels=channels,
            layer=self.layer.currentText(),
            replacement=MEAN if replacement == MEAN else ZERO,
            image=image,
            records=self.selected() if chosen else (),
            limit=_LIMIT,
        )
        self.submit(request, self.tr("Ablation of channels"), self._take)

    # --- results

    def forget(self) -> None:
        """Clear the answer."""
        self._take(None)

    def _take(self, found: Ablation | None) -> None:
        if found is not None:
            labeled = bool(found.classes)
            table = self._class_table(found) if labeled else self._answer_table(found)
            self.table.show_result(table, None)
        self.table.setVisible(found is not None)
        records = found.records if found is not None else np.zeros(0, np.int64)
        self.changed.setVisible(found is not None)
        self.changed.show_records(records)
        self.open.setVisible(bool(len(records)))
        if found is not None:
            self._describe(found)

    def _class_table(self, found: Ablation) -> Table:
        columns = (
            self.tr("Class"),
            self.tr("Images"),
            self.tr("Before, %"),
            self.tr("After, %"),
        )
        rows = tuple(
            (name, float(count), round(100 * before, 1), round(100 * after, 1))
            for name, count, before, after in found.classes
        )
        return table_of(columns, rows)

    def _answer_table(self, found: Ablation) -> Table:
        """Return a table of changed answers, for sets without known labels."""
        columns = self.tr("Before"), self.tr("After"), self.tr("Images")
        counted = Counter(found.answers).most_common()
        return table_of(
            columns, tuple((*pair, float(count)) for pair, count in counted)
        )

    def _describe(self, found: Ablation) -> None:
        """Show the change of accuracy and of answers."""
        if math.isfinite(found.before):
            words = self.tr("Accuracy {0} before, {1} after")
            head = words.format(percent(found.before), percent(found.after))
        else:
            words = self.tr("{0} of the predictions change")
            head = words.format(percent(found.changed))
        self.say(head)
        words = self.tr(
            "{0} of {1:,} predictions change; the most confident ones come first. "
            "{2} of the images have a label that the network knows."
        )
        self.words.setText(
            words.format(percent(found.changed), found.images, f"{found.labeled:,}")
        )

    def _open_list(self) -> None:
        title = self.tr("Predictions that changed without channels {0}").format(
            self.channels.text().strip()
        )
        self.app.datasets.show_list(RecordList(title, self.changed.order))
        self.app.datasets.shown_wanted.emit()
