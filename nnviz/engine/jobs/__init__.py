"""Jobs: the engine's entry points, one for each request."""

from nnviz.engine.jobs.catalogue import full_catalogue
from nnviz.engine.jobs.errors import error_record
from nnviz.engine.jobs.session import Session

__all__ = ["Session", "error_record", "full_catalogue"]
