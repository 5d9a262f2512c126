"""YOLO rows with masks or keypoints after the class scores; truths by hand.

The layouts are those of ultralytics' exports, tried with its own program: rows
(1, 4 + K + 32, A) beside prototypes (1, 32, h, w), and (1, 4 + 1 + 51, A).
"""

import pytest
import torch
from torch import Tensor, nn

from nnviz.base.frames import Placement
from nnviz.base.info import Task
from nnviz.engine.models.adapters.outputs import Wish, adapt
from nnviz.engine.models.detectors.yolo import YoloLayout, yolo_layout
from nnviz.engine.nn.detection import Outliner, candidates_of
from nnviz.engine.nn.detection.interface import KeypointFinder

SIDE = 32
PLACES = 21
"""Cells of strides 8, 16 and 32 on 32 px: 16 + 4 + 1."""


class Rows(nn.Module):
    """A head with one object: box (8, 8) to (24, 24), class 1 of 2."""

    def __init__(self, extra: list[float], prototypes: Tensor | None = None) -> None:
        super().__init__()
        rows = torch.zeros(1, 6 + len(extra), PLACES)
        rows[0, :, 5] = torch.tensor([16.0, 16.0, 16.0, 16.0, 0.1, 0.9, *extra])
        self.rows, self.prototypes = rows, prototypes

    def forward(self, x: Tensor) -> object:
        """Take pixels (1, 3, 32, 32)."""
        rows = self.rows + 0 * x.sum()
        return rows if self.prototypes is None else (rows, self.prototypes + 0)


def test_layouts() -> None:
    assert yolo_layout((1, 116, 8400), "", 80, 32) == YoloLayout("v8", 80, masks=32)
    assert yolo_layout((1, 56, 8400), "", 1) == YoloLayout("v8", 1, points=17)
    assert yolo_layout((1, 84, 8400), "", 80) == YoloLayout("v8", 80)


def test_masks_are_the_sum_of_prototypes_by_their_coefficients() -> None:
    """By hand: the left half is 5, the right -5; times 2 and -1, outside the box 0."""
    left = torch.full((1, 1, 8, 8), -5.0)
    left[..., :4] = 5.0
    prototypes = torch.cat((left, torch.ones(1, 1, 8, 8)), 1)
    labels = ("a", "b")
    net, choice = adapt(
        Rows([2.0, -1.0], prototypes),
        3,
        (SIDE, SIDE),
        "",
        Wish(Task.DETECT, "", labels),
    )
    assert isinstance(net, Outliner)
    assert "with masks" in choice.notes[0]
    outputs = net(torch.zeros(1, 3, SIDE, SIDE))
    found = candidates_of(net, outputs, (SIDE, SIDE), 0.5)
    assert found.classes.tolist() == [1]
    assert found.boxes.tolist() == [[8, 8, 24, 24]]
    place = Placement((16, 16), (SIDE, SIDE), (2.0, 2.0), (0.0, 0.0))
    (mask,) = net.outlines(outputs, found, place)
    assert mask.shape == (16, 16)
    assert mask[8, 5].item() == pytest.approx(torch.tensor(9.0).sigmoid().item())
    assert mask[8, 10].item() == pytest.approx(torch.tensor(-11.0).sigmoid().item())
    assert mask[8, 2] == mask[2, 8] == 0


def test_keypoints_are_pixels_and_a_logit() -> None:
    """By hand: a visibility of one half is a logit of 0."""
    wish = Wish(Task.DETECT, "", ("a", "b"))
    points = [10.0, 12.0, 0.5, 20.0, 22.0, 0.5]
    net, choice = adapt(Rows(points), 3, (SIDE, SIDE), "", wish)
    assert isinstance(net, KeypointFinder)
    assert "2 keypoints" in choice.notes[0]
    outputs = [net(torch.zeros(1, 3, SIDE, SIDE))]
    found = candidates_of(net, outputs, (SIDE, SIDE), 0.5)
    (seen,) = net.keypoints(outputs, found, (SIDE, SIDE))
    assert seen.tolist() == [[10, 12, 0], [20, 22, 0]]
