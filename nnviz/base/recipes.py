"""Recipes: everything needed to reproduce a result."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from nnviz.base.catalogue import method_title, network_title
from nnviz.base.errors import InputError, UsageError
from nnviz.base.host.reading import parse_object, reading
from nnviz.base.images import Image
from nnviz.base.notation import boxes
from nnviz.base.notation.targets import DIRECTION, LIKE
from nnviz.base.parameters import Parameter, Value, with_current_names
from nnviz.base.preprocess import Preprocess
from nnviz.base.results import Report
from nnviz.base.stickers import placed

FORMAT = 1
"""Version of the JSON below; a reader refuses a newer one."""
_BEFORE: Mapping[str, Mapping[str, Value]] = {"occlusion": {"computation": "full"}}
"""By method, the values that parameters had before they existed, for old recipes."""
_NO_RECIPE = "contains no nnviz recipe"
_REMEDY = "pick a .json or .png saved by nnviz"
_FIELD_ERRORS = (TypeError, ValueError, LookupError, UsageError)
"""Errors of an extra or missing field, or of an invalid preprocessing."""
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\s]+')
_LARGEST = 1 << 62
_MOST_THREADS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything needed to reproduce a result.

    Attributes:
        method: name of the method.
        values: all parameters, defaults too.
        changes: (step, values) of steered parameters.
        model: reference.
        model_sha256: of the weights.
        preprocess: as used.
        labels: name of the label file, if one was given.
        task: task given in place of the network's own; may be empty.
        outputs: name of the tensor that was used, where one was given.
        unit: unit of a regression network's numbers.
        image: the image's name, never its folder; empty if there was none.
        image_sha256: of the image's file.
        pictures: sha256 of the files of further images, by the parameter that names
            them: a baseline, a target of similarity; several, as for stickers or
            annotated boxes, are separated by spaces.
        seed: seed of the random generator.
        dtype: of the computation, "float32".
        threads: torch's number of threads, which affects the last bits.
        chunks: sizes of the chunks that were used, in order.
        device: name of the device, "cpu", "NVIDIA H100".
        versions: of nnviz and of the libraries that computed.
        adversarial: whether its images were made to fool the network.
    """

    method: str
    values: Mapping[str, Value]
    model: str
    model_sha256: str
    preprocess: Preprocess
    labels: str = ""
    task: str = ""
    outputs: str = ""
    unit: str = ""
    image: str = ""
    image_sha256: str = ""
    pictures: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    dtype: str = "float32"
    threads: int = 1
    chunks: tuple[int, ...] = ()
    changes: tuple[tuple[int, Mapping[str, Value]], ...] = ()
    device: str = "cpu"
    versions: Mapping[str, str] = field(default_factory=dict)
    adversarial: bool = False

    @property
    def title(self) -> str:
        """A one-line title: method, target, layer, network and image."""
        target = str(self.values.get("target", ""))
        instead = bool(target) and "channel" in self.values
        parts = (
            method_title(self.method),
            target,
            "" if instead else str(self.values.get("layer", "")),
            network_title(self.model),
            self.image,
        )
        return " · ".join(part for part in parts if part)

    @property
    def file_stem(self) -> str:
        """A name for files: method, style or network, and image, joined by hyphens."""
        style = self.values.get("style")
        subject = Path(str(style)).stem if style else network_title(self.model)
        parts = (self.method, subject, Path(self.image).stem)
        legal = (_UNSAFE.sub("_", part).strip(" .") for part in parts)
        return "-".join(part for part in legal if part)

    def with_current_names(self, parameters: Sequence[Parameter]) -> Self:
        """Return the recipe with its parameters named as they are now.

        Args:
            parameters: of its method, with their former names.
        """
        return dataclasses.replace(
            self,
            values=with_current_names(parameters, self.values),
            pictures=with_current_names(parameters, self.pictures),
            changes=tuple(
                (step, with_current_names(parameters, new))
                for step, new in self.changes
            ),
        )

    def to_json(self) -> str:
        """Return the recipe as JSON text with sorted keys; it names no folder."""
        known = dataclasses.asdict(self) | {"format": FORMAT}
        known["values"] |= {
            name: with_files(
                self.values[name],
                (Path(file).name for file in files_of(self.values[name])),
            )
            for name in self.pictures
        }
        return json.dumps(known, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, source: str) -> Self:
        """Parse the JSON text that ``to_json`` wrote.

        Args:
            text: JSON.
            source: the file's name, for errors.

        Raises:
            InputError: no JSON, no recipe, or one of a newer nnviz.
        """
        values = dict(parse_object(text, source, _REMEDY, _NO_RECIPE))
        version = values.pop("format", None)
        if not _is_whole(version) or not isinstance(values.get("preprocess"), dict):
            raise InputError(source, _NO_RECIPE, _REMEDY)
        if version > FORMAT:
            raise InputError(source, f"its recipe has format {version}", "update nnviz")
        for name, value in values.items():
            if not _FIELDS.get(name, _is_unknown)(value):
                raise InputError(source, f"its recipe has no usable {name}", _REMEDY)
        if not set(values.get("pictures", ())) <= set(values.get("values", ())):
            raise InputError(source, "names images for unknown parameters", _REMEDY)
        with reading(source, _FIELD_ERRORS, _NO_RECIPE, _REMEDY):
            values["preprocess"] = Preprocess.from_json(values["preprocess"])
            values["values"] = {**_BEFORE.get(values["method"], {}), **values["values"]}
            values["chunks"] = tuple(values.get("chunks", ()))
            values["changes"] = tuple(map(tuple, values.get("changes", ())))
            return cls(**values)


