"""Recipes and a recording written at eb25ac2 still give what they gave then.

The truth is what that version computed and wrote down.  The last bits depend on the
processor and on the libraries: where those are the ones of then, every byte has to be
the same; elsewhere types, shapes and, roughly, the arrays' moments.
"""

import json
from pathlib import Path

import pytest
from support import replayed
from support.jobs import finish, never
from support.replayed import ARRAYS, FOLDER, RECORDED, RECORDING

from nnviz.base.requests import RecordingStep, RunMethod
from nnviz.engine.method import methods
from nnviz.storage.replay import (
    find_image,
    model_request,
    read_recipe,
    request_of,
    with_images,
)

WRITTEN = json.loads(ARRAYS.read_text(encoding="utf-8"))
ROUGHLY = 0.15
"""How far a mean may be off elsewhere, as a part of the spread or of itself.

An optimization carries the last bits on; after a few steps no more can be said.
"""
CLOSELY = 1e-5
LAST_BITS = {"plain.detect", "plain.segment", "renamed.detect"}
"""Computed by the network itself since then, no longer by its copy with fused norms,
which differed in the last bits: a copy may answer an image otherwise."""
SHOWN_OTHERWISE = {"in colour", "in color"}
"""An attribution painted in its own colors has another name and more contrast now; the
map itself, from which it is painted, is compared."""


@pytest.fixture(scope="module")
def session():
    with_transformer = replayed.opened()
    yield with_transformer
    with_transformer.close()


def test_no_method_was_lost():
    written = {stem.partition(".")[2] for stem in WRITTEN["runs"]}
    assert len(written) == 64
    assert written <= set(methods())


def test_old_and_new_are_told_apart():
    """A hash that did not depend on the bytes would let everything through."""
    hashes = [
        array["sha256"] for run in WRITTEN["runs"].values() for array in run.values()
    ]
    assert len(set(hashes)) > len(hashes) / 2


@pytest.mark.parametrize("stem", sorted(WRITTEN["runs"]))
def test_replays_to_the_same_bytes(session, stem):
    same_recipe(FOLDER / f"{stem}.json", FOLDER / f"{stem}.png")
    run = finish(session.job(replay(FOLDER / f"{stem}.png"), never))
    written = WRITTEN["runs"][stem]
    compare(replayed.digests(run), written, last_bits=stem not in LAST_BITS)


@pytest.mark.parametrize("step", [1, 3])
def test_goes_on_with_a_recording(session, tmp_path, step):
    beside = RECORDING / "recipe.json"
    recipe = read_recipe(beside)
    request = RunMethod(
        method=recipe.method,
        model=model_request(recipe, beside),
        image=find_image(recipe, beside),
        threads=recipe.threads,
        recording=str(tmp_path / "fork"),
        begin=RecordingStep(str(RECORDING), step),
    )
    run = finish(session.job(request, never))
    compare(replayed.digests(run), WRITTEN["runs"][RECORDED])


def same_recipe(json_file: Path, png_file: Path) -> None:
    assert read_recipe(json_file) == read_recipe(png_file)


def replay(file: Path) -> RunMethod:
    """Return the request of a file, as ``nnviz replay`` makes it."""
    recipe = with_images(read_recipe(file), file)
    return request_of(recipe, find_image(recipe, file), model_request(recipe, file))


def compare(found, written, *, last_bits=True):
    """Byte for byte where the machine is that of then, else roughly.

    Words in tables may change; numbers may not.
    """
    assert len(found) == len(written)
    assert set(found) ^ set(written) <= SHOWN_OTHERWISE
    numbers = {
        name: array
        for name, array in written.items()
        if not array["dtype"].startswith("<U") and name not in SHOWN_OTHERWISE
    }
    same_machine = replayed.machine() == WRITTEN["machine"]
    if same_machine and last_bits:
        assert {name: found[name] for name in numbers} == numbers
        return
    roughly = CLOSELY if same_machine else ROUGHLY
    for name, array in numbers.items():
        assert found[name]["dtype"] == array["dtype"], name
        if array["dtype"].startswith("float"):
            assert found[name]["shape"] == array["shape"], name
            room = roughly * (array["spread"] + abs(array["mean"])) + 1e-6
            assert abs(found[name]["mean"] - array["mean"]) <= room, name
            assert abs(found[name]["spread"] - array["spread"]) <= room, name


@pytest.mark.parametrize(
    "case",
    [each for each in replayed.cases() if str(FOLDER) in str(each.values)],
    ids=lambda case: case.stem,
)
def test_no_recipe_names_a_folder_of_this_machine(session, case):
    """A recipe goes to others: it has names and hashes of further files alone."""
    run = finish(session.job(replayed.request_of(case), never))
    assert str(FOLDER) not in run.recipe.to_json()
    assert run.recipe.pictures
