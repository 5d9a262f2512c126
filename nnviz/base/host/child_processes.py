"""Processes of this program: modules of the package, started safely from any folder."""

import os
import site
import sys
from collections.abc import Mapping
from pathlib import Path

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[3])


def module_command(module: str) -> list[str]:
    """Return the beginning of a command that runs a module of the package.

    Args:
        module: its full name.
    """
    return [sys.executable, "-m", module]


def child_environment() -> Mapping[str, str]:
    """Return the environment for ``module_command``.

    ``python -m`` looks for modules in the current folder first, which may be one of
    downloads: a ``numpy.py`` there would be run.  PYTHONSAFEPATH leaves it out; where
    the package was found through it, as in a checkout, its root is named instead.
    """
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    if _PACKAGE_ROOT not in (*site.getsitepackages(), site.getusersitepackages()):
        paths = [_PACKAGE_ROOT, os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment
