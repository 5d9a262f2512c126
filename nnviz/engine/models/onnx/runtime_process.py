"""Worker process: onnxruntime runs a network that the ONNX reader cannot build.

``python -m nnviz.engine.models.onnx.runtime_process NETWORK FOLDER THREADS`` writes
``network.json``, the network's inputs and outputs.  For each number N read from a line
it reads ``N.npy``, the input, and writes ``N.npz``, the outputs in order. Errors are
one line in ``network.txt`` or ``N.txt``.  It exits when its input ends.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

_ROOM = 2 << 30
"""B of address space: Python, onnxruntime and the values of a pass."""
_TIMES = 3
"""Multiple of the file's size: parsed, rearranged for this processor, and the file."""
_LONGEST = 300
_KINDS: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
"""Types in which a network may take an image."""


def main(words: Sequence[str]) -> None:
    """Load a network, then run it on each input named on stdin until stdin closes."""
    network, folder, threads = Path(words[0]), Path(words[1]), int(words[2])
    _limit_memory(network)
    session = _attempt(
        lambda: _opened(network, threads), folder / "network.json", _described
    )
    if session is None:
        return
    for line in sys.stdin:
        number = int(line)
        given = folder / f"{number}.npy"
        _attempt(
            lambda given=given: _run(session, given),
            folder / f"{number}.npz",
            _packed,
        )


def _opened(network: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors come as exceptions too
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        network, options, providers=["CPUExecutionProvider"]
    )


def _described(session: onnxruntime.InferenceSession, file: Any) -> None:
    words = {
        "version": onnxruntime.__version__,
        "inputs": [each.name for each in session.get_inputs()],
        "outputs": [each.name for each in session.get_outputs()],
    }
    file.write(json.dumps(words).encode())


def _run(session: onnxruntime.InferenceSession, given: Path) -> list[Any]:
    """Return the outputs for an input, rounded if the network takes integers.

    Raises:
        TypeError: an output is no array of numbers.
    """
    (taken,) = session.get_inputs()
    kind = _KINDS[taken.type]
    x = np.load(given, allow_pickle=False)
    if np.issubdtype(kind, np.integer):
        x = np.rint(x).clip(np.iinfo(kind).min, np.iinfo(kind).max)
    outputs: list[Any] = session.run(None, {taken.name: x.astype(kind)})
    for each in outputs:
        if not isinstance(each, np.ndarray) or each.dtype.kind not in "fiub":
            raise TypeError(f"gives {type(each).__name__}, no array of numbers")
    return outputs


def _packed(outputs: Sequence[Any], file: Any) -> None:
    np.savez(
        file, allow_pickle=False, **{f"{n}": each for n, each in enumerate(outputs)}
    )


def _attempt(work: Any, target: Path, write: Any) -> Any:
    """Run a function and write its result, or the line of its error, to a file.

    A file appears atomically with its full content.
    """
    part = target.with_suffix(".part")
    try:
        found = work()
        with part.open("wb") as file:
            write(found, file)
    except Exception as error:  # noqa: BLE001 -- onnxruntime has many of its own
        line = " ".join(str(error).split()) or type(error).__name__
        part.write_text(line[:_LONGEST], "utf-8")
        part.replace(target.with_suffix(".txt"))
        return None
    part.replace(target)
    return found


if os.name == "posix":
    import resource

    def _limit_memory(network: Path) -> None:
        """Limit the address space, so that only this process fails on huge arrays."""
        files = [network, *network.parent.glob(f"{network.name}*")]
        size = sum(each.stat().st_size for each in files)
        limit = _ROOM + _TIMES * size
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

else:

    def _limit_memory(network: Path) -> None:
        """Do nothing: this system has no such limit."""


if __name__ == "__main__":
    main(sys.argv[1:])
