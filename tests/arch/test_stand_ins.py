"""Stand-ins in the bundle for libraries of graphics cards: same symbols, no work.

Truth: a library compiled from a few lines of C, and the system's loader.
"""

import ctypes
import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "packaging" / "bundle" / "stand_ins.py"
LIBRARY = "int add(int a, int b) { return a + b; }\nint table[3] = {1, 2, 3};\n"


@pytest.fixture(scope="module")
def stand_ins():
    spec = importlib.util.spec_from_file_location("stand_ins", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not (sys.platform == "linux" and module.can_be_made()):
        pytest.skip("no C compiler")
    return module


def test_stand_in_has_the_symbols_and_stops_whoever_calls_them(stand_ins, tmp_path):
    library = tmp_path / "libcublas.so.13"
    subprocess.run(
        ["cc", "-shared", "-x", "c", "-o", library, "-"],
        input=LIBRARY,
        text=True,
        check=True,
    )
    assert stand_ins.is_replaced(library)
    made = stand_ins.write_stand_in(library, tmp_path / "made")
    assert made.name == library.name
    loaded = ctypes.CDLL(str(made))
    assert loaded.add
    assert ctypes.c_int.in_dll(loaded, "table").value == 0
    call = f"import ctypes; ctypes.CDLL({str(made)!r}).add(1, 2)"
    ended = subprocess.run([sys.executable, "-c", call], check=False)
    assert ended.returncode == -signal.SIGABRT


def test_what_the_processor_needs_stays_itself(stand_ins):
    for name in ("libtorch_cpu.so", "libtorch_cuda.so", "libcudart.so.13", "libc10.so"):
        assert not stand_ins.is_replaced(Path(name))
