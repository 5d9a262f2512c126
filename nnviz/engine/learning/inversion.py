"""Feature inversion by a trained decoder: from a layer's output to images.

Dosovitskiy & Brox 2016 (arXiv:1506.02753).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import InputError, UsageError
from nnviz.engine.learning.optimizers import initialize
from nnviz.engine.learning.run_state import (
    Arrays,
    State,
    arrays_of,
    optimizer_arrays,
    restore_optimizer,
    tensors,
)
from nnviz.engine.models.match.declared import side_car_within
from nnviz.engine.models.weights.checkpoints import read_state

SIDE = 64
"""Of the decoded images, px."""
_BATCH, _PASS = 16, 4
"""Images in a step, and in a pass of the network."""
_STEPS = 3
"""Steps between two reports."""
_MOST_BYTES = 1 << 30
"""Maximum size of the kept features."""
_WIDEST, _NARROWEST = 128, 32
_FIRST_SIDE = 4
_LARGEST_SIDE = 1 << 16
"""Of the shape of features in a file."""
_LEAK = 0.2
"""Slope of the leaky ReLU below zero, as in the paper."""


class InversionDecoder(nn.Module):
    """Up-convolutional decoder from a layer's maps to images.

    Each step doubles the maps and convolves them, with leaky ReLU between.  As in the
    paper except for nearest-neighbor upsampling instead of zeros between the values,
    which cause checkerboard artifacts (Odena et al. 2016, doi:10.23915/distill.00003).

    Args:
        shape: of the features, (C, h, w); a vector is (D, 1, 1).
        channels: of the images.
    """

    def __init__(self, shape: tuple[int, int, int], channels: int) -> None:
        super().__init__()
        inputs, height, width = shape
        least = min(height, width)
        side = _FIRST_SIDE if least == 1 else 1
        self.norm = nn.BatchNorm2d(inputs, affine=False)
        self.first = nn.ConvTranspose2d(inputs, _WIDEST, side)
        doublings = max(0, round(math.log2(SIDE / (least * side))))
        steps: list[nn.Module] = [nn.LeakyReLU(_LEAK)]
        wide = _WIDEST
        for step in range(doublings):
            # Wide where the maps are small, narrow where they are large.
            narrow = max(_NARROWEST, _WIDEST >> max(0, step - doublings + 3))
            steps += [nn.Upsample(scale_factor=2), nn.Conv2d(wide, narrow, 3, 1, 1)]
            steps.append(nn.LeakyReLU(_LEAK))
            wide = narrow
        self.steps = nn.Sequential(*steps)
        self.last = nn.Conv2d(wide, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Decode features (N, C, h, w) to deviations from the mean image.

        Returns:
            (N, channels, SIDE, SIDE).
        """
        images: Tensor = self.last(self.steps(self.first(self.norm(x))))
        if images.shape[2:] != (SIDE, SIDE):
            images = functional.interpolate(images, (SIDE, SIDE), mode="bilinear")
        return images


@dataclass(frozen=True, slots=True, eq=False)
class SavedDecoder:
    """A decoder from a file.

    Attributes:
        net: the decoder.
        shape: of the features that it decodes, (C, h, w).
        mean: image that its outputs are added to, (1, channels, SIDE, SIDE).
    """

    net: InversionDecoder
    shape: tuple[int, int, int]
    mean: Tensor


