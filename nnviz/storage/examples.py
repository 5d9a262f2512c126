"""Training examples: images listed from folders, or captured from a camera."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.file_formats import IMAGES
from nnviz.base.host.reading import is_folder
from nnviz.base.measures.training import ExampleClass, ExampleTable, FoundExamples
from nnviz.media.encode import write_png
from nnviz.media.example_table import SUFFIX, read_example_table
from nnviz.media.folders import list_images


def list_examples(paths: tuple[str, ...]) -> FoundExamples:
    """Return the images among files, folders and tables.

    Args:
        paths: files and folders; files that are no images are left out.  In a folder of
            folders, each that holds images is a class named after it.  A CSV file is a
            table: of numbers, or of classes if not all of its values are numbers.

    Raises:
        InputError: a folder may not be read, or holds no images; or a table is none.
    """
    found: list[ExampleClass] = []
    own: list[str] = []
    table: ExampleTable | None = None
    for path in map(Path, paths):
        if is_folder(path):
            classes, files = _examples_in(path)
            found += classes
            own += files
        elif path.suffix.lower() == SUFFIX:
            read = read_example_table(path)
            if any(map(math.isnan, read.numbers)):
                found += _classes_of(read)
            else:
                table = read
        elif path.suffix.lower() in IMAGES:
            own.append(str(path))
    if own:
        found.append(ExampleClass("", tuple(own)))
    return FoundExamples(classes=tuple(found), table=table)


def _examples_in(path: Path) -> tuple[list[ExampleClass], list[str]]:
    """Return the classes in a folder of folders, or else the images in a folder."""
    inner = sorted(each for each in path.iterdir() if each.is_dir())
    classes = [each for each in map(_class_of, inner) if each.files]
    return classes, [] if classes else [str(each) for each in list_images(path)]


def _classes_of(table: ExampleTable) -> list[ExampleClass]:
    """Return the classes that a table gives its images to."""
    files: dict[str, list[str]] = {}
    for file, value in zip(table.files, table.values, strict=True):
        files.setdefault(value, []).append(file)
    return [ExampleClass(name, tuple(each)) for name, each in files.items() if name]


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
