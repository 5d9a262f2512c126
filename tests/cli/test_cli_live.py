"""``nnviz live`` without a window: lines, films, faults, Ctrl+C."""

import csv
import json
import re
import signal
import subprocess
import time

import av
import pytest

from nnviz.base.live import CONTENTS
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.video import SourceKind
from nnviz.cli import live
from tests.support.videos import evenly, write_film

QUICK = ("--no-window", "--device", "cpu", "--model", "zoo:squeezenet1_1@random")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two seconds at 20 pictures a second."""
    return write_film(tmp_path_factory.mktemp("films") / "film.mp4", evenly(40, 20))


def test_a_film_is_followed_to_its_end(nnviz, film, tmp_path):
    """Truth: PyAV and csv read what was written; it ends when the film does."""
    out = tmp_path / "out.mp4"
    status, text, _ = nnviz("live", "--source", film, *QUICK, "--json", "--record", out)
    assert status == 0
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines
    assert lines[-1]["frames_per_second"] >= 0
    assert lines[-1]["frame"] <= 39
    with out.with_suffix(".csv").open() as file:
        numbers = [int(row["frame"]) for row in csv.DictReader(file)]
    assert numbers == sorted(set(numbers))
    with av.open(str(out)) as recorded:
        assert sum(1 for _ in recorded.decode(video=0)) == len(numbers)


def test_a_recording_goes_on_where_it_ended(nnviz, film, tmp_path):
    """Truth: the place that the first part's last line names: 0.5 s of the video."""
    out = tmp_path / "out.mp4"
    words = ("live", "--source", film, *QUICK, "--record", out)
    assert nnviz(*words)[0] == 0
    numbers = out.with_suffix(".csv")
    head, first, *_ = numbers.read_text().splitlines()
    numbers.write_text(f"{head}\n{first.rpartition(',')[0]},0.5\n")
    status, _, told = nnviz(*words, "--resume")
    assert status == 0
    assert "out.2.mp4 from 0.5 s on" in told
    with (tmp_path / "out.2.csv").open() as file:
        later = [float(row["place"]) for row in csv.DictReader(file)]
    assert later[0] >= 0.45
    assert (tmp_path / "out.2.mp4").exists()


def test_stickers_lie_on_each_frame(nnviz, film, tmp_path):
    """Truth: PyAV reads green pixels out of the film; the source has none."""
    out = tmp_path / "out.mp4"
    sticker = "square:#00ff00 @ 0.5 0.5 0.8 0"
    words = ("live", "--source", film, *QUICK, "--stickers", sticker, "--record", out)
    assert nnviz(*words)[0] == 0
    with av.open(str(out)) as recorded:
        pictures = [
            each.to_ndarray(format="rgb24") for each in recorded.decode(video=0)
        ]
    assert pictures
    for picture in pictures:
        red, green, blue = picture.transpose(2, 0, 1)
        assert ((green > 200) & (red < 60) & (blue < 60)).mean() > 0.1


def test_lines_for_people_name_rate_age_and_result(nnviz, film):
    """Truth: the words by hand."""
    _, text, _ = nnviz("live", "--source", film, *QUICK, "--seconds", "20")
    line = text.splitlines()[-1]
    for words in ("frames/s", "age", "inference", "ms"):
        assert words in line
    at, whole = re.search(r"at (\S+) of (\S+) s", line).groups()
    with av.open(str(film)) as given:
        assert float(whole) == pytest.approx(given.duration / av.time_base, abs=0.05)
    assert 0 <= float(at) <= float(whole)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--source"),
        (["--source", "missing.mp4"], "missing.mp4"),
        (["--source", "0", "--task", "clasify"], "clasify"),
        (["--source", "0", "--seconds", "-3"], "--seconds"),
        (["--source", "0", "--record", "out.txt"], "--record"),
        (["--source", "0", "--top-k", "0"], "top"),
        (["--source", "screen", "--resume"], "--resume"),
        (["--source", "screen", "--record", "out.mp4", "--resume"], "--resume"),
    ],
)
def test_wrong_use_is_one_line(refused, words, said):
    """Truth: the option or file that is wrong is named."""
    status, line = refused("live", "--no-window", *words)
    assert status in {1, 2}
    assert said in line


def test_a_network_that_does_not_suit_is_said(nnviz, film):
    """Truth: a classifier cannot detect; exit 1."""
    status, _, err = nnviz("live", "--source", film, *QUICK, "--task", "detect")
    assert status == 1
    assert "detect" in err


def test_a_film_that_is_none_is_said(nnviz, tmp_path):
    """Truth: 4 kB of zeros; exit 1 and the name."""
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(bytes(4096))
    status, _, err = nnviz("live", "--source", broken, *QUICK)
    assert status == 1
    assert "broken.mp4" in err


def test_a_camera_that_is_missing_all_the_time_is_a_failure(nnviz):
    """README: the exit status is 1 where something failed."""
    status, text, told = nnviz("live", "--source", "97", *QUICK, "--seconds", "2")
    assert status == 1
    assert not text
    assert "camera 97: is not there" in told


def test_ctrl_c_ends_cleanly(command, film):
    """Truth: exit 0 and no traceback; the recording would be whole."""
    looped = film.parent / "camera.toml"
    looped.write_text("rate = 20\nsize = [48, 64]")
    words = [*command, "live", "--source", f"script:{looped}", *QUICK]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline()
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = running.communicate(timeout=60)
        assert time.monotonic() - began < 20
    assert running.returncode == 0, err
    assert "Traceback" not in out + err


def test_the_words_are_read_into_an_order(film):
    """Truth: what each option means."""
    words = ["--source", str(film), "--task", "features", "--layer", "features.3"]
    order, options = live.read([*words, "--mirrored", "--model", "zoo:alexnet"])
    assert order.source.kind is SourceKind.FILE
    assert order.source.mirrored
    assert order.content is CONTENTS[1]
    assert order.values == {"layer": "features.3"}
    assert order.model.reference == "zoo:alexnet"
    assert not options.no_window


def test_each_content_that_ships_has_a_network():
    """Truth: the bundled networks of the catalogue."""
    order, _ = live.read([])
    assert order.model.reference == DEFAULT_MODEL
    assert order.source is None


def test_why_says_what_is_explained(nnviz, film):
    """Truth: Grad-CAM's note names the logit of one of the network's classes."""
    status, out, _ = nnviz(
        "live", "--source", film, "--no-window", "--task", "why", "--seconds", "1",
        "--json", "--model", "bundled:objects",
    )  # fmt: skip
    last = json.loads(out.splitlines()[-1])
    assert status == 0
    assert last["found"].startswith("logit of ")
    assert float(last["value"])
