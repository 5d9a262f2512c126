"""The demo's page: plain HTML and CSS, no scripts, nothing from elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from nnviz.base.info import MethodInfo, Reference

_ARXIV = "arXiv:"


@dataclass(frozen=True, slots=True)
class View:
    """One painted result.

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
    """One run of the gallery.

    Attributes:
        views: the main result first.
        files: names of the whole report's picture, the numbers and the recipe.
        subject: the photograph's name; the network's reference where there is none.
        notes: remarks of the report.
        command: the command line that makes it.
        python: the Python lines that make it.
        answer: the top class, where the method gives classes.
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
    """A method and its pictures."""

    method: MethodInfo
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """All that the page shows.

    Attributes:
        model: title of the network.
        facts: short facts about it.
        photos: file name and top class of each photograph.
        sections: one a method.
    """

    model: str
    facts: tuple[str, ...]
    photos: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def page(gallery: Gallery) -> str:
    """Return the page as HTML."""
    return _PAGE.format(
        style=_STYLE,
        model=escape(gallery.model),
        facts=escape(" · ".join(gallery.facts)),
        photos="\n".join(_photo(*each) for each in gallery.photos),
        contents="\n".join(_entry(section.method) for section in gallery.sections),
        sections="\n".join(map(_section, gallery.sections)),
    )


def _photo(name: str, answer: str) -> str:
    caption = f"<figcaption>{escape(answer)}</figcaption>" if answer else ""
    link = quote(name)
    return (
        f'<figure><img src="{link}" alt="Photograph {escape(name)}">{caption}</figure>'
    )


def _entry(method: MethodInfo) -> str:
    return f'<li><a href="#{quote(method.name)}">{escape(method.title)}</a></li>'


def _section(section: Section) -> str:
    method = section.method
    words = (
        ("What it shows", method.shows),
        ("How to read it", method.reading),
        ("Where it misleads", method.misleads),
    )
    return _SECTION.format(
        name=escape(method.name),
        group=escape(method.group),
        title=escape(method.title),
        words="\n".join(
            f"<div><dt>{title}</dt><dd>{escape(text)}</dd></div>"
            for title, text in words
        ),
        paper=_paper(method.reference),
        figures="\n".join(_figure(method, each) for each in section.figures),
        single=" single" if len(section.figures) == 1 else "",
    )


def _paper(reference: Reference | None) -> str:
    if reference is None:
        return ""
    where = escape(reference.locator)
    if reference.locator.startswith(_ARXIV):
        number = quote(reference.locator.removeprefix(_ARXIV))
        where = f'<a href="https://arxiv.org/abs/{number}">{where}</a>'
    return f'<p class="paper">{escape(reference.authors)} {where}</p>'


def _figure(method: MethodInfo, figure: Figure) -> str:
    return _FIGURE.format(
        report=quote(figure.files[0]),
        views="\n".join(
            _view(f"{method.title}, {figure.subject}", view) for view in figure.views
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

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>nnviz: what a network sees</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>What a network sees</h1>
<p class="lead">Every method of nnviz on the same photographs. Under each picture are
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
</body>
</html>
"""

_STYLE = """\
:root {
  --ground: #16181c; --raised: #1e2126; --line: #2f343c; --text: #e6e8eb;
  --quiet: #a0a7b1; --accent: #7cb7ff;
}
@media (prefers-color-scheme: light) {
  :root {
    --ground: #fafafa; --raised: #fff; --line: #dcdfe4; --text: #1c1f24;
    --quiet: #5c646f; --accent: #0b5cad;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 4rem; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 Inter, system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
}
header, main { max-width: 80rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3.5rem; padding-bottom: 1.5rem; }
h1 { font-size: clamp(2rem, 5vw, 3.25rem); line-height: 1.1; margin: 0;
  letter-spacing: -.02em; }
h2 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; letter-spacing: -.01em; }
h4 { margin: .75rem 0 .25rem; font-size: .8125rem; color: var(--quiet); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 2px; }
.lead { max-width: 42rem; margin: 1rem 0 2rem; font-size: 1.125rem;
  color: var(--quiet); }
.model, .paper, .group { color: var(--quiet); font-size: .875rem; }
.group { margin: 0; text-transform: uppercase; letter-spacing: .08em;
  font-size: .75rem; }
.photos { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
.photos figure { margin: 0; }
.photos img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; display: block;
  border-radius: .5rem; }
.photos figcaption { padding-top: .375rem; font-size: .875rem; }
nav { position: sticky; top: 0; z-index: 1; background: var(--ground);
  border-block: 1px solid var(--line); }
nav ul { max-width: 80rem; margin: 0 auto; padding: .75rem 1.5rem; list-style: none;
  display: flex; gap: 1.5rem; overflow-x: auto; white-space: nowrap; }
section { padding: 3.5rem 0 1rem; }
dl { display: grid; gap: 1rem 2rem; margin: 0;
  grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); }
dt { font-weight: 600; }
dd { margin: .25rem 0 0; color: var(--quiet); }
.figures { display: grid; gap: 1.5rem; margin-top: 1.5rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.figures.single { grid-template-columns: minmax(0, 1fr); }
.figures figure { margin: 0; background: var(--raised); overflow: hidden;
  border: 1px solid var(--line); border-radius: .5rem; }
.figures a:has(img) { display: grid; gap: 1.25rem; padding: 1.25rem;
  background: #15171c; }
.figures img { width: 100%; height: auto; display: block; }
.figures figcaption { padding: .75rem 1rem; font-size: .875rem;
  border-top: 1px solid var(--line); }
.note { display: block; color: var(--quiet); }
details { margin-top: .5rem; }
summary { cursor: pointer; color: var(--accent); }
pre { margin: 0; padding: .75rem; overflow-x: auto; font-size: .8125rem;
  background: var(--ground); border: 1px solid var(--line); border-radius: .25rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media print { nav, details { display: none; } section { break-inside: avoid; } }
"""