def _is_whole(value: object, least: int = 0, most: int = _LARGEST) -> bool:
    return type(value) is int and least <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_values(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, bool | int | float | str) for each in value.values()
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _are_chunks(value: object) -> bool:
    return isinstance(value, list) and all(_is_whole(each, 1) for each in value)


def _are_changes(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, list)
        and len(each) == 2  # noqa: PLR2004
        and _is_whole(each[0])
        and _are_values(each[1])
        for each in value
    )


def _is_unknown(_value: object) -> bool:
    """Accept any value: the constructor rejects fields that no recipe has."""
    return True


_FIELDS: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(("method", "model", "model_sha256", "labels", "image"), _is_text),
    **dict.fromkeys(("image_sha256", "dtype", "device"), _is_text),
    **dict.fromkeys(("pictures", "versions"), _are_texts),
    "values": _are_values,
    "seed": _is_whole,
    "threads": lambda value: _is_whole(value, 0, _MOST_THREADS),
    "chunks": _are_chunks,
    "changes": _are_changes,
    "adversarial": lambda value: isinstance(value, bool),
}
"""Validator of each field of a recipe."""


def file_of(value: Value) -> str:
    """Return the file that a parameter's value names, as FILE or "like:FILE"."""
    text = str(value).strip()
    return text.removeprefix(LIKE).removeprefix(DIRECTION).strip()


def with_file(value: Value, file: str) -> str:
    """Return a parameter's value with another file in place of its own."""
    text = str(value).strip()
    prefixes = (each for each in (LIKE, DIRECTION) if text.startswith(each))
    return next(prefixes, "") + file


def with_paths(
    values: Mapping[str, Value], others: Mapping[str, Value]
) -> dict[str, Value]:
    """Return recorded values with the paths by which others name the same files.

    A recipe keeps the names of files alone, so a run that is gone on with on this
    machine needs their folders again.
    """
    found = dict(values)
    for name, value in values.items():
        other = others.get(name, "")
        files = files_of(other)
        if any(files) and with_files(other, (Path(f).name for f in files)) == value:
            found[name] = other
    return found


def files_of(value: Value) -> tuple[str, ...]:
    """Return the files that a parameter's value names; of stickers and boxes, too."""
    text = str(value)
    if placed.names_stickers(text):
        return placed.files_of(text)
    return boxes.files_of(text) if boxes.names_boxes(text) else (file_of(value),)


def with_files(value: Value, files: Iterable[str]) -> str:
    """Return a parameter's value with other files in place of its own."""
    text = str(value)
    if placed.names_stickers(text):
        return placed.with_files(text, files)
    if boxes.names_boxes(text):
        return boxes.with_files(text, files)
    return with_file(value, next(iter(files)))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The result of ``RunMethod``: report, recipe and image."""

    report: Report
    recipe: Recipe
    image: Image | None
