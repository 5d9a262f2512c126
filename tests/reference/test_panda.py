"""The panda demonstration of Goodfellow et al. 2015 on the bundled networks.

Truth: Pillow, torchvision and an exported network in a process of their own, which
open the photographs and the saved pictures without nnviz; photographs that the
networks were never trained on, in the folder that NNVIZ_DATA names.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("NNVIZ_DATA" not in os.environ, reason="NNVIZ_DATA names none"),
]
ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/benchmarks/programs/panda.py"
PICTURES = 200


@pytest.mark.parametrize(
    ("network", "data", "share"),
    [("bundled:everyday", "cifar10", 0.9), ("bundled:objects", "caltech101", 0.85)],
)
def test_photographs_flip_and_so_do_their_files(network, data, share):
    """Not all do at 4/255: motorbikes before white, say, withstand 8/255 as well."""
    folder = Path(os.environ["NNVIZ_DATA"], data)
    if not folder.is_dir():
        pytest.skip(f"there is no {data} in NNVIZ_DATA")
    told = subprocess.run(
        [sys.executable, PROGRAM, network, folder, str(PICTURES)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = json.loads(told)
    assert found["pictures"] == PICTURES
    assert found["largest noise"] <= 4
    assert found["agreed"] == found["reported"]
    assert found["reported"] >= share * PICTURES
