"""``nnviz concept``: TCAV tests, NMF parts and linear probes of a layer."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.dataset.concepts import ConceptParts, ConceptTest, LayerProbe
from nnviz.base.errors import UsageError
from nnviz.cli import console, opening
from nnviz.cli.arguments import Parser, flag_option, text_option, whole_option
from nnviz.cli.dataset.opening import index_parser, open_index, plain

if TYPE_CHECKING:
    from nnviz import api

_ASKED = "give --concept and --target, --parts or --probe"


def execute(words: Sequence[str]) -> int:
    """Run the command: test a concept, find a layer's parts, or probe the layers."""
    options = _parser().read(words)
    index = open_index(options)
    if sum([bool(options.concept), bool(options.parts), options.probe]) != 1:
        raise UsageError("concept", "needs exactly one concept", _ASKED)
    if options.parts:
        return _find_parts(index, options)
    if options.probe:
        with console.ProgressLine() as progress:
            probes = index.probe(seed=options.seed, progress=progress)
        return _tell_probes(probes, json=options.json)
    return _test(index, options)


def _test(index: "api.Index", options: argparse.Namespace) -> int:
    """Test whether a class depends on a concept (TCAV); write the verdict."""
    with console.ProgressLine() as progress:
        found = index.concept(
            options.concept,
            options.target,
            layer=options.layer,
            runs=options.runs,
            seed=options.seed,
            progress=progress,
        )
    return _report_test(found, options)


def _find_parts(index: "api.Index", options: argparse.Namespace) -> int:
    """Find a layer's parts (NMF) and write them."""
    out = Path(options.out or "concepts")
    opening.check_out(out)
    with console.ProgressLine() as progress:
        parts = index.parts(
            options.parts, layer=options.layer, seed=options.seed, progress=progress
        )
    from nnviz.storage.concepts import save_parts  # noqa: PLC0415  fonts

    written = [str(path) for path in save_parts(parts, index.images, out)]
    if options.json:
        told = {"layer": parts.layer, "shares": parts.shares, "error": parts.error}
        console.answer(plain({**told, "files": written}))
    else:
        _tell_parts(parts, written)
    return 0


def _tell_parts(parts: ConceptParts, written: Sequence[str]) -> None:
    console.heading(
        f"{len(parts.parts)} parts of {parts.layer}, {100 * parts.error:.1f} % left"
    )
    for number, share in enumerate(parts.shares):
        examples = ", ".join(parts.paths[k] for k in parts.top[number][:3])
        console.line(f"  part {number:<4}{100 * share:5.1f} %  {examples}")
    for path in written:
        console.line(path)


def _report_test(found: ConceptTest, options: argparse.Namespace) -> int:
    from nnviz.storage.concepts import save_direction  # noqa: PLC0415  fonts

    file = str(save_direction(found, Path(options.out))) if options.out else ""
    if options.json:
        console.answer(
            {**plain(dataclasses.asdict(found)), "score": found.score,
             "significant": found.significant, "file": file}
        )  # fmt: skip
    else:
        _tell_test(found, file)
    return 0


def _tell_test(found: ConceptTest, file: str) -> None:
    console.heading(f"{found.concept} in {found.layer}, for {found.target}")
    random = found.random_scores
    for name, value in (
        ("TCAV score", f"{found.score:.2f} ± {found.scores.std():.2f}"),
        ("random sets", f"{random.mean():.2f} ± {random.std():.2f}"),
        ("p-value", f"{found.p_value:.2g}"),
        ("CAV accuracy", f"{100 * found.accuracy:.0f} %"),
    ):  # fmt: skip
        console.line(f"  {name:<20}{value}")
    more = "more" if found.score > found.random_scores.mean() else "less"
    words = f"along the concept {found.target} is {more} likely than by chance"
    console.line(
        f"  {words if found.significant else 'not distinguishable from chance at 5 %'}"
    )
    for note in found.notes:
        console.line(f"  {note}")
    if file:
        console.line(f"{file}: nnviz run METHOD IMAGE --target direction:{file}")


def _tell_probes(found: tuple[LayerProbe, ...], *, json: bool) -> int:
    if json:
        console.answer([dataclasses.asdict(each) for each in found])
        return 0
    console.table(
        ("layer", "channels", "accuracy", "±"),
        [
            (each.layer, str(each.channels), f"{100 * each.accuracy:.1f} %",
             f"{100 * each.spread:.1f}")
            for each in found
        ],
        right=(1, 2, 3),
    )  # fmt: skip
    return 0


_OPTIONS = (
    text_option(
        "--concept",
        "CLASS|DIR|N,N-N",
        "class of the index, folder of other images, or numbers of records",
    ),
    text_option("--target", "CLASS", "class that may depend on the concept"),
    text_option("--layer", "L", "layer of the index (default: the last)"),
    whole_option("--runs", 20, "number of random sets to compare with (default 20)"),
    whole_option("--parts", 0, "split the layer's activations into N parts"),
    whole_option("--seed", 0, "seed of the random number generator (default 0)"),
    flag_option("--probe", "train linear probes on all layers of the index"),
)


def _parser() -> Parser:
    parser = index_parser(
        "concept",
        "Test concepts inside a network: whether a class depends on a concept "
        "(TCAV, tested\nagainst random sets), which parts a layer's activations "
        "consist of (NMF), or how well\neach layer's features separate the classes "
        "(linear probes).",
        "INDEX --concept CLASS|DIR --target CLASS | --parts N | --probe [options]",
    )
    parser.add(_OPTIONS)
    parser.add_general(
        "--out",
        metavar="DIR",
        default="",
        help=(
            "folder for the direction of the concept, or for the parts (default "
            "concepts)"
        ),
    )
    return parser
