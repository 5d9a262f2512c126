"""A method is one file: dropped among the others, it is found everywhere.

Each part runs in a process of its own, where the folder of the new file is added to
the package of the methods, as if the file lay there.
"""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

METHOD = """
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.parameters import Help, Range, Unit
from nnviz.base.results import Report, Text
from nnviz.engine.method import register


@dataclass(frozen=True, slots=True, kw_only=True)
class BrightnessParams:
    gain: Annotated[float, Range(0, 4), Unit("x"), Help("What to multiply with.")] = 2.0


@register("brightness", title="Brightness", group="Inspect", live=True)
class Brightness:
    Params = BrightnessParams
    shows = "How bright the picture is."
    reading = "More is brighter."
    misleads = "Not at all."
    presets: ClassVar = {"demo": {"gain": 1.0}}

    def run(self, ctx, params):
        yield Report({"words": Text(text=f"{params.gain * ctx.pixels.mean():.3f}")})
"""

DROP = """
import sys, types
import nnviz.engine.methods
nnviz.engine.methods.__path__.append(sys.argv[1])
"""


def run_there(folder, code):
    (folder / "brightness.py").write_text(METHOD)
    done = subprocess.run(
        [sys.executable, "-c", DROP + dedent(code), str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_catalogue(tmp_path):
    out = run_there(
        tmp_path,
        """
        from nnviz.base.catalogue import Catalogue
        from nnviz.engine.jobs import Session
        catalogue = Session().catalogue()
        assert Catalogue.from_json(catalogue.to_json()).methods == catalogue.methods
        print(*[info.name for info in catalogue.methods])
        """,
    )
    assert "brightness" in out.split()


def test_python(tmp_path):
    out = run_there(
        tmp_path,
        """
        import numpy, nnviz
        assert nnviz.methods()["brightness"].parameters[0].unit == "x"
        photo = numpy.full((64, 64, 3), 0.25)
        print(nnviz.run("brightness", "bundled:objects", photo, gain=3.0).main.text)
        """,
    )
    assert out.strip() == "0.750"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["methods"], ["brightness", "How bright the picture is"]),
        (["methods", "brightness"], ["--gain", "0 to 4 x", "What to multiply with."]),
        (["run", "brightness", "--help"], ["--gain"]),
    ],
)
def test_command_line(tmp_path, words, expected):
    out = run_there(
        tmp_path,
        f"""
        import nnviz.engine.jobs
        from nnviz.cli import main
        sys.exit(main({words!r}))
        """,
    )
    for text in expected:
        assert text in " ".join(out.split())


def test_form_of_the_window(tmp_path):
    out = run_there(
        tmp_path,
        """
        from PySide6.QtWidgets import QApplication
        from nnviz.engine.jobs import Session
        from nnviz.gui.forms.form import Form
        app = QApplication([])
        methods = {info.name: info for info in Session().catalogue().methods}
        form = Form(methods["brightness"].parameters)
        print(form.values())
        """,
    )
    assert out.strip() == "{'gain': 2.0}"


def test_plug_in_that_cannot_be_imported_is_left_out(tmp_path):
    plug_in = tmp_path / "site" / "broken-1.0.dist-info"
    plug_in.mkdir(parents=True)
    (plug_in / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 1\n"
    )
    (plug_in / "entry_points.txt").write_text("[nnviz.methods]\nbroken = gone_away\n")
    out = run_there(
        tmp_path,
        """
        sys.path.append(sys.argv[1] + "/site")
        from nnviz.engine.method import methods
        print(*methods())
        """,
    )
    assert "predictions" in out


def test_plug_in_of_another_package_is_found(tmp_path):
    plug_in = tmp_path / "site" / "bright-1.0.dist-info"
    plug_in.mkdir(parents=True)
    (plug_in / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bright\nVersion: 1\n"
    )
    (plug_in / "entry_points.txt").write_text("[nnviz.methods]\nb = bright_plug_in\n")
    (plug_in.parent / "bright_plug_in.py").write_text(
        METHOD.replace("brightness", "glow")
    )
    out = run_there(
        tmp_path,
        """
        sys.path.append(sys.argv[1] + "/site")
        from nnviz.engine.method import methods
        print(*methods())
        """,
    )
    assert "glow" in out.split()


HOSTILE = {
    "raises": "raise RuntimeError('no luck')",
    "exits": "import sys; sys.exit(3)",
    "stops": "raise KeyboardInterrupt",
    "empties": "from nnviz.engine import method; method._REGISTRY.clear()",
    "replaces": "from nnviz.engine import method\nmethod._REGISTRY['saliency'] = None",
    "recurses": "def f(): f()\nf()",
}
"""What plug-ins do at import, by the name of their module."""


def test_hostile_plug_ins_take_nothing_down(tmp_path):
    """Each is named in one line; what it prints is not shown; the rest works."""
    for name, code in HOSTILE.items():
        about = tmp_path / "site" / f"{name}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
        )
        (about / "entry_points.txt").write_text(
            f"[nnviz.methods]\n{name} = plug_in_{name}\n"
        )
        (about.parent / f"plug_in_{name}.py").write_text(f"print('noise')\n{code}\n")
    out = run_there(
        tmp_path,
        """
        import logging
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        sys.path.append(sys.argv[1] + "/site")
        from nnviz.engine.method import find, methods
        print(len(methods()) > 30, find("saliency").info.title)
        """,
    )
    *lines, last = out.strip().splitlines()
    assert last == "True Saliency"
    assert len(lines) == len(HOSTILE)
    for name in HOSTILE:
        assert sum(f"plug_in_{name} is left out: " in line for line in lines) == 1
