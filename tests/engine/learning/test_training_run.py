"""Training runs that are watched.

Truth: the same steps written out in plain torch, in float64; a case constructed so that
the held-out loss rises; and the run that nobody interrupted.
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from torch import nn
from torch.nn import functional

from nnviz.base.errors import UsageError
from nnviz.engine.data import folders
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.augmentation import Augmentation, ten_crops
from nnviz.engine.learning.examples import Examples, load_examples
from nnviz.engine.learning.optimizers import loss_of, make_optimizer, penalty, scheduled
from nnviz.engine.learning.run import Switches, TrainingRun
from nnviz.engine.models.networks.layer_list import LayerList, LayerWordError


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def examples(count=24, classes=3, *, shuffled_truth=False):
    pixels = torch.rand(count, 1, 8, 8, generator=seeded())
    labels = torch.arange(count) % classes
    held = (labels + 1) % classes if shuffled_truth else labels
    return Examples(pixels, labels, pixels.clone(), held, ("a", "b", "c"), 0.5, 0.3)


def run_of(data=None, **switches):
    architecture = switches.pop("architecture", Architecture(kind="perceptron"))
    return TrainingRun(
        Switches(architecture=architecture, **switches), data or examples(), seeded(1)
    )


def plain_steps(net, data, optimizer, order, penalize, loss=functional.cross_entropy):
    """One epoch in full batches of 8, written out."""
    net.train()
    for part in order.split(8):
        optimizer.zero_grad()
        logits = net((data.pixels[part] - data.mean) / data.std)
        (loss(logits, data.labels[part]) + penalize(net)).backward()
        optimizer.step()


OPTIMIZERS = {
    "sgd": lambda w: torch.optim.SGD(w, 0.05),
    "momentum": lambda w: torch.optim.SGD(w, 0.05, momentum=0.9),
    "nesterov": lambda w: torch.optim.SGD(w, 0.05, momentum=0.9, nesterov=True),
    "adagrad": lambda w: torch.optim.Adagrad(w, lr=0.05),
    "rmsprop": lambda w: torch.optim.RMSprop(w, lr=0.05),
    "adadelta": lambda w: torch.optim.Adadelta(w, lr=0.05),
    "adam": lambda w: torch.optim.Adam(w, lr=0.05),
    "adamw": lambda w: torch.optim.AdamW(w, lr=0.05),
}


def epoch_and_twin(peer, penalize, *, loss=functional.cross_entropy, **switches):
    """Train for an epoch; and a copy in plain torch, on the same order of images."""
    run = run_of(batch=8, epochs=1, learning_rate=0.05, **switches)
    twin = LayerList(run.switches.architecture.words(), 3, 1, 8)
    twin.load_state_dict(run.net.state_dict())
    order = torch.randperm(24, generator=_copy(run._generator))
    plain_steps(twin, run.examples, peer(twin.parameters()), order, penalize, loss)
    while not run.ended:
        run.advance()
    return run.net.state_dict(), twin.state_dict()


def _copy(generator):
    copied = torch.Generator()
    copied.set_state(generator.get_state())
    return copied


def assert_same(found, expected):
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_of_optimizers(name):
    assert_same(*epoch_and_twin(OPTIMIZERS[name], lambda _: 0.0, optimizer=name))


def test_l2_is_the_weight_decay_of_sgd():
    """torch's weight decay, on the weights alone: biases are not penalized."""

    def decayed(parameters):
        weights = list(parameters)
        groups = [
            {"params": [w for w in weights if w.ndim > 1], "weight_decay": 0.3},
            {"params": [w for w in weights if w.ndim == 1]},
        ]
        return torch.optim.SGD(groups, 0.05)

    assert_same(*epoch_and_twin(decayed, lambda _: 0.0, optimizer="sgd", l2=0.3))


def test_l1_adds_the_absolute_weights():
    def absolute(net):
        return 0.02 * net.classifier.weight.abs().sum()

    assert_same(*epoch_and_twin(OPTIMIZERS["sgd"], absolute, optimizer="sgd", l1=0.02))


