"""DETR-type heads: boxes of transformers' networks, against its own post-processing."""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nnviz.base.errors import ModelError
from nnviz.base.images import image_from_array
from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.engine.models.detectors.set_prediction import find_set_prediction
from nnviz.engine.nn.detection import candidates_of
from nnviz.engine.nn.nms import select
from tests.support.onnx_networks import export

LABELS = {place: f"class {place}" for place in range(5)}
SIZES = {"shortest_edge": 64, "longest_edge": 96}
FLOOR = 0.1


def small_net(kind: str) -> nn.Module:
    """One of transformers' detectors with few layers and ten queries."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    if kind == "Yolos":
        config = transformers.YolosConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, image_size=[64, 96], num_detection_tokens=10,
            id2label=LABELS,
        )  # fmt: skip
        return transformers.YolosForObjectDetection(config).eval()
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 16, 24], depths=[1] * 4,
        layer_type="basic", out_features=["stage4"],
    )  # fmt: skip
    config = getattr(transformers, f"{kind}Config")(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=backbone, id2label=LABELS, d_model=32, encoder_layers=1,
        decoder_layers=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=10,
        encoder_attention_heads=2, decoder_attention_heads=2,
    )  # fmt: skip
    return getattr(transformers, f"{kind}ForObjectDetection")(config).eval()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("Detr", marks=pytest.mark.slow),
        "ConditionalDetr",
        pytest.param("Yolos", marks=pytest.mark.slow),
    ],
)
def test_boxes_are_those_of_transformers(open_model, tmp_path: Path, kind) -> None:
    """Truth: ``post_process_object_detection`` of the network's own processor."""
    net = small_net(kind)
    for name, weights in net.named_parameters():
        if "query_position" in name or "detection_tokens" in name:
            nn.init.normal_(weights, std=3)  # queries that differ, as trained ones do
    transformers = pytest.importorskip("transformers")
    processor = getattr(transformers, f"{kind}ImageProcessor")(size=SIZES)
    net.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    noise = np.random.default_rng(0).random((80, 100, 3), np.float32)
    model = open_model(tmp_path)
    assert model.info.task is Task.DETECT
    assert model.info.labels == tuple(LABELS.values())
    x = model.normalizer(model.pixel_input(image_from_array(noise, "noise")))
    with torch.no_grad():
        found = candidates_of(model.net, [model.net(x)], tuple(x.shape[2:]), FLOOR)
        (wanted,) = processor.post_process_object_detection(
            net(x), threshold=FLOOR, target_sizes=[tuple(x.shape[2:])]
        )
    height, width = x.shape[2:]
    limit = torch.tensor([width, height, width, height])
    boxes = wanted["boxes"].clamp(min=0).minimum(limit)
    order = np.lexsort((found.boxes[:, 0], found.classes))
    their_order = np.lexsort((boxes[:, 0], wanted["labels"]))
    assert len(order) > 5
    assert torch.equal(found.classes[order], wanted["labels"][their_order])
    assert torch.allclose(found.scores[order], wanted["scores"][their_order])
    assert torch.allclose(found.boxes[order], boxes[their_order], atol=1e-3)


def test_the_processor_keeps_the_image_whole(open_model, tmp_path: Path) -> None:
    """Truth: size {"shortest_edge", "longest_edge"} of transformers' documentation."""
    small_net("Detr").save_pretrained(tmp_path)
    settings = json.dumps({"size": SIZES})
    (tmp_path / "preprocessor_config.json").write_text(settings)
    preprocess = open_model(tmp_path).info.preprocess
    assert (preprocess.fit.value, preprocess.resize) == ("whole", 64)
    assert preprocess.input_size == (64, 96)


def heads(classes: int) -> dict[str, torch.Tensor]:
    """A DETR's two outputs for one image: three queries, two on one place."""
    boxes = torch.tensor([[[0.5, 0.5, 0.4, 0.2]] * 2 + [[0.1, 0.2, 0.2, 0.4]]])
    return {"pred_logits": torch.zeros(1, 3, classes), "pred_boxes": boxes}


