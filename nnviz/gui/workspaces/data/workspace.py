"""Data: a set of images as a network sees it: wall, map, errors, units, concepts."""

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
