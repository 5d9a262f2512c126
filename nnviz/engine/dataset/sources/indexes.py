"""Images of an index that is there: the same set for another network."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.dataset.sources.image_set import SCENES, ImageSet
from nnviz.media.index import OWN_COLUMNS, ImageIndex


def list_index(folder: Path) -> ImageSet:
    """Return the images of an index, with their labels, splits and given numbers.

    Raises:
        InputError: the index is damaged.
    """
    index = ImageIndex(folder)
    facts = index.facts
    return ImageSet(
        source=facts.source,
        root=facts.root,
        paths=list(index.paths),
        labels=_names(index.columns["label"], index.class_names),
        splits=_names(index.columns["split"], index.split_names),
        numbers={
            name: np.asarray(column, np.float64)
            for name, column in index.columns.items()
            if name not in OWN_COLUMNS
        },
        scenes=SCENES.get(facts.source, ""),
    )


def _names(numbers: NDArray[Any], names: tuple[str, ...]) -> list[str]:
    """Return the name of each record; none at all where no record has one."""
    chosen = np.array([*names, ""], dtype=object)[np.asarray(numbers)]
    return chosen.tolist() if any(chosen) else []
