"""The report of an attack: image, noise, answers before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.attacks import ADVERSARIAL, AFTER, BEFORE, NOISE, SURVIVAL
from nnviz.base.frames import Frame, Placement
from nnviz.base.images import Colors
from nnviz.base.info import ModelInfo
from nnviz.base.results import ColorImage, Curves, Outcome, Ranking, Report, Result
from nnviz.engine.attacks.goals import AttackedModel, Chosen
from nnviz.engine.attacks.norms import size_of
from nnviz.engine.attacks.params import LEVELS, as_arrays
from nnviz.engine.attacks.robustness_checks import Files, repaired, rounded, survival
from nnviz.engine.targets.resolve import label

_SHOWN = 5
_HALF = 0.5


@dataclass(slots=True, kw_only=True, eq=False)
class AttackRun:
    """An attack on one image, with the history that its reports show.

    Attributes:
        attacked_model: the network, as attacks see it.
        info: of the network.
        placement: of the input on the image.
        clean: the network's input, (1, C, H, W) in [0, 1].
        before: its logits, (1, K).
        chosen: goal of the attack.
        files: conversion of the image to a file.
        gain: factor by which the noise is amplified for display; None for as much as
            the scale allows.
    """

    attacked_model: AttackedModel
    info: ModelInfo
    placement: Placement
    clean: Tensor
    before: Tensor
    chosen: Chosen
    files: Files
    gain: float | None = None
    _history: list[tuple[float, float]] = field(default_factory=list)

    def report(
        self, pixels: Tensor, logits: Tensor, notes: Sequence[str] = ()
    ) -> Report:
        """Record the answer of a step and return the step's report.

        Args:
            pixels: the attacked input, (1, C, H, W) in [0, 1].
            logits: of the network for that input, (1, K).
            notes: further remarks.
        """
        self._note(logits)
        noise = pixels - self.clean
        gain = gain_of(noise) if self.gain is None else self.gain
        before, after = rankings(self.before, logits, self.info)
        results: dict[str, Result] = {
            ADVERSARIAL: self._photo(pixels),
            NOISE: self._picture(_HALF + noise * gain),
            BEFORE: before,
            AFTER: after,
        }
        if len(self._history) > 1:
            results["confidence"] = self._curves()
        outcome = self._outcome(logits)
        said = (str(outcome), noise_words(noise, gain), *notes)
        return Report(results, said, outcome=outcome)

    def last(self, pixels: Tensor, generator: torch.Generator) -> Report:
        """Return the final report: the image as saved, and the attack's survival table.

        Where rounding to 8 bits undoes the attack, the image is repaired on the 8-bit
        grid.

        Args:
            pixels: the attacked input, (1, C, H, W) in [0, 1].
            generator: of the distortions' random numbers.
        """
        raw = self.succeeded(self.attacked_model.logits(pixels))
        file = self.file_of(pixels, repair=raw)
        # The file is read back like any other: the attack counts if the network is
        # fooled then.
        reopened = self.files.read(file)
        logits = self.attacked_model.logits(reopened)
        said = self._of_file(pixels, reopened, logits) if raw else ()
        report = self.report(reopened, logits, said)
        seed = int(torch.randint(1 << 31, (1,), generator=generator))
        table = survival(
            self.files, self.attacked_model, self.chosen, self.info, file, seed=seed
        )
        return replace(report, results={**report.results, SURVIVAL: table})

    def file_of(self, pixels: Tensor, *, repair: bool) -> Colors:
        """Return the image around an attacked input as it is saved, uint8.

        Args:
            pixels: (1, C, H, W) in [0, 1].
            repair: whether to restore the effect that rounding destroys.
        """
        kept = rounded(pixels)
        if repair:
            kept = repaired(self.attacked_model, self.chosen.goal, pixels, self.clean)
        return self.files.written(kept)

    def _of_file(
        self, pixels: Tensor, reopened: Tensor, logits: Tensor
    ) -> tuple[str, ...]:
        """Describe the effect of rounding on an attack that had succeeded."""
        if not self.succeeded(logits):
            return (
                "after rounding to 8 bits it no longer works and could not be repaired",
            )
        if torch.equal(reopened, rounded(pixels)):
            return ("holds for the saved file: tested after rounding and reopening",)
        return ("holds for the saved file: rounding undid it, and was repaired",)

    @property
    def numbers(self) -> dict[str, float]:
        """Figures of the last step, for a recording."""
        return {"probability": self._history[-1][0]}

    def state(
        self, counts: Mapping[str, int], **tensors: Tensor
    ) -> dict[str, NDArray[Any]]:
        """Return the arrays of a resume point: the attack's own, and the history."""
        numbers = {name: np.array(count) for name, count in counts.items()}
        history = {"history": np.array(self._history)}
        return as_arrays(**tensors) | history | numbers

    def take_history(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the history of answers from a recorded step."""
        self._history = [(meant, rival) for meant, rival in state["history"].tolist()]

    def succeeded(self, logits: Tensor) -> bool:
        """Tell whether the goal is reached."""
        return bool(self.chosen.goal.reached(logits)[0])

    def _photo(self, pixels: Tensor) -> ColorImage:
        """Return the image around the attacked input, as it is saved."""
        return ColorImage(
            pixels=self.files.photo(pixels),
            frame=Frame.PHOTO,
            placement=self.placement,
        )

    def _picture(self, pixels: Tensor) -> ColorImage:
        values = pixels[0].detach().to("cpu", torch.float32).clamp(0, 1)
        return ColorImage(
            pixels=np.ascontiguousarray(values.permute(1, 2, 0).numpy()),
            frame=Frame.INPUT,
            placement=self.placement,
        )

    def _outcome(self, logits: Tensor) -> Outcome:
        was, now = _named(self.before, self.info), _named(logits, self.info)
        outcome = "reached" if self.succeeded(logits) else "not reached"
        if self.succeeded(self.before):
            outcome = "true before the attack: nothing had to be done"
        answers = f"{was} before, {now} after"
        return Outcome(f"{self.chosen.words}: {outcome}", answers)

    def _note(self, logits: Tensor) -> None:
        """Append the probabilities of the target class and of its best rival."""
        shares = logits[0].softmax(0)
        meant = self.chosen.index
        rivals = torch.cat([shares[:meant], shares[meant + 1 :]])
        self._history.append((float(shares[meant]), float(rivals.max())))

    def _curves(self) -> Curves:
        rows = np.array(self._history)
        return Curves(
            x=np.arange(len(rows), dtype=np.float64),
            series={
                label(self.info, self.chosen.index): rows[:, 0].copy(),
                "the most likely other class": rows[:, 1].copy(),
            },
            x_label="step",
            y_label="probability",
            limits=(0.0, 1.0),
        )


def rankings(before: Tensor, after: Tensor, info: ModelInfo) -> tuple[Ranking, Ranking]:
    """Return rankings of the likeliest classes before, and of both sets after.

    The second ranking includes each class's value before.

    Args:
        before: logits, (1, K).
        after: likewise.
        info: of the network.
    """
    first, second = torch.cat([before, after]).double().softmax(1).cpu()
    shown = min(_SHOWN, len(first))
    top = first.topk(shown).indices
    both = torch.unique(torch.cat([top, second.topk(shown).indices]))
    both = both[second[both].argsort(descending=True, stable=True)]
    return _ranking(first, top, info), _ranking(second, both, info, first)


def _ranking(
    shares: Tensor, order: Tensor, info: ModelInfo, earlier: Tensor | None = None
) -> Ranking:
    """Return the ranking of some classes by probabilities (K,), in a given order."""
    return Ranking(
        labels=tuple(label(info, int(index)) for index in order),
        values=shares[order].numpy(),
        indices=order.numpy(),
        unit="probability",
        limits=(0.0, 1.0),
        earlier=None if earlier is None else earlier[order].numpy(),
    )


def noise_words(noise: Tensor, gain: float) -> str:
    """Describe the size of the noise on one image in the usual norms.

    Args:
        noise: (1, C, H, W) in units of pixels in [0, 1].
        gain: factor by which it is amplified for display.
    """
    largest = LEVELS * float(size_of(noise, "linf"))
    length = float(size_of(noise, "l2"))
    moved = (noise.abs().amax(1) > 0).double().mean().item()
    shown = f"; shown {gain:.3g} times amplified, gray is 0" if gain != 1 else ""
    return (
        f"perturbation: at most {largest:.3g}/255, L2 {length:.3g}, "
        f"{100 * moved:.3g} % of the pixels{shown}"
    )


def gain_of(noise: Tensor) -> float:
    """Return the gain that stretches the largest difference to the end of the scale."""
    largest = float(noise.abs().max())
    return _HALF / largest if largest else 1.0


def _named(logits: Tensor, info: ModelInfo) -> str:
    shares = logits[0].softmax(0)
    index = int(shares.argmax())
    return f"{label(info, index)} {100 * float(shares[index]):.3g} %"
