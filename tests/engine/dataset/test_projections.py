"""Projections of an index to a plane.

Truth: scikit-learn's PCA, LDA and trustworthiness; openTSNE as its own examples call
it; a line that an autoencoder has to unroll.
"""

import csv
import json
import sys

import numpy as np
import openTSNE
import pytest
from PIL import Image as PillowImage
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestNeighbors

import nnviz
from nnviz.api import perform, session
from nnviz.base.dataset.requests import ProjectIndex
from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Partial
from nnviz.cli import main
from nnviz.engine.dataset.projections import autoencoder, lda, pca, tsne
from nnviz.engine.dataset.projections.task import Task
from nnviz.engine.sharing import finish


def clusters(count=400, size=20, classes=4, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, count)
    centers = generator.normal(0, 3, (classes, size))
    vectors = centers[labels] + generator.normal(size=(count, size))
    return vectors.astype(np.float32), labels


def last(run):
    stages = list(run)
    return stages[-1]


def same_up_to_sign(one, other, tolerance):
    signs = np.sign((one * other).sum(0))
    np.testing.assert_allclose(one, other * signs, atol=tolerance * np.abs(one).max())


def test_pca_is_scikit_learns():
    vectors, labels = clusters()
    stage = last(pca.project(Task(vectors=vectors, labels=labels)))
    peer = PCA(2).fit(vectors.astype(np.float64))
    same_up_to_sign(stage.points, peer.transform(vectors.astype(np.float64)), 1e-5)
    same_up_to_sign(stage.loads, peer.components_.T, 1e-6)
    np.testing.assert_allclose(stage.scree[:2], peer.explained_variance_ratio_)


def test_lda_is_scikit_learns():
    vectors, labels = clusters()
    labels[:5] = -1  # placed, but not learned from
    stage = last(lda.project(Task(vectors=vectors, labels=labels)))
    known = labels >= 0
    peer = LinearDiscriminantAnalysis(n_components=2)
    peer.fit(vectors[known].astype(np.float64), labels[known])
    # Versions of scikit-learn divide the scatter by n or by n - classes.
    expected = peer.transform(vectors.astype(np.float64))
    same_up_to_sign(
        stage.points / stage.points.std(0), expected / expected.std(0), 1e-4
    )
    np.testing.assert_allclose(stage.scree[:2], peer.explained_variance_ratio_[:2],
                               rtol=1e-6)  # fmt: skip


def test_lda_needs_three_classes():
    vectors, _ = clusters()
    with pytest.raises(InputError, match="three classes"):
        last(lda.project(Task(vectors=vectors, labels=np.zeros(400, np.int64))))


def preserved(vectors, points, count=15):
    """Return the share of each point's neighbors that are neighbors in the plane."""
    found = [
        NearestNeighbors(n_neighbors=count + 1)
        .fit(each)
        .kneighbors(each, return_distance=False)[:, 1:]
        for each in (vectors, points)
    ]
    pairs = zip(*found, strict=True)
    return np.mean([len(np.intersect1d(*pair)) / count for pair in pairs])


def test_tsne_keeps_neighbors_as_openTSNE_does():  # noqa: N802  the library's name
    vectors, labels = clusters(300, 12)
    stages = list(tsne.project(Task(vectors=vectors, labels=labels, seed=1)))
    assert stages[0].done == 0
    assert [each.done for each in stages[1:]] == list(range(25, 751, 25))
    peer = openTSNE.TSNE(perplexity=30, random_state=1, negative_gradient_method="bh")
    expected = preserved(vectors, np.asarray(peer.fit(vectors)))
    assert preserved(vectors, stages[-1].points) >= expected - 0.03
    again = last(tsne.project(Task(vectors=vectors, labels=labels, seed=1)))
    assert (again.points == stages[-1].points).all()


@pytest.mark.parametrize("decay", [1.0, 0.9])
def test_a_reduction_keeps_95_percent_of_the_variance(decay):
    """Truth: as many as scikit-learn's ``PCA(0.95)`` keeps, and 50 at the least."""
    scales = decay ** np.arange(120)
    vectors = np.random.default_rng(5).normal(size=(400, 120)) * scales
    kept = pca.reducing_components(vectors.astype(np.float32)).axes.shape[1]
    assert kept == max(50, PCA(0.95).fit(vectors).n_components_)


