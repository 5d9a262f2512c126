"""Checkpoints as data: what torch wrote is read, what would run is not.

Truth is torch.load for files that this test wrote itself, and pickles made by hand,
opcode by opcode, for what no program writes.
"""

import argparse
import io
import pickle
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nnviz.base.errors import InputError
from nnviz.engine.models.pickles.archives import open_contents
from nnviz.engine.models.weights.checkpoints import read_state

ZIPPED = pytest.mark.parametrize("zipped", [True, False])


def read(path: Path) -> dict[str, Tensor]:
    return read_state(path, lambda: None).tensors


def value_of(path: Path) -> object:
    with open_contents(path, lambda: None) as contents:
        return contents.value


def write(path: Path, pickled: bytes, *, like: dict[str, Tensor] | None = None) -> Path:
    """Write torch's archive with another pickle in it."""
    whole = io.BytesIO()
    torch.save(like or {"w": torch.zeros(2, 2)}, whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickled if name.endswith(".pkl") else old.read(name))
    return path


class Twice(nn.Module):
    """A module with all that a state dict may hold or leave out."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
        self.again = self.body[0]
        self.register_buffer("kept", torch.arange(3))
        self.register_buffer("left_out", torch.arange(3), persistent=False)


@ZIPPED
def test_a_module_gives_its_state_dict(tmp_path: Path, *, zipped: bool) -> None:
    """Truth: ``state_dict``; a module used twice is there twice, as in that."""
    net = Twice()
    torch.save(net, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    found, expected = read(tmp_path / "w.pt"), net.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], expected[key]) for key in expected)


@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated")
def test_programs_of_torchscript_give_their_weights(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).eval()
    expected = net.state_dict()
    for name, make in (
        ("s.pt", torch.jit.script),
        ("t.pt", lambda net: torch.jit.trace(net, torch.zeros(1, 3, 2, 2))),
    ):
        torch.jit.save(make(net), tmp_path / name)
        found = read(tmp_path / name)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected)


class Tagged(Tensor):
    """A subclass of Tensor as other libraries have them."""


@ZIPPED
def test_every_kind_of_tensor(tmp_path: Path, *, zipped: bool) -> None:
    """Truth: torch.load of the same file, real numbers in single precision."""
    whole = torch.arange(12.0)
    tensors = {
        "view": whole.reshape(3, 4).t()[1:],
        "shared": whole[5:7],
        "brain": torch.tensor([1.5, -2]).bfloat16(),
        "flags": torch.tensor([True, False]),
        "number": torch.tensor(3.0),
        "weight": nn.Parameter(torch.ones(2)),
        "empty": torch.zeros(0, 3),
        "spread": torch.tensor([2.0]).expand(3, 5),
        "tagged": torch.ones(3).as_subclass(Tagged),
        "complex": torch.tensor([1 + 2j]),
    }
    torch.save(tensors, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    found = read(tmp_path / "w.pt")
    for key, tensor in torch.load(tmp_path / "w.pt", weights_only=False).items():
        real = tensor.is_floating_point()
        expected = torch.Tensor(tensor.detach()).float() if real else tensor
        assert torch.equal(found[key], expected), key
        assert found[key].is_contiguous()


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.filterwarnings("ignore:.*quantize.*")
def test_quantized_tensors_become_numbers(tmp_path: Path) -> None:
    """Truth: torch's own ``dequantize``."""
    values = torch.linspace(-1, 1, 12).reshape(4, 3)
    scales = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.double)
    zeros = torch.tensor([0, 1, -2, 3])
    tensors = {
        "one": torch.quantize_per_tensor(values, 0.1, 3, torch.quint8),
        "rows": torch.quantize_per_channel(values, scales, zeros, 0, torch.qint8),
    }
    torch.save(tensors, tmp_path / "w.pt")
    state = read_state(tmp_path / "w.pt", lambda: None)
    assert "quantized weights converted to float32" in state.notes
    for key, tensor in tensors.items():
        torch.testing.assert_close(state.tensors[key], tensor.dequantize())


def test_plain_pickles_of_tensors_and_arrays(tmp_path: Path) -> None:
    """As detectron2 and older programs write them."""
    arrays = {
        "f": np.arange(6, dtype=np.float32).reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "half": np.ones(2, np.float16),
        "flags": np.array([True, False]),
    }
    for protocol in (2, 4, 5):
        (tmp_path / "a.pkl").write_bytes(pickle.dumps(arrays, protocol))
        found = read(tmp_path / "a.pkl")
        for key, array in arrays.items():
            assert np.array_equal(found[key].numpy(), array), (protocol, key)
    (tmp_path / "t.pkl").write_bytes(pickle.dumps({"w": torch.arange(4)}))
    assert torch.equal(read(tmp_path / "t.pkl")["w"], torch.arange(4))


