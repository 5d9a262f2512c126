"""Recipes written by an earlier version, and the arrays that it computed.

``python -m tests.support.replayed`` writes ``tests/fixtures/recipes`` anew: for each
method and each case below a .json and a small .png with the recipe inside, and
``arrays.json`` with a hash of every array.  It was run at eb25ac2, before the engine
was sorted by families and parameters were renamed, and is run again for new methods
only: what is there already stays as it was written.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skimage import data

from nnviz.base.parameters import Value
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.method import methods
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png, write_text
from nnviz.render.report import paint_report
from nnviz.storage.results import RECIPE_KEY
from tests.support.explained import SIDE, networks
from tests.support.jobs import finish, never

FOLDER = Path(__file__).parents[1] / "fixtures" / "recipes"
IMAGE = FOLDER / "cat.png"
OTHER = FOLDER / "other.png"
MASK = FOLDER / "mask.png"
MANY = FOLDER / "many"
ARRAYS = FOLDER / "arrays.json"
RECORDING = FOLDER / "recording"
RECORDED = "renamed.cw"
TRANSFORMER = "object:VisionTransformer-1"
_WIDTH = 240


@dataclass(frozen=True)
class Case:
    """One run: a name for its files, the model, and what was asked."""

    method: str
    model: str = "bundled:everyday"
    values: Mapping[str, Value] = field(default_factory=dict)
    name: str = "plain"
    changes: tuple[tuple[int, Mapping[str, Value]], ...] = ()

    @property
    def stem(self) -> str:
        return f"{self.name}.{self.method}"


def cases() -> Iterator[Case]:
    """Yield a plain case for each method, and those with parameters of other kinds.

    Lessons and trainings are left out: their networks are made as they run.
    """
    for name, registered in methods().items():
        if registered.info.group in _MADE_ANEW:
            continue
        yield Case(name, _MODELS.get(name, "bundled:everyday"),
                   dict(registered.info.presets["demo"]) | _cheap(name))  # fmt: skip
    yield from _MORE


def _cheap(name: str) -> dict[str, Value]:
    return {
        "patch": {"pictures": str(MANY), "count": 24, "side": 8, "batch": 2},
        "universal": {"pictures": str(MANY), "count": 24},
        "style_transfer": {"size": 64, "steps": 3},
        "deep_dream": {"size": 48, "octaves": 2, "steps": 2},
        "occlusion": {"window": 8, "stride": 8},
        "activation_maximization": {"size": 32},
        "rise": {"masks": 40},
        "lime": {"samples": 60},
        "kernel_shap": {"samples": 60},
        "xrai": {"steps": 4},
        "guided_ig": {"steps": 5},
        "d_rise": {"masks": 40},
    }.get(name, {})


_MADE_ANEW = ("Learn", "Train")
_MODELS = {
    "attention": TRANSFORMER,
    "attention_heads": TRANSFORMER,
    "caption": "bundled:scenes-captioner",
    "le_grad": TRANSFORMER,
    "detect": "bundled:scenes-detector",
    "detection_steps": "bundled:scenes-detector",
    "d_rise": "bundled:scenes-detector",
    "track": "bundled:scenes-detector",
    "segment": "bundled:scenes-segmenter",
    "segmentation_steps": "bundled:scenes-segmenter",
    "fast_style": "bundled:mosaic",
    "grad_cam": "bundled:objects",
    "style_transfer": "bundled:objects",
}
_PATCH = {"steps": 3, "batch": 2, "trials": 4, "side": 8}
_MORE = (
    Case("grad_cam", "bundled:objects", {"others": "stage2, stage3"}, "layers"),
    Case("score_cam", values={"channels": 8, "others": "stage1"}, name="layers"),
    Case("eigen_cam", "bundled:objects", {"others": "stages"}, "layers"),
    Case("activations", values={"scale": "own", "order": "network"}, name="order"),
    Case(
        "activation_maximization",
        values={
            "steps": 3, "size": 32, "channels": "3 - 0.5*7, 5", "place": "centre",
            "parametrisation": "phases", "photographs": str(MANY), "optimiser": "nadam",
            "pictures": 2, "diversity": 1.0, "faded": True, "redirected": False,
        },
        name="renamed",
        changes=((1, {"faded": False, "learning_rate": 0.02}),),
    ),
    Case(
        "activation_maximization",
        values={"steps": 3, "size": 32, "target": "dog"},
        name="target",
    ),
    Case(
        "deep_dream",
        "bundled:objects",
        {
            "size": 48, "octaves": 2, "steps": 2, "also": "stage2",
            "layer": "stage3", "grows": "mean", "normalise": "spread",
            "colours": "free", "guide": "", "carry": "picture",
        },
        "renamed",
        ((1, {"grows": "squares", "also": "stage1", "colours": "own"}),),
    ),
    Case(
        "deep_dream",
        values={"size": 32, "octaves": 1, "steps": 2, "guide": str(OTHER)},
        name="guide",
    ),
    Case("cw", values={"rounds": 2, "steps": 3, "rate": 0.02, "constant": 10.0},
         name="renamed"),
    Case("pgd", values={"steps": 4, "start": False, "stop": True, "goal": "towards",
                        "target": "dog | cat"}, name="renamed"),
    Case("pgd", values={"steps": 4, "norm": "l2", "epsilon": 128.0}, name="steered",
         changes=((2, {"step": 0.5}),)),
    Case("fgsm", values={"norm": "l2", "epsilon": 100.0}, name="l2"),
    Case("detect", "bundled:scenes-detector", {"only": "star, ring", "score": 0.01},
         "renamed"),
    Case(
        "sticker",
        values={
            "queries": 40, "batch": 8, "colour": "#ff0000", "mask": str(MASK),
            "stop": False, "ahead": 1.0, "number": 1, "smallest": 5.0,
            "largest": 10.0,
        },
        name="renamed",
    ),
    Case("sticker", values={"queries": 4, "batch": 4, "sticker": str(OTHER)},
         name="picture"),
    Case("patch", values=_PATCH, name="alone"),
    Case("patch", "bundled:scenes-detector", _PATCH | {"anywhere": False}, "detector"),
    Case("placed_stickers",
         values={"stickers": f"{OTHER} @ 0.4 0.5 0.3 10 0.8; round:#00ff00 @ 0.5 0.2 "
                             "0.2 0"}, name="picture"),
    Case("integrated_gradients",
         values={"steps": 4, "baseline": "own", "file": str(OTHER)}, name="picture"),
    Case("integrated_gradients", values={"steps": 4, "baseline": "random",
                                         "colours": "strongest"}, name="random"),
    Case("saliency", "bundled:objects", {"colours": "sum", "target": "stage2:3"},
         "unit"),
    Case("smooth_grad", values={"samples": 3, "rule": "integrated", "steps": 3},
         name="integrated"),
    Case("occlusion", values={"window": 8, "stride": 8, "fill": "noise"}, name="noise"),
    Case("fast_style", "bundled:mosaic", {"size": 64, "colours": "photograph"},
         "renamed"),
    Case("feature_inversion", values={"steps": 2, "compare": "likeness"},
         name="cosine"),
    Case(
        "style_transfer",
        "bundled:objects",
        {
            "size": 64, "steps": 3, "style": str(OTHER), "second": "strokes",
            "second_share": 40.0, "mask": str(MASK), "outside": "second style",
            "moved": "pixels", "optimiser": "adam", "learning_rate": 0.05,
            "colours": "luminance", "start": "picture", "start_picture": str(OTHER),
            "style_layers": "stage1, stage2*0.5", "content_layers": "stage3",
            "distance": "mean square", "pooling": "average",
        },
        "renamed",
    ),
    Case("universal", values={"steps": 2, "batch": 2, "pictures": str(MANY),
                              "count": 24, "norm": "l2", "epsilon": 200.0}, name="l2"),
)  # fmt: skip


def machine() -> dict[str, str]:
    """Return what the last bits of a result depend on, beside the recipe."""
    return {
        "processor": _processor(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    named = (line for line in text.splitlines() if line.startswith("model name"))
    return next(named, platform.processor()).partition(":")[2].strip()


def opened() -> Session:
    """Return a session that was handed a small vision transformer."""
    session = Session()
    small = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)
    net = networks()["transformer"]
    assert session.store.adopt(net, small, "abcdefghij") == TRANSFORMER
    return session


def digests(run: Run) -> dict[str, dict[str, Any]]:
    """Return type, shape, hash and moments of each array of a run's results."""
    return {name: _digest(array) for name, array in run.report.arrays().items()}


