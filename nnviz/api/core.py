"""Networks, images, runs and results, from Python."""

import dataclasses
import warnings
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from contextlib import closing
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike

from nnviz.api.summary import summarize
from nnviz.base.errors import InputError, UsageError, unknown
from nnviz.base.events import Job, Progress
from nnviz.base.host.interrupts import held_back
from nnviz.base.images import Image, image_from_array
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.parameters import Value, former_names
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import (
    AnyRequest,
    FetchModel,
    LoadModel,
    ModelRequest,
    Request,
    RunMethod,
    fields_of,
)
from nnviz.base.results import Array, Report
from nnviz.base.results import Result as BaseResult
from nnviz.media import decode, side_cars
from nnviz.media.arrays import check_pixels
from nnviz.media.encode import encode_png
from nnviz.storage import recent
from nnviz.storage import replay as stored
from nnviz.storage.contact_sheets import save_contact_sheet

if TYPE_CHECKING:
    from torch import Tensor, nn

    from nnviz.engine.jobs import Session
    from nnviz.engine.models.model import Model as OpenedModel


T = TypeVar("T")
OnProgress = Callable[[Progress], None]
"""Called on the caller's thread with each progress of a job."""

Pictured = Image | str | PathLike[str] | Array
"""An image, its path, or its pixels."""
PICTURE_WIDTH = 1200


class Model:
    """An opened network, with its preprocessing and labels.

    Attributes:
        info: facts about it: labels, layers, preprocessing, findings.
        request: how it was opened.
    """

    def __init__(self, request: ModelRequest, info: ModelInfo) -> None:
        self.request = request
        self.info = info

    def __repr__(self) -> str:
        """Return a summary: reference, number of classes and of layers."""
        classes, layers = len(self.info.labels), len(self.info.layers)
        return (
            f"<nnviz.Model {self.info.reference}: {classes} classes, {layers} layers>"
        )

    def pixel_module(self) -> "nn.Module":
        """Return a module from pixels in [0, 1] (N, C, H, W) to the raw output."""
        return self._opened().pixel_module()

    def pixel_input(self, image: Image) -> "Tensor":
        """Return a photo as an input of ``pixel_module``, float32 (1, C, H, W)."""
        return self._opened().pixel_input(image)

    def _opened(self) -> "OpenedModel":
        return cast("OpenedModel", _finish(session().store.open(self.request, _never)))


