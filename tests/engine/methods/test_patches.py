"""Patch similarity, feature PCA and attention heads.

Truth: the cosine and the singular value decomposition written out in float64; the
attention of timm's own unfused code; features that are planted.
"""

import numpy as np
import pytest
import torch
from support.explained import SIDE, networks
from support.jobs import cat, finish, never

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Placement
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.attribution.patches import (
    as_colors,
    cell_at,
    cosine_map,
    principal_components,
)
from nnviz.engine.jobs import Session


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


def adopted(session, net, side=SIDE):
    preprocess = Preprocess(input_size=(side, side), resize=side)
    return ModelRequest(reference=session.store.adopt(net, preprocess))


@pytest.fixture(scope="module")
def transformer(session):
    return adopted(session, networks()["transformer"])


def run(session, request, method, **values):
    asked = RunMethod(method=method, model=request, image=cat(), values=values)
    return finish(session.job(asked, never)).report


def test_cosines_are_those_of_the_definition():
    """Truth: products over lengths, by hand."""
    maps = torch.tensor([[[3.0, 0.0], [-3.0, 0.0]], [[4.0, 2.0], [-4.0, 0.0]]])
    found = cosine_map(maps, (0, 0))
    assert found.flatten().tolist() == pytest.approx([1.0, 0.8, -1.0, 0.0])


def test_components_are_those_of_the_singular_value_decomposition():
    """Truth: numpy's SVD of the centered rows."""
    maps = torch.randn(2, 6, 4, 5, generator=torch.Generator().manual_seed(0))
    found, shares = principal_components(maps, 3)
    rows = maps.double().permute(0, 2, 3, 1).reshape(-1, 6).numpy()
    left, values, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    expected = (left * values)[:, :3]
    flat = found.permute(0, 2, 3, 1).reshape(-1, 3).numpy()
    assert np.allclose(np.abs(flat), np.abs(expected), atol=1e-9)
    assert np.allclose(shares, values[:3] ** 2 / (values**2).sum())
    colors = as_colors(found)
    assert colors.shape == (2, 3, 4, 5)
    assert colors.min() == 0
    assert colors.max() == 1


def test_the_cell_is_the_one_under_the_point():
    """Truth: 100 x 200 px, whose middle 100 x 100 the network sees, in 4 x 4 cells."""
    place = Placement((100, 200), (100, 100), (1.0, 1.0), (0, -50))
    assert cell_at(place, 0.5, 0.5, (4, 4)) == (2, 2)
    assert cell_at(place, 0.26, 0.99, (4, 4)) == (3, 0)
    with pytest.raises(UsageError, match="does not see"):
        cell_at(place, 0.1, 0.5, (4, 4))


def test_similarity_of_the_place_itself_is_one(session, transformer):
    report = run(session, transformer, "patch_similarity", x=0.4, y=0.6)
    small = report["map"].values
    assert small.max() == pytest.approx(1, abs=1e-6)
    layer = report.notes[0].split()[1].rstrip(",")
    model = finish(session.store.open(transformer, never))
    assert model.info.layer(layer).extra_tokens == 1
    assert small.shape == model.info.layer(layer).grid


def test_pca_of_a_convolutional_network(session):
    report = run(
        session, ModelRequest(reference="bundled:objects"), "feature_components"
    )
    pixels = report.main.pixels
    assert pixels.shape[2] == 3
    assert pixels.min() >= 0
    assert pixels.max() <= 1


def test_heads_add_up_to_what_is_not_set_aside(session, transformer):
    """Truth: rows of attention add up to 1."""
    report = run(session, transformer, "attention_heads")
    sums = report.main.tiles.sum((1, 2))
    aside = float(report.notes[1].split()[0]) / 100
    assert sums.mean() == pytest.approx(1 - aside, abs=2e-3)
    with pytest.raises(UsageError, match="no attention layer 99"):
        run(session, transformer, "attention_heads", depth=99)


def test_networks_without_attention_are_refused(session):
    with pytest.raises(ModelError, match="use patch_similarity"):
        run(session, ModelRequest(reference="bundled:objects"), "attention_heads")


def test_heads_of_timm_with_registers(session):
    """Truth: softmax of q k / sqrt(d), computed from timm's own projections."""
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    net = timm.create_model(
        "vit_tiny_patch16_224", img_size=64, reg_tokens=4, no_embed_class=True
    ).eval()
    request = adopted(session, net, 64)
    report = run(session, request, "attention_heads", depth=0)
    model = finish(session.store.open(request, never))
    given = {}
    block = model.net.blocks[0].attn
    handle = block.register_forward_pre_hook(lambda _m, i: given.update(x=i[0]))
    with torch.no_grad():
        model.net(model.normalizer(model.pixel_input(cat())))
        handle.remove()
        x = given["x"]
        n, t, _ = x.shape
        qkv = block.qkv(x).reshape(n, t, 3, block.num_heads, -1).permute(2, 0, 3, 1, 4)
        q, k = qkv[0], qkv[1]
        weights = (q @ k.transpose(-2, -1) * block.scale).softmax(-1)[0]
    expected = weights[:, 0, 5:].reshape(-1, 4, 4).numpy()
    assert np.allclose(report.main.tiles, expected, atol=1e-6)
    assert "5 class and register tokens" in report.notes[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["swin_tiny_patch4_window7_224", "maxvit_rmlp_pico_rw_256", "convnext_atto",
     "vit_small_patch14_reg4_dinov2"],
)  # fmt: skip
def test_families_of_timm(session, name):
    """Truth: each has positions over the input, whatever holds them."""
    timm = pytest.importorskip("timm")
    net = timm.create_model(name).eval()
    side = net.default_cfg["input_size"][1]
    request = adopted(session, net, side)
    assert run(session, request, "patch_similarity")["map"].values.max() <= 1 + 1e-6
    assert run(session, request, "feature_components").main.pixels.max() <= 1
