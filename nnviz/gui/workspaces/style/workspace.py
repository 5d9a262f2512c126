"""Style: neural style transfer, and training of style networks."""

from nnviz.gui.state.workspace import Workspace

STYLE = Workspace(
    name="style",
    title="Style",
    icon="palette",
    group="Style",
    methods=("style_transfer", "fast_style"),
    docks=("browser", "style", "recordings", "lesson", "method", "images", "results"),
)
