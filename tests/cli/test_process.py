"""The command line in a process of its own: start-up, pipes, signals, full devices."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = "{'torch', 'torchvision', 'PySide6', 'cv2', 'matplotlib', 'skimage'}"


def run(*words, **options):
    return subprocess.run(
        words, capture_output=True, text=True, timeout=120, check=False, **options
    )


@pytest.mark.parametrize(
    "call",
    [
        "import nnviz",
        "import nnviz, nnviz.api",
        "from nnviz.cli import main; main(['--help'])",
        "from nnviz.cli import main; main(['methods'])",
        "from nnviz.cli import main; main(['methods', 'activations'])",
        "from nnviz.cli import main; main(['models', 'list'])",
        "from nnviz.cli import main; main(['run', 'activations', '--help'])",
    ],
)
def test_nothing_heavy_is_imported(call):
    done = run(
        sys.executable,
        "-c",
        f"{call}\nimport sys\nassert not {HEAVY} & set(sys.modules)",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [[], ["methods"], ["models", "list"]])
def test_lists_need_no_numpy(words):
    code = (
        "import sys, nnviz; from nnviz.cli import main; nnviz.__version__; "
        f"main({words}); assert 'numpy' not in sys.modules"
    )
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--help"], ["methods"], ["models", "list"]])
def test_answers_at_once(command, words):
    """Goal: 0.3 s on a quiet machine; the best of three, with room for a busy one."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        assert run(*command, *words).returncode == 0
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 1


def test_piped_output_has_no_colors_and_no_progress(command, cat, tmp_path):
    done = run(*command, "run", "predictions", str(cat), "--out", str(tmp_path))
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\033" not in done.stdout


def test_closed_pipe_is_quiet(command):
    line = " ".join(f"'{word}'" for word in command)
    done = run("bash", "-c", f"set -o pipefail; {line} models list --json | head -c 10")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_stdout_on_a_full_device(command):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, "methods"], stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no space" in done.stderr


def wait_for_torch(process: int) -> None:
    """Wait until a process works: before, Python itself answers Ctrl+C."""
    maps = Path(f"/proc/{process}/maps")
    end = time.monotonic() + 60
    while "libtorch_cpu" not in maps.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.5)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc here")
def test_interrupt_costs_one_line(command, cat, tmp_path):
    """As Ctrl+C does it: SIGINT in the middle of the work."""
    words = [*command, "run", "predictions", str(cat), "--model",
             "zoo:vgg19@random", "--out", str(tmp_path / "out")]  # fmt: skip
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for_torch(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode() == "nnviz: stopped\n"


def test_debug_shows_the_traceback(command):
    done = run(*command, "methods", "nosuch", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("nnviz: nosuch: no such method")
