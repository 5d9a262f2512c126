"""Face verification: the distance of two faces' embeddings against a threshold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.images import Image, image_from_array, rgb8
from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import Essential, Help, ImageFile, ImageFolder, Range, Title
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import Boxes, ColorImage, Curves, Report, Result, Table
from nnviz.engine.detection.verification import (
    ErrorRates,
    cut_face,
    distances,
    error_rates,
    find_face,
    measured_rates,
    unit,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.media.decode import open_image
from nnviz.media.resize import resize

_PERCENT = 100
_SHOWN = 224
"""px: side of each of the two faces."""
_BUNDLED = "bundled:face-embedding"
_PEOPLE, _EACH = 2, 2
"""Minimum number of people in a folder, and of images of one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceVerificationParams:
    """Parameters of face verification: second face, threshold, reference people."""

    other: Annotated[
        ImageFile,
        Title("Second face"),
        Help("Image of the other face. Empty: the same image, mirrored."),
        Essential(),
    ] = ""
    threshold: Annotated[
        float,
        Title("Threshold"),
        Range(0.0, 2.0),
        Help("Up to this distance, two faces count as one person."),
        Essential(),
    ] = 0.9
    crop: Annotated[
        bool,
        Title("Find faces"),
        Help("Cuts out the face that OpenCV's cascade is surest of, if it finds any."),
        Essential(),
    ] = True
    people: Annotated[
        ImageFolder,
        Title("People"),
        Help(
            "Folder with one subfolder of images per person, to measure the error "
            "rates on. Empty: the rates measured on Caltech's faces, where known."
        ),
    ] = ""


@register(
    "face_verification",
    title="Face verification",
    group="Inspect",
    capabilities=INSPECTION,
    live=False,
    reference=Reference("Taigman et al. 2014", "10.1109/CVPR.2014.220"),
    tasks=(Task.EMBED,),
)
class FaceVerification:
    """Two faces, the distance of their embeddings, and a threshold's error rates."""

    Params: ClassVar[type] = FaceVerificationParams
    shows: ClassVar[str] = (
        "Whether two images show the same person: the distance between their "
        "embeddings (unit vectors), compared with a threshold, and the error rates "
        "of every threshold."
    )
    reading: ClassVar[str] = (
        "A low threshold turns away the right person (false rejects), a high one "
        "lets others in (false accepts); where the curves cross, both error rates "
        "are equal. To see what makes the faces similar, explain the target "
        "like:FILE, with the other face's file."
    )
    misleads: ClassVar[str] = (
        "The error rates hold for people and images like those they were measured "
        "on. They differ with pose, light and age, and for groups that were rare in "
        "training. A small distance is no proof of identity."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: FaceVerificationParams) -> Iterator[Report]:
        """Yield one report: face, both crops, distance and verdict, error rates."""
        other = ctx.files.image(params.other) if params.other else _mirrored(ctx.image)
        box = find_face(ctx.image) if params.crop else None
        ours = ctx.image if box is None else cut_face(ctx.image, box)
        theirs = _face(other) if params.crop else other
        apart = float(distances(_embed(ctx, [ours]), _embed(ctx, [theirs]))[0])
        rates = _rates(ctx, params)
        results = _results(ctx, box, params.threshold, apart)
        results["faces"] = _side_by_side(ours, theirs)
        results["verification"] = _table(apart, params.threshold, rates)
        if rates is not None:
            results["error_rates"] = _curves(rates)
        yield Report(results, _notes(ours, theirs, ctx.image, other))


def _embed(ctx: Context, images: list[Image]) -> NDArray[np.float32]:
    """Return the unit embeddings (n, D) of some images.

    Raises:
        ModelError: the network's output is not a vector.
    """
    passes = ctx.model.pixel_model(ctx.check, ctx.inference.twin())
    found = [
        passes.outputs(ctx.model.pixel_input(each))[0].flatten(1) for each in images
    ]
    return unit(np.concatenate([each.float().cpu().numpy() for each in found]))


