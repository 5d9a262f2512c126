"""Comparison of two networks' architectures, from Python."""

from os import PathLike
from pathlib import Path

from nnviz.api.core import Model, run
from nnviz.base.kinds.diagram_alignment import DiagramComparison
from nnviz.base.results import Diagram, Table
from nnviz.storage.architecture_comparisons import save_comparison


class ArchitectureComparison:
    """Two networks' layers, aligned in pairs.

    Attributes:
        names: of the networks.
        found: their graphs and the layer pairs.
    """

    def __init__(self, names: tuple[str, str], found: DiagramComparison) -> None:
        self.names = names
        self.found = found

    @property
    def table(self) -> Table:
        """A row for each layer or operation that differs."""
        return self.found.table()

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of layers that are the same, changed, or in one network only."""
        return {verdict.value: n for verdict, n in self.found.counts().items()}

    def save(self, path: str | PathLike[str]) -> Path:
        """Write both graphs side by side, differences framed; return the path.

        Args:
            path: ends with .svg or .png.

        Raises:
            UsageError: the path has another suffix.
            InputError: it cannot be written.
        """
        return save_comparison(self.found, self.names, Path(path))


def compare_architectures(first: Model, second: Model) -> ArchitectureComparison:
    """Compare the architectures of two networks, each traced in one forward pass.

    Layers are paired in computing order by a global sequence alignment; layers are
    equal if class and sizes are.

    Args:
        first: a network.
        second: another.

    Raises:
        ModelError: one of the networks cannot be run.
    """
    graphs = [_graph(model) for model in (first, second)]
    names = first.info.title, second.info.title
    return ArchitectureComparison(names, DiagramComparison.of(*graphs))


def _graph(model: Model) -> Diagram:
    found = run("architecture", model, passes=0).main
    if not isinstance(found, Diagram):
        raise TypeError("the method architecture gives no graph")
    return found
