"""Class activation maps in float64 against slow twins and pytorch-grad-cam.

The twins are written from the papers' formulas, place by place, and share nothing with
the program but the network.  Three networks (plain, residual with ReLUs in place and
run twice, a vision transformer), three pictures, three targets.
"""

import copy

import numpy as np
import pytest
import torch
from support.explained import SIDE, cases, networks, pictures
from support.jobs import never
from torch import nn

from nnviz.base.info import ModelInfo, ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.attribution import cam
from nnviz.engine.attribution.ablation import (
    ablation_weights,
    channel_masks,
    without_channels,
)
from nnviz.engine.attribution.transformers.attention import (
    gradient_relevance,
    open_attention,
    rollout,
    token_map,
)
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.layer_info import layer_facts
from nnviz.engine.nn.map_layers import choose_layers
from nnviz.engine.nn.partial_forward import record_partial_forward
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.targets.layer_gradients import LayerGradientPass

NAMES = ("plain", "residual", "transformer")
GRID = SIDE // 16
TOKENS = GRID**2 + 1


@pytest.fixture(scope="module")
def nets():
    return networks()


@pytest.fixture(params=NAMES)
def network(request, nets):
    net = nets[request.param]
    return net, info_of(net)


def info_of(net):
    facts = layer_facts(copy.deepcopy(net).float(), 3, (SIDE, SIDE))
    return ModelInfo(
        reference="test",
        title="test",
        source=ModelSource.YOURS,
        task=Task.CLASSIFY,
        sha256="",
        weights="",
        preprocess=Preprocess(input_size=(SIDE, SIDE)),
        labels=tuple("abcdefghij"),
        layers=facts.layers,
        parameters=facts.parameters,
        macs=facts.macs,
        smallest_input=(1, 1),
    )


def each_case():
    """Every picture (1, C, H, W) with every target."""
    for picture, target in zip(*cases(), strict=True):
        yield picture[None], int(target)


def asked(network, picture, target, layers=None):
    net, info = network
    chosen = layers or choose_layers(info).layers
    one = LayerGradientPass(
        model=PixelModel(net=net, normalizer=nn.Identity(), check=never),
        info=info,
        pixels=picture,
        layers=chosen,
    )
    return one.gradients(f"class:{target}", never, None), chosen


def slow_maps(network, picture, target, layer):
    """A and dY/dA (C, h, w), by a hook that clones and plain autograd."""
    net, _ = network
    kept = []

    def hook(_module, _inputs, output):
        kept.append(output.clone().requires_grad_())
        return kept[-1].clone()

    handle = net.get_submodule(layer.name).register_forward_hook(hook)
    score = net(picture)[0, target]
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept[-1])
    found = []
    for tensor in (kept[-1].detach(), gradient):
        if tensor.ndim == 3:
            # Tokens: the class token first, then the patches row by row.
            patches = tensor[0, 1:].reshape(GRID, GRID, -1)
            found.append(patches.permute(2, 0, 1).numpy())
        else:
            found.append(tensor[0].numpy())
    return found


def slow_grad_cam(a, g):
    weights = [channel.sum() / channel.size for channel in g]
    return sum(w * channel for w, channel in zip(weights, a, strict=True))


def slow_grad_cam_pp(a, g):
    cam = np.zeros(a.shape[1:])
    for channel, gradient in zip(a, g, strict=True):
        weight, total = 0.0, channel.sum()
        for value in gradient.flat:
            if value > 0:
                alpha = value**2 / (2 * value**2 + total * value**3)
                weight += alpha * value
        cam += weight * channel
    return cam


def slow_hires(a, g):
    cam = np.zeros(a.shape[1:])
    for k, y, x in np.ndindex(a.shape):
        cam[y, x] += a[k, y, x] * g[k, y, x]
    return cam


def slow_layer_cam(a, g):
    cam = np.zeros(a.shape[1:])
    for k, y, x in np.ndindex(a.shape):
        cam[y, x] += a[k, y, x] * max(g[k, y, x], 0)
    return cam


def slow_xgrad(a, g):
    cam = np.zeros(a.shape[1:])
    for channel, gradient in zip(a, g, strict=True):
        if channel.sum():
            cam += (channel * gradient).sum() / channel.sum() * channel
    return cam


RULES = {
    "grad_cam": (cam.grad_cam, slow_grad_cam),
    "grad_cam_pp": (cam.grad_cam_pp, slow_grad_cam_pp),
    "hires_cam": (cam.hires_cam, slow_hires),
    "layer_cam": (cam.layer_cam, slow_layer_cam),
    "xgrad_cam": (cam.xgrad_cam, slow_xgrad),
}


def assert_same(found, expected, tolerance=1e-9):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(expected).max() > 0
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("rule", RULES)
def test_gradient_maps_equal_their_formulas(network, rule):
    ours, slow = RULES[rule]
    for picture, target in each_case():
        found, (layer,) = asked(network, picture, target)
        a, g = slow_maps(network, picture, target, layer)
        made = ours(found.maps[0], found.gradients[0])
        assert_same(made, slow(a, g))
        assert (cam.shown(made, signed=False) >= 0).all()


