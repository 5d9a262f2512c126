"""Passes of a network that takes one image at a time.

Truth: its own outputs, image by image.
"""

import pytest
import torch
from torch import nn

import nnviz
from nnviz.engine.dataset.concepts.tcav import class_gradients
from nnviz.engine.nn.pixel_model import PixelModel


class FixedBatch(nn.Module):
    """A classifier with a batch of one in its reshape, which drops further images."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.act = nn.SiLU()
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        pooled = self.act(self.conv(x)).mean((2, 3))
        return self.fc(pooled.reshape(-1)[:4].reshape(1, 4))


@pytest.fixture
def passes():
    net = FixedBatch().eval()
    return PixelModel(net=net, normalizer=nn.Identity(), check=lambda: None, alone=True)


def one_by_one(work, images):
    return torch.cat([work(image[None]) for image in images])


def test_outputs_and_inputs_of_layers_are_those_of_each_image(passes):
    images = torch.rand(3, 3, 8, 8)
    with torch.no_grad():
        expected = one_by_one(passes.net, images)
        (found,) = passes.outputs(images)
        pooled = one_by_one(lambda x: passes.input_to(x, "fc"), images)
        assert passes.input_to(images, "fc").equal(pooled)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.fixture(scope="module")
def model():
    preprocess = {"input_size": [16, 16], "resize": 16}
    return nnviz.load(
        FixedBatch().eval(), preprocess=preprocess, labels=[*"abcde"], device="cpu"
    )


def test_class_gradients_are_those_of_each_image(model):
    images = torch.rand(3, 3, 16, 16)
    opened = model._opened()

    def gradients(pixels):
        return class_gradients(opened, "conv", pixels, 2, lambda: None)

    torch.testing.assert_close(gradients(images), one_by_one(gradients, images))


def test_rcnn_scores_every_region(model, cat):
    """Truth: as many regions as were asked for."""
    found = nnviz.run("rcnn", model, cat, source="sliding windows", regions=12)
    assert found.report.notes[0].startswith("12 regions")
