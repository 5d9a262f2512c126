"""Evidence of a network's training, in its file and its folder.

Training programs save their settings: timm's ``args`` and ``pretrained_cfg``,
torchvision's reference scripts' ``args``, Hugging Face's ``preprocessor_config.json``,
OpenMMLab's ``data_preprocessor``, Lightning's ``hyper_parameters``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard

from nnviz.base.host.reading import is_file, is_folder, parse_object
from nnviz.base.notation.numerals import is_whole
from nnviz.base.preprocess import ChannelOrder, Interpolation
from nnviz.media.files import read_text

_LARGEST = 1 << 24
"""Bytes of a configuration."""
_CROP_SHARE = 0.875
_LEAST_SHARE = 0.01
_LEVIT_SHARE = 256 / 224
_LARGE = 384
"""px: from this size on ConvNeXt's processor does not crop."""
_LARGEST_NUMBER = 1e9
_PILLOW = {0: "nearest", 2: "bilinear", 3: "bicubic"}
"""Pillow's filter numbers, as used in Hugging Face's configurations."""
_INTERPOLATIONS = {
    "bicubic": Interpolation.BICUBIC,
    "bilinear": Interpolation.BILINEAR,
    "nearest": Interpolation.NEAREST,
}
_ARGUMENTS = ("args", "hyper_parameters", "hparams", "config")
_BYTES = 255.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of a network's training: preprocessing, architecture and labels.

    Attributes:
        preprocess: the known fields of ``Preprocess``, as in its JSON.
        source: where it was found, for users; empty where nothing was found.
        architecture: its name according to the training program; may be empty.
        labels: names of the classes; may be empty.
    """

    preprocess: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    architecture: str = ""
    labels: tuple[str, ...] = ()


def gather(values: Mapping[str, Any], path: Path) -> Evidence:
    """Collect the evidence in a checkpoint and in its folder.

    Args:
        values: numbers, strings and containers of them, saved beside the weights.
        path: of the file of weights.

    Raises:
        InputError: a configuration in the folder cannot be read.
    """
    beside = _read_beside(path)
    found = [
        _of_timm(beside.get("config.json", {}), "config.json"),
        _of_hugging_face(beside.get("preprocessor_config.json", {})),
        _of_openmmlab(values),
        *(_of_arguments(values.get(key), key) for key in _ARGUMENTS),
    ]
    best = next((each for each in found if each.preprocess), Evidence())
    return Evidence(
        best.preprocess,
        best.source,
        architecture=_architecture(values, beside),
        labels=_labels(beside.get("config.json", {})),
    )


def _read_beside(path: Path) -> dict[str, Mapping[str, Any]]:
    """Read the configurations that were saved next to a file."""
    folder = path if is_folder(path) else path.parent
    found = {}
    for name in ("config.json", "preprocessor_config.json"):
        file = folder / name
        if is_file(file):
            found[name] = read_json(file)
    return found


def read_json(file: Path) -> Mapping[str, Any]:
    """Read the object of a JSON file.

    Raises:
        InputError: the file is too large, or holds no JSON object.
    """
    text = read_text(file, _LARGEST, "a configuration")
    return parse_object(text, file.name, "fix it or move it away")


# --- one function per program -------------------------------------------------------


def _of_timm(config: Mapping[str, Any], source: str) -> Evidence:
    """Return the evidence of timm's ``pretrained_cfg`` in a ``config.json``."""
    inner = config.get("pretrained_cfg")
    if not isinstance(inner, Mapping):
        return Evidence()
    return Evidence(_fields(inner), source)


def _of_arguments(value: object, source: str) -> Evidence:
    """Return the evidence of arguments of timm's or torchvision's training scripts."""
    if not isinstance(value, Mapping):
        return Evidence()
    crop = value.get("val_crop_size")
    sizes = {"input_size": (3, crop, crop)} if _is_number(crop) else {}
    found = _fields({**value, **sizes})
    resize = value.get("val_resize_size")
    if _is_number(resize):
        found["resize"] = int(resize)
    return Evidence(found, f"its {source!r}" if found else "")


def _of_hugging_face(config: Mapping[str, Any]) -> Evidence:
    """Return the evidence of transformers' ``preprocessor_config.json``."""
    if not config:
        return Evidence()
    found = _hugging_face_colors(config) | _hugging_face_size(config)
    resample = config.get("resample")
    filters = _PILLOW.get(resample, "") if isinstance(resample, int) else ""
    if filters:
        found["interpolation"] = _INTERPOLATIONS[filters].value
    return Evidence(found, "preprocessor_config.json")


