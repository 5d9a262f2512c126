"""Architectures: torchvision's own networks, and the published figures."""

import numpy as np
import pytest
import torch
from scipy import stats
from support.lessons import run_lesson

import nnviz
from nnviz.engine.data.published_networks import frontier
from nnviz.engine.lessons.architectures.architecture_blocks import KNOWN
from nnviz.engine.lessons.architectures.architecture_search import (
    VOCABULARY,
    draw_words,
    with_activations,
)
from nnviz.engine.lessons.architectures.compound_scaling import (
    counted_macs,
    rounded_channels,
)
from nnviz.engine.lessons.arithmetic.architecture_predictor import AccuracyPredictor
from nnviz.engine.models.networks.layer_list import LayerList


def test_residual_block_has_a_skip():
    run, _ = run_lesson("architecture_blocks", architecture="ResNet-18")
    graph = run.report["block"]
    inside = [node for node in graph.nodes if node.name.startswith("layer1.0.")]
    assert [node.title for node in inside].count("Conv2d") == 2
    names = [node.name for node in graph.nodes]
    join = names.index("layer1.0.add")
    sources = {names[edge.source] for edge in graph.edges if edge.target == join}
    assert sources == {"layer1.0.bn2", "maxpool"}  # F(x) and x
    assert "11,689,512 weights" in run.report.notes[1]  # torchvision's page


def test_inception_block_has_four_branches():
    run, _ = run_lesson("architecture_blocks", architecture="GoogLeNet")
    graph = run.report["block"]
    (join,) = [
        n
        for n, node in enumerate(graph.nodes)
        if node.kind == "join" and node.name.startswith("inception3a")
    ]
    assert sum(edge.target == join for edge in graph.edges) == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_architecture_has_its_block(name):
    run, _ = run_lesson("architecture_blocks", architecture=name)
    assert len(run.report["block"].nodes) > 4


def test_published_accuracies_and_their_frontier():
    run, _ = run_lesson("efficiency")
    rows = {row[0]: row for row in run.report["networks"].rows}
    assert rows["alexnet"][2] == 56.522  # torchvision's table of weights
    assert rows["resnet50"][4] == pytest.approx(25.6, abs=0.1)
    cost, accuracy = np.array([1.0, 2, 3, 4]), np.array([50.0, 70, 60, 80])
    assert frontier(cost, accuracy).tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("depth", "width", "side", "published"),
    [(1.0, 1.0, 224, 0.39), (1.1, 1.0, 240, 0.70), (1.4, 1.2, 300, 1.8)],
)
def test_costs_are_the_published_ones(depth, width, side, published):
    """EfficientNet-B0, B1 and B3: Tan & Le 2019, table 2, in 10^9."""
    counted = counted_macs(depth, width, side / 224) / 1e9
    assert counted == pytest.approx(published, rel=0.04)


@pytest.mark.parametrize("width", [1.0, 1.1, 1.4, 2.0])
def test_channels_are_rounded_as_torchvision_does(width):
    from torchvision.models._utils import _make_divisible

    for channels in (16, 24, 40, 80, 112, 192, 320, 1280):
        wanted = channels * width
        assert rounded_channels(wanted) == _make_divisible(wanted, 8)


def test_skip_keeps_the_gradient():
    run, _ = run_lesson("plain_and_residual", depth=40, gain=0.7)
    curves = run.report["gradient"].series
    assert curves["plain"][0] < -3
    assert abs(curves["residual"][0]) < 1.5


def test_gradient_norms_are_autograd_s_in_float64():
    """A network of one layer: relative norms are 1 by definition."""
    from nnviz.engine.lessons.architectures.plain_and_residual import norms_by_layer

    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(16, 16, 3, 3, generator=generator)
    image = torch.randn(4, 16, 12, 12, generator=generator)
    forward, backward = norms_by_layer([kernel], image, residual=False)
    assert forward.tolist() == backward.tolist() == [1.0]


@pytest.mark.parametrize("depth", [56, 110])
@pytest.mark.parametrize("gain", [0.2, 2.0])
def test_norms_of_the_deepest_networks_are_numbers(depth, gain):
    """Truth: a plain network without biases is homogeneous in the gain of each layer.

    Norms of the signal go by the gain to the power of the layers in between, as
    against those of the gain 1.
    """
    scaled, _ = run_lesson("plain_and_residual", depth=depth, gain=gain)
    usual, _ = run_lesson("plain_and_residual", depth=depth, gain=1.0)
    for name in ("signal", "gradient"):
        for series in scaled.report[name].series.values():
            assert np.isfinite(series).all()
    found = scaled.report["signal"].series["plain"]
    wanted = usual.report["signal"].series["plain"] + np.log10(gain) * np.arange(depth)
    assert np.allclose(found, wanted, atol=1e-6)


def test_predictor_learns_a_rule_by_hand():
    """Accuracy = 0.2 + 0.2 for each word "conv 16": unseen orders are ranked by it."""
    random = np.random.default_rng(0)
    drawn = [draw_words(random) for _ in range(240)]
    truth = np.array([0.2 + 0.2 * words.count("conv 16") for words in drawn])
    predictor = AccuracyPredictor(VOCABULARY, 16, torch.Generator().manual_seed(0))
    for _ in range(6):
        predictor.fit(drawn[:120], truth[:120])
    found = predictor.predict(drawn[120:])
    # The usual measure of a surrogate: rank correlation with what is measured.
    assert stats.spearmanr(found, truth[120:]).statistic > 0.8


def test_search_trains_networks_of_its_words_and_keeps_the_best():
    run, reports = run_lesson(
        "architecture_search",
        networks=6,
        warm_up=3,
        image_count=64,
        epochs=1,
        explore=0,
    )
    measured = run.report["search"].points
    assert [(each.name, len(each.places)) for each in measured] == [
        ("at random", 3),
        ("by the predictor", 3),
    ]
    assert len(reports) == 6
    best = run.report["search"].paths[0].places[:, 1]
    every = np.concatenate([each.places for each in measured])
    in_turn = every[every[:, 0].argsort(), 1]
    assert np.array_equal(best, np.maximum.accumulate(in_turn))
    for words, _, _, weights in run.report["networks"].rows:
        # The same words, built by the class that networks of words are made of.
        net = LayerList(with_activations(tuple(words.split(", "))), 10, 1, 16)
        assert weights == sum(each.numel() for each in net.parameters())


@pytest.mark.slow
def test_networks_chosen_by_the_predictor_are_better_than_chance():
    """The claim of surrogate search, as a mean over three seeds."""
    gains = []
    for seed in range(3):
        report = nnviz.run("architecture_search", seed=seed, networks=30).report
        chance, chosen = (each.places[:, 1].mean() for each in report["search"].points)
        gains.append(chosen - chance)
    assert np.mean(gains) > 5
