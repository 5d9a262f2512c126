"""A session: the jobs of requests, on opened networks and cached activations."""

from pathlib import Path
from typing import Any

from nnviz.base.catalogue import Catalogue
from nnviz.base.events import Job
from nnviz.base.requests import Request
from nnviz.engine.jobs.catalogue import live_catalogue
from nnviz.engine.jobs.registry import job_of
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.models.store import ModelStore


class Session:
    """Opened networks, what was computed lately, and the jobs that use them.

    For one thread at a time.

    Args:
        weights_folder: where downloaded weights are kept; None for the user's cache.
        activation_bytes: how much of what layers gave is kept for walking about.
        model_bytes: how much opened networks may take; None for a share of memory.
    """

    def __init__(
        self,
        *,
        weights_folder: Path | None = None,
        activation_bytes: int = 256 << 20,
        model_bytes: int | None = None,
    ) -> None:
        self._weights_folder = weights_folder
        self._resources = Resources(weights_folder, activation_bytes, model_bytes)

    @property
    def store(self) -> ModelStore:
        """The opened networks."""
        return self._resources.store

    @property
    def brief(self) -> bool:
        """Whether a job's next turn is to be short, since somebody waits."""
        return self._resources.brief

    @brief.setter
    def brief(self, brief: bool) -> None:
        self._resources.brief = brief

    def job(self, request: Request[Any], check: Check) -> Job:
        """Return the job of a request; nothing happens before its first ``next``.

        Args:
            request: what to do.
            check: called often; raises ``CancelledError`` to stop the job.
        """
        return job_of(self._resources, request, check)

    def catalogue(self) -> Catalogue:
        """Return all methods and models, plug-ins included."""
        return live_catalogue(self._weights_folder)

    def close(self) -> None:
        """Let go of all networks and activations."""
        self._resources.close()
