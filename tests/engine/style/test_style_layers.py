"""Layers for style and content: the published ones of VGG, and those of a text.

Gatys et al. 2016, section 3: style at conv1_1 to conv5_1, content at conv4_2, each
behind its ReLU; where these stand in torchvision's VGG is counted by hand.
"""

import pytest
from support.jobs import finish, never

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.requests import LoadModel, ModelRequest
from nnviz.engine.jobs import Session
from nnviz.engine.style.layers import content_layers, style_layers


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


def info_of(session, reference):
    request = LoadModel(ModelRequest(reference=reference, device="cpu"))
    return finish(session.job(request, never))


def test_vgg_has_the_published_ones(session):
    info = info_of(session, "zoo:vgg11@random")
    # conv1_1 0 relu 1 pool 2; conv2_1 3 relu 4 pool 5; conv3_1 6, 7, conv3_2 8, 9,
    # pool 10; conv4_1 11, 12, conv4_2 13, 14, pool 15; conv5_1 16, 17.
    found = style_layers(info, "", "--style-layers")
    assert list(found) == [f"features.{place}" for place in (1, 4, 7, 12, 17)]
    assert set(found.values()) == {0.2}
    assert content_layers(info, "", "--content-layers") == {"features.14": 1}
    named = style_layers(info, "relu3_2*3, features.1", "--style-layers")
    assert named == {"features.9": 0.75, "features.1": 0.25}


def test_residual_networks_are_read_inside_of_their_blocks(session):
    info = info_of(session, "bundled:objects")
    found = style_layers(info, "", "--style-layers")
    assert list(found) == [
        "stem.relu",
        "stage1.0.relu1",
        "stage2.0.relu1",
        "stage3.0.relu1",
    ]
    shared = info_of(session, "zoo:resnet18@random")
    # Its blocks run one ReLU twice; what the last run gives is what they add up.
    names = list(style_layers(shared, "", "--style-layers"))
    assert names == ["relu", "layer1.0.bn1", "layer2.0.bn1", "layer3.0.bn1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stem.rely", "stem.relu"),
        ("stem.relu*0", "above 0"),
        ("stem.relu 2*", "commas"),
    ],
)
def test_errors_say_what_to_write(session, text, said):
    info = info_of(session, "bundled:objects")
    with pytest.raises(UsageError, match=said):
        style_layers(info, text, "--style-layers")


def test_a_layer_without_a_map_is_refused(session):
    info = info_of(session, "bundled:objects")
    with pytest.raises(ModelError, match="no map"):
        style_layers(info, "classifier", "--style-layers")
