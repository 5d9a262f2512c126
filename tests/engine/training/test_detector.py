"""The detector for scenes: what its outputs mean, how it is judged, that it learns.

Truth: torchvision's box coder, cases worked out by hand, COCO's definition of average
precision.
"""

import dataclasses

import pytest
import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.ops import box_convert

from nnviz.engine.data.scenes import CLASSES, FIRST_TRAINING_SEED
from nnviz.engine.models.networks import SceneDetector
from nnviz.engine.training import detector
from nnviz.engine.training.coco import Found, mean_average_precision
from nnviz.engine.training.fitting import Learner, initialize_kaiming
from nnviz.engine.training.scene_batches import (
    SceneBatch,
    SceneRecipe,
    held_out_batches,
    training_batches,
)
from nnviz.engine.training.scene_fit import SceneTask, fit_scenes
from tests.support.epochs import epochs

SMALL = SceneRecipe(
    epochs=3, scenes=64, batch=8, size=64, shapes=(1, 1), held_out=8, ema_decay=0.8
)
TASK = SceneTask(lambda: SceneDetector(10, width=8), detector.loss, detector.measure)


def test_offsets_are_torchvisions():
    generator = torch.Generator().manual_seed(0)
    corners = 100 * torch.rand(2, 50, 2, 2, generator=generator)
    boxes, references = corners.sort(2).values.flatten(2)
    anchors = box_convert(references, "xyxy", "cxcywh")
    weights = SceneDetector(10).box_weights
    expected = BoxCoder(weights).encode_single(boxes, references)
    found = detector.box_offsets(boxes, anchors, weights)
    assert torch.allclose(found, expected, atol=1e-4, rtol=1e-5)


def test_anchors_stand_in_the_middle_of_their_places():
    # 128 px: 16, 8 and 4 places a side, four anchors each; the last map's places
    # are 32 px wide.
    anchors = SceneDetector(10).anchors(128, 128)
    assert anchors.shape == (4 * (256 + 64 + 16), 4)
    assert anchors[0].tolist() == [4, 4, 20, 20]
    assert anchors[4, :2].tolist() == [12, 4]
    assert anchors[-1, :2].tolist() == [112, 112]
    # Width to height 2 and 1/2 at equal area.
    ratios = anchors[:4, 2] / anchors[:4, 3]
    assert ratios.tolist() == pytest.approx([1, 1, 2, 0.5])
    areas = anchors[:4, 2] * anchors[:4, 3]
    assert areas.tolist() == pytest.approx([400, 800, 400, 400])


@pytest.mark.parametrize("size", [(32, 32), (77, 133), (128, 256)])
def test_there_are_as_many_anchors_as_outputs(size):
    net = SceneDetector(10, width=8).eval()
    with torch.inference_mode():
        said = net(torch.zeros(2, 3, *size))
    assert said.shape == (2, len(net.anchors(*size)), 4 + 1 + 10)


def test_an_anchor_is_for_the_box_that_it_overlaps_most():
    anchors = torch.tensor([[5.0, 5, 10, 10], [25, 5, 10, 10], [90, 90, 8, 8]])
    # Overlaps by hand: 8/10 with the first; 10*4 / (100 + 80 - 40) = 0.29 with the
    # second, which it is for all the same, as none overlaps that box more.
    boxes = torch.tensor([[0.0, 0, 10, 8], [26, 0, 34, 10]])
    boxes[1] = torch.tensor([26.0, 4, 46, 8])
    assert detector.match(boxes, anchors).tolist() == [0, 1, -1]


def perfect(batch, net):
    """What a network would say that is right about everything, and sure of it."""
    anchors = net.anchors(*batch.pixels.shape[2:])
    classes, offsets = detector._aims(batch, anchors, net.box_weights)
    logits = 20 * torch.nn.functional.one_hot(classes, 1 + len(CLASSES)).float()
    return torch.cat([offsets, logits], 2)


class Saying(SceneDetector):
    """A detector that says what it was told to."""

    def forward(self, _x):
        return self.said


def test_what_is_right_costs_nothing_and_a_wrong_offset_what_ssd_says():
    batch = next(held_out_batches(dataclasses.replace(SMALL, shapes=(2, 4))))
    net = Saying(10)
    net.said = perfect(batch, net)
    assert detector.loss(net, batch).item() == pytest.approx(0, abs=1e-5)
    # Smooth L1 of 3 is 3 - 1/2, for one coordinate of every anchor that has a shape.
    net.said[..., 0] += 3
    assert detector.loss(net, batch).item() == pytest.approx(2.5, abs=1e-4)


