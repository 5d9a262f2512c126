"""Pane of TCAV: whether a class depends on a concept, given by selected images."""

import math

import numpy as np
from PySide6.QtCore import QModelIndex, Qt

from nnviz.base.dataset.concepts import ConceptTest
from nnviz.base.dataset.requests import TestConcept
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.panels.dialogs.files import DATASETS, ask_folder
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.dataset import LABEL, PREDICTED, DataSet
from nnviz.gui.theme.parts import allow, label
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.data.concepts.direction_use import DirectionUse
from nnviz.gui.workspaces.data.concepts.question_pane import (
    SELECTED,
    QuestionPane,
    above,
    table_of,
)
from nnviz.render.text.words import number, percent

_FOLDER = -3
"""Stands in place of a class: a folder of other images, which a dialog asks for."""
FEWEST = 8
"""Minimum number of images of a concept."""


class ConceptTestPane(QuestionPane):
    """Pane that tests concepts and collects the results in a table."""

    def __init__(self, app: AppContext) -> None:
        super().__init__(
            app,
            "concept",
            self.tr(
                "TCAV: does a class depend on a concept? A concept is a selection "
                "of images, a class, or a folder of other images. Its direction in "
                "the space of the layer's channels is compared with those of random "
                "sets."
            ),
            self.tr("Test"),
        )
        self._tests: list[ConceptTest] = []
        self.concept = ComboBox.narrow(self.tr("Concept"))
        self.concept.activated.connect(lambda _: self._ask_folder())
        self.target = ComboBox.narrow(self.tr("Class to test"))
        self.target.activated.connect(lambda _: self._name_class())
        self._named = False
        """Whether the user selected the class."""
        self.table = TableView()
        self.table.grid.setAccessibleName(self.tr("Tested concepts"))
        self.table.grid.clicked.connect(self._choose)
        self.table.grid.activated.connect(self._choose)
        self.direction = DirectionUse(app, self)
        self.lay_out(
            label(self.tr("Concept"), "muted"),
            self.concept,
            label(self.tr("Class"), "muted"),
            self.target,
            label(self.tr("Layer"), "muted"),
            self.layer,
            below=above(self.table, *self.direction.buttons),
        )
        self.connect_data()

    # --- requests

    def offer(self, dataset: DataSet | None) -> None:
        """Offer the set's classes as concepts, and the network's as targets."""
        super().offer(dataset)
        concept, target = self.concept.currentText(), self.target.currentText()
        self.concept.clear()
        self.target.clear()
        self.concept.addItem("", SELECTED)
        if dataset is not None:
            for name in _classes(dataset, len(dataset.index.class_names)):
                self.concept.addItem(name, name)
            for name in _classes(dataset, dataset.index.facts.outputs):
                self.target.addItem(name, name)
        self.concept.addItem(self.tr("Folder…"), _FOLDER)
        self.concept.setCurrentIndex(max(0, self.concept.findText(concept)))
        self.target.setCurrentIndex(max(0, self.target.findText(target)))
        self.tell_selection()

    def tell_selection(self) -> None:
        """Show the number of selected images, and whether it suffices."""
        count = self.app.datasets.selection.count
        self.name_selected(self.concept)
        if count and not self._named:
            self._propose_class()
        few = self.concept.currentData() == SELECTED and count < FEWEST
        able = self.target.count() > 0 and not few and not self.stop.isVisible()
        some = self.tr("Select {0} images or more, on the wall or the map")
        why = self.lack(self.app.datasets.dataset)
        allow(self.begin, able, some.format(FEWEST) if few else why)

    def _propose_class(self) -> None:
        """Select the class predicted most often for the selected images."""
        dataset = self.app.datasets.dataset
        if dataset is None or PREDICTED not in dataset.columns:
            return
        said = dataset.columns[PREDICTED][self.app.datasets.selection.records()]
        number_ = int(np.bincount(said[said >= 0], minlength=1).argmax())
        self.target.setCurrentText(dataset.names_of(PREDICTED)[number_])

    def _name_class(self) -> None:
        self._named = True

    def _ask_folder(self) -> None:
        """Ask for a folder of other images, if that option was chosen."""
        if self.concept.currentData() == _FOLDER:
            title = self.tr("Folder of images of the concept")
            folder = ask_folder(self, self.app.settings, DATASETS, title)
            place = 0
            if folder:
                place = self.concept.count() - 1
                self.concept.insertItem(place, folder.rpartition("/")[2], (folder,))
            self.concept.setCurrentIndex(place)
        self.tell_selection()

    def ask(self) -> None:
        """Test the selected concept."""
        concept = self.concept.currentData()
        request = TestConcept(
            index=self.index,
            target=self.target.currentText(),
            records=self.selected() if concept == SELECTED else (),
            concept_class=concept if isinstance(concept, str) else "",
            concept_folder=concept[0] if isinstance(concept, tuple) else "",
            layer=self.layer.currentText(),
        )
        self.submit(request, self.tr("Test of a concept"), self._take)

    # --- results

    def forget(self) -> None:
        """Clear the results."""
        self._tests.clear()
        self._named = False
        self._show()

    def _take(self, found: ConceptTest) -> None:
        self._tests.insert(0, found)
        self._show()
        self._describe(found)

    def _show(self) -> None:
        columns = (
            "#",
            self.tr("Concept"),
            self.tr("Class"),
            self.tr("Layer"),
            self.tr("TCAV score"),
            self.tr("Random sets"),
            self.tr("p-value"),
            self.tr("CAV accuracy, %"),
        )
        rows = tuple(
            (
                float(len(self._tests) - index),
                each.concept,
                each.target,
                each.layer,
                round(each.score, 3),
                round(float(each.random_scores.mean()), 3),
                float(f"{each.p_value:.2g}"),
                round(100 * each.accuracy, 1),
            )
            for index, each in enumerate(self._tests)
        )
        self.table.setVisible(bool(rows))
        self.table.show_result(table_of(columns, rows), None)
        self.direction.show_direction(None)

    def _choose(self, index: QModelIndex) -> None:
        turn = index.sibling(index.row(), 0).data(Qt.ItemDataRole.UserRole)
        self._describe(self._tests[len(self._tests) - int(turn)])

    def _describe(self, found: ConceptTest) -> None:
        """Show a test's result, and offer its direction."""
        self.say(self._verdict(found))
        p_value = number(found.p_value) if math.isfinite(found.p_value) else "-"
        words = self.tr(
            "Along the concept's direction, the score of {0} rises for {1} of its "
            "images; along directions between random sets, for {2} (p = {3}). The "
            "layer separates the concept from other images with {4} accuracy."
        ).format(
            found.target,
            percent(found.score),
            percent(float(found.random_scores.mean())),
            p_value,
            percent(found.accuracy),
        )
        self.words.setText(" ".join((words, *found.notes)))
        vector = found.direction
        self.direction.show_direction((found.concept, found.layer, vector))

    def _verdict(self, found: ConceptTest) -> str:
        if not found.significant:
            words = self.tr(
                "The concept “{0}” does not affect {1} in {2} beyond chance"
            )
        elif found.score > float(found.random_scores.mean()):
            words = self.tr("The concept “{0}” supports {1} in {2}")
        else:
            words = self.tr("The concept “{0}” counts against {1} in {2}")
        return words.format(found.concept, found.target, found.layer)


def _classes(dataset: DataSet, most: int) -> list[str]:
    """Return the names of classes that occur as labels or predictions."""
    names = dataset.index.class_names
    occurring = {
        place for column in (LABEL, PREDICTED) for place, _ in dataset.present(column)
    }
    return sorted(names[place] for place in occurring if place < most)
