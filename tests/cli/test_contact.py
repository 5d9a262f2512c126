"""``nnviz contact`` writes one picture of several methods."""

import pytest
from PIL import Image

from nnviz import cli
from nnviz.base.shipped.samples import sample_photos


def test_several_methods_become_one_picture(tmp_path, capsys):
    """Truth: Pillow opens the file; the width is the sheet's own."""
    out = tmp_path / "sheet.png"
    words = ["contact", "grad_cam", "predictions", str(sample_photos()[0])]
    assert cli.main([*words, "--model", "bundled:objects", "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    with Image.open(out) as opened:
        assert opened.size[0] == 1600


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["cat.jpg"], "no method"),
        (["grad_camm", "cat.jpg"], "grad_cam"),
        (["grad_cam", "cat.jpg", "--out", "a.pdf"], "PNG"),
    ],
)
def test_what_is_wrong_is_told(words, reason, capsys):
    assert cli.main(["contact", *words]) != 0
    assert reason in capsys.readouterr().err
