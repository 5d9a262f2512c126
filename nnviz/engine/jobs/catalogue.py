"""The catalogue of methods and models: complete, or fast for a start."""

from collections.abc import Iterable
from pathlib import Path

from nnviz.base.catalogue import Catalogue
from nnviz.base.info import MethodInfo, ModelEntry, ModelSource
from nnviz.base.shipped.resources import resource
from nnviz.engine.method import Registered, methods
from nnviz.engine.models.bundled import is_installed
from nnviz.engine.models.devices import available
from nnviz.engine.models.weights.places import find_weights


def live_catalogue(folder: Path | None = None) -> Catalogue:
    """Return this process's methods, plug-ins included, and the shipped models.

    The catalogue also lists this machine's devices, and the weights in ``folder`` or
    the default folders.

    The models are read from the bundled list, since finding them would import
    torchvision, which takes longer than a first prediction may.
    """
    shipped = Catalogue.from_json(resource("catalogue.json").read_text("utf-8"))
    return Catalogue(
        _methods(), shipped.models, available(), _present(shipped.models, folder)
    )


def full_catalogue() -> Catalogue:
    """Return the catalogue with the models listed from scratch, for shipping."""
    from nnviz.engine.models.listing import list_models  # noqa: PLC0415  torchvision

    return Catalogue(_methods(), list_models())


def _present(entries: Iterable[ModelEntry], folder: Path | None) -> frozenset[str]:
    return frozenset(entry.reference for entry in entries if _is_present(entry, folder))


def _is_present(entry: ModelEntry, folder: Path | None) -> bool:
    if entry.source is ModelSource.BUNDLED:
        return is_installed(entry.reference)
    return not entry.file or find_weights(entry.file, folder) is not None


def _methods() -> tuple[MethodInfo, ...]:
    """Return all methods in an order independent of imports.

    Methods, then lessons, then plug-ins, each by the names of their modules.
    """

    def place(entry: Registered) -> tuple[bool, bool, str]:
        module = entry.method.__module__
        is_lesson = module.startswith("nnviz.engine.lessons.")
        return not module.startswith("nnviz."), is_lesson, module

    return tuple(entry.info for entry in sorted(methods().values(), key=place))
