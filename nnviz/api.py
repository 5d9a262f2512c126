"""The Python API: what ``import nnviz`` offers.  No Qt, no threads.

Jobs run inline, on the caller's thread, in one session per process; it keeps opened
networks and activations within bounds.  Torch is imported when a network is first
opened.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nnviz.base import boards
from nnviz.base.attacks import Rescaled, SavedPicture, attacked_photo
from nnviz.base.errors import (
    ErrorKind,
    ErrorRecord,
    InputError,
    NnvizError,
    UsageError,
    unknown,
)
from nnviz.base.evaluation import Evaluation, Robustness, usual_norm
from nnviz.base.events import Job, Progress
from nnviz.base.images import Image, image_from_array
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.interrupts import held_back
from nnviz.base.parameters import Value
from nnviz.base.placed import Cut
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import (
    ChangeFilm,
    EvaluateModel,
    FetchModel,
    LoadModel,
    MeasureRobustness,
    ModelRequest,
    Moment,
    Request,
    RescaleNoise,
    RunMethod,
    SaveAttacked,
)
from nnviz.base.results import Array, Report
from nnviz.base.results import Result as BaseResult
from nnviz.base.tapes import FilmRequest
from nnviz.media import decode, recordings
from nnviz.media.recordings import Recording
from nnviz.runtime import attacks as saved_attacks
from nnviz.runtime import recent
from nnviz.runtime import replay as stored

if TYPE_CHECKING:
    from torch import Tensor, nn

    from nnviz.engine.models.model import Model as OpenedModel
    from nnviz.engine.session import Session
    from nnviz.render.board import Board

OnProgress = Callable[[Progress], None]
"""Called on the caller's thread with each progress of a job."""

Pictured = Image | str | PathLike[str] | Array
"""A photograph, or where it is found."""
PICTURE_WIDTH = 1200


class Model:
    """A network that was opened, with its preprocessing and labels.

    Attributes:
        info: what is known of it: labels, layers, preprocessing, findings.
        request: how it was opened.
    """

    def __init__(self, request: ModelRequest, info: ModelInfo) -> None:
        self.request = request
        self.info = info

    def __repr__(self) -> str:
        """Say what it is."""
        classes, layers = len(self.info.labels), len(self.info.layers)
        return (
            f"<nnviz.Model {self.info.reference}: {classes} classes, {layers} layers>"
        )

    def pixel_module(self) -> "nn.Module":
        """Return a module from pixels in [0, 1] (N, C, H, W) to the raw output."""
        return self._opened().pixel_module()

    def pixel_input(self, image: Image) -> "Tensor":
        """Return a photo as ``pixel_module`` takes it, float32 (1, C, H, W)."""
        return self._opened().pixel_input(image)

    def _opened(self) -> "OpenedModel":
        return cast("OpenedModel", _finish(session().store.open(self.request, _never)))


class Result:
    """What a method found.

    ``result.data`` is the main array; ``result[name]`` is any array under the name
    that ``save`` gives it in the .npz.

    Attributes:
        report: the results themselves, with their units and frames.
        recipe: what makes them again.
        image: the photograph, or None.
    """

    def __init__(self, run: Run) -> None:
        self.report: Report = run.report
        self.recipe: Recipe = run.recipe
        self.image: Image | None = run.image
        self._run = run

    def __repr__(self) -> str:
        """Say what was run and what there is."""
        return f"<nnviz.Result {self.recipe.method}: {', '.join(self.report)}>"

    def __getitem__(self, name: str) -> Array:
        """Return an array by its name in the .npz.

        Raises:
            UsageError: there is none of that name; it names the nearest.
        """
        arrays = self.report.arrays()
        if name == next(iter(self.report)):
            name = "data"
        if name not in arrays:
            raise unknown("array", name, arrays)
        return arrays[name]

    @property
    def data(self) -> Array:
        """The main result's main array, read-only."""
        return self.report.main.arrays()[""]

    @property
    def main(self) -> BaseResult:
        """The main result with all that it says of itself."""
        return self.report.main

    def picture(self, width: int = PICTURE_WIDTH) -> Array:
        """Return the report as a picture with captions and legend, uint8 (H, W, 3)."""
        from nnviz.render.report import paint_report  # noqa: PLC0415  slow fonts

        return paint_report(self.report, self.image, width, self.recipe.title)

    def save(
        self, folder: str | PathLike[str], stem: str | None = None
    ) -> tuple[Path, ...]:
        """Write STEM.METHOD.png, .npz and .json; return their paths.

        Args:
            folder: is made if it does not exist.
            stem: the photograph's name where left out.

        Raises:
            InputError: the folder cannot be written to, or the disk is full.
        """
        from nnviz.runtime.export import save_run  # noqa: PLC0415  as picture()

        return save_run(self._run, Path(folder), stem)


