"""Publishing a checkpoint as the files that ship: weights, facts and model card."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from nnviz.engine.training.fitting import Assignment


def in_half_precision(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights rounded to half precision, as published, in single precision.

    Raises:
        OverflowError: a weight is too large for half precision.
    """
    rounded = {
        name: value.half().float() if value.is_floating_point() else value
        for name, value in weights.items()
    }
    for name, value in rounded.items():
        if not torch.isfinite(value).all():
            raise OverflowError(name)
    return rounded


def publish(
    weights: Mapping[str, Tensor], facts: Mapping[str, Any], card: str, stem: Path
) -> None:
    """Write ``stem.safetensors`` (half precision), ``stem.json`` and ``stem.md``.

    Half precision halves the download and, for these networks, does not change the
    held-out accuracy by a single image; batch norm's counters are dropped.

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
    partial = stem.with_suffix(".partial")
    save_file(shipped, partial)
    # Its writer makes the file unreadable for other users, and so any package with it.
    partial.chmod(0o644)
    # Earlier weights of this name may be open.
    partial.replace(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    text = json.dumps({**facts, "sha256": digest}, indent=1, ensure_ascii=False)
    stem.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(card, encoding="utf-8")


def card_text(name: str, about: str, rows: Mapping[str, str], weaknesses: str) -> str:
    """Return a model card in Markdown.

    Args:
        name: "everyday".
        about: what the network is and does.
        rows: of the table: task, data, split, figures, training, ...
        weaknesses: known limitations.
    """
    table = "\n".join(f"| {title} | {text} |" for title, text in rows.items())
    return (
        f"# bundled:{name}\n\n{about}\n\n| | |\n|---|---|\n{table}\n\n"
        f"**What it is bad at.** {weaknesses}\n"
    )


def train_command(assignment: Assignment, options: str = "") -> str:
    """Return the command that trains a network, for its card.

    Args:
        assignment: network, epochs and seed.
        options: further ones that locate the data.
    """
    parts = [
        f"nnviz train {assignment.stem.name}",
        options,
        f"--epochs {assignment.epochs}" if assignment.epochs else "",
        f"--seed {assignment.seed}" if assignment.seed else "",
        "--out DIR",
    ]
    return f"`{' '.join(part for part in parts if part)}`"


def training_text(
    epochs: int, seed: int, seconds: float, start: str = "from scratch"
) -> str:
    """Describe how a network was trained, for its card.

    Args:
        epochs: number of epochs.
        seed: of weights, order and augmentation.
        seconds: processor time.
        start: the initial weights.
    """
    minutes = max(1, round(seconds / 60))
    unit = "minute" if minutes == 1 else "minutes"
    return (
        f"{start}, {epochs} epochs, seed {seed}, {minutes} {unit} of one processor core"
    )
