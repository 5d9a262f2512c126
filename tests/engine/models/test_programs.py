"""TorchScript, torch.export, pickled modules and Python code, run after a yes only."""

import sys
import types
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from nnviz.base.errors import InputError, TrustError, UsageError
from nnviz.engine.models.programs.trust import is_trusted, trust
from nnviz.engine.models.references import PythonReference, parse
from nnviz.engine.nn.shapes.graph import operation_graph
from tests.support.onnx_networks import outputs_of, with_statistics

CODE = """
import pathlib
import torch
from torch import nn

pathlib.Path(__file__).with_name("was run").touch()


class Tiny(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, width, 3)
        self.act = nn.ReLU()
        self.head = nn.Linear(width, 3)

    def forward(self, x):
        return self.head(self.act(self.conv(x)).mean((2, 3)))


def wide():
    return Tiny(16)
"""


@pytest.fixture(autouse=True)
def no_yes_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or changes what this machine's user said yes to."""
    path = tmp_path / "trusted.txt"
    monkeypatch.setenv("NNVIZ_TRUSTED", str(path))
    return path


@pytest.fixture(scope="module")
def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 5),
        )
    return with_statistics(net)


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))


def write(kind: str, net: nn.Module, x: Tensor, folder: Path) -> Path:
    path = folder / f"{kind}.pt"
    if kind == "traced":
        torch.jit.save(torch.jit.trace(net, x), path)
    elif kind == "scripted":
        torch.jit.save(torch.jit.script(net), path)
    elif kind == "exported":
        path = path.with_suffix(".pt2")
        torch.export.save(torch.export.export(net, (x,)), path)
    else:
        torch.save(net, path)
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    "kind",
    [
        "traced",
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in ("scripted", "exported", "pickled")
        ),
    ],
)
def test_programs_open_after_a_yes_with_all_layers(
    open_model, net: nn.Module, x: Tensor, tmp_path: Path, kind: str
) -> None:
    """Truth: the network that was saved."""
    path = write(kind, net, x, tmp_path)
    with pytest.raises(TrustError, match=r"\(--trust\)$"):
        open_model(path)
    model = open_model(path, trust=True)
    found, wanted = outputs_of(model.net, x), outputs_of(net, x)
    assert found.keys() >= {"0", "1", "2", "3", "5"}
    for name in found.keys() & wanted.keys():
        assert (found[name] - wanted[name]).abs().max() <= 1e-5 * wanted[
            name
        ].abs().max()
    assert model.info.notes[0].endswith("program, run once to export it") or (
        kind == "pickled"
    )
    kinds = {layer.name: layer.kind for layer in model.info.layers}
    assert kinds["0"] == "Conv2d"
    assert kinds["1"] == "BatchNorm2d"
    assert kinds["2"] == "ReLU"


POOLING = """
from dataclasses import dataclass
from torch import Tensor, nn


@dataclass
class Answer:
    logits: Tensor
    features: Tensor
    loss: Tensor | None = None


class Stage(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2)
        self.pool = nn.AdaptiveAvgPool2d((5, 7))

    def forward(self, x):
        return self.pool(self.conv(x).relu())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage = Stage()
        self.head = nn.Linear(140, 3)

    def forward(self, x):
        found = self.stage(x)
        return Answer(self.head(found.flatten(1)), found)
"""


