"""Training runs as tests look at them."""

from nnviz.engine.training.fitting import Epoch


def epochs(run):
    """Yield the epochs of a training run, its steps left out."""
    yield from (stand for stand in run if isinstance(stand, Epoch))