class Result:
    """The result of a method.

    ``result.data`` is the main array; ``result[name]`` is any array under the name that
    ``save`` gives it in the .npz.  Like an opened .npz, a result is iterated by these
    names: ``list(result)``, ``"data" in result``, ``dict(result)``; numpy converts it
    to its main array.

    Attributes:
        report: the results themselves, with their units and frames.
        recipe: recipe that reproduces them.
        image: the image, or None.
    """

    def __init__(self, run: Run) -> None:
        self.report: Report = run.report
        self.recipe: Recipe = run.recipe
        self.image: Image | None = run.image
        self._run = run

    def __repr__(self) -> str:
        """Return a summary: method and names of the results."""
        return f"<nnviz.Result {self.recipe.method}: {', '.join(self.report)}>"

    def __getitem__(self, name: str) -> Array:
        """Return an array by its name in the .npz.

        Raises:
            UsageError: there is no array of that name; names the nearest.
        """
        arrays = self.report.arrays()
        if name == next(iter(self.report)):
            name = "data"
        if name not in arrays:
            raise unknown("array", str(name), arrays)
        return arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate the arrays' names, "data" first."""
        return iter(self.keys())

    def __len__(self) -> int:
        """Return the number of arrays."""
        return len(self.keys())

    def __contains__(self, name: object) -> bool:
        """Return whether ``result[name]`` is an array."""
        return name in self.keys() or name == next(iter(self.report))

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> Array:
        """Return the main array, for ``numpy.asarray(result)``."""
        return np.array(self.data, dtype, copy=copy)

    def keys(self) -> KeysView[str]:
        """Return the arrays' names, "data" first."""
        return self.report.arrays().keys()

    @property
    def data(self) -> Array:
        """The main result's main array, read-only."""
        return self.report.main.arrays()[""]

    @property
    def main(self) -> BaseResult:
        """The main result, with its unit, frame and placement."""
        return self.report.main

    def summary(self) -> dict[str, Any]:
        """Return a JSON summary of the run and its results; see ``api.summary``."""
        return summarize(self.report, self.recipe)

    def _repr_png_(self) -> bytes:
        """Return the image that Jupyter shows, PNG."""
        return encode_png(self.painted())

    def painted(self, width: int = PICTURE_WIDTH) -> Array:
        """Return the report as an image with captions and legend, uint8 (H, W, 3)."""
        from nnviz.render.report import paint_report  # noqa: PLC0415  slow fonts

        return paint_report(self.report, self.image, width, self.recipe.title)

    picture = painted
    """Former name of ``painted``."""

    def save(
        self, folder: str | PathLike[str], stem: str | None = None
    ) -> tuple[Path, ...]:
        """Write STEM.METHOD.png, .npz and .json; return their paths.

        Args:
            folder: is made if it does not exist.
            stem: by default the image's name.

        Raises:
            InputError: the folder cannot be written to, or the disk is full.
        """
        from nnviz.storage.results import save_run  # noqa: PLC0415  as painted()

        return save_run(self._run, Path(folder), stem)

    def figure(self, path: str | PathLike[str]) -> Path:
        """Write the main result as a figure for a slide or a paper; return the path.

        No title, a transparent background, text and color bar as vectors; the suffix
        sets the format.

        Args:
            path: ends with .svg, .pdf or .png.

        Raises:
            UsageError: the path has another suffix.
            InputError: it cannot be written.
        """
        from nnviz.storage.figures import save_figure  # noqa: PLC0415  as painted()

        return save_figure(self.report.main, self.image, Path(path))


@cache
def session() -> "Session":
    """Return the session of this process; the first call imports torch."""
    with held_back():
        from nnviz.engine.jobs import Session  # noqa: PLC0415  two seconds

    return Session()


def methods() -> dict[str, MethodInfo]:
    """Return all methods by name, with their parameters, help and references."""
    return {method.name: method for method in session().catalogue().methods}


def load(
    model: "str | PathLike[str] | nn.Module",
    *,
    preprocess: Preprocess | Mapping[str, Any] | None = None,
    labels: str | PathLike[str] | Sequence[str] = "",
    task: str = "",
    outputs: str | int = "",
    unit: str = "",
    fixed: Mapping[str, Any] | None = None,
    device: str = "auto",
    trust: bool = False,
    progress: OnProgress | None = None,
) -> Model:
    """Open a network.

    Args:
        model: a reference ("bundled:imagenet", "zoo:resnet18@random"), a file's path,
            or an ``nn.Module`` that takes normalized pixels (N, C, H, W).
        preprocess: in place of the network's own; a module needs one.  Fields that a
            mapping leaves out keep the network's own values, or ImageNet's for a
            module.
        labels: a label file's path; for a module also the names themselves.
        task: the network's task, in place of the detected one: "classify",
            "multi-label", "regress", "detect", "segment", "image-to-image", "embed",
            "generic".
        outputs: the tensor to use where a network returns several: a key ("logits"), a
            field, or an index in a tuple (1).
        unit: of a regression network's numbers: "years".
        fixed: for a module with several inputs: all but the image, by parameter name of
            its ``forward``, with batch size 1.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        trust: whether to run a program (TorchScript, ``.pt2``, a pickled module, Python
            code) in its own process; consent is remembered by the file's hash.
        progress: called with each ``Progress`` of opening the network.

    Raises:
        NnvizError: the network cannot be opened; says why and what would help.
    """
    chosen, fields = _preprocess(preprocess)
    said = ModelRequest(
        reference="",
        task=task,
        outputs=str(outputs),
        unit=unit,
        device=device,
        trust=trust,
    )
    if not isinstance(model, str | PathLike):
        if isinstance(preprocess, Mapping):
            chosen = Preprocess().with_fields(dict(fields))
        return _adopt(model, chosen, labels, said, fixed or {})
    if not isinstance(labels, str | PathLike):
        raise UsageError(
            "labels", "names can be given for an nn.Module only", "give a file's path"
        )
    request = dataclasses.replace(
        said,
        reference=str(model),
        preprocess=chosen,
        fields=fields,
        labels=str(labels),
    )
    return Model(request, perform(LoadModel(request), progress))


