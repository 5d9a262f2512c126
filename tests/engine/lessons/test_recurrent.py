"""Recurrent networks through the lessons: the course's LSTM, powers, "hello"."""

import hashlib

import numpy as np
import pytest
from support.lessons import answer, run_lesson, steps_of

from nnviz.base.errors import InputError, UsageError


def test_hello_is_learnt():
    reports = steps_of("unrolling")
    assert "says ello" in reports[-1].notes[0]
    losses = reports[-1]["loss"].series["loss"]
    # Pure guessing among four letters costs ln 4.
    assert losses[0] == pytest.approx(np.log(4), rel=0.35)
    assert losses[-1] < 0.2


def test_gradient_is_cut_at_the_edges_that_say_so():
    reports = steps_of("unrolling", truncate=2, epochs=1)
    labels = [edge.label for edge in reports[0]["unrolled"].edges if edge.label]
    assert labels == ["cut"]


@pytest.mark.parametrize("word", ["a", ""])
def test_word_needs_two_letters(word):
    with pytest.raises(UsageError, match="too short"):
        steps_of("unrolling", word=word)


@pytest.mark.parametrize("value", [0.9, 1.0, 1.1])
def test_gradient_is_a_power_of_the_singular_value(value):
    *_, report = steps_of("vanishing_gradient", singular_value=value, steps=30)
    path = report["length"].paths[-1].places
    assert np.allclose(path[:, 1], np.log10(value) * np.arange(31), atol=1e-9)


def test_lstm_of_the_course():
    # c = (-0.5, 0.2), f = (0.1, 1), g = (0.9, -0.75), i = (0.8, 0).
    forget, write, state, _ = steps_of("lstm")
    assert np.allclose(forget.main.grids[-1].values[:, 0], (-0.05, 0.2))
    assert np.allclose(write.main.grids[-1].values[:, 0], (0.72, 0))
    assert np.allclose(state.main.grids[-1].values[:, 0], (0.67, 0.2))


def test_output_gate_of_the_course():
    output = answer(
        "lstm",
        state="0.2027 2.2976 -2.0923",
        forget="1 1 1",
        candidate="0 0 0",
        enter="0 0 0",
        leave="0.01 0.85 0.75",
    )
    assert np.allclose(output[:, 0], (0.002, 0.83, -0.73), atol=5e-3)


@pytest.mark.parametrize("forget", ["0.5", "0.5 1.5", "-1 0"])
def test_gates_lie_between_zero_and_one(forget):
    with pytest.raises(UsageError):
        steps_of("lstm", forget=forget)


@pytest.mark.parametrize("cell", ["LSTM", "peepholes", "joined gates"])
def test_cells_keep_to_their_formulas(cell):
    *_, report = steps_of("gated_cells", cell=cell, signal="noise")
    track = report["over time"].series
    c = np.array(track["f"][1:]) * track["c"][:-1] + track["i"][1:] * track["g"][1:]
    assert np.allclose(track["c"][1:], c)
    assert np.allclose(track["h"], track["o"] * np.tanh(track["c"]))
    if cell == "joined gates":
        assert np.allclose(track["i"], 1 - track["f"])


def test_gru_keeps_to_its_formula():
    *_, report = steps_of("gated_cells", cell="GRU", signal="noise")
    track = report["over time"].series
    z = track["z"][1:]
    h = (1 - z) * track["h"][:-1] + z * track["candidate"][1:]
    assert np.allclose(track["h"][1:], h)


def test_an_open_forget_gate_remembers_the_pulse():
    def left(bias):
        *_, report = steps_of("gated_cells", remembers=bias)
        state = report["over time"].series["c"]
        return state[-1] / state[2]

    assert left(6.0) > 0.8
    assert left(-2.0) < 0.01


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs"),
    [
        ("one to one", 1, 1),
        ("one to many", 1, 4),
        ("many to one", 4, 1),
        ("many to many, delayed", 2, 3),
        ("many to many, in step", 4, 4),
    ],
)
def test_kinds_of_sequences(kind, inputs, outputs):
    run, _ = run_lesson("sequence_kinds", kind=kind)
    kinds = [node.kind for node in run.report["graph"].nodes]
    assert (kinds.count("input"), kinds.count("output")) == (inputs, outputs)


def test_character_model_learns_a_text_by_heart():
    reports = steps_of(
        "character_model", text="one two three " * 8, start="one ", steps=200, hidden=32
    )
    losses = reports[-1]["loss"].series["loss"]
    # Pure guessing costs ln of the number of different letters.
    assert losses[0] == pytest.approx(np.log(len(set("one two three "))), rel=0.1)
    assert losses[-1] < 0.1
    assert reports[-1]["sample"].text.startswith("one two three one two")


def test_character_model_learns_a_file(tmp_path):
    file = tmp_path / "verse.txt"
    file.write_text("\ufeff" + "eins zwei drei " * 8, "utf-8")
    run, reports = run_lesson(
        "character_model", file=str(file), start="eins ", steps=200, hidden=32
    )
    losses = reports[-1]["loss"].series["loss"]
    assert losses[0] == pytest.approx(np.log(len(set("eins zwei drei "))), rel=0.1)
    assert reports[-1]["sample"].text.startswith("eins zwei drei eins zwei")
    # The recipe names the file by its bytes.
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert run.recipe.pictures["file"] == digest


def test_rare_letters_of_a_file_are_one_letter(tmp_path):
    file = tmp_path / "signs.txt"
    signs = "".join(map(chr, range(0x4E00, 0x4E00 + 130)))
    file.write_text("ab" * 50 + signs, "utf-8")
    reports = steps_of("character_model", file=str(file), steps=10)
    # 119 of 132 letters are kept, those met first: all but 13.
    assert reports[0].notes[-1] == "13 rare letters are read as □"
    assert len(set(reports[-1]["next letter"].labels)) == 10


def test_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "photo.bin"
    file.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(InputError, match="is not text in UTF-8"):
        steps_of("character_model", file=str(file))
