"""Files as people's training programs save them, each opened as it comes.

Truth: the network that each file was written from, and what each program writes, as
read in its source.  Packages that are not installed are stood in for by classes of
their names, which are gone when the file is read.
"""

import argparse
import json
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models

from nnviz.base.errors import NnvizError
from nnviz.base.info import Task
from tests.support.onnx_networks import export

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

State = dict[str, Tensor]
Writer = Callable[[Path], Path]
OPENED: dict[str, tuple[Writer, Task, int]] = {}
"""By name: what writes it, its task, and how many classes it has (0: none)."""
REFUSED: dict[str, tuple[Writer, str]] = {}
"""By name: what writes it, and what has to be said of it."""


def opens(name: str, classes: int = 10, task: Task = Task.CLASSIFY):
    def enter(write: Writer) -> Writer:
        OPENED[name] = write, task, classes
        return write

    return enter


def refused(name: str, words: str):
    def enter(write: Writer) -> Writer:
        REFUSED[name] = write, words
        return write

    return enter


def net(classes: int = 10) -> nn.Module:
    return models.resnet18(weights=None, num_classes=classes).eval()


def prefixed(state: State, prefix: str) -> State:
    return {prefix + name: value for name, value in state.items()}


def save(value: Any, folder: Path, name: str = "w.pth") -> Path:
    torch.save(value, folder / name)
    return folder / name


def stepped(network: nn.Module) -> dict[str, Any]:
    """Return the state of an optimizer that made one step on the last two weights."""
    optimizer = torch.optim.SGD(list(network.parameters())[-2:], 0.1, momentum=0.9)
    sum(weight.sum() for weight in list(network.parameters())[-2:]).backward()
    optimizer.step()
    return optimizer.state_dict()


@contextmanager
def package(name: str, **classes: type) -> Iterator[None]:
    """Let classes be those of a package that is not there."""
    made = {}
    parts = name.split(".")
    for depth in range(len(parts)):
        inner = ".".join(parts[: depth + 1])
        made[inner] = types.ModuleType(inner)
    for word, kind in classes.items():
        kind.__module__, kind.__qualname__, kind.__name__ = name, word, word
        setattr(made[name], word, kind)
    sys.modules.update(made)
    try:
        yield
    finally:
        for each in made:
            del sys.modules[each]


# --- training programs of torchvision, PyTorch, Lightning ---------------------------


@opens("torchvision's reference scripts")
def reference(folder: Path) -> Path:
    network = net()
    args = argparse.Namespace(
        model="resnet18", val_crop_size=224, interpolation="bilinear"
    )
    state = {
        "model": network.state_dict(), "optimizer": stepped(network), "epoch": 3,
        "lr_scheduler": {"last_epoch": 3}, "args": args, "scaler": {"scale": 65536.0},
    }  # fmt: skip
    return save(state, folder, "model_3.pth")


@opens("the same with averaged weights")
def averaged(folder: Path) -> Path:
    network = net()
    ema = prefixed(network.state_dict(), "module.") | {"n_averaged": torch.tensor(3)}
    return save({"model": network.state_dict(), "model_ema": ema}, folder)


@opens("PyTorch's ImageNet example, DataParallel", 1000)
def example(folder: Path) -> Path:
    network = net(1000)
    state = {
        "epoch": 9, "arch": "resnet18", "best_acc1": torch.tensor(69.0),
        "state_dict": prefixed(network.state_dict(), "module."),
        "optimizer": stepped(network), "scheduler": {},
    }  # fmt: skip
    return save(state, folder, "model_best.pth.tar")


def lightning_of(state: State) -> dict[str, Any]:
    return {
        "epoch": 2, "global_step": 30, "pytorch-lightning_version": "2.5.0",
        "state_dict": state, "loops": {}, "callbacks": {}, "optimizer_states": [],
        "hyper_parameters": {"lr": 0.1, "class_names": [*"abcdefghij"]},
    }  # fmt: skip


@opens("Lightning's .ckpt")
def lightning(folder: Path) -> Path:
    return save(lightning_of(prefixed(net().state_dict(), "model.")), folder, "e.ckpt")


