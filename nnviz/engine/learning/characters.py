"""Character models: an LSTM that predicts the next character of a text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.errors import InputError, UsageError
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

UNKNOWN = "□"
"""Placeholder for characters outside the alphabet."""
GATES = ("input", "forget", "candidate", "output")
"""Gates in the order in which torch's LSTM has their weights."""
_LARGEST_GRADIENT = 1.0
_STREAMS = 16
_MOST_CHARACTERS = 200
_LEAST_TEXT = 20


class CharacterLstm(nn.Module):
    """An LSTM over one-hot characters with a linear output layer.

    Hochreiter & Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), with forget gates.

    Args:
        alphabet: the known characters; the first stands for all others.
        hidden: units of the LSTM.
    """

    def __init__(self, alphabet: str, hidden: int) -> None:
        super().__init__()
        self.alphabet = alphabet
        self.lstm = nn.LSTM(len(alphabet), hidden, batch_first=True)
        self.next = nn.Linear(hidden, len(alphabet))

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Map characters (N, T, A) to logits of the next, (N, T, A), and the state."""
        hidden, state = self.lstm(x, state)
        logits: Tensor = self.next(hidden)
        return logits, state

    def encode(self, text: str) -> Tensor:
        """Return the indices of a text's characters, int64 (T,)."""
        places = {each: index for index, each in enumerate(self.alphabet)}
        return torch.tensor([places.get(each, 0) for each in text], dtype=torch.int64)

    def one_hot(self, indices: Tensor) -> Tensor:
        """Return the one-hot encoding of indices (..., T), float32 (..., T, A)."""
        return functional.one_hot(indices, len(self.alphabet)).float()


