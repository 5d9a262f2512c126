"""Memory: over many photographs, and of a checkpoint of 1.2 GB."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torchvision.models import vit_l_16

from tests.benchmarks.figures import Figure, benchmark, soak
from tests.benchmarks.window import run_program
from tests.support.onnx_networks import export

LARGE = "large_checkpoint.py"


@benchmark
def photographs() -> Iterator[Figure]:
    """After 300 photographs of 12 megapixels against after 30."""
    found = run_program("photographs.py", "30", "300")
    grown = found["300"] - found["30"]
    yield Figure("memory: 300 photographs more than 30", grown, 200, "MB")


@soak
def many_photographs() -> Iterator[Figure]:
    """The same over an hour's worth of photographs."""
    found = run_program("photographs.py", "300", "3000")
    grown = found["3000"] - found["300"]
    yield Figure("soak: 3000 photographs more than 300", grown, 200, "MB")


@benchmark
def large_checkpoint() -> Iterator[Figure]:
    """A network of 304 million weights, opened, and stopped on its way."""
    with tempfile.TemporaryDirectory() as folder:
        for path in _checkpoints(Path(folder)):
            name = path.suffix
            found = run_program(LARGE, str(path))
            yield Figure(f"{name}: peak, of the weights", found["peak"], 1.3)
            yield Figure(f"{name}: 99.9 % of the beats", found["p99.9"], 50, "ms")
            yield Figure(f"{name}: worst", found["worst"], 250, "ms")
            stopped = run_program(LARGE, str(path), str(0.4 * found["seconds"]))
            yield Figure(f"{name}: memory left by a stop", stopped["left"], 0.05)
            yield Figure(f"{name}: files left by a stop", stopped["files"], 0)


def _checkpoints(folder: Path) -> Iterator[Path]:
    """Write the same network in each format; one file at a time is there."""
    net = vit_l_16().eval()
    state = net.state_dict()
    for suffix in (".pth", ".safetensors", ".onnx"):
        path = folder / f"network{suffix}"
        if suffix == ".pth":
            torch.save({"model": state, "epoch": 3}, path)
        elif suffix == ".safetensors":
            save_file(state, path)
        else:
            export(net, torch.rand(1, 3, 224, 224), path, "dynamo")
        yield path
        path.unlink()
