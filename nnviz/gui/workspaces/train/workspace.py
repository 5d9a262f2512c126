"""Train: train a head for your own classes, and watch small networks learn."""

from nnviz.gui.state.modes import RESULT, TEACH
from nnviz.gui.state.workspace import Workspace

TRAIN = Workspace(
    name="train",
    title="Train",
    icon="network",
    group="Train",
    methods=("train_network",),
    docks=("trained", "recordings", "method", "results"),
    modes=(TEACH, RESULT),
    images=False,
)
