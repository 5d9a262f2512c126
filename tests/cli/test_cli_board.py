"""``nnviz board`` and ``nnviz.board``: every method on every network, with numbers."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import nnviz
from nnviz.base.documents.boards import Network, Plan
from nnviz.base.documents.snippets import board_command, board_python
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.cli.board import _SCALES
from nnviz.render.boards.agreement import common_grid, rank_correlation
from nnviz.render.boards.board import usual_lock
from nnviz.render.boards.scale_locks import Lock

SMALL = "zoo:resnet18@random"
BUNDLED = "bundled:objects"
TWO = ("saliency", "grad_cam")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """Two methods on two networks, one photograph; and the photograph's path."""
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    path = tmp_path_factory.mktemp("photo") / "noise.png"
    Image.fromarray(pixels).save(path)
    return nnviz.board(str(path), TWO, (BUNDLED, SMALL)), path


def test_each_place_is_what_run_gives(board):
    """Truth: ``nnviz.run`` of the same method, network and photograph."""
    made, path = board
    alone = nnviz.run("grad_cam", SMALL, str(path))
    tile = made.tiles()[3]
    assert (tile.title_row, tile.title_column) == ("ResNet-18, random", "Grad-CAM")
    np.testing.assert_array_equal(tile.result.values, alone.data)


def test_agreement_is_with_the_first_map_of_the_row(board):
    """Truth: the function that counts it, on the maps themselves."""
    made, _ = board
    maps = [tile.result for tile in made.tiles()]
    expected = [rank_correlation(*common_grid(maps[n], maps[n + 1])) for n in (0, 2)]
    found = made.agreement()
    assert [each["rank_correlation"] for each in found] == pytest.approx(
        expected, abs=1e-6
    )
    assert {each["first"] for each in found} == {"Saliency"}


def test_units_that_differ_share_no_scale(board):
    """Truth: a gradient and a logit have no common range."""
    made, _ = board
    units = {tile.result.unit for tile in made.tiles()}
    assert len(units) == 2
    assert made.scale() is Lock.NETWORK
    alone = type(made)(made.plan, {n: made.outcomes[n] for n in (0, 1)})
    assert usual_lock(alone.tiles()[:2]) is Lock.COLUMN


def test_a_place_that_fails_keeps_its_error(board):
    """Truth: no such layer; the other method takes none and goes on."""
    _, path = board
    made = nnviz.board(str(path), TWO, SMALL, values={"grad_cam": {"layer": "layer9"}})
    (place,) = made.errors
    assert place == "ResNet-18, random · Grad-CAM"
    assert "layer9" in made.errors[place]
    assert len(made.runs()) == 1
    assert made.painted(width=600).shape[1] <= 600
    assert "layer9" in made.page()


def test_files(nnviz, board, tmp_path):
    """Truth: the answer in JSON and what the files hold."""
    _, path = board
    status, out, _ = nnviz(
        "board", path, "--methods", ",".join(TWO), "--models", SMALL,
        "--target", "class:7", "--scale", "tile", "--json", "--out", tmp_path,
    )  # fmt: skip
    answer = json.loads(out)
    assert status == 0
    names = {f"noise.board.{end}" for end in ("png", "html", "npz", "json")}
    assert {file.name for file in tmp_path.iterdir()} == names
    assert [each["column"] for each in answer["tiles"]] == ["Saliency", "Grad-CAM"]
    assert {each["recipe"]["values"]["target"] for each in answer["tiles"]} == {
        "class:7"
    }
    with np.load(tmp_path / "noise.board.npz") as maps:
        values = maps["ResNet-18, random/Grad-CAM"]
    ends = [answer["tiles"][1][name] for name in ("low", "high")]
    assert ends == pytest.approx([float(values.min()), float(values.max())])
    page = (tmp_path / "noise.board.html").read_text()
    assert "http" not in page.replace("http-equiv", "")


def test_what_cannot_be_compared_is_refused(refused, board):
    _, path = board
    status, line = refused("board", path, "--methods", "saliency,predictions")
    assert status == 2
    assert "predictions: cannot be compared on a board" in line
    assert refused("board")[0] == 2


def test_the_scales_are_those_of_the_painter():
    assert {lock.value for lock in Lock} == set(_SCALES)


def test_the_command_and_the_python_lines_make_the_same_plan(board):
    """Truth: the words by hand, and Python's own compiler."""
    made, path = board
    plan = Plan(
        methods=made.plan.methods,
        networks=(Network(request=ModelRequest(reference=SMALL), title="net"),),
        images=made.plan.images,
        target="tabby - tiger cat",
    )
    assert board_command(plan) == (
        f"nnviz board {path} --methods saliency,grad_cam --models {SMALL}"
        " --target 'tabby - tiger cat' --out out"
    )
    lines = board_python(plan)
    compile(lines, "board", "exec")
    assert "target='tabby - tiger cat'" in lines
    assert "seed" not in lines
    assert "targets" not in lines
    own = replace(plan, networks=(replace(plan.networks[0], target="crab"),))
    assert f"--target 'tabby - tiger cat' --target-for {SMALL}=crab" in board_command(
        own
    )
    assert f"targets={{'{SMALL}': 'crab'}}" in board_python(own)
    asked = {cell.request.values["target"] for cell in own.cells()}
    assert asked == {"crab"}


def test_the_command_has_parameters_and_preprocessing(nnviz, board, tmp_path):
    """Truth: the recipes of the maps that the copied command makes."""
    made, _ = board
    gray = Preprocess(input_size=(32, 32), resize=32, mean=(0.5, 0.5, 0.5))
    plan = Plan(
        methods=made.plan.methods,
        networks=(
            Network(
                request=ModelRequest(reference=SMALL, preprocess=gray), title="net"
            ),
        ),
        images=made.plan.images,
        values={"grad_cam": {"signed": True, "layer": ""}, "saliency": {}},
    )
    words = shlex.split(board_command(plan, str(tmp_path)))
    assert words[words.index("--set") + 1] == "grad_cam.signed=yes"
    assert words.count("--set") == 1
    status, out, _ = nnviz(*words[1:], "--json")
    assert status == 0
    recipes = [each["recipe"] for each in json.loads(out)["tiles"]]
    assert recipes[1]["values"]["signed"] is True
    assert {tuple(each["preprocess"]["input_size"]) for each in recipes} == {(32, 32)}
    lines = board_python(plan)
    compile(lines, "board", "exec")
    assert "values={'grad_cam': {'signed': True}}" in lines
    assert f"nnviz.load('{SMALL}', preprocess=" in lines


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--set", "grad_cam.lair=x"), "grad_cam.layer"),
        (("--set", "grad_cam.layer"), "METHOD.PARAMETER=VALUE"),
        (("--set", "occlusion.window=8"), "parameter of the board's methods"),
        (("--preprocess", "zoo:alexnet={}"), "names no network of the board"),
    ],
)
def test_settings_that_mean_nothing_are_refused(refused, board, option, words):
    _, path = board
    status, line = refused("board", path, "--methods", "grad_cam", *option)
    assert status == 2
    assert words in line
