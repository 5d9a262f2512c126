"""The style of all written pages: self-contained HTML and CSS."""

import base64
import io
from html import escape

from PIL import Image as PillowImage

from nnviz.render.colormaps import Colors


def document(title: str, body: str, style: str = "") -> str:
    """Return an HTML page in the house's style.

    Args:
        title: plain text, not HTML.
        body: HTML.
        style: page-specific CSS, after the common one.
    """
    return _PAGE.format(title=escape(title), style=_STYLE + style, body=body.rstrip())


def embedded(pixels: Colors) -> str:
    """Return an image, uint8 (H, W, 3), as a data URL."""
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, "PNG", compress_level=6)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
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