def test_a_softmax_leaves_out_no_object_and_nothing_is_suppressed() -> None:
    """By hand: logits (log 6, 0, 0) are shares 0.75, 0.125, 0.125 (no object)."""
    given = heads(3)
    given["pred_logits"][0, :2, 0] = torch.tensor(6.0).log()
    given["pred_logits"][0, 2, 2] = 9.0
    head = find_set_prediction(given, 2, wanted=False)
    assert head is not None
    assert head.empty_class
    found = head.candidates([head.hook(given)], (50, 100), 0.5)
    assert found.scores.tolist() == pytest.approx([0.75, 0.75])
    assert found.boxes[0].tolist() == pytest.approx([30, 20, 70, 30])
    assert found.distinct
    kept = select(
        *(e.numpy() for e in (found.boxes, found.scores, found.classes)), 1, 9
    )
    assert len(kept) == 2


def test_as_many_logits_as_classes_are_sigmoids() -> None:
    """By hand: a logit of 0 is one half; every class of every query is there."""
    head = find_set_prediction(heads(3), 3, wanted=False)
    assert head is not None
    assert not head.empty_class
    found = head.candidates([head.hook(heads(3))], (50, 100), 0.4)
    assert found.scores.tolist() == pytest.approx([0.5] * 9)


def test_other_pairs_of_tensors_are_no_detector() -> None:
    """Boxes lie in [0, 1], four numbers a query; names count where no task is said."""
    plain = {"0": torch.zeros(1, 3, 4), "1": torch.zeros(1, 3, 4)}
    assert find_set_prediction(plain, 0, wanted=False) is None
    assert find_set_prediction(plain, 0, wanted=True) is not None
    wide = heads(3) | {"pred_boxes": torch.full((1, 3, 4), 7.0)}
    assert find_set_prediction(wide, 0, wanted=True) is None


