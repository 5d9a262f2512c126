"""Explanations of boxes: their energy lies in the box that is asked about.

Truth: the boxes that the detector itself gives; an explanation of one has to lie there
and not in another, which is the pointing game's idea with energy (Wang et al. 2020,
arXiv:1910.01279, section 4.2).
"""

import cv2
import numpy as np
import pytest
from support.jobs import run_method

from nnviz.base.images import image_from_array
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.nn.nms import overlaps

DETECTOR = "bundled:scenes-detector"
SIDE = 128
APART = 0.3


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def shares(session, method, scenes, **values):
    """Return how many best boxes have more energy than any other, and of how many."""
    right = asked = 0
    for seed in range(scenes):
        image = image_from_array(make_scene(seed, SIDE, shapes=(2, 4)).pixels)
        found = run_method(session, "detect", DETECTOR, image=image).report.main.boxes
        if not len(found):
            continue
        others = found[overlaps(found[0], found) < APART]
        if not len(others):
            continue
        heatmap = run_method(
            session, method, DETECTOR, image=image, target="box:0", **values
        ).report.main
        energy = cv2.resize(heatmap.values.astype(np.float32).clip(0), (SIDE, SIDE))
        inside = [
            energy[int(top) : int(bottom), int(left) : int(right_)].sum()
            for left, top, right_, bottom in (found[0], *others)
        ]
        asked += 1
        right += bool(inside[0] > max(inside[1:]))
    return right, asked


@pytest.mark.parametrize("method", ["hires_cam", "layer_cam"])
def test_energy_lies_in_the_box(session, method):
    right, asked = shares(session, method, 8)
    assert asked >= 5
    assert right >= 0.9 * asked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "values"),
    [("hires_cam", {}), ("layer_cam", {}), ("occlusion", {"window": 24, "stride": 12})],
)
def test_energy_lies_in_the_box_on_200_scenes(session, method, values):
    """The issue asks for 90 %.  Grad-CAM, whose weights are means over all positions,
    lights up alike objects too: 75 % of 194."""
    right, asked = shares(session, method, 200, **values)
    assert right >= 0.9 * asked


def test_grad_cam_says_that_alike_objects_light_up(session):
    """Truth: the 75 % above; HiResCAM has nothing of the kind to say."""
    image = image_from_array(make_scene(0, SIDE, shapes=(2, 4)).pixels)

    def notes(target, method="grad_cam"):
        given = {"image": image, "target": target}
        return run_method(session, method, DETECTOR, **given).report.notes

    assert any("similar objects" in str(note) for note in notes("box:0"))
    assert not any(
        "similar objects" in str(note) for note in notes("box:0", "hires_cam")
    )
