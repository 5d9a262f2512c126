"""The window answers at once: its thread never works long at a stretch.

Truth: a quarter of a second, from which on people see a window hang; measured by the
processor time of the thread itself between two rests of Qt's event loop.
"""

import numpy as np
import pytest

from nnviz.base.events import Done
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import EXPLAIN, TRAIN, WORKSPACES
from tests.support.stalls import StallProbe

WAIT = 90_000
LIMIT = 0.25


@pytest.mark.slow
def test_no_stretch_of_a_tour_is_longer_than_a_quarter_of_a_second(live, qtbot, cat):
    bench = live.app
    probe = StallProbe()
    app.open_first(bench, [str(cat)], "bundled:objects")
    qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=WAIT)
    for workspace in (*WORKSPACES, *WORKSPACES):
        probe.during(workspace.name, lambda workspace=workspace: live.enter(workspace))
        qtbot.wait(400)
    live.enter(EXPLAIN)
    commands = ("theme.light", "theme.contrast", "theme.dark", "larger", "normal")
    for name in (*commands, "both", "compare", "board"):
        probe.during(name, live.commands[f"view.{name}"].trigger)
        qtbot.wait(200)
    board = live.stage.center.board
    board.choices.methods.tick(["saliency", "grad_cam", "layer_cam", "smooth_grad"])
    probe.during("board", board.start)
    qtbot.waitUntil(lambda: bench.boards.plan is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not bench.boards.running, timeout=WAIT)
    for name in ("go.models", "go.palette"):
        probe.during(name, live.commands[name].trigger)
        qtbot.wait(200)
    for info in bench.models.catalogue.methods:
        probe.during(info.name, lambda info=info: bench.choice.choose(info.name))
        qtbot.wait(20)
    seconds, what = probe.worst()
    assert seconds < LIMIT, f"{what}: {seconds:.2f} s"


@pytest.mark.slow
def test_curves_are_drawn_at_sixty_hertz_while_a_network_trains(live, qtbot):
    """Truth: the goal of the Train workspace, 99 % of all stretches below 50 ms."""
    bench = live.app
    bench.open_model("bundled:digits")
    qtbot.waitUntil(lambda: bench.selection.model is not None, timeout=WAIT)
    live.enter(TRAIN)
    bench.choice.choose("train_network")
    bench.choice.adjust({"network": "lenet", "epochs": 12, "image_count": 400})
    probe = StallProbe()
    bench.runs.run()
    qtbot.waitUntil(lambda: bench.timeline.newest >= 30, timeout=WAIT)
    took = np.array([seconds for seconds, _ in probe.stretches])
    assert live.stage.center.result.isVisible()
    assert live.stage.center.run.report.main.series["held-out loss"].size > 2
    bench.stop()
    assert len(took) > 100
    assert np.quantile(took, 0.99) < 0.05
    assert took.max() < LIMIT


def test_a_board_is_painted_by_another_thread(opened, fake, monkeypatch, qtbot):
    """Truth: no placeholder is drawn until the painter's work is done elsewhere."""
    works, drawn = [], []
    monkeypatch.setattr(fake, "start_work", lambda *given: works.append(given))
    real = __import__("nnviz.render.boards.board").render.boards.board.placeholder

    def note(*args):
        drawn.append(args)
        return real(*args)

    monkeypatch.setattr("nnviz.render.boards.board.placeholder", note)
    opened.enter(EXPLAIN)
    opened.commands["view.board"].trigger()
    pane = opened.stage.center.board
    pane.choices.methods.tick(["saliency", "grad_cam", "layer_cam"])
    pane.start()
    qtbot.waitUntil(lambda: not opened.app.boards.running)
    assert len(works) == 1  # what came meanwhile waits for the painter
    assert not drawn
    work, handle = works[0]
    handle.hear(Done(work.act(None)))
    assert drawn
    assert len(works) == 2
    assert len(pane.view.sides) == 3
