"""Many pictures, one attack: goals of each, universal noise, detectors.

Truth: closed forms of linear networks, formulas of the papers named, and cases worked
by hand.
"""

import math

import pytest
import torch
from support.jobs import never
from torch import nn

from nnviz.base.errors import UsageError
from nnviz.base.info import ModelInfo, ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.attacks.goals import AttackedModel, Goal
from nnviz.engine.attacks.patch.batches import AttackBatch, drawn, joined
from nnviz.engine.attacks.patch.compositing import Sticker
from nnviz.engine.attacks.patch.detector_batches import DetectorBatch, choose_kinds
from nnviz.engine.attacks.patch.printability import outlined, penalty, unprintable
from nnviz.engine.attacks.universal import ascended, copies, gathered, kept_up, noisy
from nnviz.engine.nn.detection import Candidates
from nnviz.engine.nn.pixel_model import PixelModel

CLASSES = 3
ROWS = torch.arange(4)


class Linear(nn.Module):
    """Logits W x, with W of a seed."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.weight = torch.randn(CLASSES, 12, generator=generator).double()
        self.asked = 0

    def forward(self, x):
        self.asked += len(x)
        return x.flatten(1) @ self.weight.T


class Points(nn.Module):
    """A detector: each pixel of the first channel is the log-odds of a box there."""

    def forward(self, x):
        return (x[:, 0],)

    def candidates(self, outputs, _size, min_score):
        scores = outputs[0][0].flatten().sigmoid()
        rows = torch.nonzero(scores > min_score)[:, 0]
        boxes = torch.zeros(len(rows), 4)
        return Candidates(boxes, scores[rows], rows % 2)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def net():
    return Linear()


@pytest.fixture
def crowd(net, generator):
    return AttackBatch(
        attacked_model=AttackedModel(
            PixelModel(net=net, normalizer=nn.Identity(), check=never)
        ),
        clean=torch.randn((4, 3, 2, 2), generator=generator).double(),
        goal=Goal(torch.eye(CLASSES).bool()[:1], towards=False),
        own=True,
        device=torch.device("cpu"),
    )


def test_each_picture_is_to_leave_its_own_answer(crowd, net):
    """The gradient of cross entropy: sum of p_k w_k minus w_answer, of each picture."""
    clean = crowd.images(ROWS)
    logits = clean.flatten(1) @ net.weight.T
    answers = logits.argmax(1)
    assert len(set(answers.tolist())) > 1
    found = crowd.slope(clean, ROWS)
    expected = logits.softmax(1) @ net.weight - net.weight[answers]
    torch.testing.assert_close(found.gradient, expected.view_as(clean))
    likely = logits.softmax(1).gather(1, answers[:, None])[:, 0]
    torch.testing.assert_close(found.score, -likely.log())
    assert not found.reached.any()


def test_answers_are_asked_for_once(crowd, net):
    """By counting: four clean pictures, then only those that are attacked."""
    crowd.reached(crowd.images(ROWS), ROWS)
    before = net.asked
    crowd.reached(crowd.images(ROWS), ROWS)
    assert net.asked == before + 4


def test_one_goal_for_all(crowd):
    """By hand: none of them may be class 0."""
    crowd.own = False
    weight = crowd.attacked_model.model.net.weight
    answers = (crowd.images(ROWS).flatten(1) @ weight.T).argmax(1)
    assert torch.equal(crowd.reached(crowd.images(ROWS), ROWS), answers != 0)


def test_what_is_fooled_enough_counts_no_more(crowd):
    """Shafahi et al. 2020, equation 5: the loss is cut, so its gradient is zero."""
    crowd.most = 0.0
    found = crowd.slope(crowd.images(ROWS), ROWS)
    assert float(found.gradient.abs().max()) == 0


def test_rows_are_drawn_evenly(crowd, generator):
    """4,000 draws of four: 1,000 each, standard deviation 27."""
    counts = torch.bincount(drawn(crowd, 4000, generator))
    assert len(counts) == 4
    assert ((counts - 1000).abs() < 5 * 27).all()


def test_parts_of_a_batch_are_joined_in_order(crowd):
    """The whole batch at once, for a network that keeps pictures apart."""
    clean = crowd.images(ROWS)
    whole = crowd.slope(clean, ROWS)
    parts = [crowd.slope(clean[at], ROWS[at]) for at in (slice(0, 1), slice(1, 4))]
    torch.testing.assert_close(joined(parts).gradient, whole.gradient)


def test_clipped_pixels_give_no_gradient():
    """By hand: 0.9 + 0.2 is clipped, 0.5 + 0.2 is not; the mean of two pictures."""
    clean = torch.tensor([0.9, 0.5]).view(2, 1, 1, 1)
    noise = torch.full((1, 1, 1, 1), 0.2)
    gradient = torch.tensor([5.0, 3.0]).view(2, 1, 1, 1)
    assert float(gathered(clean, noise, gradient)) == 1.5
    torch.testing.assert_close(noisy(clean, noise).flatten(), torch.tensor([1.0, 0.7]))


def test_noise_climbs_and_stays_in_its_budget():
    """By hand: sign steps of 0.02, cut at 0.05; in L2 the length is cut."""
    noise, momentum = torch.zeros(1, 1, 1, 2), torch.tensor([[[[3.0, -4.0]]]])
    for expected in (0.02, 0.04, 0.05):
        noise = ascended(noise, momentum, epsilon=0.05, step=0.02, norm="linf")
        torch.testing.assert_close(noise, expected * momentum.sign())
    found = ascended(0 * noise, momentum, epsilon=1.0, step=2.0, norm="l2")
    torch.testing.assert_close(found, momentum / 5)


def test_momentum_counts_each_gradient_alike():
    """By hand: 0.5 * 1 + g / mean|g|."""
    gradient = torch.tensor([[[[2.0, -6.0]]]])
    found = kept_up(torch.ones(1, 1, 1, 2), gradient, 0.5)
    torch.testing.assert_close(found, torch.tensor([[[[1.0, -1.0]]]]))


def test_copies_are_of_the_picture(generator):
    """A ramp from left to right stays one, or is mirrored; its ends are cut off."""
    ramp = torch.linspace(0, 1, 40).expand(1, 1, 30, 40)
    found = copies(ramp, 50, generator)
    assert found.shape == (50, 1, 30, 40)
    slopes = found[:, 0, 15].diff(dim=1)
    rising, falling = (slopes > 0).all(1), (slopes < 0).all(1)
    assert (rising ^ falling).all()
    assert 10 < int(rising.sum()) < 40
    assert 0 <= float(found.min()) <= float(found.max()) <= 1


def watch(*, towards, kinds=(0,), clean=None):
    return DetectorBatch(
        model=PixelModel(net=Points(), normalizer=nn.Identity(), check=never),
        clean=torch.zeros(1, 1, 2, 2) if clean is None else clean,
        kinds=kinds,
        towards=towards,
        device=torch.device("cpu"),
    )


@pytest.mark.parametrize("towards", [True, False])
def test_the_smooth_maximum_of_the_boxes_is_moved(towards):
    """log(e^1 + e^2) of boxes 0 and 2, whose class is 0; gradients are shares of it."""
    pixels = torch.tensor([1.0, 5, 2, 6]).view(1, 1, 2, 2)
    sign = 1 if towards else -1
    found = watch(towards=towards).slope(pixels, torch.tensor([0]))
    total = math.exp(1) + math.exp(2)
    assert float(found.score) == pytest.approx(sign * math.log(total), rel=1e-5)
    shares = torch.tensor([math.exp(1) / total, 0, math.exp(2) / total, 0])
    torch.testing.assert_close(found.gradient.flatten(), sign * shares)
    assert found.reached.tolist() == [towards]


def test_nothing_found_is_no_slope():
    """By hand: log-odds of -20 lie below what is followed."""
    pixels = torch.full((1, 1, 2, 2), -20.0)
    found = watch(towards=True).slope(pixels, torch.tensor([0]))
    assert float(found.gradient.abs().max()) == 0
    assert not found.reached.any()


def test_found_is_above_a_half():
    """By hand: log-odds of 0.1 are a score of 0.52, of class 1 here."""
    pixels = torch.tensor([[-9.0, 0.1, -9, -9], [0.1, -0.1, -9, -9]]).view(2, 1, 2, 2)
    rows = torch.tensor([0, 0])
    one = watch(towards=True, kinds=(1,)).reached(pixels, rows)
    assert one.tolist() == [True, False]
    none = watch(towards=False, kinds=(1,)).reached(pixels, rows)
    assert none.tolist() == [False, True]


def detector_info():
    return ModelInfo(
        reference="object:Points-1",
        title="Points",
        source=ModelSource.YOURS,
        task=Task.DETECT,
        sha256="",
        weights="",
        preprocess=Preprocess(),
        labels=("cup", "pen"),
        layers=(),
        parameters=0,
        macs=0,
        smallest_input=(1, 1),
    )


def test_kinds_are_named_or_of_the_surest_box():
    """By hand."""
    found = Candidates(
        torch.zeros(2, 4), torch.tensor([0.6, 0.9]), torch.tensor([0, 1])
    )
    info = detector_info()
    assert choose_kinds("", info, found, towards=False) == ((1,), "away from pen")
    both = choose_kinds("cup | 1", info, found, towards=True)
    assert both == ((0, 1), "toward cup or pen")
    with pytest.raises(UsageError, match="names no class"):
        choose_kinds("", info, found, towards=True)
    with pytest.raises(UsageError, match="nothing is found"):
        choose_kinds("", info, found.taken(torch.tensor([]).long()), towards=False)


def test_distance_to_printable_colors():
    """By hand: levels 0.1, 0.45, 0.8; of 0.2 and 1.0: sqrt((0.1^2 + 0.2^2) / 2)."""
    colors = torch.tensor([0.2, 1.0, 0.0]).view(1, 1, 1, 3)
    alpha = torch.tensor([1.0, 1.0, 0.0]).view(1, 1, 1, 3)
    found = unprintable(Sticker(colors, alpha))
    assert float(found) == pytest.approx(math.sqrt(0.025))


def test_penalties_have_weights():
    """By hand: differences 0.8 and 1.0 over three pixels, and the distance above."""
    colors = torch.tensor([0.2, 1.0, 0.0]).view(1, 1, 1, 3)
    alpha = torch.tensor([1.0, 1.0, 0.0]).view(1, 1, 1, 3)
    found = penalty(Sticker(colors, alpha), 2.0, 3.0)
    assert float(found) == pytest.approx(2 * 1.8 / 3 + 3 * math.sqrt(0.025))
    assert float(penalty(Sticker(colors, alpha), 0.0, 0.0)) == 0


def test_outlines():
    """By hand: a square is seen everywhere; of a disc the corners are not."""
    like = torch.zeros(())
    assert outlined("square", 4, like).min() == 1
    round_ = outlined("round", 20, like)[0, 0]
    assert round_[0, 0] == 0
    assert float(round_.sum()) == pytest.approx(math.pi * 100, rel=0.01)
