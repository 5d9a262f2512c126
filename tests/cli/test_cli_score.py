"""``nnviz score``: the table, its JSON, and refusals.

Truth: the Python API's table of the same seed.
"""

import json

import nnviz as python

MODEL = ("--model", "bundled:scenes", "--data", "scenes", "--limit", "2")


def test_json_is_the_table(nnviz):
    answered = json.loads(nnviz("score", "saliency", *MODEL, "--json")[1])
    table = python.score("saliency", "bundled:scenes", limit=2)
    assert [row["method"] for row in answered["rows"]] == [
        "saliency",
        "random",
        "edges",
    ]
    for row, expected in zip(answered["rows"], table.rows, strict=True):
        means = [each["estimate"]["mean"] for each in row["scores"]]
        assert means == [each.estimate.mean for each in expected.scores]


def test_the_table_has_intervals_and_verdicts(nnviz):
    said = nnviz("score", "saliency", *MODEL)[1]
    line = next(line for line in said.splitlines() if line.startswith("saliency"))
    assert line.count("(") == 5
    assert any(word in line for word in ("pass", "caution", "fail"))
    assert "deletion: area under the probability" in said


def test_refusals(refused):
    assert "no method named" in refused("score", *MODEL)[1]
    assert "--data: missing" in refused("score", "saliency")[1]


def test_average_drop_is_measured_where_it_is_asked_for(nnviz):
    answered = json.loads(
        nnviz("score", "saliency", *MODEL, "--average-drop", "--json")[1]
    )
    figures = {each["figure"] for each in answered["rows"][0]["scores"]}
    assert {"drop", "increase"} <= figures