def test_an_autoencoder_finds_a_sheet_in_many_dimensions():
    """A plane in 10 dimensions: two numbers suffice, the error falls to a 20th."""
    generator = np.random.default_rng(0)
    sheet = generator.uniform(-1, 1, (600, 2))
    vectors = (sheet @ generator.normal(size=(2, 10))).astype(np.float32)
    task = Task(vectors=vectors, labels=np.zeros(600, np.int64), steps=20)
    stages = list(autoencoder.project(task))
    errors = [each.figures["error"] for each in stages[1:]]
    assert len(stages) == 21
    assert errors[-1] < errors[0] / 20
    assert preserved(sheet, stages[-1].points) > 0.6


def test_umap_says_what_is_missing(color_index, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(InputError, match=r"is not installed.*nnviz-studio\[umap\]"):
        color_index.project("umap")


def test_new_images_are_placed_on_linear_maps(color_index):
    found = color_index.project("pca", layer="relu")
    features = np.asarray(color_index.features("relu"))
    np.testing.assert_allclose(found.place(features), found.points, atol=1e-5)
    with pytest.raises(ValueError, match="places no new"):
        color_index.project("autoencoder", layer="relu", steps=1).place(features)


@pytest.mark.parametrize("method", ["pca", "lda", "tsne", "autoencoder"])
def test_a_new_image_lands_among_those_like_it(color_index, tmp_path, method):
    """Truth: by hand, a red image belongs to the red ones; the classes lie apart."""
    generator = np.random.default_rng(5)
    pixels = generator.integers(0, 120, (16, 16, 3), np.uint8)
    pixels[..., 0] += 100
    PillowImage.fromarray(pixels).save(tmp_path / "new.png")
    settings = {"steps": 100, "seed": 1} if method in {"tsne", "autoencoder"} else {}
    found = color_index.project(method, **settings)
    placed = color_index.place(tmp_path / "new.png", method, **settings)
    names = np.array(color_index.class_names)
    labels = names[np.asarray(color_index.columns["label"])[found.records]]
    distances = np.linalg.norm(found.points - placed.point, axis=1)
    assert set(labels[np.argsort(distances)[:5]]) == {"red"}
    assert set(placed.neighbors.labels) == {"red"}
    assert placed.name == "new.png"


def test_a_known_image_is_placed_where_its_point_is(color_index):
    """Truth: the projection's own points, of methods that compute them one by one."""
    path = color_index.images.location(7)
    for method, settings in (("pca", {}), ("lda", {}), ("autoencoder", {"steps": 5})):
        found = color_index.project(method, **settings)
        placed = color_index.place(path, method, **settings)
        np.testing.assert_allclose(placed.point, found.points[7], rtol=1e-3, atol=1e-4)


def test_a_known_image_is_placed_beside_its_point_on_a_t_sne_map():
    """Truth: the fitted points, whose middle is not that of the plane."""
    vectors, labels = clusters(300, 20)
    fitted = finish(tsne.project(Task(vectors=vectors, labels=labels, steps=100)))
    extent = np.ptp(fitted.points, axis=0).max()
    assert np.abs(fitted.points.max(0) + fitted.points.min(0)).max() > 1e-3 * extent
    for turn in range(2):
        placed = fitted.placer(vectors[turn : turn + 20])
        away = np.linalg.norm(placed - fitted.points[turn : turn + 20], axis=1)
        assert np.median(away) < 0.06 * extent


def test_a_projection_is_fitted_once_for_many_images(color_index, monkeypatch):
    color_index.project("pca", seed=3)
    monkeypatch.setattr(pca, "principal_components", None)
    path = color_index.images.location(3)
    assert color_index.place(path, "pca", seed=3).point.shape == (2,)
    with pytest.raises(TypeError):
        color_index.place(path, "pca", seed=4)


def test_the_plane_is_told_on_the_way(color_index):
    request = ProjectIndex(
        index=str(color_index.folder), method="autoencoder", layer="pixels", steps=3
    )
    job = session().job(request, lambda: None)
    partials = [each for each in job if isinstance(each, Partial)]
    assert len(partials) == 4
    assert partials[-1].report["map"].points[0].places.shape == (42, 2)
    assert (
        perform(request).points == partials[-1].report["map"].points[0].places
    ).all()


def test_the_command_line_writes_plot_and_table(color_index, tmp_path, capsys):
    words = ["project", str(color_index.folder), "--layer", "relu"]
    assert main([*words, "--method", "lda", "--out", str(tmp_path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "noise" in answer["warning"]
    with (tmp_path / "lda.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 42
    assert rows[0]["class"] == "blue"
    assert nnviz.open_image(tmp_path / "lda.png").size[1] > 900
    assert np.load(tmp_path / "lda.npz")["points"].shape == (42, 2)
    with pytest.raises(UsageError, match="did you mean pca"):
        color_index.project("pcaa")