@opens("Lightning's with a loss and a metric")
def lightning_with_more(folder: Path) -> Path:
    more = {
        "criterion.weight": torch.ones(10),
        "confmat.confmat": torch.zeros(10, 10).long(),
    }
    state = prefixed(net().state_dict(), "backbone.") | more
    return save(lightning_of(state), folder, "e.ckpt")


@opens("DDP and torch.compile")
def compiled(folder: Path) -> Path:
    return save(prefixed(net().state_dict(), "module._orig_mod."), folder)


@opens("FSDP")
def sharded_names(folder: Path) -> Path:
    return save(prefixed(net().state_dict(), "_fsdp_wrapped_module."), folder)


@opens("activation checkpointing")
def checkpointed(folder: Path) -> Path:
    state = {
        name.replace("layer4.", "layer4._checkpoint_wrapped_module."): value
        for name, value in net().state_dict().items()
    }
    return save(state, folder)


@opens("ResNets of pytorch-cifar")
def kuangliu(folder: Path) -> Path:
    state = {
        name.replace("downsample", "shortcut").replace("fc.", "linear."): value
        for name, value in small_stem().state_dict().items()
    }
    state = prefixed(state, "module.")
    return save({"net": state, "acc": 93.0, "epoch": 9}, folder, "ckpt.pth")


@opens("fastai's learn.save")
def fastai(folder: Path) -> Path:
    class L:
        def __init__(self, items: list[Any]) -> None:
            self.items = items

    body = nn.Sequential(*list(net().children())[:-2])
    head = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(1024), nn.Dropout(0.25),
        nn.Linear(1024, 512, bias=False), nn.ReLU(), nn.BatchNorm1d(512),
        nn.Dropout(0.5), nn.Linear(512, 10, bias=False),
    )  # fmt: skip
    state = nn.Sequential(body, head).state_dict()
    with package("fastcore.foundation", L=L):
        return save({"model": state, "opt": {"hypers": L([0.1])}}, folder)


@opens("lightly's SimCLR, a Sequential in a wrapper", 0, Task.EMBED)
def lightly(folder: Path) -> Path:
    body = nn.Sequential(*list(net().children())[:-1])
    head = {"projection_head.layers.0.weight": torch.zeros(512, 512)}
    return save(prefixed(body.state_dict(), "backbone.") | head, folder)


@opens("torchvision's FCN, DataParallel", 4, Task.SEGMENT)
def fcn(folder: Path) -> Path:
    network = models.segmentation.fcn_resnet50(
        weights=None, weights_backbone=None, num_classes=4
    )
    return save({"state_dict": prefixed(network.state_dict(), "module.")}, folder)


@opens("MMPretrain, published")
def mmpretrain(folder: Path) -> Path:
    return save({"meta": {"dataset_meta": {"classes": [*"abcdefghij"]}},
                 "state_dict": openmmlab()}, folder)  # fmt: skip


def openmmlab() -> State:
    mean = torch.tensor([123.675, 116.28, 103.53]).view(-1, 1, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).view(-1, 1, 1)
    data = {"data_preprocessor.mean": mean, "data_preprocessor.std": std}
    return data | {
        ("head." if name.startswith("fc.") else "backbone.") + name: value
        for name, value in net().state_dict().items()
    }


@opens("mmengine's epoch_N.pth")
def mmengine(folder: Path) -> Path:
    class HistoryBuffer:
        def __init__(self) -> None:
            self.values = [1.0]

    with package("mmengine.logging.history_buffer", HistoryBuffer=HistoryBuffer):
        hub = {"log_scalars": {"train/loss": HistoryBuffer()}}
        state = {"meta": {}, "state_dict": openmmlab(), "message_hub": hub}
        return save(state, folder, "epoch_1.pth")


# --- timm ---------------------------------------------------------------------------


def timm_net(name: str, classes: int = 10) -> nn.Module:
    return pytest.importorskip("timm").create_model(name, num_classes=classes).eval()


def train_py(name: str) -> Writer:
    def write(folder: Path) -> Path:
        args = argparse.Namespace(
            model=name, mean=[0.5] * 3, std=[0.5] * 3, img_size=None
        )
        network = timm_net(name)
        state = {
            "epoch": 1, "arch": name, "state_dict": network.state_dict(),
            "optimizer": {}, "args": args, "version": 2, "metric": 70.0,
        }  # fmt: skip
        return save(state, folder, "model_best.pth.tar")

    return write


