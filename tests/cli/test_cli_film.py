"""``nnviz film``: a short film's dream, end to end."""

import av
import pytest
import torch
from support.films import evenly, write_film

from nnviz.cli import main
from nnviz.engine.jobs import video_writing
from nnviz.engine.models.networks import QuickPainter

QUICK = ["--size", "96", "--octaves", "1", "--steps", "1"]


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "in.mp4", evenly(4), size=(72, 128))


def test_a_dreamt_film(film, tmp_path, capsys):
    out = tmp_path / "out.mp4"
    assert main(["film", "deep_dream", str(film), "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [str(out), "  4 frames"]
    with av.open(str(out)) as container:
        sizes = {(each.height, each.width) for each in container.decode(video=0)}
    assert sizes == {(54, 96)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["film"], "no method named"),
        (["film", "deep_dream"], "film: is missing"),
        (["film", "deep_dream", "{film}"], "--out: is missing"),
        (["film", "deep_dream", "{film}", "--out", "o.png"], "not a video file name"),
        (
            ["film", "deep_dream", "{film}", "--out", "o.mp4", "--kept", "x"],
            "no number",
        ),
        (["film", "predictions", "{film}", "--out", "o.mp4"], "not an image"),
        (["film", "deep_dream", "gone.mp4", "--out", "o.mp4"], "no such file"),
    ],
)
def test_wrong_use_is_said_in_a_line(
    film, tmp_path, monkeypatch, capsys, words, expected
):
    monkeypatch.chdir(tmp_path)
    assert main([word.format(film=film) for word in words]) != 0
    said = capsys.readouterr().err
    assert expected in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "o.mp4").exists()


def test_help_names_the_methods_options(capsys):
    assert main(["film", "deep_dream", "--help"]) == 0
    said = capsys.readouterr().out
    for option in ("--kept", "--octaves", "--out"):
        assert option in said


def test_a_painted_film(film, tmp_path, capsys, monkeypatch):
    """Truth: PyAV counts the pictures; frames of 128 px are painted at 64.

    Nothing is mixed in unasked: such a method steadies films itself.
    """
    monkeypatch.setattr(video_writing, "resize", None)
    torch.manual_seed(0)
    weights, out = tmp_path / "wild.pth", tmp_path / "out.mp4"
    torch.save(QuickPainter().state_dict(), weights)
    words = ["film", "fast_style", str(film), "--model", str(weights)]
    assert main([*words, "--size", "64", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out), "  4 frames"]
    with av.open(str(out)) as container:
        sizes = [(each.height, each.width) for each in container.decode(video=0)]
    assert sizes == [(36, 64)] * 4
