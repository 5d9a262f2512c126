"""The live loop: always the newest frame, and nothing of what was before."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from nnviz.base.events import Done, Policy, Priority
from nnviz.base.live import Shown
from nnviz.base.requests import FetchModel, ModelRequest
from nnviz.base.video import SourceKind, SourceRequest, SourceState, SourceStatus
from nnviz.runtime.live import FrameFailure, LiveLoop, still
from nnviz.runtime.live_scale import STEPS
from nnviz.runtime.worker import Worker
from tests.support.engines import PATIENCE
from tests.support.sources import ClockSource, HandSource
from tests.support.vision import TEMPLATE, Vision

HAND = SourceRequest(kind=SourceKind.SCRIPT, address="hand")


class Stand:
    """A loop with its worker, read on the test's thread."""

    def __init__(self, vision, open_source=HandSource):
        self.woken = threading.Event()
        self.vision = vision
        self.worker = Worker(self.woken.set, vision.engine)
        self.loop = LiveLoop(self.worker, open_source)
        self.others = []
        self.worker.start()

    def hear(self):
        """Return all that the mailbox holds, understood."""
        heard = []
        while (posted := self.worker.mailbox.take()) is not None:
            if posted.place.startswith("live"):
                meant = self.loop.hear(posted)
                heard += [meant] if meant is not None else []
            else:
                self.others.append(posted.event)
        return heard

    def wait(self, kind, count=1):
        """Return the first so many that are of a kind."""
        found, until = [], time.monotonic() + PATIENCE
        while len(found) < count:
            assert time.monotonic() < until
            found += [each for each in self.hear() if isinstance(each, kind)]
            self.woken.wait(0.01)
            self.woken.clear()
        return found[:count]

    def results(self, count=1):
        found = []
        while len(found) < count:
            found += [each for each in self.wait(Shown) if each.run is not None]
        return found[:count]

    def close(self):
        self.loop.close(1.0)
        self.loop.stop_recording(5.0)
        assert self.worker.shutdown(5.0)


@pytest.fixture
def stand():
    made = []

    def make(seconds=0.0, open_source=HandSource):
        made.append(Stand(Vision(seconds), open_source))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_each_result_is_of_the_newest_frame_when_its_work_began(stand):
    """Truth: the source's own count, 30 frames a second against 5."""
    live = stand(0.2, ClockSource)
    gaps = []
    live.vision.begun = lambda image: gaps.append(
        live.loop.source.number - 1 - image.number
    )
    live.loop.set_template(TEMPLATE)
    live.loop.open(replace(HAND, rate=30))
    shown = live.results(8)
    # One may be captured between being asked for and beginning.
    assert max(gaps) <= 1
    numbers = [each.image.number for each in shown]
    assert numbers == sorted(set(numbers))
    left_out = shown[-1].figures.dropped - shown[2].figures.dropped
    assert left_out == numbers[-1] - numbers[2] - 5
    assert all(each.figures.age < 0.2 + 0.2 for each in shown)
    assert shown[-1].figures.inference == pytest.approx(0.2, abs=0.1)


def test_frames_are_shown_alone_until_there_is_a_method(stand):
    """Truth: by hand: without a template nothing is asked."""
    live = stand()
    live.loop.open(HAND)
    live.loop.source.give(3)
    (first,) = live.wait(Shown)
    assert first.run is None
    assert first.image.number == 2  # the mailbox keeps the newest
    assert live.vision.looked == 0


def test_what_the_old_question_still_answers_is_not_heard(stand):
    """Truth: the method that was asked for last."""
    live = stand(0.1)
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    live.loop.source.give()
    time.sleep(0.03)  # its work has begun
    live.loop.set_template(replace(TEMPLATE, method="other"))
    (shown,) = live.results()
    assert shown.run.recipe.method == "other"
    assert shown.image.number == 0  # asked about the last frame again
    assert live.results.__self__.vision.looked == 2


def test_no_frame_flashes_up_alone_while_a_slider_is_moved(stand):
    """Truth: what was found stays until there is an answer, of the same method."""
    live = stand(0.05)
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    live.loop.source.give()
    live.results()
    for seed in range(1, 4):
        live.loop.set_template(replace(TEMPLATE, seed=seed))
        live.loop.source.give()
    shown = [each for each in live.wait(Shown, 1) if isinstance(each, Shown)]
    assert all(each.run is not None for each in shown)
    live.loop.set_template(replace(TEMPLATE, method="other"))
    (alone,) = live.wait(Shown)
    assert alone.run is None


def test_frames_of_the_source_before_are_not_heard(stand):
    """Truth: each opening has a number of its own."""
    live = stand(0.05)
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    old = live.loop.source
    old.give()
    live.loop.open(HAND)
    assert old.closed
    old.give(5)
    live.loop.source.give()
    (shown,) = live.results()
    assert shown.image.sha256 == "frame:2:0"


def test_nothing_is_heard_after_the_source_is_closed(stand):
    """Truth: the camera is off; nothing of it may be seen any more."""
    live = stand(0.03)
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    source = live.loop.source
    source.give()
    live.loop.close()
    source.give()
    time.sleep(0.15)
    assert [each for each in live.hear() if isinstance(each, Shown)] == []
    assert source.closed


