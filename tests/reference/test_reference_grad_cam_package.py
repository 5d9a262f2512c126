"""Class activation maps against pytorch-grad-cam 1.5.7, in float64, as it makes them.

Before negative values are cut off and the rest is stretched: a ResNet-18, a VGG-11 and
a small vision transformer, three pictures with a target each.  Where a definition
differs on purpose, the test says how and compares with that difference taken out.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from support.explained import CAM_NETWORKS, SIDE, cam_cases, cam_networks
from support.jobs import never
from test_reference_cams import asked, assert_same, info_of
from torch.nn import functional

from nnviz.engine.attribution import cam
from nnviz.engine.attribution.ablation import (
    ablation_weights,
    channel_masks,
    without_channels,
)
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.map_layers import choose_layers
from nnviz.engine.nn.partial_forward import record_partial_forward

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
CONVOLUTIONAL = CAM_NETWORKS[:2]
SAME = {
    "grad_cam": cam.grad_cam,
    "hires_cam": cam.hires_cam,
    "layer_cam": cam.layer_cam,
}
"""The rules that both define alike."""


@pytest.fixture(scope="module")
def nets():
    return {name: (net, info_of(net)) for name, net in cam_networks().items()}


@pytest.fixture(scope="module")
def peer(nets, tmp_path_factory):
    """The other program's maps of the layers that ours chooses, by its own Python."""
    if not PEERS.exists():
        pytest.skip("make peers installs pytorch-grad-cam")
    folder = tmp_path_factory.mktemp("grad-cam")
    layers = {name: choose_layers(info).layers[0].name
              for name, (_, info) in nets.items() if name in CAM_NETWORKS}  # fmt: skip
    (folder / "layers.json").write_text(json.dumps(layers))
    program = Path(__file__).parent / "programs/grad_cam_maps.py"
    subprocess.run(
        [PEERS, program, folder / "layers.json", folder / "maps.npz"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        check=True,
        timeout=500,
        capture_output=True,
    )
    return np.load(folder / "maps.npz")


def each_map(nets, name):
    """Activations and gradients of each case, (C, h, w) each."""
    for n, (picture, target) in enumerate(cam_cases()):
        found, _ = asked(nets[name], picture, target)
        yield n, found.maps[0], found.gradients[0]


@pytest.mark.parametrize("method", SAME)
@pytest.mark.parametrize("name", CAM_NETWORKS)
def test_the_same_definition_gives_the_same_map(nets, peer, name, method):
    for n, a, g in each_map(nets, name):
        assert_same(SAME[method](a, g), peer[f"{name} {method} {n}"])


@pytest.mark.parametrize("name", CAM_NETWORKS)
def test_grad_cam_pp_differs_by_the_peers_epsilon(nets, peer, name):
    """Equation 19's denominator, to which the peer adds 1e-6, and ours nothing."""
    for n, a, g in each_map(nets, name):
        below = 2 * g**2 + a.sum((1, 2), keepdim=True) * g**3 + 1e-6
        factors = torch.where(g != 0, g**2 / below, 0)
        padded = cam.weighted(a, (factors * g.relu()).sum((1, 2)))
        assert_same(padded, peer[f"{name} grad_cam_pp {n}"])
        # That epsilon is not small beside gradients of this size.
        exact = cam.grad_cam_pp(a, g)
        assert not np.allclose(exact, padded, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", CAM_NETWORKS)
def test_xgrad_cam_differs_by_the_peers_epsilon(nets, peer, name):
    """The sum of a channel, to which the peer adds 1e-7, and ours nothing."""
    for n, a, g in each_map(nets, name):
        total = a.sum((1, 2))
        padded = cam.weighted(a, (g * a).sum((1, 2)) / (total + 1e-7))
        expected = peer[f"{name} xgrad_cam {n}"]
        assert_same(padded, expected)
        assert_same(cam.xgrad_cam(a, g), expected, 1e-4)


@pytest.mark.parametrize("name", CAM_NETWORKS)
def test_eigen_cam_is_the_peers_where_centerd(nets, peer, name):
    """The peer centers, which the paper does not, and leaves the sign to chance.

    It also projects what is centerd; ours projects the activations themselves, which
    adds the same number everywhere.
    """
    for n, a, _ in each_map(nets, name):
        expected = peer[f"{name} eigen_cam {n}"]
        found = cam.eigen_cam(a, centered=True).numpy()
        found = found - found.mean()
        sign = np.sign((found * expected).sum())
        assert_same(sign * found, expected, 1e-7)


def scores_of(net, pictures, target):
    with torch.no_grad():
        return torch.cat([net(part)[:, target] for part in pictures.split(64)])


def peers_masks(maps):
    """Stretched with the corners aligned, and by a range with 1e-8 added."""
    large = functional.interpolate(
        maps[:, None], (SIDE, SIDE), mode="bilinear", align_corners=True
    )
    low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
    return (large - low) / (high - low + 1e-8)


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_score_cam_differs_by_how_maps_are_enlarged(nets, peer, name):
    """The peer aligns the corners, so its masks are shifted by up to half a place.

    It also lets channels that are the same everywhere black out the picture and count.
    """
    net, info = nets[name]
    (layer,) = choose_layers(info).layers
    for n, (picture, target) in enumerate(cam_cases()[:1]):
        maps = maps_of(
            record_partial_forward(net, picture, layer, never).activation, layer
        )[0]
        masks = peers_masks(maps)
        weights = scores_of(net, masks * picture, target).softmax(0)
        expected = peer[f"{name} score_cam {n}"]
        assert_same(cam.weighted(maps, weights), expected)
        telling = maps.flatten(1).amax(1) > maps.flatten(1).amin(1)
        ours = channel_masks(maps[telling], (SIDE, SIDE))
        weights = scores_of(net, ours * picture, target).softmax(0)
        found = cam.weighted(maps[telling], weights).numpy()
        assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_ablation_cam_where_the_layer_is_a_relus(nets, peer, name):
    """Both set channels to zero there; the peer divides by the score with its sign."""
    for n, (picture, target) in enumerate(cam_cases()[:1]):
        found, score = ablated(nets[name], picture, target)
        expected = peer[f"{name} ablation_cam {n}"] * np.sign(score)
        assert_same(found, expected, 1e-8)


def test_ablation_cam_of_tokens_differs_by_what_stands_for_nothing(nets, peer):
    """Where values are negative the peer puts -1e7, in the class token too; ours 0.

    So all of its weights are of a network that is given nonsense: they are far larger.
    """
    for n, (picture, target) in enumerate(cam_cases()[:1]):
        found, _ = ablated(nets["transformer"], picture, target)
        expected = peer[f"transformer ablation_cam {n}"]
        assert not np.allclose(found, expected, rtol=0.1)


def ablated(network, picture, target):
    """Return the map of a layer, (h, w), and the photograph's score."""
    net, info = network
    (layer,) = choose_layers(info).layers
    tail = record_partial_forward(net, picture, layer, never)
    maps = maps_of(tail.activation, layer)[0]
    batch = without_channels(tail.activation, layer, torch.arange(len(maps)))
    scores = tail.run(batch, lambda x: net(x)[:, target])
    score = tail.answer[0, target].item()
    return cam.weighted(maps, ablation_weights(score, scores)), score
