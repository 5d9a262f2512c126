"""Generated images with known ground truth, reproducible from a seed."""

from nnviz.engine.data.scenes.scene import (
    CLASSES,
    FIRST_TRAINING_SEED,
    SHORTCUT_CLASS,
    Scene,
    Shortcut,
    make_scene,
)

__all__ = [
    "CLASSES",
    "FIRST_TRAINING_SEED",
    "SHORTCUT_CLASS",
    "Scene",
    "Shortcut",
    "make_scene",
]