def test_label_smoothing_and_batch_norm():
    def smoothed(logits, labels):
        target = functional.one_hot(labels, 3) * 0.8 + 0.2 / 3
        return -(target * logits.log_softmax(1)).sum(1).mean()

    found, expected = epoch_and_twin(
        OPTIMIZERS["adam"], lambda _: 0.0, loss=smoothed, optimizer="adam",
        label_smoothing=0.2, architecture=Architecture(kind="mlp", batch_norm=True),
    )  # fmt: skip
    assert_same(found, expected)
    assert any("running_mean" in name for name in expected)


def test_dropout_zeroes_and_scales():
    """Of 4,000 ones about a share p becomes 0 and the others 1 / (1 - p)."""
    net = LayerList("linear 4000, dropout 0.25", 2, 1, 8).layers
    dropout = next(m for m in net if isinstance(m, nn.Dropout))
    values = dropout.train()(torch.ones(1, 4000))
    assert set(values.unique().tolist()) == {0.0, 1 / 0.75}
    assert float((values == 0).double().mean()) == pytest.approx(0.25, abs=0.03)
    assert torch.equal(dropout.eval()(values), values)


def test_squared_error_by_hand():
    """Softmax of (0, 0) is (1/2, 1/2); against (1, 0) the squares sum to 1/2."""
    loss = loss_of(torch.zeros(1, 2), torch.tensor([0]), "squared error")
    assert float(loss) == pytest.approx(0.5)


def test_penalty_by_hand():
    layer = nn.Linear(2, 1)
    layer.weight.data = torch.tensor([[3.0, -4.0]])
    assert penalty(layer, 0.1, 0.01).item() == pytest.approx(0.7 + 0.01 / 2 * 25)


def test_schedules():
    assert scheduled("cosine", 0.5) == pytest.approx(0.5)
    assert [scheduled("steps", p) for p in (0.4, 0.6, 0.8)] == pytest.approx(
        [1, 0.1, 0.01]
    )
    assert scheduled("one cycle", 0.3) == pytest.approx(1)
    assert scheduled("constant", 0.9) == 1


def test_early_stopping_keeps_the_best_epoch():
    """The held-out classes are others: what is learned makes their loss rise."""
    data = examples(shuffled_truth=True)
    run = run_of(
        data, batch=8, epochs=30, learning_rate=0.3, optimizer="sgd", patience=3
    )
    weights = []
    while not run.ended:
        if run.advance() and not run.stopped:
            weights.append({k: v.clone() for k, v in run.net.state_dict().items()})
    losses = run.history["held-out loss"]
    best = int(np.argmin(losses))
    assert run.stopped
    assert len(losses) == best + 1 + 3
    assert_same(run.net.state_dict(), weights[best])


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_a_stopped_run_goes_on_to_the_same_weights(optimizer):
    switches = {
        "batch": 5, "epochs": 3, "optimizer": optimizer, "members": 2, "bagging": True,
        "architecture": Architecture(kind="mlp", dropout=0.3, batch_norm=True),
        "augmentation": Augmentation(shift=1, noise=0.1),
    }  # fmt: skip
    whole = run_of(**switches)
    while not whole.ended:
        whole.advance()
    part = run_of(**switches)
    for _ in range(6):
        part.advance()
    state, drawn = part.state(), part._generator.get_state()
    again = run_of(**switches)
    again.restore(state)
    again._generator.set_state(drawn)
    while not again.ended:
        again.advance()
    for ours, theirs in zip(again.nets, whole.nets, strict=True):
        for name, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value)
    assert again.history.figures == whole.history.figures


def test_an_ensemble_answers_with_the_mean():
    run = run_of(members=2)
    probabilities = [
        net((run.examples.pixels - 0.5) / 0.3).softmax(1) for net in run.nets
    ]
    found = run.predict(run.examples.pixels).exp()
    torch.testing.assert_close(found, sum(probabilities) / 2)
    assert not torch.equal(*probabilities)


def test_augmentations_by_hand():
    image = torch.zeros(200, 1, 8, 8)
    image[:, :, 3, 2] = 1
    moved = Augmentation(shift=1)(image, seeded())
    places = {tuple(each.nonzero()[0].tolist()[1:]) for each in moved.round()}
    assert places == {(y, x) for y in (2, 3, 4) for x in (1, 2, 3)}
    flipped = Augmentation(flip=True)(image, seeded()).nonzero()[:, 3]
    assert set(flipped.tolist()) == {2, 5}
    cut = Augmentation(cut=2)(torch.zeros(50, 1, 8, 8), seeded())
    assert int((cut == 0.5).flatten(1).sum(1).max()) == 4


