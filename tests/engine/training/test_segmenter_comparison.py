"""The compared segmenters: sizes, first weights, unpooling, one trunk for all.

Truth: plain torch (``max_unpool2d``, interpolation), the classifier's own weights, the
worked example of unpooling of the course.
"""

import dataclasses

import pytest
import torch
from torch.nn import functional

from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks.segmenters.fcn import Fcn
from nnviz.engine.models.networks.segmenters.vgg_trunk import PooledStage, VggTrunk
from nnviz.engine.models.references import BundledReference
from nnviz.engine.training.scene_batches import SceneBatch, SceneRecipe
from nnviz.engine.training.scene_fit import fit_scenes
from nnviz.engine.training.segmenter import overlap_loss
from nnviz.engine.training.segmenter_comparison import (
    COURSES,
    coarse_loss,
    initialize_from_classifier,
)

CLASSES = 11


def built(name):
    net = COURSES[name].task.build()
    initialize_from_classifier(net, torch.Generator().manual_seed(0))
    return net.eval()


@pytest.mark.parametrize("name", COURSES)
@pytest.mark.parametrize("size", [(32, 32), (33, 77)])
def test_the_output_is_as_large_as_the_input(name, size):
    with torch.inference_mode():
        assert built(name)(torch.zeros(2, 3, *size)).shape == (2, CLASSES, *size)


def test_all_differ_in_the_decoder_alone():
    shapes = {
        tuple(
            (key, value.shape)
            for key, value in COURSES[name].task.build().state_dict().items()
            if key.startswith("trunk.")
        )
        for name in COURSES
    }
    assert len(shapes) == 1
    recipes = {
        dataclasses.replace(each.recipe, epochs=1, ema_decay=0.5)
        for each in COURSES.values()
    }
    assert len(recipes) == 1


def test_the_trunk_begins_as_the_classifier():
    """Its third stage gives what the classifier's gives."""
    trunk = built("scenes-fcn8").trunk
    classifier = open_bundled(BundledReference("scenes"), lambda: None).net
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = classifier.stem(x)
        for stage in (classifier.stage1, classifier.stage2, classifier.stage3):
            expected = stage(expected)
        torch.testing.assert_close(trunk(x).maps[3], expected)


def test_fcn_begins_as_interpolation_of_its_coarsest_scores():
    """Long et al. 2015, section 4.3: bilinear kernels, skips that say nothing."""
    net = built("scenes-fcn8")
    x = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        coarse, doubled, *_ = net.levels(x)
    expected = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear")
    # At the borders bilinear interpolation repeats the last cell, a transposed
    # convolution has nothing to add there.
    inner = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(doubled[inner], expected[inner])


@pytest.mark.parametrize(
    ("stride", "cells"), [(32, [3]), (16, [3, 6]), (8, [3, 6, 12])]
)
def test_fcn_has_a_level_for_each_stride(stride, cells):
    with torch.inference_mode():
        levels = list(Fcn(CLASSES, stride).eval().levels(torch.zeros(1, 3, 96, 96)))
    assert [level.shape[-1] for level in levels] == [*cells, 96]


def test_a_stage_remembers_the_places_of_its_maxima():
    """The course's example: 5 6 / 7 8 and the places that they came from."""
    stage = PooledStage(1, 1)
    with torch.no_grad():
        stage.conv1.weight.zero_()
        stage.conv1.weight[0, 0, 1, 1] = 1
        x = torch.tensor(
            [[1.0, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]]
        ).view(1, 1, 4, 4)
        _, places = stage(x)
    assert places.flatten().tolist() == [5, 2, 12, 15]
    values = torch.tensor([[1.0, 2], [3, 4]]).view(1, 1, 2, 2)
    unpooled = functional.max_unpool2d(values, places, 2)
    expected = [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]
    assert unpooled[0, 0].tolist() == expected


def test_what_the_classifier_brought_is_kept(tmp_path):
    course = COURSES["scenes-fcn32"]
    recipe = SceneRecipe(epochs=1, scenes=2, batch=2, size=64, held_out=1)
    list(fit_scenes(course.task, recipe, tmp_path / "run.ckpt"))
    learned = torch.load(tmp_path / "run.ckpt", weights_only=True)["average"]
    begun = course.task.build()
    course.task.initialize(begun, torch.Generator().manual_seed(recipe.seed))
    kept = ("trunk.stem.", "trunk.stages.0.", "trunk.stages.1.", "trunk.stages.2.")
    for key, weights in begun.state_dict().items():
        assert torch.equal(learned[key], weights) == key.startswith(kept), key


def test_the_trunk_takes_odd_sizes():
    maps = VggTrunk().eval()(torch.zeros(1, 3, 33, 47)).maps
    sizes = [(33, 47), (17, 24), (9, 12), (5, 6), (3, 3), (2, 2)]
    assert [tuple(each.shape[2:]) for each in maps] == sizes


def test_fcn16_begins_with_all_of_fcn32():
    """Long et al. 2015, section 4.3: each finer network from the coarser one."""
    net = COURSES["scenes-fcn16"].task.build()
    COURSES["scenes-fcn16"].task.initialize(net, torch.Generator().manual_seed(0))
    learned = open_bundled(BundledReference("scenes-fcn32"), lambda: None).net
    begun = net.state_dict()
    assert all(torch.equal(begun[k], v) for k, v in learned.state_dict().items())
    assert not begun["skips.0.weight"].any()


def test_the_coarse_loss_is_the_mean_over_levels_and_asks_for_no_finer_one():
    net = built("scenes-segnet").train()
    net.trunk.eval()
    batch = SceneBatch(
        torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)), [], [],
        torch.randint(0, 3, (2, 64, 64), generator=torch.Generator().manual_seed(2)),
    )  # fmt: skip
    found = coarse_loss(net, batch)
    levels = list(net.levels(batch.pixels))[:4]
    expected = [
        overlap_loss(
            logits, batch.semantic[:, stride // 2 :: stride, stride // 2 :: stride]
        )
        for logits, stride in zip(levels, (32, 16, 8, 4), strict=True)
    ]
    assert found.item() == pytest.approx(sum(each.item() for each in expected) / 4)
    torch.autograd.backward(found)
    assert net.scores[3].weight.grad is not None
    assert net.scores[4].weight.grad is None
    assert net.decoder.after[3].conv.weight.grad is None


@pytest.mark.parametrize(
    "name", ["scenes-segnet", "scenes-deconvnet", "scenes-unet", "scenes-sharpmask"]
)
def test_each_level_names_classes_and_the_finest_is_the_answer(name):
    x = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    net = built(name)
    with torch.inference_mode():
        levels = list(net.levels(x))
        torch.testing.assert_close(levels[-1], net(x))
    sizes = [(2, 3), (4, 6), (8, 12), (16, 24), (32, 48), (64, 96)]
    assert [tuple(each.shape[2:]) for each in levels] == sizes
