"""Objectives: the truth is Lucid's formula written out in loops, in float64."""

import math

import pytest
import torch
from torch import nn

from nnviz.base.info import LayerInfo, Layout
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.optvis.objectives import (
    channel,
    closeness,
    direction,
    diversity,
    each,
    energy,
    likeness,
    logit,
    unit,
)

LAYER = "conv"


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    shapes = {LAYER: (3, 4, 2, 5), "": (3, 7, 1, 1)}
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64)
        for name, shape in shapes.items()
    }


def vectors(maps):
    """All places of a picture as lists of numbers: (channels) at each place."""
    _, height, width = maps.shape
    return [maps[:, y, x].tolist() for y in range(height) for x in range(width)]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def dot_cosine(a, b, power):
    """Lucid's ``_dot_cossim`` for one place; its epsilon is 1e-4."""
    lengths = (1e-4 + math.sqrt(dot(a, a))) * (1e-4 + math.sqrt(dot(b, b)))
    return dot(a, b) * max(0.1, dot(a, b) / lengths) ** power


def mean(numbers):
    return sum(numbers) / len(numbers)


def close(found, expected):
    assert found.tolist() == pytest.approx(expected, rel=1e-12)


def test_channel_is_the_mean_over_places(maps):
    expected = [mean([v[2] for v in vectors(each)]) for each in maps[LAYER]]
    close(channel(LAYER, 2)(maps), expected)


def test_unit_is_the_lower_right_of_the_middle(maps):
    # Lucid: x = shape // 2; of two rows it is the second, of five columns the third.
    close(unit(LAYER, 1)(maps), maps[LAYER][:, 1, 1, 2].tolist())
    close(unit(LAYER, 1, (0, 4))(maps), maps[LAYER][:, 1, 0, 4].tolist())


def test_logit_is_the_output(maps):
    close(logit(5, "cup")(maps), maps[""][:, 5, 0, 0].tolist())
    assert logit(5, "cup").words == "logit of cup"


@pytest.mark.parametrize("power", [0, 1, 2.5])
def test_direction(maps, power):
    v = [0.3, -1.0, 0.5, 2.0]
    expected = [
        mean([dot_cosine(a, v, power) for a in vectors(each)]) for each in maps[LAYER]
    ]
    wanted = torch.tensor(v, dtype=torch.float64)
    close(direction(LAYER, wanted, cosine_power=power)(maps), expected)


def test_direction_in_the_middle(maps):
    v = [0.3, -1.0, 0.5, 2.0]
    expected = [dot_cosine(each[:, 1, 2].tolist(), v, 2) for each in maps[LAYER]]
    wanted = torch.tensor(v, dtype=torch.float64)
    close(direction(LAYER, wanted, center=True, cosine_power=2)(maps), expected)


def test_energy_is_the_mean_square(maps):
    expected = [mean([x * x for v in vectors(each) for x in v]) for each in maps[LAYER]]
    close(energy(LAYER)(maps), expected)
    expected = [
        mean([x * x for v in vectors(each) for x in (v[0], v[3])])
        for each in maps[LAYER]
    ]
    close(energy(LAYER, (0, 3))(maps), expected)


@pytest.mark.parametrize("power", [0, 2])
def test_likeness_compares_whole_layers(maps, power):
    reference = maps[LAYER][2:]
    b = [x for v in vectors(reference[0]) for x in v]
    expected = [
        dot_cosine([x for v in vectors(each) for x in v], b, power) / 10
        for each in maps[LAYER]
    ]
    close(likeness(LAYER, reference, cosine_power=power)(maps), expected)


def test_closeness_is_the_squared_distance_as_a_share(maps):
    reference = maps[LAYER][2:]
    b = [x for v in vectors(reference[0]) for x in v]
    expected = [
        -sum(
            (x - y) ** 2
            for x, y in zip([x for v in vectors(each) for x in v], b, strict=True)
        )
        / (dot(b, b) + 1e-4)
        for each in maps[LAYER]
    ]
    close(closeness(LAYER, reference)(maps), expected)
    assert closeness(LAYER, reference)(maps)[2] == 0


def test_diversity_sums_the_products_of_other_pictures_grams(maps):
    def gram(picture):
        rows = vectors(picture)
        whole = [
            sum(row[i] * row[j] for row in rows) for i in range(4) for j in range(4)
        ]
        length = math.sqrt(dot(whole, whole))
        return [x / length for x in whole]

    grams = [gram(each) for each in maps[LAYER]]
    expected = [
        sum(dot(grams[i], grams[j]) for j in range(3) if j != i) for i in range(3)
    ]
    close(diversity(LAYER)(maps), expected)


def test_each_picture_has_its_own(maps):
    found = each([channel(LAYER, 3), unit(LAYER, 0), logit(6)])
    expected = [
        channel(LAYER, 3)(maps)[0].item(),
        unit(LAYER, 0)(maps)[1].item(),
        logit(6)(maps)[2].item(),
    ]
    close(found(maps), expected)
    assert found.layers == {LAYER, ""}


def test_they_add_subtract_and_scale(maps):
    one, other = channel(LAYER, 0), unit(LAYER, 1)
    whole = 2 * one - (other + logit(0)) * 0.5
    expected = 2 * one(maps) - 0.5 * (other(maps) + logit(0)(maps))
    close(whole(maps), expected.tolist())
    assert whole.words == (
        "2 * channel 0 of conv - "
        "(0.5 * (channel 1 of conv at the center + logit of class 0))"
    )
    assert whole.layers == {LAYER, ""}
    close((-one)(maps), (-one(maps)).tolist())


class Counted(nn.Module):
    """Counts how often it is run."""

    runs = 0

    def forward(self, x):
        self.runs += 1
        return x


def layer(name, shape):
    return LayerInfo(
        name=name,
        kind="Conv2d",
        depth=0,
        shape=shape,
        parameters=0,
        macs=0,
        receptive_field=None,
        leaf=True,
        filters=True,
        layout=Layout.MAP,
    )


def test_pass_stops_at_the_deepest_layer_and_copies_what_is_changed_in_place():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Conv2d(2, 2, 3), Counted()
    )
    x = torch.randn(2, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    layers = {name: layer(name, (2, 7, 7)) for name in ("0", "2")}
    found = FeatureExtractor(
        model=PixelModel(net=net, normalizer=nn.Identity(), check=lambda: None),
        layers=layers,
    )(x, frozenset(layers))
    first = net[0](x)
    assert torch.equal(found["0"], first)
    assert (found["0"] < 0).any()
    assert torch.equal(found["2"], net[2](first.relu()))
    assert net[3].runs == 0


def test_pictures_go_one_by_one_where_the_network_wants_it():
    sizes = []

    class One(nn.Module):
        def forward(self, x):
            sizes.append(len(x))
            return x.mean((2, 3))

    x = torch.arange(24.0).reshape(3, 2, 2, 2)
    run = FeatureExtractor(
        model=PixelModel(
            net=One(), normalizer=nn.Identity(), check=lambda: None, alone=True
        ),
        layers={},
    )
    found = run(x, frozenset({""}))
    assert sizes == [1, 1, 1]
    assert torch.equal(found[""][:, :, 0, 0], x.mean((2, 3)))