def test_layers_chosen(network):
    _, info = network
    name = choose_layers(info).layers[0].name
    expected = {"last", "layer4", "encoder.layers.encoder_layer_2.ln_1"}
    assert name in expected


def test_several_layers_in_one_pass_equal_one_each(network):
    _, info = network
    layers = choose_layers(info, "", "stages").layers
    together, _ = asked(network, pictures()[:1], 3, layers)
    for place, layer in enumerate(layers):
        alone, _ = asked(network, pictures()[:1], 3, (layer,))
        assert_same(together.maps[place], alone.maps[0], 1e-12)
        assert_same(together.gradients[place], alone.gradients[0])


def test_eigen_cam_is_the_first_singular_direction(network):
    for picture in pictures():
        found, _ = asked(network, picture[None], 0)
        a = found.maps[0].flatten(1).T.numpy()
        for centered in (False, True):
            matrix = a - a.mean(0) if centered else a
            # The power method: another way to the same direction.
            vector = np.linalg.eigh(matrix.T @ matrix)[1][:, -1]
            expected = (a @ vector).reshape(found.maps[0].shape[1:])
            expected *= np.sign(expected.flat[np.abs(expected).argmax()])
            found_map = cam.eigen_cam(found.maps[0], centered=centered)
            assert_same(found_map, expected, 1e-7)


def test_ablation_equals_passes_through_the_whole_network(network):
    net, info = network
    (layer,) = choose_layers(info).layers
    picture, target = pictures()[:1], 3
    tail = record_partial_forward(net, picture, layer, never)
    count = maps_of(tail.activation, layer).shape[1]
    channels = torch.arange(0, count, count // 6)
    batch = without_channels(tail.activation, layer, channels)
    found = tail.run(batch, lambda x: net(x)[:, target])
    score = tail.answer[0, target].item()
    for place, channel in enumerate(channels.tolist()):
        expected = slow_ablation(net, picture, layer, channel)[target]
        assert abs(found[place] - expected) <= 1e-12 * abs(score)
    weights = ablation_weights(score, found)
    assert_same(weights, (score - found) / abs(score))


def slow_ablation(net, picture, layer, channel):
    def hook(_module, _inputs, output):
        changed = output.clone()
        if changed.ndim == 3:
            changed[:, 1:, channel] = 0
        else:
            changed[:, channel] = 0
        return changed

    handle = net.get_submodule(layer.name).register_forward_hook(hook)
    output = net(picture)[0]
    handle.remove()
    return output


def test_masks_are_stretched_channel_by_channel():
    maps = torch.rand(3, 4, 4, dtype=torch.float64)
    masks = channel_masks(maps, (8, 8))
    assert masks.shape == (3, 1, 8, 8)
    assert torch.equal(masks.amin((1, 2, 3)), torch.zeros(3, dtype=torch.float64))
    assert torch.equal(masks.amax((1, 2, 3)), torch.ones(3, dtype=torch.float64))


def test_attention_equals_plain_matrices(nets):
    """Chefer et al. 2021, equations 5 and 6, with explicit attention of one's own."""
    net = nets["transformer"]
    for picture, target in each_case():
        with torch.enable_grad(), open_attention() as weights:
            score = net(picture)[0, target]
        gradients = torch.autograd.grad(score, weights)
        plain_score, a, g = slow_attention(net, picture, target)
        assert abs(score - plain_score) < 1e-9
        relevance = np.eye(TOKENS)
        mixture = np.eye(TOKENS)
        for one, gradient in zip(a, g, strict=True):
            relevance = relevance + np.maximum(one * gradient, 0).mean(0) @ relevance
            mixture = (one.mean(0) + np.eye(TOKENS)) / 2 @ mixture
        found = gradient_relevance(
            [each.detach()[0] for each in weights], [each[0] for each in gradients]
        )
        assert_same(found, relevance)
        assert_same(rollout([each.detach()[0] for each in weights]), mixture)
        assert_same(
            token_map(found, (GRID, GRID), 1), relevance[0, 1:].reshape(GRID, GRID)
        )


def slow_attention(net, picture, target):
    """Run torchvision's encoder by hand; return score, attentions, their gradients."""
    tokens = net._process_input(picture)
    tokens = torch.cat([net.class_token.expand(1, -1, -1), tokens], 1)
    x = tokens + net.encoder.pos_embedding
    kept = []
    for block in net.encoder.layers:
        y = block.ln_1(x)
        own = block.self_attention
        q, k, v = (y @ own.in_proj_weight.T + own.in_proj_bias).chunk(3, -1)
        q, k, v = (each.reshape(TOKENS, 4, 12).transpose(0, 1) for each in (q, k, v))
        a = (q @ k.transpose(1, 2) / np.sqrt(12)).softmax(-1)
        kept.append(a if a.requires_grad else a.requires_grad_())
        mixed = (kept[-1] @ v).transpose(0, 1).reshape(1, TOKENS, 48)
        x = x + own.out_proj(mixed)
        x = x + block.mlp(block.ln_2(x))
    score = net.heads(net.encoder.ln(x)[:, 0])[0, target]
    gradients = torch.autograd.grad(score, kept)
    return score, [a.detach().numpy() for a in kept], [g.numpy() for g in gradients]
