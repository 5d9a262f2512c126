"""LIME, KernelSHAP, XRAI, LRP, conductance and LeGrad as methods.

Truths: captum's conductance (tests/fixtures/peers), what must add up by definition,
and LeGrad's gradients written out for a small transformer, block by block.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.jobs import finish, never
from torch import nn

from nnviz.base.errors import UsageError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session

TARGET = 2
SIDE = 12
PLAIN = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


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
    )
    weights = {
        name.removeprefix("weight."): torch.from_numpy(each).float()
        for name, each in truth.items()
        if name.startswith("weight.")
    }
    made.load_state_dict(weights)
    return made


@pytest.fixture(scope="module")
def pixels(truth):
    return truth["x"][0].transpose(1, 2, 0).astype(np.float32)


def run(session, net, pixels, method, **values):
    reference = session.store.adopt(net, PLAIN, ())
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=reference, preprocess=PLAIN, device="cpu"),
        image=image_from_array(pixels),
        values={"target": str(TARGET), **values},
    )
    return finish(session.job(request, never)).report


def test_layer_conductance_is_captums(session, net, pixels, truth):
    report = run(session, net, pixels, "conductance", layer="4", steps=300)
    wanted = truth["captum.layer conductance"][0].sum(0)
    found = report["map"].values
    assert np.abs(found - wanted).max() < 0.01 * np.abs(wanted).max()
    assert report.completeness.error < 0.01


def test_channel_conductance_is_captums(session, net, pixels, truth):
    values = {"layer": "4", "channel": int(truth["channel"]), "steps": 300}
    report = run(session, net, pixels, "conductance", **values)
    wanted = truth["captum.channel conductance"][0].sum(0)
    found = report.main.values
    assert np.abs(found - wanted).max() < 0.02 * np.abs(wanted).max()
    with pytest.raises(UsageError, match="channels 0 to 5"):
        run(session, net, pixels, "conductance", layer="4", channel=6)


def test_regions_share_the_score(session, net, pixels):
    """Shapley values add up; LIME explains nearly all of a nearly linear score."""
    options = {"segmentation": "grid", "regions": 6}
    shap = run(session, net, pixels, "kernel_shap", samples=62, **options)
    assert any("exact" in note for note in shap.notes)
    assert shap.completeness.error < 1e-4
    assert len(np.unique(shap.main.values)) == 6
    lime = run(session, net, pixels, "lime", samples=400, **options)
    explained = next(note for note in lime.notes if "explains" in note)
    assert int(explained.split("explains ")[1].split(" %")[0]) > 90
    assert set(lime) == {"lime", "standard error"}


def test_one_region_is_refused(session, net):
    flat = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    with pytest.raises(UsageError, match="one region only"):
        run(session, net, flat, "lime", segmentation="quickshift", samples=10)


def test_xrai_fills_the_image_region_by_region(session, net, pixels):
    report = run(session, net, pixels, "xrai", steps=10)
    assert np.isfinite(report.main.values).all()
    assert len(np.unique(report.main.values)) < SIDE * SIDE / 2


def test_relevance_of_a_network_without_biases_arrives_whole(session, pixels):
    """Bach et al. 2015: without biases epsilon loses nothing but epsilon's share."""
    plain = nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False), nn.SiLU(), nn.Flatten(),
        nn.Linear(400, 5, bias=False),
    )  # fmt: skip
    report = run(session, plain, pixels, "lrp", rules="epsilon")
    with torch.no_grad():
        due = plain(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0, TARGET]
    assert report.main.values.sum() == pytest.approx(float(due), rel=1e-3)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.mlp = nn.Linear(8, 8)

    def forward(self, x):
        y = self.norm(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(x).tanh()


class Transformer(nn.Module):
    """A class token and 3 x 3 patches, two blocks, a head."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.blocks = nn.Sequential(Block(), Block(), Block())
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], 1)
        return self.head(self.norm(self.blocks(tokens))[:, 0])


def written_out(net, x):
    """Each block's answer and its gradient by its own attention, one by one."""
    tokens = net.patches(x).flatten(2).transpose(1, 2)
    tokens = torch.cat([net.token, tokens], 1)
    maps = []
    for block in net.blocks:
        tokens = tokens.detach()
        y = block.norm(tokens)
        parts = nn.functional.linear(
            y, block.attn.in_proj_weight, block.attn.in_proj_bias
        )
        q, k, v = (each.view(1, 10, 2, 4).transpose(1, 2) for each in parts.chunk(3, 2))
        a = (q @ k.transpose(2, 3) / 2).softmax(3).detach().requires_grad_()
        mixed = (a @ v).transpose(1, 2).reshape(1, 10, 8)
        tokens = tokens + block.attn.out_proj(mixed)
        tokens = tokens + block.mlp(tokens).tanh()
        score = net.head(net.norm(tokens))[0, 0, TARGET]
        (g,) = torch.autograd.grad(score, a)
        maps.append(g[0].relu().mean((0, 1))[1:])
    mean = torch.stack(maps).mean(0).view(3, 3)
    return (mean - mean.min()) / (mean.max() - mean.min())


def test_le_grad_written_out(session, pixels):
    torch.manual_seed(0)
    net = Transformer().eval()
    report = run(session, net, pixels, "le_grad")
    wanted = written_out(net, torch.from_numpy(pixels).permute(2, 0, 1)[None])
    found = report["map"].values
    assert np.abs(found - wanted.detach().numpy()).max() < 1e-4
    assert any("3 blocks" in note for note in report.notes)
