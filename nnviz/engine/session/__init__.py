"""The engine's front: what can be asked of it, as jobs."""

from nnviz.engine.session.catalogue import full_catalogue
from nnviz.engine.session.errors import error_record
from nnviz.engine.session.jobs import Session

__all__ = ["Session", "error_record", "full_catalogue"]
