"""The demo's page: self-contained HTML and CSS, no scripts."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from nnviz.base.info import MethodInfo, Reference
from nnviz.render.pages import document

_ARXIV = "arXiv:"


@dataclass(frozen=True, slots=True)
class View:
    """One painted result of a figure.

    Attributes:
        file: path from the page, with slashes.
        name: of the result in its report.
        size: width and height, px.
    """

    file: str
    name: str
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One run of a method.

    Attributes:
        views: the main result first.
        files: names of the whole report's image, the numbers and the recipe.
        subject: the image's name; the network's reference where there is none.
        notes: remarks of the report.
        command: command line that reproduces it.
        python: Python lines that reproduce it.
        answer: the top class, where the method returns classes.
    """

    views: tuple[View, ...]
    files: tuple[str, ...]
    subject: str
    notes: tuple[str, ...]
    command: str
    python: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A method and its images."""

    method: MethodInfo
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """The contents of the page.

    Attributes:
        model: title of the network.
        facts: short facts about it.
        photos: file name and top class of each image.
        sections: one section for each method.
    """

    model: str
    facts: tuple[str, ...]
    photos: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def page(gallery: Gallery) -> str:
    """Build the page as HTML."""
    body = _BODY.format(
        model=escape(gallery.model),
        facts=escape(" · ".join(gallery.facts)),
        photos="\n".join(_photo(*each) for each in gallery.photos),
        contents="\n".join(_entry(section.method) for section in gallery.sections),
        sections="\n".join(map(_section, gallery.sections)),
    )
    return document("nnviz: what a network sees", body)


def _photo(name: str, answer: str) -> str:
    caption = f"<figcaption>{escape(answer)}</figcaption>" if answer else ""
    link = quote(name)
    return f'<figure><img src="{link}" alt="Image {escape(name)}">{caption}</figure>'


def _entry(method: MethodInfo) -> str:
    return f'<li><a href="#{quote(method.name)}">{escape(method.title)}</a></li>'


def _section(section: Section) -> str:
    method = section.method
    return _SECTION.format(
        name=escape(method.name),
        group=escape(method.group),
        title=escape(method.title),
        words=_explained(method),
        paper=_paper(method.reference),
        figures="\n".join(figure_html(method.title, each) for each in section.figures),
        single=" single" if len(section.figures) == 1 else "",
    )


def _explained(method: MethodInfo) -> str:
    words = (
        ("What it shows", method.shows),
        ("How to read it", method.reading),
        ("Where it misleads", method.misleads),
    )
    return "\n".join(
        f"<div><dt>{title}</dt><dd>{escape(text)}</dd></div>" for title, text in words
    )


def _paper(reference: Reference | None) -> str:
    if reference is None:
        return ""
    where = escape(reference.locator)
    if reference.locator.startswith(_ARXIV):
        number = quote(reference.locator.removeprefix(_ARXIV))
        where = f'<a href="https://arxiv.org/abs/{number}">{where}</a>'
    return f'<p class="paper">{escape(reference.authors)} {where}</p>'


def figure_html(title: str, figure: Figure) -> str:
    """Return a figure as HTML, with its views, remarks and commands.

    Args:
        title: description of the figure, for screen readers.
        figure: the figure.
    """
    return _FIGURE.format(
        report=quote(figure.files[0]),
        views="\n".join(
            _view(f"{title}, {figure.subject}", view) for view in figure.views
        ),
        subject=escape(figure.subject),
        notes=_notes(figure.notes),
        command=escape(figure.command),
        python=escape(figure.python.rstrip()),
        files=" · ".join(
            f'<a href="{quote(name)}">{escape(name)}</a>' for name in figure.files
        ),
    )


def _view(alt: str, view: View) -> str:
    width, height = view.size
    return (
        f'<img src="{quote(view.file)}" alt="{escape(alt)}: {escape(view.name)}" '
        f'width="{width}" height="{height}" loading="lazy">'
    )


def _notes(notes: Iterable[str]) -> str:
    return "".join(f'<span class="note">{escape(note)}</span>' for note in notes)


_FIGURE = """\
<figure>
<a href="{report}" title="The whole report">
{views}
</a>
<figcaption><b>{subject}</b>{notes}
<details><summary>Make it yourself</summary>
<h4>Command line</h4><pre>{command}</pre>
<h4>Python</h4><pre>{python}</pre>
<p>Report, numbers, recipe: {files}</p>
</details></figcaption>
</figure>"""

_SECTION = """\
<section id="{name}">
<p class="group">{group}</p>
<h2>{title}</h2>
<dl>
{words}
</dl>
{paper}
<div class="figures{single}">
{figures}
</div>
</section>"""

_BODY = """\
<header>
<h1>What a network sees</h1>
<p class="lead">Every method of nnviz on the same images. Under each image are
the command line and the Python lines that make it, to the byte.</p>
<div class="photos">
{photos}
</div>
<p class="model">{model} · {facts}</p>
</header>
<nav aria-label="Methods"><ul>
{contents}
</ul></nav>
<main>
{sections}
</main>
"""
