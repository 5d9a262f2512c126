"""Networks of one's own: whatever their passes do, opening them does not crash.

Truth: issue 2 and design section 6, a network that can be run can be opened; what
cannot be found out about it is said, never guessed.
"""

import threading

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 -- as everybody writes it
from support.jobs import finish, never, run_network
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import LoadModel, ModelRequest
from nnviz.engine.jobs import Session

SIDE = 16
SMALL = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)


class Step(nn.Module):
    """A convolution, something unusual, and a head that takes whatever comes."""

    def __init__(self, between, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.between = between
        self.head = nn.Linear(1, classes)

    def forward(self, x):
        x = self.between(self.conv(x))
        return self.head(x.float().mean().reshape(1, 1))


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(_ctx, gradient):
        return gradient * 2


def on_values(x):
    """Control flow on numbers, which a pass without numbers cannot follow."""
    return x * 2 if x.mean() > 0 else x - 1


def while_values(x):
    for _ in range(3):
        if bool((x.abs() < 1e3).all()):
            x = x * 2
    return x


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def attention(x):
    tokens = x.flatten(2).transpose(1, 2)
    return F.scaled_dot_product_attention(tokens, tokens, tokens)


def assigned(x):
    x = x.clone()
    x[:, 0] = 1
    x[x < 0] = 0
    return x


def under_autocast(x):
    with torch.autocast(x.device.type if x.device.type != "meta" else "cpu"):
        return x @ x


def asserted(x):
    assert x.shape[1] == 4
    assert x.isfinite().all()
    return x


def checked_for_nan(x):
    if torch.isnan(x).any():
        raise ValueError("NaN inside")
    return x


OPERATIONS = {
    "mean": lambda x: x - x.mean(),
    "mean of one axis": lambda x: x.mean(1),
    "mean, negative axis": lambda x: x.mean(dim=-1),
    "mean, keeping": lambda x: x.mean((2, 3), keepdim=True) * x,
    "sum": lambda x: x / (1 + x.sum()),
    "var": lambda x: x / (1 + x.var()),
    "std": lambda x: x / (1 + x.std((1, 2, 3), keepdim=True)),
    "max": lambda x: x - x.max(),
    "max of an axis": lambda x: x.max(1).values,
    "amax": lambda x: x.amax((2, 3)),
    "norm": lambda x: x / (1 + x.norm()),
    "norm of channels": lambda x: F.normalize(x, dim=1),
    "argmax": lambda x: x.argmax(1),
    "sort": lambda x: x.sort(1).values,
    "topk": lambda x: x.topk(2, dim=1).values,
    "cumsum": lambda x: x.cumsum(2),
    "flatten": lambda x: x.flatten(),
    "flatten, then back": lambda x: x.flatten().view(1, -1),
    "view": lambda x: x.view(x.shape[0], -1),
    "reshape": lambda x: x.reshape(1, 2, 2, SIDE, -1),
    "ravel": lambda x: x.ravel()[None],
    "permute": channels_last,
    "transpose, negative": lambda x: x.transpose(-1, -2),
    "movedim": lambda x: x.movedim(1, -1),
    "mT": lambda x: x.mT,
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "squeeze all": lambda x: x[:, :1].squeeze()[None],
    "unsqueeze": lambda x: x.unsqueeze(2),
    "einsum": lambda x: torch.einsum("nchw,ndhw->ncd", x, x),
    "einsum, dots": lambda x: torch.einsum("...hw,...hw->...", x, x),
    "einsum, a list": lambda x: torch.einsum("nchw -> nhwc", x),
    "matmul": lambda x: x @ x.transpose(2, 3),
    "bmm": lambda x: torch.bmm(x[0], x[0])[None],
    "matmul with a vector": lambda x: x @ torch.ones(SIDE, device=x.device),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "interpolate, bilinear": lambda x: F.interpolate(
        x, size=(9, 7), mode="bilinear", align_corners=False
    ),
    "interpolate, bicubic": lambda x: F.interpolate(x, size=5, mode="bicubic"),
    "grid_sample": lambda x: F.grid_sample(
        x, torch.zeros(1, 5, 5, 2, device=x.device), align_corners=False
    ),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "unfold": lambda x: F.unfold(x, 3),
    "Tensor.unfold": lambda x: x.unfold(2, 4, 4),
    "fold": lambda x: F.fold(F.unfold(x, 2, stride=2), (SIDE, SIDE), 2, stride=2),
    "chunk": lambda x: x.chunk(2, dim=1)[0] * x.chunk(2, 1)[1],
    "chunk of rows": lambda x: x.chunk(2, dim=2)[0],
    "chunk, first axis": lambda x: x.chunk(1)[0],
    "split": lambda x: x.split([1, 3], 1)[1],
    "split, first axis": lambda x: x.split(1)[0],
    "tensor_split": lambda x: x.tensor_split(3, dim=1)[0],
    "unbind": lambda x: x.unbind(1)[0],
    "unbind, first axis": lambda x: x.unbind()[0][None],
    "cat": lambda x: torch.cat([x, x]),
    "cat of channels": lambda x: torch.cat([x, x.relu()], 1),
    "cat, negative": lambda x: torch.cat([x, x], -3),
    "cat with a constant": lambda x: torch.cat(
        [x, torch.ones(1, 1, SIDE, SIDE, device=x.device)], 1
    ),
    "stack": lambda x: torch.stack([x, x]).sum(0),
    "stack at the end": lambda x: torch.stack([x, x], -1),
    "repeat": lambda x: x.repeat(1, 2, 1, 1),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 2),
    "tile": lambda x: x.tile(2, 2),
    "expand": lambda x: x[:, :1].expand(-1, 7, -1, -1),
    "roll": lambda x: x.roll(3, 2),
    "roll of all": lambda x: x.roll(3),
    "flip": lambda x: x.flip(-1),
    "rot90": lambda x: x.rot90(1, (2, 3)),
    "index": lambda x: x[:, 1, 2:4, ::2],
    "index, Ellipsis": lambda x: x[..., 0],
    "index by a list": lambda x: x[:, [0, 2]],
    "index by a tensor": lambda x: x[:, torch.tensor([0, 2], device=x.device)],
    "index_select": lambda x: x.index_select(1, torch.tensor([0, 2], device=x.device)),
    "gather": lambda x: x.gather(1, torch.zeros_like(x, dtype=torch.long)),
    "mask": lambda x: x[x > 0][None],
    "nonzero": lambda x: x.nonzero().float()[None],
    "where": lambda x: torch.where(x > 0, x, -x),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0.0),
    "tril": lambda x: x.tril(),
    "clamp": lambda x: x.clamp(0, 1),
    "pow": lambda x: x.pow(2).sqrt(),
    "select, negative": lambda x: x.select(-1, 0),
    "select, name": lambda x: torch.select(x, dim=1, index=0),
    "narrow": lambda x: x.narrow(1, 0, 2),
    "slice, whole": lambda x: x[:],
    "adding in place": lambda x: x.add_(1).mul_(2),
    "assigning": assigned,
    "out=": lambda x: torch.add(x, 1, out=torch.empty_like(x)),
    "fft": lambda x: torch.fft.fft2(x).abs(),
    "rfft": lambda x: torch.fft.irfft2(torch.fft.rfft2(x)),
    "complex": lambda x: torch.complex(x, x).abs(),
    "view_as_complex": lambda x: torch.view_as_complex(
        x.reshape(1, 4, SIDE, -1, 2)
    ).angle(),
    "half": lambda x: x.half().float(),
    "double": lambda x: x.double(),
    "integers": lambda x: (x * 255).to(torch.uint8),
    "custom Function": Doubled.apply,
    "control flow": on_values,
    "control flow, loop": while_values,
    "item": lambda x: x * x.mean().item(),
    "tolist": lambda x: x * len(x[0, 0, 0].tolist()),
    "numpy": lambda x: torch.from_numpy(x.detach().numpy() * 2),
    "random": lambda x: x + torch.rand(1, device=x.device),
    "softmax": lambda x: x.flatten(2).softmax(-1),
    "log_softmax": lambda x: x.log_softmax(1),
    "layer_norm": lambda x: F.layer_norm(x, x.shape[1:]),
    "instance_norm": F.instance_norm,
    "group_norm": lambda x: F.group_norm(x, 2),
    "attention": attention,
    "avg_pool": lambda x: F.avg_pool2d(x, 2),
    "max_pool, indices": lambda x: F.max_pool2d(x, 2, return_indices=True)[0],
    "max_unpool": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "lp_pool": lambda x: F.lp_pool2d(x, 2, 2),
    "adaptive pool, None": lambda x: F.adaptive_avg_pool2d(x, (None, 1)),
    "adaptive pool, uneven": lambda x: F.adaptive_max_pool2d(x, 5),
    "pad": lambda x: F.pad(x, (1, 2, 3, 4)),
    "pad of rows alone": lambda x: F.pad(x, (1, 2)),
    "pad, reflected": lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
    "pad of channels": lambda x: F.pad(x, (0, 0, 0, 0, 1, 1)),
    "convolution without batch": lambda x: F.conv2d(
        x[0], torch.ones(2, 4, 3, 3, device=x.device)
    )[None],
    "convolution, same": lambda x: F.conv2d(
        x, torch.ones(2, 4, 3, 3, device=x.device), padding="same"
    ),
    "cdist": lambda x: torch.cdist(x[0], x[0])[None],
    "cosine": lambda x: F.cosine_similarity(x, x.flip(1)),
    "kron": lambda x: torch.kron(x[0, 0], x[0, 1])[None],
    "linalg": torch.linalg.svdvals,
    "inverse": lambda x: torch.linalg.inv(x + 9 * torch.eye(SIDE, device=x.device)),
    "one_hot": lambda x: F.one_hot((x > 0).long(), 2),
    "embedding": lambda x: F.embedding(
        (x > 0).long(), torch.ones(2, 3, device=x.device)
    ),
    "bucketize": lambda x: torch.bucketize(x, torch.tensor([0.0], device=x.device)),
    "as_strided": lambda x: x.contiguous().as_strided((1, 4), (1, 1)),
    "meshgrid": lambda x: (
        x
        + torch.meshgrid(
            torch.arange(SIDE, device=x.device),
            torch.arange(SIDE, device=x.device),
            indexing="ij",
        )[0]
    ),
    "constants on the CPU": lambda x: x + torch.ones(1, 4, 1, 1),
    "to the input's device": lambda x: x + torch.ones(1, 4, 1, 1).to(x.device),
    "detach, clone, contiguous": lambda x: x.detach().clone().contiguous(),
    "channels_last": lambda x: x.to(memory_format=torch.channels_last),
    "checkpoint": lambda x: torch.utils.checkpoint.checkpoint(
        torch.relu, x, use_reentrant=False
    ),
    "autocast": under_autocast,
    "vmap": torch.vmap(torch.relu),
    "assert": asserted,
    "nan check": checked_for_nan,
    "histc": lambda x: torch.histc(x, 8)[None],
    "unique": lambda x: torch.unique(x)[None],
}


