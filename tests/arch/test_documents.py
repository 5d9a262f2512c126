"""The examples in README.md, CONTRIBUTING.md and the documentation run as they stand.

Truth: the text itself, as a reader would type it.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.onnx_networks import export
from torch import nn

from nnviz import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "packaging" / "docs" / "pages").rglob("*.md"))
PAGES_WITH_PYTHON = [page for page in PAGES if "```python" in page.read_text("utf-8")]
LINK = re.compile(r"\]\((?!http)([^)#]+)\)")
RUN_ENERGY = """
import sys
sys.path.insert(0, sys.argv[1])
import nnviz, energy
model = nnviz.load("bundled:imagenet")
result = nnviz.run("energy", model, nnviz.open_image(sys.argv[2]))
print(*result.data.shape, float(result.data.min()))
"""


def blocks(document: str, language: str) -> list[str]:
    """Return the fenced code of a language."""
    text = (ROOT / document).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def folder(tmp_path, cat, monkeypatch) -> Path:
    """An empty folder with the ``cat.jpg`` that the examples speak of; we are there."""
    shutil.copy(cat, tmp_path / "cat.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_onnx(folder) -> None:
    """The ``net.onnx``, ``names.txt`` and ``pictures`` that the examples speak of."""
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    export(net, torch.zeros(1, 3, 64, 64), folder / "net.onnx", "script")
    (folder / "names.txt").write_text("\n".join(f"class {n}" for n in range(8)))
    (folder / "pictures").mkdir()
    shutil.copy(folder / "cat.jpg", folder / "pictures")


def run_python(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_of_the_readme_runs(folder):
    (example,) = blocks("README.md", "python")
    assert "(80, 14, 14)" in run_python(example, folder=folder)
    assert (folder / "results" / "cat.activations.png").is_file()


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "replay",
        "methods",
        "models",
        "demo",
        "live",
        "board",
        "contact",
        "evaluate",
        "score",
        "scenes",
        "train",
        "recording",
        "video",
        "attack-curve",
        "attacked",
        "print-sticker",
    ],
)
def test_the_readme_shows_each_command(command):
    lines = "\n".join(blocks("README.md", "sh"))
    assert f"nnviz {command}" in lines


def test_the_commands_of_the_readme_run(folder):
    lines = "\n".join(blocks("README.md", "sh")).splitlines()
    words = [shlex.split(line, comments=True) for line in lines if "nnviz " in line]
    commands = [each[1:] for each in words if len(each) > 1 and each[1] in cli.COMMANDS]
    # Slow, for a camera or a video of one's own: these have tests of their own.
    elsewhere = {"demo", "live", "train", "video"}
    quick = [each for each in commands if each[0] not in elsewhere]
    assert len(quick) > 3
    assert [each for each in quick if cli.main(each) != 0] == []
    made = (folder / "again" / "cat.activations.png").read_bytes()
    assert made == (folder / "results" / "cat.activations.png").read_bytes()


def test_the_method_of_the_contributors_page_runs(folder):
    (example,) = blocks("CONTRIBUTING.md", "python")
    (folder / "energy.py").write_text(example, "utf-8")
    shape = run_python(RUN_ENERGY, str(folder), "cat.jpg", folder=folder).split()
    height, width, least = map(float, shape)
    assert height == width > 1
    assert least >= 0  # a root mean square


@pytest.mark.parametrize("page", PAGES_WITH_PYTHON, ids=lambda page: page.stem)
def test_the_python_of_the_documentation_runs(page, folder):
    for example in blocks(page.relative_to(ROOT).as_posix(), "python"):
        run_python(example, folder=folder)


@pytest.mark.slow
@pytest.mark.usefixtures("small_onnx")
def test_the_commands_of_the_documentation_run():
    lines = [
        line
        for page in PAGES
        for line in "\n".join(
            blocks(page.relative_to(ROOT).as_posix(), "sh")
        ).splitlines()
    ]
    words = [shlex.split(line, comments=True) for line in lines if "nnviz " in line]
    commands = [each[1:] for each in words if each[1:2] and each[1] in cli.COMMANDS]
    quick = [each for each in commands if each[0] not in {"demo", "live"}]
    assert len(quick) > 5
    assert [each for each in quick if cli.main(each) != 0] == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(document):
    links = LINK.findall((ROOT / document).read_text("utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    told = set(
        re.findall(r"^make (\w+)", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    )
    assert told
    assert [name for name in told if f"\n{name}:" not in makefile] == []


def test_the_files_that_contributors_are_sent_to_exist():
    """Truth: the tree.  Files that a reader is to make, or beside one named, aside."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/-]+\.(?:py|npz|toml))`", text))
    own = {"energy.py", "mount.py", "workspace.py", "registry.py"}
    roots = [ROOT, ROOT / "nnviz"]
    gone = {each for each in named - own if not any((r / each).exists() for r in roots)}
    assert len(named) > 15
    assert gone == set()