def test_elastic_deformation_moves_control_points_by_normal_draws():
    """Ronneberger et al. 2015, section 3.1: normal displacements of a 3 x 3 grid.

    Of an image whose value is its column, the middle pixel is a control point: it
    shows how far it was moved.
    """
    columns = torch.arange(41.0).expand(600, 1, 41, 41) / 40
    deformed = Augmentation(elastic=2)(columns, seeded())
    moves = 40 * (deformed - columns)[:, 0, 20, 20]
    assert float(moves.mean()) == pytest.approx(0, abs=0.25)
    assert float(moves.std()) == pytest.approx(2, rel=0.1)
    # Between them it is smooth: a neighbor moves alike, a far pixel does not.
    others = 40 * (deformed - columns)[:, 0, 20]
    near, far = (float(torch.corrcoef(torch.stack([moves, each]))[0, 1]) for each in
                 (others[:, 21], others[:, 39]))  # fmt: skip
    assert near > 0.99
    assert abs(far) < 0.3


def test_ten_crops_of_a_symmetric_image_are_pairs():
    crops = ten_crops(torch.rand(1, 1, 8, 8, generator=seeded()))
    assert crops.shape == (10, 1, 1, 8, 8)
    torch.testing.assert_close(crops[:5].flip(-1), crops[5:])


def test_depth_and_shortcuts():
    """20 weight layers: 19 convolutions and one linear; two shortcuts change shape."""
    for kind, shortcuts in (("plain", 0), ("residual", 2)):
        net = LayerList(Architecture(kind=kind, depth=20).words(), 10, 3, 32)
        convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
        assert len(convolutions) == 19 + shortcuts
        assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize(
    "words", ["conv", "conv 0", "swirl 3", "pool 99", "linear 1e9"]
)
def test_layers_that_cannot_be_built(words):
    with pytest.raises(LayerWordError):
        LayerList(words, 2, 1, 8)
    with pytest.raises(UsageError, match="layers"):
        run_of(architecture=Architecture(kind="layers", layers=words))


def test_every_optimizer_has_a_name():
    weights = [torch.zeros(2, requires_grad=True)]
    assert all(make_optimizer(name, weights, 0.1) for name in OPTIMIZERS)


def test_the_width_is_that_of_the_first_stage():
    """Each next stage has twice as many channels at half the size (He et al. 2016)."""
    found = Architecture(kind="plain", depth=8, width=8).words()
    assert found == "conv 8 3, relu, plain 8, plain 16 2, plain 32 2, gap"
    vgg = Architecture(kind="vgg", width=4).words().split(", ")
    assert [word for word in vgg if word.startswith("conv")] == [
        "conv 4 3", "conv 4 3", "conv 8 3", "conv 8 3", "conv 16 3", "conv 16 3"
    ]  # fmt: skip


def test_of_a_large_folder_only_what_is_used_is_read(tmp_path, monkeypatch):
    """Of 120 + 120 images 40 are learned from, and the least number is measured on."""
    for part in ("train", "test"):
        for name in ("a", "b"):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(60):
                gray = PillowImage.new("L", (4, 4), index)
                gray.save(tmp_path / part / name / f"{index:02}.png")
    read = []
    real = folders._read_photo
    monkeypatch.setattr(
        folders, "_read_photo", lambda path, side: read.append(path) or real(path, side)
    )
    found = load_examples("folder", str(tmp_path), 40)
    assert len(found.pixels) == 40
    assert len(found.held_pixels) == 50
    assert len(read) == 90
    assert found.labels.tolist() == [0] * 20 + [1] * 20
    with pytest.raises(InterruptedError):
        load_examples("folder", str(tmp_path), 40, check=_interrupt)


def _interrupt():
    raise InterruptedError


def test_digits_are_learned():
    torch.set_default_dtype(torch.float32)
    data = load_examples("digits", "", 400)
    run = run_of(data, architecture=Architecture(kind="mlp"), epochs=6)
    while not run.ended:
        run.advance()
    assert run.history["held-out accuracy"][-1] > 0.8