def test_a_method_that_fails_is_told_once_and_tried_again(stand, monkeypatch):
    """Truth: one message for many frames; the next method works at once."""
    monkeypatch.setattr("nnviz.runtime.live._RETRY_SECONDS", 0.05)
    live = stand()
    live.loop.set_template(replace(TEMPLATE, method="broken"))
    live.loop.open(HAND)
    heard = []
    for _ in range(12):
        live.loop.source.give()
        time.sleep(0.02)
        heard += live.hear()
    troubles = [each for each in heard if isinstance(each, FrameFailure)]
    assert len(troubles) == 1
    assert "cannot look" in troubles[0].error.text
    assert 2 <= live.vision.looked <= 8
    # The picture goes on all the same.
    assert [each for each in heard if isinstance(each, Shown)][-1].image.number > 3
    live.loop.set_template(TEMPLATE)
    assert live.results()[0].run is not None


def test_a_long_job_and_the_camera_both_go_on(stand):
    """Truth: the job's 60 steps are done, and frames were shown meanwhile.

    Each of its safe points lets a frame through.
    """
    live = stand(0.0, ClockSource)
    live.loop.set_template(TEMPLATE)
    live.worker.submit("long", FetchModel("60"), Policy.QUEUE, Priority.NORMAL)
    live.loop.open(replace(HAND, rate=30))
    shown = []
    until = time.monotonic() + PATIENCE
    while not any(isinstance(event, Done) for event in live.others[1:]):
        assert time.monotonic() < until
        shown += [each for each in live.hear() if isinstance(each, Shown)]
        time.sleep(0.005)
    assert live.vision.steps == 60
    assert sum(each.run is not None for each in shown) >= 5
    ages = [each.figures.age for each in shown if each.run is not None]
    assert float(np.median(ages)) < 0.1


def test_old_frames_are_made_smaller_and_it_is_said(stand, monkeypatch):
    """Truth: frames captured a second ago are too old for work of no time."""
    monkeypatch.setattr("nnviz.runtime.live_scale._TOO_OLD_FOR", 0.05)
    live = stand()
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    scales = []
    for _ in range(20):
        live.loop.source.give(captured=time.monotonic() - 1)
        scales.append(live.results()[0].figures.scale)
        time.sleep(0.01)
    assert list(dict.fromkeys(scales)) == list(STEPS)
    asked = [each for each in live.loop.source.asked if each[0] == "scale"]
    assert asked == [("scale", 0.5), ("scale", 0.25)]


def test_a_held_frame_that_is_asked_about_again_is_not_late(stand):
    """Truth: what a hand holds for long says nothing of the machine."""
    live = stand()
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    live.loop.source.give(captured=time.monotonic() - 1000)
    for number in range(30):
        live.loop.set_template(replace(TEMPLATE, seed=number))
        (shown,) = live.results()
    assert shown.figures.scale == 1
    assert shown.figures.dropped == 0


def test_bars_are_smoothed_and_begin_anew_with_another_network(stand):
    """Truth: frame 0 is black, "dark" 1.0; the next ones hardly differ."""
    live = stand()
    live.loop.smooth.time_constant = 1e9
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    live.loop.source.give()
    assert live.results()[0].bars.labels[0] == "dark"
    live.loop.source.number = 255
    live.loop.source.give()
    (shown,) = live.results()
    assert shown.run.report.main.labels[0] == "bright"
    assert shown.bars.labels[0] == "dark"
    other = replace(TEMPLATE, model=ModelRequest(reference="other:net"))
    live.loop.set_template(other)
    assert live.results()[0].bars.labels[0] == "bright"


def test_statuses_arrive_in_order_none_left_out(stand):
    """Truth: what the hand told."""
    live = stand()
    live.loop.open(HAND)
    states = [SourceState.WAITING, SourceState.RUNNING, SourceState.ENDED]
    for state in states:
        live.loop.source.tell(state)
    heard = [each.state for each in live.wait(SourceStatus, 5)]
    assert heard == [SourceState.OPENING, SourceState.RUNNING, *states]


def test_a_kept_frame_is_a_photograph_with_the_hash_of_its_pixels(stand):
    """Truth: image_from_array of the same pixels."""
    from nnviz.base.images import image_from_array

    live = stand()
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    live.loop.source.give()
    (shown,) = live.results()
    kept = still(shown.run)
    pixels = shown.image.pixels
    assert kept.image.sha256 == image_from_array(pixels).sha256
    assert kept.recipe.image_sha256 == kept.image.sha256
    assert kept.image.name == kept.recipe.image == "hand frame 0"
    assert still(kept) is kept


def test_a_recording_holds_what_was_shown_and_its_numbers(stand, tmp_path):
    """Truth: PyAV and csv read the files; brightness and times as given."""
    import csv

    import av

    live = stand()
    live.loop.set_template(TEMPLATE)
    live.loop.open(HAND)
    path = tmp_path / "film.mp4"
    live.loop.record(path)
    began = time.monotonic()
    for step in range(10):
        live.loop.source.give(size=(48, 64), captured=began + step / 10)
        live.results()
        time.sleep(0.05)
    live.loop.stop_recording(10.0)
    with av.open(str(path)) as film:
        frames = [(f.time, f.width, f.height) for f in film.decode(video=0)]
    assert np.diff([time for time, *_ in frames]) == pytest.approx([0.1] * 9, abs=1e-3)
    assert {size[1:] for size in frames} == {(640, 480)}
    with path.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == [str(step) for step in range(10)]
    assert {row["found"] for row in rows} == {"dark"}
