"""Four channels, very long images, blue first with a border, re-entrant checkpoints.

Truth: each case says its own; none may end in an exception that is not in words.
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from support.jobs import finish, never
from torch import nn
from torch.utils.checkpoint import checkpoint

from nnviz.base.errors import InputError, ModelError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.media.decode import open_image
from nnviz.media.distortions import DISTORTIONS

SIDE = 32


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


def head(channels):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )


def run(session, net, method, image, **preprocess):
    chosen = Preprocess(**{"input_size": (SIDE, SIDE), "resize": SIDE, **preprocess})
    reference = session.store.adopt(net, chosen)
    request = RunMethod(
        method=method, model=ModelRequest(reference=reference), image=image
    )
    return finish(session.job(request, never)).report


FOUR = {"mean": (0.5,) * 4, "std": (0.2,) * 4}


@pytest.mark.parametrize("method", ["predictions", "saliency", "fgsm"])
def test_alpha_is_the_fourth_channel(session, tmp_path, method):
    """Truth: the same pixels as an array of four channels."""
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 4), np.uint8)
    PillowImage.fromarray(pixels).save(tmp_path / "four.png")
    found = run(session, head(4), method, open_image(tmp_path / "four.png"), **FOUR)
    expected = run(session, head(4), method, image_from_array(pixels), **FOUR)
    assert np.allclose(found.arrays()["data"], expected.arrays()["data"], atol=1e-6)


def test_a_very_long_image_is_attacked(session):
    """Truth: libjpeg keeps 65,500 px a side, WebP 16,383: those are left out."""
    long = image_from_array(np.full((10, 30_000, 3), 99, np.uint8))
    report = run(session, head(3), "fgsm", long)
    rows = next(each for each in report.values() if hasattr(each, "rows")).rows
    assert len(rows) == len(DISTORTIONS)
    assert any("not tried" in str(row[1]) for row in rows)


def test_the_border_is_the_mean_blue_first_or_not(session):
    """Truth: normalization takes the mean to 0."""
    image = image_from_array(np.zeros((10, SIDE, 3), np.uint8))
    for order in ("RGB", "BGR"):
        chosen = Preprocess(
            input_size=(SIDE, SIDE),
            mean=(0.408, 0.459, 0.482),
            std=(1.0, 1.0, 1.0),
            fit=Fit.PAD,
        ).with_fields({"order": order})
        reference = session.store.adopt(head(3), chosen)
        model = finish(session.store.open(ModelRequest(reference=reference), never))
        border = model.normalizer(model.pixel_input(image))[0, :, 0, 0]
        assert border.abs().max() < 1e-6


def test_a_letterbox_is_gray_where_padding_says_so(session):
    """Truth: by hand: a 10 x 32 image in 32 x 32 has 11 rows of 114/255 above it."""
    image = image_from_array(np.zeros((10, SIDE, 3), np.uint8))
    chosen = Preprocess(
        input_size=(SIDE, SIDE),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        fit=Fit.PAD,
        padding=(114 / 255,) * 3,
    )
    reference = session.store.adopt(head(3), chosen)
    model = finish(session.store.open(ModelRequest(reference=reference), never))
    seen = model.normalizer(model.pixel_input(image))[0, :, :, 0]
    wanted = torch.zeros(3, SIDE)
    wanted[:, :11] = wanted[:, 21:] = 114 / 255
    assert torch.allclose(seen, wanted, atol=1e-6)


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3), head(8)

    def forward(self, x):
        return checkpoint(self.second, self.first(x), use_reentrant=True)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("method", ["saliency", "grad_cam", "fgsm"])
def test_reentrant_checkpoints_are_named(session, method):
    """Truth: torch documents that they do not work with ``torch.autograd.grad``."""
    image = image_from_array(np.full((SIDE, SIDE, 3), 99, np.uint8))
    with pytest.raises(ModelError, match="re-entrant"):
        run(session, Checkpointed(), method, image)


class OfSignals(nn.Module):
    """A network of electrocardiograms as they are written: all along one axis."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv1d(1, 6, 7, 2, padding=3, padding_mode="reflect")
        self.norm = nn.BatchNorm1d(6)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool1d(2)
        self.last = nn.Conv1d(6, 8, 5, padding="same")
        self.mean = nn.AdaptiveAvgPool1d(1)
        self.head = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.relu(self.norm(self.conv(x))))
        return self.head(self.mean(self.last(x)).flatten(1))


ROW = {"input_size": (1, 64), "resize": 1, "mean": (0.5,), "std": (0.2,)}


def trace():
    return np.random.default_rng(0).random((1, 64, 1), np.float32)


def test_grad_cam_along_a_trace(session):
    """Truth: Grad-CAM's equations 1 and 2 on the network along one axis."""
    net = OfSignals().eval()
    image = image_from_array(trace())
    found = run(session, net, "grad_cam", image, fit=Fit.STRETCH, **ROW)
    x = (torch.from_numpy(trace()).permute(0, 2, 1) - 0.5) / 0.2
    maps = net.last(net.pool(net.relu(net.norm(net.conv(x))))).detach()
    maps.requires_grad_()
    scores = net.head(net.mean(maps).flatten(1))
    (gradient,) = torch.autograd.grad(scores[0].max(), maps)
    coarse = (gradient.mean(2, keepdim=True) * maps).sum(1, keepdim=True).relu()
    wanted = nn.functional.interpolate(coarse.detach(), 64, mode="linear")[0].numpy()
    values = np.asarray(found.main.values)
    np.testing.assert_allclose(
        values / values.max(), wanted / wanted.max(), rtol=1e-4, atol=1e-6
    )


def test_windows_along_a_trace_are_one_row_high(session):
    """Truth: a network that looks at the last quarter only."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 2, bias=False))
    with torch.no_grad():
        net[1].weight.zero_()
        net[1].weight[0, 48:] = 1
    image = image_from_array(np.full((1, 64, 1), 0.9, np.float32))
    found = run(session, net, "occlusion", image, fit=Fit.STRETCH, **ROW)
    values = np.asarray(found.main.values)
    assert values.shape == (1, 64)
    assert np.allclose(values[:, :32], 0, atol=1e-6)
    assert values[0, 56] > 0.01


def test_an_image_of_one_row_has_no_regions(session):
    with pytest.raises(InputError, match="too narrow"):
        run(session, OfSignals().eval(), "selective_search",
            image_from_array(trace()), fit=Fit.STRETCH, **ROW)  # fmt: skip


@pytest.mark.parametrize("method", ["rcnn", "sticker"])
def test_twelve_channels_are_refused_in_words(session, method):
    pixels = np.random.default_rng(0).random((SIDE, SIDE, 12), np.float32)
    twelve = {"mean": (0.5,) * 12, "std": (0.2,) * 12}
    with pytest.raises(ModelError, match="takes 12 channels"):
        run(session, head(12), method, image_from_array(pixels), **twelve)
