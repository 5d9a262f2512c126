"""From a training checkpoint to the files that ship: weights, facts and card."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor


def publish(
    weights: Mapping[str, Tensor], facts: Mapping[str, Any], card: str, stem: Path
) -> None:
    """Write ``stem.safetensors`` (half precision), ``stem.json`` and ``stem.md``.

    Half precision halves the download and, for these networks, leaves the held-out
    accuracy as it is to the last photograph; batch norm's counters are dropped.

    Args:
        weights: state dict.
        facts: title, architecture, classes, preprocess, ...; the hash is added.
        card: the model card, Markdown.
        stem: path without suffix.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    shipped = {
        name: value.to(torch.float16).contiguous()
        for name, value in weights.items()
        if value.is_floating_point()
    }
    file = stem.with_suffix(".safetensors")
    save_file(shipped, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    text = json.dumps({**facts, "sha256": digest}, indent=1, ensure_ascii=False)
    stem.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(card, encoding="utf-8")
