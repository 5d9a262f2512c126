"""Exemplars of channels over a set.

Truth: a slow loop over all images in the network's own modules; numpy's corrcoef;
receptive fields worked by hand; the pixels of the images themselves.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from torch import nn

import nnviz
from nnviz.base.errors import UsageError
from nnviz.cli import main
from nnviz.engine.dataset.exemplars.gradient_support import support_spans
from nnviz.engine.dataset.exemplars.top_images import channel_correlations, top_images
from tests.engine.dataset.conftest import PLAIN, ColorNet


@pytest.fixture(scope="module")
def maps(colors, color_index):
    """The maps of all images, (n, 4, 8, 8), one image at a time."""
    net = ColorNet().eval()
    found = []
    for path in color_index.paths:
        pixels = np.asarray(PillowImage.open(colors / path), np.float32) / 255
        tensor = torch.from_numpy(pixels.transpose(2, 0, 1))[None]
        with torch.no_grad():
            found.append(net.relu(net.conv(tensor))[0].numpy())
    return np.stack(found)


@pytest.fixture(scope="module")
def found(color_index):
    return color_index.exemplars("relu", count=4)


def test_the_strongest_images_are_those_of_a_slow_loop(found, maps):
    for channel in range(3):
        strongest = sorted(
            range(len(maps)),
            key=lambda k: (-maps[k, channel].max(), -maps[k, channel].mean(), k),
        )[:4]
        assert found.records[channel].tolist() == strongest
        for place, record in enumerate(strongest):
            heat = maps[record, channel]
            assert found.values[channel, place] == pytest.approx(heat.max(), abs=1e-6)
            row, column = found.places[channel, place]
            assert heat[row, column] == pytest.approx(heat.max(), abs=1e-6)
            np.testing.assert_allclose(found.maps[channel, place], heat, atol=1e-5)


def test_dead_channels_and_mean_maps(found, maps):
    assert found.dead.tolist() == [3]
    assert found.always.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.mean_maps, maps.mean(0), atol=1e-5)


def test_patches_are_cut_where_the_channel_looks(found, colors):
    """A 3 x 3 convolution of stride 2 and padding 1 sees rows 2y - 1 to 2y + 1."""
    for place in range(4):
        row, column = found.places[0, place]
        left, top, right, bottom = found.boxes[0, place]
        assert (top, bottom) == (max(0, 2 * row - 1), 2 * row + 2)
        assert (left, right) == (max(0, 2 * column - 1), 2 * column + 2)
        path = found.paths[int(found.records[0, place])]
        pixels = np.asarray(PillowImage.open(colors / path))
        part = pixels[int(top) : int(bottom), int(left) : int(right)]
        mean = found.patches[0, place].reshape(-1, 3).mean(0)
        assert np.abs(mean - part.reshape(-1, 3).mean(0)).max() < 12


def test_the_support_of_gradients_is_the_receptive_field():
    """Two 3 x 3 convolutions, a pooling by 2 between: 1 + 2, times 2, plus 2 = 8 px."""
    net = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(6, 5, 3, padding=1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 2),
    )  # fmt: skip
    with torch.no_grad():
        for each in net.parameters():
            each.copy_(torch.rand(each.shape, generator=torch.manual_seed(0)) + 0.1)
    model = nnviz.load(net, preprocess=PLAIN, labels=["a", "b"])
    down, along = support_spans(model._opened(), "2", lambda: None)
    assert down.shape == (8, 2)
    # Of a pooled pair either may be the larger one, so the ends may lie one short.
    assert down[4].tolist() in ([5, 13], [5, 12], [6, 13], [6, 12])
    assert (along[:, 1] <= 16).all()
    assert along[0, 0] == 0


def test_blocks_do_not_matter(monkeypatch):
    from nnviz.engine.dataset.exemplars import top_images as module

    monkeypatch.setattr(module, "_BLOCK", 7)
    drawn = np.random.default_rng(0).integers(0, 9, (2, 50, 5))
    values, means = drawn.astype(np.float32)
    expected = [
        sorted(range(50), key=lambda k: (-values[k, c], -means[k, c], k))[:6]
        for c in range(5)
    ]
    assert top_images(values, means, 6).tolist() == expected


def test_correlations_are_numpys():
    values = np.random.default_rng(1).normal(size=(300, 6)).astype(np.float32)
    values[:, 5] = 2  # never changes: numpy divides by zero, here it is 0
    found = channel_correlations(values)
    np.testing.assert_allclose(
        found[:5, :5], np.corrcoef(values[:, :5], rowvar=False), atol=1e-5
    )
    assert (found[5] == 0).all()


def test_the_command_line_writes_sheets_and_numbers(color_index, tmp_path, capsys):
    words = ["exemplars", str(color_index.folder), "--layer", "relu", "--count", "3"]
    assert main([*words, "--out", str(tmp_path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["dead"] == [3]
    assert answer["channels"][0]["images"][0]["path"].startswith("red/")
    assert nnviz.open_image(tmp_path / "relu.png").size[1] > 300
    arrays = np.load(tmp_path / "relu.npz")
    assert arrays["patches"].shape == (4, 3, 64, 64, 3)
    few = [*words, "--channels", "1-2", "--no-patches", "--out", str(tmp_path / "few")]
    assert main(few) == 0
    assert "never active" in capsys.readouterr().out
    assert not (tmp_path / "few" / "relu.png").exists()
    assert main([*words, "--channels", "9"]) == 2
    with pytest.raises(UsageError, match="did you mean relu"):
        color_index.exemplars("rellu")