for _name in (
    *("resnet18", "vit_tiny_patch16_224", "convnext_atto", "efficientnet_b0"),
    *("mobilenetv3_small_100", "swin_tiny_patch4_window7_224"),
):
    opens(f"timm's train.py, {_name}")(train_py(_name))


def hub_folder(name: str) -> Writer:
    def write(folder: Path) -> Path:
        network = timm_net(name)
        save_file(network.state_dict(), folder / "model.safetensors")
        told = {"architecture": name, "num_classes": 10, "num_features": 512,
                "pretrained_cfg": {"input_size": [3, 224, 224], "crop_pct": 0.95,
                                   "interpolation": "bicubic", "mean": [0.5] * 3,
                                   "std": [0.5] * 3}}  # fmt: skip
        (folder / "config.json").write_text(json.dumps(told))
        return folder

    return write


for _name in ("resnet18", "vit_small_patch16_224"):
    opens(f"folder of timm on the Hub, {_name}")(hub_folder(_name))


@opens("DINO's ViT", 0, Task.EMBED)
def dino(folder: Path) -> Path:
    return save(timm_net("vit_tiny_patch16_224", 0).state_dict(), folder)


@opens("DINO's student and teacher", 0, Task.EMBED)
def dino_training(folder: Path) -> Path:
    state = timm_net("vit_tiny_patch16_224", 0).state_dict()
    sizes = {"mlp.0": (64, 192), "mlp.2": (64, 64), "mlp.4": (32, 64)}
    head = {f"head.{name}.weight": torch.zeros(size) for name, size in sizes.items()}
    head |= {f"head.{name}.bias": torch.zeros(size[0]) for name, size in sizes.items()}
    head |= {"head.last_layer.weight_g": torch.ones(500, 1),
             "head.last_layer.weight_v": torch.zeros(500, 32)}  # fmt: skip
    student = prefixed(prefixed(state, "backbone.") | head, "module.")
    teacher = prefixed(state, "backbone.") | head
    both = {
        "student": student,
        "teacher": teacher,
        "epoch": 3,
        "args": argparse.Namespace(arch="vit_tiny"),
    }
    return save(both, folder)


@opens("MAE", 0, Task.EMBED)
def mae(folder: Path) -> Path:
    return save({"model": timm_net("vit_tiny_patch16_224", 0).state_dict()}, folder)


@opens("MoCo", 0, Task.EMBED)
def moco(folder: Path) -> Path:
    network = net()
    state = {
        name: value for name, value in network.state_dict().items() if "fc" not in name
    }
    sizes = {"fc.0": (512, 512), "fc.2": (128, 512)}
    head = {f"{name}.weight": torch.zeros(size) for name, size in sizes.items()}
    head |= {f"{name}.bias": torch.zeros(size[0]) for name, size in sizes.items()}
    queries = prefixed(state | head, "module.encoder_q.")
    keys = prefixed(state | head, "module.encoder_k.")
    queue = {
        "module.queue": torch.zeros(128, 64),
        "module.queue_ptr": torch.zeros(1).long(),
    }
    return save({"arch": "resnet18", "state_dict": queries | keys | queue}, folder)


# --- Hugging Face -------------------------------------------------------------------


def hugging_face(kind: str, **sizes: Any) -> Writer:
    def write(folder: Path) -> Path:
        transformers = pytest.importorskip("transformers")
        labels = {n: f"kind {n}" for n in range(10)}
        model, _, head = kind.partition("For")
        config = getattr(transformers, f"{model.removesuffix('Model')}Config")(
            **sizes, **({"id2label": labels} if head else {})
        )
        getattr(transformers, kind)(config).save_pretrained(folder)
        told = {"do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
                "size": {"height": 64, "width": 64}, "do_resize": True,
                "image_processor_type": "ViTImageProcessor"}  # fmt: skip
        (folder / "preprocessor_config.json").write_text(json.dumps(told))
        return folder

    return write


