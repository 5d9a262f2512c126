"""Demonstrations for a lecture on neural networks, as one page or singly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from nnviz import api
from nnviz.base.errors import ModelError, UsageError, unknown
from nnviz.base.events import Progress
from nnviz.base.images import Image
from nnviz.base.notation.targets import class_called
from nnviz.base.parameters import Value
from nnviz.cli import console
from nnviz.cli.exhibits.figures import figure_of
from nnviz.cli.exhibits.gallery import Figure, figure_html
from nnviz.render.pages import document

EVERY = "all"
"""Stands in place of a part's name: all parts."""
_USUAL = ""
"""Stands in place of a network's reference: the page's own network."""
_DREAM_SIZE = 448
"""Longest side of a dream, px, at which every octave takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One run of a demonstration.

    Attributes:
        method: its name.
        values: parameters that differ from the defaults.
        model: reference of the network; empty for the page's own.
        target: target class, where the network knows it.
        image: whether it takes the image.
    """

    method: str
    values: Mapping[str, Value] = field(default_factory=dict)
    model: str = _USUAL
    target: str = ""
    image: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """One section of the page.

    Attributes:
        name: name on the command line.
        title: heading.
        words: text on what to look for, two or three sentences.
        exhibits: runs, in the order of the page.
    """

    name: str
    title: str
    words: str
    exhibits: tuple[Exhibit, ...]


def _class_image(target: str) -> Exhibit:
    values: Mapping[str, Value] = {"steps": 128}
    return Exhibit(
        method="activation_maximization", values=values, target=target, image=False
    )


def _dream(preset: Mapping[str, Value]) -> Exhibit:
    return Exhibit(method="deep_dream", values={"size": _DREAM_SIZE, **preset})


def _style(balance: float) -> Exhibit:
    values: Mapping[str, Value] = {
        "style": "strokes",
        "balance": balance,
        "size": 320,
        "steps": 40,
    }
    return Exhibit(method="style_transfer", values=values)


DEMONSTRATIONS = (
    Demonstration(
        name="filters",
        title="Filters of four architectures",
        words=(
            "The first layer's kernels. Networks trained on images found edges and "
            "opponent colors by themselves; the one trained on handwritten digits "
            "needed strokes only."
        ),
        exhibits=tuple(
            Exhibit(method="filters", model=model, image=False)
            for model in (
                *(_USUAL, "bundled:objects", "bundled:everyday"),
                "bundled:digits",
            )
        ),
    ),
    Demonstration(
        name="activations",
        title="Activations, from shallow to deep",
        words=(
            "The same image in three layers. Shallow maps are large and follow its "
            "edges; deep ones are small, and each responds to few things."
        ),
        exhibits=tuple(
            Exhibit(method="activations", values={"layer": layer})
            for layer in ("stage1", "stage4", "head")
        ),
    ),
    Demonstration(
        name="reason",
        title="Right for the right reason",
        words=(
            "Hide a part and see how far the score drops; follow the gradient back "
            "to the pixels; weight the last maps. Three independent methods should "
            "point at the object, not at what happens to be next to it."
        ),
        exhibits=(
            Exhibit(method="predictions"),
            Exhibit(method="occlusion"),
            Exhibit(method="smooth_grad"),
            Exhibit(method="grad_cam"),
        ),
    ),
    Demonstration(
        name="classes",
        title="Images of classes",
        words="Made from noise so that one class's score grows. Nobody drew these: "
        "they are what the network looks for.",
        exhibits=tuple(
            map(_class_image, ("flamingo", "goldfish", "lion", "giant panda"))
        ),
    ),
    Demonstration(
        name="dictionary",
        title="A semantic dictionary",
        words=(
            "One position of the image, and what the channels that respond most "
            "there look for: the network's words for it."
        ),
        exhibits=(
            Exhibit(
                method="semantic_dictionary",
                values={"channels": 4, "steps": 96, "size": 128},
            ),
        ),
    ),
    Demonstration(
        name="dream",
        title="Deep dream",
        words=(
            "What a layer finds is amplified: textures from a shallow layer, faces "
            "from one in the middle, whole heads from a deep one."
        ),
        exhibits=(
            _dream({"depth": "shallow", "octaves": 4}),
            _dream({"octaves": 4, "steps": 30, "step_size": 2.0}),
            _dream({"depth": "deep", "octaves": 4, "steps": 30, "step_size": 2.0}),
        ),
    ),
    Demonstration(
        name="style",
        title="Style at three weights",
        words=(
            "Content from the maps, style from their correlations (Gram matrices). "
            "The weight decides which of the two wins."
        ),
        exhibits=tuple(map(_style, (-0.5, 1.0, 3.0))),
    ),
    Demonstration(
        name="gibbon",
        title="Every pixel by at most 2/255",
        words=(
            "Nobody sees a difference, but the network sees a gibbon. The table "
            "shows which copies still fool it: hardly any."
        ),
        exhibits=(
            Exhibit(
                method="pgd",
                values={"goal": "toward", "epsilon": 2.0},
                target="gibbon",
            ),
        ),
    ),
    Demonstration(
        name="sticker",
        title="A sticker that wins",
        words=(
            "Discs of one color, found without gradients, by the network's "
            "predictions alone. They could be cut from paper."
        ),
        exhibits=(Exhibit(method="sticker"),),
    ),
)


