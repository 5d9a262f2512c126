"""Texts about a record: name, true class, prediction and its probability."""

import math
from pathlib import PurePath

from PySide6.QtCore import QCoreApplication

from nnviz.gui.state.dataset import CONFIDENCE, LABEL, LOSS, PREDICTED, DataSet
from nnviz.render.text.words import number, percent


def file_name(dataset: DataSet, record: int) -> str:
    """Return the file name of a record's image."""
    return PurePath(dataset.index.paths[record]).name


def answer(dataset: DataSet, record: int) -> str:
    """Return the prediction and its probability: "tabby cat 83 %"."""
    predicted = dataset.name_of(PREDICTED, record)
    confidence = dataset.number_of(CONFIDENCE, record)
    sure = percent(confidence) if math.isfinite(confidence) else ""
    return f"{predicted} {sure}".strip()


def caption(dataset: DataSet, record: int) -> str:
    """Return the caption of a large thumbnail, in one or two lines."""
    label = dataset.name_of(LABEL, record)
    said = answer(dataset, record)
    if label and dataset.correct[record] == 0:
        return f"{label}\n→ {said}"
    return said or label or file_name(dataset, record)


def line(dataset: DataSet, record: int) -> str:
    """Return everything in one line, for the status bar and screen readers."""
    parts = [file_name(dataset, record)]
    label, said = dataset.name_of(LABEL, record), answer(dataset, record)
    if label:
        parts.append(_tr("class {0}").format(label))
    if said:
        parts.append(_tr("predicted {0}").format(said))
    loss = dataset.number_of(LOSS, record)
    if math.isfinite(loss):
        parts.append(_tr("loss {0}").format(number(loss)))
    return " · ".join(parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordWords", text)