def _face(image: Image) -> Image:
    """Return the face crop of an image, or the whole image if no face is found."""
    box = find_face(image)
    return image if box is None else cut_face(image, box)


def _mirrored(image: Image) -> Image:
    pixels = np.ascontiguousarray(rgb8(image.pixels)[:, ::-1])
    return image_from_array(pixels, "mirrored")


def _rates(ctx: Context, params: FaceVerificationParams) -> ErrorRates | None:
    """Return the error rates over a folder of people, or those of the model's card.

    Raises:
        InputError: too few people or images.
    """
    if not params.people:
        known = ctx.model.info.reference == _BUNDLED
        return measured_rates() if known else None
    folders = ctx.files.grouped(params.people)
    counts = [len(paths) for paths in folders.values()]
    if len(folders) < _PEOPLE or max(counts, default=0) < _EACH:
        raise InputError(
            params.people,
            "needs two people and two images of one of them",
            "make a folder of images for each person",
        )
    vectors, people = [], []
    listed = [(i, path) for i, paths in enumerate(folders.values()) for path in paths]
    for done, (index, path) in enumerate(listed, 1):
        image = open_image(path)
        vectors.append(_embed(ctx, [_face(image) if params.crop else image]))
        people.append(index)
        ctx.step(done, len(listed), noun="image")
    return error_rates(np.concatenate(vectors), np.array(people, np.int64))


def _results(
    ctx: Context, box: NDArray[np.float32] | None, threshold: float, apart: float
) -> dict[str, Result]:
    """Return the face's box on the image, captioned with the verdict."""
    height, width = ctx.image.size
    whole = np.array([0, 0, width, height], np.float32)
    words = _verdict(apart, threshold)
    return {
        "face": Boxes(
            boxes=(whole if box is None else box)[None],
            scores=np.ones(1, np.float32),
            classes=np.zeros(1, np.int64),
            labels=("face",),
            captions=(f"{words}, distance {apart:.2f}",),
            objects=False,
        )
    }


def _verdict(apart: float, threshold: float) -> str:
    return "same person" if apart <= threshold else "two people"


def _side_by_side(ours: Image, theirs: Image) -> ColorImage:
    """Return both faces side by side at one size."""
    size = (_SHOWN, _SHOWN)
    pixels = [
        resize(rgb8(each.pixels).astype(np.float32) / 255, size, Interpolation.BILINEAR)
        for each in (ours, theirs)
    ]
    return ColorImage(pixels=np.concatenate(pixels, 1).clip(0, 1).astype(np.float32))


def _table(apart: float, threshold: float, rates: ErrorRates | None) -> Table:
    rows: list[tuple[str, str | float]] = [
        ("distance", round(apart, 3)),
        ("cosine", round(1 - apart**2 / 2, 3)),
        ("threshold", threshold),
        ("verdict", _verdict(apart, threshold)),
    ]
    if rates is not None:
        accepts, rejects = rates.at(threshold)
        crossing, both = rates.equal_error
        rows += [
            ("false accepts, %", round(_PERCENT * accepts, 2)),
            ("false rejects, %", round(_PERCENT * rejects, 2)),
            ("equal error rate, %", round(_PERCENT * both, 2)),
            ("threshold of equal errors", round(crossing, 2)),
            ("pairs of one person", rates.pairs[0]),
            ("pairs of two people", rates.pairs[1]),
        ]
    return Table(columns=("quantity", "value"), rows=tuple(rows))


def _curves(rates: ErrorRates) -> Curves:
    return Curves(
        x=rates.thresholds,
        series={
            "false accepts": _PERCENT * rates.false_accepts,
            "false rejects": _PERCENT * rates.false_rejects,
        },
        x_label="threshold on the distance",
        y_label="share of pairs, %",
        limits=(0.0, 100.0),
    )


def _notes(ours: Image, theirs: Image, image: Image, other: Image) -> tuple[str, ...]:
    missed = [
        each.name for each, whole in ((image, ours), (other, theirs)) if each is whole
    ]
    return tuple(f"{name}: the whole image is compared" for name in missed)
