"""Coloring of records by class, prediction, correctness, or a numeric column."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from nnviz.gui.state.dataset import (
    CATEGORIES,
    LABEL,
    OF_FILES,
    PREDICTED,
    SPLIT,
    DataSet,
    title_of,
)
from nnviz.gui.views.dataset.color_legend import ColorKey
from nnviz.render.colormaps import Scale
from nnviz.render.dataset.record_colors import (
    RIGHT,
    WRONG,
    answer_colors,
    category_colors,
    number_colors,
)
from nnviz.render.maps import classes

Coloring = tuple[NDArray[np.uint8], Scale | None]
ANSWER = "answer"
"""Stands in place of a column: whether the prediction equals the label."""
_MOST_SWATCHES = 12


def column_titles(dataset: DataSet) -> dict[str, str]:
    """Return the columns to color by with their titles, the most useful first."""
    titles = {
        LABEL: _tr("Class"),
        PREDICTED: _tr("Prediction"),
        ANSWER: _tr("Right or wrong"),
        SPLIT: _tr("Split"),
    }
    there = {
        column: title
        for column, title in titles.items()
        if (column == ANSWER and dataset.labeled)
        or (column != ANSWER and dataset.present(column))
    }
    hidden = OF_FILES.union(CATEGORIES)
    others = (each for each in dataset.columns if each not in hidden)
    return there | {each: title_of(each) for each in others}


def color_records(dataset: DataSet, column: str, color_map: str) -> Coloring:
    """Return a color for each record, uint8 (n, 3), and the range of its numbers.

    Runs on a file thread, so it must not use Qt.
    """
    if column == ANSWER:
        return answer_colors(dataset.correct), None
    values = dataset.columns[column]
    if column in CATEGORIES:
        return category_colors(values, dataset.names_of(column)), None
    return number_colors(values, color_map)


def color_key(
    dataset: DataSet, column: str, scale: Scale | None, color_map: str
) -> ColorKey:
    """Return the legend of a column's colors."""
    title = column_titles(dataset).get(column, column)
    if column == ANSWER:
        return ColorKey(title, ((RIGHT, _tr("right")), (WRONG, _tr("wrong"))))
    if scale is not None:
        return ColorKey(title, scale=scale, color_map=color_map)
    names, present = dataset.names_of(column), dataset.present(column)
    table = classes.class_colors(names)
    shown = tuple((table[n], names[n]) for n, _ in present[:_MOST_SWATCHES])
    return ColorKey(title, shown, len(present) - len(shown))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Coloring", text)