def contact_sheet(
    results: Sequence[Result], path: str | PathLike[str] = "contact.png"
) -> Path:
    """Write results side by side as one PNG file, each with its legend.

    Args:
        results: of any methods, most often on one image, which then stands first.
        path: the file, which ends in .png.

    Raises:
        UsageError: there is no result, or the path does not end in .png.
        InputError: the file cannot be written.
    """
    runs = [result._run for result in results]  # noqa: SLF001 - of this module
    return save_contact_sheet(runs, Path(path))


def write_side_car(model: Model) -> Path:
    """Write a network's sidecar beside its file; return the sidecar's path.

    Opened again, the file has this preprocessing, these names, task and output.

    Raises:
        InputError: the network comes from no file, or the folder cannot be written to.
    """
    info = model.info
    return side_cars.write_side_car(
        Path(info.reference), info.preprocess, info.labels, model.request
    )


def fetch(reference: str, progress: OnProgress | None = None) -> Path:
    """Download a network's weights unless they are there; return the file's path.

    Raises:
        OfflineError: they could not be downloaded; names the file and its folder.
    """
    return Path(perform(FetchModel(reference), progress))


def open_image(
    source: str | PathLike[str] | Array, *, max_pixels: int | None = None
) -> Image:
    """Open an image.

    Args:
        source: a file's path, or (H, W) or (H, W, C) pixels: uint8, uint16, or float
            in [0, 1].
        max_pixels: larger images are refused before they are decoded.

    Raises:
        InputError: the file is missing, is no image, or is too large; the array has no
            image's shape, or numbers outside their range.
    """
    if isinstance(source, np.ndarray):
        return image_from_array(check_pixels(source))
    if not isinstance(source, str | PathLike):
        raise UsageError(
            type(source).__name__,
            "is not an image",
            "give a path or an array of pixels",
        )
    limit = decode.MAX_PIXELS if max_pixels is None else max_pixels
    return decode.open_image(Path(source), limit)


def _warn_of_former_names(method: str, params: Mapping[str, Value]) -> None:
    info = methods().get(method) if params else None
    former = former_names(info.parameters) if info is not None else {}
    for name in former.keys() & params.keys():
        words = f"{method}: {name} is called {former[name]} now"
        warnings.warn(words, DeprecationWarning, stacklevel=3)


def run(
    method: str,
    model: Model | str | PathLike[str] | None = None,
    image: Image | str | PathLike[str] | Array | None = None,
    *,
    seed: int = 0,
    progress: OnProgress | None = None,
    record: str | PathLike[str] = "",
    **params: Value,
) -> Result:
    """Run a method.

    Args:
        method: its name; ``nnviz.methods()`` has them all.
        model: what ``load`` returns or accepts; None for a method that needs no
            network.
        image: what ``open_image`` returns or accepts; None for a method that needs
            none.
        seed: of the random numbers.
        progress: called with each ``Progress`` of the method.
        record: new folder that keeps the steps of an optimization.
        **params: the method's parameters; those left out keep their defaults.

    Raises:
        NnvizError: says in words what is wrong: the method, a parameter, the image.

    Warns:
        DeprecationWarning: a parameter was given by a former name.
    """
    _warn_of_former_names(method, params)
    photo = image if image is None or isinstance(image, Image) else open_image(image)
    if record and photo is not None:
        recent.remember(photo)  # first, so that it is found even if the run fails
    request = RunMethod(
        method=method,
        model=_network(method, model),
        image=photo,
        values=params,
        seed=seed,
        recording=str(record),
    )
    return Result(perform(request, progress))


