"""Pane of linear probes: accuracy of predicting classes from each layer."""

from nnviz.base.dataset.concepts import LayerProbe
from nnviz.base.dataset.requests import ProbeLayers
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.theme.parts import allow
from nnviz.gui.views.results.table import TableView
from nnviz.gui.workspaces.data.concepts.question_pane import QuestionPane, table_of


class LayerProbePane(QuestionPane):
    """Pane that probes every layer of the index."""

    def __init__(self, app: AppContext) -> None:
        super().__init__(
            app,
            "probes",
            self.tr(
                "A linear classifier (probe) predicts the class of each image from "
                "the features of each layer; its accuracy on held-out images says "
                "what the layer encodes. An index with one layer per map size shows "
                "how that grows with depth."
            ),
            self.tr("Probe the layers"),
        )
        self.table = TableView()
        self.table.grid.setAccessibleName(self.tr("Accuracy of probes"))
        self.lay_out(below=self.table)
        self.connect_data()

    def offer(self, dataset: DataSet | None) -> None:
        """Disable Run where there are no labels."""
        super().offer(dataset)
        able = dataset is not None and dataset.labeled and bool(dataset.index.layers)
        without = dataset is not None and not dataset.labeled
        unlabeled = self.tr("The images of this set have no labels")
        allow(self.begin, able, unlabeled if without else self.lack(dataset))

    def ask(self) -> None:
        """Run the probes."""
        request = ProbeLayers(index=self.index)
        self.submit(request, self.tr("Probes of layers"), self._take)

    def forget(self) -> None:
        """Clear the results."""
        self._take(())

    def _take(self, found: tuple[LayerProbe, ...]) -> None:
        columns = (
            self.tr("Layer"),
            self.tr("Channels"),
            self.tr("Accuracy, %"),
            self.tr("± over five folds"),
        )
        rows = tuple(
            (
                each.layer,
                float(each.channels),
                round(100 * each.accuracy, 1),
                round(100 * each.spread, 1),
            )
            for each in found
        )
        self.table.setVisible(bool(rows))
        self.table.show_result(table_of(columns, rows), None)
        if found:
            best = max(found, key=lambda each: each.accuracy)
            words = self.tr("{0} separates the classes best: {1:.1f} % accuracy")
            self.say(words.format(best.layer, 100 * best.accuracy))
