"""``nnviz video``: a short video's dream, end to end."""

import av
import pytest
import torch
from support.videos import evenly, write_film

from nnviz import cli
from nnviz.cli import main
from nnviz.engine.jobs import video_writing
from nnviz.engine.models.networks import QuickPainter

QUICK = ["--size", "96", "--octaves", "1", "--steps", "1"]


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "in.mp4", evenly(4), size=(72, 128))


def test_a_dreamt_video(film, tmp_path, capsys):
    out = tmp_path / "out.mp4"
    assert main(["video", "deep_dream", str(film), "--out", str(out), *QUICK]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [str(out), "  4 frames"]
    with av.open(str(out)) as container:
        sizes = {(each.height, each.width) for each in container.decode(video=0)}
    assert sizes == {(54, 96)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["video"], "no method named"),
        (["video", "deep_dream"], "video: is missing"),
        (["video", "deep_dream", "{film}"], "--out: is missing"),
        (["video", "deep_dream", "{film}", "--out", "o.png"], "not a video file name"),
        (
            ["video", "deep_dream", "{film}", "--out", "o.mp4", "--kept", "x"],
            "not a number",
        ),
        (["video", "predictions", "{film}", "--out", "o.mp4"], "not an image"),
        (["video", "deep_dream", "gone.mp4", "--out", "o.mp4"], "no such file"),
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


def test_the_name_of_before_works(capsys):
    assert main(["film", "deep_dream", "--help"]) == 0
    assert "nnviz video deep_dream VIDEO" in capsys.readouterr().out
    assert "film" not in cli._public()


def test_help_names_the_methods_options(capsys):
    assert main(["video", "deep_dream", "--help"]) == 0
    said = capsys.readouterr().out
    for option in ("--kept", "--octaves", "--out"):
        assert option in said


def test_a_painted_video(film, tmp_path, capsys, monkeypatch):
    """Truth: PyAV counts the pictures; frames of 128 px are painted at 64.

    Nothing is mixed in unasked: such a method steadies films itself.
    """
    monkeypatch.setattr(video_writing, "resize", None)
    torch.manual_seed(0)
    weights, out = tmp_path / "wild.pth", tmp_path / "out.mp4"
    torch.save(QuickPainter().state_dict(), weights)
    words = ["video", "fast_style", str(film), "--model", str(weights)]
    assert main([*words, "--size", "64", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out), "  4 frames"]
    with av.open(str(out)) as container:
        sizes = [(each.height, each.width) for each in container.decode(video=0)]
    assert sizes == [(36, 64)] * 4
