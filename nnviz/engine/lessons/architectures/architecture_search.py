"""Architecture search: an accuracy predictor chooses the next network to train."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Report, Result, Table
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.examples import Examples, load_examples
from nnviz.engine.learning.run import Switches, TrainingRun
from nnviz.engine.lessons.arithmetic.architecture_predictor import AccuracyPredictor
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
Words = tuple[str, ...]
CONVOLUTIONS = ("conv 4", "conv 8", "conv 16", "conv 8 5")
LINEARS = ("linear 16", "linear 48")
POOL = "pool"
VOCABULARY = (*CONVOLUTIONS, POOL, *LINEARS)
_MOST_BLOCKS, _MOST_POOLS, _MOST_LINEARS = 3, 2, 2
_CANDIDATES = 64
_ALL_DIGITS = 1797
_BATCH, _RATE = 32, 0.006
_HIDDEN = 16
_SHOWN_ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureSearchParams:
    """Parameters: the number of networks, and the strategy of choosing them."""

    networks: Annotated[
        int, Range(4, 200), Essential(), Help("Total number of networks to train.")
    ] = 40
    strategy: Annotated[
        Literal["predictor", "random"],
        Essential(),
        Help(
            "How the next network is chosen: the best by the predictor, or at random."
        ),
    ] = "predictor"
    warm_up: Annotated[
        int,
        Range(2, 50),
        Essential(),
        Help("Networks chosen at random before the predictor is used."),
    ] = 10
    explore: Annotated[
        float,
        Range(0, 1),
        Help("Fraction of the later networks that are still chosen at random."),
    ] = 0.2
    image_count: Annotated[
        int, Range(50, 1200), Help("Digits that each network learns from.")
    ] = 240
    epochs: Annotated[
        int,
        Range(1, 20),
        Essential(),
        Help("Passes over the digits, for each network."),
    ] = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """A trained candidate network.

    Attributes:
        words: of its layers.
        measured: held-out accuracy, 0 to 1.
        predicted: the predictor's estimate; NaN where it was not used.
        weights: number of them.
    """

    words: Words
    measured: float
    predicted: float
    weights: int


@register(
    "architecture_search",
    title="Architecture search",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Zoph & Le 2017; Liu et al. 2018", "arXiv:1712.00559"),
    capabilities=lesson("Architectures", 5),
)
class ArchitectureSearch:
    """Lesson: search of small networks for digits, guided by an accuracy predictor."""

    Params: ClassVar[type] = ArchitectureSearchParams
    shows: ClassVar[str] = (
        "An architecture is a sequence of words. Each candidate is trained briefly "
        "on digits; a recurrent network reads the words and learns to predict the "
        "accuracy; of many candidates, the one with the best prediction is trained "
        "next."
    )
    reading: ClassVar[str] = (
        "Networks that the predictor chose should lie higher than those chosen at "
        "random, and near the diagonal of the second plot. Compare with the "
        "strategy random."
    )
    misleads: ClassVar[str] = (
        "Brief training favors what learns fast, not what ends best. With few "
        "words, random search is a strong baseline: published searches took days on "
        "many GPUs."
    )
    presets: ClassVar[Presets] = {
        "demo": {"networks": 6, "warm_up": 3, "image_count": 100, "epochs": 1},
        "random search": {"strategy": "random"},
    }

    def run(self, ctx: Context, params: ArchitectureSearchParams) -> Iterator[Report]:
        """Yield a report for each trained network."""
        seed = draw_seed(ctx)
        search = _Search(ctx, params, seed)
        reports = _reports(search, params)
        yield from stepped(ctx, reports, params.networks, "network", seed=seed)


@dataclass(slots=True)
class _Search:
    """State of one search: the trials, the predictor and the random numbers."""

    ctx: Context
    params: ArchitectureSearchParams
    seed: int
    trials: list[Trial] = field(default_factory=list)
    examples: Examples = field(init=False)
    random: np.random.Generator = field(init=False)
    predictor: AccuracyPredictor = field(init=False)

    def __post_init__(self) -> None:
        self.examples = _digits(self.params.image_count)
        self.random = np.random.default_rng(self.seed)
        drawn = torch.Generator().manual_seed(self.seed)
        self.predictor = AccuracyPredictor(VOCABULARY, _HIDDEN, drawn)

    def advance(self) -> Trial:
        """Choose a network, train it, and refit the predictor."""
        words, predicted = self._choose()
        measured, weights = self._measure(words)
        trial = Trial(words, measured, predicted, weights)
        self.trials.append(trial)
        if self._guided and len(self.trials) >= self.params.warm_up:
            accuracies = np.array([each.measured for each in self.trials])
            self.predictor.fit([each.words for each in self.trials], accuracies)
        return trial

    @property
    def _guided(self) -> bool:
        return self.params.strategy == "predictor"

    def _choose(self) -> tuple[Words, float]:
        """Return the next network and its predicted accuracy."""
        tried = {each.words for each in self.trials}
        drawn = [draw_words(self.random) for _ in range(_CANDIDATES)]
        candidates = [words for words in dict.fromkeys(drawn) if words not in tried]
        candidates = candidates or drawn
        ready = self._guided and len(self.trials) >= self.params.warm_up
        if not ready or self.random.random() < self.params.explore:
            return candidates[0], float("nan")
        expected = self.predictor.predict(candidates)
        best = int(expected.argmax())
        return candidates[best], float(expected[best])

    def _measure(self, words: Words) -> tuple[float, int]:
        """Train a network; return its held-out accuracy and its number of weights."""
        switches = Switches(
            architecture=Architecture(kind="layers", layers=with_activations(words)),
            epochs=self.params.epochs,
            batch=_BATCH,
            learning_rate=_RATE,
        )
        # The same draw for all of them, so that only the words differ.
        generator = torch.Generator().manual_seed(self.seed)
        run = TrainingRun(switches, self.examples, generator, self.ctx.check)
        while not run.ended:
            run.advance()
        weights = sum(each.numel() for each in run.net.parameters())
        return run.history["held-out accuracy"][-1], weights


def _digits(count: int) -> Examples:
    """Return at most ``count`` training digits, and all held-out digits."""
    examples = load_examples("digits", "", _ALL_DIGITS)
    return replace(
        examples, pixels=examples.pixels[:count], labels=examples.labels[:count]
    )


def draw_words(random: np.random.Generator) -> Words:
    """Draw a random architecture: convolutions first, then linear layers."""
    words: list[str] = []
    pools = 0
    for _ in range(int(random.integers(_MOST_BLOCKS + 1))):
        words.append(str(random.choice(CONVOLUTIONS)))
        if pools < _MOST_POOLS and random.random() < 0.5:  # noqa: PLR2004  a coin
            words.append(POOL)
            pools += 1
    least = 0 if words else 1
    count = int(random.integers(least, _MOST_LINEARS + 1))
    return (*words, *(str(each) for each in random.choice(LINEARS, count)))


def with_activations(words: Words) -> str:
    """Return a list of layers with a ReLU after each layer with weights."""
    parts = [word if word == POOL else f"{word}, relu" for word in words]
    return ", ".join(parts)


def _reports(
    search: _Search, params: ArchitectureSearchParams
) -> Iterator[tuple[Mapping[str, float], Report]]:
    best = 0.0
    for number in range(1, params.networks + 1):
        trial = search.advance()
        best = max(best, trial.measured)
        results: dict[str, Result] = {
            "search": _progress(search.trials, params.networks),
            "networks": _table(search.trials),
        }
        if params.strategy == "predictor":
            results["prediction"] = _agreement(search.trials)
        words = ", ".join(trial.words)
        notes = (
            f"network {number}: {words}: {100 * trial.measured:.1f} %",
            f"best {100 * best:.1f} %",
        )
        yield {"accuracy": trial.measured, "best": best}, Report(results, notes)


def _progress(trials: list[Trial], most: int) -> Plane:
    measured = np.array([100 * each.measured for each in trials])
    x = np.arange(1, len(trials) + 1, dtype=np.float64)
    guided = np.array([not np.isnan(each.predicted) for each in trials])
    best = np.stack([x, np.maximum.accumulate(measured)], axis=1)
    return Plane(
        x_range=(0.0, most + 1.0),
        y_range=(0.0, 100.0),
        x_label="network",
        y_label="held-out accuracy, %",
        paths=(PlanePath(places=best, name="best so far", color=2),),
        points=_series(np.stack([x, measured], axis=1), guided),
    )


def _agreement(trials: list[Trial]) -> Plane:
    asked = [each for each in trials if not np.isnan(each.predicted)]
    places = np.array(
        [(100 * each.predicted, 100 * each.measured) for each in asked], np.float64
    ).reshape(-1, 2)
    return Plane(
        x_range=(0.0, 100.0),
        y_range=(0.0, 100.0),
        x_label="predicted accuracy, %",
        y_label="measured accuracy, %",
        equal=True,
        paths=(PlanePath(places=np.array([[0.0, 0.0], [100.0, 100.0]]), name="exact"),),
        points=_series(places, np.ones(len(asked), bool)),
    )


def _series(places: Numbers, guided: NDArray[np.bool_]) -> tuple[PlanePoints, ...]:
    """Return the random trials and the predictor's trials as two series of points."""
    parts = ((~guided, "at random", 0), (guided, "by the predictor", 1))
    return tuple(
        PlanePoints(
            places=places[chosen],
            classes=np.full(int(chosen.sum()), color),
            name=name,
        )
        for chosen, name, color in parts
        if chosen.any()
    )


def _table(trials: list[Trial]) -> Table:
    ranked = sorted(trials, key=lambda each: -each.measured)[:_SHOWN_ROWS]
    rows = tuple(
        (
            ", ".join(each.words),
            round(100 * each.measured, 1),
            "" if np.isnan(each.predicted) else round(100 * each.predicted, 1),
            float(each.weights),
        )
        for each in ranked
    )
    columns = ("layers", "accuracy, %", "predicted, %", "weights")
    return Table(columns=columns, rows=rows)