@pytest.mark.slow
def test_any_adaptive_pooling_and_dataclasses_open(open_model, tmp_path: Path) -> None:
    """Truth: the class itself; torch's exporter has no pooling from 31 to 5 and 7."""
    path = tmp_path / "pooling.py"
    path.write_text(POOLING)
    path.with_suffix(".json").write_text('{"preprocess": {"input_size": [64, 64]}}')
    space: dict[str, object] = {"__name__": "pooling_of_this_test"}
    sys.modules["pooling_of_this_test"] = types.ModuleType("pooling_of_this_test")
    exec(POOLING, space)  # noqa: S102 -- of this very file
    del sys.modules["pooling_of_this_test"]
    model = open_model(path, trust=True)
    net = space["Net"]().eval()  # type: ignore[operator]
    weights = model.net.state_dict()
    net.load_state_dict({name: weights[name] for name in net.state_dict()})
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        wanted, pooled = net(x).logits, net.stage(x)
    found = outputs_of(model.net, x)
    assert (found[""] - wanted).abs().max() <= 1e-5 * wanted.abs().max()
    layer = found["stage.pool"] if "stage.pool" in found else found["stage"]
    assert (layer - pooled).abs().max() <= 1e-5 * pooled.abs().max()
    groups = operation_graph(model.net, 3, (64, 64)).groups
    assert groups["stage"] == "Stage"


class Foreign(nn.Module):
    """A network whose class is nowhere to be imported when its file is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.odd_name = nn.Conv2d(3, 4, 3)


def test_a_pickled_module_names_its_class_and_the_package_that_lacks(
    open_model, tmp_path: Path, monkeypatch
) -> None:
    """Truth: the name that the file was saved with; ultralytics saves so too."""
    package = types.ModuleType("faraway")
    package.Foreign = Foreign
    monkeypatch.setitem(sys.modules, "faraway", package)
    monkeypatch.setattr(Foreign, "__module__", "faraway")
    torch.save({"model": Foreign()}, tmp_path / "net.pt")
    monkeypatch.delitem(sys.modules, "faraway")
    with pytest.raises(
        TrustError, match=r"pickled faraway\.Foreign: .* faraway; export"
    ):
        open_model(tmp_path / "net.pt")
    with pytest.raises(InputError, match="install faraway beside nnviz, or export"):
        open_model(tmp_path / "net.pt", trust=True)


def test_a_yes_is_remembered_for_the_file_as_it_is(
    tmp_path: Path, no_yes_yet: Path
) -> None:
    path = tmp_path / "code.py"
    path.write_text(CODE)
    assert not is_trusted(path, lambda: None)
    trust(path, lambda: None)
    trust(path, lambda: None)
    assert is_trusted(path, lambda: None)
    assert len(no_yes_yet.read_text().split()) == 1
    path.write_text(CODE + "\n")
    assert not is_trusted(path, lambda: None)


def test_python_code_is_not_run_before_a_yes(open_model, tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(CODE)
    with pytest.raises(TrustError, match="is Python code: opening it runs"):
        open_model(path)
    assert not (tmp_path / "was run").exists()
    model = open_model(path, trust=True)
    assert (tmp_path / "was run").exists()
    assert model.info.preprocess.channels == 1
    assert {"conv", "act", "head"} <= {layer.name for layer in model.info.layers}
    wide = open_model(f"python:{path}:wide")
    assert wide.info.known_layer("conv").shape[0] == 16
    assert wide.info.reference == f"python:{path}:wide"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1/0", "ZeroDivisionError"),
        ("def model(): return 3", "gives a int, not a torch.nn.Module"),
        ("import os; os._exit(3)", "its process ended"),
        ("x = 1", r"defines no function model\(\)"),
        (
            "import torch; model = torch.nn.ReLU(); model.forward = lambda x: x[9999]",
            r"takes no image .*; say its input size",
        ),
    ],
)
def test_code_that_gives_no_network_says_why(
    open_model, tmp_path: Path, code: str, reason: str
) -> None:
    path = tmp_path / "code.py"
    path.write_text(code)
    with pytest.raises(InputError, match=reason) as caught:
        open_model(path, trust=True)
    assert "\n" not in str(caught.value)


def test_modules_are_found_without_importing_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("1/0")
    (package / "nets.py").write_text("1/0")
    monkeypatch.syspath_prepend(tmp_path)
    reference = parse("python:pack.nets:make")
    assert reference == PythonReference("pack.nets", "make")
    assert reference.path == package / "nets.py"
    with pytest.raises(UsageError, match="no such module"):
        _ = PythonReference("pack.none").path
