"""The catalogue of methods and networks, without torch where possible."""

import sys
from importlib.metadata import entry_points
from pathlib import Path

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import unknown
from nnviz.base.info import MethodInfo
from nnviz.base.shipped.resources import resource


def catalogue() -> Catalogue:
    """Return the shipped catalogue if it is complete, else a live one.

    It is incomplete with a plug-in installed or a new file among the methods.
    """
    if _engine_is_there() or entry_points(group="nnviz.methods"):
        return live()
    try:
        text = resource("catalogue.json").read_text("utf-8")
    except FileNotFoundError:
        return live()
    shipped = Catalogue.from_json(text)
    if _files() - {method.name for method in shipped.methods}:
        return live()
    return shipped


def live() -> Catalogue:
    """Return the catalogue of the live registry, importing the engine."""
    import nnviz.api  # noqa: PLC0415  imports torch

    return nnviz.api.session().catalogue()


def method(name: str) -> MethodInfo:
    """Return a method by name.

    Raises:
        UsageError: there is no such method; names the nearest.
    """
    known = {each.name: each for each in catalogue().methods}
    if name not in known:
        raise unknown("method", name, known)
    return known[name]


def _engine_is_there() -> bool:
    return "nnviz.engine.jobs" in sys.modules


def _files() -> set[str]:
    """Return the file names in ``nnviz.engine.methods``, one for each method."""
    folder = Path(__file__).parents[1] / "engine" / "methods"
    return {path.stem for path in folder.glob("[!_]*.py")}
