"""The chip beside a map: when the map is measured, and what it gives way to."""

from dataclasses import replace

import numpy as np
import pytest

from nnviz.base.events import Done, Priority
from nnviz.base.explanations.scores import scores_of
from nnviz.base.explanations.trust import Trust, TrustCheck
from nnviz.base.frames import Frame
from nnviz.base.requests import MeasureTrust
from nnviz.base.results import Curves, Heatmap, Report
from nnviz.gui.shell.main_window import EXPLAIN, INSPECT

CURVES = Curves(
    x=np.array([0.0, 100.0]),
    series={name: np.array([0.5, 0.1]) for name in ("grad_cam", "random", "edges")},
    x_label="pixels removed",
    y_label="score",
)


def trust_in(method, figure="insertion"):
    """Truth by hand: better than the random map, not than the edges."""
    values = {method: [0.5, 0.6], "random": [0.1, 0.2], "edges": [0.5, 0.6]}
    found = {name: {figure: each} for name, each in values.items()}
    curves = {"deletion": CURVES} if figure == "insertion" else {}
    return Trust(method=method, rows=scores_of(found), curves=curves, notes=("one.",))


@pytest.fixture
def explaining(opened, fake, qtbot):
    """The window in Explain; maps lie over the image, trust waits to be answered."""
    plain = fake.outcome

    def outcome(request):
        done = plain(request)
        if getattr(request, "method", "predictions") in ("predictions", "activations"):
            return done
        heat = Heatmap(
            values=np.ones((4, 4), np.float32), signed=False, unit="logit",
            frame=Frame.INPUT,
        )  # fmt: skip
        return Done(replace(done.value, report=Report({"map": heat})), seconds=0.05)

    fake.outcome = outcome
    fake.held |= {"trust", "trust check"}
    opened.enter(EXPLAIN)
    qtbot.waitUntil(lambda: bool(fake.handles.get("trust")))
    return opened


def running(fake, lane="trust"):
    return [each for each in fake.handles.get(lane, ()) if each.open]


def test_a_map_is_measured_unasked_when_it_is_quiet(explaining, fake):
    """Truth: the issue: unasked, at idle priority; nothing in the list of jobs."""
    request = fake.last("trust")
    assert isinstance(request, MeasureTrust)
    assert request.checks == (TrustCheck.CURVES,)
    assert fake.handles["trust"][-1].lane.priority is Priority.IDLE
    assert explaining.app.jobs.listed == ()
    assert explaining.stage.center.chip.text() == "Checking…"


def test_it_gives_way_and_begins_again(explaining, fake, qtbot):
    first = fake.handles["trust"][-1]
    explaining.app.runs.run()
    assert not first.open
    assert not running(fake)
    qtbot.waitUntil(lambda: len(running(fake)) == 1)


def test_the_figures_are_said_and_kept(explaining, fake, qtbot):
    fake.tell("trust", Done(trust_in("grad_cam")))
    chip, panel = explaining.stage.center.chip, explaining.stage.trust
    assert chip.text() == "Insertion: caution"
    assert not panel.plots["deletion"].isHidden()
    assert panel.plots["insertion"].isHidden()
    explaining.app.trust_wanted.emit()
    assert not explaining.stage.docks["trust"].isHidden()
    # Another workspace and back: nothing is measured again.
    count = len(fake.handles["trust"])
    explaining.enter(INSPECT)
    assert chip.isHidden()
    explaining.enter(EXPLAIN)
    assert chip.text() == "Insertion: caution"
    qtbot.wait(700)
    assert len(fake.handles["trust"]) == count


def test_a_check_on_request_joins_the_figures(explaining, fake):
    fake.tell("trust", Done(trust_in("grad_cam")))
    explaining.stage.trust.buttons[TrustCheck.ROAD].click()
    assert fake.last("trust check").checks == (TrustCheck.ROAD,)
    assert len(explaining.app.jobs.listed) == 1
    fake.tell("trust check", Done(trust_in("grad_cam", "road")))
    assert explaining.stage.center.chip.text() == "Insertion: caution · ROAD: caution"


def test_switched_off_nothing_is_measured_unasked(explaining, fake, qtbot):
    explaining.stage.trust.automatic.setChecked(False)
    assert not running(fake)
    explaining.app.runs.run()
    qtbot.wait(700)
    assert not running(fake)
    assert not explaining.app.settings.measures_trust
