"""Files in the place of a training's state; truth: what ``run_epochs`` writes."""

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nnviz.base.errors import InputError
from nnviz.engine.training.fitting import load_trained

RIGHT = {"net": {}, "average": {}, "optimizer": {}, "epoch": 2, "seconds": 1.5}


def test_a_state_is_read(tmp_path: Path) -> None:
    torch.save(RIGHT, tmp_path / "a.ckpt")
    assert load_trained(tmp_path / "a.ckpt").seconds == 1.5


@pytest.mark.parametrize(
    "state", [{**RIGHT, "epoch": "2"}, {**RIGHT, "seconds": None}, {"net": {}}, [1], 3]
)
def test_another_state_is_refused(tmp_path: Path, state: object) -> None:
    torch.save(state, tmp_path / "a.ckpt")
    with pytest.raises(InputError, match=r"a\.ckpt: is not a state of this training"):
        load_trained(tmp_path / "a.ckpt")


@pytest.mark.parametrize(
    "content",
    [b"hello", b"PK\x03\x04", pickle.dumps(os.getcwd, 2), b"\x80\x02cos\nsystem\n."],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ckpt").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.ckpt: is not a state of this training"):
        load_trained(tmp_path / "a.ckpt")


def test_numpy_types_are_not_built(tmp_path: Path) -> None:
    """Truth: torch's reader builds them, and a forged one reads foreign memory."""
    torch.save({**RIGHT, "net": np.zeros(2)}, tmp_path / "a.ckpt")
    with pytest.raises(InputError, match=r"a\.ckpt: is not a state of this training"):
        load_trained(tmp_path / "a.ckpt")


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.ckpt")
    with pytest.raises(InputError, match="regular file"):
        load_trained(tmp_path / "a.ckpt")
