"""Entry point of the bundle: the program, and the modules that it starts of its own.

A bundle has no interpreter: ``sys.executable -m MODULE`` reaches the program itself.
"""

import multiprocessing
import runpy
import sys

from nnviz.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    if sys.argv[1:2] == ["-m"]:
        module = sys.argv[2]
        sys.argv = [module, *sys.argv[3:]]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.exit(main())
