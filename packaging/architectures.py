"""Write resources/architectures.npz: a sketch of each architecture that can be built.

Run it after torchvision, timm or an architecture of our own has changed.
Usage: python packaging/architectures.py
"""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import nn

from nnviz.engine.models.match.architectures import LIBRARIES
from nnviz.engine.models.match.signatures import CLASSES, count_weights, sketch

TARGET = Path(__file__).parents[1] / "resources" / "architectures.npz"


def shapes_of(net: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a network's weights by name."""
    return {name: tuple(value.shape) for name, value in net.state_dict().items()}


def sketches() -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield name, sketch and number of weights of each architecture.

    Those that cannot be built are named on stderr.
    """
    for library in LIBRARIES.values():
        for name in library.names():
            try:
                net = library.build(name, CLASSES)
            except Exception as error:  # noqa: BLE001 -- any library's, reported
                print(f"{library.name}:{name} left out: {error}", file=sys.stderr)
                continue
            shapes = shapes_of(net)
            yield f"{library.name}:{name}", sketch(shapes), count_weights(shapes)


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    names, parts, counts = zip(*sketches(), strict=True)
    np.savez_compressed(
        TARGET,
        names=np.array(names),
        sizes=np.array([len(part) for part in parts], np.uint8),
        hashes=np.concatenate(parts),
        counts=np.array(counts, np.uint16),
    )
    print(f"{len(names)} architectures, {TARGET.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
