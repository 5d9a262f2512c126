"""One value traced back, against what the network itself computed there.

Truth: the layer's own output in a forward pass, seen by a forward hook.
"""

import numpy as np
import pytest
import torch
from support.explained import SIDE as TRANSFORMER_SIDE
from support.explained import networks
from support.jobs import cat, finish, never
from support.lessons import run_lesson, session
from torch import nn

from nnviz.base.errors import UsageError
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.lessons.arithmetic.value_trace import TRACEABLE
from nnviz.engine.nn.feature_maps import channel_maps
from nnviz.engine.nn.hooks import output_of

SIDE = 48
PLACES = 34
"""For each of six networks: 204 in all."""


class Zoo(nn.Module):
    """Grouped, depthwise, dilated, strided, reflecting and transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(3, 12, 3, padding=1, groups=3)
        self.norm = nn.BatchNorm2d(12)
        self.act = nn.ReLU(inplace=True)
        self.depthwise = nn.Conv2d(12, 24, 5, stride=2, padding=2, groups=12)
        self.dilated = nn.Conv2d(24, 8, 3, dilation=3, padding="same")
        self.reflecting = nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect")
        self.transposed = nn.ConvTranspose2d(
            8, 6, 3, stride=2, padding=1, output_padding=1, groups=2
        )
        self.atrous = nn.ConvTranspose2d(6, 4, 2, stride=3, dilation=2, bias=False)
        self.head = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.depthwise(self.act(self.norm(self.grouped(x))))
        x = self.atrous(self.transposed(self.reflecting(self.dilated(x))))
        return self.head(x.mean((2, 3)))


NETWORKS = (
    pytest.param("zoo:resnet18@random", marks=pytest.mark.slow),
    "zoo:mobilenet_v3_small@random",
    pytest.param("zoo:shufflenet_v2_x0_5@random", marks=pytest.mark.slow),
    pytest.param("zoo:convnext_tiny@random", marks=pytest.mark.slow),
    "own",
    "transformer",
)


def opened(name):
    """Return request and model of a network."""
    if name in {"own", "transformer"}:
        net = Zoo() if name == "own" else networks()["transformer"]
        side = TRANSFORMER_SIDE if name == "transformer" else SIDE
        small = Preprocess(input_size=(side, side), resize=side)
        labels = () if name == "transformer" else ("a", "b", "c")
        reference = session().store.adopt(net.eval(), small, labels)
        request = ModelRequest(reference=reference, device="cpu")
    else:
        small = Preprocess(input_size=(32, 32), resize=32)
        request = ModelRequest(reference=name, preprocess=small, device="cpu")
    return request, finish(session().store.open(request, never))


@pytest.mark.parametrize("name", NETWORKS)
def test_sum_is_what_the_network_computed(name):
    request, model = opened(name)
    layers = [
        each.name
        for each in model.info.layers
        if each.calls and isinstance(model.net.get_submodule(each.name), TRACEABLE)
    ]
    kinds = {}
    for layer in layers:
        kinds.setdefault(kind_of(model.net.get_submodule(layer)), []).append(layer)
    generator = np.random.default_rng(7)
    worst, seen = 0.0, 0
    while seen < PLACES:
        kind = sorted(kinds)[seen % len(kinds)]
        layer = kinds[kind][int(generator.integers(len(kinds[kind])))]
        report, own = traced(request, model, layer, generator)
        total = report["stages"].rows[0][2]
        worst = max(worst, abs(total - own) / max(1.0, abs(own)))
        sums = report["computation"].grids[-1].values.sum()
        assert sums == pytest.approx(total, abs=1e-9)
        seen += 1
    assert worst < 1e-5


def kind_of(module):
    """Which sort of layer a module is, so that each is tried."""
    if isinstance(module, nn.Conv2d):
        depthwise = 1 < module.groups == module.in_channels
        grouped = "depthwise" if depthwise else f"groups {module.groups > 1}"
        return f"Conv2d {grouped} {module.dilation}"
    return type(module).__name__


def traced(request, model, layer, generator):
    """Return the lesson's report at a random place, and the network's own value."""
    info = model.info.known_layer(layer)
    pixels = model.normalizer(model.pixel_input(cat()))
    output = output_of(model.net, pixels, layer, check=never)
    convolution = isinstance(
        model.net.get_submodule(layer), nn.Conv2d | nn.ConvTranspose2d
    )
    maps = output[0].numpy() if convolution else channel_maps(output, info)
    channel, row, column = (int(generator.integers(size)) for size in maps.shape)
    values = {"layer": layer, "channel": channel, "row": row, "column": column}
    asked = RunMethod(method="value", model=request, image=cat(), values=values)
    run = finish(session().job(asked, never))
    return run.report, float(maps[channel, row, column])


def test_batch_norm_and_activation_follow():
    request, model = opened("own")
    run, _ = run_lesson("value", model=request.reference, image=cat(), layer="grouped")
    rows = run.report["stages"].rows
    assert [row[0] for row in rows] == ["grouped", "norm", "act"]
    net, (_, _, total) = model.net, rows[0]
    channel = int(run.report.notes[0].split("channel ")[1].split(",")[0])
    normed = net.norm.eval()(torch.full((1, 12, 1, 1), total))[0, channel, 0, 0]
    assert rows[1][2] == pytest.approx(float(normed), abs=1e-5)
    assert rows[2][2] == max(0.0, rows[1][2])


def test_layer_that_adds_up_nothing_gives_way_to_one_that_does():
    run, _ = run_lesson(
        "value", model=opened("own")[0].reference, image=cat(), layer="act"
    )
    assert "act adds up no products itself: grouped" in run.report.notes[-1]


def test_place_that_is_not_there_is_refused_in_words():
    reference = opened("own")[0].reference
    with pytest.raises(UsageError, match=r"--channel: 99 is too large; 0 to 11"):
        run_lesson("value", model=reference, image=cat(), layer="grouped", channel=99)
