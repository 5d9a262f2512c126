"""Live: a network on camera, video or screen, frame by frame."""

from nnviz.gui.state.workspace import Workspace

LIVE = Workspace(
    name="live",
    title="Live",
    icon="video",
    group="",
    methods=("predictions", "detect", "segment", "fast_style", "activations"),
    docks=("method",),
    live=True,
)
