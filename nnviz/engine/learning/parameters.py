"""Parameters shared by training methods: data, augmentation, hyperparameters."""

from dataclasses import dataclass
from typing import Annotated, Literal

from nnviz.base.parameters import (
    ArchitectureText,
    Essential,
    Help,
    ImageFolder,
    Lowest,
    Range,
    Steerable,
    Title,
    Unit,
    When,
)
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.augmentation import Augmentation
from nnviz.engine.learning.run import Switches


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDataParams:
    """Parameters: the training images of a small network."""

    data: Annotated[
        Literal["digits", "scenes", "folder"],
        Essential(),
        Help("Handwritten digits, generated scenes, or a folder of your own."),
    ] = "digits"
    folder: Annotated[
        ImageFolder,
        When("data", ("folder",)),
        Essential(),
        Help("A folder with a subfolder of images for each class."),
    ] = ""
    image_count: Annotated[
        int,
        Range(20, 60000, log=True),
        Title("Training images"),
        Help("Maximum number of training images; few make it overfit."),
    ] = 1500


Shift = Annotated[int, Range(0, 8), Unit("px"), Help("Augmentation: maximum shift.")]
Rotation = Annotated[
    float, Range(0, 180), Unit("°"), Help("Augmentation: maximum rotation.")
]

Elastic = Annotated[
    float,
    Range(0, 8),
    Unit("px"),
    Help("Augmentation: elastic deformation, the spread of its displacements."),
]


@dataclass(frozen=True, kw_only=True)
class AugmentationParams:
    """Parameters: data augmentation."""

    # No slots: it is one of two bases of the switches of a run.

    shift: Shift = 0
    rotate: Rotation = 0.0
    elastic: Elastic = 0.0
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

    def augmentation(self) -> Augmentation:
        """Return the augmentation that the parameters describe."""
        return Augmentation(
            shift=self.shift,
            rotate=self.rotate,
            elastic=self.elastic,
            flip=self.flip,
            cut=self.cut,
            noise=self.noise,
            color=self.color,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkParams(TrainingDataParams):
    """Parameters: the network, its optimizer and its regularization."""

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
            "Layers as text: conv CHANNELS SIDE STRIDE, relu, pool, norm, lrn, "
            "dropout FRACTION, linear UNITS, block CHANNELS STRIDE, gap."
        ),
    ] = "conv 16, relu, pool, conv 32, relu, pool, linear 64, relu"
    depth: Annotated[
        int,
        Range(8, 110),
        When("network", ("plain", "residual")),
        Help("Weight layers of a plain or residual network, rounded to 6 n + 2."),
    ] = 20
    width: Annotated[
        int,
        Range(4, 64, log=True),
        When("network", ("vgg", "plain", "residual")),
        Help(
            "Channels of the first of three stages; each next one has twice as many. "
            "Half the width is a quarter of the work."
        ),
    ] = 16
    epochs: Annotated[
        int,
        Essential(),
        Range(1, 500, log=True),
        Help("Number of passes over the images."),
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
        Help("Size of a step; too large diverges, too small takes forever."),
    ] = 0.003
    schedule: Annotated[
        Literal["constant", "cosine", "steps", "one cycle"],
        Help("Course of the learning rate over the run."),
    ] = "constant"
    batch: Annotated[int, Range(1, 1024, log=True), Help("Images per step.")] = 64
    loss: Annotated[
        Literal["cross entropy", "squared error"],
        Help("Measure of how wrong the probabilities are."),
    ] = "cross entropy"
    label_smoothing: Annotated[
        float, Range(0, 0.5), Help("Fraction of the target spread over all classes.")
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
        Help("Fraction of the values that are dropped at random before linear layers."),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingParams(AugmentationParams, NetworkParams):
    """Parameters: all hyperparameters of a training run."""

    early_stopping: Annotated[
        int,
        Range(0, 100),
        Lowest("never"),
        Unit("epochs"),
        Help("Stop after this many epochs without a lower held-out loss; 0: never."),
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
        """Return the hyperparameters that the parameters describe."""
        return Switches(
            architecture=Architecture(
                kind=self.network,
                layers=self.layers,
                depth=self.depth,
                width=self.width,
                activation=self.activation,
                batch_norm=self.batch_norm,
                local_response_norm=self.local_response_norm,
                dropout=self.dropout,
            ),
            augmentation=self.augmentation(),
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