class Module(nn.Module):
    """What a lambda does, as a layer that can be looked at."""

    def __init__(self, call):
        super().__init__()
        self.call = call

    def forward(self, x):
        return self.call(x)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def opened(session, net, preprocess=SMALL):
    reference = session.store.adopt(net, preprocess)
    request = ModelRequest(reference=reference, preprocess=preprocess, device="cpu")
    return finish(session.job(LoadModel(request), never))


@pytest.mark.parametrize("name", OPERATIONS)
def test_any_operation(session, name):
    net = Step(Module(OPERATIONS[name]))
    info = opened(session, net)
    assert len(info.layers) == 3
    assert len(info.labels) == 3
    run = run_network(session, net, SMALL, "predictions", top_k=1)
    assert len(run.report.main.values) == 1
    run_network(session, net, SMALL, "activations", layer="conv")
    run_network(session, net, SMALL, "activations", layer="between")


class Wrapped(nn.Module):
    """A body and a forward of its own, as a test writes it."""

    def __init__(self, body, forward):
        super().__init__()
        self.body = body
        self.head = nn.Linear(4, 3)
        self.call = forward

    def forward(self, x):
        return self.call(self, x)


def pooled(x):
    return x.mean((2, 3))


def conv():
    return nn.Conv2d(3, 4, 3, padding=1)


