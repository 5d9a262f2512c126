"""Networks run by onnxruntime in a separate process: outputs only.

A file may have operators that the reader lacks: recurrent layers, loops, quantized
convolutions, vendor-specific ones.  onnxruntime (an extra) computes their outputs;
there are no modules, so no activations, and no gradients.
"""

import importlib.util
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.base.host.child_processes import child_environment, module_command
from nnviz.base.host.reading import ARCHIVE_ERRORS
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.models.onnx.graph import UnbuildableError

Check = Callable[[], None]
Values = NDArray[Any]
_Kind = tuple[tuple[int, ...], torch.dtype]

_LONGEST_START = 120
_LONGEST_PASS = 300
"""s: the process is ended after this time."""
_TURN = 0.0005
"""s: interval at which its answer is polled."""


class RuntimeFailure(ModelError, RuntimeError):  # noqa: N818 -- a failed pass
    """A forward pass that onnxruntime refused; trials treat it like torch's errors."""


class RuntimeProcess:
    """A process that holds one network and computes its outputs with onnxruntime.

    The process ends when this object is no longer referenced.

    Args:
        path: of the ONNX file.
        check: called while it starts; raises to end it.

    Raises:
        RuntimeFailure: onnxruntime cannot run the file either.
    """

    def __init__(self, path: Path, check: Check) -> None:
        self._title = path.name
        self._count = 0
        self._shapes: dict[tuple[int, ...], list[_Kind]] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="nnviz-")
        self._pulse = _Pulse()
        threads = str(torch.get_num_threads())
        self._process = subprocess.Popen(  # noqa: S603 -- this very program
            [
                *module_command("nnviz.engine.models.onnx.runtime_process"),
                *(str(path.resolve()), self._folder.name, threads),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
        )
        try:
            found = self._wait("network", "json", _LONGEST_START, check)
        except BaseException:
            self.close()
            raise
        self.words: dict[str, Any] = json.loads(found.read_text("utf-8"))

    def __deepcopy__(self, _memo: object) -> "RuntimeProcess":
        """Return this object itself: copies of a network share the process."""
        return self

    def __del__(self) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process and remove its temporary files."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def run(self, values: Values) -> list[Values]:
        """Return all outputs for an input (N, C, H, W).

        A stopped job abandons its pass; the next job waits until it ends.

        Raises:
            RuntimeFailure: onnxruntime refuses the input, or its process ended.
        """
        self._count += 1
        folder, number = Path(self._folder.name), self._count
        for old in folder.glob("*.np?"):
            old.unlink(missing_ok=True)
        np.save(folder / f"{number}.npy", values, allow_pickle=False)
        self._ask(number)
        found = self._wait(str(number), "npz", _LONGEST_PASS, self._pulse.beat)
        return self._outputs(found)

    def empty_outputs(self, shape: tuple[int, ...]) -> list[Tensor]:
        """Return empty tensors of the output shapes for an input of this shape.

        Raises:
            RuntimeFailure: onnxruntime refuses such inputs.
        """
        if shape not in self._shapes:
            found = self.run(np.zeros(shape, np.float32))
            kinds = (torch.from_numpy(each[..., :0]).dtype for each in found)
            shapes = (each.shape for each in found)
            self._shapes[shape] = list(zip(shapes, kinds, strict=True))
        return [
            torch.empty(shape, dtype=kind, device="meta")
            for shape, kind in self._shapes[shape]
        ]

    def _ask(self, number: int) -> None:
        stream = self._process.stdin
        try:
            if stream:
                stream.write(f"{number}\n".encode())
                stream.flush()
        except OSError:
            raise self._failure("its process ended") from None

    def _wait(self, name: str, suffix: str, longest: float, check: Check) -> Path:
        """Wait for the process to write an answer; return its file."""
        answer = Path(self._folder.name) / f"{name}.{suffix}"
        refusal = answer.with_suffix(".txt")
        end = time.monotonic() + longest
        while not answer.exists():
            if refusal.exists():
                raise self._failure(refusal.read_text("utf-8"))
            if self._process.poll() is not None and not answer.exists():
                raise self._failure("its process ended")
            if time.monotonic() > end:
                self._process.kill()
                raise self._failure(f"took more than {longest:.0f} s")
            check()
            time.sleep(_TURN)
        return answer

    def _outputs(self, answer: Path) -> list[Values]:
        """Return the arrays of an answer; half precision is widened to single."""
        try:
            with np.load(answer, allow_pickle=False) as arrays:
                found = [arrays[str(index)] for index in range(len(arrays.files))]
        except (KeyError, *ARCHIVE_ERRORS):
            raise self._failure("gave no arrays") from None
        answer.unlink(missing_ok=True)
        half = np.dtype(np.float16)
        return [
            each.astype(np.float32) if each.dtype == half else each for each in found
        ]

    def _failure(self, reason: str) -> RuntimeFailure:
        return RuntimeFailure(self._title, f"onnxruntime cannot run it ({reason})")


class _Pulse(nn.Module):
    """A no-op module: calling it is a point where a pass can be stopped.

    It belongs to no network, so only hooks for all modules see it.
    """

    def beat(self) -> None:
        """Let a stopped job end here."""
        self(None)

    def forward(self, nothing: None) -> None:
        """Do nothing."""


class RuntimeNetwork(nn.Module):
    """A network as a single module, whose outputs onnxruntime computes.

    Args:
        process: holds the network.
        channels_last: whether the file takes (N, H, W, C); this takes (N, C, H, W).
        reason: why it was not built of modules, for people.
    """

    def __init__(
        self, process: RuntimeProcess, reason: str, *, channels_last: bool
    ) -> None:
        super().__init__()
        self.process = process
        self.reason = reason
        self.channels_last = channels_last

    def forward(self, x: Tensor) -> Any:
        """Return the outputs, without gradients; for a meta tensor, their shapes.

        One tensor, or a dictionary by the names that the file has.
        """
        given = x.movedim(1, -1) if self.channels_last else x
        if x.is_meta:
            found = self.process.empty_outputs(tuple(given.shape))
        else:
            values = given.detach().to("cpu", torch.float32).contiguous().numpy()
            outputs = self.process.run(values)
            found = [torch.from_numpy(each).to(x.device) for each in outputs]
        names = self.process.words["outputs"]
        return found[0] if len(found) == 1 else dict(zip(names, found, strict=False))


def run_by_onnxruntime(
    path: Path, error: UnbuildableError, check: Check, *, channels_last: bool
) -> RuntimeNetwork:
    """Return a network that the reader cannot build, run by onnxruntime.

    Args:
        path: of the file.
        error: why it cannot be built.
        check: called while onnxruntime starts; raises to stop it.
        channels_last: whether the file takes (N, H, W, C).

    Raises:
        ModelError: onnxruntime is not installed, or cannot run the network either.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise ModelError(
            error.what,
            error.reason,
            f"{install_command('onnx')} runs it without gradients, or {error.remedy}",
        )
    try:
        process = RuntimeProcess(path, check)
    except RuntimeFailure as other:
        reason = f"{error.reason}, and {other.reason}"
        raise ModelError(error.what, reason, error.remedy) from None
    return RuntimeNetwork(
        process, f"{error.what}: {error.reason}", channels_last=channels_last
    )
