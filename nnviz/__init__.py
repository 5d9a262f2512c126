"""See what a neural network sees, and why.

The public Python API, loaded when first used: ``import nnviz`` imports neither torch
nor numpy.

    import nnviz

    model = nnviz.load("bundled:imagenet")
    image = nnviz.open_image("cat.jpg")
    result = nnviz.run("activations", model, image, layer="layer2.1")
    result.data, result.recipe, result.save("out")
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnviz.api import (
        Index,
        Model,
        Result,
        attack_curve,
        before_and_after,
        board,
        compare_architectures,
        compare_training,
        contact_sheet,
        evaluate,
        explore,
        export_recording,
        export_trained,
        index,
        load,
        methods,
        open_image,
        open_index,
        open_recording,
        print_sticker,
        replay,
        rescale,
        resume,
        run,
        run_over,
        save_attacked,
        score,
        teach,
        train,
        train_autoencoder,
        train_characters,
        train_inversion,
        train_network,
        trust,
        video,
        write_side_car,
    )

    __version__: str

__all__ = [
    "Index",
    "Model",
    "Result",
    "__version__",
    "attack_curve",
    "before_and_after",
    "board",
    "compare_architectures",
    "compare_training",
    "contact_sheet",
    "evaluate",
    "explore",
    "export_recording",
    "export_trained",
    "index",
    "load",
    "methods",
    "open_image",
    "open_index",
    "open_recording",
    "print_sticker",
    "replay",
    "rescale",
    "resume",
    "run",
    "run_over",
    "save_attacked",
    "score",
    "teach",
    "train",
    "train_autoencoder",
    "train_characters",
    "train_inversion",
    "train_network",
    "trust",
    "video",
    "write_side_car",
]


_RENAMED = {"film": "video"}
"""Names of before, that still work, to those of now."""


def __getattr__(name: str) -> object:
    name = _RENAMED.get(name, name)
    if name == "__version__":
        return importlib.import_module("nnviz.base.shipped.distribution").VERSION
    if name in __all__:
        return getattr(importlib.import_module("nnviz.api"), name)
    raise AttributeError(f"module 'nnviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
