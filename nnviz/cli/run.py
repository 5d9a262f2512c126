"""``nnviz run``: run a method on images."""

import argparse
import dataclasses
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from nnviz import api
from nnviz.base.errors import InputError, UsageError
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo
from nnviz.base.notation.numerals import is_whole
from nnviz.base.parameters import Value
from nnviz.cli import arguments, console, known, opening, saved
from nnviz.cli.arguments import Parser, add_seed
from nnviz.cli.methods import description
from nnviz.media.remote import is_remote
from nnviz.storage import recent


@dataclasses.dataclass(frozen=True, slots=True)
class _Task:
    """The request of a command line, without the images."""

    method: MethodInfo
    model: api.Model | None
    values: dict[str, Value]
    seed: int
    record: str


def execute(words: Sequence[str]) -> int:
    """Run the command: run a method on each image, and save the results."""
    method = _method(words)
    options = _parser(method).read(words)
    if method is None:
        raise UsageError("run", "no method named", "nnviz methods lists them")
    if method.recorded and options.resume:
        return _resumed(method, options)
    if options.cluster or options.missing or _is_remote(options):
        return _shared(method, options)
    paths = opening.named_images(options.images, method)
    opening.check_out(Path(options.out))
    values = arguments.method_values(options, method)
    record = _record(method, options, paths)
    model = opening.open_model(options) if method.needs_model else None
    task = _Task(method, model, values, options.seed, record)
    results = _results(task, paths, options.max_pixels)
    written = _written(results, options)
    return 0 if written == max(1, len(paths)) else 1


def _written(
    results: Iterable[tuple[api.Result, str | None]], options: argparse.Namespace
) -> int:
    """Save and report each result; return the number of results."""
    written = []
    for result, stem in results:
        files = result.save(options.out, stem)
        if options.figure:
            name = files[0].with_suffix(f".figure.{options.figure}")
            files = (*files, result.figure(name))
        written.append(saved.record(result, files))
        if not options.json:
            saved.tell(result, files)
    if options.json:
        console.answer(written)
    return len(written)


def _is_remote(options: argparse.Namespace) -> bool:
    return any(is_remote(str(each)) for each in (options.out, *options.images))


def _shared(method: MethodInfo, options: argparse.Namespace) -> int:
    """Run a method over many images in batch, each result saved by its worker.

    Raises:
        UsageError: the method takes no image, or its steps should be recorded.
    """
    if not method.needs_image or not options.images:
        raise UsageError(
            method.name, "has no images to distribute", "name a folder of images"
        )
    if getattr(options, "record", ""):
        raise UsageError(
            "--record", "records a single run", "leave out --cluster, --missing"
        )
    if not is_remote(options.out):
        opening.check_out(Path(options.out))
    model = opening.open_model(options) if method.needs_model else None
    failed, answers = 0, []
    with console.ProgressLine() as progress:
        for saved_run in api.run_over(
            method.name,
            options.images,
            model,
            out=options.out,
            seed=options.seed,
            missing=options.missing,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
            **arguments.method_values(options, method),
        ):
            failed += bool(saved_run.error)
            if saved_run.error:
                console.remark(f"nnviz: {saved_run.error}")
            elif options.json:
                files = {"files": list(saved_run.files)}
                answers.append({**(saved_run.summary or {}), **files})
            else:
                console.line(saved_run.files[0])
    if options.json:
        console.answer(answers)
    return int(bool(failed))


def _record(
    method: MethodInfo, options: argparse.Namespace, paths: Sequence[Path]
) -> str:
    """Return the folder for the recording; "" for none.

    Raises:
        UsageError: several runs would share the folder.
    """
    if not method.recorded:
        return ""
    if options.record and len(paths) > 1:
        raise UsageError("--record", "records a single run", "name one image")
    return str(options.record)


def _resumed(method: MethodInfo, options: argparse.Namespace) -> int:
    """Resume a recording, in its own folder or into that of ``--record``."""
    opening.check_out(Path(options.out))
    folder, step = _recording_step(options.resume)
    _check_recorded(folder, method)
    images = opening.named_images(options.images, method) if options.images else []
    with console.ProgressLine() as progress:
        result = api.resume(
            folder,
            step,
            images[0] if images else None,
            record=options.record,
            progress=progress,
            **arguments.method_values(options, method),
        )
    _written([(result, None)], options)
    return 0


