"""Files of exemplars: sheets of patches, arrays, a table."""

import json
from pathlib import Path

import numpy as np

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.media.encode import write_npz, write_png
from nnviz.media.files import write_text

_ARRAYS = (
    *("channels", "records", "values", "places", "boxes", "patches", "maps"),
    *("answering", "mean_maps", "alike", "correlations"),
)


def save_exemplars(found: Exemplars, folder: Path) -> tuple[Path, ...]:
    """Write ``LAYER.png`` (several, numbered, of many channels), .npz and .json.

    Raises:
        InputError: the folder cannot be written to.
    """
    from nnviz.render.dataset.exemplar_sheet import exemplar_sheets  # noqa: PLC0415

    stem = found.layer.replace("/", "_")
    paths = []
    sheets = list(exemplar_sheets(found)) if found.patches.size else []
    for number, sheet in enumerate(sheets, 1):
        ending = f"-{number:02d}" if len(sheets) > 1 else ""
        paths.append(folder / f"{stem}{ending}.png")
        write_png(paths[-1], sheet)
    paths.append(folder / f"{stem}.npz")
    write_npz(paths[-1], {name: getattr(found, name) for name in _ARRAYS})
    paths.append(folder / f"{stem}.json")
    write_text(paths[-1], json.dumps(plain_exemplars(found), indent=1) + "\n")
    return tuple(paths)


def plain_exemplars(found: Exemplars) -> dict[str, object]:
    """Return exemplars as JSON values, without pixels."""
    return {
        "layer": found.layer,
        "model": found.model,
        "images": found.images,
        "dead": found.dead.tolist(),
        "always": found.always.tolist(),
        "channels": [_channel(found, row) for row in range(len(found.channels))],
        "notes": list(found.notes),
    }


def _channel(found: Exemplars, row: int) -> dict[str, object]:
    boxes = found.boxes[row].tolist() if found.boxes.size else None
    images = [
        {
            "record": int(record),
            "path": found.paths[int(record)],
            "value": float(found.values[row, k]),
            "place": found.places[row, k].tolist(),
            **({"box": boxes[k]} if boxes else {}),
        }
        for k, record in enumerate(found.records[row])
    ]
    alike = zip(found.alike[row], found.correlations[row], strict=True)
    return {
        "channel": int(found.channels[row]),
        "answering": float(found.answering[row]),
        "alike": [
            {"channel": int(channel), "correlation": round(float(value), 4)}
            for channel, value in alike
            if np.isfinite(value)
        ],
        "images": images,
    }