def _network(method: str, model: Model | str | PathLike[str] | None) -> ModelRequest:
    """Return the request of the network that a method is to run on.

    Raises:
        UsageError: the method needs a network, and none is named.
    """
    if isinstance(model, Model):
        return model.request
    if model is not None:
        return load(model).request
    info = methods().get(method)
    if info is not None and info.needs_model:
        raise UsageError(method, "needs a network", 'name one: "bundled:imagenet"')
    return ModelRequest(reference="")


def replay(
    file: str | PathLike[str],
    image: Image | str | PathLike[str] | Array | None = None,
    *,
    labels: str | PathLike[str] = "",
    progress: OnProgress | None = None,
) -> Result:
    """Reproduce a saved result, to the byte on the same machine and versions.

    Args:
        file: a .png or .json that ``Result.save`` or ``nnviz run`` wrote.
        image: the image; by default it is found by its hash, next to the file or where
            it was last used.  Another image is accepted.
        labels: the recipe's label file, where it does not lie beside the file.
        progress: called with each ``Progress`` of the method.

    Raises:
        InputError: no recipe; the image is not found; the network has changed.
    """
    path = Path(file)
    recipe = stored.read_recipe(path)
    photo = (
        stored.find_image(recipe, path) if image is None else photo_of(recipe, image)
    )
    request = stored.model_request(recipe, path, str(labels))
    info = perform(LoadModel(request), progress) if recipe.model else None
    if info is not None and info.sha256 != recipe.model_sha256:
        raise InputError(
            recipe.model,
            f"has other weights than the recipe's of {path.name}",
            f"open those with sha256 {recipe.model_sha256[:12]}",
        )
    asked = stored.request_of(stored.with_images(recipe, path), photo, request)
    return Result(perform(asked, progress))


def perform(request: Request[T], progress: OnProgress | None = None) -> T:
    """Carry out a request in this thread and return its result."""
    with closing(session().job(cast("AnyRequest", request), _never)) as job:
        return cast("T", _finish(job, progress))


def _finish(job: Job | Any, progress: OnProgress | None = None) -> object:
    while True:
        try:
            step = next(job)
        except StopIteration as end:
            return end.value
        if progress and isinstance(step, Progress):
            progress(step)


def _never() -> None:
    """Do nothing: an inline job ends by an exception such as KeyboardInterrupt."""


def photo_of(recipe: Recipe, image: Image | str | PathLike[str] | Array) -> Image:
    """Open an image; if it is the recipe's, under the recipe's name."""
    photo = image if isinstance(image, Image) else open_image(image)
    if photo.sha256 != recipe.image_sha256:
        return photo
    return dataclasses.replace(photo, name=recipe.image)


def _preprocess(
    given: Preprocess | Mapping[str, Any] | None,
) -> tuple[Preprocess | None, tuple[tuple[str, object], ...]]:
    """Return a whole preprocessing, or the fields to change in the network's own."""
    if given is None or isinstance(given, Preprocess):
        return given, ()
    return None, fields_of(given)


def _told_apart(
    labels: str | PathLike[str] | Sequence[str],
) -> tuple[str, tuple[str, ...]]:
    """Return a label file's path and a tuple of names, one of the two empty."""
    if isinstance(labels, str | PathLike):
        return str(labels), ()
    return "", tuple(labels)


def _adopt(
    net: "nn.Module",
    preprocess: Preprocess | None,
    labels: str | PathLike[str] | Sequence[str],
    said: ModelRequest,
    fixed: Mapping[str, Any],
) -> Model:
    if isinstance(net, type) or not hasattr(net, "state_dict"):
        name = net.__name__ if isinstance(net, type) else type(net).__name__
        raise UsageError(
            name,
            "is a class, not a network"
            if isinstance(net, type)
            else "is not a network",
            "give a reference, a path or a module",
        )
    file, names = _told_apart(labels)
    reference = session().store.adopt(net, preprocess, names, fixed=fixed)
    request = dataclasses.replace(said, reference=reference, labels=file)
    return Model(request, perform(LoadModel(request)))