def test_a_small_file_reserves_no_more_than_itself(tmp_path: Path) -> None:
    """Truth: the address space that the operating system allows, as in a container."""
    file = tmp_path / "plain.pkl"
    file.write_bytes(pickle.dumps({"w": np.zeros(3, np.float32)}))
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from nnviz.engine.models.weights.checkpoints import read_state\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0])\n"
        "most = used * resource.getpagesize() + (1 << 28)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "print(list(read_state(Path(sys.argv[1]), lambda: None).tensors))\n"
    )
    command = [sys.executable, "-c", program, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['w']", done.stderr


def test_numbers_of_numpy_beside_the_weights(tmp_path: Path) -> None:
    checkpoint = {
        "epoch": np.int64(3),
        "loss": np.float32(0.5),
        "name": np.str_("x"),
        "net": {"w": torch.ones(1)},
    }
    torch.save(checkpoint, tmp_path / "w.pt")
    value = value_of(tmp_path / "w.pt")
    assert isinstance(value, dict)
    assert (value["epoch"], value["loss"], value["name"]) == (3, 0.5, None)


LYING_DTYPE = (
    b"\x80\x02}(X\x07\x00\x00\x00classes](cnumpy._core.multiarray\n_reconstruct\n"
    b"(cnumpy\nndarray\n(K\x00tX\x01\x00\x00\x00btR(K\x01(K\x01tcnumpy\ndtype\n(](X"
    b"\x01\x00\x00\x00xcnumpy\ndtype\n(X\x02\x00\x00\x00f8\x89\x88tR(K\x03X\x01\x00"
    b"\x00\x00<(cnumpy\ndtype\n(X\x01\x00\x00\x00OtR(K\x01ttNNJ\xff\xff\xff\xffJ\xff"
    b"\xff\xff\xffK\x00tbtatR\x89X\x08\x00\x00\x00AAAAAAAAtbeu."
)
"""An array of objects at an address of the file's choice."""


def test_a_dtype_that_lies_is_never_made(tmp_path: Path) -> None:
    """Numpy would read eight bytes "AAAAAAAA" as the address of an object."""
    with pytest.raises(InputError, match="holds no weights"):
        read(write(tmp_path / "w.pth", LYING_DTYPE))


STORAGE = (
    b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
)


def tensor(offset: bytes, shape: bytes, strides: bytes) -> bytes:
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    return (
        b"\x80\x02}X\x01\x00\x00\x00w"
        + rebuild
        + b"("
        + STORAGE
        + offset
        + shape
        + strides
        + b"\x89ccollections\nOrderedDict\n)RtRs."
    )


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (b"K\x01", b"K\x04\x85", b"K\x01\x85"),  # one element too far
        (b"K\x00", b"K\x02\x85", b"K\x04\x85"),  # strides too long
        (b"J\xff\xff\xff\xff", b"K\x02\x85", b"K\x01\x85"),  # before its storage
        (b"K\x00", b"J\xff\xff\xff\xff\x85", b"K\x01\x85"),  # a negative size
        (b"K\x00", b"K\x02K\x02\x86", b"J\xff\xff\xff\xffK\x01\x86"),
        (b"K\x00", b"J\xff\xff\xff\x7f\x85", b"K\x00\x85"),  # 8 GB of one number
        (b"K\x00", b"K\x02\x85", b"K\x01K\x01\x86"),  # strides of another length
        (b"K\x00", b"\x8a\x0a" + b"\xff" * 9 + b"\x7f\x85", b"K\x00\x85"),
    ],
)
def test_tensors_beyond_their_storage_are_refused(
    tmp_path: Path, offset: bytes, shape: bytes, strides: bytes
) -> None:
    path = write(tmp_path / "w.pth", tensor(offset, shape, strides))
    with pytest.raises(InputError, match="is damaged: a tensor"):
        read(path)


def test_the_tensor_made_by_hand_is_one(tmp_path: Path) -> None:
    """Without this the cases above would prove nothing."""
    path = write(tmp_path / "w.pth", tensor(b"K\x00", b"K\x04\x85", b"K\x01\x85"))
    assert torch.equal(read(path)["w"], torch.zeros(4))


COLLIDING = b"".join(
    b"\x8a\x0a" + (key * ((1 << 61) - 1)).to_bytes(10, "little") + b"N"
    for key in range(1, 50_000)
)
"""Integers that have the same hash: a dictionary of them takes n x n steps."""


