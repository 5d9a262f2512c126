"""The name and number of a live frame: data of its report, no words taken apart."""

import copy

import numpy as np

from nnviz.base.frames import Frame, Placement
from nnviz.base.live import Shown, found
from nnviz.base.recipes import Run
from nnviz.base.results import Heatmap, Report, TargetNote

HEATMAP = Heatmap(
    values=np.ones((2, 2), np.float32),
    signed=True,
    unit="score",
    frame=Frame.INPUT,
    placement=Placement((2, 2), (2, 2), (1.0, 1.0), (0.0, 0.0)),
)


def shown(*notes):
    run = Run(Report({"map": HEATMAP}, notes), None, None)
    return Shown(None, run, None)


def test_a_map_is_told_by_what_it_explains_and_its_score():
    """Truth: the note's own data; a comma in the class's name ends nothing."""
    note = TargetNote("logit of crane, bird", 0.71349)
    assert note == "logit of crane, bird, 0.7135"
    assert found(shown("after a warm-up, 3", note)) == (
        "logit of crane, bird",
        "0.7135",
    )


def test_a_map_of_no_target_is_told_by_nothing():
    assert found(shown("layer stage3, block 2")) == ("", "")


def test_copies_of_the_note_hold_its_data():
    note = TargetNote("logit of cat", 2.0)
    for again in (copy.copy(note), copy.deepcopy(note)):
        assert (again, again.target, again.score) == (note, "logit of cat", 2.0)
