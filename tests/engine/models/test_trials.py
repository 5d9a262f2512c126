"""Networks whose code draws, keeps state, mixes a batch or resists folding.

Truth: the network itself, run by torch alone, and twins of it that compute the same
in a form that needs no such care (``flatten`` for ``view``, a module for a function).
"""

import copy

import numpy as np
import pytest
import torch
from support.jobs import finish, never
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune, spectral_norm, weight_norm

from nnviz.base.errors import ModelError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session

SIDE = 32
SMALL = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


@pytest.fixture(scope="module")
def image():
    pixels = np.random.default_rng(0).integers(200, 255, (SIDE, SIDE, 3), np.uint8)
    return image_from_array(pixels)


def opened(session, net):
    reference = session.store.adopt(net, SMALL)
    return finish(session.store.open(ModelRequest(reference=reference), never))


def run(session, net, method, image, **values):
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=session.store.adopt(net, SMALL)),
        image=image,
        values=values,
    )
    return finish(session.job(request, never)).report


class Small(nn.Module):
    """A convolution, something between, and a head."""

    def __init__(self, between, width=8):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, width, 3)
        self.norm = nn.BatchNorm2d(width)
        self.norm.running_var.fill_(9.0)
        self.head = nn.Linear(width, 10)
        self.register_buffer("passes", torch.zeros(()))
        self.between = between

    def forward(self, x):
        return self.head(self.between(self, x).relu().mean((2, 3)))


def reads_weights_again(self, x):
    """The norm's weight is used a second time, elsewhere."""
    return self.norm(self.conv(x)) * self.norm.weight.view(-1, 1, 1)


def ties_weights(self, x):
    """The convolution's kernels are also templates."""
    return self.norm(self.conv(x)) + functional.conv2d(x, self.conv.weight)


def branches(self, x):
    y = self.conv(x)
    return self.norm(y) if x.mean() < 1 else y


def strided(self, x):
    """Reads memory as if channels lay outermost."""
    y = self.norm(self.conv(x))
    n, c, h, w = y.shape
    return y.as_strided((n, c, h, w), (c * h * w, h * w, w, 1))


def viewed(self, x):
    y = self.norm(self.conv(x))
    return y.view(y.shape[0], -1).view(y.shape)


AWKWARD = (reads_weights_again, ties_weights, branches, strided, viewed)


class Unfoldable(nn.BatchNorm2d):
    """A subclass, which nothing folds."""


@pytest.mark.parametrize("between", AWKWARD)
@pytest.mark.parametrize(
    ("method", "values"),
    [("occlusion", {"window": 16}), ("score_cam", {"layer": "conv"})],
)
def test_a_copy_that_differs_is_not_used(session, image, between, method, values):
    """Truth: windows and masks scored one by one with the network itself."""
    net = Small(between)
    plain = copy.deepcopy(net)
    plain.norm.__class__ = Unfoldable
    found = run(session, net, method, image, **values).main.values
    model = opened(session, plain)
    model._twin = model.net
    expected = run_on(session, model, method, image, values)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def run_on(session, model, method, image, values):
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=model.info.reference),
        image=image,
        values=values,
    )
    return finish(session.job(request, never)).report.main.values


def test_a_network_that_folds_well_is_folded(session):
    """Truth: Jacob et al. 2018, section 3.2: a norm behind a convolution folds."""
    model = opened(session, Small(lambda self, x: self.norm(self.conv(x))))
    assert model.twin() is not model.net


def dropping(self, x):
    return functional.dropout(self.conv(x), 0.5)


def counting(self, x):
    self.passes += 1
    return self.conv(x) * self.passes


def batch_statistics(self, x):
    return functional.batch_norm(self.conv(x), None, None, training=True)


@pytest.mark.parametrize(
    ("between", "words"),
    [(dropping, "draws random numbers"), (counting, "keeps state")],
)
def test_one_draw_is_not_shown_as_the_answer(session, image, between, words):
    """Truth: two plain passes of the network differ."""
    net = Small(between).eval()
    x = torch.rand(1, 3, SIDE, SIDE)
    assert not torch.equal(net(x), net(x))
    report = run(session, net, "predictions", image)
    assert any(words in note for note in report.notes)
    findings = [each.text for each in opened(session, net).info.findings]
    assert any(words[:5] in text for text in findings)