@pytest.mark.parametrize(
    ("pickled", "reason"),
    [
        (b"\x80\x02}N" + b"\x85" * 200_000 + b"Ns.", "neither names nor numbers"),
        (b"\x80\x02)" + b"2\x86" * 60 + b"q\x00}h\x00Ns.", "keys"),
        (b"\x80\x04]r\xff\xff\xff\x7f.", "holds no weights"),
        (b"\x80\x02]" + b"(" * 2_100_000 + b".", "more objects"),
        (b"\x80\x02}(" + COLLIDING + b"u.", "neither names nor numbers"),
        (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", "is damaged"),
        (b"\x80\x04B\xff\xff\xff\xff.", "is damaged"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x02X\x02\x00\x00\x00\xff\xfe.", "is damaged"),
        (b"\x80\x02", "is damaged"),
        (b"\x80\x02.", "is damaged"),
        (b"\x80\x02h\x05.", "is damaged"),
        (b"\x80\x02cos\nsystem\n(X\x02\x00\x00\x00lstR.", r"call os.system\('ls'\)"),
        (b"\x80\x02(X\x02\x00\x00\x00lsios\nsystem\n.", r"call os.system\('ls'\)"),
        (b"\x80\x02(cos\nsystem\nX\x02\x00\x00\x00lso.", r"call os.system\('ls'\)"),
        (b"\x80\x02c__builtin__\neval\n(X\x01\x00\x00\x001tR.", r"__builtin__.eval"),
    ],
)  # fmt: skip
@ZIPPED
def test_hostile_pickles_are_one_line_at_once(
    tmp_path: Path, pickled: bytes, reason: str, *, zipped: bool
) -> None:
    """Bombs of depth, hashes, memo and size, and calls by each opcode that calls."""
    path = tmp_path / "w.pth"
    if zipped:
        write(path, pickled)
    else:
        path.write_bytes(pickled)
    start = time.thread_time()
    with pytest.raises(InputError, match=reason):
        read(path)
    assert time.thread_time() - start < 10


def test_a_module_that_contains_itself_is_refused(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(1, 1))
    net._modules["0"]._modules["up"] = net
    torch.save(net, tmp_path / "w.pth")
    with pytest.raises(InputError, match="contain themselves"):
        read(tmp_path / "w.pth")


def test_many_tensors_of_one_storage_are_no_amplifier(tmp_path: Path) -> None:
    """100 tensors of 1 MB in a file of 1 MB would need 100 MB."""
    whole = torch.zeros(250_000)
    torch.save({f"w{index}": whole for index in range(100)}, tmp_path / "w.pth")
    with pytest.raises(InputError, match="add up to more than the file"):
        read(tmp_path / "w.pth")


def test_tied_weights_are_none_either(tmp_path: Path) -> None:
    whole = torch.rand(250_000)
    torch.save({"encoder": whole, "decoder": whole}, tmp_path / "w.pth")
    found = read(tmp_path / "w.pth")
    assert torch.equal(found["encoder"], whole)
    assert torch.equal(found["decoder"], whole)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({"labels": {0: "ant", 1: "bee"}}, ("ant", "bee")),
        ({"idx_to_class": {1: "bee", 0: "ant"}}, ("ant", "bee")),
        ({"id2label": {"0": "ant", "1": "bee"}}, ("ant", "bee")),
        ({"class_to_idx": {"bee": 1, "ant": 0}}, ("ant", "bee")),
        ({"names": {0: "ant", 1: "bee"}}, ("ant", "bee")),
        ({"classes": ["ant", "bee"]}, ("ant", "bee")),
        ({"labels": {0: "ant", 7: "bee"}}, ()),
    ],
)
def test_names_of_classes(
    tmp_path: Path, labels: dict[str, object], names: tuple[str, ...]
) -> None:
    torch.save({"state_dict": {"w": torch.ones(1)}, **labels}, tmp_path / "w.pth")
    assert read_state(tmp_path / "w.pth", lambda: None).labels == names


def test_what_was_saved_beside_the_weights(tmp_path: Path) -> None:
    """timm's ``args`` as an object; tensors and what lies deep are left out."""
    checkpoint = {
        "state_dict": {"w": torch.ones(1)},
        "epoch": 3,
        "args": argparse.Namespace(mean=(0.5, 0.5, 0.5), img_size=96, model="resnet18"),
        "optimizer": {"state": {0: {"momentum": torch.ones(1)}}},
    }
    torch.save(checkpoint, tmp_path / "w.pth")
    assert read_state(tmp_path / "w.pth", lambda: None).values == {
        "epoch": 3,
        "args": {"mean": [0.5, 0.5, 0.5], "img_size": 96, "model": "resnet18"},
    }


MEASURE = """
import re, sys
from pathlib import Path
from nnviz.engine.models.weights.checkpoints import read_state
def of(what):
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(what + r":\\s+(\\d+)", status)[1])
before, checks = of("VmRSS"), []
tensors = read_state(Path(sys.argv[1]), lambda: checks.append(1)).tensors
peak = of("VmHWM") - before
weights = sum(each.nbytes for each in tensors.values())
print(peak / weights, len(checks) / (weights / (1 << 22)))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_reading_needs_the_memory_of_the_weights(tmp_path: Path, kind: str) -> None:
    """200 MB, momentum beside them: at most 1.3 times, and a check every 4 MB."""
    from safetensors.torch import save_file

    state = {f"w{index}": torch.rand(5_000_000) for index in range(10)}
    path = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pth")
    if kind == "safetensors":
        save_file(state, path)
    else:
        torch.save(
            {"net": state, "momentum": {"a": torch.rand(20_000_000)}},
            path,
            _use_new_zipfile_serialization=kind == "zip",
        )
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    peak, checks = map(float, told.stdout.split())
    assert peak < 1.3
    assert checks >= 1