@cache
def session() -> "Session":
    """Return the session of this process; the first call imports torch."""
    with held_back():
        from nnviz.engine.session import Session  # noqa: PLC0415  two seconds

    return Session()


def methods() -> dict[str, MethodInfo]:
    """Return all methods by name, with their parameters, help and references."""
    return {method.name: method for method in session().catalogue().methods}


def load(
    model: "str | PathLike[str] | nn.Module",
    *,
    preprocess: Preprocess | Mapping[str, Any] | None = None,
    labels: str | PathLike[str] | Sequence[str] = "",
    device: str = "auto",
    progress: OnProgress | None = None,
) -> Model:
    """Open a network.

    Args:
        model: a reference ("bundled:objects", "zoo:resnet18@random"), a file's path,
            or an ``nn.Module`` that takes normalised pixels (N, C, H, W).
        preprocess: in place of the network's own; a module needs one.  A mapping may
            leave out fields that are ImageNet's.
        labels: a label file's path; for a module also the names themselves.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        progress: told how far opening is.

    Raises:
        NnvizError: the network cannot be opened; says why and what would help.
    """
    chosen = _preprocess(preprocess)
    if not isinstance(model, str | PathLike):
        return _adopt(model, chosen, labels, device)
    if not isinstance(labels, str | PathLike):
        raise UsageError(
            "labels", "names can be given for an nn.Module only", "give a file's path"
        )
    request = ModelRequest(
        reference=str(model), preprocess=chosen, labels=str(labels), device=device
    )
    return Model(request, cast("ModelInfo", perform(LoadModel(request), progress)))


def fetch(reference: str, progress: OnProgress | None = None) -> Path:
    """Download a network's weights unless they are there; return the file's path.

    Raises:
        OfflineError: they could not be fetched; names the file and its folder.
    """
    return Path(cast("str", perform(FetchModel(reference), progress)))


def open_image(
    source: str | PathLike[str] | Array, *, max_pixels: int | None = None
) -> Image:
    """Open a picture.

    Args:
        source: a file's path, or (H, W) or (H, W, C) pixels: uint8, uint16, or float
            in [0, 1].
        max_pixels: larger pictures are refused before they are decoded.

    Raises:
        InputError: no such file, no picture, or one that is too large.
    """
    if isinstance(source, np.ndarray):
        return image_from_array(source)
    limit = decode.MAX_PIXELS if max_pixels is None else max_pixels
    return decode.open_image(Path(source), limit)


