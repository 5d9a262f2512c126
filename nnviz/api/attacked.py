"""Attacks from Python: rescaled, saved, explained; stickers printed."""

import dataclasses
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnviz.api.core import Model, OnProgress, Pictured, Result, perform, photo_of
from nnviz.api.measured import board
from nnviz.base.attacks import Rescaled, SavedAttack, attacked_photo
from nnviz.base.documents import boards
from nnviz.base.errors import InputError
from nnviz.base.images import image_from_array
from nnviz.base.parameters import Value
from nnviz.base.recipes import Recipe
from nnviz.base.requests import LoadModel, RescaleNoise, SaveAttacked
from nnviz.base.stickers.placed import Cut
from nnviz.storage import attacks as saved_attacks
from nnviz.storage import replay as stored

if TYPE_CHECKING:
    from nnviz.render.boards.board import Board


def rescale(
    attack: Result | str | PathLike[str],
    epsilon: float | None = None,
    image: Pictured | None = None,
    *,
    labels: str | PathLike[str] = "",
    progress: OnProgress | None = None,
) -> Rescaled:
    """Scale an attack's noise down and classify the image again.

    Args:
        attack: what ``run`` returned, or a file saved from it.
        epsilon: size of the noise in 1/255, in the attack's norm; None for the weakest
            with which the attack succeeds, or the full noise where none suffices.
        image: the image of a saved attack; by default it is found by its hash.
        labels: the recipe's label file, where it does not lie beside the file.
        progress: called with each ``Progress`` of the search.

    Raises:
        InputError: the file holds no attack, or an image is not found.
    """
    found = _attack(attack, image, str(labels))
    search = dataclasses.replace(found.noise, search=epsilon is None)
    whole = perform(search, progress)
    wanted = whole.flips_at if epsilon is None else epsilon
    if wanted is None or whole.budget == 0:
        return whole
    part = dataclasses.replace(found.noise, share=wanted / whole.budget)
    weaker = perform(part)
    return dataclasses.replace(weaker, flips_at=whole.flips_at)


def save_attacked(
    attack: Result | str | PathLike[str],
    out: str | PathLike[str],
    *,
    epsilon: float | None = None,
    quality: int = 95,
    image: Pictured | None = None,
    labels: str | PathLike[str] = "",
) -> SavedAttack:
    """Save an attacked photo, open the file again and classify it.

    Args:
        attack: what ``run`` returned, or a file saved from it.
        out: .png, .jpg or .webp; marked as adversarial in its metadata.
        epsilon: size of the noise in 1/255; None for all of it.
        quality: of JPEG and WebP, 1 to 100.
        image: as in ``rescale``.
        labels: as in ``rescale``.

    Raises:
        InputError: as ``rescale``; the format is unknown; the file cannot be written.
    """
    found = _attack(attack, image, str(labels))
    noise = found.noise
    if epsilon is not None:
        budget = perform(noise).budget
        noise = dataclasses.replace(noise, share=epsilon / budget if budget else 1.0)
    request = SaveAttacked(
        noise=noise, path=str(out), recipe=found.recipe.to_json(), quality=quality
    )
    return perform(request)


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
    """Explain an image before and after an attack, on one color scale.

    ``changes()`` of the returned board measures how far the maps agree.

    Args:
        attack: what ``run`` returned, or a file saved from it.
        methods: one or several of the group "Explain".
        target: target for both; empty for the class that the network predicts for each.
        values: parameters by method's name; those left out keep their defaults.
        image: as in ``rescale``.
        labels: as in ``rescale``.
        progress: called with each ``Progress`` of each method.

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
    opened = Model(noise.model, perform(LoadModel(noise.model), progress))
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


def print_sticker(
    sticker: str | PathLike[str],
    out: str | PathLike[str],
    *,
    width_mm: float = 80.0,
    paper: str = "a4",
    copies: int = 1,
    marks: bool = True,
) -> Path:
    """Write a sticker as a PDF page, at its size in millimeters.

    Args:
        sticker: an image's file; "round:FILE" for its largest disc; "round:#ff0000"
            or "square:#ff0000" for one color.
        out: the file to write, .pdf.
        width_mm: width of the sticker on paper, mm.
        paper: "a4" or "letter".
        copies: how many on the page; 0 for as many as it holds.
        marks: whether crop marks are drawn around each.

    Returns:
        ``out``.

    Raises:
        NnvizError: no such sticker or paper, or the page is too small for the copies.
    """
    # Imported here: it loads painters.
    from nnviz.render.printing import Print  # noqa: PLC0415
    from nnviz.storage.stickers import pages as sticker_pages  # noqa: PLC0415

    order = Print(width=width_mm, paper=paper, copies=copies, marks=marks)
    return sticker_pages.print_sticker(Cut.parse(str(sticker)), Path(out), order)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Attack:
    """A resolved attack: its recipe, and all of its noise."""

    recipe: Recipe
    noise: RescaleNoise


def _attack(
    attack: Result | str | PathLike[str], image: Pictured | None, labels: str
) -> _Attack:
    """Resolve an attack from a result or from a saved file.

    Raises:
        InputError: it is no attack, or an image is not found.
    """
    if isinstance(attack, Result):
        beside, recipe, photo = Path(), attack.recipe, attack.image
        found = attacked_photo(attack.report)
        if found is None or photo is None:
            raise InputError(recipe.method, "is not an attack", "run pgd, say")
        attacked = found.pixels
    else:
        beside = Path(attack)
        recipe = stored.read_recipe(beside)
        attacked = saved_attacks.attacked_image(beside, recipe).as_float()
        photo = stored.find_image(recipe, beside) if image is None else None
    if photo is None and image is not None:
        photo = photo_of(recipe, image)
    if photo is None:
        raise InputError(recipe.method, "has no image", "name it")
    model = stored.model_request(recipe, beside, labels)
    noise = RescaleNoise(
        model=model, image=photo, attacked=attacked, values=recipe.values
    )
    return _Attack(recipe, noise)
