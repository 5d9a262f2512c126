"""The shipped catalogue is what the registry and the model list say."""

import json
import subprocess
import sys

import torch

from nnviz.base.catalogue import Catalogue
from nnviz.base.shipped.resources import resource
from nnviz.engine.jobs import Session, full_catalogue


def test_shipped_catalogue_is_true():
    text = resource("catalogue.json").read_text("utf-8")
    assert text == full_catalogue().to_json(), "write it anew with: nnviz catalogue"


def test_catalogue_survives_json():
    catalogue = Session().catalogue()
    again = Catalogue.from_json(catalogue.to_json())
    assert (again.methods, again.models) == (catalogue.methods, catalogue.models)
    assert {info.name for info in catalogue.methods} >= {
        "predictions",
        "filters",
        "activations",
    }


def test_starting_takes_no_torchvision():
    # It costs as long as torch itself; a bundled network must do without.
    code = (
        "import sys; from nnviz.engine.jobs import Session; Session().catalogue();"
        "assert 'torchvision' not in sys.modules; assert 'PySide6' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_live_list_says_what_this_machine_has(tmp_path):
    """Truth: torch.cuda.is_available, and a file of weights put there by hand."""
    (tmp_path / "resnet18-f37072fd.pth").touch()
    live = Session(weights_folder=tmp_path).catalogue()
    assert live.devices[-1] == "cpu"
    assert ("cuda:0" in live.devices) == torch.cuda.is_available()
    assert live.present >= {"bundled:objects", "zoo:resnet18"}
    assert "zoo:resnet34" not in live.present


def test_the_shipped_list_says_nothing_of_any_machine():
    """Truth: the fields' meaning: empty where nobody has looked."""
    shipped = Catalogue.from_json(resource("catalogue.json").read_text("utf-8"))
    assert (shipped.devices, shipped.present) == ((), frozenset())


def test_the_order_does_not_depend_on_what_was_imported_first():
    """Truth: the shipped list, written by a process that imported nothing before."""
    code = (
        "import nnviz.engine.lessons.neuron.perceptron, nnviz.engine.methods.saliency;"
        "from nnviz.engine.jobs import Session;"
        "print(*(each.name for each in Session().catalogue().methods))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    shipped = json.loads(resource("catalogue.json").read_text("utf-8"))
    assert done.stdout.split() == [each["name"] for each in shipped["methods"]]
