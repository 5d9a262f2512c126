"""A wheel has all that the program needs to run outside a checkout.

Truth: the files in ``resources/``, less the screenshots for the README.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ["nnviz", "resources", "pyproject.toml", "setup.py", "README.md", "LICENSE"]


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> set[str]:
    """Names of the files in a wheel built from a copy: building leaves traces."""
    source = tmp_path_factory.mktemp("source")
    for name in BUILT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name)
        else:
            shutil.copy(ROOT / name, source)
    target = source / "dist"
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    options = ["--no-build-isolation", "--wheel-dir", str(target), str(source)]
    done = subprocess.run(
        [*build, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = target.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_resource_ships(names):
    shipped = {
        f"nnviz/{file.relative_to(ROOT).as_posix()}"
        for file in (ROOT / "resources").rglob("*")
        if file.is_file() and "screenshots" not in file.parts
    }
    assert shipped
    assert shipped - names == set()


def test_no_screenshot_ships(names):
    assert not [name for name in names if "screenshots" in name]


def test_every_module_ships(names):
    modules = {
        file.relative_to(ROOT).as_posix() for file in (ROOT / "nnviz").rglob("*.py")
    }
    assert modules - names == set()
