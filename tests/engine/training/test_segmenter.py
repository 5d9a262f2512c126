"""The segmenter for scenes: its loss, how it is judged, that it learns.

Truth: definitions (Dice loss, intersection over union) by hand, scikit-learn.
"""

import dataclasses
import itertools
import math

import pytest
import torch
from sklearn.metrics import jaccard_score
from torch import nn

from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks import UNet
from nnviz.engine.models.references import BundledReference
from nnviz.engine.training import segmenter
from nnviz.engine.training.fitting import Learner, initialize_kaiming
from nnviz.engine.training.scene_batches import (
    SceneBatch,
    SceneRecipe,
    held_out_batches,
    training_batches,
)
from nnviz.engine.training.scene_fit import fit_scenes

SMALL = SceneRecipe(epochs=1, batch=2, size=64, shapes=(1, 2), held_out=2)

SCRATCH = dataclasses.replace(
    segmenter.COURSE.task,
    build=lambda: UNet(11, width=8),
    initialize=initialize_kaiming,
)


class Saying(nn.Module):
    """A network that says what it was told to."""

    def __init__(self, said):
        super().__init__()
        self.said = said

    def forward(self, _x):
        return self.said


def batch_of(semantic):
    return SceneBatch(
        torch.zeros(len(semantic), 3, *semantic.shape[1:]), [], [], semantic
    )


def test_the_loss_is_cross_entropy_and_dice():
    # Two classes, four pixels, all said to be even: probabilities 1/2 everywhere.
    # Cross entropy ln 2.  Dice of class 0 (three pixels): 2 * 1.5 / (2 + 3) = 0.6; of
    # class 1 (one pixel): 2 * 0.5 / (2 + 1) = 1/3.
    batch = batch_of(torch.tensor([[[0, 0], [0, 1]]]))
    found = segmenter.loss(Saying(torch.zeros(1, 2, 2, 2)), batch)
    assert found.item() == pytest.approx(math.log(2) + 1 - (0.6 + 1 / 3) / 2)
    # A class that nowhere occurs counts as cross entropy only: sure and right is 0.
    sure = torch.tensor([30.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    nothing = batch_of(torch.zeros(1, 2, 2, dtype=torch.int64))
    assert segmenter.loss(Saying(sure), nothing).item() == pytest.approx(0, abs=1e-6)


def test_the_coarse_loss_asks_a_pixel_in_each_square_and_no_finer_level():
    net = UNet(3, width=4)
    initialize_kaiming(net, torch.Generator().manual_seed(0))
    semantic = torch.zeros(1, 64, 64, dtype=torch.int64)
    semantic[:, 2::4, 2::4] = 1
    semantic[:, 2, 2] = 2
    batch = batch_of(semantic)
    found = segmenter.coarse_loss(net, batch)
    # Of the picture's quarter only the first pixel is of class 2, all others of 1.
    quarter = torch.ones(1, 16, 16, dtype=torch.int64)
    quarter[0, 0, 0] = 2
    *_, logits = itertools.islice(net.levels(batch.pixels), 4)
    assert found.item() == pytest.approx(segmenter.overlap_loss(logits, quarter).item())
    torch.autograd.backward(found)
    assert net.merge[2].conv.weight.grad is not None
    assert net.merge[3].conv.weight.grad is None
    assert net.classifier.weight.grad is None


def test_early_scenes_are_crowded():
    recipe = dataclasses.replace(
        SMALL, epochs=2, scenes=6, early=0.5, shapes=(1, 1), crowd=(4, 6)
    )
    counts = [
        sum(
            len(labels)
            for batch in training_batches(recipe, epoch)
            for labels in batch.labels
        )
        for epoch in range(2)
    ]
    assert counts[1] == 2 * recipe.scenes
    assert counts[0] > 2 * counts[1]


def test_intersection_over_union_is_scikit_learns():
    generator = torch.Generator().manual_seed(0)
    truth, found = torch.randint(0, 5, (2, 3, 20, 20), generator=generator)
    counts = segmenter.confusion(found, truth, 6)
    assert counts[1, 2] == ((truth == 1) & (found == 2)).sum()
    expected = jaccard_score(truth.flatten(), found.flatten(), average=None)
    # Class 5 does not occur and is left out.
    ratios = segmenter.intersection_over_union(counts)
    assert ratios.tolist() == pytest.approx(expected.tolist())


@pytest.mark.parametrize("size", [(32, 32), (77, 133), (128, 256)])
def test_the_output_is_as_large_as_the_input(size):
    net = UNet(11, width=8).eval()
    with torch.inference_mode():
        assert net(torch.zeros(2, 3, *size)).shape == (2, 11, *size)


def test_new_blocks_change_nothing_at_first():
    """Truth: the network that ships, which lacks the last block of the first stage."""
    net = UNet(11, deeper=(2, 2, 1, 1))
    segmenter.initialize_from_earlier(net, torch.Generator().manual_seed(0))
    shipped = open_bundled(BundledReference("scenes-segmenter"), lambda: None).net
    pixels = next(held_out_batches(SMALL)).pixels
    with torch.inference_mode():
        assert torch.equal(net.eval()(pixels), shipped(pixels))


def test_a_trunk_without_further_blocks_has_no_empty_layer():
    names = [name for name, _ in UNet(11, width=4).named_modules()]
    assert "trunk.stage4" in names
    assert not any("deeper" in name for name in names)


def test_mixed_precision_takes_nearly_the_same_step(tmp_path):
    """Truth: the same recipe in single precision; bfloat16 keeps 8 bits of each."""
    learned = []
    for mixed in (False, True):
        recipe = dataclasses.replace(SMALL, scenes=2, mixed_precision=mixed)
        (*_, last) = fit_scenes(SCRATCH, recipe, tmp_path / f"{mixed}.ckpt")
        learned.append(last.loss)
    assert learned[0] != learned[1]
    assert learned[0] == pytest.approx(learned[1], rel=0.02)


def test_a_few_scenes_are_learned_by_heart():
    batch = next(held_out_batches(SMALL))
    net = UNet(11, width=8)
    initialize_kaiming(net, torch.Generator().manual_seed(0))
    learner = Learner(net, torch.optim.AdamW(net.parameters(), 5e-3))
    for _ in range(40):
        learner.learn(segmenter.loss(net, batch), ema_decay=0.8)
    with torch.inference_mode():
        found = learner.average(batch.pixels).argmax(1)
    ratios = segmenter.intersection_over_union(
        segmenter.confusion(found, batch.semantic, 11)
    )
    assert ratios.mean() > 0.7


@pytest.mark.parametrize("frozen", [("trunk",), ()])
def test_a_frozen_trunk_keeps_its_weights(frozen, tmp_path):
    task = dataclasses.replace(SCRATCH, frozen=frozen)
    recipe = dataclasses.replace(SMALL, scenes=4)
    list(fit_scenes(task, recipe, tmp_path / "run.ckpt"))
    learned = torch.load(tmp_path / "run.ckpt", weights_only=True)["average"]
    begun = task.build()
    task.initialize(begun, torch.Generator().manual_seed(recipe.seed))
    for name, weights in begun.state_dict().items():
        # Batch norm's running means count as weights here.
        same = torch.equal(learned[name], weights)
        assert same == (bool(frozen) and name.startswith("trunk.")), name
