"""Additions by CONTRIBUTING.md: a test names the part that was forgotten.

Truth: the files that its sections "Add a ..." list, and what Pillow and FFmpeg say of
the endings that they read.  mypy finds the places that dispatch over kinds of
parameters, ``tests/engine/jobs/test_registry.py`` a request without a job, and
``tests/base/test_guides.py`` a workspace that guided lessons cannot go to.
"""

import importlib.util
import pkgutil
import sys
from pathlib import Path

import av
import pytest
from PIL import Image as PillowImage

from nnviz import cli
from nnviz.base import file_formats, kinds
from nnviz.base.info import WORKSPACES
from nnviz.base.kinds import packing
from nnviz.base.parameters import _EXPECTED, Kind
from nnviz.base.results import Result
from nnviz.cli import arguments
from nnviz.engine.method import methods
from nnviz.media import headers
from nnviz.render.report import paint

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
from nnviz.gui.shell import main_window
from nnviz.gui.views.results import registry

PACKAGE = Path(cli.__file__).parents[1]
IN_WORDS = {Kind.TEXT, Kind.WORDS}
"""Any text will do: there is nothing to say of what is expected."""


def result_kinds() -> set[type]:
    """Return the kinds that ``nnviz.base`` declares.

    A dataclass with slots is made twice; only the second is in its module.
    """
    for module in pkgutil.iter_modules(kinds.__path__, f"{kinds.__name__}."):
        importlib.import_module(module.name)
    return {
        getattr(sys.modules[each.__module__], each.__name__)
        for each in Result.__subclasses__()
        if each.__module__.startswith("nnviz.base.")
    }


def test_result_kinds_are_painted_viewed_and_packed():
    known = result_kinds()
    assert len(known) > 10
    assert known - set(paint.registry) == set()
    assert known - set(registry._VIEWS) == set()
    assert known - set(packing._KINDS.values()) == set()


def test_parameter_kinds_have_words_and_a_metavariable():
    # Those of a choice are its choices.
    assert set(Kind) - set(_EXPECTED) == {*IN_WORDS, Kind.CHOICE}
    assert set(Kind) - set(arguments._METAVARS) == {Kind.TEXT}


def test_images_that_are_offered_are_read():
    PillowImage.init()
    form = PillowImage.registered_extensions()
    # DIB is BMP without its header, MPO several JPEGs: Pillow opens them as these.
    read = {*headers._FORMATS, "DIB", "MPO"}
    pillows = file_formats.IMAGES - {".npy"}
    assert {ending for ending in pillows if form.get(ending) not in read} == set()


def test_videos_that_are_offered_are_read():
    containers = map(av.format.ContainerFormat, av.formats_available)
    read = {f".{ending}" for each in containers for ending in each.extensions}
    assert file_formats.VIDEOS - read == set()


def test_commands_are_files_and_files_with_a_command_are_listed():
    listed = {cli._module(name) for name in cli.COMMANDS}
    packages = {"", *(home.removesuffix(".") for home in cli._HOMES.values())}
    written = {
        f"nnviz.cli.{package}.{path.stem}".replace("..", ".")
        for package in packages
        for path in (PACKAGE / "cli" / package).glob("*.py")
        if "\ndef execute(" in path.read_text("utf-8")
    }
    alone = {name for name in listed if importlib.util.find_spec(name) is None}
    assert alone == set()
    assert written - listed == set()


def test_workspaces_are_in_the_window_and_methods_in_workspaces():
    folder = PACKAGE / "gui" / "workspaces"
    packages = {path.parent.name for path in folder.glob("*/workspace.py")}
    assert packages == {each.name for each in main_window.WORKSPACES}
    offered = {each.info.capabilities.workspace for each in methods().values()}
    assert offered - {each.group or each.title for each in main_window.WORKSPACES} == (
        set()
    )
    assert offered - set(WORKSPACES) == set()
