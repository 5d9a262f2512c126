"""Training of autoencoders: networks that reconstruct images from a code."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.learning.examples import Examples
from nnviz.engine.learning.optimizers import initialize
from nnviz.engine.learning.run_state import (
    arrays_of,
    optimizer_arrays,
    restore_optimizer,
    tensors,
)
from nnviz.engine.models.networks.autoencoder import HIDDEN, Autoencoder, Kind

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderSwitches:
    """Hyperparameters of an autoencoder's training.

    Attributes:
        kind: of its layers.
        code: length of the code.
        noise: standard deviation of the Gaussian noise on its input (Vincent et al.
            2008, doi:10.1145/1390156.1390294); the target is the image without it.
        epochs: number of times that each image is seen.
        learning_rate: of Adam.
        hidden: units of the layers before a deep code.
        activation: name of a deep one's activation function.
        batch: images in a step.
    """

    kind: Kind = "deep"
    code: int = 2
    noise: float = 0.0
    epochs: int = 20
    learning_rate: float = 0.002
    hidden: tuple[int, ...] = HIDDEN
    activation: str = "relu"
    batch: int = 64


class AutoencoderRun:
    """An autoencoder in training.

    Attributes:
        net: the autoencoder.
        losses: mean squared error of each epoch, training images.
        held: likewise of the held-out images.

    Args:
        switches: all settings of the training.
        examples: images; their classes only color the map of codes.
        generator: of all random numbers.
    """

    def __init__(
        self,
        switches: AutoencoderSwitches,
        examples: Examples,
        generator: torch.Generator,
    ) -> None:
        self.switches, self.examples = switches, examples
        self._generator = generator
        channels, size = examples.pixels.shape[1], examples.pixels.shape[3]
        # Its layers draw weights from the global generator; they are redrawn below.
        with torch.random.fork_rng(devices=[]):
            self.net = Autoencoder(
                switches.kind,
                channels,
                size,
                switches.code,
                switches.hidden,
                switches.activation,
            )
        initialize(self.net, "xavier", generator)
        self.losses: list[float] = []
        self.held: list[float] = []
        self._optimizer = torch.optim.Adam(
            self.net.parameters(), switches.learning_rate
        )

    @property
    def ended(self) -> bool:
        """Whether all epochs are done."""
        return len(self.losses) >= self.switches.epochs

    def advance(self) -> None:
        """Train for one epoch."""
        order = torch.randperm(len(self.examples.pixels), generator=self._generator)
        total = 0.0
        for part in torch.split(order, self.switches.batch):
            total += self._step(self.examples.pixels[part]) * len(part)
        self.losses.append(total / len(order))
        seen, images = (
            self.examples.held_pixels,
            self.reconstruct(self.examples.held_pixels),
        )
        self.held.append(float((images - seen).square().mean()))

    def _step(self, pixels: Tensor) -> float:
        noise = torch.randn(pixels.shape, generator=self._generator)
        shown = pixels + self.switches.noise * noise
        self.net.train()
        with torch.enable_grad():
            images = self.net(self.examples.normalized(shown))
            loss = (images - self.examples.normalized(pixels)).square().mean()
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
        self._optimizer.step()
        return float(loss.detach()) * self.examples.std**2

    @torch.no_grad()
    def reconstruct(self, pixels: Tensor) -> Tensor:
        """Return the reconstructions of images, in [0, 1] up to overshoot."""
        images: Tensor = self.net(self.examples.normalized(pixels))
        return images * self.examples.std + self.examples.mean

    @torch.no_grad()
    def codes(self, pixels: Tensor) -> Tensor:
        """Return the codes of images, (N, k)."""
        codes: Tensor = self.net.encoder(self.examples.normalized(pixels))
        return codes

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Return the images of codes (N, k), clipped to [0, 1]."""
        images = self.net.decode(codes)
        return (images * self.examples.std + self.examples.mean).clamp(0, 1)

    def state(self) -> Arrays:
        """Return the complete state, from which the run resumes bit for bit."""
        return {
            "losses": np.array(self.losses, np.float64),
            "held": np.array(self.held, np.float64),
            "shape": np.array(self.net.shape, np.int64),
            "scaling": np.array([self.examples.mean, self.examples.std]),
            **arrays_of("net", self.net.state_dict()),
            **optimizer_arrays("optimizer", self._optimizer),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Restore the state that ``state`` returned."""
        self.losses = state["losses"].tolist()
        self.held = state["held"].tolist()
        self.net.load_state_dict(tensors("net/", state))
        restore_optimizer(self._optimizer, "optimizer/", state)