def test_a_steady_network_says_nothing(session, image):
    report = run(session, Small(lambda self, x: self.conv(x)), "predictions", image)
    assert not [note for note in report.notes if "each pass" in note]


def test_batch_statistics_go_through_one_by_one(session):
    """Truth: the output for two images differs from that for each of them."""
    net = Small(batch_statistics).eval()
    x = torch.rand(2, 3, SIDE, SIDE)
    assert not torch.allclose(net(x)[:1], net(x[:1]))
    assert not opened(session, net).info.takes_several


def test_untrained_networks_say_so(session, image):
    """Truth: its weights are random by its own reference."""
    request = RunMethod(
        method="predictions",
        model=ModelRequest(reference="zoo:squeezenet1_1@random"),
        image=image,
    )
    report = finish(session.job(request, never)).report
    assert any("untrained" in note for note in report.notes)


def hooked():
    net = Small(lambda self, x: self.conv(x))
    seen = []
    net.conv.register_forward_hook(lambda _m, _i, out: seen.append(out.sum().item()))
    return net, seen


def test_the_owners_hooks_do_not_run(session):
    """Truth: only passes of the owner's network reach the owner's hooks."""
    net, seen = hooked()
    model = opened(session, net)
    assert not seen
    assert not any("numbers" in each.text for each in model.info.findings)
    assert len(net.conv._forward_hooks) == 1


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "change",
    [
        weight_norm,
        spectral_norm,
        lambda conv: prune.l1_unstructured(conv, "weight", amount=0.5),
    ],
)
def test_weights_that_a_hook_computes_open(session, change):
    """Truth: the network that was handed over, after a pass in training mode."""
    net = Small(lambda self, x: self.conv(x))
    net.conv = change(net.conv)
    net(torch.rand(1, 3, SIDE, SIDE))
    x = torch.rand(1, 3, SIDE, SIDE)
    model = opened(session, net)
    with torch.no_grad():
        assert torch.allclose(model.net(x), net.eval()(x), atol=1e-6)
    assert model.info.layer("conv").filters


class WithExtra(Small):
    def get_extra_state(self):
        return {"epoch": 3}

    def set_extra_state(self, state):
        pass


def test_an_extra_state_is_no_weight(session):
    """Truth: torch documents that ``get_extra_state`` may return any object."""
    assert opened(session, WithExtra(lambda self, x: self.conv(x))).info.sha256


def test_compiled_networks_are_unwrapped(session):
    """Truth: ``_orig_mod`` is the network; nothing is compiled to look at it."""
    net = Small(lambda self, x: self.conv(x))
    model = opened(session, torch.compile(net, backend="eager"))
    assert type(model.net) is Small
    assert any("compiled" in note for note in model.info.notes)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["traced", "quantized"])
def test_programs_and_integers_are_named(session, kind):
    """Truth: issue 12, A8: no AttributeError or traceback of torch's."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(7200, 4)).eval()
    if kind == "traced":
        given = torch.jit.trace(net, torch.rand(1, 3, SIDE, SIDE))
    else:
        given = torch.ao.quantization.quantize_dynamic(net, {nn.Linear})
    words = "TorchScript" if kind == "traced" else "quantized"
    with pytest.raises(ModelError, match=words):
        opened(session, given)


class OddError(Exception):
    """An error that no library has."""


def failing(error):
    """Return a network whose code fails once its input is no noise of a trial."""

    def between(self, x):
        y = self.conv(x)
        if bool((x > 1).all()):  # the image of these tests is bright
            raise error
        return y

    return Small(between)


@pytest.mark.parametrize(
    "error",
    [OddError("seven\nlines"), NotImplementedError(), KeyError("a"), OSError("gone")],
    ids=lambda each: type(each).__name__,
)
@pytest.mark.parametrize("method", ["predictions", "saliency", "occlusion"])
def test_failures_of_its_own_code_are_one_line(session, image, method, error):
    """Any exception, in any method: whose code it was, and its first line."""
    with pytest.raises(ModelError, match="its own code failed in a pass") as caught:
        run(session, failing(error), method, image)
    assert "\n" not in str(caught.value)
    assert "lines" not in str(caught.value)


def test_failures_while_it_is_opened_are_one_line(session):
    class Never(nn.Module):
        def forward(self, _x):
            raise OddError("it is\nnever\nright")

    with pytest.raises(ModelError, match="it is") as caught:
        opened(session, Never())
    assert "never" not in str(caught.value)