def _check_recorded(folder: str, method: MethodInfo) -> None:
    """Raise where a recording is of another method."""
    recorded = api.open_recording(folder).recipe.method
    if recorded != method.name:
        raise UsageError(
            "--resume",
            f"{folder} is a recording of {recorded}",
            f"nnviz run {recorded} --resume {folder}",
        )


def _recording_step(text: str) -> tuple[str, int]:
    """Parse FOLDER or FOLDER:STEP."""
    folder, colon, step = text.rpartition(":")
    return (folder, int(step)) if colon and is_whole(step) else (text, -1)


def _method(words: Sequence[str]) -> MethodInfo | None:
    """Return the method that the arguments name; None for none.

    It must be known before the arguments are parsed, since it declares options.
    """
    scout = _parser(None, add_help=False)
    options, _ = scout.parse_known_args(list(words))
    return known.method(options.method) if options.method else None


def _results(
    task: _Task, paths: Sequence[Path], max_pixels: int | None
) -> Iterator[tuple[api.Result, str | None]]:
    """Yield the result of each image, with a unique file stem.

    An unusable image among many is reported on stderr; the others are still run.
    """
    if not paths:
        yield _run(task, None), None
    taken: set[str] = set()
    for path in paths:
        try:
            image = api.open_image(path, max_pixels=max_pixels)
            result = _run(task, image)
        except InputError as error:
            if len(paths) == 1:
                raise
            console.remark(f"nnviz: {error}")
            continue
        recent.remember(image)
        recent.remember_others(result.recipe)
        stem = _free_name(path.stem, taken)
        taken.add(stem)
        yield result, stem


def _free_name(stem: str, taken: set[str]) -> str:
    """Return a name that is not taken, appending a number where needed."""
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(name for name in chain([stem], numbered) if name not in taken)


def _run(task: _Task, image: Image | None) -> api.Result:
    with console.ProgressLine() as progress:
        return api.run(
            task.method.name,
            task.model,
            image,
            seed=task.seed,
            progress=progress,
            record=task.record,
            **task.values,
        )


def _parser(method: MethodInfo | None, *, add_help: bool = True) -> Parser:
    text = "Run a method on images.  nnviz run METHOD --help shows its options."
    if method is not None:
        text = "\n\n".join([method.title, *description(method)])
    name = method.name if method else "METHOD"
    images = "" if method and not method.needs_image else " IMAGE..."
    parser = Parser("run", text, usage=f"{name}{images} [options]", add_help=add_help)
    parser.add_argument("method", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("images", nargs="*", help=argparse.SUPPRESS)
    if method is not None:
        arguments.add_method(parser, method)
    if method is not None and method.recorded:
        _add_recording(parser)
    arguments.add_cluster_options(parser)
    arguments.add_model_options(parser)
    _add_common(parser)
    return parser


def _add_recording(parser: Parser) -> None:
    group = parser.add_argument_group("recording")
    group.add_argument(
        "--record", metavar="FOLDER", default="",
        help="folder to record the steps to, for viewing, resuming or making a video",
    )  # fmt: skip
    group.add_argument(
        "--resume", metavar="FOLDER[:STEP]", default="",
        help=(
            "resume a recording, from its newest step or another; network and "
            "parameters are those of the recording, but steerable ones may be "
            "changed; with --record, the new steps go there and the recording is "
            "left unchanged"
        ),
    )  # fmt: skip


def _add_common(parser: Parser) -> None:
    parser.add_general(
        "--missing", action="store_true",
        help="skip images whose results are already in --out",
    )  # fmt: skip
    add_seed(parser)
    opening.add_max_pixels(parser)
    arguments.add_out(parser)
    parser.add_general(
        "--figure", choices=("svg", "pdf", "png"),
        help=(
            "also write NAME.METHOD.figure.svg, .pdf or .png for a slide: no title, "
            "transparent, with a vector legend"
        ),
    )  # fmt: skip
    arguments.add_json_option(parser)
    parser.epilog = textwrap.dedent("""\
        IMAGE is an image, a folder of them, or a URL that fsspec opens (s3://...), as
        --out may be.  Each result is written as
        NAME.METHOD.png (with the recipe inside), .npz (the numbers) and .json (the
        recipe).""")
