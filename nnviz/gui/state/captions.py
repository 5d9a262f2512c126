"""What a result is called in few words."""

from nnviz.base.recipes import Run
from nnviz.gui.state.layer_facts import shown_layer

_TENS = 10
"""Seconds from which tenths do not matter."""


def summary(run: Run) -> str:
    """Return what distinguishes a result, in a few words: layer and channel."""
    channel = run.recipe.values.get("channel", -1)
    parts = [
        shown_layer(run.report) or str(run.recipe.values.get("layer", "")),
        str(channel) if channel != -1 else "",
    ]
    return " · ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Return a time in few words: "41 ms", "3.2 s", "75 s"."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < _TENS else f"{seconds:.0f} s"
