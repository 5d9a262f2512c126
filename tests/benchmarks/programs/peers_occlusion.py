"""Print our time over captum's for occlusion: ``network peer ratio`` lines.

Run by .venv-peers' Python, which stands on ours.  Ours is the whole method, from the
image, with the incremental passes verified anew; captum's is its Occlusion with the
chunk that suits it best, and with its default of one image a pass.
"""

import statistics

import torch
from captum.attr import Occlusion

from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from tests.benchmarks.engine import finish, never, photo
from tests.benchmarks.figures import seconds

ROUNDS = 3
CHUNKS = (4, 8, 16)
CLASS = 3
CASES = (("resnet18", 16, 8), ("vgg16", 16, 16))
"""Network, window and stride."""


class Bench:
    """One network and one photograph."""

    def __init__(self, name: str, window: int, stride: int) -> None:
        self.session = Session(activation_bytes=0)
        self.request = ModelRequest(reference=f"zoo:{name}@random", device="cpu")
        self.image = image_from_array(photo())
        self.window, self.stride = window, stride
        opened = finish(self.session.store.open(self.request, never))
        self.net = opened.net
        self.x = opened.normalizer(opened.pixel_input(self.image))

    def ours(self) -> None:
        values = {
            "target": f"class:{CLASS}", "window": self.window, "stride": self.stride,
            "fill": "mean", "edges": "cut",
        }  # fmt: skip
        asked = RunMethod(
            method="occlusion", model=self.request, image=self.image, values=values
        )
        finish(self.session.job(asked, never))

    def captum(self, chunk: int) -> None:
        with torch.no_grad():
            Occlusion(self.net).attribute(
                self.x,
                (3, self.window, self.window),
                (3, self.stride, self.stride),
                target=CLASS,
                perturbations_per_eval=chunk,
            )


def main() -> None:
    for name, window, stride in CASES:
        bench = Bench(name, window, stride)
        # Also makes the network's twin, which is kept.
        bench.ours()
        best = min(CHUNKS, key=lambda n, b=bench: seconds(lambda: b.captum(n)))
        ratios: dict[str, list[float]] = {"best": [], "default": []}
        for _ in range(ROUNDS):
            mine = seconds(bench.ours)
            ratios["best"].append(mine / seconds(lambda n=best, b=bench: b.captum(n)))
            ratios["default"].append(mine / seconds(lambda b=bench: b.captum(1)))
        for peer, found in ratios.items():
            print(name, peer, statistics.median(found), flush=True)


main()
