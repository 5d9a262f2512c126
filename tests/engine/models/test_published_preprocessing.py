"""Preprocessing of folders that timm and transformers write, for 34 names.

Truth: what the library's own transform makes of a photograph, and its own network.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import nnviz
from nnviz.base.shipped.samples import sample_photos

TIMM = (
    *("test_vit.r160_in1k", "test_resnet.r160_in1k", "test_efficientnet.r160_in1k"),
    *("test_convnext.r160_in1k", "vit_tiny_patch16_224.augreg_in21k_ft_in1k"),
    *("resnet18.a1_in1k", "resnet18.tv_in1k", "convnext_atto.d2_in1k"),
    *("tf_efficientnet_b0.ns_jft_in1k", "efficientnet_b0.ra_in1k"),
    *("mobilenetv3_small_050.lamb_in1k", "tf_mobilenetv3_small_minimal_100.in1k"),
    *("deit_tiny_patch16_224.fb_in1k", "levit_128s.fb_dist_in1k"),
    *("mobilevit_xxs.cvnets_in1k", "regnety_002.pycls_in1k", "lcnet_050.ra2_in1k"),
    *("tinynet_e.in1k", "eva02_tiny_patch14_224.mim_in22k"),
    "xcit_nano_12_p8_224.fb_in1k",
)
_TOKENS = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "patch_size": 32,
}
_STAGES = {"hidden_sizes": [8, 8, 16, 16], "depths": [1] * 4}
_LEVIT = {
    "hidden_sizes": [16] * 3,
    "num_attention_heads": [1] * 3,
    "depths": [1] * 3,
    "key_dim": [8] * 3,
}
_MOBILE_VIT = {
    "hidden_sizes": [16] * 3,
    "neck_hidden_sizes": [8, 8, 8, 16, 16, 16, 32],
    "image_size": 256,
}
_EFFICIENT = {
    "width_coefficient": 0.25,
    "depth_coefficient": 0.25,
    "hidden_dim": 320,
}
TRANSFORMERS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "ViTForImageClassification": (_TOKENS, "ViT", {}),
    "DeiTForImageClassification": (_TOKENS, "DeiT", {}),
    "BeitForImageClassification": (_TOKENS, "Beit", {}),
    "Dinov2ForImageClassification": (_TOKENS | {"patch_size": 14}, "Bit", {}),
    "ConvNextForImageClassification": (_STAGES, "ConvNext", {}),
    "ResNetForImageClassification": (
        _STAGES | {"embedding_size": 8},
        "ConvNext",
        {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
    ),
    "SwinForImageClassification": (
        {"embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2]},
        "ViT",
        {},
    ),
    "MobileNetV2ForImageClassification": (
        {"depth_multiplier": 0.35},
        "MobileNetV2",
        {},
    ),
    "MobileViTForImageClassification": (
        _MOBILE_VIT,
        "MobileViT",
        {"size": {"shortest_edge": 288}},
    ),
    "LevitForImageClassification": (_LEVIT, "Levit", {}),
    "PoolFormerForImageClassification": (_STAGES, "PoolFormer", {}),
    "EfficientNetForImageClassification": (_EFFICIENT, "EfficientNet", {}),
    "CLIPVisionModelWithProjection": (_TOKENS, "CLIP", {}),
    "SiglipVisionModel": (_TOKENS, "Siglip", {}),
}
"""Settings of a small network, its processor, and what is not its default."""
_FILTERED = 2.5 / 255 / 0.22
"""Two implementations of the same filter differ by a few eight-bit steps."""

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def photo() -> Path:
    return sample_photos()[0]


def opened(folder: Path, photo: Path) -> tuple[nn.Module, torch.Tensor]:
    """Open a folder; return its network and the photo as the network gets it."""
    model = nnviz.load(str(folder))
    normalizer, net = model.pixel_module()
    return net, normalizer(model.pixel_input(nnviz.open_image(photo)))


@pytest.mark.parametrize(
    "more", [{}, {"crop_mode": "squash", "crop_pct": 0.9}], ids=str
)
@pytest.mark.parametrize("name", TIMM)
def test_timm(tmp_path: Path, photo: Path, name: str, more: dict[str, Any]) -> None:
    timm = pytest.importorskip("timm")
    if more and not name.startswith("test_"):
        pytest.skip("of some is enough")
    net = timm.create_model(name, pretrained=False).eval()
    net.pretrained_cfg.update(more)
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    config = {key: value for key, value in net.pretrained_cfg.items() if value}
    (tmp_path / "config.json").write_text(
        json.dumps(
            {
                "architecture": name.partition(".")[0],
                "num_classes": net.num_classes,
                "pretrained_cfg": config,
            },
            default=list,
        )
    )
    settings = timm.data.resolve_model_data_config(net)
    transform = timm.data.create_transform(**settings, is_training=False)
    wanted = transform(Image.open(photo).convert("RGB"))[None]
    found_net, found = opened(tmp_path, photo)
    assert torch.equal(found, wanted)
    with torch.no_grad():
        assert torch.equal(found_net(found), net(wanted))


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers(tmp_path: Path, photo: Path, name: str) -> None:
    transformers = pytest.importorskip("transformers")
    settings, processor_name, more = TRANSFORMERS[name]
    network = getattr(transformers, name)
    labels = {place: f"class {place}" for place in range(4)}
    network(network.config_class(**settings, id2label=labels)).save_pretrained(tmp_path)
    processor = getattr(transformers, f"{processor_name}ImageProcessor")(**more)
    processor.save_pretrained(tmp_path)
    image = Image.open(photo).convert("RGB")
    wanted = processor(images=image, return_tensors="np")["pixel_values"][0]
    _, found = opened(tmp_path, photo)
    assert found.shape[1:] == wanted.shape
    assert np.abs(found[0].numpy() - wanted).max() < _FILTERED