def decoder_facts(state: State) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a run's decoder as weights, and the metadata that opening it needs.

    Raises:
        InputError: an earlier version recorded the run.
    """
    if "mean" not in state:
        raise InputError("recording", "holds no mean image", "train the decoder again")
    weights = {**tensors("net/", state), "mean": torch.from_numpy(state["mean"].copy())}
    return weights, {"features": [int(each) for each in state["shape"]]}


def open_decoder(path: Path, check: Callable[[], None]) -> SavedDecoder:
    """Open an exported decoder.

    Raises:
        InputError: no such file, or no decoder.
    """
    checkpoint = read_state(path, check)
    facts = side_car_within(checkpoint.values)
    state = {name: each.float() for name, each in checkpoint.tensors.items()}
    mean, shape = state.pop("mean", torch.zeros(0)), facts.get("features")
    reason, remedy = "holds no decoder", "pick a file of nnviz train inversion"
    if not _is_shape(shape) or mean.ndim != len("nchw"):
        raise InputError(path.name, reason, remedy)
    count, height, width = shape
    try:
        with torch.random.fork_rng(devices=[]):
            net = InversionDecoder((count, height, width), mean.shape[1])
        missing, unknown = net.load_state_dict(state, strict=False)
    except RuntimeError:
        raise InputError(path.name, reason, remedy) from None
    # Only the counters of batch norms are left out of files.
    if unknown or not all(name.endswith("num_batches_tracked") for name in missing):
        raise InputError(path.name, reason, remedy)
    return SavedDecoder(net, (count, height, width), mean)


def _is_shape(value: object) -> TypeGuard[list[int]]:
    """Return whether a value of a file is the shape of features."""
    if not isinstance(value, list) or len(value) != len("chw"):
        return False
    return all(type(each) is int and 0 < each <= _LARGEST_SIDE for each in value)


class FeaturePairs:
    """Pairs of lazily computed features and the images to decode from them.

    Attributes:
        images: float32 (N, channels, SIDE, SIDE) in [0, 1].

    Args:
        pixels: of the images, (N, channels, H, W) in [0, 1].
        extract: returns a layer's maps for some of them, (n, C, h, w).
    """

    def __init__(self, pixels: Tensor, extract: Callable[[Tensor], Tensor]) -> None:
        smaller = functional.interpolate(
            pixels, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False
        )
        self.images = smaller.clamp(0, 1)
        self._pixels = (255 * pixels).round().to(torch.uint8)
        self._extract = extract
        self._known: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    def features(self, part: Tensor) -> Tensor:
        """Return the features of some images, float32 (n, C, h, w).

        Maps finer than the decoded images are averaged to their size.

        Args:
            part: indices, int64 (n,).

        Raises:
            UsageError: the features of all images together exceed the memory.
        """
        missing = [index for index in part.tolist() if index not in self._known]
        for start in range(0, len(missing), _PASS):
            some = missing[start : start + _PASS]
            maps = self._extract(self._pixels[some].float() / 255)
            size = (min(SIDE, maps.shape[2]), min(SIDE, maps.shape[3]))
            averaged = functional.adaptive_avg_pool2d(maps, size).half().cpu()
            self._check_room(averaged[0])
            self._known |= dict(zip(some, averaged.unbind(), strict=True))
        return torch.stack([self._known[index] for index in part.tolist()]).float()

    def _check_room(self, features: Tensor) -> None:
        needed = features.nbytes * len(self)
        if needed > _MOST_BYTES:
            most = _MOST_BYTES // features.nbytes
            raise UsageError(
                "--image-count",
                f"features of {len(self)} images take {needed >> 20} MiB",
                f"at most {most} at this layer, or a deeper one",
            )


class InversionRun:
    """Training of an inversion decoder.

    Attributes:
        net: the decoder.
        losses: mean squared error of each epoch, training images.
        held: likewise of the held-out images.
        blind: error on the held-out images when always predicting the mean image.
        latest: error of the latest step.

    Args:
        learned: training pairs.
        held_out: pairs for measuring.
        learning_rate: of Adam.
        generator: of all random numbers.
        check: raises to stop, between two steps.
        saved: decoder to start from.

    Raises:
        UsageError: the saved decoder is one of other features.
    """

    def __init__(
        self,
        learned: FeaturePairs,
        held_out: FeaturePairs,
        learning_rate: float,
        generator: torch.Generator,
        check: Callable[[], None] = lambda: None,
        saved: SavedDecoder | None = None,
    ) -> None:
        self._learned, self._held_out = learned, held_out
        self._generator, self._check = generator, check
        count, height, width = learned.features(torch.tensor([0])).shape[1:]
        self._shape = count, height, width
        if saved is None:
            self.net = self._new(learned.images.shape[1])
            self._mean = learned.images.mean(0, keepdim=True)
        elif saved.shape == self._shape:
            self.net, self._mean = saved.net, saved.mean
        else:
            raise UsageError(
                "--weights", f"decodes features of shape {saved.shape}",
                f"pick its layer: this one gives {self._shape}",
            )  # fmt: skip
        self.blind = float((held_out.images - self._mean).square().mean())
        self.losses: list[float] = []
        self.held: list[float] = []
        self.latest = self.blind
        self._order = torch.zeros(0, dtype=torch.int64)
        self._parts: list[float] = []
        self._optimizer = torch.optim.Adam(self.net.parameters(), learning_rate)

    def _new(self, channels: int) -> InversionDecoder:
        """Return a decoder that gives the mean image, and learns what differs."""
        # Its layers draw weights from the global generator; they are redrawn below.
        with torch.random.fork_rng(devices=[]):
            net = InversionDecoder(self._shape, channels)
        initialize(net, "kaiming", self._generator)
        nn.init.zeros_(net.last.weight)
        return net

    @property
    def reports(self) -> int:
        """Number of calls of ``advance`` so far."""
        return len(self.losses) * self.reports_of_epoch - (-len(self._parts) // _STEPS)

    @property
    def reports_of_epoch(self) -> int:
        """Number of calls of ``advance`` in an epoch."""
        return -(-len(self._learned) // (_BATCH * _STEPS))

    def advance(self) -> None:
        """Take a few steps; measure the held-out error at the end of an epoch."""
        if not self._parts:
            self._order = torch.randperm(len(self._learned), generator=self._generator)
        parts = torch.split(self._order, _BATCH)
        for part in parts[len(self._parts) : len(self._parts) + _STEPS]:
            self._check()
            self.latest = self._step(part)
            self._parts.append(self.latest * len(part))
        if len(self._parts) == len(parts):
            self._end_epoch()

    def _end_epoch(self) -> None:
        self.losses.append(sum(self._parts) / len(self._order))
        self._parts = []
        self.measure()

    def measure(self) -> None:
        """Measure the error on the held-out images."""
        error, images = 0.0, self._held_out.images
        for part in torch.split(torch.arange(len(images)), _BATCH):
            self._check()
            given = self.decode(self._held_out, part)
            error += float((given - images[part]).square().mean()) * len(part)
        self.held.append(error / len(images))

    def _step(self, part: Tensor) -> float:
        features = self._learned.features(part)
        self.net.train(len(part) > 1)  # batch norm has no statistics of one image
        with torch.enable_grad():
            given = self.net(features) + self._mean
            loss = (given - self._learned.images[part]).square().mean()
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
        self._optimizer.step()
        return float(loss.detach())

    @torch.no_grad()
    def decode(self, pairs: FeaturePairs, part: Tensor) -> Tensor:
        """Return the images decoded from some features, in [0, 1]."""
        self.net.eval()
        images: Tensor = self.net(pairs.features(part)) + self._mean
        return images.clamp(0, 1)

    def state(self) -> Arrays:
        """Return the complete state, from which the run resumes bit for bit."""
        return {
            "losses": np.array(self.losses, np.float64),
            "held": np.array(self.held, np.float64),
            "parts": np.array(self._parts, np.float64),
            "latest": np.array(self.latest),
            "order": self._order.numpy().copy(),
            "mean": self._mean.numpy().copy(),
            "shape": np.array(self._shape, np.int64),
            **arrays_of("net", self.net.state_dict()),
            **optimizer_arrays("optimizer", self._optimizer),
        }

    def restore(self, state: State) -> None:
        """Restore the state that ``state`` returned."""
        self.losses = state["losses"].tolist()
        self.held = state["held"].tolist()
        self._parts, self.latest = state["parts"].tolist(), float(state["latest"])
        self._order = torch.from_numpy(np.array(state["order"], np.int64))
        self.net.load_state_dict(tensors("net/", state))
        restore_optimizer(self._optimizer, "optimizer/", state)