def run(
    method: str,
    model: Model | str | PathLike[str],
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
        model: what ``load`` returned, or what it takes.
        image: what ``open_image`` returned, or what it takes; None for a method
            that needs none.
        seed: of the random numbers.
        progress: told how far the method is.
        record: new folder that keeps the steps of an optimisation.
        **params: the method's parameters; what is left out has its default.

    Raises:
        NnvizError: says in words what is wrong: the method, a parameter, the picture.
    """
    opened = model if isinstance(model, Model) else load(model)
    photo = image if image is None or isinstance(image, Image) else open_image(image)
    if record and photo is not None:
        recent.remember(photo)  # to find it again, whatever stops the run
    request = RunMethod(
        method=method,
        model=opened.request,
        image=photo,
        values=params,
        seed=seed,
        recording=str(record),
    )
    return Result(cast("Run", perform(request, progress)))


def open_recording(folder: str | PathLike[str]) -> Recording:
    """Open what ``run(..., record=folder)`` wrote: numbers and frames of its steps.

    Raises:
        InputError: the folder holds no recording, or it is damaged.
    """
    return recordings.open_recording(Path(folder))


def resume(
    folder: str | PathLike[str],
    step: int = -1,
    image: Pictured | None = None,
    *,
    record: str | PathLike[str] = "",
    progress: OnProgress | None = None,
    **params: Value,
) -> Result:
    """Go on with a recorded optimisation that was stopped, or from an earlier step.

    It goes on bit for bit, whatever stopped it.

    Args:
        folder: of the recording.
        step: its number; -1 for the newest.
        image: the photograph; where left out it is found by its hash.
        record: another folder, for a fork; where left out the recording itself goes
            on, and what came after the step is dropped.
        progress: told how far the method is.
        **params: steerable parameters to change from there on.

    Raises:
        NnvizError: no recording; no such step; the network or photograph has changed.
    """
    recipe = open_recording(folder).recipe
    beside = Path(folder) / recordings.RECIPE_FILE
    photo = (
        stored.find_picture(recipe, beside) if image is None else _photo(recipe, image)
    )
    files = stored.with_pictures(recipe, beside).values
    request = RunMethod(
        method=recipe.method,
        model=stored.model_request(recipe, beside),
        image=photo,
        values={name: files[name] for name in recipe.pictures} | params,
        recording=str(record or folder),
        begin=Moment(str(folder), step),
    )
    return Result(cast("Run", perform(request, progress)))


def print_sticker(
    sticker: str | PathLike[str],
    out: str | PathLike[str],
    *,
    width_mm: float = 80.0,
    paper: str = "a4",
    copies: int = 1,
    marks: bool = True,
) -> Path:
    """Write a sticker as a PDF page, on which it has its size in millimetres.

    Args:
        sticker: a picture's file; "round:FILE" for its largest disc; "round:#ff0000"
            or "square:#ff0000" for one colour.
        out: the file to write, .pdf.
        width_mm: width of the sticker on paper, mm.
        paper: "a4" or "letter".
        copies: how many on the page; 0 for as many as it holds.
        marks: whether crop marks are drawn around each.

    Returns:
        ``out``.

    Raises:
        NnvizError: no such sticker or paper, or the page does not hold so many.
    """
    # Imported here: it loads painters.
    from nnviz.render.printing import Print  # noqa: PLC0415
    from nnviz.runtime import sticker_print  # noqa: PLC0415

    order = Print(width=width_mm, paper=paper, copies=copies, marks=marks)
    return sticker_print.print_sticker(Cut.parse(str(sticker)), Path(out), order)


def export_recording(
    folder: str | PathLike[str],
    out: str | PathLike[str],
    *,
    rate: float = 15.0,
    blend: float = 0.0,
    progress: OnProgress | None = None,
) -> Path:
    """Write a recording as a film.

    Args:
        folder: of the recording.
        out: a file's name, .mp4 or .gif; else a folder for numbered PNG files.
        rate: frames a second.
        blend: share of the photograph in each frame, 0 to 1.
        progress: told how far it is.

    Returns:
        ``out``.

    Raises:
        NnvizError: no recording, or the disk does not allow it.
    """
    # Imported here: it loads painters.
    from nnviz.runtime import recording_export as films  # noqa: PLC0415

    request = FilmRequest(folder=str(folder), out=str(out), rate=rate, blend=blend)
    return films.export_recording(request, progress or (lambda _: None))[0]


def film(
    method: str,
    model: Model | str | PathLike[str],
    source: str | PathLike[str],
    out: str | PathLike[str],
    *,
    kept: float | None = None,
    seconds: float = float("inf"),
    seed: int = 0,
    progress: OnProgress | None = None,
    **params: Value,
) -> tuple[str, ...]:
    """Run a method on every picture of a film, such as "deep_dream".

    Args:
        method: one whose main result is a picture.
        model: what ``load`` returned, or what it takes.
        source: the film's path.
        out: the new film's, .mp4 or .gif; an MP4 gets the sound of the other.
        kept: share of the last result in the next picture, 0 to below 1; left out,
            0.15, or 0 for methods that follow cameras: they steady films themselves.
        seconds: after which it ends.
        seed: of the random numbers, the same for each picture.
        progress: told after each picture.
        **params: the method's parameters; what is left out has its default.

    Returns:
        What there is to say of it.

    Raises:
        NnvizError: no film, no pictures come out, or the disk does not allow it.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = ChangeFilm(
        method=method,
        model=opened.request,
        film=str(source),
        out=str(out),
        values=params,
        seed=seed,
        kept=kept,
        seconds=seconds,
    )
    return cast("tuple[str, ...]", perform(request, progress))


def board(
    images: "Pictured | Sequence[Pictured]",
    methods: Sequence[str] = boards.COMPARED,
    models: "Model | str | Sequence[Model | str]" = "bundled:objects",
    *,
    target: str = "",
    values: Mapping[str, Mapping[str, Value]] | None = None,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> "Board":
    """Compare methods, networks and photographs: a row a network and photograph.

    A place whose method cannot work keeps its error in words; the others go on.

    Args:
        images: one or several of what ``open_image`` returned or takes.
        methods: names, of the group "Explain"; a column each.
        models: one or several of what ``load`` returned or takes.
        target: what is asked, as on the command line; empty for the class that each
            network predicts.
        values: parameters by method's name; what is left out has its default.
        seed: of the random numbers.
        progress: told how far each method is, and how far the board.

    Raises:
        NnvizError: no such method, network or picture.
    """
    from nnviz.render.board import Board  # noqa: PLC0415  slow fonts

    several = isinstance(images, Sequence) and not isinstance(images, str)
    photos = cast("Sequence[Pictured]", images if several else [images])
    single = isinstance(models, str | Model)
    networks = cast("Sequence[Model | str]", [models] if single else models)
    opened = [each if isinstance(each, Model) else load(each) for each in networks]
    plan = boards.Plan(
        methods=boards.chosen_methods(session().catalogue().methods, methods),
        networks=tuple(
            boards.Network(request=each.request, title=each.info.title)
            for each in opened
        ),
        images=tuple(
            each if isinstance(each, Image) else open_image(each) for each in photos
        ),
        target=target,
        values=values or {},
        seed=seed,
    )
    return Board(
        plan,
        {
            place: _outcome(cell.request, progress)
            for place, cell in enumerate(plan.cells())
        },
    )


def _outcome(request: RunMethod, progress: OnProgress | None) -> Run | ErrorRecord:
    """Run one place of a board; what its user can mend does not end the others."""
    try:
        return cast("Run", perform(request, progress))
    except NnvizError as error:
        return ErrorRecord(ErrorKind.USER, str(error), "")


def evaluate(
    model: Model | str | PathLike[str],
    data: str | PathLike[str],
    *,
    held_out: bool = False,
    limit: int = 0,
    progress: OnProgress | None = None,
) -> Evaluation:
    """Measure how good a network is on pictures whose truth is known.

    Args:
        model: what ``load`` returned, or what it takes.
        data: a folder or zip file with a sub-folder for each class, or with pictures
            and COCO's annotations; or "digits", "scenes", "scenes-planted",
            "scenes-contradicting", which the program makes.
        held_out: only the part that the project's networks are never trained on.
        limit: most pictures, taken evenly from all; 0 for all.
        progress: told how far it is.

    Raises:
        NnvizError: no such data, or none that the network knows.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = EvaluateModel(
        model=opened.request, data=str(data), held_out=held_out, limit=limit
    )
    return cast("Evaluation", perform(request, progress))


def attack_curve(
    model: Model | str | PathLike[str],
    data: str | PathLike[str],
    *,
    attack: str = "pgd",
    norm: str = "",
    epsilons: Sequence[float] = (0, 1, 2, 4, 8),
    steps: int = 20,
    held_out: bool = False,
    limit: int = 0,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> Robustness:
    """Measure how often a network is right where every picture is attacked.

    Args:
        model: what ``load`` returned, or what it takes.
        data: a folder or zip file.  Where its sub-folders are called as classes of
            the network, they tell what is right; else what the network says of the
            pictures as they are counts as right.
        attack: "fgsm", "pgd", "deepfool" or "cw".  The last two look for the least
            noise in L2, of which one attack tells the whole curve.
        norm: "linf" or "l2"; empty for the attack's usual one.
        epsilons: in 1/255, rising.
        steps: of the attack.
        held_out: only the part that the project's networks are never trained on.
        limit: most pictures, taken evenly from all; 0 for all.
        seed: of the random starts.
        progress: told how far it is.

    Raises:
        NnvizError: no such data or attack, or no network that classifies.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = MeasureRobustness(
        model=opened.request,
        data=str(data),
        attack=attack,
        norm=norm or usual_norm(attack),
        epsilons=tuple(map(float, epsilons)),
        steps=steps,
        held_out=held_out,
        limit=limit,
        seed=seed,
    )
    return cast("Robustness", perform(request, progress))


def rescale(
    attack: Result | str | PathLike[str],
    epsilon: float | None = None,
    image: Pictured | None = None,
    *,
    labels: str | PathLike[str] = "",
    progress: OnProgress | None = None,
) -> Rescaled:
    """Make an attack's noise weaker and ask the network again.

    Args:
        attack: what ``run`` returned, or a file that was saved of it.
        epsilon: size of the noise in 1/255, in the attack's norm; None for the
            weakest that does what the attack wanted, all of it where none does.
        image: the photograph of a saved attack; where left out it is found by its
            hash.
        labels: the recipe's label file, where it does not lie beside the file.
        progress: told how far the search is.

    Raises:
        InputError: the file is of no attack, or a picture is not found.
    """
    found = _attack(attack, image, str(labels))
    search = dataclasses.replace(found.noise, search=epsilon is None)
    whole = cast("Rescaled", perform(search, progress))
    wanted = whole.flips_at if epsilon is None else epsilon
    if wanted is None or whole.budget == 0:
        return whole
    part = dataclasses.replace(found.noise, share=wanted / whole.budget)
    weaker = cast("Rescaled", perform(part))
    return dataclasses.replace(weaker, flips_at=whole.flips_at)


def save_attacked(
    attack: Result | str | PathLike[str],
    out: str | PathLike[str],
    *,
    epsilon: float | None = None,
    quality: int = 95,
    image: Pictured | None = None,
    labels: str | PathLike[str] = "",
) -> SavedPicture:
    """Write an attacked photo, open the file again and ask the network about it.

    Args:
        attack: what ``run`` returned, or a file that was saved of it.
        out: .png, .jpg or .webp; it says of itself that it is adversarial.
        epsilon: size of the noise in 1/255; None for all of it.
        quality: of JPEG and WebP, 1 to 100.
        image: as in ``rescale``.
        labels: as in ``rescale``.

    Raises:
        InputError: as ``rescale``; no such format; the disk does not allow it.
    """
    found = _attack(attack, image, str(labels))
    noise = found.noise
    if epsilon is not None:
        budget = cast("Rescaled", perform(noise)).budget
        noise = dataclasses.replace(noise, share=epsilon / budget if budget else 1.0)
    request = SaveAttacked(
        noise=noise, path=str(out), recipe=found.recipe.to_json(), quality=quality
    )
    return cast("SavedPicture", perform(request))


def before_and_after(
    attack: Result | str | PathLike[str],
    methods: str | Sequence[str] = "grad_cam",
    *,
    target: str = "",
    values: Mapping[str, Mapping[str, Value]] | None = None,
    image: Pictured | None = None,
    labels: str | PathLike[str] = "",
    progress: OnProgress | None = None,
) -> "Board":
    """Explain a photograph and what an attack made of it, on one scale.

    ``changes()`` of what is returned says how far the maps agree.

    Args:
        attack: what ``run`` returned, or a file that was saved of it.
        methods: one or several of the group "Explain".
        target: what is asked of both; empty for what the network says of each.
        values: parameters by method's name; what is left out has its default.
        image: as in ``rescale``.
        labels: as in ``rescale``.
        progress: told how far each method is.

    Raises:
        InputError: as ``rescale``.
        UsageError: no such method.
    """
    found = _attack(attack, image, str(labels))
    noise = found.noise
    attacked = image_from_array(
        (noise.attacked * 255).round().astype(np.uint8),
        boards.attacked_name(noise.image),
    )
    opened = Model(
        noise.model, cast("ModelInfo", perform(LoadModel(noise.model), progress))
    )
    found_board = board(
        [noise.image, attacked],
        [methods] if isinstance(methods, str) else methods,
        opened,
        target=target,
        values=values,
        seed=found.recipe.seed,
        progress=progress,
    )
    plan = dataclasses.replace(found_board.plan, changed=True)
    return dataclasses.replace(found_board, plan=plan)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Attack:
    """An attack that was found: its recipe, and all of its noise."""

    recipe: Recipe
    noise: RescaleNoise


def _attack(
    attack: Result | str | PathLike[str], image: Pictured | None, labels: str
) -> _Attack:
    """Return what there is of an attack, from a result or from a file of it.

    Raises:
        InputError: it is none, or a picture is not found.
    """
    if isinstance(attack, Result):
        beside, recipe, photo = Path(), attack.recipe, attack.image
        found = attacked_photo(attack.report)
        if found is None or photo is None:
            raise InputError(recipe.method, "is no attack", "run pgd, say")
        attacked = found.pixels
    else:
        beside = Path(attack)
        recipe = stored.read_recipe(beside)
        attacked = saved_attacks.attacked_picture(beside, recipe).as_float()
        photo = stored.find_picture(recipe, beside) if image is None else None
    if photo is None and image is not None:
        photo = _photo(recipe, image)
    if photo is None:
        raise InputError(recipe.method, "has no photograph", "name it")
    noise = RescaleNoise(
        model=stored.model_request(recipe, beside, labels),
        image=photo,
        attacked=attacked,
        values=recipe.values,
    )
    return _Attack(recipe, noise)


def replay(
    file: str | PathLike[str],
    image: Image | str | PathLike[str] | Array | None = None,
    *,
    labels: str | PathLike[str] = "",
    progress: OnProgress | None = None,
) -> Result:
    """Make a saved result again: the same machine and versions give the same bytes.

    Args:
        file: a .png or .json that ``Result.save`` or ``nnviz run`` wrote.
        image: the picture; where left out it is found by its hash, beside the file or
            where it was last worked on.  Another picture is taken as it is.
        labels: the recipe's label file, where it does not lie beside the file.
        progress: told how far the method is.

    Raises:
        InputError: no recipe; the picture is not found; the network has changed.
    """
    path = Path(file)
    recipe = stored.read_recipe(path)
    photo = (
        stored.find_picture(recipe, path) if image is None else _photo(recipe, image)
    )
    request = stored.model_request(recipe, path, str(labels))
    info = cast("ModelInfo", perform(LoadModel(request), progress))
    if info.sha256 != recipe.model_sha256:
        raise InputError(
            recipe.model,
            f"has other weights than the recipe's of {path.name}",
            f"open those with sha256 {recipe.model_sha256[:12]}",
        )
    asked = stored.request_of(stored.with_pictures(recipe, path), photo, request)
    return Result(cast("Run", perform(asked, progress)))


def perform(request: Request, progress: OnProgress | None = None) -> object:
    """Do what a request asks, inline, and return what it promises."""
    with closing(session().job(request, _never)) as job:
        return _finish(job, progress)


def _finish(job: Job | Any, progress: OnProgress | None = None) -> object:
    while True:
        try:
            step = next(job)
        except StopIteration as end:
            return end.value
        if progress and isinstance(step, Progress):
            progress(step)


def _never() -> None:
    """Never stop: an inline job ends by an exception such as KeyboardInterrupt."""


def _photo(recipe: Recipe, image: Image | str | PathLike[str] | Array) -> Image:
    """Open a picture that was named; the recipe's own keeps the recipe's name."""
    photo = image if isinstance(image, Image) else open_image(image)
    if photo.sha256 != recipe.image_sha256:
        return photo
    return dataclasses.replace(photo, name=recipe.image)


def _preprocess(given: Preprocess | Mapping[str, Any] | None) -> Preprocess | None:
    if given is None or isinstance(given, Preprocess):
        return given
    known = Preprocess().to_json()
    for name in given:
        if name not in known:
            raise unknown("field of the preprocessing", name, known)
    return Preprocess.from_json({**known, **given})


def _told_apart(
    labels: str | PathLike[str] | Sequence[str],
) -> tuple[str, tuple[str, ...]]:
    """Return a label file's path and the names, one of the two empty."""
    if isinstance(labels, str | PathLike):
        return str(labels), ()
    return "", tuple(labels)


def _adopt(
    net: "nn.Module",
    preprocess: Preprocess | None,
    labels: str | PathLike[str] | Sequence[str],
    device: str,
) -> Model:
    if not hasattr(net, "state_dict"):
        raise UsageError(
            type(net).__name__, "is no network", "give a reference, a path or a module"
        )
    if preprocess is None:
        raise UsageError(
            "preprocess", "missing", "a module needs its size, mean and std"
        )
    file, names = _told_apart(labels)
    reference = session().store.adopt(net, preprocess, names)
    request = ModelRequest(reference=reference, labels=file, device=device)
    return Model(request, cast("ModelInfo", perform(LoadModel(request))))
