"""The end of a process with a thread of nnviz inside a pass, or with torch."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys, threading
from nnviz.__main__ import main
if {name!r} == "torch":
    sys.modules["torch"] = sys

class Finalized:
    def __del__(self):
        print("finalized")

kept = Finalized()
threading.Thread(target=threading.Event().wait, name={name!r}, daemon=True).start()
sys.argv = ["nnviz", *{words!r}]
code = main()
atexit.register(print, "handlers")
print("left")
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nnviz-inference", ["left", "handlers"]),
        ("torch", ["left", "handlers"]),
        ("of-somebody-else", ["left", "handlers", "finalized"]),
    ],
)
@pytest.mark.parametrize(("words", "status"), [(["--version"], 0), (["live", "-"], 2)])
def test_nothing_is_finalized_under_a_thread_that_runs(name, said, words, status):
    """The interpreter's finalization under a thread inside torch ends in SIGABRT.

    ``threading.Thread`` and ``sys.exit`` are Python's own; a thread of another name
    shows that the same program is finalized without it.  With torch, finalization
    takes seconds: the main thread was seen collecting garbage for 5 s.
    """
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name, words=words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == status, ended.stderr
    assert ended.stdout.split("\n")[-len(said) - 1 : -1] == said


@pytest.mark.slow
def test_a_thread_inside_torch_does_not_crash_the_process():
    program = (
        "import sys, threading, time, torch\n"
        "from nnviz.__main__ import main\n"
        "net = torch.nn.Conv2d(64, 64, 3, padding=1)\n"
        "x = torch.zeros(1, 64, 200, 200, requires_grad=True)\n"
        "def work():\n"
        "    while True: net(x).sum().backward()\n"
        "threading.Thread(target=work, name='nnviz-inference', daemon=True).start()\n"
        "time.sleep(1); sys.argv = ['nnviz', '--version']; sys.exit(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
