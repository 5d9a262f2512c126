"""Count of live frames in which an object fools the network."""

import numpy as np
from PySide6.QtCore import QStringListModel
from PySide6.QtWidgets import QFormLayout, QLineEdit, QVBoxLayout, QWidget

from nnviz.base.counting import Tally, interval, names_seen
from nnviz.base.errors import UsageError, unknown
from nnviz.base.info import ModelInfo
from nnviz.base.live import Shown
from nnviz.base.results import Ranking
from nnviz.gui.forms.completion import NameCompleter
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.bars import Bars
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import button, label, named
from nnviz.render.text.words import percent

_ROWS = 3
_NONE = -1


class CountPanel(QWidget):
    """Panel that counts frames as fooled, correct or something else.

    The sticker may be pasted onto the frames, or printed and held in front of the
    camera.
    """

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.tally = Tally("")
        self.counting = False
        self._last = _NONE
        self._labels = QStringListModel(self)
        self.truth = self._make_line(
            self.tr("True class"), self.tr("the predicted class")
        )
        self.wanted = self._make_line(
            self.tr("Target class"), self.tr("any other class")
        )
        self.go = button(self.tr("Count"), self.toggle, "primary")
        self.again = button(self.tr("Reset"), self.reset)
        self.bars = Bars(_ROWS)
        self.bars.setAccessibleName(self.tr("Frames counted"))
        self.words = label(style="muted", wrap=True)
        self._arrange()
        app.live.shown.connect(self._take)
        app.live.status_changed.connect(lambda _: self._forget_frame())
        chosen = app.selection.model_changed
        connect_while_in(app.choice, "live", chosen, self._offer)
        self._offer(app.selection.model)
        self._tell()

    def toggle(self) -> None:
        """Start or stop counting."""
        if self.counting:
            self._set_counting(counting=False)
            return
        seen = names_seen(self._app.live.last) if self._app.live.last else None
        if seen is None:
            self.words.setText(self.tr("Nothing to count: choose Classify or Detect."))
            return
        if not self.truth.text().strip():
            self.truth.setText(next(iter(seen), ""))
        try:
            names = self._named(self.truth), self._named(self.wanted)
        except UsageError as error:
            self.words.setText(str(error))
            return
        if names != (self.tally.truth, self.tally.wanted):
            self.tally = Tally(*names)
        self._set_counting(counting=bool(names[0]))

    def reset(self) -> None:
        """Reset the counts."""
        self.tally = Tally(self.tally.truth, self.tally.wanted)
        self._tell()

    def _set_counting(self, *, counting: bool) -> None:
        self.counting = counting
        self.go.setText(self.tr("Stop") if counting else self.tr("Count"))
        for line in (self.truth, self.wanted):
            line.setEnabled(not counting)
        self._tell()

    def _named(self, line: QLineEdit) -> str:
        """Return the class that a field names; "" for an empty field.

        Raises:
            UsageError: the network has no class of that name.
        """
        name, labels = line.text().strip(), self._labels.stringList()
        if name and name not in labels:
            raise unknown("class", name, labels)
        return name

    def _take(self, shown: Shown) -> None:
        """Count a frame, unless it was counted."""
        seen = names_seen(shown)
        if not self.counting or seen is None or shown.image.number <= self._last:
            return
        self._last = shown.image.number
        self.tally = self.tally.with_frame(seen)
        self._tell()

    def _forget_frame(self) -> None:
        """Forget the last frame's number, since each source counts from its own."""
        if self._app.live.status is None:
            self._last = _NONE

    def _tell(self) -> None:
        tally = self.tally
        self.again.setEnabled(tally.frames > 0)
        if not tally.frames:
            self.bars.show_ranking(None)
            self.words.setText(
                self.tr("Counting begins with the next frame.")
                if self.counting
                else self.tr(
                    "Hold the object up to the camera, or place it on the image, to "
                    "count how often it fools the network."
                )
            )
            return
        self.bars.show_ranking(self._shares())
        low, high = interval(tally.fooled, tally.frames)
        self.words.setText(
            self.tr("{0} of {1} frames fooled, 95 %: {2} to {3}").format(
                tally.fooled, tally.frames, percent(low), percent(high)
            )
        )

    def _shares(self) -> Ranking:
        """Return the shares of the outcomes, in constant order."""
        tally = self.tally
        fooled = self.tr("classified as {0}").format(
            tally.wanted or self.tr("another class")
        )
        rows = [(fooled, tally.fooled), (tally.truth, tally.right)]
        if tally.wanted:
            rows.append((self.tr("something else"), tally.other))
        return Ranking(
            labels=tuple(name for name, _ in rows),
            values=np.array([count / tally.frames for _, count in rows]),
            indices=np.arange(len(rows)),
            unit="probability",
            limits=(0.0, 1.0),
        )

    def _offer(self, model: ModelInfo | None) -> None:
        """Set the classes of the network for completion."""
        labels = model.labels if model is not None else ()
        self._labels.setStringList(list(dict.fromkeys(labels)))
        self._set_counting(counting=False)

    def _make_line(self, name: str, hint: str) -> QLineEdit:
        line = named(QLineEdit(), name=name)
        line.setPlaceholderText(hint)
        line.setClearButtonEnabled(True)
        line.setCompleter(NameCompleter(self._labels, line))
        return line

    def _arrange(self) -> None:
        self.words.setToolTip(
            self.tr(
                "95 % Wilson interval. Successive frames are similar, so the true "
                "rate may lie outside it."
            )
        )
        lines = QFormLayout()
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(GRID)
        lines.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        lines.addRow(label(self.tr("True class")), self.truth)
        lines.addRow(label(self.tr("Target class")), self.wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("FOOLING RATE"), "section"))
        column.addLayout(lines)
        column.addLayout(flow(self.go, self.again, None))
        column.addWidget(self.bars)
        column.addWidget(self.words)
