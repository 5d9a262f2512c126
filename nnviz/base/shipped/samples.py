"""Sample images and videos for the window and the demo.

The images are scikit-image's; the video ships with nnviz.
"""

from importlib.util import find_spec
from pathlib import Path

from nnviz.base.shipped.resources import resource
from nnviz.base.video import SourceKind, SourceRequest

_FILES = ("chelsea.png", "coffee.png", "astronaut.png", "motorcycle_left.png")


def sample_photos() -> tuple[Path, ...]:
    """Return the paths of the installed sample images, the cat first.

    scikit-image is not imported: that would slow the window's start.
    """
    spec = find_spec("skimage")
    folder = Path(spec.origin).parent / "data" if spec and spec.origin else Path()
    return tuple(folder / name for name in _FILES if (folder / name).is_file())


def sample_video() -> SourceRequest:
    """Return the source of the sample video, which pans over images, one with a face.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    path = resource("samples", "photographs.mp4")
    return SourceRequest(kind=SourceKind.FILE, address=str(path))
