"""Every request has a job; what has none, or two, is said.

Truth: the union of all requests in ``nnviz.base.requests``.
"""

import typing

import pytest

from nnviz.base.requests import AnyRequest, LoadModel, Request
from nnviz.engine.jobs import Session, registry


def test_every_request_has_a_job():
    registry._discover()
    assert set(registry._HANDLERS) == set(typing.get_args(AnyRequest))


def test_two_jobs_for_a_request_are_refused():
    registry._discover()
    with pytest.raises(ValueError, match="two jobs carry out LoadModel"):
        registry.carries_out(LoadModel)(lambda *_: iter(()))


def test_a_request_without_a_job_is_said():
    class Unheard(Request[None]):
        """Nothing carries it out."""

    with pytest.raises(TypeError, match="no job carries out Unheard"):
        Session().job(Unheard(), lambda: None)
