"""Reports as arrays and back: what comes out is what went in."""

import numpy as np
import pytest

from nnviz.base.errors import InputError
from nnviz.base.frames import Frame, Placement
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.kinds.packing import pack, unpack
from nnviz.base.kinds.planes import Plane, PlanePoints, PlaneRegion
from nnviz.base.results import (
    ColorImage,
    Curves,
    Diagram,
    DiagramEdge,
    DiagramNode,
    Heatmap,
    Report,
    Table,
)

PLACEMENT = Placement((4, 4), (2, 2), (0.5, 0.5), (0.0, 0.0))
REPORT = Report(
    {
        "numbers": Matrix(
            grids=(Grid(values=np.eye(2), window=(0, 1, 1, 1), title="input"),),
            formula="$a = 1$",
        ),
        "plane": Plane(
            x_range=(0, 1),
            y_range=(-1, 1),
            region=PlaneRegion(values=np.zeros((2, 2)), kind="signed"),
            points=(PlanePoints(places=np.zeros((1, 2)), classes=np.array([3])),),
        ),
        "map": Heatmap(
            values=np.ones((2, 2), np.float32),
            signed=True,
            unit="score",
            frame=Frame.INPUT,
            placement=PLACEMENT,
        ),
        "curve": Curves(
            x=np.arange(2.0), series={"a": np.arange(2.0)}, x_label="x", y_label="y"
        ),
        "graph": Diagram(
            nodes=(
                DiagramNode(name="a", title="A", value=1.5),
                DiagramNode(name="b", title="B"),
            ),
            edges=(DiagramEdge(source=0, target=1),),
        ),
        "table": Table(columns=("a",), rows=((1.0,), ("x",))),
    },
    ("a note",),
)


def test_report_survives_packing():
    again = unpack(pack(REPORT))
    assert list(again) == list(REPORT)
    assert again.notes == REPORT.notes
    for name, array in REPORT.arrays().items():
        assert again.arrays()[name].dtype == array.dtype
        assert np.array_equal(again.arrays()[name], array)
    assert again["numbers"].grids[0].window == (0, 1, 1, 1)
    assert again["numbers"].formula == "$a = 1$"
    assert again["map"].frame is Frame.INPUT
    assert again["map"].placement == PLACEMENT
    assert again["graph"].nodes[0].value == 1.5
    assert again["table"].rows == ((1.0,), ("x",))


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", '{"$kind": "Popen"}', '{"$kind": "Report"}', '{"$array": "9"}'],
)
def test_what_is_no_report_is_refused(text):
    with pytest.raises(InputError, match="holds no report"):
        unpack({"report": np.array(text)})


def test_a_result_of_the_name_of_before_is_opened():
    """Truth: an image was packed as ``Picture`` until it was called ``ColorImage``."""
    image = ColorImage(pixels=np.zeros((1, 2, 3), np.float32))
    packed = pack(Report({"image": image}))
    text = str(packed["report"])
    assert '"ColorImage"' in text
    before = {**packed, "report": np.array(text.replace("ColorImage", "Picture"))}
    assert isinstance(unpack(before).main, ColorImage)