def test_who_is_right_about_everything_has_a_precision_of_one():
    batch = next(held_out_batches(dataclasses.replace(SMALL, shapes=(2, 4))))
    net = Saying(10)
    net.said = perfect(batch, net)
    found = detector.find(net, batch.pixels)
    truth = list(zip(batch.boxes, batch.labels, strict=True))
    assert mean_average_precision(truth, found).at_50 == pytest.approx(1)


def test_average_precision_as_coco_defines_it():
    # Two objects of one class; the surest answer is wrong, the second right, the
    # third right: precision 1/2 up to recall 1/2, then 2/3 up to 1; interpolated
    # (best at or beyond a recall) that is 2/3 everywhere.
    box = torch.tensor([[0.0, 0, 10, 10], [30, 30, 50, 50]])
    answers = torch.tensor([[70.0, 70, 80, 80], [0, 0, 10, 10], [30, 30, 50, 50]])
    found = Found(answers, torch.tensor([0.9, 0.8, 0.7]), torch.zeros(3).long())
    precision = mean_average_precision([(box, torch.zeros(2).long())], [found])
    assert precision.at_50 == pytest.approx(2 / 3, abs=1e-6)
    assert precision.mean == pytest.approx(2 / 3, abs=1e-6)
    # Nothing found is no success, and no failure of the program.
    nothing = Found(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0).long())
    assert mean_average_precision([(box, torch.zeros(2).long())], [nothing]).at_50 == 0


def test_a_few_scenes_are_learned_by_heart():
    batch = next(held_out_batches(dataclasses.replace(SMALL, shapes=(1, 3))))
    net = TASK.build()
    initialize_kaiming(net, torch.Generator().manual_seed(0))
    learner = Learner(net, torch.optim.AdamW(net.parameters(), 3e-3))
    for _ in range(60):
        learner.learn(detector.loss(net, batch), ema_decay=0.8)
    truth = list(zip(batch.boxes, batch.labels, strict=True))
    found = detector.find(learner.average, batch.pixels)
    assert mean_average_precision(truth, found).at_50 > 0.9


def test_the_loop_learns(tmp_path):
    first, *_, last = epochs(fit_scenes(TASK, SMALL, tmp_path / "run.ckpt"))
    assert last.number == SMALL.epochs
    assert last.loss < 0.8 * first.loss


def test_a_killed_run_goes_on_as_if_unbroken(tmp_path):
    recipe = dataclasses.replace(SMALL, epochs=2, scenes=16, held_out=4)
    *_, whole = fit_scenes(TASK, recipe, tmp_path / "whole.ckpt")
    killed = epochs(fit_scenes(TASK, recipe, tmp_path / "killed.ckpt"))
    next(killed)
    killed.close()
    (rest,) = epochs(fit_scenes(TASK, recipe, tmp_path / "killed.ckpt"))
    assert (rest.number, rest.loss) == (whole.number, whole.loss)


def test_nothing_is_trained_on_twice_or_measured_on(monkeypatch):
    seeds = []

    def note(_recipe, some, _shapes):
        seeds.extend(some)
        return SceneBatch(torch.zeros(1, 3, 8, 8), [], [], torch.zeros(1, 8, 8))

    monkeypatch.setattr("nnviz.engine.training.scene_batches._batch", note)
    for epoch in range(SMALL.epochs):
        assert len(list(training_batches(SMALL, epoch))) == SMALL.steps
    assert len(set(seeds)) == len(seeds) == SMALL.epochs * SMALL.scenes
    assert min(seeds) >= FIRST_TRAINING_SEED
    seeds.clear()
    list(held_out_batches(SMALL))
    assert seeds == list(range(SMALL.held_out))


def test_a_mirror_moves_the_boxes_with_the_pixels():
    batch = next(held_out_batches(SMALL)).mirrored()
    for boxes, semantic in zip(batch.boxes, batch.semantic, strict=True):
        columns = torch.nonzero((semantic > 0).any(0)).flatten()
        rows = torch.nonzero((semantic > 0).any(1)).flatten()
        edges = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert boxes[0].tolist() == [float(edge) for edge in edges]
