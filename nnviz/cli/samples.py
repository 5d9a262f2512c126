"""The photographs that the demo shows: those that scikit-image ships."""

from importlib.util import find_spec
from pathlib import Path

from nnviz.base.errors import InputError

_FILES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")


def sample_photos() -> tuple[Path, ...]:
    """Return the paths of the sample photographs, without importing scikit-image.

    Raises:
        InputError: none is there.
    """
    spec = find_spec("skimage")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else Path()
    found = tuple(folder / name for name in _FILES if (folder / name).is_file())
    if not found:
        raise InputError(
            "sample photographs", "are not there", "pip install scikit-image"
        )
    return found