def chosen(name: str) -> tuple[Demonstration, ...]:
    """Return the demonstration of a name; all for ``EVERY``.

    Raises:
        UsageError: there is no demonstration of that name.
    """
    found = tuple(each for each in DEMONSTRATIONS if name in (EVERY, each.name))
    if not found:
        raise unknown(
            "demonstration", name, [EVERY, *(each.name for each in DEMONSTRATIONS)]
        )
    return found


def write_lecture(
    parts: Sequence[Demonstration], model: api.Model, image: Image, out: Path
) -> str:
    """Run demonstrations, save their results, and return the page as HTML.

    Args:
        parts: demonstrations, from ``chosen``.
        model: the page's network.
        image: the image, which already lies in the folder.
        out: folder of the page.
    """
    models = {_USUAL: model}
    sections = []
    for part in parts:
        figures = tuple(_figures(part, models, image, out))
        if figures:
            sections.append(_section(part, figures))
    contents = "\n".join(
        f'<li><a href="#{part.name}">{escape(part.title)}</a></li>' for part in parts
    )
    body = _BODY.format(
        model=escape(model.info.title), contents=contents, sections="\n".join(sections)
    )
    return document("nnviz: a lecture on what networks see", body)


def _figures(
    part: Demonstration, models: dict[str, api.Model], image: Image, out: Path
) -> Iterator[Figure]:
    methods = api.methods()
    for index, exhibit in enumerate(part.exhibits):
        _open(exhibit.model, models)
        try:
            result = _run(exhibit, models[exhibit.model], image)
        except (ModelError, UsageError) as error:
            # Another network may have no layer or class of that name.
            console.remark(f"{part.title}: {exhibit.method} is left out: {error}")
            continue
        files = result.save(out, f"{part.name}-{index + 1}")
        console.remark(str(files[0]))
        usual = models[_USUAL].info.reference
        yield figure_of(methods[exhibit.method], result, files, usual)


def _open(reference: str, models: dict[str, api.Model]) -> None:
    """Open a network, unless it is open, on the device of the usual one."""
    if reference not in models:
        models[reference] = api.load(reference, device=models[_USUAL].request.device)


def _run(exhibit: Exhibit, model: api.Model, image: Image) -> api.Result:
    values: dict[str, Any] = dict(exhibit.values)
    if exhibit.target and class_called(exhibit.target, model.info.labels) is None:
        raise UsageError(
            exhibit.target, f"{model.info.title} has no such class", "see its classes"
        )
    if exhibit.target:
        values["target"] = exhibit.target
    with console.ProgressLine() as progress:
        progress(Progress(0, 0, exhibit.method))
        looked_at = image if exhibit.image else None
        return api.run(exhibit.method, model, looked_at, progress=progress, **values)


def _section(part: Demonstration, figures: Sequence[Figure]) -> str:
    single = " single" if len(figures) == 1 else ""
    return _SECTION.format(
        name=part.name,
        title=escape(part.title),
        words=escape(part.words),
        figures="\n".join(figure_html(part.title, each) for each in figures),
        single=single,
        command=escape(f"nnviz demo --lecture={part.name} --image FILE"),
    )


_SECTION = """\
<section id="{name}">
<h2>{title}</h2>
<p class="lead">{words}</p>
<div class="figures{single}">
{figures}
</div>
<pre>{command}</pre>
</section>"""

_BODY = """\
<header>
<h1>What networks see, and why</h1>
<p class="lead">The demonstrations of a lecture, made with {model}. Under each image are
the command line and the Python lines that make it.</p>
</header>
<nav aria-label="Demonstrations"><ul>
{contents}
</ul></nav>
<main>
{sections}
</main>
"""
