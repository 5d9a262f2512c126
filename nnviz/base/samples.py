"""The photographs that the window and the demo begin with: scikit-image ships them."""

from importlib.util import find_spec
from pathlib import Path

_FILES = ("chelsea.png", "coffee.png", "astronaut.png", "motorcycle_left.png")


def sample_photos() -> tuple[Path, ...]:
    """Return the paths of those that are there, the cat first.

    scikit-image is not imported: that would cost more time than the window has.
    """
    spec = find_spec("skimage")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else Path()
    return tuple(folder / name for name in _FILES if (folder / name).is_file())
