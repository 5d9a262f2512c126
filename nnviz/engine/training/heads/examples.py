"""Examples to train a head on: class folders, a CSV file, or listed files."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nnviz.base.errors import InputError, UsageError
from nnviz.base.measures.training import ExampleClass
from nnviz.engine.data.folders import class_folders, is_held_out, plain_name
from nnviz.media.example_table import FORM, SUFFIX, as_number, read_example_table
from nnviz.media.files import read_bytes
from nnviz.media.folders import list_images

_LEAST_CLASSES = 2
_LEAST_NUMBERS = 4


@dataclass(frozen=True, slots=True)
class Examples:
    """Images with class labels or numbers.

    Attributes:
        files: of the images.
        targets: index into ``classes``; for a regression the number.
        classes: names of the outputs; for a regression the one quantity.
        regression: whether the targets are numbers.
        held_out: whether each is held out for measuring.
    """

    files: tuple[Path, ...]
    targets: tuple[float, ...]
    classes: tuple[str, ...]
    regression: bool
    held_out: tuple[bool, ...]

    def without(self, refused: Collection[int]) -> "Examples":
        """Return the examples without some; each class keeps one to train on.

        Args:
            refused: their indices.

        Raises:
            InputError: a class has no images left, or too few remain for a regression.
        """
        if not refused:
            return self
        kept = [place for place in range(len(self.files)) if place not in refused]
        files = tuple(self.files[place] for place in kept)
        targets = tuple(self.targets[place] for place in kept)
        if self.regression:
            _check_spread(targets, "examples")
        else:
            self._check_filled(targets)
        held_out = [self.held_out[place] for place in kept]
        for target in set() if self.regression else set(targets):
            held_out[targets.index(target)] = False
        return replace(self, files=files, targets=targets, held_out=tuple(held_out))

    def _check_filled(self, targets: Sequence[float]) -> None:
        for index, name in enumerate(self.classes):
            if index not in targets:
                raise InputError(
                    name, "has no image that can be read", "add some, or leave it out"
                )


def read_examples(data: Path, *, regression: bool) -> Examples:
    """Read a folder of class folders, or a CSV file of paths and classes or numbers.

    Args:
        data: the folder, whose sub-folders are named after classes or numbers; or the
            CSV file, whose paths are relative to it.
        regression: whether the names are numbers to learn.

    Raises:
        InputError: there is no such folder or file, or too few images in it.
    """
    if data.suffix.lower() == SUFFIX:
        return _read_table(data, regression=regression)
    groups = [
        ExampleClass(
            name if regression else plain_name(name),
            tuple(str(p) for p in list_images(data / name, may_be_empty=True)),
        )
        for name in class_folders(data, frozenset())
        if not name.startswith(".")
    ]
    return list_examples(groups, regression=regression, source=str(data))


def list_examples(
    groups: Sequence[ExampleClass], *, regression: bool, source: str = "examples"
) -> Examples:
    """Return listed files as examples.

    Raises:
        InputError: there are fewer than two classes, an empty one, or a class of a
            regression whose name is no number.
    """
    filled = [group for group in groups if group.files]
    if len(filled) < _LEAST_CLASSES:
        raise InputError(
            source,
            f"has images of {len(filled)} classes",
            "give a subfolder with images for each of at least two classes",
        )
    pairs = [(Path(file), each.name) for each in filled for file in each.files]
    return _examples(pairs, source, "number", regression=regression)


def _read_table(path: Path, *, regression: bool) -> Examples:
    table = read_example_table(path)
    pairs = list(zip(map(Path, table.files), table.values, strict=True))
    return _examples(pairs, path.name, table.quantity, regression=regression)


def _examples(
    pairs: Sequence[tuple[Path, str]], source: str, quantity: str, *, regression: bool
) -> Examples:
    files = tuple(path for path, _ in pairs)
    if regression:
        targets = tuple(_number(name, source) for _, name in pairs)
        classes: tuple[str, ...] = (quantity or "number",)
        _check_spread(targets, source)
    else:
        classes = tuple(dict.fromkeys(name for _, name in pairs))
        targets = tuple(float(classes.index(name)) for _, name in pairs)
        _check_classes(classes, source)
    kept_back = _kept_back(files, targets, regression=regression)
    return Examples(files, targets, classes, regression, kept_back)


def _kept_back(
    files: Iterable[Path], targets: Iterable[float], *, regression: bool
) -> tuple[bool, ...]:
    """Return a held-out flag by file: a fifth by hash, never a class's first file."""
    seen: set[float] = set()
    found = []
    for path, target in zip(files, targets, strict=True):
        found.append((regression or target in seen) and _is_held_out(path))
        seen.add(target)
    return tuple(found)


def _is_held_out(path: Path) -> bool:
    """Tell whether a file is held out by its hash; False if it cannot be read."""
    try:
        return is_held_out(read_bytes(path))
    except InputError:
        return False


def _number(text: str, source: str) -> float:
    number = as_number(text)
    if text and math.isnan(number):
        raise InputError(
            source, f"{text!r} is not a number", "use numbers, or learn classes by name"
        )
    return number


def _check_classes(classes: Sequence[str], source: str) -> None:
    if len(classes) < _LEAST_CLASSES:
        raise UsageError(source, "has one class", "give at least two")


def _check_spread(targets: Sequence[float], source: str) -> None:
    if len(set(targets)) < _LEAST_CLASSES or len(targets) < _LEAST_NUMBERS:
        raise InputError(source, "has too few different numbers", "give some dozens")
    if any(math.isnan(target) for target in targets):
        raise InputError(source, "has images without a number", FORM)
