"""Folders that transformers and timm write; truth: the network that was saved."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nnviz.base.errors import InputError, ModelError, OutOfMemoryError
from nnviz.base.info import Task
from nnviz.engine.models.folders import weight_files


@pytest.fixture(scope="module")
def vit():
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=64,
        id2label={0: "ant", 1: "bee", 2: "cat"},
    )
    return transformers.ViTForImageClassification(config).eval()


PREPROCESSOR = {
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.1, 0.2, 0.3],
    "size": {"height": 224, "width": 224},
    "resample": 3,
}


def same_logits(model, net) -> None:
    pixels = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(model.net(pixels), net(pixels).logits)


def test_a_folder_of_transformers(open_model, vit, tmp_path: Path) -> None:
    vit.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    model = open_model(tmp_path)
    same_logits(model, vit)
    assert model.info.labels == ("ant", "bee", "cat")
    assert model.info.preprocess.mean == (0.5, 0.4, 0.3)
    assert model.info.preprocess.interpolation.value == "bicubic"
    assert model.info.task is Task.CLASSIFY


def test_a_folder_that_was_saved_again_is_opened_again(
    open_model, vit, tmp_path: Path
) -> None:
    """Truth: the classes that the second network has."""
    vit.save_pretrained(tmp_path)
    assert len(open_model(tmp_path).info.labels) == 3
    config = json.loads((tmp_path / "config.json").read_text())
    config["id2label"] = {"0": "ant", "1": "bee", "2": "dog"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert open_model(tmp_path).info.labels[2] == "dog"
    assert open_model(tmp_path / "config.json").info.labels[2] == "dog"


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
def test_descriptions_stand_for_their_folder(
    open_model, vit, tmp_path: Path, name: str
) -> None:
    """What lies in a folder of the Hub, whichever file of it is opened."""
    vit.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR))
    model = open_model(tmp_path / name)
    same_logits(model, vit)
    assert model.info.reference == str(tmp_path.resolve())


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"architectures": ["ViTModel"], "model_type": "vit"}, "ViTModel"),
        ({"architecture": "resnet18", "num_classes": 3}, "resnet18"),
        ({"model_type": "clip"}, "clip"),
        ({}, "a network"),
    ],
)
def test_a_description_without_weights_says_what_is_missing(
    open_model, tmp_path: Path, values: dict[str, object], named: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(values))
    words = f"describes {named}, but its folder holds no weights; put its model.safe"
    for path in (tmp_path / "config.json", tmp_path):
        if path.is_file() or values:
            with pytest.raises(InputError, match=words):
                open_model(path)


def test_the_weights_of_a_folder_stand_for_it(open_model, tmp_path: Path) -> None:
    """Dialogs that open files take no folder; an unknown network needs its config."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.YolosConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, image_size=[64, 96], num_detection_tokens=4,
        id2label={0: "ant", 1: "bee"},
    )  # fmt: skip
    transformers.YolosForObjectDetection(config).save_pretrained(tmp_path)
    model = open_model(tmp_path / "model.safetensors")
    assert model.info.task is Task.DETECT
    assert model.info.labels == ("ant", "bee")
    assert model.info.reference == str(tmp_path.resolve())


def test_weights_in_several_files(open_model, vit, tmp_path: Path) -> None:
    vit.save_pretrained(tmp_path, max_shard_size="100KB")
    assert len(weight_files(tmp_path)) > 1
    same_logits(open_model(tmp_path), vit)


def test_a_folder_that_brings_code_is_refused(open_model, vit, tmp_path: Path) -> None:
    vit.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    config = json.loads(file.read_text()) | {"auto_map": {"AutoModel": "own.Net"}}
    file.write_text(json.dumps(config))
    (tmp_path / "own.py").write_text("raise SystemExit('was run')")
    with pytest.raises(ModelError, match="code of its own"):
        open_model(tmp_path)


def test_a_configuration_of_another_size_is_one_line(
    open_model, vit, tmp_path: Path
) -> None:
    vit.save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    config = json.loads(file.read_text()) | {"hidden_size": 96}
    file.write_text(json.dumps(config))
    with pytest.raises(InputError, match="cannot be used"):
        open_model(tmp_path)


def test_memory_that_runs_out_is_no_damage(
    open_model, vit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truth: the words that torch's allocator for the CPU uses."""

    def full(*_args: object, **_options: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 bytes")

    vit.save_pretrained(tmp_path)
    monkeypatch.setattr(type(vit), "from_pretrained", full)
    with pytest.raises(OutOfMemoryError):
        open_model(tmp_path)


@pytest.mark.parametrize("name", ["../w.safetensors", "/etc/passwd", "a/b.bin", ".."])
def test_an_index_may_name_files_beside_it_only(tmp_path: Path, name: str) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": name}}))
    with pytest.raises(InputError, match="not a file beside it"):
        weight_files(tmp_path)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "model-00001.safetensors"}}))
    with pytest.raises(InputError, match=r"model-00001\.safetensors.*is missing"):
        weight_files(tmp_path)


def test_a_folder_of_timm_says_its_preprocessing(open_model, tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    net = timm.create_model("resnet10t", num_classes=3).eval()
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    config = {
        "architecture": "resnet10t",
        "pretrained_cfg": {
            "input_size": [3, 176, 176],
            "crop_pct": 0.95,
            "interpolation": "bilinear",
            "mean": [0.1, 0.2, 0.3],
            "std": [0.4, 0.5, 0.6],
        },
        "label_names": ["a", "b", "c"],
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = open_model(tmp_path)
    preprocess = model.info.preprocess
    assert preprocess.mean == (0.1, 0.2, 0.3)
    assert preprocess.input_size == (176, 176)
    assert preprocess.resize == 185  # 176 / 0.95, rounded down as timm does
    assert model.info.labels == ("a", "b", "c")
    assert "preprocessing read from config.json" in model.info.notes


@pytest.mark.parametrize("kind", ["upernet", "dpt"])
def test_a_folder_that_names_another_network_downloads_nothing(
    open_model, tmp_path: Path, monkeypatch, kind: str
) -> None:
    """Truth: transformers asks the hub for the backbone that such a file names."""
    pytest.importorskip("transformers")
    asked = []
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, *_a, **_k: asked.append(host)
    )
    config = {
        "model_type": kind,
        "architectures": [_CLASSES[kind]],
        "backbone": "someone/something",
        "use_pretrained_backbone": True,
        "is_hybrid": False,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({"x": torch.ones(2)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="names another network"):
        open_model(tmp_path)
    assert not asked


_CLASSES = {
    "upernet": "UperNetForSemanticSegmentation",
    "dpt": "DPTForDepthEstimation",
}


def test_attention_named_on_the_hub_is_not_fetched(
    open_model, vit, tmp_path: Path
) -> None:
    """Truth: the network saved; transformers would run "owner/name" as a kernel."""
    vit.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["_attn_implementation"] = "someone/kernel"
    (tmp_path / "config.json").write_text(json.dumps(config))
    same_logits(open_model(tmp_path), vit)
