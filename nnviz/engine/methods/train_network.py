"""Training of a small network, with its weights, gradients and decisions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from nnviz.base.info import TRAINING, Reference
from nnviz.base.parameters import make
from nnviz.base.recipes import with_paths
from nnviz.base.results import Report
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.learning.observation import training_report
from nnviz.engine.learning.parameters import TrainingParams
from nnviz.engine.learning.run import TrainingRun
from nnviz.engine.method import Context, Presets, State, register
from nnviz.media.recordings import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainNetworkParams(TrainingParams):
    """Parameters: hyperparameters of a training run."""


@register(
    "train_network",
    title="Watch it learn",
    group="Train",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Goodfellow et al. 2016", "Deep Learning, chapters 7 and 8"),
    capabilities=TRAINING,
)
class TrainNetwork:
    """Training of a small network from scratch, epoch by epoch."""

    Params: ClassVar[type] = TrainNetworkParams
    shows: ClassVar[str] = (
        "How a small network learns: its loss, weights, gradients and decisions, after "
        "each epoch."
    )
    reading: ClassVar[str] = (
        "The held-out loss is what counts. Where it rises while the training loss "
        "falls, the network overfits: it learns its images by heart. Layers whose "
        "gradients are tiny hardly learn."
    )
    misleads: ClassVar[str] = (
        "One run is one draw of weights and order: compare several seeds before you "
        "say that a switch helps."
    )
    presets: ClassVar[Presets] = {
        "demo": {"network": "mlp", "image_count": 60, "epochs": 2},
        "overfit": {"network": "mlp", "image_count": 100, "epochs": 40},
        "dying ReLU": {"network": "mlp", "optimizer": "sgd", "learning_rate": 3.0},
        "deep and plain": {
            "network": "plain", "depth": 56, "data": "scenes", "batch_norm": True,
        },
        "deep with shortcuts": {
            "network": "residual", "depth": 56, "data": "scenes", "batch_norm": True,
        },
    }  # fmt: skip

    def run(self, ctx: Context, params: TrainNetworkParams) -> Iterator[Report]:
        """Yield one report a quarter of an epoch; some figures change once an epoch."""
        ctx.step(0, 1, "reading images")
        if params.folder:
            ctx.files.hashes.setdefault(params.folder, "")
        examples = load_examples(
            params.data, params.folder, params.image_count, ctx.check
        )
        drawn = ctx.generator.get_state()
        run = TrainingRun(params.switches(), examples, ctx.generator, ctx.check)
        if ctx.begun is not None:
            run.restore(ctx.begun)
            ctx.generator.set_state(drawn)  # discard the draws of the initial weights
        report = training_report(run)
        while not run.ended:
            ctx.check()
            run.switches = run.switches.steered(ctx.params.switches())
            if run.advance():
                report = training_report(run)
            ctx.step(run.parts_done, run.parts, _words(run))
            ctx.keep(_numbers(run), run.state)
            yield report


def state_at(
    recording: Recording, step: int, check: Callable[[], None], folder: str = ""
) -> State:
    """Return the state after a step of a recorded run, recomputed if not stored.

    The run is recomputed from the latest earlier state, bit for bit.

    Args:
        recording: of this method.
        step: its number; -1 for the newest.
        check: raises to stop.
        folder: path of the run's image folder, of which a recording keeps the name.
    """
    last = len(recording) - 1
    step = last if step < 0 else min(step, last)
    kept = max((each for each in recording.states if each <= step), default=-1)
    if kept == step:
        return recording.state(step)
    values: dict[str, Any] = with_paths(recording.recipe.values, {"folder": folder})
    changes = dict(recording.recipe.changes)
    generator = torch.Generator().manual_seed(recording.recipe.seed)
    params = make(TrainNetworkParams, values)
    examples = load_examples(params.data, params.folder, params.image_count, check)
    run = TrainingRun(params.switches(), examples, generator, check)
    if kept >= 0:
        state = recording.state(kept)
        run.restore(state)
        generator.set_state(torch.from_numpy(state[".generator"].copy()))
    for index in range(step + 1):
        values |= changes.get(index, {})
        if index > kept:
            wanted = make(TrainNetworkParams, values).switches()
            run.switches = run.switches.steered(wanted)
            run.advance()
    return run.state()


def _words(run: TrainingRun) -> str:
    return f"epoch {min(run.history.epochs + 1, run.switches.epochs)}"


def _numbers(run: TrainingRun) -> dict[str, float]:
    names = ("held-out loss", "held-out accuracy")
    measured = {name: run.history[name][-1] for name in names if run.history[name]}
    return {"training loss": float(run.recent_loss), **measured}
