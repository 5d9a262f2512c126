"""A session: jobs on shared open networks and caches."""

from typing import Any

from nnviz.base.catalogue import Catalogue
from nnviz.base.events import Job
from nnviz.base.requests import Request
from nnviz.engine.jobs.catalogue import live_catalogue
from nnviz.engine.jobs.registry import job_of
from nnviz.engine.jobs.resources import Check, Resources


class Session(Resources):
    """Open networks, caches, and the jobs that use them."""

    def job(self, request: Request[Any], check: Check) -> Job:
        """Return the job of a request, not yet started.

        Args:
            request: what to do.
            check: called often; raises ``CancelledError`` to stop the job.
        """
        return job_of(self, request, check)

    def catalogue(self) -> Catalogue:
        """Return all methods and models, plug-ins included."""
        return live_catalogue(self.weights_folder)
