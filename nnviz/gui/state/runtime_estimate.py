"""Runtime estimates: methods quick enough to run by themselves at every change."""

from nnviz.base.info import MethodInfo, ModelInfo

QUICK_SECONDS = 0.4
"""Longer than this and a change would be felt as waiting."""
_RUNS = 2


class RuntimeEstimate:
    """Remembers how long each method took on each network.

    The quicker of the last two runs counts: the first on a network is slow, for memory
    and kernels are not warm yet.  So a method that can follow a camera counts as quick
    until it was slow twice.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], list[float]] = {}

    def learn(self, method: str, reference: str, seconds: float) -> None:
        """Take note of a run."""
        known = self._seconds.setdefault((method, reference), [])
        known.append(seconds)
        del known[:-_RUNS]

    def seconds(self, info: MethodInfo, model: ModelInfo | None) -> float | None:
        """Return how long a method takes, s; None where it has not been run."""
        known = self._known(info, model)
        return min(known) if known else None

    def runs_by_itself(self, info: MethodInfo, model: ModelInfo | None) -> bool:
        """Tell whether a method runs at every change."""
        if info.recorded and not info.capabilities.section:
            return False  # each run leaves a recording; a lesson's is not kept
        if info.capabilities.runs_by_itself:
            return True
        known = self._known(info, model)
        if len(known) < _RUNS and info.live:
            return True
        return bool(known) and min(known) <= QUICK_SECONDS

    def _known(self, info: MethodInfo, model: ModelInfo | None) -> list[float]:
        return self._seconds.get((info.name, model.reference if model else ""), [])
