"""Cost of a run before it starts: its duration, and the size of its output."""

from dataclasses import dataclass

from nnviz.base.images import Image
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.requests import RunMethod

QUICK_SECONDS = 0.4
"""Duration above which a change would feel like waiting."""
_RUNS = 2
SMALLER_SIDE = 2048
"""Longest side offered in place of the image's own, px."""
_MOST_PIXELS = 8_000_000
"""Number of pixels up to which no confirmation is needed."""


class RuntimeEstimate:
    """Durations of each method on each network.

    The faster of the last two runs counts: the first on a network is slow, before
    memory and kernels are warm.  So a method that can run live counts as quick until it
    was slow twice.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], list[float]] = {}

    def learn(self, method: str, reference: str, seconds: float) -> None:
        """Record the duration of a run."""
        known = self._seconds.setdefault((method, reference), [])
        known.append(seconds)
        del known[:-_RUNS]

    def seconds(self, info: MethodInfo, model: ModelInfo | None) -> float | None:
        """Return a method's usual duration, s; None where it has not been run."""
        known = self._known(info, model)
        return min(known) if known else None

    def runs_by_itself(self, info: MethodInfo, model: ModelInfo | None) -> bool:
        """Return whether a method runs automatically at every change."""
        if info.recorded and not info.capabilities.section:
            return False  # each run creates a recording; a lesson's is dropped
        if info.capabilities.runs_by_itself:
            return True
        known = self._known(info, model)
        if len(known) < _RUNS and info.live:
            return True
        return bool(known) and min(known) <= QUICK_SECONDS

    def _known(self, info: MethodInfo, model: ModelInfo | None) -> list[float]:
        return self._seconds.get((info.name, model.reference if model else ""), [])


@dataclass(frozen=True, slots=True)
class LargeOutput:
    """A run that would optimize a large image at full size.

    Attributes:
        title: of the method.
        parameter: name of the parameter for the longest side, px.
        image: image of the run.
    """

    title: str
    parameter: str
    image: Image

    @property
    def megapixels(self) -> int:
        """The image's size, megapixels."""
        height, width = self.image.size
        return round(height * width / 1e6)

    @property
    def times_longer(self) -> float:
        """Ratio of the time at full size to that at ``SMALLER_SIDE``, by pixels."""
        return (max(self.image.size) / SMALLER_SIDE) ** 2


def large_output(info: MethodInfo, request: RunMethod) -> LargeOutput | None:
    """Return the run's large output, to be confirmed; None where it is small.

    Only optimizations need confirmation: a single pass is quick at any size.
    """
    image = request.image
    if not info.recorded or image is None:
        return None
    height, width = image.size
    if height * width <= _MOST_PIXELS:
        return None
    for each in info.parameters:
        if each.zero_keeps_size and not request.values.get(each.name, each.default):
            return LargeOutput(info.title, each.name, image)
    return None
