"""Nearest neighbors in an index.

Truth: a plain matrix product over all records in float64; images copied by hand.
"""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

import nnviz
from nnviz.base.errors import UsageError
from nnviz.cli import main
from nnviz.engine.dataset import inverted_file, nearest
from nnviz.engine.dataset.nearest import find_nearest
from nnviz.media.index import write_synthetic_index


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_the_nearest_are_those_of_a_plain_matrix_product(monkeypatch, metric):
    monkeypatch.setattr(nearest, "_BLOCK", 64)
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(1000, 32)).astype(np.float16)
    queries = generator.normal(size=(5, 32)).astype(np.float32)
    found = find_nearest(torch.from_numpy(queries), vectors, 12, metric)
    one, other = queries.astype(np.float64), vectors.astype(np.float64)
    if metric == "cosine":
        one /= np.linalg.norm(one, axis=1, keepdims=True)
        other /= np.linalg.norm(other, axis=1, keepdims=True)
        distances = 1 - one @ other.T
    else:
        distances = np.sqrt(((one[:, None] - other) ** 2).sum(2))
    order = np.argsort(distances, axis=1)[:, :12]
    assert (found.records == order).all()
    expected = np.take_along_axis(distances, order, 1)
    np.testing.assert_allclose(found.distances, expected, atol=1e-5)


def test_equal_distances_come_in_the_order_of_the_records(monkeypatch):
    monkeypatch.setattr(nearest, "_BLOCK", 3)
    found = find_nearest(torch.ones(1, 2), np.ones((10, 2), np.float32), 4, "l2")
    assert found.records[0].tolist() == [0, 1, 2, 3]


def test_a_record_finds_others_of_its_color(color_index):
    names = color_index.class_names
    found = color_index.neighbors(0, count=10, layer="relu")
    assert 0 not in found.records
    assert set(found.labels) == {"blue"}
    features = np.asarray(color_index.features("relu"), np.float64)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    distances = 1 - features @ features[0]
    distances[0] = np.inf
    assert found.records.tolist() == np.argsort(distances)[:10].tolist()
    assert [names[color_index.columns["label"][k]] for k in found.records] == list(
        found.labels
    )


def test_an_image_of_the_index_is_found_by_its_bytes(tmp_path, colors, color_index):
    copied = tmp_path / "copied.png"
    copied.write_bytes((colors / color_index.paths[5]).read_bytes())
    by_file = color_index.neighbors(copied, count=3)
    by_record = color_index.neighbors(5, count=3)
    assert by_file.records.tolist() == by_record.records.tolist()
    assert 5 not in by_file.records


def test_a_new_image_goes_through_the_network(color_index, tmp_path):
    whole = PillowImage.new("RGB", (32, 16), (200, 60, 60))
    whole.paste((60, 200, 60), (16, 0, 32, 16))
    whole.save(tmp_path / "halves.png")
    for box, color in (((0, 0, 16, 16), "red"), ((16, 0, 32, 16), "green")):
        for layer in ("relu", "pixels"):
            found = color_index.neighbors(
                tmp_path / "halves.png", count=3, layer=layer, box=box
            )
            assert set(found.labels) == {color}, layer
    with pytest.raises(UsageError, match="holds no part"):
        color_index.neighbors(tmp_path / "halves.png", box=(40, 0, 50, 9))


def test_a_box_of_a_record_is_a_query_too(color_index, colors):
    """Truth: the same part, cut out and saved by hand."""
    box = (4, 0, 16, 12)
    found = color_index.neighbors(20, count=4, box=box)
    with PillowImage.open(colors / color_index.paths[20]) as whole:
        part = np.asarray(whole.crop(box))
    cut = color_index.neighbors(part, count=4)
    assert found.records.tolist() == cut.records.tolist()
    assert found.query == f"part of {color_index.paths[20]}"


def test_neighbors_by_two_networks_stand_side_by_side(
    color_index, colors, tmp_path, capsys
):
    """Truth: each network asked alone; the second index holds other images first."""
    listed = [colors / path for path in color_index.paths]
    other = nnviz.index(
        [*listed[20:], *listed[:10]], "bundled:everyday", out=tmp_path / "other"
    )
    here, there, pixels = color_index.neighbors_beside(25, [other, "pixels"], count=6)
    assert here.records.tolist() == color_index.neighbors(25, count=6).records.tolist()
    alone = other.neighbors(5, count=6)
    assert list(alone.paths) == [
        str(colors / color_index.paths[record]) for record in there.records
    ]
    np.testing.assert_array_equal(there.distances, alone.distances)
    assert pixels.layer == "pixels"
    # A record that the other index does not hold is asked about as an image.
    (_, new) = color_index.neighbors_beside(15, other, count=3)
    assert 15 not in new.records
    words = ["neighbors", str(color_index.folder), "25", "--beside", str(other.folder)]
    assert main(words) == 0
    assert "are the first's too" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2


