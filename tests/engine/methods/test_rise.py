"""RISE; truths: the paper's formula over the same grids, and a mask worked by hand."""

import numpy as np
import pytest
import torch
from skimage.transform import resize
from support.jobs import cat, finish, never, run_network
from torch import nn

from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.attribution.random_masks import draw_masks
from nnviz.engine.jobs import Session

SIDE, CELLS, KEPT, MASKS = 20, 4, 0.4, 40
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5,) * 3, std=(0.25,) * 3
)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


class Small(nn.Module):
    """Scores that no mask leaves alone."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.filters = nn.Conv2d(3, 5, 3)
        self.head = nn.Linear(5, 3)
        for weight in self.parameters():
            weight.data = 0.5 * torch.randn(weight.shape, generator=generator)

    def forward(self, x):
        return self.head(self.filters(x).relu().mean((2, 3)))


def published_masks(seed):
    """The loop of the paper's program, but that the outer half cells are carried on."""
    drawn = draw_masks(
        MASKS, CELLS, KEPT, (SIDE, SIDE), torch.Generator().manual_seed(seed)
    )
    cell = int(np.ceil(SIDE / CELLS))
    masks = np.empty((MASKS, SIDE, SIDE))
    for index in range(MASKS):
        top, left = drawn.shifts[index].tolist()
        whole = resize(
            drawn.grids[index, 0].numpy(), ((CELLS + 1) * cell,) * 2, order=1,
            mode="edge", anti_aliasing=False,
        )  # fmt: skip
        masks[index] = whole[top : top + SIDE, left : left + SIDE]
    return drawn, masks


def test_masks_are_the_published_ones():
    drawn, expected = published_masks(seed=1)
    found = drawn.masks(slice(0, MASKS))[:, 0].numpy()
    assert np.abs(found - expected).max() < 1e-5
    assert drawn.shifts.max() < SIDE / CELLS


def test_the_map_is_the_papers_sum(session):
    """S(p) = sum of f(image * mask) * mask(p) / (N * E[mask]), equation 6."""
    net = Small()
    run = run_network(
        session, net, PREPROCESS, "rise", masks=MASKS, cells=CELLS, kept=KEPT
    )
    reference = session.store.adopt(net, PREPROCESS, ("a", "b", "c"))
    request = ModelRequest(reference=reference, preprocess=PREPROCESS, device="cpu")
    pixels = finish(session.store.open(request, never)).pixel_input(cat())
    image = (pixels.double() - 0.5) / 0.25
    _, masks = published_masks(seed=0)
    net = net.double()
    with torch.no_grad():
        index = int(net(image).argmax())
        hidden = image * torch.from_numpy(masks)[:, None]
        scores = net(hidden).softmax(1)[:, index].numpy()
    expected = np.tensordot(scores, masks, 1) / (MASKS * KEPT)
    found = run.report.results["rise"].values
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    products = scores[:, None, None] * masks
    error = np.sqrt(products.var(axis=0).mean() / MASKS) / KEPT
    assert f"standard error {error:.2g}" in run.report.notes[1]


def test_a_target_is_taken_as_asked(session):
    run = run_network(session, Small(), PREPROCESS, "rise", masks=16, target="class:1")
    assert run.report.notes[0].startswith("logit of second")
