"""Filters and sorting of records.

Truth: plain loops over the columns, written out here.
"""

import numpy as np
import pytest

from nnviz.gui.state.record_query import RecordList, RecordQuery, find_records
from nnviz.gui.state.record_selection import RecordSelection


def rows(dataset):
    """Return the records as dictionaries, with their paths."""
    columns = {name: values.tolist() for name, values in dataset.columns.items()}
    return [
        {name: values[n] for name, values in columns.items()}
        | {"path": dataset.index.paths[n]}
        for n in range(dataset.count)
    ]


QUERIES = {
    "class": (RecordQuery(label=2), lambda r: r["label"] == 2),
    "predicted": (RecordQuery(predicted=1), lambda r: r["predicted"] == 1),
    "split": (RecordQuery(split=1), lambda r: r["split"] == 1),
    "right": (
        RecordQuery(right=True),
        lambda r: r["label"] >= 0 and r["label"] == r["predicted"],
    ),
    "wrong": (
        RecordQuery(right=False),
        lambda r: r["label"] >= 0 and r["label"] != r["predicted"],
    ),
    "confidence": (
        RecordQuery(confidence=(0.5, 0.8)),
        lambda r: 0.5 <= np.float32(r["confidence"]) <= 0.8,
    ),
    "text": (RecordQuery(text="CLASS 3/"), lambda r: "class 3/" in r["path"]),
    "two at once": (
        RecordQuery(label=2, right=False),
        lambda r: r["label"] == 2 != r["predicted"],
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_filter_lets_through_what_a_loop_finds(dataset, name):
    query, keeps = QUERIES[name]
    expected = [n for n, row in enumerate(rows(dataset)) if keeps(row)]
    assert find_records(dataset, query).tolist() == expected
    assert 0 < len(expected) < dataset.count


@pytest.mark.parametrize("column", ["confidence", "entropy", "margin"])
@pytest.mark.parametrize("descending", [False, True])
def test_sorting_is_that_of_python(dataset, column, descending):
    query = RecordQuery(sort=column, descending=descending)
    found = find_records(dataset, query)
    values = dataset.columns[column][found].tolist()
    assert values == sorted(values, reverse=descending)
    assert sorted(found.tolist()) == list(range(dataset.count))


@pytest.mark.parametrize("descending", [False, True])
def test_records_without_a_number_come_last(dataset, descending):
    """Truth: unlabeled records have no loss."""
    found = find_records(dataset, RecordQuery(sort="loss", descending=descending))
    unlabeled = set(np.flatnonzero(dataset.columns["label"] < 0).tolist())
    assert unlabeled
    assert set(found[-len(unlabeled) :].tolist()) == unlabeled


def test_a_list_keeps_its_order_and_is_filtered(dataset):
    """Truth: the list by hand, and a loop."""
    records = np.array([500, 3, 77, 250])
    listed = RecordList("by hand", records)
    assert find_records(dataset, RecordQuery(), listed).tolist() == records.tolist()
    label = int(dataset.columns["label"][77])
    found = find_records(dataset, RecordQuery(label=label), listed).tolist()
    assert found == [r for r in records if dataset.columns["label"][r] == label]


def test_the_selection_tells_only_what_is_new():
    """Truth: sets, by hand."""
    selection, told = RecordSelection(), []
    selection.reset(10)
    selection.changed.connect(lambda: told.append(selection.records().tolist()))
    selection.select(np.array([1, 2]))
    selection.select(np.array([2, 1]))
    selection.select(np.array([5]), add=True)
    selection.toggle(np.array([1, 9]))
    assert told == [[1, 2], [1, 2, 5], [2, 5, 9]]
    assert selection.count == 3
    selection.grow(12)
    assert selection.records().tolist() == [2, 5, 9]
    assert len(selection.flags) == 12
