"""Counting frames that are fooled.  Truth: cases by hand, and a published interval."""

import numpy as np
import pytest

from nnviz.base.counting import Outcome, Tally, interval, names_seen
from nnviz.base.frames import Frame
from nnviz.base.live import Figures, Shown
from nnviz.base.recipes import Run
from nnviz.base.results import Boxes, Report


@pytest.mark.parametrize(
    ("truth", "wanted", "seen", "outcome"),
    [
        ("cat", "", ["cat"], Outcome.RIGHT),
        ("cat", "", ["dog"], Outcome.FOOLED),
        ("cat", "", [], Outcome.FOOLED),
        ("cat", "toaster", ["cat"], Outcome.RIGHT),
        ("cat", "toaster", ["toaster"], Outcome.FOOLED),
        ("cat", "toaster", ["dog"], Outcome.OTHER),
        ("cat", "toaster", [], Outcome.OTHER),
        ("person", "", ["dog", "person"], Outcome.RIGHT),
        ("person", "teddy", ["person", "teddy"], Outcome.FOOLED),
    ],
)
def test_what_a_frame_is_counted_as(truth, wanted, seen, outcome):
    """Truth: the meaning of the words, by hand."""
    assert Tally(truth, wanted).outcome(seen) is outcome


def test_frames_add_up():
    """Truth: by hand."""
    tally = Tally("cat", "toaster")
    for seen in (["cat"], ["toaster"], ["toaster"], ["dog"]):
        tally = tally.with_frame(seen)
    assert (tally.fooled, tally.right, tally.other, tally.frames) == (2, 1, 1, 4)


def test_wilsons_interval():
    """Truth: Newcombe 1998 (Stat. Med. 17), table I, method 3, its four examples."""
    for hits, trials, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert interval(hits, trials) == pytest.approx((low, high), abs=5e-5)
    assert interval(0, 0) == (0, 1)
    assert interval(20, 20)[1] == 1


def test_names_of_objects_are_those_of_all_boxes():
    """Truth: by hand: two boxes, of the second and the first class."""
    boxes = Boxes(
        boxes=np.zeros((2, 4)),
        scores=np.array([0.9, 0.8]),
        classes=np.array([1, 0]),
        labels=("cat", "dog"),
        frame=Frame.PHOTO,
    )
    run = Run(Report({"main": boxes}), None, None)
    figures = Figures(rate=1, age=0, inference=0, dropped=0, scale=1)
    assert names_seen(Shown(None, run, figures)) == ("dog", "cat")
    assert names_seen(Shown(None, None, figures)) is None
