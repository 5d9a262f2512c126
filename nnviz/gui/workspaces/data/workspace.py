"""Data: what a network makes of many images."""

from nnviz.gui.state.modes import ERRORS, MAP, NEIGHBORS, UNITS, WALL
from nnviz.gui.state.workspace import Workspace

DATA = Workspace(
    name="data",
    title="Data",
    icon="images",
    group="Data",
    methods=(),
    docks=("dataset", "record"),
    modes=(WALL, MAP, NEIGHBORS, ERRORS, UNITS),
    images=False,
)
