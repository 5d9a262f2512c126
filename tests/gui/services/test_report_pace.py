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


def test_curves_take_a_small_share_of_the_time(clock):
    """30 ms, and as long again to paint, are 3 % of 2 s."""
    pace = ReportPace()
    assert pace.is_due(CURVES)
    with pace.showing():
        clock.worked += 0.03
    clock.now += 1.9
    assert not pace.is_due(CURVES)
    clock.now += 0.2
    assert pace.is_due(CURVES)


def test_maps_are_shown_as_they_come_and_a_new_run_at_once(clock):
    pace = ReportPace()
    with pace.showing():
        clock.worked += 1
    assert pace.is_due(MAP)
    assert not pace.is_due(CURVES)
    pace.restart()
    assert pace.is_due(CURVES)
