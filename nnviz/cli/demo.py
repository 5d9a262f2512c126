"""``nnviz demo``: a gallery of every method, made with the bundled networks."""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nnviz import api
from nnviz.base.errors import InputError, ModelError
from nnviz.base.events import Progress
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo
from nnviz.base.shipped.samples import sample_photos
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    add_model_options,
    add_out,
    whole_option,
)
from nnviz.cli.exhibits import lecture
from nnviz.cli.exhibits.figures import figure_of
from nnviz.cli.exhibits.gallery import Figure, Gallery, Section, page
from nnviz.cli.exhibits.subjects import Subject, subjects_of
from nnviz.media.files import read_bytes, replacing, write_text

_PRESET = "demo"
_SECONDS = 140
"""Seconds after which no further run starts, so that the demo ends within three
minutes.
"""
_PAGE, _LECTURE = "index.html", "lecture.html"


def execute(words: Sequence[str]) -> int:
    """Run the command: write the gallery, and print its path."""
    options = _parser().read(words)
    started = time.monotonic()
    out = Path(options.out)
    opening.check_out(out)
    if options.lecture:
        return _lecture(options, out)
    model = opening.open_model(options)
    photos = [_copy(path, out) for path in _paths(options.images)]
    say = _silent if options.json else console.line
    figures = _figures(model, photos, out, started + options.seconds, say)
    file = out / _PAGE
    write_text(file, page(_gallery(model, figures, photos)))
    return _conclude(file, figures, time.monotonic() - started, json=options.json)


def _figures(
    model: api.Model,
    photos: Sequence[Image],
    out: Path,
    end: float,
    say: Callable[[str], None],
) -> dict[str, list[Figure]]:
    """Run every method and save its results; return figures by method."""
    methods = _methods()
    shown = {
        name: subjects_of(method, index, model, photos, out)
        for index, (name, method) in enumerate(methods.items())
    }
    figures: dict[str, list[Figure]] = {}
    for name, subject in _turns(shown, end):
        method = methods[name]
        try:
            result = _run(method, subject)
        except ModelError as error:
            # Some methods support only one kind of network.
            say(f"{method.title} is left out: {error}")
            del shown[name]
            continue
        files = result.save(out)
        say(str(files[0]))
        figures.setdefault(name, []).append(
            figure_of(method, result, files, model.info.reference)
        )
    return figures


def _methods() -> dict[str, MethodInfo]:
    """Return all methods except lessons, which have a page of their own."""
    return {
        name: info
        for name, info in api.methods().items()
        if not info.capabilities.section
    }


def _lecture(options: argparse.Namespace, out: Path) -> int:
    """Write the lecture's page, and print its path."""
    parts = lecture.chosen(options.lecture)
    started = time.monotonic()
    model = opening.open_model(options)
    named = [options.image] if options.image else options.images
    image = _copy(_paths(named)[0], out)
    file = out / _LECTURE
    write_text(file, lecture.write_lecture(parts, model, image, out))
    seconds = time.monotonic() - started
    return console.conclude(
        {"page": str(file), "seconds": round(seconds, 1)},
        lambda: console.line(f"lecture in {seconds:.0f} s; open {file} in a browser"),
        json=options.json,
    )


def _paths(given: Sequence[str]) -> Sequence[Path]:
    """Return the images to show: those named, else the samples.

    Raises:
        InputError: no image is named and no samples are installed.
    """
    paths = [Path(path) for path in given] or sample_photos()
    if not paths:
        raise InputError("sample images", "are missing", "pip install scikit-image")
    return paths


def _copy(path: Path, out: Path) -> Image:
    """Copy an image beside the results, where a replay finds it."""
    place = out / path.name
    data = read_bytes(path)
    with replacing(place) as file:
        file.write(data)
    return api.open_image(place)


def _turns(
    shown: Mapping[str, Sequence[Subject]], end: float
) -> Iterator[tuple[str, Subject]]:
    """Yield methods with subjects: each once, then further subjects while time is left.

    Args:
        shown: subjects of each method, by method name; entries may be removed during
            iteration.
        end: end time on the monotonic clock, s.
    """
    for turn in range(max(map(len, shown.values()))):
        for name in list(shown):
            if turn and time.monotonic() > end:
                return
            if turn < len(shown[name]):
                yield name, shown[name][turn]


def _silent(_text: str) -> None:
    """Ignore a message: with ``--json`` the reader is a program."""


def _run(method: MethodInfo, subject: Subject) -> api.Result:
    photo = subject.photo
    what = f"{method.title}, {photo.name}" if photo else method.title
    with console.ProgressLine() as progress:
        progress(Progress(0, 0, what))
        values: dict[str, Any] = dict(method.presets.get(_PRESET, {}))
        return api.run(method.name, subject.model, photo, progress=progress, **values)


def _gallery(
    model: api.Model, figures: dict[str, list[Figure]], photos: Sequence[Image]
) -> Gallery:
    methods = api.methods()
    order = {photo.name: index for index, photo in enumerate(photos)}
    sections = [
        Section(
            methods[name],
            tuple(sorted(each, key=lambda figure: order.get(figure.subject, -1))),
        )
        for name, each in figures.items()
    ]
    facts = (
        f"{console.count(model.info.parameters)} parameters",
        f"{len(model.info.labels)} classes",
        "{} x {} px".format(*model.info.preprocess.input_size),
    )
    return Gallery(model.info.title, facts, _shown(figures, photos), tuple(sections))


def _shown(
    figures: dict[str, list[Figure]], photos: Sequence[Image]
) -> tuple[tuple[str, str], ...]:
    """Return the name and top class of each image."""
    answers = {
        figure.subject: figure.answer
        for each in figures.values()
        for figure in each
        if figure.answer
    }
    return tuple((photo.name, answers.get(photo.name, "")) for photo in photos)


def _conclude(
    page_: Path, figures: dict[str, list[Figure]], seconds: float, *, json: bool
) -> int:
    files = [figure.files[0] for each in figures.values() for figure in each]
    words = f"{len(files)} images in {seconds:.0f} s; open {page_} in a browser"
    answer = {"page": str(page_), "pictures": files, "seconds": round(seconds, 1)}
    return console.conclude(answer, lambda: console.line(words), json=json)


_OPTIONS = (
    Option(
        "images",
        metavar="IMAGE",
        nargs="*",
        help="images to use instead of the sample images",
    ),
    whole_option(
        "--seconds",
        _SECONDS,
        f"every method once, then begin no further run after these ({_SECONDS})",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "demo",
        "Run every method on sample images and write a page that explains them.",
        usage="[IMAGE...] [options]",
    )
    parser.add(_OPTIONS)
    add_model_options(parser)
    add_out(parser, "nnviz-demo")
    parser.add_general(
        "--lecture", metavar="PART", nargs="?", const=lecture.EVERY, default="",
        help="the demonstrations of a lecture in place of every method: all of them or "
        f"one, {', '.join(each.name for each in lecture.DEMONSTRATIONS)}",
    )  # fmt: skip
    parser.add_general(
        "--image", metavar="FILE", default="", help="image for the lecture"
    )
    add_json_option(parser)
    return parser
