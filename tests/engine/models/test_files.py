"""Files of weights: those that torch.save and safetensors write, and bad ones."""

import argparse
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from nnviz.base.errors import InputError, ModelError, NnvizError
from nnviz.base.info import ModelSource
from nnviz.engine.models.networks import SmallResNet
from nnviz.engine.models.weights.checkpoints import read_state


def logits_of(model, net: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    channels, (height, width) = (
        model.info.preprocess.channels,
        model.info.preprocess.input_size,
    )
    pixels = torch.rand(1, channels, height, width)
    with torch.no_grad():
        return model.net(pixels), net.eval()(pixels)


def test_safetensors_and_state_dicts_give_the_network_back(
    open_model, small_network, tmp_path: Path
) -> None:
    """Truth: the network whose weights were saved."""
    state = small_network.state_dict()
    save_file(state, tmp_path / "a.safetensors")
    torch.save(state, tmp_path / "b.pth")
    torch.save(state, tmp_path / "c.pt", _use_new_zipfile_serialization=False)
    for name in ("a.safetensors", "b.pth", "c.pt"):
        model = open_model(tmp_path / name)
        found, expected = logits_of(model, small_network)
        assert torch.equal(found, expected)
        assert model.info.source is ModelSource.YOURS
        assert "matched to shufflenet_v2_x0_5" in model.info.notes
        assert model.info.labels[0] == "tench"
        assert not any(weight.requires_grad for weight in model.net.parameters())


@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize(
    "name",
    ["resnet18", "squeezenet1_1", "mobilenet_v2", "densenet121", "regnet_x_400mf"],
)
def test_classes_are_read_from_the_head(
    open_model, tmp_path: Path, name: str, classes: int
) -> None:
    net = torchvision.models.get_model(name, weights=None, num_classes=classes)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    found, expected = logits_of(model, net)
    assert found.shape == (1, classes)
    assert torch.equal(found, expected)
    assert f"matched to {name}" in model.info.notes


@pytest.mark.parametrize("channels", [1, 4])
def test_channels_are_read_from_the_first_convolution(
    open_model, tmp_path: Path, channels: int
) -> None:
    net = torchvision.models.resnet18(weights=None, num_classes=10)
    net.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert model.info.preprocess.channels == channels
    found, expected = logits_of(model, net)
    assert torch.equal(found, expected)


def test_auxiliary_heads_may_be_there_or_not(open_model, tmp_path: Path) -> None:
    for auxiliary in (True, False):
        net = torchvision.models.googlenet(
            weights=None, num_classes=5, aux_logits=auxiliary, init_weights=False
        )
        torch.save(net.state_dict(), tmp_path / f"{auxiliary}.pth")
        model = open_model(tmp_path / f"{auxiliary}.pth")
        found, expected = logits_of(model, net)
        assert torch.equal(found, expected)


def test_positions_of_a_transformer_give_the_image_size(
    open_model, tmp_path: Path
) -> None:
    net = torchvision.models.vit_b_32(weights=None, image_size=96, num_classes=3)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = open_model(tmp_path / "w.pth")
    assert model.info.preprocess.input_size == (96, 96)
    found, expected = logits_of(model, net)
    assert torch.equal(found, expected)


def test_old_names_of_densenet(open_model, tmp_path: Path) -> None:
    """Its published files say norm.1 where today's torchvision says norm1."""
    net = torchvision.models.densenet121(weights=None, num_classes=4)
    state = {
        key.replace("norm1", "norm.1")
        .replace("norm2", "norm.2")
        .replace("conv1", "conv.1")
        .replace("conv2", "conv.2")
        if "denselayer" in key
        else key: value
        for key, value in net.state_dict().items()
        if "num_batches" not in key
    }
    torch.save(state, tmp_path / "w.pth")
    found, expected = logits_of(open_model(tmp_path / "w.pth"), net)
    assert torch.equal(found, expected)


def test_a_bundled_architecture_is_found_too(open_model, tmp_path: Path) -> None:
    net = SmallResNet(7, channels=1)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    found, expected = logits_of(open_model(tmp_path / "w.pth"), net)
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3, "optimizer": {"state": {}}},
        lambda state: {"model": state, "model_ema": dict(state), "best": np.float64(3)},
        lambda state: {"model_state_dict": state, "args": argparse.Namespace(lr=0.1)},
        lambda state: {f"module.{key}": value for key, value in state.items()},
        lambda state: {
            "state_dict": {f"model._orig_mod.{k}": v for k, v in state.items()}
        },
        lambda state: {"ema": {"module": state}, "step": torch.tensor(3)},
    ],
)
def test_training_checkpoints_are_unwrapped(
    open_model, small_network, tmp_path: Path, wrap
) -> None:
    """The forms of DataParallel, torch.compile, Lightning, timm and the references."""
    torch.save(wrap(small_network.state_dict()), tmp_path / "w.pth")
    found, expected = logits_of(open_model(tmp_path / "w.pth"), small_network)
    assert torch.equal(found, expected)


