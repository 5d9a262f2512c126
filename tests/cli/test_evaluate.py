"""``nnviz evaluate``: figures for people and for programs.

Truth: digits, whose card states the figures; pictures made here.
"""

import json

import pytest

from nnviz.base.shipped.resources import resource
from nnviz.cli import main


def test_digits_card_is_reproduced_within_half_a_point(capsys):
    pytest.importorskip("sklearn")
    assert main(["evaluate", "bundled:digits", "--data", "digits", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    card = json.loads(resource("models", "digits.json").read_text("utf-8"))
    assert 100 * found["scores"]["top-1"] == pytest.approx(card["top1"], abs=0.5)
    assert 100 * found["scores"]["mean per class"] == pytest.approx(
        card["mean_per_class"], abs=0.5
    )


def test_figures_and_confusions_are_told(capsys):
    pytest.importorskip("sklearn")
    words = ["evaluate", "bundled:digits", "--data", "digits", "--limit", "60"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "bundled:digits on 60 images of digits" in told
    assert "top-1" in told
    assert "Worst classes" in told


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["evaluate"], 2, "no network named"),
        (["evaluate", "bundled:digits"], 2, "--data: missing"),
        (["evaluate", "bundled:digits", "--data", "no"], 1, "neither a folder nor"),
        (["evaluate", "bundled:digts", "--data", "digits"], 2, "did you mean"),
    ],
)
def test_wrong_words_are_one_line(words, status, line, capsys):
    assert main(words) == status
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
