"""Weights as training programs save them.

Truth: the network whose weights were saved gives the same outputs.
"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from nnviz.base.errors import ModelError
from nnviz.base.info import Task
from nnviz.engine.models.match.fit import lay
from nnviz.engine.models.match.renames import unwrapped
from nnviz.engine.models.match.signatures import prefixes, rank

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    return models.resnet18(weights=None, num_classes=10).eval()


def same_outputs(model, net: nn.Module, side: int = 64) -> None:
    pixels = torch.rand(2, model.info.preprocess.channels, side, side)
    with torch.no_grad():
        assert torch.equal(model.net(pixels), net.eval()(pixels))


def backbone_of(net: nn.Module) -> State:
    return {k: v for k, v in net.state_dict().items() if not k.startswith("fc.")}


def wrapped_block(state: State) -> State:
    """Activation checkpointing wraps one block."""
    old, new = "layer4.0.", "layer4._checkpoint_wrapped_module.0."
    return {name.replace(old, new): value for name, value in state.items()}


def with_prefix(prefix: str) -> Callable[[State], State]:
    return lambda state: {prefix + name: value for name, value in state.items()}


def lightning(state: State) -> State:
    """A loss with weights and a metric beside the network."""
    extra = {
        "criterion.weight": torch.ones(10),
        "confmat.confmat": torch.zeros(10, 10),
    }
    return with_prefix("model.")(state) | extra


def mmpretrain(state: State) -> State:
    return {
        ("head." if name.startswith("fc.") else "backbone.") + name: value
        for name, value in state.items()
    }


def cifar_fork(state: State) -> State:
    return {
        name.replace("downsample", "shortcut").replace("fc.", "linear."): value
        for name, value in state.items()
    }


def counted(state: State) -> State:
    """``thop`` leaves its counters in the network."""
    return state | {"total_ops": torch.zeros(1), "conv1.total_params": torch.zeros(1)}


@pytest.mark.parametrize(
    "change",
    [
        with_prefix("module."),
        with_prefix("_fsdp_wrapped_module."),
        with_prefix("state.net.classifier_."),
        wrapped_block,
        lightning,
        mmpretrain,
        cifar_fork,
        counted,
    ],
)
def test_names_as_training_programs_write_them(
    change: Callable[[State], State], open_model, resnet: nn.Module, tmp_path: Path
) -> None:
    torch.save(change(resnet.state_dict()), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert "matched to resnet18" in model.info.notes
    same_outputs(model, resnet)


def two_layers() -> nn.Module:
    net = models.resnet18(weights=None)
    net.fc = nn.Sequential(
        nn.Linear(512, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 4)
    )
    return net


def dropout_first() -> nn.Module:
    net = models.resnet18(weights=None)
    net.fc = nn.Sequential(nn.Dropout(), nn.Linear(512, 4))
    return net


def batch_norm_between() -> nn.Module:
    net = models.mobilenet_v2(weights=None)
    net.classifier = nn.Sequential(
        nn.Linear(1280, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3)
    )
    return net


def named_layers() -> nn.Module:
    net = models.mobilenet_v2(weights=None)
    layers = [("first", nn.Linear(1280, 8)), ("act", nn.ReLU())]
    net.classifier = nn.Sequential(OrderedDict([*layers, ("last", nn.Linear(8, 3))]))
    return net


def last_of_several() -> nn.Module:
    net = models.alexnet(weights=None)
    net.classifier[6] = nn.Linear(4096, 2)
    return net


@pytest.mark.parametrize(
    "make",
    [two_layers, dropout_first, batch_norm_between, named_layers, last_of_several],
)
def test_heads_of_one_s_own_are_rebuilt(
    make: Callable[[], nn.Module], open_model, tmp_path: Path
) -> None:
    net = make().eval()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    same_outputs(open_model(tmp_path / "w.pth"), net)


class TwicePooled(nn.Module):
    """fastai's ``AdaptiveConcatPool2d(1)``: maxima first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat((x.amax((2, 3)), x.mean((2, 3))), 1)


