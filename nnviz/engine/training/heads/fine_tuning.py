"""Fine-tuning: trains all layers of a network with a new head at a low rate."""

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.base.events import Progress
from nnviz.engine.models.model import Model
from nnviz.engine.training.fitting import Learner, Step, Steps, one_cycle, run_epochs
from nnviz.engine.training.heads.examples import Examples
from nnviz.media.decode import open_image

_BATCH = 16
_HEAD_RATE, _BODY_RATE = 1e-3, 1e-4
_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 5.0
_LOSSES: dict[bool, Callable[..., Tensor]] = {
    False: functional.cross_entropy,
    True: functional.smooth_l1_loss,
}


@dataclass(frozen=True, slots=True, eq=False)
class FineTuning:
    """Settings of a fine-tuning run.

    Attributes:
        net: with its new head; trained in place.
        backbone: the network that it was derived from, for its preprocessing.
        layer: the head's name.
        epochs: number of epochs.
        seed: of the order and of the mirrored images.
        stem: of the checkpoint, removed at the end.
        check: raises to stop.
    """

    net: nn.Module
    backbone: Model
    layer: str
    epochs: int
    seed: int
    stem: Path
    check: Callable[[], None]

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint that a stopped run resumes from."""
        return self.stem.with_suffix(".ckpt")


def fine_tune(
    tuning: FineTuning, examples: Examples, targets: Tensor
) -> Generator[Progress, None, Tensor]:
    """Fine-tune all layers; batch norms keep their statistics.

    The head's learning rate is ten times the body's.  A checkpoint is kept after each
    epoch.

    Args:
        tuning: network and settings.
        examples: the images.
        targets: classes (N,) or numbers.

    Returns:
        The network's outputs for all examples, (N, K).

    Raises:
        ModelError: its images differ in shape.
    """
    pixels = yield from _read_all(tuning, examples)
    learned = torch.tensor([not each for each in examples.held_out]).nonzero()[:, 0]
    head = {id(each) for each in tuning.net.get_submodule(tuning.layer).parameters()}
    tuning.net.requires_grad_(True)
    groups = [
        {"params": [p for p in tuning.net.parameters() if (id(p) in head) is is_head],
         "rate": rate}
        for is_head, rate in ((False, _BODY_RATE), (True, _HEAD_RATE))
    ]  # fmt: skip
    learner = Learner(
        tuning.net, torch.optim.AdamW(groups, 0.0, weight_decay=_WEIGHT_DECAY)
    )
    loss = _LOSSES[examples.regression]
    subject = _subject(tuning, examples)

    def train(number: int) -> Steps:
        return _epoch(tuning, learner, (pixels, targets, learned), loss, number)

    for stand in run_epochs(
        learner, tuning.epochs, tuning.checkpoint, train, lambda _: {}, subject
    ):
        yield stand.progress()
        tuning.check()
    tuning.net.load_state_dict(learner.average.state_dict())
    tuning.net.eval().requires_grad_(False)
    tuning.checkpoint.unlink(missing_ok=True)
    with torch.inference_mode():
        normalized = (_normalized(tuning, part) for part in torch.split(pixels, _BATCH))
        return torch.cat([tuning.net(part) for part in normalized])


def _subject(tuning: FineTuning, examples: Examples) -> str:
    """Return a text that is equal in every process that trains the same."""
    told = (tuning.epochs, tuning.seed, examples.targets, examples.held_out)
    text = repr((*map(str, examples.files), *told))
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{tuning.backbone.info.sha256} {digest}"


def _read_all(
    tuning: FineTuning, examples: Examples
) -> Generator[Progress, None, Tensor]:
    """Return all images as the network's input, (N, C, H, W) in [0, 1]."""
    found: list[Tensor] = []
    for path in examples.files:
        found.append(tuning.backbone.pixel_input(open_image(path)).cpu())
        tuning.check()
        yield Progress(len(found), len(examples.files), f"reading {path.name}")
    if len({each.shape for each in found}) > 1:
        raise ModelError(
            tuning.backbone.info.title,
            "takes images in their own shape, which cannot share a batch",
            "leave out fine-tuning, or set its preprocessing to crop",
        )
    return torch.cat(found)


def _epoch(
    tuning: FineTuning,
    learner: Learner,
    data: tuple[Tensor, Tensor, Tensor],
    loss: Callable[..., Tensor],
    number: int,
) -> Steps:
    pixels, targets, learned = data
    generator = torch.Generator().manual_seed(1000 * tuning.seed + number)
    order = learned[torch.randperm(len(learned), generator=generator)]
    parts = torch.split(order, _BATCH)
    total = 0.0
    learner.net.eval()  # few images would spoil the statistics of batch norms
    for step, part in enumerate(parts):
        progress = (number + step / len(parts)) / tuning.epochs
        for group in learner.optimizer.param_groups:
            group["lr"] = group["rate"] * one_cycle(progress)
        batch = pixels[part]
        mirrored = torch.rand(len(part), generator=generator) < 0.5  # noqa: PLR2004
        batch = torch.where(mirrored.view(-1, 1, 1, 1), batch.flip(-1), batch)
        output = learner.net(_normalized(tuning, batch))
        wanted = targets[part]
        if targets.is_floating_point():
            output, wanted = output[:, 0], wanted.float()
        value = loss(output, wanted)
        learner.learn(value, 0.0, _LARGEST_GRADIENT)
        total += value.item()
        yield Step(number + 1, tuning.epochs, step + 1, len(parts))
    return total / len(parts)


def _normalized(tuning: FineTuning, pixels: Tensor) -> Tensor:
    normalized: Tensor = tuning.backbone.normalizer(pixels)
    return normalized.cpu()
