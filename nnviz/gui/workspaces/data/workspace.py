"""Data: what a network makes of many images."""

from nnviz.gui.state.modes import SET
from nnviz.gui.state.workspace import Workspace

DATA = Workspace(
    name="data",
    title="Data",
    icon="images",
    group="Data",
    methods=(),
    docks=("dataset", "record"),
    modes=SET,
    images=False,
)
