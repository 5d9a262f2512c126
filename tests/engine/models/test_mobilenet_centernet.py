"""CenterNet on MobileNetV3 with its published weights.

Truth: TensorFlow.js 4 (its CPU backend) with the published graph, which stores 1/6 of
the hard swish as 0.16662598; what scikit-image says its samples show.
"""

import numpy as np
import pytest
import torch

import nnviz
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.references import BundledReference

SIDE = 512
PEAK = ([37.358276, 6.2451324, 481.47516, 503.08496], 25, 0.098100714)
"""Its box, class and score in the published graph's own list for ``ramp``."""
SIDES = {
    (64, 64): [216.7561, 248.2043, 228.62659, 249.50467],
    (20, 100): [85.367485, 78.10785, 106.80993, 68.82675],
}
"""px to left, top, right and bottom by row and column."""


@pytest.fixture(scope="module")
def net():
    return open_bundled(BundledReference("everyday-detector"), lambda: None).net


def ramp():
    """Return smooth colors that any program can compute, (1, 3, SIDE, SIDE)."""
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    planes = [np.sin(9 * rows), np.cos(7 * columns), np.sin(12 * rows * columns)]
    pixels = 127.5 + 127.5 * np.stack(planes)
    return torch.tensor(pixels[None], dtype=torch.float32)


def test_outputs_are_those_of_the_published_graph(net):
    with torch.no_grad():
        dense = net(ramp())
    for (row, column), sides in SIDES.items():
        assert (16 * dense[0, :4, row, column]).tolist() == pytest.approx(sides, 1e-3)
    box, kind, score = PEAK
    found = net.candidates((dense,), (SIDE, SIDE), 0.09)
    best = int(found.scores.argmax())
    assert found.boxes[best].tolist() == pytest.approx(box, abs=0.5)
    assert int(found.classes[best]) == kind
    assert float(found.scores[best]) == pytest.approx(score, abs=1e-3)


def test_stages_give_the_candidates(net):
    """A candidate is its cell's distances, drawn from the cell's place."""
    with torch.no_grad():
        dense = net(ramp()[..., :96, :160])
    stage = net.stages((dense,), (96, 160)).anchors
    found = net.candidates((dense,), (96, 160), 0.01)
    assert len(stage.anchors) == 24 * 40
    cell = stage.anchors[found.sources, :2]
    sides = 4 * stage.offsets[found.sources]
    left_top = (cell - sides[:, :2]).clamp(min=0)
    assert torch.equal(found.boxes[:, :2], left_top.minimum(torch.tensor([160, 96])))
    rows = torch.arange(len(found.classes))
    assert torch.equal(found.scores, stage.scores[found.sources][rows, found.classes])


@pytest.mark.parametrize("size", [(32, 32), (50, 77), (100, 33)])
def test_any_size_goes_through(net, size):
    """A cell stands for 4 px, rounded up at each of the five halvings' SAME padding."""
    with torch.no_grad():
        dense = net(torch.zeros(1, 3, *size))
    assert dense.shape == (1, 84, -(-size[0] // 4), -(-size[1] // 4))


@pytest.mark.parametrize(
    ("sample", "name"), [("cat", "cat"), ("coffee", "cup"), ("astronaut", "person")]
)
def test_it_finds_what_the_samples_show(sample, name, request):
    model = nnviz.load("bundled:everyday-detector")
    image = nnviz.open_image(request.getfixturevalue(sample))
    found = nnviz.run("detect", model, image, score=0.3).main
    assert [found.labels[index] for index in found.classes] == [name]
