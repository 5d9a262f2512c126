"""Character model: a recurrent network trained on the user's text, with samples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.parameters import Essential, Help, Range, TextFile, Title, Words
from nnviz.base.results import Curves, Ranking, Report, Result, Text
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.sequences.letter_model import (
    RARE,
    Letters,
    LetterTrainer,
    read_letters,
    replace_rare_letters,
    sample,
)
from nnviz.engine.lessons.arithmetic.sequences.recurrent import make_weights
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_TEXT = (
    "the cat sat on the mat and the rat sat on the cat. "
    "the dog ran to the cat and the cat ran to the mat. "
    "a cat and a dog and a rat sat on a mat. "
)
_SHOWN = 60
_NOTE = 60
_MOST_LETTERS = 120
_TOP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterModelParams:
    """Parameters: the text, the network, and the sampling."""

    text: Annotated[
        Words,
        Essential(),
        Help("Training text, the longer the better; paste your own."),
    ] = _TEXT
    file: Annotated[
        TextFile,
        Essential(),
        Title("Text file"),
        Help("A UTF-8 text file to learn instead of the text."),
    ] = ""
    steps: Annotated[
        int,
        Range(10, 20_000, log=True),
        Essential(),
        Help("Steps, each over a few letters."),
    ] = 600
    temperature: Annotated[
        float,
        Range(0.1, 3, log=True),
        Essential(),
        Help("Sampling temperature: low is safe and dull, high is wild."),
    ] = 0.7
    start: Annotated[
        Words, Essential(), Help("Letters that the model reads before it writes.")
    ] = "the "
    hidden: Annotated[
        int, Range(4, 256), Title("Hidden units"), Help("Numbers in the hidden state.")
    ] = 48
    span: Annotated[
        int,
        Range(2, 100),
        Help("Letters after which backpropagation through time is truncated."),
    ] = 24
    rate: Annotated[
        float,
        Range(0.0001, 0.1, log=True),
        Title("Learning rate"),
        Help("Learning rate of Adam."),
    ] = 0.01
    clip: Annotated[float, Range(0, 50), Help("Longest gradient; 0 clips nothing.")] = (
        1.0
    )


@register(
    "character_model",
    title="Character model",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Sutskever, Martens & Hinton 2011"),
    capabilities=lesson("Recurrent networks", 6),
)
class CharacterModel:
    """Lesson: training of a character model, with samples along the way."""

    Params: ClassVar[type] = CharacterModelParams
    shows: ClassVar[str] = (
        "A recurrent network learns to predict the next letter of a text. Letters "
        "drawn from its predictions, each fed back as input, make a text of its own."
    )
    reading: ClassVar[str] = (
        "The loss begins at the logarithm of the number of letters: pure guessing. "
        "Watch spaces come first, then short words, then their order."
    )
    misleads: ClassVar[str] = (
        "It learns a short text by heart. A fluent sample does not mean that "
        "anything is understood."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 20, "hidden": 16},
        "counting": {
            "text": "one two three four five six seven eight nine ten " * 4,
            "start": "one ",
        },
    }

    def run(self, ctx: Context, params: CharacterModelParams) -> Iterator[Report]:
        """Yield a report every few steps."""
        seed = draw_seed(ctx)
        letters, remark = _letters(ctx, params)
        every = max(1, params.steps // _SHOWN)
        reports = _reports(params, letters, remark, seed, every)
        total = -(-params.steps // every)
        yield from stepped(ctx, reports, total, "step", seed=seed)


def _letters(ctx: Context, params: CharacterModelParams) -> tuple[Letters, str]:
    """Return the letters of the file or text, and a note on rare ones."""
    if not params.file:
        return read_letters(params.text, "--text", _MOST_LETTERS), ""
    text, rare = replace_rare_letters(ctx.files.text(params.file), _MOST_LETTERS)
    remark = f"{rare} rare letters are read as {RARE}" if rare else ""
    return read_letters(text, "--file", _MOST_LETTERS), remark


def _reports(
    params: CharacterModelParams, letters: Letters, remark: str, seed: int, every: int
) -> Iterator[tuple[Mapping[str, float], Report]]:
    size = len(letters.alphabet)
    weights = make_weights(size, params.hidden, size, np.random.default_rng(seed))
    trainer = LetterTrainer(
        letters, weights, rate=params.rate, clip=params.clip, span=params.span
    )
    start = _start(params.start, letters)
    losses: list[float] = []
    lengths: list[float] = []
    for step in range(1, params.steps + 1):
        loss, length = trainer.step()
        losses.append(loss)
        lengths.append(length)
        if step % every and step < params.steps:
            continue
        # The same draw at each step, so that only the network differs.
        random = np.random.default_rng(seed)
        drawn, chances = sample(trainer.weights, start, 200, params.temperature, random)
        words = "".join(letters.alphabet[place] for place in (*start, *drawn))
        results = _results(losses, lengths, words, _ranking(letters, chances))
        shown = words[:_NOTE].replace("\n", " ")
        notes = (f"step {step:,}, loss {amount(loss, 3)}", f"“{shown}…”", remark)
        measured = {"loss": loss, "gradient": length}
        yield measured, Report(results, tuple(filter(None, notes)))


def _start(text: str, letters: Letters) -> NDArray[np.int64]:
    """Return the known letters of a start, else the text's first."""
    known = [letters.alphabet.index(each) for each in text if each in letters.alphabet]
    return np.array(known or [int(letters.indices[0])], np.int64)


def _results(
    losses: list[float], lengths: list[float], words: str, following: Ranking
) -> dict[str, Result]:
    return {
        "loss": Curves.over_steps({"loss": losses}, "step", "loss per letter, nats", 1),
        "sample": Text(text=words),
        "next letter": following,
        "gradient": Curves.over_steps(
            {"length": lengths}, "step", "length of the gradient", 1
        ),
    }


def _ranking(letters: Letters, chances: Numbers) -> Ranking:
    best = np.argsort(-chances, kind="stable")[:_TOP]
    return Ranking(
        labels=tuple(_name(letters.alphabet[place]) for place in best),
        values=chances[best],
        indices=best.astype(np.int64),
        unit="probability",
        limits=(0.0, 1.0),
    )


def _name(letter: str) -> str:
    return {" ": "space", "\n": "new line"}.get(letter, letter)
