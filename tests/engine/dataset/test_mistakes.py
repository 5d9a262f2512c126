"""Mistakes over a set: accuracy, calibration, label errors, duplicates, disagreement.

Truth: scikit-learn's confusion matrix and logistic regression; Guo et al.'s definition
worked by hand; labels that the test itself swaps; images that it copies.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix as by_sklearn

import nnviz
from nnviz.base.dataset.error_figures import measure_reliability
from nnviz.cli import main
from nnviz.engine.dataset import inverted_file
from nnviz.engine.dataset.errors import duplicates
from nnviz.engine.dataset.errors.accuracy import answers_of, confusion_matrix
from nnviz.engine.dataset.errors.label_errors import class_thresholds, find_label_errors
from nnviz.engine.dataset.linear_probe import fit_probe, held_out_probabilities
from nnviz.engine.sharing import finish
from nnviz.media.index import ImageIndex, write_synthetic_index
from tests.engine.dataset.conftest import PLAIN, ColorNet, draw


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic") / "index"
    return ImageIndex(write_synthetic_index(folder, 3000, side=8))


def test_the_confusion_matrix_is_scikit_learns(synthetic):
    answers = answers_of(synthetic)
    matrix = confusion_matrix(answers, 10)
    label = np.asarray(synthetic.columns["label"])
    known = label >= 0
    predicted = np.asarray(synthetic.columns["predicted"])[known]
    assert (matrix == by_sklearn(label[known], predicted, labels=range(10))).all()


def test_calibration_error_by_hand():
    """Four bins: (0.25, 0.5] holds 0.5, 0.4: one right; (0.75, 1] holds 0.9, 1, 0.8."""
    confidence = np.array([0.5, 0.4, 0.9, 1.0, 0.8])
    right = np.array([True, False, True, True, False])
    found = measure_reliability(confidence, right, bins=4)
    assert found.counts.tolist() == [0, 2, 0, 3]
    assert found.confidences[[1, 3]].tolist() == pytest.approx([0.45, 0.9])
    assert found.accuracies[[1, 3]].tolist() == pytest.approx([0.5, 2 / 3])
    assert found.error == pytest.approx(2 / 5 * 0.05 + 3 / 5 * (0.9 - 2 / 3))
    assert found.worst == pytest.approx(0.9 - 2 / 3)
    assert np.isnan(found.accuracies[0])


def test_the_confident_joint_by_hand():
    """Thresholds: mean of the own class, (0.9 + 0.2 + 0.7) / 3 and (0.8 + 0.4) / 2."""
    shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.2, 0.8], [0.6, 0.4]])
    labels = np.array([0, 0, 0, 1, 1])
    assert class_thresholds(shares, labels).tolist() == pytest.approx([0.6, 0.6])
    found = find_label_errors(shares, labels)
    assert found.off_diagonal.tolist() == [False, True, False, False, True]
    assert found.order[:2].tolist() == [1, 4]
    assert found.margin[1] == pytest.approx(-0.6)
    assert found.suggested[[1, 4]].tolist() == [1, 0]


def test_a_probe_is_scikit_learns_logistic_regression():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 400)
    features = generator.normal(size=(400, 8)) + 1.5 * np.eye(4, 8)[labels] + 3
    features = features.astype(np.float32)
    penalty = 1e-2
    probe = fit_probe(torch.from_numpy(features), torch.from_numpy(labels), 4, penalty)
    standard = (features - features.mean(0)) / features.std(0)
    peer = LogisticRegression(C=1 / (penalty * 400), tol=1e-8, max_iter=1000)
    expected = peer.fit(standard, labels).predict_proba(standard)
    given = probe.logits(torch.from_numpy(features)).softmax(1).numpy()
    np.testing.assert_allclose(given, expected, atol=2e-3)


def test_swapped_labels_are_suspected_by_features():
    """2 % of 5,000 labels are swapped; the first 3 % suspected hold most of them."""
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 10, 5000)
    centers = generator.normal(0, 1.2, (10, 16))
    features = centers[truth] + generator.normal(size=(5000, 16))
    given = truth.copy()
    swapped = generator.choice(5000, 100, replace=False)
    given[swapped] = (truth[swapped] + generator.integers(1, 10, 100)) % 10
    shares = held_out_probabilities(features, given, 10)
    first = find_label_errors(shares, given).order[:150]
    assert len(np.intersect1d(first, swapped)) >= 60


def test_swapped_labels_are_suspected_by_the_network(tmp_path, colors, color_model):
    rows = ["path,label"]
    for name in ("red", "green", "blue"):
        rows += [f"set/{name}/{k}.png,{name}" for k in range(14)]
    rows[3], rows[20] = "set/red/2.png,blue", "set/green/5.png,red"
    (colors.parent / "swapped.csv").write_text("\n".join(rows))
    table = colors.parent / "swapped.csv"
    index = nnviz.index(table, color_model, out=tmp_path / "index")
    found = index.mistakes()
    assert found.suspected_by == "network"
    suspects = {(each.path, each.label, each.suggested) for each in found.suspects}
    assert suspects == {
        ("set/red/2.png", "blue", "red"),
        ("set/green/5.png", "red", "green"),
    }
    assert found.accuracy == pytest.approx(40 / 42)
    assert {each.path for each in found.confident} == {each.path for each in
                                                       found.suspects}  # fmt: skip


def test_the_same_image_twice_is_found_and_leaks_come_first(tmp_path, color_model):
    draw(tmp_path / "set" / "train", 4, seed=1)
    draw(tmp_path / "set" / "test", 2, seed=2)
    train, test = tmp_path / "set" / "train", tmp_path / "set" / "test"
    (train / "red" / "copy.png").write_bytes((train / "red" / "1.png").read_bytes())
    coarse = np.random.default_rng(5).integers(0, 255, (4, 4, 3), np.uint8)
    leak = PillowImage.fromarray(coarse).resize((16, 16))
    leak.save(train / "green" / "2.png")
    leak.save(test / "blue" / "leak.jpg", quality=92)
    index = nnviz.index(tmp_path / "set", color_model, out=tmp_path / "index")
    found = index.mistakes().duplicates
    assert [(each.leak, each.same_label) for each in found] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert set(found[0].paths) == {"test/blue/leak.jpg", "train/green/2.png"}
    assert set(found[1].paths) == {"train/red/1.png", "train/red/copy.png"}
    assert found[1].likeness == 1


@pytest.fixture(scope="module")
def copied(tmp_path_factory, color_model):
    """An index of coarse random images; of each of the first 20 there is a JPEG too."""
    folder = tmp_path_factory.mktemp("copied") / "set" / "any"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(7)
    for number in range(150):
        coarse = generator.integers(0, 255, (4, 4, 3), np.uint8)
        image = PillowImage.fromarray(coarse).resize((16, 16))
        image.save(folder / f"{number:03}.png")
        if number < 20:
            image.save(folder / f"{number:03}.jpg", quality=92)
    out = folder.parent.parent / "index"
    return nnviz.index(folder.parent, color_model, out=out)


def copies(found):
    return sorted(
        (Path(each.paths[0]).stem, Path(each.paths[1]).stem)
        for each in found.duplicates
    )


def test_near_duplicates_of_many_images_are_found_in_groups(copied, monkeypatch):
    """Truth: the copies that were made; no two of the other images are alike."""
    pytest.importorskip("faiss")
    monkeypatch.setattr(inverted_file, "FROM", 100)
    found = copied.mistakes()
    assert copies(found) == [(f"{k:03}", f"{k:03}") for k in range(20)]
    assert found.duplicates_note.startswith("above 100 images near duplicates")


def test_without_faiss_many_images_are_compared_by_their_bytes(copied, monkeypatch):
    monkeypatch.setattr(inverted_file, "FROM", 100)
    monkeypatch.setitem(sys.modules, "faiss", None)
    found = copied.mistakes()
    assert copies(found) == []
    assert 'pip install "nnviz-studio[neighbors]"' in found.duplicates_note


def test_pairs_among_very_many_copies_do_not_grow_with_their_square():
    """Each is compared with the next 16, which still joins all of them."""
    layouts = torch.ones(600, 192).half() / 192**0.5
    pairs = finish(duplicates._all_with_all(layouts, lambda: None))
    expected = [(k, k + j) for k in range(600) for j in range(1, 17) if k + j < 600]
    assert list(map(tuple, pairs.tolist())) == expected


def test_two_networks_are_compared(tmp_path, colors, color_index):
    blind = ColorNet()
    with torch.no_grad():
        blind.head.weight[0] = 0  # takes red for something else
    labels = ["red", "green", "blue"]
    model = nnviz.load(blind, preprocess=PLAIN, labels=labels)
    other = nnviz.index(colors, model, out=tmp_path / "blind")
    found = color_index.compare(other)
    assert found.images == 42
    assert found.accuracies == (1.0, pytest.approx(28 / 42))
    assert found.agreeing == pytest.approx(28 / 42)
    assert found.only == (14, 0)
    assert all(path.startswith("red/") for path in found.paths)
    assert len(found.paths) == 14


def test_the_command_line(color_index, capsys):
    folder = str(color_index.folder)
    assert main(["mistakes", folder]) == 0
    out = capsys.readouterr().out
    assert "top-1                    100.0 %" in out
    assert main(["mistakes", folder, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["matrix"] == [[14, 0, 0], [0, 14, 0], [0, 0, 14]]
    assert answer["reliability"]["accuracies"][0] is None
    assert main(["mistakes", folder, "--against", folder]) == 0
    assert "agreement                    100.0 %" in capsys.readouterr().out
    assert main(["mistakes", folder, "--by", "magic"]) == 2
