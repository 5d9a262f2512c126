"""A recurrent network that predicts the next letter, with training and sampling."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.engine.lessons.arithmetic.descent.optimizers import RULES, Memory, Settings
from nnviz.engine.lessons.arithmetic.neurons.activations import softmax
from nnviz.engine.lessons.arithmetic.sequences.recurrent import (
    Unrolled,
    Weights,
    back_propagate,
    gradient_length,
    one_hot,
    unroll,
    weight_parts,
)

Numbers = NDArray[np.float64]
RARE = "□"
"""Placeholder for letters that are too rare to be learned."""


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """A text as indices of its letters.

    Attributes:
        alphabet: letters in order of their code points.
        indices: of the text's letters, int64 (N,).
    """

    alphabet: str
    indices: NDArray[np.int64]

    def inputs(self, start: int, stop: int) -> Numbers:
        """Return letters as one-hot rows."""
        return one_hot(self.indices[start:stop], len(self.alphabet))


def read_letters(text: str, option: str, most: int) -> Letters:
    """Parse a text's letters.

    Raises:
        UsageError: fewer than two letters, or too many different ones.
    """
    if len(text) < 2:  # noqa: PLR2004  one letter has no next
        raise UsageError(option, "is too short", "write two letters or more")
    alphabet = "".join(sorted(set(text)))
    if len(alphabet) > most:
        reason = f"has {len(alphabet)} different letters"
        raise UsageError(option, reason, f"at most {most}")
    places = {letter: index for index, letter in enumerate(alphabet)}
    return Letters(alphabet, np.array([places[each] for each in text], np.int64))


def replace_rare_letters(text: str, most: int) -> tuple[str, int]:
    """Replace rare letters to limit the alphabet; return the text and their number.

    The rarest become ``RARE``; of equally rare ones, those that occur last.
    """
    counts = Counter(text)
    if len(counts) <= most:
        return text, 0
    kept = {letter for letter, _ in counts.most_common(most - 1)}
    rare = sum(count for letter, count in counts.items() if letter not in kept)
    return "".join(each if each in kept else RARE for each in text), rare


class LetterTrainer:
    """Training by truncated backpropagation through time, with Adam and clipping."""

    def __init__(
        self, letters: Letters, weights: Weights, *, rate: float, clip: float, span: int
    ) -> None:
        """Set up training from the start of the text.

        Args:
            letters: the text.
            weights: at the start.
            rate: of Adam.
            clip: maximum norm of the gradient; 0 for none.
            span: number of letters through which the gradient is propagated.
        """
        self.weights = weights
        self._letters, self._clip, self._span = letters, clip, span
        self._settings = Settings(rate=rate)
        self._memories = [Memory() for _ in weight_parts(weights)]
        self._place = 0
        self._state = np.zeros(len(weights.hidden))

    def step(self) -> tuple[float, float]:
        """Train on the next letters; return the mean loss (nats) and gradient norm."""
        letters = self._letters
        if self._place + 1 >= len(letters.indices):
            self._place, self._state = 0, np.zeros_like(self._state)
        stop = min(self._place + self._span, len(letters.indices) - 1)
        inputs = letters.inputs(self._place, stop)
        targets = letters.indices[self._place + 1 : stop + 1]
        run = unroll(self.weights, inputs, targets, self._state)
        slope, _ = back_propagate(self.weights, inputs, targets, run)
        length = gradient_length(slope) / len(targets)
        self._move(slope, len(targets), length)
        self._place, self._state = stop, run.states[-1]
        return float(run.losses.mean()), length

    def _move(self, slope: Weights, count: int, length: float) -> None:
        factor = 1 / count
        if self._clip and length > self._clip:
            factor *= self._clip / length
        moved = []
        parts = zip(
            weight_parts(self.weights), weight_parts(slope), self._memories, strict=True
        )
        for old, gradient, memory in parts:
            memory.steps += 1
            step = RULES["Adam"](self._settings, memory, factor * gradient)
            moved.append(old + step)
        self.weights = Weights(*moved)


def next_letter(
    weights: Weights, state: Numbers, letter: int, temperature: float
) -> tuple[Numbers, Numbers]:
    """Return the state after a letter, and the next letter's probabilities, (A,)."""
    size = weights.inputs.shape[1]
    target = np.zeros(1, np.int64)
    run: Unrolled = unroll(weights, np.eye(size)[[letter]], target, state)
    return run.states[-1], softmax(run.scores[0] / temperature)


def sample(
    weights: Weights,
    start: NDArray[np.int64],
    count: int,
    temperature: float,
    random: np.random.Generator,
) -> tuple[list[int], Numbers]:
    """Sample letters, each fed back; return them and the first's distribution.

    Args:
        weights: of the network.
        start: letters that it reads first, at least one.
        count: number of letters drawn.
        temperature: divisor of the scores: near 0 the likeliest is taken.
        random: source of the draws.
    """
    state = np.zeros(len(weights.hidden))
    chances = np.zeros(weights.inputs.shape[1])
    for letter in start:
        state, chances = next_letter(weights, state, int(letter), temperature)
    first = chances
    drawn: list[int] = []
    for _ in range(count):
        drawn.append(int(random.choice(len(chances), p=chances)))
        state, chances = next_letter(weights, state, drawn[-1], temperature)
    return drawn, first