def as_tokens(x):
    """A token for each row, (1, rows, 4)."""
    return F.pad(x, (0, 0, 0, 0, 0, 1)).mean(3).transpose(1, 2)


class Scalar(nn.Module):
    def forward(self, x):
        return x.mean()


class Sizes(nn.Module):
    """Gives no tensor."""

    def forward(self, x):
        return tuple(x.shape)


NETWORKS = {
    "dict": Wrapped(conv(), lambda net, x: {"logits": net.head(pooled(net.body(x)))}),
    "tuple": Wrapped(conv(), lambda net, x: (net.head(pooled(net.body(x))), x)),
    "list": Wrapped(conv(), lambda net, x: [net.head(pooled(net.body(x)))]),
    "called twice": Wrapped(
        nn.Conv2d(3, 3, 3),
        lambda net, x: net.head(F.pad(pooled(net.body(net.body(x))), (0, 1))),
    ),
    "attention": Wrapped(
        nn.MultiheadAttention(4, 2, batch_first=True),
        lambda net, x: net.head(net.body(*[as_tokens(x)] * 3)[0].mean(1)),
    ),
    "encoder layer": Wrapped(
        nn.TransformerEncoder(
            nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
            1,
            enable_nested_tensor=False,
        ),
        lambda net, x: net.head(net.body(as_tokens(x)).mean(1)),
    ),
    "LSTM": Wrapped(
        nn.LSTM(4, 4, batch_first=True),
        lambda net, x: net.head(net.body(as_tokens(x))[0][:, -1]),
    ),
    "GRU, time first": Wrapped(
        nn.GRU(4, 4),
        lambda net, x: net.head(net.body(as_tokens(x).transpose(0, 1))[0][-1]),
    ),
    "3-d input": Wrapped(
        conv(), lambda net, x: net.head(net.body(x[0]).mean((1, 2)))[None]
    ),
    "one-dimensional": Wrapped(
        nn.Conv1d(3, 4, 5), lambda net, x: net.head(net.body(x.flatten(2)).mean(2))
    ),
    "three-dimensional": Wrapped(
        nn.Conv3d(3, 4, (1, 3, 3)),
        lambda net, x: net.head(net.body(x[:, :, None]).mean((2, 3, 4))),
    ),
    "a layer gives a number": Wrapped(
        nn.Sequential(conv(), Scalar()),
        lambda net, x: net.head(net.body(x).reshape(1, 1).expand(1, 4)),
    ),
    "a layer returns no tensor": Wrapped(
        nn.Sequential(conv(), Sizes()),
        lambda net, x: net.head(torch.ones(1, net.body(x)[1], device=x.device)),
    ),
    "a layer returns complex numbers": Wrapped(
        nn.Sequential(conv(), Module(torch.fft.fft2)),
        lambda net, x: net.head(pooled(net.body(x).abs())),
    ),
    "double": Wrapped(conv(), lambda net, x: net.head(pooled(net.body(x)))).double(),
    "half": Wrapped(conv(), lambda net, x: net.head(pooled(net.body(x)))).half(),
    "weight norm": Wrapped(
        nn.utils.parametrizations.weight_norm(conv()),
        lambda net, x: net.head(pooled(net.body(x))),
    ),
    "spectral norm": Wrapped(
        nn.utils.parametrizations.spectral_norm(conv()),
        lambda net, x: net.head(pooled(net.body(x))),
    ),
    "tied weights": Wrapped(
        nn.Linear(4, 4),
        lambda net, x: net.head(F.linear(F.pad(pooled(x), (0, 1)), net.body.weight)),
    ),
    "quantised by hand": Wrapped(
        conv(),
        lambda net, x: net.head(
            pooled(torch.fake_quantize_per_tensor_affine(net.body(x), 0.1, 0, 0, 255))
        ),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_any_network(session, name):
    net = NETWORKS[name]
    info = opened(session, net)
    assert len(info.labels) == 3
    run_network(session, net, SMALL, "predictions", top_k=1)
    for layer in info.layers:
        if layer.shape is None:
            with pytest.raises(ModelError):
                run_network(session, net, SMALL, "activations", layer=layer.name)
        elif name != "a layer returns complex numbers" or layer.name == "body.0":
            run_network(session, net, SMALL, "activations", layer=layer.name)


def test_complex_numbers_are_no_map(session):
    net = NETWORKS["a layer returns complex numbers"]
    with pytest.raises(ModelError, match=r"body\.1: returns complex numbers; pick"):
        run_network(session, net, SMALL, "activations", layer="body.1")


def test_a_pass_that_asks_for_numbers_is_known_by_noise(session):
    info = opened(session, Step(Module(on_values)))
    assert info.layer("conv").shape == (4, SIDE, SIDE)
    assert info.layer("conv").receptive_field == (3, 3)
    assert info.layer("conv").macs == 4 * SIDE * SIDE * 27
    (said,) = [f.text for f in info.findings if "the image's values" in f.text]
    assert said.endswith("occlusion computes every image in full")


def test_a_pass_with_noise_leaves_no_trace(session):
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("passes", torch.zeros(()))

        def forward(self, x):
            self.passes += 1
            return x * torch.rand(1).item() * 0 + x * self.passes.item()

    net = Step(Counting())
    before = torch.get_rng_state()
    reference = session.store.adopt(net, SMALL)
    model = finish(session.store.open(ModelRequest(reference=reference), never))
    assert model.net.between.passes == 0
    assert torch.equal(torch.get_rng_state(), before)


class Extra(nn.Module):
    def forward(self, x, y):
        return x + y


def _leave():
    raise SystemExit(3)


class Answers(nn.Module):
    """A classifier whose answer a function changes."""

    def __init__(self, change):
        super().__init__()
        self.conv, self.change = nn.Conv2d(3, 5, 3), change

    def forward(self, x):
        return self.change(self.conv(x).mean((2, 3)))


class Closed(nn.Module):
    """A network with methods of its own that fail."""

    def forward(self, x):
        return x.mean((2, 3))

    def eval(self):
        raise RuntimeError("not now")

    @property
    def config(self):
        raise ValueError("none")


REFUSED = {
    "nothing": (Answers(lambda y: y[:, :0]), "Answers: returns an empty tensor"),
    "no batch": (Answers(lambda y: y[0]), "Answers: gives 5 rows for one image"),
    "two rows": (
        Answers(lambda y: y.repeat(2, 1)),
        "Answers: gives 2 rows for one image",
    ),
    "sparse": (Answers(Tensor.to_sparse), "Answers: returns no tensor for an image"),
    "the end": (Answers(lambda _: _leave()), "Answers: fails on an image of 16 x 16"),
    "its methods": (Closed(), "Closed: cannot be copied (not now)"),
    "no tensor": (Sizes(), "Sizes: returns no tensor for an image"),
    "a number": (Scalar(), "Scalar: gives one number for a whole batch"),
    "two inputs": (Extra(), "Extra: takes 2 inputs (x, y); fix all but one"),
    "other channels": (nn.Conv2d(5, 4, 3), "Conv2d: fails on an image of 16 x 16 px ("),
    "another size": (
        nn.Sequential(nn.Flatten(), nn.Linear(7, 3)),
        "Sequential: fails on an image of 16 x 16 px (",
    ),
    "its own error": (
        Module({}.__getitem__),
        "Module: fails on an image of 16 x 16 px (",
    ),
    "lazy": (nn.LazyConv2d(4, 3), "LazyConv2d: has lazy layers without weights; run"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_in_words(session, name):
    net, words = REFUSED[name]
    with pytest.raises(ModelError) as caught:
        opened(session, net)
    assert str(caught.value).startswith(words)


def test_what_cannot_be_copied_is_refused_in_words(session):
    net = Step(nn.Identity())
    net.lock = threading.Lock()
    with pytest.raises(ModelError, match=r"Step: cannot be copied \(cannot pickle"):
        opened(session, net)
