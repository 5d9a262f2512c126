"""What can be run and opened: found out anew, or as quickly as it takes to start."""

from nnviz.base.catalogue import Catalogue
from nnviz.base.info import MethodInfo
from nnviz.base.resources import resource
from nnviz.engine.method import methods


def live_catalogue() -> Catalogue:
    """Return the methods of this process, plug-ins included, and the shipped models.

    The models are read from the shipped list, since finding them out imports
    torchvision, which takes longer than a first prediction may.
    """
    shipped = Catalogue.from_json(resource("catalogue.json").read_text("utf-8"))
    return Catalogue(_methods(), shipped.models)


def full_catalogue() -> Catalogue:
    """Return the same with the models found out anew: what gets shipped."""
    from nnviz.engine.models.listing import list_models  # noqa: PLC0415  torchvision

    return Catalogue(_methods(), list_models())


def _methods() -> tuple[MethodInfo, ...]:
    return tuple(entry.info for entry in methods().values())
