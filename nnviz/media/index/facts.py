"""The commit record of an image index: row counts, and the network that made it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from nnviz.base.errors import InputError
from nnviz.base.host.reading import parse_object
from nnviz.media.files import read_text

RECORD_FILE = "index.json"
VERSION = 1
_LARGEST_RECORD = 1 << 28


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """Type, row shape and row count of one array.

    Attributes:
        dtype: as numpy writes it, "<f2".
        shape: of one row; empty for one number a record.
        count: number of committed rows.
    """

    dtype: str
    shape: tuple[int, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """Metadata of a layer whose features are kept.

    Attributes:
        name: of the layer, as in ``LayerInfo``.
        channels: number of features of one image.
        map_size: rows and columns of its maps; (1, 1) for a vector.
    """

    name: str
    channels: int
    map_size: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """The commit record of an image index.

    Attributes:
        version: of the format.
        count: of committed records.
        total: number of images that the source lists; 0 where not known.
        finished: whether all of them were processed.
        source: the set as the user named it: a folder, a file, "scenes".
        root: absolute folder that paths are relative to; "" for none.
        model: reference of the network.
        model_sha256: hash of its weights.
        preprocess: fields of its preprocessing, by name.
        settings: other settings that the rows depend on (request of the model,
            precision).
        class_names: names that ``label`` and ``predicted`` index; the network's labels
            first, then classes that only the set has.
        outputs: number of class names that are the network's.
        split_names: names that ``split`` indexes.
        layers: those whose features are kept, the deepest last.
        arrays: facts of each array by name.
    """

    version: int = VERSION
    count: int = 0
    total: int = 0
    finished: bool = False
    source: str = ""
    root: str = ""
    model: str = ""
    model_sha256: str = ""
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    outputs: int = 0
    split_names: tuple[str, ...] = ()
    layers: tuple[LayerFacts, ...] = ()
    arrays: Mapping[str, ArrayFacts] = field(default_factory=dict)

    def written(self) -> bytes:
        """Serialize the record as JSON text."""
        return json.dumps(asdict(self), indent=1).encode()


def _parsed(values: dict[str, Any]) -> IndexFacts:
    """Parse a record from its JSON; LookupError or TypeError where it is damaged."""
    values["layers"] = tuple(
        LayerFacts(each["name"], each["channels"], tuple(each["map_size"]))
        for each in values["layers"]
    )
    values["arrays"] = {
        name: ArrayFacts(each["dtype"], tuple(each["shape"]), each["count"])
        for name, each in values["arrays"].items()
    }
    for name in ("class_names", "split_names"):
        if not isinstance(values[name], list):
            raise TypeError(name)
        values[name] = tuple(values[name])
    return IndexFacts(**values)


def read_facts(folder: Path) -> IndexFacts:
    """Read the commit record of an index.

    Raises:
        InputError: no index, one of a later version, or a damaged record.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        remedy = "make one with nnviz index"
        raise InputError(str(folder), "is not an index of images", remedy)
    text = read_text(path, _LARGEST_RECORD, "a commit record")
    values = dict(parse_object(text, str(path), "make the index again"))
    version = values.get("version", 0)
    if isinstance(version, int) and version > VERSION:
        raise InputError(str(folder), "was made by a later nnviz", "update nnviz")
    try:
        facts = _parsed(values)
    except (LookupError, TypeError, AttributeError):
        facts = None
    if facts is None or not _is_sound(facts):
        raise InputError(str(path), "is damaged", "make the index again")
    return facts


def _is_sound(facts: ArrayFacts | LayerFacts | IndexFacts) -> bool:
    """Return whether all values of a record are of the declared types."""
    hints = get_type_hints(type(facts))
    return all(
        _fits(getattr(facts, each.name), hints[each.name]) for each in fields(facts)
    )


def _fits(value: object, kind: Any) -> bool:
    """Return whether a value is of a type; whole numbers count from 0."""
    if kind is Any:
        return True
    inner, outer = get_args(kind), get_origin(kind)
    if outer is tuple and isinstance(value, tuple):
        counted = Ellipsis in inner or len(value) == len(inner)
        return counted and all(_fits(each, inner[0]) for each in value)
    if outer is Mapping and isinstance(value, Mapping):
        return all(
            isinstance(name, str) and _fits(each, inner[1])
            for name, each in value.items()
        )
    if isinstance(value, ArrayFacts | LayerFacts):
        return isinstance(value, kind) and _is_sound(value)
    if kind is int:
        return type(value) is int and value >= 0
    return outer is None and isinstance(value, kind)
