"""R-CNN; truths: the paper's context by hand, and a square that was drawn."""

import numpy as np
import pytest
import torch
from support.jobs import finish, never
from torch import nn

from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.methods.rcnn import windows, with_context


def test_context_by_hand():
    """Appendix A: of 224 px, 192 are left to the region, so 16 px are a twelfth."""
    regions = np.array([[10, 20, 106, 68]], np.float32)
    grown = with_context(regions, 16, (224, 224))
    assert grown[0].tolist() == pytest.approx([10 - 8, 20 - 4, 106 + 8, 68 + 4])
    assert np.array_equal(with_context(regions, 0, (224, 224)), regions)
    # 16 px on each side of an input of 32 would be all of it: 8 are taken.
    small = with_context(regions, 16, (32, 32))
    assert np.array_equal(small, with_context(regions, 8, (32, 32)))
    assert np.isfinite(small).all()


@pytest.mark.parametrize(("size", "count"), [((60, 120), 40), ((50, 50), 12)])
def test_windows_lie_in_the_image(size, count):
    """By hand: squares of three sides, all inside, the largest covers a short side."""
    found = windows(size, count)
    assert 3 <= len(found) <= count
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2:] <= size[::-1]).all()
    sides = np.unique((found[:, 2:] - found[:, :2]).round(2), axis=0)
    assert sides[-1].tolist() == [min(size)] * 2
    assert (sides[:, 0] == sides[:, 1]).all()


class Redness(nn.Module):
    """Two classes: the mean of red minus green decides, so a red window is class 1."""

    def forward(self, x):
        red = 40 * (x[:, 0] - x[:, 1]).mean((1, 2)) - 20
        return torch.stack((torch.zeros_like(red), red), 1)


@pytest.mark.parametrize(
    ("source", "least"), [("selective search", 0.6), ("sliding windows", 0.4)]
)
def test_the_red_square_is_boxed(source, least):
    """Truth: the square that was drawn; no window without it is red.

    By hand: of windows 14.4 px apart the nearest shares 19.2 x 19.2 px, IoU 0.47.
    """
    pixels = np.full((96, 96, 3), 128, np.uint8)
    pixels[24:48, 48:72] = (255, 0, 0)
    session = Session()
    preprocess = Preprocess(
        input_size=(32, 32), resize=32, mean=(0.0,) * 3, std=(1.0,) * 3
    )
    reference = session.store.adopt(Redness().eval(), preprocess, ("gray", "red"))
    request = RunMethod(
        method="rcnn",
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=image_from_array(pixels),
        values={"source": source, "context": 0, "score": 0.9, "regions": 60,
                "classes": "red"},
    )  # fmt: skip
    report = finish(session.job(request, never)).report
    session.close()
    left, top, right, bottom = report.main.boxes[0]
    common = max(0, min(72, right) - max(48, left)) * max(
        0, min(48, bottom) - max(24, top)
    )
    union = (right - left) * (bottom - top) + 24 * 24 - common
    assert common / union > least
    hot = report["heat_map"].values
    assert hot[30, 60] > 0.9
    assert hot[80, 10] < 0.1
