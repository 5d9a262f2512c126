"""Training examples: images listed from folders, or captured from a camera."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.file_formats import IMAGES
from nnviz.base.host.reading import is_folder
from nnviz.base.measures.training import ExampleClass
from nnviz.media.encode import write_png
from nnviz.media.folders import list_images


def list_examples(paths: tuple[str, ...]) -> tuple[ExampleClass, ...]:
    """Return the images among files and folders.

    Args:
        paths: files and folders; files that are no images are left out.  In a folder of
            folders, each that holds images is a class named after it.

    Raises:
        InputError: a folder may not be read, or holds no images.
    """
    found: list[ExampleClass] = []
    own: list[str] = []
    for path in map(Path, paths):
        if not is_folder(path):
            own += [str(path)] if path.suffix.lower() in IMAGES else []
            continue
        inner = sorted(each for each in path.iterdir() if each.is_dir())
        classes = [_class_of(folder) for folder in inner]
        found += [each for each in classes if each.files]
        if not any(each.files for each in classes):
            own += [str(each) for each in list_images(path)]
    return (*found, ExampleClass("", tuple(own))) if own else tuple(found)


def _class_of(folder: Path) -> ExampleClass:
    files = tuple(str(each) for each in list_images(folder, may_be_empty=True))
    return ExampleClass(folder.name.replace("_", " "), files)


def write_example(pixels: NDArray[Any], folder: Path) -> str:
    """Write an image, named by its hash; return its path.

    Raises:
        InputError: the file cannot be written.
    """
    if pixels.dtype != np.uint8:
        pixels = (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest}.png"
    write_png(path, pixels, quick=True)
    return str(path)
