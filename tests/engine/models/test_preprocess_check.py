"""Preprocessing told by batch norms' statistics, presets, and side-cars.

Truth: the preprocessing that a bundled network was trained with, as its card says; and
a network whose statistics are taken from the photographs themselves.
"""

import dataclasses
import json

import pytest
import torch
from support.jobs import finish, never
from torch import nn

from nnviz.base.errors import InputError, UsageError
from nnviz.base.info import Severity
from nnviz.base.preprocess import PRESET_USERS, PRESETS, ChannelOrder, Fit, Preprocess
from nnviz.base.requests import ModelRequest, fields_of
from nnviz.base.shipped.samples import sample_photos
from nnviz.engine.jobs import Session
from nnviz.engine.models.check.preprocess_check import doubt, judge, rank_candidates
from nnviz.engine.models.files import read_side_car
from nnviz.engine.models.model import Normalizer, fit_to_input
from nnviz.engine.models.opened import OutputWords
from nnviz.media.decode import open_image
from nnviz.media.side_cars import write_side_car

SIZE = {"input_size": (48, 48), "resize": 48}


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


def trained_on(preprocess):
    """A network whose first batch norms have seen the photographs, this way."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip
    pixels = [fit_to_input(open_image(path), preprocess) for path in sample_photos()]
    batch = torch.stack([torch.tensor(each).permute(2, 0, 1) for each in pixels])
    with torch.no_grad():
        for _ in range(60):
            net(Normalizer(preprocess)(batch))
    return net.eval()


@pytest.mark.parametrize("name", PRESETS)
def test_the_right_preset_is_ranked_first(name):
    """Truth: what the statistics were made of."""
    right = dataclasses.replace(PRESETS[name], **SIZE)
    net = trained_on(right)
    wrong = Preprocess(**SIZE, mean=(0.2, 0.9, 0.5), std=(3.0, 3.0, 3.0))
    ranked = rank_candidates(net, wrong, never)
    assert ranked[0].name == name
    assert ranked[0].distance < 0.5
    assert name in doubt(ranked)
    assert not doubt(rank_candidates(net, right, never))


def test_untrained_norms_tell_nothing():
    """Truth: torch begins with a mean of 0 and a variance of 1."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).eval()
    assert rank_candidates(net, Preprocess(**SIZE), never) == ()


def findings(session, **fields):
    request = ModelRequest(reference="bundled:objects", fields=fields_of(fields))
    info = finish(session.store.open(request, never)).info
    return info, [
        each.text for each in info.findings if each.severity is not Severity.NOTE
    ]


def test_a_bundled_network_doubts_a_wrong_range(session):
    """Truth: its card: ImageNet's mean and spread, pixels from 0 to 1."""
    _, said = findings(session)
    assert not said
    _, said = findings(session, mean=[0.0] * 3, std=[1.0] * 3)
    assert any("ImageNet fits them" in text for text in said)


def test_fields_that_are_left_out_stay_the_networks_own(session):
    """Truth: the network without them: 128 px, as a side-car has it too."""
    own, _ = findings(session)
    info, said = findings(session, mean=[0.485, 0.456, 406.0])
    assert info.preprocess.input_size == own.preprocess.input_size
    assert info.preprocess.resize == own.preprocess.resize
    assert info.preprocess.std == own.preprocess.std
    assert sum("did you mean 0.406" in text for text in said) == 1


def test_where_nothing_can_be_judged_that_is_said():
    """Truth: a transformer has no batch norms; what was said is known."""
    (note,) = judge(Preprocess(), (), guessed=True)
    assert note.severity is Severity.NOTE
    assert "nothing in this network tells" in note.text
    assert all(name in note.text for name in PRESETS)
    assert not list(judge(Preprocess(), (), guessed=False))
    gray = Preprocess(mean=(0.5,), std=(0.5,))
    assert not list(judge(gray, (), guessed=True))


def test_a_squashed_image_lies_where_both_sides_are_resized():
    """Truth: by hand: 400 x 300 px to 256 x 256, of which the middle 224 are kept."""
    place = Preprocess(fit=Fit.SQUASH, resize=256).placement((400, 300))
    assert place.scale == (256 / 400, 256 / 300)
    assert place.offset == (-16, -16)


def test_presets_are_those_of_the_networks_that_they_name():
    """Truth: timm's own configurations."""
    timm = pytest.importorskip("timm")
    named = {
        "ImageNet": "swin_tiny_patch4_window7_224 vit_small_patch16_224.dino resnet50",
        "-1 to 1": "vit_base_patch16_224 mixer_b16_224 beit_base_patch16_224",
        "CLIP": "vit_base_patch16_clip_224.openai eva_giant_patch14_224",
    }
    assert PRESET_USERS.keys() == PRESETS.keys()
    for name, networks in named.items():
        for each in networks.split():
            known = timm.get_pretrained_cfg(each)
            preset = PRESETS[name]
            assert (tuple(known.mean), tuple(known.std)) == (preset.mean, preset.std)


def test_values_that_are_not_known_list_those_that_are():
    with pytest.raises(UsageError, match="one of RGB, BGR"):
        Preprocess().with_fields({"order": "GBR"})
    assert Preprocess().with_fields({"order": "bgr"}).order is ChannelOrder.BGR
    with pytest.raises(UsageError, match="meen"):
        Preprocess().with_fields({"meen": [0]})


def test_a_side_car_brings_the_editors_values_back(tmp_path):
    """Truth: what was written; what an earlier side-car said of other things stays."""
    weights = tmp_path / "net.pt"
    weights.write_bytes(b"weights")
    (tmp_path / "net.json").write_text('{"title": "Mine", "labels": ["a", "b"]}')
    preprocess = Preprocess(mean=(0.1, 0.2, 0.3), order=ChannelOrder.BGR)
    path = write_side_car(weights, preprocess)
    values = json.loads(path.read_text())
    assert values["title"] == "Mine"
    assert values["labels"] == ["a", "b"]
    assert Preprocess().with_fields(values["preprocess"]) == preprocess
    assert sorted(each.name for each in tmp_path.iterdir()) == ["net.json", "net.pt"]


def test_no_side_car_without_a_file(tmp_path):
    with pytest.raises(InputError, match="is not a weights file"):
        write_side_car(tmp_path / "none.pt", Preprocess())


def test_a_side_car_keeps_task_output_and_unit(tmp_path):
    """Truth: what was asked for; what was not asked for is left as it was written."""
    weights = tmp_path / "net.pt"
    weights.write_bytes(b"weights")
    request = ModelRequest(reference=str(weights), task="regress", unit="years")
    write_side_car(weights, Preprocess(), request=request)
    path = write_side_car(weights, Preprocess(), request=ModelRequest(reference=""))
    values = json.loads(path.read_text())
    assert (values["task"], values["unit"]) == ("regress", "years")
    assert read_side_car(weights).said == OutputWords("regress", "", "years")
