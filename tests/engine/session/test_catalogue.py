"""The shipped catalogue is what the registry and the model list say."""

import subprocess
import sys

from nnviz.base.catalogue import Catalogue
from nnviz.base.resources import resource
from nnviz.engine.session import Session, full_catalogue

WRITE_ANEW = (
    "from pathlib import Path; from nnviz.engine.session import full_catalogue; "
    "Path('resources/catalogue.json').write_text("
    "full_catalogue().to_json() + '\\n', encoding='utf-8')"
)


def test_shipped_catalogue_is_true():
    text = resource("catalogue.json").read_text("utf-8")
    assert text == full_catalogue().to_json(), (
        f"write it anew: python -c {WRITE_ANEW!r}"
    )


def test_catalogue_survives_json():
    catalogue = Session().catalogue()
    assert Catalogue.from_json(catalogue.to_json()) == catalogue
    assert {info.name for info in catalogue.methods} >= {
        "predictions",
        "filters",
        "activations",
    }


def test_starting_takes_no_torchvision():
    # It costs as long as torch itself; a bundled network must do without.
    code = (
        "import sys; from nnviz.engine.session import Session; Session().catalogue();"
        "assert 'torchvision' not in sys.modules; assert 'PySide6' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
