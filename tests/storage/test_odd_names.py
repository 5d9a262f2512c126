"""Names that no file can have, given where files are named: one line, as for all.

Truth: a file system's longest name, 255 bytes, and the null byte, which none may hold.
"""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from nnviz.base.errors import NnvizError
from nnviz.cli.lesson import file_to_open
from nnviz.engine.data.annotated import read_annotations
from nnviz.engine.data.folders import unpacked
from nnviz.engine.models.files import open_file
from nnviz.engine.models.folders import weight_files
from nnviz.engine.models.references import FileReference, parse
from nnviz.media.side_cars import find_side_car
from nnviz.runtime.capture import source_of
from nnviz.storage.examples import list_examples
from nnviz.storage.files import look_at

NAMES = ("x" * 300, "y" * 5000 + ".md", "a\0b.pth", "\udcff.onnx", "z" * 300 + ".py")


def _nothing() -> None:
    """A check that never stops."""


def annotated(name):
    Path("a.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": name, "height": 2, "width": 2}],
                "categories": [],
                "annotations": [],
            }
        )
    )
    return read_annotations(Path())


def opened(name):
    return list(open_file(FileReference(Path(name)), _nothing))


def data(name):
    with unpacked(Path(name)) as folder:
        return folder


READERS = {
    "annotations": annotated,
    "network": opened,
    "data": data,
    "lesson": lambda name: file_to_open([name]),
    "reference": parse,
    "weights": lambda name: weight_files(Path(name)),
    "sidecar": lambda name: find_side_car(Path(name)),
    "source": source_of,
    "examples": lambda name: list_examples((name,)),
    "dropped": lambda name: look_at([name]),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reader", READERS)
def test_an_impossible_name_is_no_fault_of_the_program(
    reader, name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with suppress(NnvizError):
        READERS[reader](name)
