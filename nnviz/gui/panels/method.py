"""Panel of the selected method: choice, form, Run and Stop, progress, help."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.events import Progress
from nnviz.base.info import MethodInfo, Task
from nnviz.base.notation.durations import duration
from nnviz.base.parameters import Value
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.help import HelpText
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    button,
    icon_button,
    keep_size,
    named,
    row,
    rule,
    scrolled,
)
from nnviz.gui.views.widgets.elided import ShorteningLabel

if TYPE_CHECKING:  # its controls load slowly: imported after the first paint
    from nnviz.gui.forms.form import Form


_TOWARD = "toward"
"""Goal of attacks that need a class."""
_LEAST_LETTERS = 11
"""Minimum width of a method's name, in letters."""


class MethodPanel(QWidget):
    """Panel built from the method's declaration: a new method needs no code here."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.form: Form | None = None
        self._unfolded = False
        self.choice = named(ComboBox(), name=self.tr("Method"))
        self._presets = named(QToolButton(), name=self.tr("Presets"))
        self._presets.setText(self.tr("Presets"))
        self._presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._presets.setMenu(QMenu(self._presets))
        self._reset = icon_button(
            app.look, "rotate-ccw", self.tr("Reset all parameters"), self._reset_form
        )
        self.run = button(self.tr("Run"), app.runs.run, "primary")
        self.stop = button(self.tr("Stop"), app.stop)
        self._bar = named(QProgressBar(), name=self.tr("Progress of the method"))
        self._bar.setTextVisible(False)
        self._state = named(ShorteningLabel(Qt.AlignmentFlag.AlignLeft), "muted")
        self._form_place = QVBoxLayout()
        self.help = HelpText(app)
        for widget in (self._presets, self.run):  # disabled until a method is known
            widget.hide()
        self._lay_out()
        self._connect()
        self._idle("")

    def minimumSizeHint(self) -> QSize:
        """Return the form's minimum width: the panel as a whole scrolls sideways."""
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        form = self._page.minimumSizeHint().width() + bar
        return super().minimumSizeHint().expandedTo(QSize(form, 0))

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.choice.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        )
        self.choice.setMinimumContentsLength(_LEAST_LETTERS)
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        top = flow(self.choice, self._presets, self._reset)
        top.setContentsMargins(MARGIN, 2 * GRID, 2 * GRID, GRID)
        self._page = self._make_page()
        self._scroll = scrolled(self._page)
        outer.addLayout(top)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self._make_foot())

    def _make_page(self) -> QWidget:
        """Build the page with the form and the help."""
        inner = named(QWidget(), "page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(MARGIN, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(3 * GRID)
        column.addLayout(self._form_place)
        column.addWidget(rule())
        column.addWidget(self.help)
        column.addStretch(1)
        return inner

    def _make_foot(self) -> QWidget:
        """Build the bar with Run, Stop and progress, of constant height."""
        foot = named(QWidget(), "page")
        look = self._app.look
        keep_size(look, foot, lambda: foot.setFixedHeight(look.px(48)))
        column = QVBoxLayout(foot)
        column.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        column.setSpacing(GRID)
        line = row(self.run, self.stop, self._state, spacing=2 * GRID)
        line.setStretch(2, 1)
        column.addWidget(self._bar)
        column.addLayout(line)
        return foot

    def _connect(self) -> None:
        runs, choice = self._app.runs, self._app.choice
        self._app.models.listed.connect(lambda _: self._list())
        choice.offered_changed.connect(self._list)
        self._app.selection.model_changed.connect(self._offer_layers)
        self.choice.activated.connect(
            lambda place: choice.choose(str(self.choice.itemData(place)))
        )
        choice.method_changed.connect(self._show_method)
        choice.values_changed.connect(self._show_values)
        runs.front_changed.connect(self._show_front)
        choice.edited.connect(self._show_front)
        runs.started.connect(self._start)
        runs.progressed.connect(self._progress)
        runs.finished.connect(lambda _: self._idle(""))
        runs.pace_changed.connect(self._show_pace)
        runs.outdated.connect(self._show_pace)
        runs.failed.connect(lambda _: self._idle(self.tr("failed")))
        runs.stopped.connect(self._stopped)

    def _list(self) -> None:
        with QSignalBlocker(self.choice):
            self.choice.clear()
            for info in self._app.choice.offered():
                self.choice.addItem(info.title, info.name)
            self._mark()

    def _mark(self) -> None:
        info = self._app.choice.method
        if info is not None:
            self.choice.setCurrentIndex(self.choice.findData(info.name))

    def _show_method(self, info: MethodInfo) -> None:
        from nnviz.gui.forms.form import Form  # noqa: PLC0415 - see above

        self._mark()
        if self.form is not None:
            self.form.retire()
            self._form_place.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self.form = Form(info.parameters)
        self.form.set_folders(self._app.settings)
        self.form.set_unfolded(self._unfolded)
        self.form.unfolded.connect(self._remember_fold)
        self._form_place.addWidget(self.form)
        self._scroll.verticalScrollBar().setValue(0)
        self._offer_layers()
        self._show_values(self._app.choice.values)
        self.form.changed.connect(self._app.choice.set_values)
        self._fill_presets(info)
        self._scroll.verticalScrollBar().setValue(0)
        self._show_front()

    def _show_front(self) -> None:
        """Show the progress of the selected method only."""
        if self._app.runs.running == self.stop.isHidden():
            if self._app.runs.running:
                self._start()
            else:
                self._idle("")
        self._show_pace()

    def _show_pace(self) -> None:
        """Show whether the method runs automatically, and its usual duration."""
        runs = self._app.runs
        self.run.setVisible(not runs.automatic)
        if self._app.choice.live:
            self._state.say("")
        if runs.running or self._app.choice.live:
            return
        seconds = runs.usual_seconds
        took = "" if seconds is None else self.tr("took {0}").format(duration(seconds))
        if runs.automatic:
            whole = self.tr("{0} · updates automatically").format(took)
            self._state.say(took and whole, took)
        else:
            self._state.say(took)

    def _remember_fold(self, unfolded: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._unfolded = unfolded

    def _fill_presets(self, info: MethodInfo) -> None:
        menu = self._presets.menu()
        menu.clear()
        for name in info.presets:
            menu.addAction(name.replace("_", " ").capitalize()).triggered.connect(
                lambda _=False, name=name: self._apply(name)
            )
        self._presets.setVisible(bool(info.presets))

    def _apply(self, preset: str) -> None:
        info = self._app.choice.method
        if self.form is not None and info is not None:
            self.form.apply_preset(preset, info.presets[preset])

    def _reset_form(self) -> None:
        if self.form is not None:
            self.form.reset()

    def _offer_layers(self) -> None:
        model = self._app.selection.model
        if self.form is not None and model is not None:
            self.form.set_layers(model.layers)
            self.form.set_labels(model.labels)
            self._hint_target(model.task)

    def _hint_target(self, task: Task) -> None:
        """Show in an empty target what that means."""
        if self.form is not None:
            self.form.set_target_hint(self._target_hint(task))

    def _target_hint(self, task: Task) -> str:
        """Return what an empty target means with a network of a task."""
        method = self._app.choice.method
        if method is not None and not method.needs_image:
            return self.tr("the channel below")
        if self._app.choice.values.get("goal") == _TOWARD:
            return self.tr("choose a class")
        match task:
            case Task.DETECT:
                return self.tr("best box")
            case Task.SEGMENT:
                return self.tr("largest class")
            case _:
                return self.tr("predicted class")

    def _show_values(self, values: dict[str, Value]) -> None:
        # While methods change, values of another method's form may arrive.
        if self.form is None or values.keys() != self.form.values().keys():
            return
        if self.form.values() != values:
            self.form.set_values(values)
        model = self._app.selection.model
        if model is not None:
            self._hint_target(model.task)

    def _start(self) -> None:
        self.stop.show()
        self._bar.setRange(0, 0)
        self._bar.show()
        self._state.say("")

    def _progress(self, progress: Progress, left: float) -> None:
        fraction = progress.fraction
        self._bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self._bar.setValue(round(1000 * fraction))
        words = progress.what
        if left > 1:
            words += self.tr(" · {0} s left").format(round(left))
        self._state.say(words)

    def _stopped(self, percent: int) -> None:
        known = percent >= 0
        self._idle(
            self.tr("stopped at {0} %").format(percent) if known else self.tr("stopped")
        )

    def _idle(self, words: str) -> None:
        self.stop.hide()
        self._bar.hide()
        self._state.say(words)
