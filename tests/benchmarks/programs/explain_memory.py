"""Run every explanation of a network with an address space of 1 GiB more than loaded.

Usage: python explain_memory.py REF [METHOD ...].  Prints METHOD.mib, the highest
resident memory above the loaded network, and METHOD.seconds; nothing of methods that do
not suit the network.  Linux only: it resets the peak that the kernel keeps.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np

from nnviz.base.errors import ModelError
from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.method import methods

BUDGET = 1 << 30
MIB = 1 << 20
QUICK = {"score_cam": {"channels": 32}}
"""A pass a channel says the same of memory after a few."""


def main() -> None:
    reference, *names = sys.argv[1:]
    model = ModelRequest(reference=reference, device="cpu")
    session = Session()
    info = finish(session.job(LoadModel(model), never))
    pixels = np.random.default_rng(0).integers(0, 256, (300, 451, 3), np.uint8)
    image = image_from_array(pixels)
    loaded = status("VmRSS")
    limit = 1024 * status("VmSize") + BUDGET
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for name, known in sorted(methods().items()):
        if known.info.group != "Explain" or not known.info.suits(info.task):
            continue
        if names and name not in names:
            continue
        request = RunMethod(
            method=name, model=model, image=image, values=QUICK.get(name, {})
        )
        Path("/proc/self/clear_refs").write_text("5")
        started = time.perf_counter()
        try:
            finish(session.job(request, never))
        except ModelError:
            continue
        peak = (status("VmHWM") - loaded) * 1024 / MIB
        print(f"{name}.mib", peak, flush=True)
        print(f"{name}.seconds", time.perf_counter() - started, flush=True)


def status(name: str) -> int:
    """Return a figure of this process that the kernel keeps, KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1])


def finish(job):
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def never() -> None:
    """Keep going."""


main()
