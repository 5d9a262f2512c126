"""Training on too few images ends in one line, before the first step."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnviz.base.errors import InputError
from nnviz.engine.training.course import Assignment
from nnviz.engine.training.objects import COURSE


def folder_with(folder: Path, count: int) -> Path:
    """Write images of noise in two classes; a fifth of them, by hash, is held out."""
    chance = np.random.default_rng(0)
    for number in range(count):
        path = folder / ("ant", "bee")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (8, 8, 3), np.uint8)).save(path)
    return folder


@pytest.mark.parametrize("count", [1, 2, 12, 60])
def test_few_images_are_refused(tmp_path: Path, count: int) -> None:
    """A batch has 64: with fewer an epoch divided its loss by no steps."""
    data = folder_with(tmp_path / "data", count)
    assignment = Assignment(data, tmp_path / "out", 1, 0, "", "")
    with pytest.raises(InputError, match="too few"):
        next(iter(COURSE(assignment)))


def test_what_is_no_image_is_named_and_starts_no_program(tmp_path: Path) -> None:
    """PostScript by content (Adobe's EPSF-3.0) under the name of a JPEG."""
    data = folder_with(tmp_path / "data", 4)
    (data / "ant" / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    (data / "ant" / "Thumbs.db").write_bytes(b"no image by its name: left out")
    assignment = Assignment(data, tmp_path / "out", 1, 0, "", "")
    with pytest.raises(InputError, match=r"a\.jpg: is a PostScript document"):
        next(iter(COURSE(assignment)))