def test_unused_averages_are_noted(open_model, small_network, tmp_path: Path) -> None:
    state = small_network.state_dict()
    torch.save({"model": state, "model_ema": state}, tmp_path / "w.pth")
    notes = open_model(tmp_path / "w.pth").info.notes
    assert "averaged weights in 'model_ema' are not used" in notes


def test_half_precision_is_widened(open_model, small_network, tmp_path: Path) -> None:
    torch.save(
        {key: value.half() if value.is_floating_point() else value
         for key, value in small_network.state_dict().items()},
        tmp_path / "w.pth",
    )  # fmt: skip
    model = open_model(tmp_path / "w.pth")
    assert {weight.dtype for weight in model.net.parameters()} == {torch.float32}
    assert "float16 converted to float32" in model.info.notes


def test_classes_saved_with_the_weights_become_labels(
    open_model, tmp_path: Path
) -> None:
    net = torchvision.models.shufflenet_v2_x0_5(weights=None, num_classes=2)
    checkpoint = {"model": net.state_dict(), "class_to_idx": {"dog": 1, "cat": 0}}
    torch.save(checkpoint, tmp_path / "w.pth")
    assert open_model(tmp_path / "w.pth").info.labels == ("cat", "dog")


def test_a_side_car_says_what_the_weights_do_not(open_model, tmp_path: Path) -> None:
    net = torchvision.models.shufflenet_v2_x0_5(weights=None, num_classes=2)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    side_car = {
        "title": "Pets",
        "labels": ["cat", "dog"],
        "preprocess": {"input_size": [96, 64], "fit": "stretch", "order": "BGR"},
    }
    (tmp_path / "w.pth.json").write_text(json.dumps(side_car))
    info = open_model(tmp_path / "w.pth").info
    assert (info.title, info.labels) == ("Pets", ("cat", "dog"))
    assert info.preprocess.input_size == (96, 64)
    assert (info.preprocess.fit, info.preprocess.order) == ("stretch", "BGR")
    assert info.preprocess.mean == (0.485, 0.456, 0.406)


@pytest.mark.parametrize(
    "text",
    ["[", "[]", '{"preprocess": {"std": [0, 0, 0]}}', '{"labels": ["one"]}',
     '{"preprocess": 3}', '{"labels": 3}', '{"preprocess": {"unknown": 1}}'],
)  # fmt: skip
def test_a_bad_side_car_is_said(open_model, tmp_path: Path, text: str) -> None:
    net = torchvision.models.shufflenet_v2_x0_5(weights=None, num_classes=2)
    torch.save(net.state_dict(), tmp_path / "w.pth")
    (tmp_path / "w.json").write_text(text)
    with pytest.raises(InputError, match=r"w\.json|sidecar"):
        open_model(tmp_path / "w.pth")


def test_what_fits_nothing_gets_the_nearest_and_the_differences(
    open_model, tmp_path: Path
) -> None:
    state = torchvision.models.resnet18(weights=None).state_dict()
    del state["layer1.0.conv1.weight"]
    state["layer2.0.conv1.weight"] = torch.zeros(7, 64, 3, 3)
    state["extra.weight"] = torch.zeros(3)
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(ModelError) as caught:
        open_model(tmp_path / "w.pth")
    text = str(caught.value)
    assert "nearest is resnet18 (2 of" in text
    assert "1 missing (layer1.0.conv1.weight)" in text
    assert "layer2.0.conv1.weight: 7 x 64 x 3 x 3 found, 128 x 64 x 3 x 3" in text


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (_explode, (str(self.path),))


