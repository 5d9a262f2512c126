"""Everything needed to make a result again."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from nnviz.base import placed
from nnviz.base.errors import InputError
from nnviz.base.images import Image
from nnviz.base.parameters import Parameter, Value, with_current_names
from nnviz.base.preprocess import Preprocess
from nnviz.base.results import Report
from nnviz.base.targets import LIKE

FORMAT = 1
"""Version of the JSON below; a reader refuses a newer one."""
_BEFORE: Mapping[str, Mapping[str, Value]] = {"occlusion": {"computation": "full"}}
"""By method, what recipes mean that were written before a parameter was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a run was made of.

    Attributes:
        method: its name.
        values: all parameters, defaults too.
        changes: (step, values) of steered parameters.
        model: reference.
        model_sha256: of the weights.
        preprocess: as used.
        labels: name of the label file, if one was given.
        task: that was said in place of the network's own; may be empty.
        outputs: name of the tensor that was looked at, where one was named.
        unit: of the numbers of a network that regresses.
        image: the photograph's name, never its folder; empty if there was none.
        image_sha256: of the photograph's file.
        pictures: sha256 of the files of further pictures, by the parameter that names
            them: a baseline, what likeness is asked to; of several, as stickers are,
            with spaces between.
        seed: of the generator.
        dtype: of the computation, "float32".
        threads: torch's, since they change the last bits.
        chunks: sizes of the chunks that were used, in order.
        device: "cpu", "NVIDIA H100".
        versions: of nnviz and of the libraries that computed.
        adversarial: whether its pictures were made to fool the network.
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
        """One line for people: method, layer, network and photograph."""
        parts = (
            self.method.replace("_", " ").capitalize(),
            str(self.values.get("layer", "")),
            self.model,
            self.image,
        )
        return " · ".join(part for part in parts if part)

    def with_current_names(self, parameters: Sequence[Parameter]) -> Self:
        """Return the recipe with its parameters named as they are now.

        Args:
            parameters: of its method, with the names that they had before.
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
        """Read ``to_json``'s text.

        Args:
            text: JSON.
            source: the file's name, for errors.

        Raises:
            InputError: no JSON, no recipe, or one of a newer nnviz.
        """
        try:
            values: dict[str, Any] = json.loads(text)
            version = int(values.pop("format"))
            if version > FORMAT:
                raise InputError(
                    source, f"its recipe has format {version}", "update nnviz"
                )
            values["preprocess"] = Preprocess.from_json(values["preprocess"])
            values["values"] = {**_BEFORE.get(values["method"], {}), **values["values"]}
            values["chunks"] = tuple(values["chunks"])
            values["changes"] = tuple((step, new) for step, new in values["changes"])
            return cls(**values)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(
                source,
                "contains no nnviz recipe",
                "pick a .json or .png saved by nnviz",
            ) from None


def file_of(value: Value) -> str:
    """Return the file that a parameter names: by itself, or as "like:FILE"."""
    return str(value).strip().removeprefix(LIKE).strip()


def with_file(value: Value, file: str) -> str:
    """Return a parameter that names another file in the same way."""
    return LIKE + file if str(value).strip().startswith(LIKE) else file


def files_of(value: Value) -> tuple[str, ...]:
    """Return the files that a parameter names: one as ``file_of``, or stickers'."""
    text = str(value)
    return placed.files_of(text) if placed.names_stickers(text) else (file_of(value),)


def with_files(value: Value, files: Iterable[str]) -> str:
    """Return a parameter that names other files in the same way."""
    text = str(value)
    if placed.names_stickers(text):
        return placed.with_files(text, files)
    return with_file(value, next(iter(files)))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """How ``RunMethod`` ends: the report, its recipe and the photograph."""

    report: Report
    recipe: Recipe
    image: Image | None
