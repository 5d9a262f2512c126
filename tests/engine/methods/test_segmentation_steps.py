"""Segmentation steps.

Truth: the bundled network's own levels, method ``segment``, averages of cells by hand,
and a network of one pixel, for which windows and one pass must agree.
"""

import numpy as np
import pytest
import torch
from support.jobs import finish, never
from torch import nn

from nnviz import api
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session


@pytest.fixture(scope="module")
def scene():
    return image_from_array(make_scene(3, 128).pixels)


def test_the_bundled_networks_levels(scene):
    model = api.load("bundled:scenes-segmenter")
    found = api.run("segmentation_steps", model, scene)
    plain = api.run("segment", model, scene).main
    assert np.array_equal(found.main.classes, plain.classes)
    names = [f"stride_{2**power}" for power in range(5, 0, -1)]
    assert list(found.report.results)[1:6] == names
    table = found.report["changes"]
    assert [row[0] for row in table.rows][-2:] == ["final", "refined"]
    assert table.rows[0][1] == "4 × 4"
    unlike = {row[0]: row[2] for row in table.rows}
    assert unlike["final"] == 0
    assert unlike["stride 32"] > unlike["stride 2"]


class Colors(nn.Module):
    """Two classes of each pixel by its own color alone: red above green is class 1."""

    def forward(self, x):
        red = 20 * (x[:, :1] - x[:, 1:2])
        return torch.cat((torch.zeros_like(red), red), 1)


def run(values):
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[..., 1] = 200
    pixels[16:48, 32:64] = (200, 0, 0)
    session = Session()
    preprocess = Preprocess(
        input_size=(64, 96), fit="stretch", mean=(0.0,) * 3, std=(1.0,) * 3
    )
    reference = session.store.adopt(
        Colors().eval(), preprocess, ("background", "red"), task="segment"
    )
    request = RunMethod(
        method="segmentation_steps",
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=image_from_array(pixels),
        values=values,
    )
    report = finish(session.job(request, never)).report
    session.close()
    return report


def test_windows_agree_with_one_pass_where_a_pixel_decides():
    report = run({"window": 32, "step": 8})
    cells = report["windows"].classes[4::8, 4::8]
    assert np.array_equal(cells, report.main.classes[4::8, 4::8])
    assert report.notes[0].startswith("96 windows")


def test_cells_of_a_stride_are_averages():
    """By hand: of 16 px cells all are of one color, of 32 px ones half or a quarter."""
    report = run({})
    assert np.array_equal(report["stride_8"].classes[20:44, 36:60], np.ones((24, 24)))
    assert report["scores"].values[32, 48] == pytest.approx(20 * 200 / 255, rel=1e-5)
    assert report["scores"].unit == "logit of red"


@pytest.mark.parametrize(
    ("window", "step", "side"), [(8, 16, 16), (31, 8, 32), (51, 16, 52), (15, 5, 15)]
)
def test_a_window_is_at_least_a_step_and_has_a_middle(window, step, side):
    """By hand: no gap between the middles, and as much on either side of one."""
    report = run({"window": window, "step": step})
    assert f"windows of {side} px" in report.notes[0]
