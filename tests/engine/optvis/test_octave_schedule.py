"""How far a dream is, told by what its octaves cost.

Truth: a step of gradient ascent passes over each pixel once, so octaves cost as their
pixels: 10 x 10, 20 x 20 and 40 x 40 are 1, 4 and 16 of 21 parts, worked by hand.
"""

import pytest
import torch

from nnviz.engine.optvis.octave_schedule import OctaveSchedule


def schedule():
    sizes = ((10, 10), (20, 20), (40, 40))
    return OctaveSchedule(
        source=torch.zeros(1, 3, 40, 40), sizes=sizes, keeps_detail=True
    )


@pytest.mark.parametrize(
    ("frame", "octave", "step", "cost"),
    [
        (0, 0, 0, 0),
        (0, 0, 5, 0.5 / 21),
        (0, 1, 0, 1 / 21),
        (0, 2, 5, 13 / 21),
        (0, 2, 10, 1),
    ],
)
def test_octaves_cost_as_their_pixels(frame, octave, step, cost):
    dream = schedule()
    dream.frame, dream.octave, dream.step = frame, octave, step
    assert dream.cost(steps=10, frames=1) == pytest.approx(cost)


def test_frames_of_a_video_cost_the_same():
    dream = schedule()
    dream.frame, dream.octave, dream.step = 3, 2, 5
    assert dream.cost(steps=10, frames=4) == pytest.approx((3 + 13 / 21) / 4)


def test_more_steps_than_are_wanted_now_are_no_more_than_the_octave():
    dream = schedule()  # the number of steps can be made smaller in a run
    dream.octave, dream.step = 2, 9
    assert dream.cost(steps=5, frames=1) == 1
