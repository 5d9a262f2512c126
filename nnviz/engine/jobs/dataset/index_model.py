"""Reopening the network of an index."""

from collections.abc import Generator

from nnviz.base.events import Progress
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.models.model import Model
from nnviz.media.index import ImageIndex


def request_of(index: ImageIndex) -> ModelRequest:
    """Return the request that reopens the network of an index."""
    values = dict(index.facts.settings["request"])
    values["fields"] = ()
    return ModelRequest(
        **values, preprocess=Preprocess.from_json(index.facts.preprocess)
    )


def open_model(
    resources: Resources, index: ImageIndex, check: Check
) -> Generator[Progress, None, Model]:
    """Reopen the network that an index was made with.

    Raises:
        NnvizError: the network cannot be opened any more.
    """
    return (yield from resources.store.open(request_of(index), check))