def _digest(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    whole = np.ascontiguousarray(array)
    found: dict[str, Any] = {
        "dtype": str(whole.dtype),
        "shape": list(whole.shape),
        "sha256": hashlib.sha256(whole.tobytes()).hexdigest(),
    }
    known = whole[~np.isnan(whole)] if whole.dtype.kind == "f" else whole[:0]
    if known.size:
        found |= {"mean": float(known.mean()), "spread": float(known.std())}
    return found


def _write() -> None:
    _write_images()
    known = json.loads(ARRAYS.read_text()) if ARRAYS.exists() else {}
    runs = known.get("runs", {})
    session = opened()
    for case in cases():
        if case.stem in runs:
            continue
        sys.stdout.write(f"{case.stem}\n")
        runs[case.stem] = _written(session, case)
        record = {"machine": known.get("machine", machine()), "runs": runs}
        write_text(ARRAYS, json.dumps(record, indent=1, sort_keys=True))
    if not RECORDING.exists():
        _record(session)


def _record(session: Session) -> None:
    """Keep the steps of one run, with parameters that were renamed."""
    case = next(each for each in cases() if each.stem == RECORDED)
    request = replace(request_of(case), recording=str(RECORDING))
    finish(session.job(request, never))


def request_of(case: Case) -> RunMethod:
    """Return the request of a case."""
    info = methods()[case.method].info
    return RunMethod(
        method=case.method,
        model=ModelRequest(reference=case.model, device="cpu"),
        image=open_image(IMAGE) if info.needs_image else None,
        values=case.values,
        changes=case.changes,
        seed=7,
        threads=1,
    )


def _written(session: Session, case: Case) -> dict[str, dict[str, Any]]:
    run: Run = finish(session.job(request_of(case), never))
    text = run.recipe.to_json()
    page = paint_report(run.report, run.image, _WIDTH, run.recipe.title)[: _WIDTH // 2]
    write_png(FOLDER / f"{case.stem}.png", page, {RECIPE_KEY: text})
    write_text(FOLDER / f"{case.stem}.json", text)
    return digests(run)


def _write_images() -> None:
    if IMAGE.exists():
        return
    cat, cup = data.chelsea(), data.coffee()
    write_png(IMAGE, cat[40:232:2, 60:348:3], {})
    write_png(OTHER, cup[100:340:5, 150:390:5], {})
    mask = np.zeros((96, 96), np.uint8)
    mask[8:80, 8:90] = 255
    write_png(MASK, mask[..., None], {})
    for place in range(40):
        top, left = 5 * place, 7 * place
        tile = data.astronaut()[top : top + 96 : 3, left : left + 96 : 3]
        write_png(MANY / f"{place:02}.png", tile, {})


if __name__ == "__main__":
    _write()
