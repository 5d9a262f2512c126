"""A notebook executed by Jupyter itself: pictures, and controls that run a method.

Truth: the course's example of a convolution, and the widgets' messages as Jupyter keeps
them with a notebook.
"""

import base64
import io

import nbclient
import nbformat
import pytest
from PIL import Image

EXPLORE = """
import nnviz
shown = nnviz.explore("convolution", input="0 1 2 3 4", kernel="1 -1 2")
shown
"""
CHANGE = """
shown.controls["operation"].value = "convolution"
print(shown.result.data.tolist())
shown.result
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The notebook with its outputs, executed in a kernel of its own."""
    cells = [nbformat.v4.new_code_cell(each) for each in (EXPLORE, CHANGE)]
    made = nbformat.v4.new_notebook(cells=cells)
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("DATA", "CONFIG", "RUNTIME"):
            patch.setenv(f"JUPYTER_{kind}_DIR", str(folder / kind.lower()))
        client = nbclient.NotebookClient(made, timeout=120, store_widget_state=True)
        client.execute()
    return made


def outputs(cell):
    return [each for each in cell.outputs if each.output_type != "stream"]


@pytest.mark.slow
def test_controls_appear_as_widgets(notebook):
    (shown,) = outputs(notebook.cells[0])
    view = shown.data["application/vnd.jupyter.widget-view+json"]
    kept = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    assert view["model_id"] in kept["state"]
    named = {each["state"].get("description") for each in kept["state"].values()}
    assert {"Input", "Kernel", "Operation", "Stride"} <= named


@pytest.mark.slow
def test_changed_control_runs_in_the_kernel_and_shows_the_picture(notebook):
    cell = notebook.cells[1]
    (said,) = [each.text for each in cell.outputs if each.output_type == "stream"]
    assert said.strip() == "[[1.0, 3.0, 5.0]]"  # valid places of (0 1 2 3 4) * (1 -1 2)
    (result,) = outputs(cell)
    picture = Image.open(io.BytesIO(base64.b64decode(result.data["image/png"])))
    assert picture.format == "PNG"
    kept = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    images = [
        each for each in kept["state"].values() if each["model_name"] == "ImageModel"
    ]
    (buffer,) = images[0]["buffers"]
    assert base64.b64decode(buffer["data"]) == base64.b64decode(
        result.data["image/png"]
    )