_VIT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 64, "image_size": 64}  # fmt: skip
_MAPS = {"hidden_sizes": [16, 32, 32, 64], "depths": [1, 1, 1, 1]}
opens("folder of transformers, ViT")(hugging_face("ViTForImageClassification", **_VIT))
opens("folder of transformers, ResNet")(
    hugging_face("ResNetForImageClassification", embedding_size=16, **_MAPS)
)
opens("folder of transformers, ConvNeXt")(
    hugging_face("ConvNextForImageClassification", **_MAPS)
)
opens("folder of transformers, DINOv2", 0, Task.EMBED)(
    hugging_face("Dinov2Model", **(_VIT | {"image_size": 56, "patch_size": 14}))
)


@opens("weights in several files")
def shards(folder: Path) -> Path:
    state = net().state_dict()
    names = list(state)
    index: dict[str, str] = {}
    for part, chosen in enumerate((names[:60], names[60:]), 1):
        file = f"model-0000{part}-of-00002.safetensors"
        save_file({name: state[name] for name in chosen}, folder / file)
        index |= dict.fromkeys(chosen, file)
    told = json.dumps({"metadata": {}, "weight_map": index})
    (folder / "model.safetensors.index.json").write_text(told)
    return folder


# --- changed networks ---------------------------------------------------------------


@opens("half precision")
def half(folder: Path) -> Path:
    return save(net().half().state_dict(), folder)


@opens("bfloat16 in safetensors")
def brain_half(folder: Path) -> Path:
    save_file(net().bfloat16().state_dict(), folder / "w.safetensors")
    return folder / "w.safetensors"


@opens("a backbone alone", 0, Task.EMBED)
def headless(folder: Path) -> Path:
    state = net().state_dict()
    return save({name: state[name] for name in state if "fc." not in name}, folder)


@opens("four channels")
def four_channels(folder: Path) -> Path:
    network = net()
    network.conv1 = nn.Conv2d(4, 64, 7, 2, 3, bias=False)
    return save(network.state_dict(), folder)


@opens("a head of two layers")
def two_layers(folder: Path) -> Path:
    network = net()
    network.fc = nn.Sequential(
        nn.Linear(512, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, 10)
    )
    return save(network.state_dict(), folder)


def small_stem() -> nn.Module:
    network = net()
    network.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    network.maxpool = nn.Identity()
    return network


@opens("a stem for small images")
def cifar_stem(folder: Path) -> Path:
    return save(small_stem().state_dict(), folder)


@opens("a backbone and a classifier of one's own")
def wrapped(folder: Path) -> Path:
    network = net()
    network.fc = nn.Identity()
    whole = nn.ModuleDict({"backbone": network, "classifier": nn.Linear(512, 10)})
    return save(whole.state_dict(), folder)


@opens("quantized weights")
def quantized(folder: Path) -> Path:
    state = net().state_dict()
    state["fc.weight"] = torch.quantize_per_channel(
        state["fc.weight"],
        torch.full((10,), 0.01),
        torch.zeros(10).long(),
        0,
        torch.qint8,
    )
    return save(state, folder)


@opens("torchvision's detector with classes of one's own", 5, Task.DETECT)
def detector(folder: Path) -> Path:
    network = models.detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=5
    )
    return save(network.state_dict(), folder)


@opens("torchvision's segmenter with classes of one's own", 3, Task.SEGMENT)
def segmenter(folder: Path) -> Path:
    network = models.segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=3, aux_loss=True
    )
    return save({"model": network.state_dict(), "epoch": 1}, folder)


# --- whole networks, programs, ONNX -------------------------------------------------


@opens("torch.save of a network of torchvision")
def whole(folder: Path) -> Path:
    return save(net(), folder)


@opens("TorchScript, traced")
def traced(folder: Path) -> Path:
    path = folder / "w.pt"
    torch.jit.save(torch.jit.trace(net(), torch.rand(1, 3, 224, 224)), path)
    return path


@opens("torch.export's .pt2")
def exported(folder: Path) -> Path:
    path = folder / "w.pt2"
    torch.export.save(torch.export.export(net(), (torch.rand(1, 3, 64, 64),)), path)
    return path


@opens("a .py file with a factory", 3)
def factory(folder: Path) -> Path:
    lines = (
        "from torch import nn",
        "def build_model():",
        "    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(),",
        "        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))",
    )
    path = folder / "my_network.py"
    path.write_text("\n".join(lines) + "\n")
    return path


