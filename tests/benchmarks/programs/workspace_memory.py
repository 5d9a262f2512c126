"""Run a workspace's usual method in the window; print the memory that is then in use.

Usage: workspace_memory.py WORKSPACE MODEL

Prints, a line each, MB: ``opened``, resident with the network and an image open;
``peak``, at most since then; ``after``, resident some seconds after the run, when what
the heap had to spare was given back.
"""

import sys

import psutil

from nnviz.gui.shell.main_window import WORKSPACES
from tests.benchmarks.opened_window import opened_window, until, wait

WORKSPACE, MODEL = sys.argv[1:3]
REST = 4.0
MB = 1e6


def main() -> None:
    workspace = next(each for each in WORKSPACES if each.name == WORKSPACE)
    process = psutil.Process()
    with opened_window(MODEL) as window:
        finished, peak = [], [0.0]
        runs = window.app.runs
        runs.finished.connect(finished.append)
        runs.reported.connect(lambda _: peak.append(process.memory_info().rss / MB))
        wait(REST)
        print("opened", process.memory_info().rss / MB)
        window.enter(workspace)
        wait(1.0)
        finished.clear()  # what ran by itself in the first workspace
        window.commands["run.run"].trigger()
        until(lambda: finished, "the end of a run")
        wait(REST)
        print("peak", max(peak))
        print("after", process.memory_info().rss / MB)


main()
