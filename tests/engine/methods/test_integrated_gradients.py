"""Integrated gradients and SmoothGrad.  Truth: cases that can be worked out by hand."""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from support.jobs import cat, finish, never, run_network
from torch import nn

from nnviz.base.errors import UsageError
from nnviz.base.events import Partial, Progress
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.attribution.baselines import baseline
from nnviz.engine.imaging.blur import blurred
from nnviz.engine.jobs import Session

SIDE = 8
SIZES = {"input_size": (SIDE, SIDE), "resize": SIDE}
PLAIN = Preprocess(**SIZES, mean=(0.0,) * 3, std=(1.0,) * 3)
NORMAL = Preprocess(**SIZES)


class Squares(nn.Module):
    """Class c scores (c + 1) times the sum of the squares of the pixels."""

    def forward(self, x):
        total = (x * x).flatten(1).sum(1, keepdim=True)
        return torch.cat([total, 2 * total, 3 * total], 1)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def pixels_of(session, preprocess):
    """The cat as the network gets it, (3, SIDE, SIDE)."""
    reference = session.store.adopt(Squares(), preprocess, ("a", "b", "c"))
    request = ModelRequest(reference=reference, preprocess=preprocess, device="cpu")
    model = finish(session.store.open(request, never))
    return model.pixel_input(cat())[0].numpy().astype(np.float64)


@pytest.mark.parametrize("steps", [2, 5])
def test_of_squares_by_hand(session, steps):
    """The integral of 2 (b + a (x - b)) over a is x + b: shares are x^2 - b^2."""
    values = {"target": "second", "steps": steps}
    run = run_network(session, Squares(), PLAIN, "integrated_gradients", **values)
    x = pixels_of(session, PLAIN)
    assert np.allclose(run.report.main.values, 2 * (x * x).sum(0), rtol=1e-5)
    white = run_network(
        session, Squares(), PLAIN, "integrated_gradients", baseline="white", **values
    )
    assert np.allclose(white.report.main.values, 2 * (x * x - 1).sum(0), rtol=1e-4)
    assert any("error" in note and "e-" in note for note in white.report.notes)


def test_left_sum_misses_and_says_by_how_much(session):
    """With n left nodes the shares of x^2 are x^2 (n - 1) / n: 20 % short for 5."""
    run = run_network(
        session, Squares(), PLAIN, "integrated_gradients", steps=5, rule="left"
    )
    x = pixels_of(session, PLAIN)
    assert np.allclose(run.report.main.values, 3 * 0.8 * (x * x).sum(0), rtol=1e-5)
    assert any("20 % error" in note for note in run.report.notes)
    assert "increase the number of steps to reduce this error" in run.report.notes


def test_own_baseline(session, tmp_path):
    file = tmp_path / "same.png"
    PillowImage.fromarray(cat().pixels).save(file)
    run = run_network(
        session, Squares(), PLAIN, "integrated_gradients",
        baseline="own", file=str(file), steps=3,
    )  # fmt: skip
    assert not run.report.main.values.any()
    with pytest.raises(UsageError, match="name its file"):
        run_network(session, Squares(), PLAIN, "integrated_gradients", baseline="own")


def test_baselines():
    """Truth: each by its meaning; a blur keeps a constant picture."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(1, 3, 9, 7, generator=generator)
    mean = torch.tensor([0.2, 0.3, 0.4]).view(-1, 1, 1)

    def made(kind):
        return baseline(kind, x, mean, sigma=2.0, generator=generator)

    assert not made("black").any()
    assert (made("white") == 1).all()
    assert torch.equal(made("mean")[0, :, 3, 3], mean.flatten())
    noise = made("random")
    assert 0 <= noise.min() < noise.max() <= 1
    assert made("blur").std() < 0.5 * x.std()
    flat = torch.full((1, 2, 5, 5), 0.7)
    assert torch.allclose(blurred(flat, 30.0), flat, atol=1e-6)


def test_blur_against_scipy():
    """Truth: scipy's Gaussian filter with the same cut and edges."""
    from scipy.ndimage import gaussian_filter

    x = torch.rand(1, 1, 21, 17, generator=torch.Generator().manual_seed(1)).double()
    expected = gaussian_filter(x[0, 0].numpy(), 1.7, mode="nearest", radius=6)
    assert np.allclose(blurred(x, 1.7)[0, 0].numpy(), expected, atol=1e-12)


def test_the_mean_color_normalizes_to_zero(session):
    run = run_network(
        session, Squares(), NORMAL, "integrated_gradients", baseline="mean", steps=3
    )
    assert any("mean baseline alone scores 0" in note for note in run.report.notes)


def steps_of(session, net, method, **values):
    reference = session.store.adopt(net, PLAIN, ("a", "b", "c"))
    model = ModelRequest(reference=reference, preprocess=PLAIN, device="cpu")
    request = RunMethod(method=method, model=model, image=cat(), values=values)
    steps = []
    run = finish(session.job(request, never), steps.append)
    return steps, run


@pytest.mark.parametrize(
    ("method", "values"),
    [("integrated_gradients", {"steps": 60}), ("smooth_grad", {"samples": 60})],
)
def test_pictures_come_while_it_works(session, method, values):
    steps, run = steps_of(session, Squares(), method, **values)
    parts = [step.report.main.values for step in steps if isinstance(step, Partial)]
    done = [step.done for step in steps if isinstance(step, Progress) and step.done]
    assert len(parts) > 3
    assert done == sorted(done)
    assert sum(run.recipe.chunks) == 60
    # A first picture is an estimate of the last, not a fraction of it.
    assert parts[0].sum() == pytest.approx(parts[-1].sum(), rel=0.5)
    assert np.array_equal(parts[-1], run.report.main.values)


def test_smoothgrad_of_a_parabola(session):
    """The gradient of 3 x^2 is linear: noise of mean zero leaves about 6 x."""
    run = run_network(
        session, Squares(), PLAIN, "smooth_grad",
        target="third", samples=400, noise=5.0, colors="sum",
    )  # fmt: skip
    expected = 6 * pixels_of(session, PLAIN).sum(0)
    sigma = 0.05 * np.ptp(pixels_of(session, PLAIN))
    spread = 6 * sigma * np.sqrt(3 / 400)
    assert np.abs(run.report.main.values - expected).max() < 5 * spread


def test_vargrad_of_a_parabola(session):
    """The variance of 6 (x + n) is 36 sigma^2, everywhere."""
    run = run_network(
        session, Squares(), PLAIN, "smooth_grad",
        target="third", samples=500, noise=10.0, statistic="variance",
    )  # fmt: skip
    sigma = 0.1 * np.ptp(pixels_of(session, PLAIN))
    assert run.report.main.values.mean() == pytest.approx(36 * sigma**2, rel=0.15)
    assert run.report.main.unit == "(logit / pixel value)²"
    assert not run.report.main.signed


@pytest.mark.parametrize("rule", ["input x gradient", "guided", "integrated"])
def test_smoothing_any_rule(session, rule):
    values = {"target": "first", "rule": rule, "samples": 4, "noise": 0.1, "steps": 4}
    run = run_network(session, Squares(), PLAIN, "smooth_grad", colors="sum", **values)
    x = pixels_of(session, PLAIN)
    expected = {"guided": 2 * x, "integrated": x * x, "input x gradient": 2 * x * x}
    assert np.allclose(
        run.report.main.values, expected[rule].sum(0), rtol=0.02, atol=0.02
    )