for _exporter in ("script", "dynamo"):
    opens(f"ONNX, {_exporter}")(
        lambda folder, e=_exporter: export(
            net(), torch.rand(1, 3, 64, 64), folder / "w.onnx", e
        )
    )


class YoloLike(nn.Module):
    """A head of ultralytics' layout: boxes and four classes for each cell."""

    def __init__(self) -> None:
        super().__init__()
        self.stems = nn.ModuleList(nn.Conv2d(3, 8, s, s) for s in (8, 16, 32))
        self.heads = nn.ModuleList(nn.Conv2d(8, 8, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        pairs = zip(self.stems, self.heads, strict=True)
        return torch.cat(
            [head(stem(x)).flatten(2) for stem, head in pairs], 2
        ).sigmoid()


@opens("YOLO v8 as ONNX", 4, Task.DETECT)
def yolo_onnx(folder: Path) -> Path:
    return export(
        YoloLike().eval(), torch.rand(1, 3, 64, 64), folder / "w.onnx", "script"
    )


@opens("YOLO v8 as TorchScript", 4, Task.DETECT)
def yolo_script(folder: Path) -> Path:
    path = folder / "w.torchscript"
    torch.jit.save(torch.jit.trace(YoloLike().eval(), torch.rand(1, 3, 64, 64)), path)
    return path


# --- what does not open -------------------------------------------------------------


@refused("ultralytics' .pt", "ultralytics")
def ultralytics(folder: Path) -> Path:
    class DetectionModel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = nn.Sequential(nn.Conv2d(3, 8, 3))

    with package("ultralytics.nn.tasks", DetectionModel=DetectionModel):
        return save({"epoch": -1, "model": DetectionModel().half()}, folder, "best.pt")


@refused("a distributed checkpoint", "dcp_to_torch")
def distributed(folder: Path) -> Path:
    from torch.distributed.checkpoint import FileSystemWriter, save_state_dict

    save_state_dict({"w": torch.ones(3)}, FileSystemWriter(folder), no_dist=True)
    return folder


@refused("Keras 3", "Keras")
def keras(folder: Path) -> Path:
    path = folder / "w.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, "{}")
    return path


@refused("a LoRA adapter", "adapter")
def lora(folder: Path) -> Path:
    name = "base_model.model.vit.encoder.layer.0.attention.attention.query.lora_"
    weights = {
        f"{name}A.weight": torch.zeros(8, 32),
        f"{name}B.weight": torch.zeros(32, 8),
    }
    save_file(weights, folder / "adapter_model.safetensors")
    told = {"peft_type": "LORA", "base_model_name_or_path": "google/vit-base"}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    return folder


@refused("a network of a tutorial", "own code is needed")
def tutorial(folder: Path) -> Path:
    parts = [("conv1", nn.Conv2d(3, 6, 5)), ("conv2", nn.Conv2d(6, 16, 5)),
             ("fc1", nn.Linear(400, 120)), ("fc2", nn.Linear(120, 84)),
             ("fc3", nn.Linear(84, 10))]  # fmt: skip
    return save(nn.Sequential(OrderedDict(parts)).state_dict(), folder, "cifar_net.pth")


@pytest.mark.parametrize("name", OPENED)
def test_it_opens(open_model, tmp_path: Path, monkeypatch, name: str) -> None:
    monkeypatch.setenv("NNVIZ_TRUSTED", str(tmp_path / "trusted.txt"))
    folder = tmp_path / "saved"
    folder.mkdir()
    write, task, classes = OPENED[name]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        path = write(folder)
    model = open_model(path, trust=True)
    assert model.info.task is task
    assert len(model.info.labels) == classes


@pytest.mark.parametrize("name", REFUSED)
def test_it_says_why_not(open_model, tmp_path: Path, monkeypatch, name: str) -> None:
    monkeypatch.setenv("NNVIZ_TRUSTED", str(tmp_path / "trusted.txt"))
    folder = tmp_path / "saved"
    folder.mkdir()
    write, words = REFUSED[name]
    with pytest.raises(NnvizError, match=words):
        open_model(write(folder))


def test_enough_of_them() -> None:
    assert len(OPENED) >= 36
