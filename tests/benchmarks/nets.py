"""The bundled networks: how soon they are open, how fast they find shapes."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle

from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.models.bundled import bundled_names
from tests.benchmarks.engine import finish, never
from tests.benchmarks.figures import Figure, benchmark, median_seconds, seconds

SIZES = (128, 192, 256)
"""Sides of the pictures, px."""
SCENES = 8


@benchmark
def nets() -> Iterator[Figure]:
    """Opening each from its file, facts and doctor included; 25 pictures a second."""
    yield from _openings()
    for name, method in (
        ("scenes-detector", "detect"),
        ("scenes-segmenter", "segment"),
    ):
        for size in SIZES:
            yield Figure(
                f"{method}, {name}, {size} px",
                _milliseconds(name, method, size),
                40,
                "ms",
            )


def _openings() -> Iterator[Figure]:
    session = Session()
    for name in bundled_names():
        load = LoadModel(ModelRequest(reference=f"bundled:{name}", device="cpu"))

        def open_it(load=load):
            session.store.close()
            return 1e3 * seconds(lambda: finish(session.job(load, never)))

        # The first time counts too: it is what a user waits for.
        first = open_it()
        yield Figure(f"opening {name}, the first time", first, 300, "ms")
        yield Figure(f"opening {name}", median_seconds(open_it), 300, "ms")


def _milliseconds(name: str, method: str, size: int) -> float:
    """Return what a picture costs, from pixels to boxes or names of pixels."""
    # Nothing is kept: each picture is computed.
    session = Session(activation_bytes=0)
    model = ModelRequest(reference=f"bundled:{name}", device="cpu")
    own = finish(session.job(LoadModel(model), never)).preprocess
    scaled = replace(own, resize=size, input_size=(size, size))
    model = replace(model, preprocess=scaled)
    turn = cycle(
        [image_from_array(make_scene(seed, size).pixels) for seed in range(SCENES)]
    )

    def once():
        request = RunMethod(method=method, model=model, image=next(turn))
        finish(session.job(request, never))

    once()
    return median_seconds(
        lambda: 1e3 * sum(seconds(once) for _ in range(SCENES)) / SCENES
    )
