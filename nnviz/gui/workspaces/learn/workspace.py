"""Learn: lessons step by step, on numbers, planes and the open network."""

from nnviz.gui.state.workspace import Workspace

LEARN = Workspace(
    name="learn",
    title="Learn",
    icon="book-open",
    group="Learn",
    methods=("convolution",),
    docks=("course", "guide", "browser", "method"),
)
