"""A small network learns, and all of it is watched: weights, gradients, decisions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import torch

from nnviz.base.info import TRAINING, Reference
from nnviz.base.parameters import (
    ArchitectureText,
    Essential,
    Help,
    Range,
    Steerable,
    Title,
    Unit,
    When,
    make,
)
from nnviz.base.results import Report
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.augmentation import Augmentation
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.learning.observation import training_report
from nnviz.engine.learning.parameters import TrainingDataParams
from nnviz.engine.learning.run import Switches, TrainingRun
from nnviz.engine.method import Context, Presets, State, register
from nnviz.media.recordings import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainNetworkParams(TrainingDataParams):
    """Switches of a training run."""

    network: Annotated[
        Literal["perceptron", "mlp", "lenet", "vgg", "plain", "residual", "layers"],
        Essential(),
        Help(
            "Perceptron: no hidden layer. MLP: two. LeNet and VGG: convolutions. Plain "
            "and residual: deep stacks without and with shortcuts. Layers: your own."
        ),
    ] = "lenet"
    layers: Annotated[
        ArchitectureText,
        Essential(),
        When("network", ("layers",)),
        Help(
            "Layers in words: conv CHANNELS SIDE STRIDE, relu, pool, norm, lrn, "
            "dropout SHARE, linear UNITS, block CHANNELS STRIDE, gap."
        ),
    ] = "conv 16, relu, pool, conv 32, relu, pool, linear 64, relu"
    depth: Annotated[
        int,
        Range(8, 110),
        When("network", ("plain", "residual")),
        Help("Weight layers of a plain or residual network, rounded to 6 n + 2."),
    ] = 20
    epochs: Annotated[
        int, Essential(), Range(1, 500, log=True), Help("How often each image is seen.")
    ] = 12
    optimizer: Annotated[
        Literal[
            "sgd",
            "momentum",
            "nesterov",
            "adagrad",
            "rmsprop",
            "adadelta",
            "adam",
            "adamw",
        ],
        Help("Rule by which gradients move the weights."),
    ] = "adam"
    learning_rate: Annotated[
        float,
        Essential(),
        Range(1e-6, 100, log=True),
        Steerable(),
        Help("Size of a step; too large diverges, too small takes for ever."),
    ] = 0.003
    schedule: Annotated[
        Literal["constant", "cosine", "steps", "one cycle"],
        Help("Course of the learning rate over the run."),
    ] = "constant"
    batch: Annotated[int, Range(1, 1024, log=True), Help("Images of one step.")] = 64
    loss: Annotated[
        Literal["cross entropy", "squared error"],
        Help("Measure of how wrong the probabilities are."),
    ] = "cross entropy"
    label_smoothing: Annotated[
        float, Range(0, 0.5), Help("Share of the target spread over all classes.")
    ] = 0.0
    activation: Annotated[
        Literal["relu", "leaky", "elu", "selu", "softplus", "sigmoid", "tanh"],
        Help("Activation function after each layer; blocks keep ReLU."),
    ] = "relu"
    initialization: Annotated[
        Literal["kaiming", "xavier", "small normal", "large normal", "zeros"],
        Help("Distribution that the first weights are drawn from."),
    ] = "kaiming"
    batch_norm: Annotated[bool, Help("Normalize each layer over the batch.")] = False
    local_response_norm: Annotated[
        bool, Help("Normalize across neighboring maps, as in AlexNet.")
    ] = False
    dropout: Annotated[
        float,
        Range(0, 0.9),
        Help("Share of the values that is dropped at random before linear layers."),
    ] = 0.0
    l1: Annotated[
        float,
        Title("L1"),
        Range(0, 0.1),
        Steerable(),
        Help("Weight of the sum of absolute weights: makes many of them 0."),
    ] = 0.0
    l2: Annotated[
        float,
        Title("L2"),
        Range(0, 1),
        Steerable(),
        Help("Weight of half the sum of squared weights: keeps them small."),
    ] = 0.0
    shift: Annotated[
        int, Range(0, 8), Unit("px"), Help("Augmentation: shift by up to so many.")
    ] = 0
    rotate: Annotated[
        float, Range(0, 180), Unit("°"), Help("Augmentation: turn by up to so many.")
    ] = 0.0
    flip: Annotated[bool, Help("Augmentation: mirror half of the images.")] = False
    cut: Annotated[
        int,
        Range(0, 32),
        Unit("px"),
        Help("Augmentation: gray out a square of this side (cutout)."),
    ] = 0
    noise: Annotated[
        float, Range(0, 0.5), Help("Augmentation: spread of Gaussian noise.")
    ] = 0.0
    color: Annotated[
        float,
        Range(0, 1),
        Help("Augmentation: shift along the colors' principal components."),
    ] = 0.0
    early_stopping: Annotated[
        int,
        Range(0, 100),
        Unit("epochs"),
        Help("Stop after so many epochs without a lower held-out loss; 0: never."),
    ] = 0
    members: Annotated[
        int, Range(1, 8), Help("Networks of an ensemble, whose mean is measured.")
    ] = 1
    bagging: Annotated[
        bool, Help("Each member draws its own images, with replacement.")
    ] = False
    ten_crop: Annotated[
        bool, Help("Judge held-out images by the mean over ten crops.")
    ] = False

    def switches(self) -> Switches:
        """Return what the run is told."""
        return Switches(
            architecture=Architecture(
                kind=self.network,
                layers=self.layers,
                depth=self.depth,
                activation=self.activation,
                batch_norm=self.batch_norm,
                local_response_norm=self.local_response_norm,
                dropout=self.dropout,
            ),
            augmentation=Augmentation(
                shift=self.shift,
                rotate=self.rotate,
                flip=self.flip,
                cut=self.cut,
                noise=self.noise,
                color=self.color,
            ),
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            epochs=self.epochs,
            batch=self.batch,
            loss=self.loss,
            label_smoothing=self.label_smoothing,
            initialization=self.initialization,
            l1=self.l1,
            l2=self.l2,
            patience=self.early_stopping,
            members=self.members,
            bagging=self.bagging,
            ten_crop=self.ten_crop,
        )


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
        "The held-out loss counts. Where it rises while the training loss falls, the "
        "network learns its images by heart. Layers whose gradients are tiny hardly "
        "learn."
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
        """Yield one report a quarter of an epoch; figures are new after whole ones."""
        ctx.step(0, 1, "reading images")
        if params.folder:
            ctx.files.hashes.setdefault(params.folder, "")
        examples = load_examples(params.data, params.folder, params.image_count)
        drawn = ctx.generator.get_state()
        run = TrainingRun(params.switches(), examples, ctx.generator)
        if ctx.begun is not None:
            run.restore(ctx.begun)
            ctx.generator.set_state(drawn)  # first weights were drawn, to no purpose
        report = training_report(run)
        while not run.ended:
            ctx.check()
            run.switches = _steered(run.switches, ctx.params)
            if run.advance():
                report = training_report(run)
            ctx.step(run.progress, 1, _words(run))
            ctx.keep(_numbers(run), run.state)
            yield report


def state_at(recording: Recording, step: int, check: Callable[[], None]) -> State:
    """Return the state after a step of a recorded run, computed where none was kept.

    From the newest state before it the run is made again, bit for bit.

    Args:
        recording: of this method.
        step: its number; -1 for the newest.
        check: raises to stop.
    """
    last = len(recording) - 1
    step = last if step < 0 else min(step, last)
    kept = max((each for each in recording.states if each <= step), default=-1)
    if kept == step:
        return recording.state(step)
    values: dict[str, Any] = dict(recording.recipe.values)
    changes = dict(recording.recipe.changes)
    generator = torch.Generator().manual_seed(recording.recipe.seed)
    params = make(TrainNetworkParams, values)
    examples = load_examples(params.data, params.folder, params.image_count)
    run = TrainingRun(params.switches(), examples, generator)
    if kept >= 0:
        state = recording.state(kept)
        run.restore(state)
        generator.set_state(torch.from_numpy(state[".generator"].copy()))
    for place in range(step + 1):
        values |= changes.get(place, {})
        if place > kept:
            check()
            run.switches = _steered(run.switches, make(TrainNetworkParams, values))
            run.advance()
    return run.state()


def _steered(switches: Switches, params: TrainNetworkParams) -> Switches:
    """Return switches with those that may change while it runs."""
    return replace(
        switches, learning_rate=params.learning_rate, l1=params.l1, l2=params.l2
    )


def _words(run: TrainingRun) -> str:
    return f"epoch {min(run.history.epochs + 1, run.switches.epochs)}"


def _numbers(run: TrainingRun) -> dict[str, float]:
    names = ("training loss", "held-out loss", "held-out accuracy")
    return {name: run.history[name][-1] for name in names if run.history[name]} or {
        "training loss": float(run.latest_loss)
    }