def test_pixels_are_compared_as_they_are(color_index):
    thumbnails = color_index.thumbnails.reshape(42, -1).astype(np.float64)
    distances = np.linalg.norm(thumbnails - thumbnails[3], axis=1)
    distances[3] = np.inf
    found = color_index.neighbors(3, layer="pixels", metric="l2", count=5)
    assert found.records.tolist() == np.argsort(distances)[:5].tolist()


def test_the_command_line(color_index, capsys):
    words = ["neighbors", str(color_index.folder), "0", "--layer", "relu"]
    assert main([*words, "--count", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["class"] for each in answer["neighbors"]] == ["blue", "blue"]
    assert main(words) == 0
    assert "Nearest to blue/0.png by relu (cosine)" in capsys.readouterr().out
    assert main(["neighbours", *words[1:]]) == 0
    assert main([*words[:2], "900"]) == 2
    assert main([*words[:-1], "rely"]) == 2
    assert "did you mean relu" in capsys.readouterr().err
    assert main(["neighbors", "nowhere", "1"]) == 1


def test_an_index_is_opened_again(color_index):
    opened = nnviz.open_index(color_index.folder)
    assert len(opened) == 42
    assert opened.summary is None
    assert "42 images" in repr(opened)


@pytest.fixture
def many(tmp_path, monkeypatch):
    """An index that is taken for a large one: 3,000 records of 10 classes."""
    pytest.importorskip("faiss")
    monkeypatch.setattr(inverted_file, "FROM", 1000)
    return nnviz.open_index(write_synthetic_index(tmp_path / "many", 3000))


def test_a_long_search_without_faiss_names_what_shortens_it(tmp_path, monkeypatch):
    """Truth: the extra ``neighbors`` of pyproject.toml, which brings faiss."""
    monkeypatch.setattr(inverted_file, "FROM", 100)
    monkeypatch.setitem(sys.modules, "faiss", None)
    many = nnviz.open_index(write_synthetic_index(tmp_path / "many", 300))
    work: list[str] = []
    found = many.neighbors(
        7, layer="synthetic", progress=lambda each: work.append(each.what)
    )
    assert found.exact
    assert 'faster after pip install "nnviz-studio[neighbors]"' in work[-1]


@pytest.mark.parametrize("layer", ["synthetic", "pixels"])
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_quick_searches_find_most_and_say_how_many(many, layer, metric):
    """Truth: a plain matrix product over all records in float64."""
    vectors = np.asarray(
        many.features() if layer == "synthetic" else many.thumbnails, np.float64
    ).reshape(3000, -1)
    if metric == "cosine":
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hits = 0
    for record in range(0, 3000, 150):
        found = many.neighbors(record, layer=layer, metric=metric)
        if metric == "cosine":
            distances = 1 - vectors @ vectors[record]
        else:
            distances = np.linalg.norm(vectors - vectors[record], axis=1)
        distances[record] = np.inf
        assert record not in found.records
        np.testing.assert_allclose(
            found.distances, distances[found.records], atol=1e-4, rtol=1e-4
        )
        # Of equal thumbnails there are many: any of them is right.
        hits += int((found.distances <= np.sort(distances)[9] + 1e-4).sum())
    assert hits >= 0.9 * 200
    assert not found.exact
    assert "approximate: finds" in found.how
    whole = many.neighbors(0, layer=layer, metric=metric, exact=True)
    assert (whole.exact, whole.how) == (True, "")


def test_search_files_are_kept_until_the_index_is_another(many):
    """Truth: the time of the file; a recall that is changed by hand is believed."""
    first = many.neighbors(5)
    (kept,) = (many.folder / "neighbors").glob("*.faiss")
    facts = json.loads(kept.with_suffix(".json").read_text())
    assert facts["recall"] == first.recall
    kept.with_suffix(".json").write_text(json.dumps({**facts, "recall": 0.5}))
    assert many.neighbors(5).recall == 0.5
    kept.with_suffix(".json").write_text(json.dumps({**facts, "identity": "other"}))
    assert many.neighbors(5).recall == first.recall


def test_without_faiss_all_are_compared(many, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert many.neighbors(5).exact
