"""What is committed: nothing huge, no paths of one machine, licences beside the art.

Truth: the rules in CONTRIBUTING.md.
"""

import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from nnviz.base.shipped.resources import resource

ROOT = Path(__file__).parents[2]
MAX_BYTES = 20 * 2**20
MACHINE_PATH = re.compile(
    rb"/(?:work|root|home/(?!me/)[a-z]\w*)/|/tmp/\w|[A-Z]:\\Users\\\w"
)
"""Folders that exist on one machine only; /home/me is nobody."""


def committed_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    names = listing.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_is_huge():
    assert [file for file in committed_files() if file.stat().st_size > MAX_BYTES] == []


def test_no_text_holds_the_path_of_a_machine():
    found = []
    for file in committed_files():
        content = file.read_bytes()
        if b"\0" in content or file == Path(__file__):
            continue
        found += [f"{file}: {hit.decode()}" for hit in MACHINE_PATH.findall(content)]
    assert found == []


def test_every_dependency_is_pinned():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in lines
        if line and not line.startswith("#")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(
            each
            for group in project["optional-dependencies"].values()
            for each in group
        ),
    ]
    names = {Requirement(each).name.lower().replace("_", "-") for each in wanted}
    own = project["name"]
    assert names - pins == {own}


@pytest.mark.parametrize("folder", ["fonts", "icons"])
def test_art_ships_with_its_licence(folder):
    assert "opyright" in resource(folder, "LICENSE.txt").read_text("utf-8")


def test_a_resource_that_does_not_ship_is_named():
    with pytest.raises(FileNotFoundError, match=r"icons/no-such-icon\.svg"):
        resource("icons", "no-such-icon.svg")


def test_test_modules_have_unique_names():
    """Without packages pytest imports every test module by its base name alone."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