def _hugging_face_colors(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return mean, std, range and channel order of a ``preprocessor_config.json``.

    MobileViT's does not normalize unless enabled; EfficientNet's divides by the std
    twice (``include_top``).
    """
    usual = not _kind_of(config).startswith("MobileViT")
    mean, std = (_numbers(config.get(key)) for key in ("image_mean", "image_std"))
    if not config.get("do_normalize", usual):
        mean, std = [0.0] * 3, [1.0] * 3
    elif config.get("include_top"):
        std = [each * each for each in std]
    found: dict[str, Any] = {"mean": mean, "std": std} if mean and std else {}
    factor = config.get("rescale_factor")
    if not config.get("do_rescale", True):
        found["value_range"] = _BYTES
    elif _is_number(factor) and not math.isclose(factor * _BYTES, 1, rel_tol=1e-3):
        found["value_range"] = factor * _BYTES
    if config.get("do_flip_channel_order"):
        found["order"] = ChannelOrder.BGR.value
    return found


def _kind_of(config: Mapping[str, Any]) -> str:
    """Return the class name of an image processor, from old files too."""
    older = config.get("feature_extractor_type", "")
    return str(config.get("image_processor_type", older))


def _hugging_face_size(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resizing of a ``preprocessor_config.json``.

    A center crop of the resized image; both sides stretched; or, for detectors, the
    shorter side with a limit on the longer one.
    """
    size, crop = _sides(config.get("size")), _sides(config.get("crop_size"))
    kind = _kind_of(config)
    if config.get("do_center_crop") and crop:
        return _hugging_face_crop(config, kind, size or crop, crop)
    if not size:
        return {}
    said, share = config["size"], config.get("crop_pct")
    if kind.startswith("ConvNext"):
        return _convnext_size(min(size), share if _is_share(share) else _CROP_SHARE)
    if not isinstance(said, Mapping) or "shortest_edge" not in said:
        return {"input_size": list(size), "resize": min(size), "fit": "stretch"}
    longest = said.get("longest_edge")
    if _is_number(longest) and longest >= min(size):
        limits = [min(size), int(longest)]
        return {"input_size": limits, "resize": min(size), "fit": "whole"}
    return {"input_size": list(size), "resize": min(size)}


def _hugging_face_crop(
    config: Mapping[str, Any], kind: str, size: tuple[int, ...], crop: tuple[int, ...]
) -> dict[str, Any]:
    """Return the resizing of processors with a center crop."""
    found = {"input_size": list(crop), "resize": min(size)}
    said, share = config.get("size"), config.get("crop_pct")
    if kind.startswith("Levit"):
        found["resize"] = int(_LEVIT_SHARE * min(size))
    elif _is_share(share):
        found["resize"] = int(min(size) / share)
    elif kind.startswith("DeiT") or (isinstance(said, Mapping) and "height" in said):
        found["fit"] = "squash" if size != crop else "stretch"
    return found


def _convnext_size(side: int, share: float) -> dict[str, Any]:
    """Return ConvNeXt's resizing: cropped if small, stretched if large."""
    found: dict[str, Any] = {"input_size": [side, side], "resize": int(side / share)}
    return found if side < _LARGE else found | {"resize": side, "fit": "stretch"}


def _of_openmmlab(values: Mapping[str, Any]) -> Evidence:
    """Return the evidence of OpenMMLab's ``data_preprocessor`` (pixels up to 255)."""
    config = values.get("data_preprocessor")
    if not isinstance(config, Mapping):
        return Evidence()
    found = _fields(config)
    if not found:
        return Evidence()
    return Evidence({**found, "value_range": _BYTES}, "its data_preprocessor")


# --- fields -------------------------------------------------------------------------


def _fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """Convert timm's field names to fields of ``Preprocess``."""
    parts = {name: _numbers(config.get(name)) for name in ("mean", "std")}
    found: dict[str, Any] = {name: values for name, values in parts.items() if values}
    size = _numbers(config.get("input_size"))
    side = config.get("img_size")
    if len(size) == len("chw"):
        found["input_size"] = [int(each) for each in size[1:]]
    elif _is_number(side):
        found["input_size"] = [int(side), int(side)]
    share = config.get("crop_pct")
    if "input_size" in found:
        share = share if _is_share(share) else _CROP_SHARE
        found["resize"] = int(min(found["input_size"]) / share)
    if config.get("crop_mode") == "squash":
        found["fit"] = "squash"
    filters = str(config.get("interpolation") or "")
    if filters in _INTERPOLATIONS:
        found["interpolation"] = _INTERPOLATIONS[filters].value
    return found


def _sides(value: object) -> tuple[int, ...]:
    """Parse height and width from a number or a Hugging Face dictionary."""
    if _is_number(value):
        return int(value), int(value)
    if isinstance(value, Mapping):
        edge = value.get("shortest_edge")
        high, wide = (edge, edge) if edge else (value.get("height"), value.get("width"))
        if _is_number(high) and _is_number(wide):
            return int(high), int(wide)
    return ()


def _numbers(value: object) -> list[float]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [float(each) for each in value] if all(map(_is_number, value)) else []


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _LARGEST_NUMBER


def _is_share(value: object) -> TypeGuard[float]:
    return _is_number(value) and value >= _LEAST_SHARE


def _architecture(
    values: Mapping[str, Any], beside: Mapping[str, Mapping[str, Any]]
) -> str:
    """Return the architecture's name if one is stated."""
    arguments: Iterable[object] = (values.get(key) for key in _ARGUMENTS)
    for config in (values, beside.get("config.json", {}), *arguments):
        if isinstance(config, Mapping):
            for key in ("arch", "architecture", "model_name", "model"):
                if isinstance(config.get(key), str):
                    return str(config[key])
    return ""


def _labels(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the class names of a ``config.json`` by transformers or timm."""
    names = config.get("id2label")
    if isinstance(names, Mapping):
        order = sorted(names, key=lambda key: int(key) if is_whole(str(key)) else 0)
        return tuple(str(names[key]) for key in order)
    names = config.get("label_names")
    return tuple(map(str, names)) if isinstance(names, list) else ()