def test_networks_of_fastai(open_model, tmp_path: Path) -> None:
    """Truth: the layers of ``vision_learner``, written out: body, pooling, head."""
    body = nn.Sequential(*list(models.resnet18(weights=None).children())[:-2])
    head = nn.Sequential(
        TwicePooled(), nn.Flatten(), nn.BatchNorm1d(1024), nn.Dropout(0.25),
        nn.Linear(1024, 32, bias=False), nn.ReLU(), nn.BatchNorm1d(32), nn.Dropout(0.5),
        nn.Linear(32, 4, bias=False),
    )  # fmt: skip
    net = nn.Sequential(body, head).eval()
    torch.save({"model": net.state_dict(), "opt": {}}, tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert len(model.info.labels) == 4
    assert any("pooled side by side" in note for note in model.info.notes)
    same_outputs(model, net)


def test_a_classifier_beside_a_backbone(open_model, tmp_path: Path) -> None:
    """Truth: the two, one behind the other."""
    backbone, classifier = models.resnet18(weights=None), nn.Linear(512, 4)
    backbone.fc = nn.Identity()
    whole = nn.Sequential(backbone, classifier).eval()
    state = {
        ("backbone." if part == "0" else "classifier.") + name: value
        for (part, _, name), value in (
            (key.partition("."), value) for key, value in whole.state_dict().items()
        )
    }
    torch.save(state, tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert len(model.info.labels) == 4
    same_outputs(model, whole)


def test_a_teacher_is_preferred_and_contrastive_heads_give_no_classes(
    open_model, resnet: nn.Module, tmp_path: Path
) -> None:
    """DINO and its like evaluate the teacher (Caron et al. 2021, section 3.1)."""
    state = resnet.state_dict()
    student = {name: torch.zeros_like(value) for name, value in state.items()}
    torch.save({"student": student, "teacher": state}, tmp_path / "w.pth")
    same_outputs(open_model(tmp_path / "w.pth"), resnet)
    torch.save(with_prefix("module.encoder_q.")(state), tmp_path / "moco.pth")
    assert open_model(tmp_path / "moco.pth").info.task is Task.EMBED


def test_what_was_assumed_of_a_head_is_said(open_model, tmp_path: Path) -> None:
    torch.save(two_layers().state_dict(), tmp_path / "w.pth")
    notes = open_model(tmp_path / "w.pth").info.notes
    assert (
        "fc rebuilt from its weights: Linear 512 → 16, Linear 16 → 4; ReLU is assumed "
        "between them" in notes
    )


def test_the_variant_for_small_images(open_model, tmp_path: Path) -> None:
    net = models.resnet18(weights=None, num_classes=10)
    net.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    net.maxpool = nn.Identity()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert model.info.preprocess.input_size == (32, 32)
    assert any("stride 1 and no first pooling" in note for note in model.info.notes)
    same_outputs(model, net, 32)


@pytest.mark.parametrize(
    "save",
    [
        backbone_of,
        lambda net: with_prefix("encoder.")(backbone_of(net)),
        lambda net: nn.Sequential(*list(net.children())[:-1]).state_dict(),
    ],
)
def test_a_network_without_a_head_gives_its_features(
    save: Callable[[nn.Module], State], open_model, resnet: nn.Module, tmp_path: Path
) -> None:
    torch.save(save(resnet), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    pixels = torch.rand(1, 3, 64, 64)
    features = nn.Sequential(*list(resnet.children())[:-1]).eval()
    with torch.no_grad():
        found = model.net(pixels)
        assert torch.equal(found, features(pixels).flatten(1))
    assert model.info.task is Task.EMBED


def test_a_detector_of_torchvision_with_classes_of_one_s_own(
    open_model, tmp_path: Path
) -> None:
    net = models.detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=5
    )
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert model.info.task is Task.DETECT
    assert len(model.info.labels) == 5
    saved = net.state_dict()
    for name, value in model.net.state_dict().items():
        assert torch.equal(value, saved[name]), name


@pytest.mark.parametrize("auxiliary", [False, True])
def test_a_segmenter_of_torchvision_with_classes_of_one_s_own(
    open_model, tmp_path: Path, *, auxiliary: bool
) -> None:
    net = models.segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=3, aux_loss=auxiliary
    ).eval()
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert model.info.task is Task.SEGMENT
    assert len(model.info.labels) == 3


def test_an_architecture_of_one_s_own_is_called_unknown(
    open_model, tmp_path: Path
) -> None:
    net = nn.Sequential(nn.Conv2d(3, 6, 5), nn.Linear(400, 120))
    torch.save({f"my_{k}": v for k, v in net.state_dict().items()}, tmp_path / "w.pth")
    with pytest.raises(ModelError, match="no known architecture"):
        open_model(tmp_path / "w.pth")


def test_weights_of_timm_open_or_say_what_to_install(
    open_model, tmp_path: Path
) -> None:
    timm = pytest.importorskip("timm")
    net = timm.create_model("vit_tiny_patch16_224", num_classes=7).eval()
    torch.save({"state_dict": net.state_dict()}, tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert "matched to vit_tiny_patch16_224 of timm" in model.info.notes
    assert model.info.preprocess.mean == net.pretrained_cfg["mean"]
    same_outputs(model, net, 224)


def test_without_timm_one_line_says_what_to_install(
    open_model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names and shapes of ViT-Ti/16 are published (Dosovitskiy et al. 2021)."""
    timm = pytest.importorskip("timm")
    torch.save(
        timm.create_model("vit_tiny_patch16_224").state_dict(), tmp_path / "w.pth"
    )
    monkeypatch.setattr(
        "nnviz.engine.models.match.find.is_installed",
        lambda library: library.name != "timm",
    )
    with pytest.raises(ModelError, match=r"vit_tiny_patch16_224.*nnviz-studio\[timm\]"):
        open_model(tmp_path / "w.pth")


def test_sketches_are_those_of_the_installed_torchvision() -> None:
    """Truth: the network itself; the file was written by packaging/architectures.py."""
    for name in ("resnet18", "vit_b_16", "densenet121", "swin_t"):
        net = models.get_model(name, weights=None)
        shapes = {k: tuple(v.shape) for k, v in net.state_dict().items()}
        best = rank(shapes, 1)[0]
        assert best.architecture == f"torchvision:{name}"
        assert best.share == 1


def test_prefixes_are_parts_that_many_names_share() -> None:
    names = [f"module.net.layer{index}.weight" for index in range(9)] + ["queue"]
    assert set(prefixes(names)) == {"", "module.", "module.net."} | {
        f"module.net.layer{index}." for index in range(9)
    }


def test_wrappers_are_taken_out_wherever_they_are() -> None:
    names = ["module.a._orig_mod.b.weight"]
    assert unwrapped(names) == {"a.b.weight": names[0]}


def test_a_weight_of_another_size_is_a_mismatch(resnet: nn.Module) -> None:
    shapes = {k: tuple(v.shape) for k, v in resnet.state_dict().items()}
    shapes["layer2.0.conv1.weight"] = (7, 64, 3, 3)
    fit = lay(unwrapped(shapes), "", shapes, "torchvision:resnet18")
    assert fit.faults == 1
    assert fit.mismatched == (
        "layer2.0.conv1.weight: 7 x 64 x 3 x 3 found, 128 x 64 x 3 x 3 expected",
    )