def alphabet_of(text: str) -> str:
    """Return a text's characters in order, behind a placeholder for unknown ones.

    The most frequent are kept where there are too many.

    Raises:
        UsageError: the text is too short to learn from.
    """
    if len(text) < _LEAST_TEXT:
        raise UsageError(
            "--text",
            f"has {len(text)} characters",
            f"at least {_LEAST_TEXT}, better thousands",
        )
    found, counts = np.unique(np.array(list(text)), return_counts=True)
    most = found[np.argsort(-counts, kind="stable")][:_MOST_CHARACTERS]
    return UNKNOWN + "".join(sorted(str(each) for each in most if each != UNKNOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterSwitches:
    """Hyperparameters of a character model's training.

    Attributes:
        hidden: units of the LSTM.
        span: number of characters through which the gradient is propagated back in
            time.
        learning_rate: of Adam.
    """

    hidden: int = 128
    span: int = 32
    learning_rate: float = 0.005


class CharacterRun:
    """Training of a character model by truncated backpropagation through time.

    The text is read by several streams in parallel, each from another position.

    Attributes:
        net: the model.
        losses: mean cross entropy of each step, nats per character.
        held: of the held-out end of the text after each report.

    Args:
        text: to learn from; its last tenth is held out.
        switches: sizes and rates.
        generator: of the first weights.
        net: a model to train further; None for a new one.
    """

    def __init__(
        self,
        text: str,
        switches: CharacterSwitches,
        generator: torch.Generator,
        net: CharacterLstm | None = None,
    ) -> None:
        self._span = switches.span
        self.net = net or _drawn(alphabet_of(text), switches.hidden, generator)
        indices = self.net.encode(text)
        held = max(2, len(indices) // 10)
        learned, self._held_out = indices[:-held], indices[-held:]
        length = max(2, len(learned) // _STREAMS)
        streams = len(learned) // length
        self._streams = learned[: streams * length].view(streams, length)
        self._place = 0
        self._state = self._blank()
        self.losses: list[float] = []
        self.held: list[float] = []
        self._optimizer = torch.optim.Adam(
            self.net.parameters(), switches.learning_rate
        )

    def _blank(self) -> tuple[Tensor, Tensor]:
        zeros = torch.zeros(1, len(self._streams), self.net.lstm.hidden_size)
        return zeros, zeros.clone()

    def advance(self, steps: int, check: Callable[[], None] = lambda: None) -> None:
        """Take some steps, then measure the loss on the held-out end of the text."""
        for _ in range(steps):
            check()
            self.losses.append(self._step())
        self.held.append(self._measure())

    def _step(self) -> float:
        if self._place + 1 >= self._streams.shape[1]:
            self._place, self._state = 0, self._blank()
        part = self._streams[:, self._place : self._place + self._span + 1]
        with torch.enable_grad():
            logits, state = self.net(self.net.one_hot(part[:, :-1]), self._state)
            loss = functional.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten())
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.net.parameters(), _LARGEST_GRADIENT)
        self._optimizer.step()
        self._place += self._span
        hidden, cell = state
        self._state = hidden.detach(), cell.detach()
        return float(loss.detach())

    @torch.no_grad()
    def _measure(self) -> float:
        text = self._held_out
        logits, _ = self.net(self.net.one_hot(text[None, :-1]))
        return float(functional.cross_entropy(logits[0], text[1:]))

    def state(self) -> Arrays:
        """Return the complete state, from which the run resumes bit for bit."""
        hidden, cell = self._state
        return {
            "losses": np.array(self.losses, np.float64),
            "held": np.array(self.held, np.float64),
            "place": np.array(self._place),
            "alphabet": np.array(list(self.net.alphabet), np.str_),
            **arrays_of("state", {"hidden": hidden, "cell": cell}),
            **arrays_of("net", self.net.state_dict()),
            **optimizer_arrays("optimizer", self._optimizer),
        }

    def restore(self, state: State) -> None:
        """Restore the state that ``state`` returned."""
        self.losses = state["losses"].tolist()
        self.held = state["held"].tolist()
        self._place = int(state["place"])
        kept = tensors("state/", state)
        self._state = kept["hidden"], kept["cell"]
        self.net.load_state_dict(tensors("net/", state))
        restore_optimizer(self._optimizer, "optimizer/", state)


def _drawn(alphabet: str, hidden: int, generator: torch.Generator) -> CharacterLstm:
    """Initialize a model from a generator, with forget gates biased open."""
    # Its layers draw weights from the global generator; they are redrawn below.
    with torch.random.fork_rng(devices=[]):
        net = CharacterLstm(alphabet, hidden)
    bound = hidden**-0.5
    for weight in net.parameters():
        nn.init.uniform_(weight, -bound, bound, generator=generator)
    with torch.no_grad():
        # Jozefowicz et al. 2015, section 2.2: otherwise long spans are hardly learned.
        net.get_parameter("lstm.bias_ih_l0")[hidden : 2 * hidden] += 1
    return net


@torch.no_grad()
def sample(
    net: CharacterLstm,
    start: str,
    count: int,
    temperature: float,
    generator: torch.Generator,
) -> str:
    """Return a start followed by sampled characters, each fed back as input.

    Args:
        net: the model.
        start: characters that it reads first.
        count: number of characters drawn.
        temperature: divisor of the logits: near 0 the likeliest is taken.
        generator: source of the draws.
    """
    begun = net.encode(start or net.alphabet[-1])
    logits, state = net(net.one_hot(begun[None]))
    drawn = []
    for _ in range(count):
        shares = (logits[0, -1] / temperature).softmax(0)
        index = torch.multinomial(shares, 1, generator=generator)
        drawn.append(net.alphabet[int(index)])
        logits, state = net(net.one_hot(index[None]), state)
    return start + "".join(drawn)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Gates, cell states and logits of a model over a text.

    Attributes:
        gates: float32 (T, hidden) by name of ``GATES``; the candidate is in [-1, 1].
        cell: float32 (T, hidden), the state after each character.
        logits: of the next character after each, (T, A).
    """

    gates: Mapping[str, Tensor]
    cell: Tensor
    logits: Tensor


@torch.no_grad()
def read(net: CharacterLstm, text: str) -> Reading:
    """Run an LSTM over a text by the gates' formulas; return all gates and states."""
    x = net.one_hot(net.encode(text))
    inner, recurrent = (
        (net.get_parameter(f"lstm.weight_{kind}_l0"),
         net.get_parameter(f"lstm.bias_{kind}_l0"))
        for kind in ("ih", "hh")
    )  # fmt: skip
    hidden = torch.zeros(net.lstm.hidden_size)
    cell = torch.zeros_like(hidden)
    found: dict[str, list[Tensor]] = {name: [] for name in (*GATES, "cell", "logits")}
    for each in x:
        given = functional.linear(each, *inner) + functional.linear(hidden, *recurrent)
        parts = given.chunk(len(GATES))
        gates = {
            name: part.tanh() if name == "candidate" else part.sigmoid()
            for name, part in zip(GATES, parts, strict=True)
        }
        cell = gates["forget"] * cell + gates["input"] * gates["candidate"]
        hidden = gates["output"] * cell.tanh()
        for name, value in {**gates, "cell": cell, "logits": net.next(hidden)}.items():
            found[name].append(value)
    stacked = {name: torch.stack(values) for name, values in found.items()}
    gates = {name: stacked[name] for name in GATES}
    return Reading(gates, stacked["cell"], stacked["logits"])


def saliency(net: CharacterLstm, text: str) -> Tensor:
    """Return gradient times input of each character for the next prediction, (T,).

    Gradient times input of the likeliest next character's log probability: for one-hot
    vectors, the gradient at the 1.  Positive values support the prediction.
    """
    x = net.one_hot(net.encode(text))[None].requires_grad_()
    with torch.enable_grad():
        logits, _ = net(x)
        score = logits[0, -1].log_softmax(0).max()
        (slope,) = torch.autograd.grad(score, x)
    return (slope * x.detach()).sum(-1)[0]


def to_state(net: CharacterLstm) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a model's weights, and the metadata that ``from_state`` needs."""
    facts = {"characters": net.alphabet, "hidden": net.lstm.hidden_size}
    return dict(net.state_dict()), facts


def from_state(
    state: Mapping[str, Tensor], facts: Mapping[str, Any], source: str
) -> CharacterLstm:
    """Build the model of weights and metadata from ``to_state``.

    Args:
        state: weights by name.
        facts: metadata of the file.
        source: name of the file, for errors.

    Raises:
        InputError: the weights are not those of a character model.
    """
    alphabet, hidden = facts.get("characters"), facts.get("hidden")
    reason = "holds no character model"
    remedy = "pick a file of nnviz train characters"
    if not (isinstance(alphabet, str) and isinstance(hidden, int)):
        raise InputError(source, reason, remedy)
    shape = state.get("lstm.weight_ih_l0", torch.zeros(0)).shape
    if shape != (len(GATES) * hidden, len(alphabet)):
        raise InputError(source, reason, remedy)
    with torch.random.fork_rng(devices=[]):
        net = CharacterLstm(alphabet, hidden)
    try:
        net.load_state_dict({name: each.float() for name, each in state.items()})
    except RuntimeError:
        raise InputError(source, reason, remedy) from None
    return net.eval()


def open_characters(path: Path, check: Callable[[], None]) -> CharacterLstm:
    """Open an exported character model.

    Raises:
        InputError: no such file, or no character model.
    """
    checkpoint = read_state(path, check)
    return from_state(checkpoint.tensors, side_car_within(checkpoint.values), path.name)


def name_character(character: str) -> str:
    """Return a visible name of a character."""
    return {" ": "␣", "\n": "↵", "\t": "→"}.get(character, character)
