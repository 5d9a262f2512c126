"""Configuration of Sphinx; ``packaging/docs.sh`` builds with it, offline."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from nnviz.base.shipped.distribution import VERSION

project = "nnviz"
author = "the nnviz developers"
version = release = VERSION
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
"""Headings down to this depth can be linked to."""
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_type_aliases = {"Array": "Array", "Pixels": "Pixels", "Colors": "Colors"}
napoleon_google_docstring = True
html_theme = "furo"
html_title = f"nnviz {VERSION}"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"sidebar_hide_name": False, "navigation_with_keys": True}
