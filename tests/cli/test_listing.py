"""``nnviz methods``, ``models`` and ``doctor``: for people and for programs."""

import json

import pytest
from torchvision import models

from nnviz.cli import doctor


def test_methods(nnviz):
    status, out, _ = nnviz("methods")
    assert status == 0
    for name in ("activations", "filters", "predictions"):
        assert f"\n{name} " in out


def test_one_method_says_how_it_misleads(nnviz):
    _, out, _ = nnviz("methods", "predictions")
    for words in ("How to read it", "Where it misleads", "--top-k", "1 to 1000"):
        assert words in out


def test_methods_as_json(nnviz):
    _, out, _ = nnviz("methods", "activations", "--json")
    names = [parameter["name"] for parameter in json.loads(out)["parameters"]]
    assert "layer" in names


def test_models_lists_every_network_of_torchvision(nnviz):
    """Truth: torchvision's own list."""
    _, out, _ = nnviz("models", "--json")
    listed = {entry["reference"] for entry in json.loads(out)}
    tasks = (models, models.detection, models.segmentation)
    there = {
        f"zoo:{name}" for task in tasks for name in models.list_models(module=task)
    }
    assert {name for name in listed if name.startswith("zoo:")} == there
    assert {"bundled:objects", "bundled:faces"} <= listed


def test_search_wants_every_word(nnviz):
    _, out, _ = nnviz("models", "list", "--search", "RESNE 50 2016", "--json")
    names = {entry["reference"] for entry in json.loads(out)}
    assert names == {"zoo:resnext50_32x4d", "zoo:wide_resnet50_2"}


def test_accuracy_and_size_are_the_published_ones(nnviz):
    """Truth: torchvision's documentation: ResNet-18, 69.758 %, 11689512, 44.7 MiB."""
    _, out, _ = nnviz("models", "--search", "resnet18")
    (row,) = [line for line in out.splitlines() if line.startswith("zoo:")]
    for words in ("11.7 M", "69.8 %", "46.8 MB", "2015"):
        assert words in row


def test_inspect(nnviz):
    """Truth: ResNet-18's table 1 in arXiv:1512.03385: 1.8 G MACs, conv1 112 x 112."""
    status, out, _ = nnviz("models", "inspect", "zoo:resnet18@random")
    assert status == 0
    assert "11.7 M" in out
    assert "1.8 G" in out
    (row,) = [line for line in out.splitlines() if line.startswith("conv1 ")]
    assert "64 x 112 x 112" in row
    assert "mean 0.485 0.456 0.406" in out


def test_inspect_shows_the_doctors_word_and_the_card(nnviz):
    """Truth: LeNet-5's last convolution fits its input exactly; its card's figure."""
    _, out, _ = nnviz("models", "inspect", "bundled:digits")
    doctor, card = out.partition("Doctor")[2].split("Card")
    assert "takes inputs of 32 x 32 px only" in doctor
    assert "| top-1, held out | 99.2 % |" in card
    _, out, _ = nnviz("models", "inspect", "bundled:scenes")
    assert "found nothing to warn of" in out.partition("Doctor")[2]


def test_inspect_as_json(nnviz):
    _, out, _ = nnviz("models", "inspect", "bundled:objects", "--json")
    info = json.loads(out)
    assert len(info["labels"]) == 101
    assert info["layers"][0]["name"] == "stem"


def test_doctor(nnviz):
    """Truth: this very process imports torch, so the doctor must find it."""
    status, out, _ = nnviz("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(out)}
    assert status == (1 if any(each["problem"] for each in checks.values()) else 0)
    assert not checks["torch"]["problem"]
    assert {"python", "memory", "weights", "threads", "resources"} <= set(checks)
    for check in checks.values():
        assert check["remedy"] or not check["problem"]


def test_doctor_for_people(nnviz):
    _, out, _ = nnviz("doctor")
    assert all(line.split()[0] in {"ok", "problem"} for line in out.splitlines())


def test_missing_library_names_the_package():
    wanted = {"GL": "libgl1", "EGL": "libegl1"}
    found = doctor.libraries("Qt", wanted, {"GL": "libGL.so.1"}.get)
    assert found.problem
    assert found.remedy == "apt-get install libegl1"


def test_folder_that_cannot_be_made(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    check = doctor.folder_check("weights", file / "below")
    assert check.problem
    assert str(file) in check.remedy


@pytest.mark.parametrize("command", ["run", "replay", "methods", "models", "demo"])
def test_help(nnviz, command):
    status, out, err = nnviz(command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith("usage: nnviz")


def test_the_commands_are_listed(nnviz):
    _, out, _ = nnviz("--help")
    for command in ("run", "replay", "methods", "models", "demo", "doctor"):
        assert f"\n  {command} " in out
    assert "catalogue" not in out


def test_version(nnviz):
    from importlib.metadata import version

    assert nnviz("--version")[1] == f"nnviz {version('nnviz-studio')}\n"


@pytest.mark.parametrize("variable", ["NNVIZ_WEIGHTS", "TORCH_HOME"])
def test_downloaded_weights_are_told(nnviz, tmp_path, monkeypatch, variable):
    """Truth: torchvision's file name; torch.hub keeps files in hub/checkpoints."""
    monkeypatch.setenv(variable, str(tmp_path))
    folder = tmp_path if variable == "NNVIZ_WEIGHTS" else tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "resnet18-f37072fd.pth").write_bytes(b"x")
    _, out, _ = nnviz("models", "--search", "zoo:resnet", "--json")
    here = {entry["reference"] for entry in json.loads(out) if entry["here"]}
    assert here == {"zoo:resnet18"}
