"""Every method on a graphics card, against the CPU (the contract: within 1e-3)."""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never

from nnviz.base.errors import CancelledError, OutOfMemoryError
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session, error_record
from nnviz.engine.method import methods

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
MODEL = "zoo:resnet18@random"
CLOSE = 1e-3


def run_on(session, method, device, check=never):
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=MODEL, device=device),
        image=cat(),
        values=methods()[method].info.presets["demo"],
    )
    return finish(session.job(request, check))


@pytest.fixture
def exact():
    """No TF32: it rounds to 10 bits, and the CPU does not."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("name", sorted(methods()))
def test_agrees_with_the_cpu(name):
    session = Session()
    ours = run_on(session, name, "cuda").report.arrays()["data"]
    theirs = run_on(session, name, "cpu").report.arrays()["data"]
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= CLOSE * np.abs(theirs).max()
    session.close()


@pytest.mark.parametrize("name", sorted(methods()))
def test_memory_returns_to_its_start(name):
    session = Session()
    run_on(session, "predictions", "cuda")
    session.cache.clear()
    torch.cuda.synchronize()
    start = torch.cuda.memory_allocated()
    run_on(session, name, "cuda")
    left = [4]

    def stop():
        left[0] -= 1
        if left[0] < 0:
            raise CancelledError

    session.cache.clear()
    if name != "filters":
        with pytest.raises(CancelledError):
            run_on(session, name, "cuda", stop)
    session.cache.clear()
    assert torch.cuda.memory_allocated() == start
    session.close()


def test_out_of_memory_recovers():
    session = Session()
    run_on(session, "activations", "cuda")
    session.cache.clear()
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(
        (torch.cuda.memory_reserved() + (1 << 20)) / total
    )
    try:
        with pytest.raises(OutOfMemoryError) as caught:
            run_on(session, "activations", "cuda")
        assert "memory ran out" in error_record(caught.value).text
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    run_on(session, "activations", "cuda")
    session.close()
