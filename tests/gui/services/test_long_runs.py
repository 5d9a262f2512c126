"""A run of minutes says so once its pace is known.

Truth: 1 of 100 windows in 3 seconds leaves 297: five minutes.
"""

import time

from nnviz.base.events import Cancelled, Progress
from nnviz.base.notation.durations import long_duration
from nnviz.gui.shell.main_window import EXPLAIN
from nnviz.gui.shell.status import StatusBar


def told(window):
    shown = window.stage.center.banners.shown()
    return [each for each in shown if each.topic == "long run"]


def began_before(run, seconds):
    """Let a run have begun so long ago."""
    run.began = run.job._began = time.monotonic() - seconds


def test_a_run_of_minutes_says_so_once_and_can_be_stopped(opened, fake):
    fake.held.add("result")
    opened.enter(EXPLAIN)
    opened.app.choice.choose("grad_cam")
    opened.app.runs.run()
    run = opened.app.runs.current
    began_before(run, 1)
    run.job.hear(Progress(1, 1000, "window 1 of 1000"))
    assert not told(opened), "after a second the pace is not known"
    began_before(run, 3)
    run.job.hear(Progress(1, 100, "window 1 of 100"))
    (notice,) = told(opened)
    assert notice.text == "Grad-CAM will take about 5 minutes more."
    run.job.hear(Progress(2, 100, "window 2 of 100"))
    assert told(opened) == [notice]
    run.job.hear(Cancelled())
    assert not told(opened)


def test_what_is_told_goes_when_it_is_true_no_more(opened, fake):
    """By hand: 90 of 100 windows in 9 seconds leave one second, not five minutes."""
    fake.held.add("result")
    opened.enter(EXPLAIN)
    opened.app.choice.choose("grad_cam")
    opened.app.runs.run()
    run = opened.app.runs.current
    began_before(run, 3)
    run.job.hear(Progress(1, 100, "window 1 of 100"))
    assert told(opened)
    message = opened.findChild(StatusBar).message
    assert "minutes more" in message.text()
    run.job.hear(Progress(90, 100, "window 90 of 100"))
    assert not told(opened)
    assert "minutes more" not in message.text()


def test_long_durations_are_in_words():
    """Truth: by hand."""
    assert [long_duration(s) for s in (61, 150, 25 * 60, 3 * 3600)] == [
        "a minute",
        "2 minutes",
        "25 minutes",
        "3 hours",
    ]
