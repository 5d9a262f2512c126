"""Classification of files that are dropped, pasted or named, without decoding them."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TypeVar

from nnviz.base.documents.dropped import Dropped, Saved
from nnviz.base.documents.guides import SUFFIX, Guide, read_guide
from nnviz.base.errors import ErrorRecord, InputError, NnvizError, error_record
from nnviz.base.file_formats import (
    CONFIG,
    DESCRIPTIONS,
    IMAGES,
    INDEX,
    NETWORKS,
    PROGRAMS,
    REFUSED_IMAGES,
    VIDEOS,
)
from nnviz.base.host.reading import JSON_ERRORS, exists, is_file, is_folder
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest
from nnviz.media.folders import natural_key
from nnviz.media.headers import foreign
from nnviz.media.index import is_index
from nnviz.media.text_files import TextKind, kind_of_text
from nnviz.storage.replay import (
    find_image,
    model_request,
    read_recipe,
    with_images,
)
from nnviz.storage.results import RECIPE_KEY

Sought = TypeVar("Sought")

MODELS = frozenset([*NETWORKS, *PROGRAMS])
_MAX_IN_FOLDER = 2000
_MOST_COUNTED = 100_000
_MAX_CONFIG_BYTES = 1 << 20
_CONFIG_KEYS = frozenset(["model_type", "architectures", "pretrained_cfg"])
"""Keys of transformers' and timm's configurations; any of them marks a folder as a
network.
"""
_PNG_HEAD_BYTES = 1 << 16
"""Bytes of a PNG that hold the recipe: nnviz writes it before the pixels."""


class FileKind(StrEnum):
    """The kind of a file."""

    IMAGE = "image"
    FOLDER = "folder"
    INDEX = "index"
    IMAGE_LIST = "image list"
    FILM = "film"
    MODEL = "model"
    LABELS = "labels"
    SAVED = "saved"
    GUIDE = "guide"
    UNKNOWN = "unknown"


def kind_of(path: Path) -> FileKind:
    """Return the kind of a file: by its ending; of text and results by its contents."""
    if is_folder(path):
        return _kind_of_folder(path)
    if path.name.lower().endswith(INDEX) or _describes_network(path):
        return FileKind.MODEL
    if holds_recipe(path):
        return FileKind.SAVED
    kind = _TEXTS.get(kind_of_text(path), FileKind.UNKNOWN)
    return _KINDS.get(path.suffix.lower(), kind)


_TEXTS = {
    TextKind.CLASS_NAMES: FileKind.LABELS,
    TextKind.ANNOTATIONS: FileKind.IMAGE_LIST,
    TextKind.TABLE: FileKind.IMAGE_LIST,
    TextKind.RECIPE: FileKind.SAVED,
    TextKind.INDEX: FileKind.INDEX,
}
_KINDS = (
    dict.fromkeys(MODELS, FileKind.MODEL)
    | dict.fromkeys(VIDEOS, FileKind.FILM)
    | dict.fromkeys(IMAGES | REFUSED_IMAGES, FileKind.IMAGE)
    | {SUFFIX: FileKind.GUIDE}
)
"""Kinds by suffix; later entries win where a suffix has two kinds."""


def _kind_of_folder(path: Path) -> FileKind:
    if is_index(path):
        return FileKind.INDEX
    return FileKind.MODEL if holds_network(path) else FileKind.FOLDER


def holds_recipe(path: Path) -> bool:
    """Return whether an image was saved by nnviz: its recipe is before the pixels."""
    if path.suffix.lower() != ".png" or not is_file(path):
        return False
    try:
        with path.open("rb") as file:
            return RECIPE_KEY.encode() in file.read(_PNG_HEAD_BYTES)
    except OSError:
        return False


def holds_network(folder: Path) -> bool:
    """Return whether a folder holds a Hugging Face or timm network, not images.

    Decided by ``config.json`` or an index of weights; no weights are read.
    """
    try:
        if next(folder.glob(f"*{INDEX}"), None) is not None:
            return True
        config = folder / CONFIG
        if not is_file(config) or config.stat().st_size > _MAX_CONFIG_BYTES:
            return False
        values = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, *JSON_ERRORS):
        return False
    return isinstance(values, dict) and not _CONFIG_KEYS.isdisjoint(values)


def _describes_network(path: Path) -> bool:
    """Tell whether a file describes the network in its folder, and stands for it."""
    if path.name not in DESCRIPTIONS or not is_file(path):
        return False
    return path.name != CONFIG or holds_network(path.parent)


def look_at(files: Iterable[str]) -> Dropped:
    """Classify files; reads folders and saved results, decodes no image.

    Except for the image of a saved result, whose hash is compared.
    """
    found = _Found()
    for file in dict.fromkeys(files):
        try:
            found.add(file)
        except NnvizError as error:
            found.errors.append(error_record(error))
    return found.dropped()


@dataclass(slots=True)
class _Found:
    """Files sorted so far."""

    pictures: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    films: list[str] = field(default_factory=list)
    saved: list[Saved] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    cut: list[ErrorRecord] = field(default_factory=list)
    guides: list[Guide] = field(default_factory=list)

    def add(self, file: str) -> None:
        """Classify one file and append it to its list.

        Raises:
            NnvizError: it cannot be opened.
        """
        path = Path(file)
        kind = kind_of(path)
        kept = {
            FileKind.IMAGE: self.pictures,
            FileKind.MODEL: self.models,
            FileKind.LABELS: self.labels,
            FileKind.FILM: self.films,
            FileKind.IMAGE_LIST: self.lists,
        }
        match kind:
            case FileKind.FOLDER:
                self._add_folder(path)
            case FileKind.INDEX:
                self.indexes.append(str(path if is_folder(path) else path.parent))
            case FileKind.GUIDE:
                self.guides.append(read_guide(path))
            case FileKind.SAVED:
                self.saved.append(restore(path))
            case FileKind.UNKNOWN:
                raise _refusal(path)
            case _:
                kept[kind].append(file)

    def _add_folder(self, folder: Path) -> None:
        found = images_in(folder)
        self.folders.append(str(folder))
        self.pictures += found[:_MAX_IN_FOLDER]
        if len(found) > _MAX_IN_FOLDER:
            self.cut.append(error_record(_too_many(folder, len(found))))

    def dropped(self) -> Dropped:
        """Return the classified files."""
        return Dropped(
            tuple(self.pictures),
            tuple(self.models),
            tuple(self.labels),
            tuple(self.films),
            tuple(self.saved),
            tuple(self.errors),
            tuple(self.folders),
            tuple(self.indexes),
            tuple(self.guides),
            tuple(self.lists),
            tuple(self.cut),
        )


def restore(path: Path) -> Saved:
    """Read a saved result: its recipe, its image and the request for its network.

    Raises:
        InputError: the file holds no readable recipe.
    """
    recipe = read_recipe(path)
    troubles: list[str] = []
    model = _or_none(lambda: model_request(recipe, path), troubles)
    image = _or_none(lambda: find_image(recipe, path), troubles)
    whole = _or_none(lambda: with_images(recipe, path), troubles)
    return Saved(
        path.name,
        whole or recipe,
        model or _without_labels(recipe),
        image,
        tuple(troubles),
    )


def _or_none(seek: Callable[[], Sought], troubles: list[str]) -> Sought | None:
    try:
        return seek()
    except NnvizError as error:
        troubles.append(f"{error.what}: {error.reason}")
        return None


def _without_labels(recipe: Recipe) -> ModelRequest:
    return ModelRequest(reference=recipe.model, preprocess=recipe.preprocess)


def images_in(folder: Path) -> list[str]:
    """List the images in a folder and below, folder by folder, in natural order.

    Raises:
        InputError: there are none.
    """
    found = [str(path) for path in islice(_pictures(folder), _MOST_COUNTED)]
    if not found:
        raise InputError(
            folder.name or str(folder),
            "holds no images",
            "pick a folder with .jpg, .png or other images",
        )
    return found


def _pictures(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        shown = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(shown, key=natural_key)
        for name in sorted(files, key=natural_key):
            if Path(name).suffix.lower() in IMAGES and not name.startswith("."):
                yield Path(parent, name)


def _too_many(folder: Path, count: int) -> InputError:
    more = "more than " if count == _MOST_COUNTED else ""
    return InputError(
        folder.name or str(folder),
        f"holds {more}{count} images; the first {_MAX_IN_FOLDER} are shown",
        "open its subfolders one by one, or use nnviz run for all of them",
    )


def _refusal(path: Path) -> InputError:
    """Return the error for a file that cannot be opened, naming its format if known."""
    if is_file(path):
        with path.open("rb") as file:
            known = foreign(file.read(64), path.name)
        if known is not None:
            return known
    reason = "nnviz cannot open this kind" if exists(path) else "no such file"
    return InputError(
        path.name,
        reason,
        "images, videos, networks (.safetensors, .pt, .pth, .onnx), label lists, lists "
        "of images (COCO's .json, .csv) and saved results can be opened",
    )
