"""Training runs side by side, and the gallery of augmentations.

Truth: the same run trained alone, and values written by hand.
"""

import dataclasses
from contextlib import closing

import numpy as np
import pytest
import torch
from support.jobs import finish, never

import nnviz
from nnviz.base.errors import UsageError
from nnviz.base.events import Partial
from nnviz.base.parameters import parameters_of
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.comparison import TrainingComparison, comparison_report
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.learning.parameters import TrainingParams
from nnviz.engine.learning.run import Switches, TrainingRun
from nnviz.engine.learning.variants import parse_variants
from nnviz.render.miniature import miniature

KNOWN = {each.name: each for each in parameters_of(TrainingParams)}


@pytest.fixture(scope="module")
def digits():
    return load_examples("digits", "", 80)


def switches(optimizer="adam", epochs=2):
    return Switches(
        architecture=Architecture(kind="mlp"), optimizer=optimizer, epochs=epochs
    )


def finished(run):
    while not run.ended:
        run.advance()
    return run


def weights_of(run):
    return torch.cat([each.detach().flatten() for each in run.net.parameters()])


def test_each_run_is_what_it_would_be_alone(digits):
    both = {"adam": switches(), "sgd": switches("sgd")}
    comparison = finished(TrainingComparison(both, digits, 7))
    for name, each in both.items():
        alone = TrainingRun(each, digits, torch.Generator().manual_seed(7))
        finished(alone)
        assert torch.equal(weights_of(comparison.runs[name]), weights_of(alone))


def test_they_begin_alike_and_go_in_step(digits):
    comparison = TrainingComparison(
        {"short": switches(epochs=1), "long": switches(epochs=3)}, digits, 0
    )
    short, long = comparison.runs.values()
    assert torch.equal(weights_of(short), weights_of(long))
    while not short.ended:
        comparison.advance()
        assert abs(short.progress - long.progress) <= 1
    finished(comparison)
    curve = comparison_report(comparison)["held-out loss"]
    # The run that ended keeps its only value.
    assert curve.series["short"].tolist() == [short.history["held-out loss"][0]] * 3
    assert len(curve.series["long"]) == 3


def test_a_run_has_no_point_before_the_end_of_its_first_epoch(digits):
    """Four reports make an epoch; the other run has taken three when the first ends."""
    comparison = TrainingComparison(
        {"first": switches(), "second": switches()}, digits, 0
    )
    before = comparison_report(comparison)
    for name in ("held-out loss", "training loss", "held-out accuracy"):
        assert {n: len(v) for n, v in before[name].series.items()} == {
            "first": 0, "second": 0
        }  # fmt: skip
    assert miniature(before["held-out loss"], None).shape[2] == 3
    while not comparison.runs["first"].history.epochs:
        comparison.advance()
    assert list(comparison_report(comparison)["held-out loss"].series) == ["first"]


def test_a_comparison_that_was_stopped_goes_on_bit_for_bit(digits):
    both = {"adam": switches(), "sgd": switches("sgd")}
    first = TrainingComparison(both, digits, 3)
    for _ in range(3):
        first.advance()
    state = first.state()
    finished(first)
    second = TrainingComparison(both, digits, 99)
    second.restore(state)
    finished(second)
    for name in both:
        assert torch.equal(weights_of(first.runs[name]), weights_of(second.runs[name]))


def test_every_combination_is_a_variant():
    found = parse_variants("network = plain, residual; depth = 20, 56", KNOWN)
    assert [each.name for each in found] == [
        "plain, depth 20", "plain, depth 56", "residual, depth 20", "residual, depth 56"
    ]  # fmt: skip
    assert found[3].values == {"network": "residual", "depth": 56}
    on_off = parse_variants("batch norm=no,yes", KNOWN)
    assert [(v.name, v.values["batch_norm"]) for v in on_off] == [
        ("no batch norm", False), ("with batch norm", True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "asks for 1 runs"),
        ("dropout = 0.5", "asks for 1 runs"),
        ("depth", "has no values"),
        ("hight = 1, 2", "hight"),
        ("depth = 20, deep", "deep"),
        ("depth = 20, 5000", "out of range"),
        ("flip = no, off", "twice"),
        ("members = 1, 2, 3, 4; depth = 8, 14", "asks for 8 runs"),
    ],
)
def test_what_cannot_be_compared_is_refused(text, reason):
    with pytest.raises(UsageError, match=reason):
        parse_variants(text, KNOWN)


def test_the_gallery_shows_each_augmentation_on_the_image():
    half = np.zeros((40, 60, 3), np.uint8)
    half[:, 30:] = (255, 0, 0)
    found = nnviz.run("augmentations", None, half, draws=12, flip=True, seed=0)
    mosaic = found.report["augmentations"]
    names = list(mosaic.captions)
    assert names[0] == "original"
    assert names.count("together") == 12
    original = mosaic.tiles[0]
    np.testing.assert_array_equal(original[:, :60], 0)
    flips = [mosaic.tiles[i] for i, name in enumerate(names) if name == "flip"]
    assert {float(tile[64, 0, 0]) for tile in flips} == {0.0, 1.0}
    cuts = [mosaic.tiles[i] for i, name in enumerate(names) if name.startswith("cut")]
    assert all((tile == 0.5).all(-1).any() for tile in cuts)


def test_runs_are_steered_but_for_what_they_differ_in(digits):
    """A learning rate of 0 moves no weight; the one that is compared keeps its own."""
    asked = {"still": switches(), "own": switches()}
    comparison = TrainingComparison(asked, digits, 3)
    before = weights_of(comparison.runs["still"]).clone()
    none = dataclasses.replace(switches(), learning_rate=0.0)
    comparison.steer({"still": none, "own": switches()})
    finished(comparison)
    assert torch.equal(weights_of(comparison.runs["still"]), before)
    assert not torch.equal(weights_of(comparison.runs["own"]), before)


def test_the_method_takes_what_is_steered():
    """With hardly any rate from its second step on, a run gets no further."""
    request = RunMethod(
        method="compare_training",
        model=ModelRequest(reference=""),
        values={"network": "mlp", "image_count": 40, "epochs": 3},
    )

    def still(step):
        return {"learning_rate": 1e-6} if isinstance(step, Partial) else None

    with closing(Session()) as session:
        moved = finish(session.job(request, never)).report["training loss"]
        kept = finish(session.job(request, never), still).report["training loss"]
    for name, losses in moved.series.items():
        assert losses[2] < losses[1]
        assert kept.series[name][2] == pytest.approx(kept.series[name][1], rel=1e-3)
