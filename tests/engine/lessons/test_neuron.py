"""Neuron, perceptron and their kin through the lessons: the course's own numbers."""

import numpy as np
import pytest
from support.lessons import run_lesson, steps_of

from nnviz.base.errors import UsageError

XOR = "0 0 0; 0 1 1; 1 0 1; 1 1 0"


def test_neuron_adds_products_bias_and_shapes():
    # By hand: 0.8 - 0.6 + 0.3 = 0.5; 1 / (1 + e^-0.5) = 0.6225.
    *_, report = steps_of("neuron")
    total, output = report["neuron"].nodes[-2:]
    assert total.value == pytest.approx(0.5)
    assert output.value == pytest.approx(0.62246, abs=1e-5)


def test_neuron_becomes_a_step_as_it_gets_steeper():
    *_, report = steps_of("neuron", steepness=50.0, bias=-0.1)
    assert report["neuron"].nodes[-1].value == pytest.approx(1, abs=0.01)


def test_neuron_wants_a_weight_for_each_input():
    with pytest.raises(UsageError, match="weights for 3 inputs"):
        steps_of("neuron", inputs="1 2 3")


def test_perceptron_s_updates_are_the_course_s():
    # Course, lecture 1: (2, 1.2), (3, -0.8), (3, 0.2); the second pass changes nothing.
    reports = steps_of("perceptron")
    weights = [
        tuple(float(part) for part in row[-1].split(","))
        for row in reports[-1]["updates"].rows
    ]
    assert np.allclose(weights, [(2, 1.2), (3, -0.8), (3, 0.2)] + 3 * [(3, 0.2)])
    assert "all right after 3 updates" in reports[-1].notes[-1]


def test_perceptron_learns_and_within_the_bound():
    points = "0 0 0; 0 1 0; 1 0 0; 1 1 1"
    *_, report = steps_of("perceptron", points=points, weights="0 0 0", bias=True)
    # Margin of AND: w0 = (-3/2, 1, 1)/sqrt 2, alpha = 1/(2 sqrt 2), beta = 3.
    assert "at most 51" in report.notes[-1]
    assert "all right after" in report.notes[-1]


def test_perceptron_never_learns_xor():
    *_, report = steps_of(
        "perceptron", points=XOR, weights="0 0 0", bias=True, passes=10
    )
    assert "no line separates" in report.notes[-1]


@pytest.mark.parametrize("update", ["batch", "mini-batch"])
def test_perceptron_in_batches_ends_right(update):
    *_, report = steps_of("perceptron", update=update)
    assert "all right" in report.notes[-1]


@pytest.mark.parametrize("points", ["1 2 2", "1 2", ""])
def test_perceptron_refuses_what_are_no_two_classes(points):
    with pytest.raises(UsageError):
        steps_of("perceptron", points=points)


@pytest.mark.parametrize(
    ("values", "right"),
    [
        ({"gate": "AND"}, True),
        ({"gate": "OR", "bias": -0.5}, True),
        ({"gate": "XOR", "bias": -0.5}, False),
        ({"gate": "XOR", "hidden": True}, True),
        ({"gate": "AND", "hidden": True}, True),
        ({"gate": "OR", "hidden": True}, True),
    ],
)
def test_gates_with_the_course_s_weights(values, right):
    run, _ = run_lesson("logic_gates", **values)
    answers = [row[-1] for row in run.report["truth table"].rows]
    assert (set(answers) == {"yes"}) is right


def test_margin_of_and_by_hand():
    # Nearest points (1, 1) and the middle of (0, 1) and (1, 0): sqrt 1/2 apart.
    run, _ = run_lesson("maximum_margin", points="0 0 0; 0 1 0; 1 0 0; 1 1 1")
    w1, w2, bias, half = run.report["line"].rows[0]
    assert (w1, w2) == (pytest.approx(2**-0.5), pytest.approx(2**-0.5))
    assert bias == pytest.approx(-1.5 * 2**-0.5)
    assert half == pytest.approx(2**-0.5 / 2)


def test_margin_says_where_there_is_none():
    run, _ = run_lesson("maximum_margin", points=XOR)
    assert run.report.notes == ("no line separates the classes",)


def test_adaline_ends_at_least_squares():
    *_, report = steps_of("adaline", steps=300)
    error, least = report["error"].arrays()[""][:, -1]
    assert error == pytest.approx(least, rel=1e-6)


def test_hebb_turns_to_the_first_principal_component():
    *_, report = steps_of("hebb", steps=400)
    weights = report["plane"].arrows[0].ends[0]
    points = report["plane"].points[0].places
    _, axes = np.linalg.eigh(np.cov(points.T))
    assert abs(weights @ axes[:, -1]) == pytest.approx(1, abs=0.1)


def test_hopfield_recalls_what_was_spoiled():
    reports = steps_of("hopfield")
    stored, recalled = reports[-1]["images"].grids[0], reports[-1]["images"].grids[-1]
    spoiled = reports[0]["images"].grids[-1]
    assert (spoiled.values != stored.values).sum() == round(0.2 * 63)
    assert np.array_equal(recalled.values, stored.values)
    assert all(np.diff(reports[-1]["energy"].series["energy"]) < 0)


def test_map_unfolds():
    reports = steps_of("self_organizing_map", rows=8, columns=8, samples=1500)
    first, last = (
        report["map"].points[0].places for report in (reports[0], reports[-1])
    )
    assert last.std() > first.std()
    # A square of side 1.9 has a standard deviation of 1.9 / sqrt 12 along each axis.
    assert last.std() == pytest.approx(1.9 / 12**0.5, rel=0.25)
    # The winner's neighbors on the net are near it in the plane as well.
    net = last.reshape(8, 8, 2)
    steps = np.linalg.norm(np.diff(net, axis=0), axis=-1)
    assert np.median(steps) < 0.5


def test_hopfield_stores_and_recalls_what_was_drawn():
    """Drawn cells are the image of ones, row by row; the shown one is another start."""
    drawn = "#######/#.....#/#.....#/#######"
    shown = "#######/#.....#/#######"
    *_, last = steps_of("hopfield", letters="HT", drawn=drawn, recalled=3, shown=shown)
    grids = last["images"].grids
    ring = -np.ones((9, 7))
    ring[[0, 3]] = 1
    ring[1:3, [0, 6]] = 1
    assert np.array_equal(grids[2].values, ring)
    assert np.array_equal(grids[-1].values, ring)
    assert [grid.edits for grid in grids] == ["", "", "drawn", "drawn_2", "shown", ""]


def test_hopfield_of_drawings_alone():
    report = steps_of("hopfield", letters="", drawn="##", drawn_2="../##")[-1]
    assert [grid.title for grid in report["images"].grids[:3]] == [
        "stored 1",
        "stored 2",
        "draw here",
    ]


@pytest.mark.parametrize(
    ("drawing", "reason"),
    [("#x", "'x' is not a cell"), ("#" * 8, "1 × 8 cells"), ("/" * 9, "10 × 0 cells")],
)
def test_what_is_no_drawing_is_refused_in_words(drawing, reason):
    with pytest.raises(UsageError, match=f"--drawn: {reason}"):
        steps_of("hopfield", drawn=drawing)
