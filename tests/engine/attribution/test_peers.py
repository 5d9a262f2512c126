"""Attributions beside other programs' numbers, in float64.

Truth: tests/fixtures/peers/attributions.npz, written by
tests/reference/programs/attribution_truths.py with zennit, captum, lime, PAIR's
saliency and pytorch-grad-cam.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nnviz.engine.attribution.regions.coalitions import (
    Coalitions,
    fit_lime,
    fit_shapley,
    shapley_coalitions,
)
from nnviz.engine.attribution.regions.region_ranking import (
    felzenszwalb_regions,
    rank_regions,
)
from nnviz.engine.attribution.relevance_propagation.relevance import (
    Composite,
    RelevancePass,
    relevance_of,
)
from nnviz.engine.attribution.relevance_propagation.relevance_rules import (
    alpha_beta_rule,
    epsilon_rule,
    gamma_rule,
    z_plus_rule,
)
from nnviz.engine.evaluation.trust.road import impute

TARGET = 2


@pytest.fixture(scope="module")
def truth():
    path = Path(__file__).parents[2] / "fixtures" / "peers" / "attributions.npz"
    with np.load(path) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def net(truth):
    made = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(3),
        nn.Flatten(),
        nn.Linear(24, 5),
    ).double()
    weights = {
        name.removeprefix("weight."): torch.from_numpy(each)
        for name, each in truth.items()
        if name.startswith("weight.")
    }
    made.load_state_dict(weights)
    return made.requires_grad_(False)


COMPOSITES = {
    "epsilon gamma box": (gamma_rule(0.25), True),
    "epsilon plus": (z_plus_rule(), False),
    "epsilon alpha2 beta1": (alpha_beta_rule(2.0, 1.0), False),
}


@pytest.mark.parametrize("name", COMPOSITES)
def test_relevance_is_zennits(truth, net, name):
    """Stabilizers of 1e-6 stand at more places there: equal to 1e-4 of the range."""
    rule, box = COMPOSITES[name]
    composite = Composite(convolution=rule, dense=epsilon_rule(1e-6), box=box)
    x = torch.from_numpy(truth["x"])
    passing = RelevancePass(composite, torch.zeros_like(x), torch.ones_like(x))
    found = relevance_of(lambda given: net(given)[:, TARGET], x, passing).numpy()
    wanted = truth[f"zennit.{name}"]
    assert passing.count == 3
    assert np.abs(found - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_exact_shapley_values_are_captums(truth, net):
    x = torch.from_numpy(truth["x"])
    regions = torch.from_numpy(truth["regions"])
    drawn = shapley_coalitions(6, 62, np.random.default_rng(0))
    assert drawn.complete
    seen = torch.from_numpy(drawn.kept)[:, regions][:, None]
    scores = net(torch.where(seen, x, 0.0))[:, TARGET].numpy()
    whole, none = (float(net(each)[0, TARGET]) for each in (x, 0 * x))
    fit = fit_shapley(drawn, scores, whole, none)
    wanted = truth["captum.shapley"][0, 0]
    found = fit.values[truth["regions"]]
    # captum adds up in float32.
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()
    assert fit.values.sum() == pytest.approx(whole - none)
    assert not fit.errors.any()


def test_sampled_shapley_values_lie_within_their_errors():
    """Truth: Shapley values by hand: weights, halves of pairs, thirds of three."""
    weights = np.arange(1.0, 21.0)
    due = weights.copy()
    due[:2] += 15.0
    random = np.random.default_rng(1)
    drawn = shapley_coalitions(20, 3000, random)
    assert not drawn.complete

    def score(kept):
        both = kept[..., 0] & kept[..., 1]
        three = kept[..., 2] & kept[..., 3] & kept[..., 4]
        return kept @ weights + 30.0 * both + 30.0 * three

    due[2:5] += 10.0
    whole = score(np.ones(20, np.bool_))
    fit = fit_shapley(drawn, score(drawn.kept), whole, 0.0)
    assert (np.abs(fit.values - due) < 4 * fit.errors + 1e-9).all()
    assert fit.errors.max() < 0.5
    few = shapley_coalitions(20, 300, random)
    wide = fit_shapley(few, score(few.kept), whole, 0.0)
    assert wide.errors.mean() > 2 * fit.errors.mean()


def test_the_regression_is_limes(truth):
    kept, scores = truth["kept"], truth["scores"]
    distances = 1 - np.sqrt(kept.mean(1))
    weights = np.sqrt(np.exp(-(distances**2) / 0.25**2))
    fit = fit_lime(Coalitions(kept, weights), scores)
    assert np.abs(fit.values - truth["lime.weights"]).max() < 1e-9


def test_regions_are_ranked_as_by_pair(truth):
    """The same regions from the same image, in the same order."""
    pixels = torch.from_numpy(truth["image"]).permute(2, 0, 1)[None]
    regions = felzenszwalb_regions(pixels)
    *_, found = rank_regions(truth["attribution"].max(2), regions)
    assert np.abs(found - truth["saliency.xrai"]).max() < 1e-6


def test_imputation_is_grad_cams(truth):
    picture = torch.from_numpy(truth["picture"])[None]
    removed = torch.from_numpy(truth["mask"]) == 0
    found = impute(picture, removed)[0].numpy()
    assert np.abs(found - truth["grad-cam.imputed"]).max() < 1e-4
