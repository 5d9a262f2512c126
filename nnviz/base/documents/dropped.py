"""Files that were dropped, pasted or named, sorted by kind."""

from dataclasses import dataclass

from nnviz.base.documents.guides import Guide
from nnviz.base.errors import ErrorRecord
from nnviz.base.images import Image
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A saved result, with everything needed to restore it.

    Attributes:
        file: name of the result's file.
        recipe: recipe of the result.
        model: the network, with its preprocessing and labels.
        image: the image; None where there was none or it was not found.
        troubles: what was not found or has changed, in words.
    """

    file: str
    recipe: Recipe
    model: ModelRequest
    image: Image | None
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """Files sorted by kind, in the order given.

    Attributes:
        pictures: paths of images, those in folders included.
        models: paths of files of weights, and of folders that hold a network.
        labels: paths of lists of class names.
        films: paths of video files.
        saved: results of nnviz.
        folders: folders whose images are in ``pictures``.
        indexes: folders that hold an image index.
        guides: guided lessons.
        lists: paths of files that name many images: COCO's annotations, tables.
        cut: folders of which only the first images are in ``pictures``.
        errors: why the other files cannot be opened.
    """

    pictures: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    films: tuple[str, ...] = ()
    saved: tuple[Saved, ...] = ()
    errors: tuple[ErrorRecord, ...] = ()
    folders: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    guides: tuple[Guide, ...] = ()
    lists: tuple[str, ...] = ()
    cut: tuple[ErrorRecord, ...] = ()