def _explode(path: str) -> None:
    Path(path).write_text("boom")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_program_is_named_and_never_run(
    open_model, small_network, tmp_path: Path, *, zipped: bool
) -> None:
    """Its weights are read all the same: the network they were saved from."""
    checkpoint = {"model": small_network.state_dict(), "x": Bomb(tmp_path / "boom")}
    torch.save(checkpoint, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    model = open_model(tmp_path / "w.pth")
    found, expected = logits_of(model, small_network)
    assert torch.equal(found, expected)
    assert any("call test_files._explode('/" in note for note in model.info.notes)
    assert not (tmp_path / "boom").exists()


def test_a_program_without_weights_is_refused_in_words(
    open_model, tmp_path: Path
) -> None:
    torch.save({"x": Bomb(tmp_path / "boom")}, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"is a program.*call \S*_explode\('/"):
        open_model(tmp_path / "w.pth")
    assert not (tmp_path / "boom").exists()


def test_a_plain_pickle_is_never_run(open_model, tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
    with pytest.raises(InputError):
        open_model(tmp_path / "w.pt")
    assert not (tmp_path / "boom").exists()


def test_a_whole_module_gives_its_weights(
    open_model, small_network, tmp_path: Path
) -> None:
    torch.save(small_network, tmp_path / "w.pt")
    model = open_model(tmp_path / "w.pt")
    found, expected = logits_of(model, small_network)
    assert torch.equal(found, expected)
    assert any("torchvision.models.shufflenetv2" in note for note in model.info.notes)


def test_weights_of_unknown_names_are_not_likened_to_anything(
    open_model, tmp_path: Path
) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"named like those of no known architecture"):
        open_model(tmp_path / "w.pt")


def archive(path: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(f"a/{name}", b"x")
    return path


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["archive_format", "models/model.json"], r"torch\.export"),
        (["serialized_exported_program.json"], r"torch\.export"),
        (["word/document.xml"], "not one that torch.save wrote"),
    ],
)
def test_other_archives_are_named(
    open_model, tmp_path: Path, names: list[str], kind: str
) -> None:
    """Names as in files that torch 2.15 wrote."""
    with pytest.raises(InputError, match=kind):
        open_model(archive(tmp_path / "w.pt", names))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("w.pt", b"", "is empty"),
        ("w.pt", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        ("w.pt", b"<!DOCTYPE html><html>", "web page"),
        ("w.pt", b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("w.onnx", b"\x08\x07", "holds no ONNX network"),
        ("w.onnx", b"\x08\x07\x3a\xff", "not an ONNX file"),
        ("w.onnx", b"<!DOCTYPE html><html>", "web page"),
        ("w.pt", b"PK\x03\x04" + bytes(100), "truncated"),
        ("w.safetensors", b"not one", "is damaged"),
        ("w.safetensors", struct.pack("<Q", 2**62) + b"{}", "is damaged"),
        ("w.pt", b"hello there", "no weights"),
    ],
)
def test_what_is_no_file_of_weights_is_said(
    open_model, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        open_model(tmp_path / name)


def test_missing_files_and_folders_are_said(open_model, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_model(tmp_path / "nothing.pth")
    with pytest.raises(InputError, match="is a folder"):
        open_model(tmp_path)


@pytest.mark.parametrize(
    "value", [3, "text", [torch.ones(2)], {"a": 1}, {}, OrderedDict(x=None)]
)
def test_a_file_without_weights_is_said(
    open_model, tmp_path: Path, value: object
) -> None:
    torch.save(value, tmp_path / "w.pth")
    with pytest.raises(InputError, match="holds no weights"):
        open_model(tmp_path / "w.pth")


def test_a_flipped_bit_is_noticed(small_network, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(small_network.state_dict(), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        read_state(path, lambda: None)


def test_a_tensor_larger_than_its_file_is_refused(tmp_path: Path) -> None:
    """A few bytes that claim to be 4 TB: strides of 0."""
    torch.save({"w": torch.zeros(1).expand(1 << 40)}, tmp_path / "w.pth")
    with pytest.raises(InputError, match="larger than the file"):
        read_state(tmp_path / "w.pth", lambda: None)


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(1000)}, tmp_path / "a.pth")
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as source,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(InputError, match="compressed"):
        read_state(tmp_path / "b.pth", lambda: None)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_damaged_files_give_words(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes changed or cut anywhere, in each of the three formats."""
    kind = data.draw(st.sampled_from(["zip", "legacy", "safetensors"]))
    path = tmp_path / f"w.{'safetensors' if kind == 'safetensors' else 'pth'}"
    if kind == "safetensors":
        save_file({"w": torch.arange(6.0), "v": torch.ones(2, 2)}, path)
    else:
        torch.save(
            {"w": torch.arange(6.0), "v": torch.ones(2, 2)},
            path,
            _use_new_zipfile_serialization=kind == "zip",
        )
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        state = read_state(path, lambda: None)
    except NnvizError:
        return
    assert all(isinstance(tensor, torch.Tensor) for tensor in state.tensors.values())
