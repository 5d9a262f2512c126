"""The pace of live curves.  Truth: shares of time worked out by hand."""

import numpy as np
import pytest

from nnviz.base.results import Curves, Heatmap, Report
from nnviz.gui.services.methods import report_pace
from nnviz.gui.services.methods.report_pace import ReportPace

CURVES = Report(
    {
        "loss": Curves(
            x=np.arange(2.0), series={"a": np.zeros(2)}, x_label="", y_label=""
        )
    }
)
MAP = Report(
    {"map": Heatmap(values=np.zeros((2, 2), np.float32), signed=False, unit="")}
)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = self.worked = 100.0

    def monotonic(self):
        return self.now

    def thread_time(self):
        return self.worked


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(report_pace, "time", made)
    return made


def test_curves_wait_until_the_thread_has_rested(clock):
    """45 ms of work, the painting among them, are 2.5 % of 1.8 s, as 10 ms of 0.4 s."""
    pace = ReportPace()
    assert pace.is_due(CURVES)
    pace.note_shown(CURVES)
    clock.worked += 0.01
    clock.now += 0.39
    assert not pace.is_due(CURVES)
    clock.now += 0.02
    assert pace.is_due(CURVES)
    clock.worked += 0.035
    clock.now += 1.3
    assert not pace.is_due(CURVES)
    clock.now += 0.1
    assert pace.is_due(CURVES)


def test_curves_are_drawn_at_times_while_others_keep_the_thread_busy(clock):
    pace = ReportPace()
    pace.note_shown(CURVES)
    clock.worked += 1.5
    clock.now += 1.9
    assert not pace.is_due(CURVES)
    clock.now += 0.2
    assert pace.is_due(CURVES)


def test_curves_are_drawn_five_times_a_second_at_most(clock):
    pace = ReportPace()
    pace.note_shown(CURVES)
    clock.now += 0.19
    assert not pace.is_due(CURVES)
    clock.now += 0.02
    assert pace.is_due(CURVES)


def test_maps_are_shown_as_they_come_and_a_new_run_at_once(clock):
    pace = ReportPace()
    pace.note_shown(CURVES)
    clock.worked += 1
    assert pace.is_due(MAP)
    assert not pace.is_due(CURVES)
    pace.restart()
    assert pace.is_due(CURVES)


def test_the_first_points_follow_the_empty_plot_at_once(clock):
    """An empty plot beside step 49 of 60 said that the first epoch was under way."""
    empty = Curves(x=np.arange(0.0), series={"a": np.zeros(0)}, x_label="", y_label="")
    pace = ReportPace()
    pace.note_shown(Report({"loss": empty}))
    clock.worked += 1.0
    clock.now += 1.0
    assert not pace.is_due(Report({"loss": empty}))
    assert pace.is_due(CURVES)
    pace.note_shown(CURVES)
    assert not pace.is_due(CURVES)
