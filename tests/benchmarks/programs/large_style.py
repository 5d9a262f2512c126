"""Paint a photograph of 2048 px in a style; print the memory that it adds.

Prints ``added``: bytes at most beyond those in use before it began.
"""

import resource
import sys

import psutil

from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from tests.benchmarks.engine import finish, never, photo

SIZE = (1536, 2048)


def main(reference: str) -> None:
    session = Session()
    model = ModelRequest(reference=reference, device="cpu")
    finish(session.job(LoadModel(model), never))
    image = image_from_array(photo(*SIZE))
    before = psutil.Process().memory_info().rss
    # The largest size alone: smaller ones before it take less.  With two steps
    # L-BFGS remembers one; each further one is a known amount, below 0.5 GiB in all.
    values = {"size": 0, "sizes": 1, "steps": 3}
    request = RunMethod(
        method="style_transfer", model=model, image=image, values=values
    )
    run = finish(session.job(request, never))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"added {peak - before}\ntile {run.recipe.chunks[0]}")


main(sys.argv[1])
