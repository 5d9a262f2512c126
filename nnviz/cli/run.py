"""``nnviz run``: run a method on pictures."""

import argparse
import dataclasses
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nnviz import api
from nnviz.base.errors import InputError, UsageError
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Value
from nnviz.cli import arguments, console, known, opening, saved
from nnviz.cli.arguments import Parser
from nnviz.cli.methods import description
from nnviz.runtime import recent


@dataclasses.dataclass(frozen=True, slots=True)
class _Task:
    """What one command line asks for, apart from the pictures."""

    method: MethodInfo
    model: api.Model
    values: dict[str, Value]
    seed: int


def execute(words: Sequence[str]) -> int:
    """Run a method on each picture and write what it found."""
    method = _method(words)
    options = _parser(method).read(words)
    if method is None:
        raise UsageError("run", "no method named", "nnviz methods lists them")
    paths = opening.pictures(options.images, method)
    opening.check_out(Path(options.out))
    values = arguments.parameter_values(options, method.parameters)
    task = _Task(method, opening.open_model(options), values, options.seed)
    results = _results(task, paths, options.max_pixels)
    written = []
    for result, stem in results:
        files = result.save(options.out, stem)
        written.append(saved.record(result, files))
        if not options.json:
            saved.tell(result, files)
    if options.json:
        console.answer(written)
    return 0 if len(written) == max(1, len(paths)) else 1


def _method(words: Sequence[str]) -> MethodInfo | None:
    """Return the method that the words name, None where they name none.

    It must be known before the words can be read, since it declares options.
    """
    scout = _parser(None, add_help=False)
    options, _ = scout.parse_known_args(list(words))
    return known.method(options.method) if options.method else None


def _results(
    task: _Task, paths: Sequence[Path], max_pixels: int | None
) -> Iterator[tuple[api.Result, str | None]]:
    """Yield each result with a name of its own.

    One picture among many that cannot be used costs a line on stderr, not the others.
    """
    if not paths:
        yield _run(task, None), None
    taken: Counter[str] = Counter()
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
        taken[path.stem] += 1
        times = taken[path.stem]
        yield result, path.stem if times == 1 else f"{path.stem}-{times}"


def _run(task: _Task, image: Image | None) -> api.Result:
    with console.ProgressLine() as progress:
        return api.run(
            task.method.name,
            task.model,
            image,
            seed=task.seed,
            progress=progress,
            **task.values,
        )


def _parser(method: MethodInfo | None, *, add_help: bool = True) -> Parser:
    text = "Run a method on pictures.  nnviz run METHOD --help shows its options."
    if method is not None:
        text = "\n\n".join([method.title, *description(method)])
    name = method.name if method else "METHOD"
    images = "" if method and not method.needs_image else " IMAGE..."
    parser = Parser("run", text, usage=f"{name}{images} [options]", add_help=add_help)
    parser.add_argument("method", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("images", nargs="*", help=argparse.SUPPRESS)
    if method is not None:
        arguments.add_parameters(parser, method.parameters)
    arguments.add_model_options(parser)
    _add_common(parser)
    return parser


def _add_common(parser: Parser) -> None:
    parser.add_general(
        "--seed", type=arguments.whole_number("--seed"), default=0, metavar="N",
        help="of the random numbers (default 0)",
    )  # fmt: skip
    opening.add_max_pixels(parser)
    arguments.add_out(parser)
    arguments.add_json_option(parser)
    parser.epilog = textwrap.dedent("""\
        IMAGE is a picture or a folder of them.  Each result is written as
        NAME.METHOD.png (with the recipe inside), .npz (the numbers) and .json (the
        recipe).""")
