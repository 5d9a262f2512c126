"""Object queries of DETR-type detectors.

Truth: a decoder whose query attends to one cell because its key alone agrees, worked by
hand; torch's own ``need_weights``; pairs of factors by hand.
"""

import numpy as np
import pytest
import torch
from support.jobs import finish, never
from torch import nn

from nnviz.base.images import image_from_array
from nnviz.base.info import Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.attribution.transformers.attention import open_attention
from nnviz.engine.jobs import Session
from nnviz.engine.methods.object_queries import cell_grid
from nnviz.engine.models.detectors.yolo import YoloLayout
from nnviz.engine.nn.detection import Candidates, cornered

SIDE, CELL, QUERIES = 64, 16, 3


class TinyDetr(nn.Module):
    """Cells of 16 px by their mean color; query k looks for the k-th color.

    The embedding of a cell is 20 times its color; a query is 20 times one color, so
    that the softmax is all but 1 at the cell of that color.  Its box is that cell's
    neighborhood, written down, its score 0.9 but for the last query's.
    """

    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(CELL)
        self.attention = nn.MultiheadAttention(4, 1, bias=False, batch_first=True)
        with torch.no_grad():
            self.attention.in_proj_weight.copy_(torch.eye(4).repeat(3, 1))
            self.attention.out_proj.weight.copy_(torch.eye(4))
        self.register_buffer("queries", 20 * torch.eye(4)[None, :QUERIES])

    def forward(self, x):
        cells = self.pool(x).flatten(2).transpose(1, 2)
        cells = 20 * torch.cat((cells, torch.zeros_like(cells[..., :1])), 2)
        queries = self.queries.expand(len(x), -1, -1)
        return self.attention(queries, cells, cells, need_weights=False)[0]

    def candidates(self, _outputs, _size, min_score):
        scores = torch.tensor([0.9, 0.8, 0.1])
        rows = torch.nonzero(scores > min_score)[:, 0]
        centers = torch.tensor([[8.0, 8, 16, 16], [40, 24, 16, 16], [0, 0, 4, 4]])
        kinds = torch.arange(QUERIES) % 2
        return Candidates(cornered(centers[rows]), scores[rows], kinds[rows], rows)


def run(net, method="object_queries", **values):
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[:16, :16, 0] = 255
    pixels[16:32, 32:48, 1] = 255
    session = Session()
    preprocess = Preprocess(
        input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
    )
    reference = session.store.adopt(net.eval(), preprocess, ("a", "b"), Task.DETECT)
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=image_from_array(pixels),
        values=values,
    )
    try:
        return finish(session.job(request, never)).report
    finally:
        session.close()


@pytest.mark.parametrize(("target", "place"), [("", (0, 0)), ("box:1", (1, 2))])
def test_a_query_looks_where_its_color_is(target, place):
    report = run(TinyDetr(), target=target)
    heads = report["heads"].tiles
    assert heads.shape == (1, 4, 4)
    assert np.unravel_index(heads[0].argmax(), (4, 4)) == place
    assert heads[0].max() > 0.999
    assert report.main.captions == ("query 0: a", "query 1: b")
    assert report["attention"].values.shape == (SIDE, SIDE)


def test_a_low_score_is_no_object():
    assert len(run(TinyDetr(), score=0.05).main.boxes) == 3
    assert len(run(TinyDetr(), score=0.85).main.boxes) == 1


class Plain(TinyDetr):
    """The same boxes from no attention."""

    def forward(self, x):
        return self.pool(x).flatten(2)


def test_a_network_without_queries_shows_its_boxes():
    report = run(Plain())
    assert len(report.main.boxes) == 2
    assert report.main.captions == ()
    assert "boxes come from candidates that are suppressed" in report.notes[0]


class Yolo(TinyDetr):
    """Rows of a YOLOv8-type head: a box of class b in the second cell of stride 8."""

    def forward(self, _x):
        rows = torch.zeros(1, 6, 84)
        rows[0, :4] = torch.tensor([8.0, 8, 16, 16])[:, None]
        rows[0, 5, 1] = 0.9
        return rows


def test_a_yolo_head_has_cells_and_no_queries():
    """Truth: 64 px are 8, 4 and 2 cells of strides 8, 16 and 32; by hand."""
    net = Yolo()
    YoloLayout("v8", 2).equip(net)
    report = run(net)
    assert report.main.captions == ()
    assert len(report.main.boxes) == 1
    assert "cells of grids (8 × 8, 4 × 4, 2 × 2)" in report.notes[0]
    steps = run(net, "detection_steps")
    assert steps.notes == (
        "b 90 %, from cell 1 of 84",
        "row 0, column 1 of the 8 × 8 cells of its level",
    )


def test_masked_attention_is_torchs():
    """Truth: scaled_dot_product_attention with a mask, bools and numbers."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 5, 4, generator=generator)
    attend = nn.functional.scaled_dot_product_attention
    allowed = torch.rand(5, 5, generator=generator) > 0.3
    allowed[:, 0] = True
    for mask in (allowed, torch.randn(5, 5, generator=generator)):
        with open_attention() as weights:
            found = attend(q, k, v, attn_mask=mask)
        assert torch.allclose(found, attend(q, k, v, attn_mask=mask), atol=1e-6)
        assert torch.allclose(weights[0].sum(-1), torch.ones(1, 2, 5))


@pytest.mark.parametrize(
    ("count", "size", "grid"),
    [(12, (96, 128), (3, 4)), (850, (800, 1088), (25, 34)), (7, (32, 32), (1, 7))],
)
def test_cells_by_hand(count, size, grid):
    assert cell_grid(count, size) in (grid, grid[::-1] if size[0] == size[1] else grid)
