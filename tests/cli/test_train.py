"""``nnviz train``: from a folder of class folders to the files that ship.

Truth: pictures made here; the files' formats are those of safetensors and json.
"""

import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from safetensors.numpy import load_file

from nnviz.cli import main, train
from nnviz.engine.training.recipes import RECIPES


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    root = tmp_path / "data"
    for name, level in {"dark": 40, "water_lilly": 200, "BACKGROUND_Google": 9}.items():
        (root / name).mkdir(parents=True)
        for index in range(70):
            pixels = rng.normal(level, 12, (130, 140, 3)).clip(0, 255)
            path = root / name / f"{index:03}.png"
            PillowImage.fromarray(pixels.astype(np.uint8)).save(path)
    return root


def test_it_writes_weights_facts_and_card(folder, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["train", "objects", "--data", str(folder), "--out", str(out)]
    assert main([*words, "--epochs", "1"]) == 0
    written = capsys.readouterr()
    assert written.out.strip() == str(out / "objects.safetensors")
    assert "(1/1)" in written.err
    facts = json.loads((out / "objects.json").read_text())
    assert facts["classes"] == ["dark", "water lily"]
    weights = load_file(out / "objects.safetensors")
    assert weights["classifier.weight"].shape == (2, 256)
    assert weights["classifier.weight"].dtype == np.float16
    assert "held out" in (out / "objects.md").read_text()


def test_digits_are_read_and_a_stopped_run_goes_on(tmp_path):
    pytest.importorskip("sklearn")
    words = ["train", "digits", "--out", str(tmp_path), "--epochs", "4"]
    assert main(words) == 0
    facts = json.loads((tmp_path / "digits.json").read_text())
    # One in ten by guessing.
    assert facts["top1"] > 60
    first = (tmp_path / "digits.safetensors").read_bytes()
    (tmp_path / "digits.safetensors").unlink()
    # All its epochs are done: going on from the checkpoint only writes the files.
    assert main(words) == 0
    assert (tmp_path / "digits.safetensors").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["train", "objcts", "--data", "x"], 2, "did you mean objects?"),
        (["train", "objects", "--data", "nothing.zip"], 1, "neither a folder nor"),
        (["train", "objects"], 2, "--data: missing"),
    ],
)
def test_wrong_words_are_one_line(words, status, line, capsys):
    assert main(words) == status
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def test_the_help_names_every_recipe():
    """The words list them without importing torch; here both are at hand."""
    assert set(train._NAMES) == set(RECIPES)


def test_the_help_tells_only_the_beginning_of_a_long_text(capsys):
    """The text that a character model learns from unless told otherwise is 3 kB."""
    main(["train", "characters", "--help"])
    help_text = " ".join(capsys.readouterr().out.split())
    assert "[default the cat sat on the mat and the rat sat" in help_text
    assert help_text.count("the cat sat on the mat") == 1
