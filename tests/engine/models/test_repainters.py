"""Networks that repaint: the published ones against a reference of their own.

Truth: the operations of pytorch/examples ``fast_neural_style/transformer_net.py`` and
of junyanz/pytorch-CycleGAN-and-pix2pix ``ResnetGenerator`` written out as functions of
a dictionary of weights with the published names.
"""

import pytest
import torch
from support.jobs import finish, never
from torch.nn import functional

from nnviz.base.images import image_from_array
from nnviz.base.info import Task
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.models.networks import REPAINTERS, CycleGanGenerator, JohnsonNet


def drawn(net, seed=0):
    """Weights large enough to matter everywhere."""
    generator = torch.Generator().manual_seed(seed)
    weights = {
        key: torch.randn(value.shape, generator=generator)
        / max(1, value[0].numel()) ** 0.5
        for key, value in net.state_dict().items()
    }
    net.load_state_dict(weights)
    return weights


def conv(w, name, x, kernel, stride=1):
    x = functional.pad(x, (kernel // 2,) * 4, mode="reflect")
    return functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride)


def norm(x, w=None, name=""):
    mean = x.mean((2, 3), keepdim=True)
    spread = (x.var((2, 3), keepdim=True, correction=0) + 1e-5).sqrt()
    x = (x - mean) / spread
    if w is None:
        return x
    return x * w[f"{name}.weight"].view(1, -1, 1, 1) + w[f"{name}.bias"].view(
        1, -1, 1, 1
    )


def twice(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def johnson(w, x):
    for number, (kernel, stride) in enumerate(((9, 1), (3, 2), (3, 2)), 1):
        x = conv(w, f"conv{number}.conv2d", x, kernel, stride)
        x = norm(x, w, f"in{number}").clamp(min=0)
    for number in range(1, 6):
        name = f"res{number}"
        y = norm(conv(w, f"{name}.conv1.conv2d", x, 3), w, f"{name}.in1").clamp(min=0)
        x = norm(conv(w, f"{name}.conv2.conv2d", y, 3), w, f"{name}.in2") + x
    for number in (1, 2):
        x = conv(w, f"deconv{number}.conv2d", twice(x), 3)
        x = norm(x, w, f"in{number + 3}").clamp(min=0)
    return conv(w, "deconv3.conv2d", x, 9)


def cyclegan(w, x):
    x = norm(conv(w, "1", x, 7)).clamp(min=0)
    for name in ("4", "7"):
        x = functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], 2, 1)
        x = norm(x).clamp(min=0)
    for number in range(10, 19):
        name = f"{number}.conv_block"
        y = norm(conv(w, f"{name}.1", x, 3)).clamp(min=0)
        x = x + norm(conv(w, f"{name}.5", y, 3))
    for name in ("19", "22"):
        x = functional.conv_transpose2d(
            x, w[f"{name}.weight"], w[f"{name}.bias"], 2, 1, 1
        )
        x = norm(x).clamp(min=0)
    return conv(w, "26", x, 7).tanh()


@pytest.mark.parametrize("size", [(32, 32), (37, 30)])
@pytest.mark.parametrize(
    ("make", "plainly"), [(JohnsonNet, johnson), (CycleGanGenerator, cyclegan)]
)
def test_equals_the_published_network(make, plainly, size):
    net = make().eval()
    weights = drawn(net)
    x = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        ours = net(x)
    theirs = plainly(weights, x)[:, :, : size[0], : size[1]]
    assert ours.shape == x.shape
    assert float((ours - theirs).abs().max()) <= 1e-5 * float(theirs.abs().max())


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


@pytest.mark.parametrize("name", REPAINTERS)
def test_a_file_of_weights_is_recognized(session, name, tmp_path):
    """Old files carry statistics that no instance norm reads; CycleGAN's a prefix."""
    net = REPAINTERS[name]().eval()
    weights = drawn(net)
    prefix = "model." if name == "CycleGanGenerator" else ""
    saved = {prefix + key: value for key, value in weights.items()}
    if name == "JohnsonNet":
        saved |= {
            f"in{number}.{what}": torch.zeros(8)
            for number in range(1, 6)
            for what in ("running_mean", "running_var")
        }
    torch.save(saved, tmp_path / "candy.pth")
    request = ModelRequest(reference=str(tmp_path / "candy.pth"), device="cpu")
    info = finish(session.job(LoadModel(request), never))
    assert info.task is Task.REPAINT
    assert f"matched to {name}" in info.notes
    pixels = torch.rand((31, 45, 3), generator=torch.Generator().manual_seed(3))
    photo = image_from_array(pixels.numpy())
    run = RunMethod(method="fast_style", model=request, image=photo, values={"size": 0})
    painting = finish(session.job(run, never)).report["painting"].pixels
    # What goes in: 0 to 255, -1 to 1, or (x - 0.5) / 0.25; what comes out, likewise.
    scale, shift = {
        "JohnsonNet": (255, 0.0),
        "CycleGanGenerator": (2, 0.5),
        "QuickPainter": (4, 0.5),
    }[name]
    x = pixels.permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = net((x - shift) * scale) / scale + shift
    wanted = expected.clamp(0, 1)[0].permute(1, 2, 0).numpy()
    assert painting.shape == (31, 45, 3)
    assert abs(painting - wanted).max() < 2e-2 / 4
