"""List of running jobs with their progress and Stop buttons."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import AnyJob
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import icon_button, keep_width, label, named

_WIDTH = 380
_STEPS = 1000


class RunningJobs(QToolButton):
    """Button of the status bar that opens the list of running jobs."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.setAccessibleName(self.tr("Running jobs"))
        self.setToolTip(self.tr("Show all running jobs, wherever they were started"))
        self.list = _JobList(app, self)
        self.clicked.connect(self._toggle)
        app.jobs.changed.connect(self._tell)
        self.hide()

    def _tell(self) -> None:
        jobs = self._app.jobs.listed
        self.setVisible(bool(jobs))
        words = self.tr("1 job") if len(jobs) == 1 else self.tr("{0} jobs")
        shares = [job.share for job in jobs if job.share is not None]
        percent = f" · {round(100 * min(shares))} %" if shares else ""
        self.setText(words.format(len(jobs)) + percent)
        if self.list.isVisible():
            self.list.fill()
        if not jobs:
            self.list.hide()

    def _toggle(self) -> None:
        self.list.fill()
        self.list.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width(), 0))
        self.list.move(corner - QPoint(self.list.width(), self.list.height()))
        self.list.show()


class _JobList(QFrame):
    """List with a row for each job; jobs of one lane share a row."""

    def __init__(self, app: AppContext, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self.rows: dict[AnyJob, _JobRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        self._column.setSpacing(2 * GRID)
        keep_width(app.look, self, _WIDTH)

    def fill(self) -> None:
        """Update the list of jobs."""
        jobs = self._app.jobs.listed
        for gone in self.rows.keys() - set(jobs):
            row = self.rows.pop(gone)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for job in jobs:
            if job not in self.rows:
                self.rows[job] = _JobRow(self._app, job, self)
                self._column.addWidget(self.rows[job])
            self.rows[job].fill()
        self.adjustSize()


class _JobRow(QWidget):
    """Title, progress, and buttons to show and to stop a job."""

    def __init__(self, app: AppContext, job: AnyJob, parent: QWidget) -> None:
        super().__init__(parent)
        self._job = job
        title = label(job.title, wrap=True)
        self.bar = named(QProgressBar(), name=job.title)
        self.bar.setTextVisible(False)
        self._words = label(style="muted")
        show = icon_button(
            app.look, "eye", self.tr("Show"), lambda: app.job_wanted.emit(job)
        )
        show.setVisible(app.runs.run_of(job) is not None)
        stop = icon_button(app.look, "square", self.tr("Stop"), job.cancel)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(title, 0, 0)
        grid.addWidget(show, 0, 1, 2, 1)
        grid.addWidget(stop, 0, 2, 2, 1)
        grid.addWidget(self.bar, 1, 0)
        grid.addWidget(self._words, 2, 0, 1, 3)

    def fill(self) -> None:
        """Update the progress."""
        share, progress = self._job.share, self._job.progress
        self.bar.setRange(0, 0 if share is None else _STEPS)
        if share is not None:
            self.bar.setValue(round(_STEPS * share))
        words = [progress.what if progress is not None else self.tr("waiting")]
        if self._job.paused:
            words.append(self.tr("paused"))
        elif self._job.left > 1:
            words.append(self.tr("{0} s left").format(round(self._job.left)))
        self._words.setText(" · ".join(word for word in words if word))
