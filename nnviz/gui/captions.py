"""What a result is called in few words."""

from nnviz.base.recipes import Run
from nnviz.gui.layers import shown_layer


def summary(run: Run) -> str:
    """Return what distinguishes a result, in a few words: layer and channel."""
    channel = run.recipe.values.get("channel", -1)
    parts = [
        shown_layer(run.report) or str(run.recipe.values.get("layer", "")),
        str(channel) if channel != -1 else "",
    ]
    return " · ".join(part for part in parts if part)