class Both(nn.Module):
    """A detector whose two tensors leave it one by one, as exporters want them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.net(pixel_values=pixel_values)
        return found.logits, found.pred_boxes


@pytest.mark.parametrize(
    "kind",
    [
        "ConditionalDetr",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("Detr", "Yolos")),
    ],
)
def test_exports_to_onnx_are_detectors(open_model, tmp_path: Path, kind: str) -> None:
    """Truth: the network that was exported; names as optimum writes them."""
    net = small_net(kind)
    path = export(
        Both(net).eval(),
        torch.randn(1, 3, 64, 64),
        tmp_path / "net.onnx",
        "script",
        opset_version=17,
        input_names=["pixel_values"],
        output_names=["logits", "pred_boxes"],
    )
    model = open_model(path)
    assert model.info.task is Task.DETECT
    assert model.info.outputs == ("logits", "pred_boxes")
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = net(pixel_values=x)
        found = model.net(x)
    rows = torch.cat((wanted.logits, wanted.pred_boxes), 2)
    assert torch.allclose(found, rows, atol=1e-4)
    classes = rows.shape[2] - 4
    assert len(model.info.labels) in {classes, classes - 1}


@pytest.mark.parametrize("empty", [True, False])
def test_the_answer_to_noise_tells_the_reading_of_logits(*, empty: bool) -> None:
    """Truth: what trained heads of either kind say of an image without objects."""
    logits = torch.full((1, 10, 6), -4.0)
    logits[..., 5] = 8.0 if empty else -5.0
    tensors = {"logits": logits, "pred_boxes": torch.full((1, 10, 4), 0.5)}
    head = find_set_prediction(tensors, 0, wanted=False)
    assert head is not None
    assert (head.classes, head.empty_class) == ((5, True) if empty else (6, False))


RESNET_NAMES = {
    "embedder.embedder.convolution": "conv1",
    "embedder.embedder.normalization": "bn1",
    "shortcut.convolution": "downsample.0",
    "shortcut.normalization": "downsample.1",
}
LAYER_NAMES = {
    "self_attn_layer_norm": "norm1",
    "encoder_attn_layer_norm": "norm2",
    "encoder_attn": "multihead_attn",
    "o_proj": "out_proj",
    "mlp.fc": "linear",
}


def own_name(name: str) -> str:
    """Return the name that DETR's own program gives to a weight of transformers'."""
    name = re.sub(r"stages\.(\d)\.layers", lambda m: f"layer{int(m[1]) + 1}", name)
    for part, kind in (("convolution", "conv"), ("normalization", "bn")):
        pattern = rf"layer\.(\d)\.{part}"
        name = re.sub(pattern, lambda m, k=kind: f"{k}{int(m[1]) + 1}", name)
    for other, own in (RESNET_NAMES | LAYER_NAMES).items():
        name = name.replace(other, own)
    last = "norm3" if "decoder" in name else "norm2"
    changes = {
        "final_layer_norm": last, "decoder.layernorm": "decoder.norm",
        "model.backbone.model.encoder.": "backbone.0.body.",
        "model.backbone.model.": "backbone.0.body.",
        "model.encoder": "transformer.encoder", "model.decoder": "transformer.decoder",
        "model.query_position_embeddings": "query_embed",
        "model.input_projection": "input_proj",
        "class_labels_classifier": "class_embed", "bbox_predictor": "bbox_embed",
    }  # fmt: skip
    for other, own in changes.items():
        name = name.replace(other, own)
    return name


def joined(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return projections of queries, keys and values as one, as torch has them."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        head, part, last = re.fullmatch(r"(.*?)(?:([qkv])_proj\.)?(\w+)", name).groups()
        if part is None:
            found[name] = value
        elif part == "q":
            each = [state[f"{head}{kind}_proj.{last}"] for kind in "qkv"]
            found[f"{head}in_proj_{last}"] = torch.cat(each)
    return found


@pytest.mark.parametrize("prefix", ["", "detr."])
def test_checkpoints_of_its_own_program(
    open_model, tmp_path: Path, prefix: str
) -> None:
    """Truth: transformers' DETR with the same weights under the other names.

    The batch norms of its own program are frozen: they count no batches.
    """
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    backbone = transformers.ResNetConfig(
        embedding_size=64, hidden_sizes=[256, 512, 1024, 2048], depths=[1] * 4,
        layer_type="bottleneck", out_features=["stage4"],
    )  # fmt: skip
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=backbone, id2label=LABELS, d_model=32, encoder_layers=2,
        decoder_layers=2, encoder_ffn_dim=48, decoder_ffn_dim=48, num_queries=10,
        encoder_attention_heads=4, decoder_attention_heads=4,
    )  # fmt: skip
    net = transformers.DetrForObjectDetection(config).eval()
    for module in net.modules():
        if hasattr(module, "running_var"):
            module.running_var.uniform_(0.5, 2)
            module.running_mean.uniform_(-1, 1)
    state = {own_name(name): value for name, value in net.state_dict().items()}
    weights = {prefix + name: value for name, value in joined(state).items()}
    args = argparse.Namespace(nheads=4, dilation=False, device=torch.device("cpu"))
    torch.save({"model": weights, "args": args, "epoch": 3}, tmp_path / "w.pth")
    preprocess = Preprocess(input_size=(64, 96), resize=64, fit=Fit.WHOLE)
    model = open_model(tmp_path / "w.pth", preprocess=preprocess)
    assert model.info.task is Task.DETECT
    assert len(model.info.labels) == len(LABELS)
    x = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        found, expected = model.net(x), net(x)
    wanted = torch.cat((expected.logits, expected.pred_boxes), 2)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_network_that_is_almost_one_is_one_line(open_model, tmp_path: Path) -> None:
    weights = {
        "query_embed.weight": torch.zeros(5, 8),
        "class_embed.weight": torch.zeros(3, 8),
        "bbox_embed.layers.0.weight": torch.zeros(8, 8),
        "input_proj.weight": torch.zeros(8, 16, 1, 1),
        "transformer.encoder.layers.0.linear1.weight": torch.zeros(8, 8),
    }
    torch.save(weights, tmp_path / "w.pth")
    with pytest.raises(ModelError, match="is not a DETR: its layers"):
        open_model(tmp_path / "w.pth")
