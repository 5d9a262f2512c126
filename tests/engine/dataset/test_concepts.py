"""Concepts, parts, probes and ablation over an index.

Truth: a network whose logits are known sums of its channels; scikit-learn's NMF and
logistic regression; captum's TCAV; scipy's t-test; a plain loop with a channel's
weights set to zero.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from scipy import stats
from sklearn.decomposition import NMF
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from torch import nn

import nnviz
from nnviz.base.errors import InputError, UsageError
from nnviz.base.preprocess import Preprocess
from nnviz.cli import main
from nnviz.engine.dataset.concepts.nmf import factorize
from nnviz.engine.dataset.concepts.tcav import (
    class_gradients,
    concept_direction,
    tcav_score,
)
from nnviz.engine.jobs.dataset.concepts import welch
from nnviz.engine.nn.hooks import find_module
from nnviz.engine.targets.directions import direction_title
from nnviz.storage.concepts import save_vector
from tests.engine.dataset.conftest import ColorNet


def test_gradients_at_a_layer_are_the_heads_weights(color_model):
    """logit_k = 10 * mean of channel k: its gradient, summed over the map, is 10."""
    model = color_model._opened()
    found = class_gradients(model, "relu", torch.rand(3, 3, 16, 16), 1, lambda: None)
    np.testing.assert_allclose(found, [[0, 10, 0, 0]] * 3, atol=1e-5)
    assert not find_module(model.net, "relu")._forward_hooks


def test_a_class_depends_on_its_color(color_index):
    found = color_index.concept("red", "red", layer="relu", runs=10)
    assert found.score == 1
    assert found.direction[0] > 0.5
    assert found.accuracy == 1
    other = color_index.concept("green", "red", layer="relu", runs=10)
    assert other.score == 0  # green images are those with less red
    assert 0 < found.random_scores.mean() < 1
    assert found.significant
    assert found.asked == 14


def test_a_layer_that_does_not_know_a_selection_says_so(color_index):
    mixed = list(range(0, 42, 3))
    found = color_index.concept(mixed, "red", layer="relu", runs=12)
    assert found.accuracy < 0.7
    assert "hardly separates" in found.notes[0]


def test_the_significance_is_scipys():
    generator = np.random.default_rng(0)
    one, other = generator.random(20), generator.random(20) + 0.3
    expected = stats.ttest_ind(one, other, equal_var=False).pvalue
    assert welch(one, other) == pytest.approx(expected)
    assert welch(np.ones(4), np.ones(4)) == 1
    assert welch(np.ones(4), np.zeros(4)) == 0


def test_a_concept_may_be_a_folder_of_other_images(color_index, tmp_path):
    generator = np.random.default_rng(1)
    for number in range(10):
        pixels = generator.integers(0, 90, (16, 16, 3), np.uint8)
        pixels[..., 0] += 150
        PillowImage.fromarray(pixels).save(tmp_path / f"{number}.png")
    found = color_index.concept(tmp_path, "red", layer="relu", runs=6)
    assert found.score == 1
    assert found.images == 10
    with pytest.raises(UsageError, match="did you mean red"):
        color_index.concept("red", "reed", layer="relu")
    with pytest.raises(InputError, match="too few"):
        color_index.concept([1, 2], "red", layer="relu")


def test_a_direction_is_a_target(color_model, colors, tmp_path):
    """Along (1, 0, 0, 0) the activation is the mean of the first channel's map."""
    file = tmp_path / "red.direction.npz"
    vector = np.array([1, 0, 0, 0], np.float32)
    np.savez(file, layer=np.array("relu"), direction=vector)
    image = nnviz.open_image(colors / "red" / "0.png")
    maps = {}
    for target in (f"direction:{file}", "relu:0"):
        result = nnviz.run("saliency", color_model, image, target=target)
        maps[target] = result.data
    np.testing.assert_allclose(*maps.values(), atol=1e-7)
    assert result.recipe.values["target"] == "relu:0"
    dream = nnviz.run(
        "activation_maximization", color_model, target=f"direction:{file}", steps=2
    )
    assert np.isfinite(dream.data).all()
    np.savez(file, layer=np.array("relu"), direction=vector[:3])
    with pytest.raises(UsageError, match="3 numbers, relu has 4 channels"):
        nnviz.run("saliency", color_model, image, target=f"direction:{file}")
    np.savez(file, other=vector)
    with pytest.raises(InputError, match="holds no direction"):
        nnviz.run("saliency", color_model, image, target=f"direction:{file}")


def test_nmf_finds_the_parts_that_made_the_values():
    generator = np.random.default_rng(0)
    parts = np.zeros((3, 12))
    for k in range(3):
        parts[k, 4 * k : 4 * k + 4] = generator.uniform(0.5, 1, 4)
    amounts = generator.exponential(1, (300, 3)) * (generator.random((300, 3)) < 0.5)
    values = amounts @ parts
    *_, found = factorize(torch.from_numpy(values.astype(np.float32)), 3)
    peer = NMF(3, max_iter=400, init="nndsvda").fit(values)
    assert found.error * np.linalg.norm(values) <= peer.reconstruction_err_ + 1e-2
    truth = parts / np.linalg.norm(parts, axis=1, keepdims=True)
    cosines = found.parts.numpy() @ truth.T
    assert sorted(cosines.argmax(1).tolist()) == [0, 1, 2]
    assert (cosines.max(1) > 0.999).all()
    assert float(found.amounts.min()) >= 0


def test_parts_of_the_layer_are_its_colors(color_index, tmp_path, capsys):
    found = color_index.parts(3, layer="relu")
    assert found.maps.shape == (42, 8, 8, 3)
    assert found.error < 0.2
    assert found.shares.sum() == pytest.approx(1)
    words = ["concept", str(color_index.folder), "--parts", "3", "--layer", "relu"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    assert "3 parts of relu" in capsys.readouterr().out
    assert (tmp_path / "relu-parts.png").exists()


def test_probes_are_cross_validated_logistic_regressions(color_index, capsys):
    (found,) = color_index.probe()
    features = np.asarray(color_index.features("relu"))
    labels = np.asarray(color_index.columns["label"])
    peer = LogisticRegression(C=1000, max_iter=2000)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(peer, features, labels, cv=folds).mean()
    assert found.accuracy == pytest.approx(expected, abs=0.05)
    assert main(["concept", str(color_index.folder), "--probe", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["layer"] == "relu"


def test_ablation_is_what_a_network_without_the_channel_says(colors, color_index):
    found = color_index.ablate([0], layer="relu")
    blind = ColorNet().eval()
    with torch.no_grad():
        blind.conv.weight[0] = 0
        blind.conv.bias[0] = 0
    said = []
    for path in color_index.paths:
        pixels = np.asarray(PillowImage.open(colors / path), np.float32) / 255
        tensor = torch.from_numpy(pixels.transpose(2, 0, 1))[None]
        with torch.no_grad():
            said.append(int(blind(tensor).argmax()))
    labels = np.asarray(color_index.columns["label"])
    assert found.before == 1
    assert found.after == pytest.approx((np.array(said) == labels).mean())
    assert found.changed == pytest.approx(14 / 42)
    assert found.classes[0][:2] == ("red", 14)
    assert all(before == "red" for before, _ in found.answers)


def test_activations_of_another_image_are_patched_in(colors, color_index):
    """With all channels of a red image, every image is red."""
    found = color_index.ablate(
        range(4), layer="relu", replacement=colors / "red" / "0.png"
    )
    assert {after for _, after in found.answers} == {"red"}
    assert found.after == pytest.approx(1 / 3)
    mean = color_index.ablate([3], layer="relu", replacement="mean")
    assert mean.changed == 0  # a dead channel
    with pytest.raises(UsageError, match="none of 4 channels"):
        color_index.ablate([4], layer="relu")


def test_the_command_line(color_index, tmp_path, capsys):
    folder = str(color_index.folder)
    words = ["concept", folder, "--concept", "red", "--target", "red", "--runs", "5"]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] == 1
    assert main(words) == 0
    assert "along the concept red is more likely" in capsys.readouterr().out
    assert main([*words, "--out", str(tmp_path)]) == 0
    arrays = np.load(tmp_path / "red.direction.npz")
    assert str(arrays["layer"]) == "relu"
    assert main(["concept", folder]) == 2
    assert main(["ablate", folder, "--channels", "0"]) == 0
    assert "top-1 after           66.7 %" in capsys.readouterr().out
    assert main(["ablate", folder]) == 2


@pytest.fixture(scope="module")
def captum():
    """What captum and scikit-learn made of the same activations; see its program."""
    file = Path(__file__).parents[2] / "fixtures" / "peers" / "tcav.npz"
    with np.load(file) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def captum_net(captum):
    net = nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3),
    )  # fmt: skip
    weights = {key[4:]: torch.from_numpy(value) for key, value in captum.items()
               if key.startswith("net.")}  # fmt: skip
    net.load_state_dict(weights)
    plain = Preprocess(input_size=(12, 12), resize=12, mean=(0.0,) * 3, std=(1.0,) * 3)
    return nnviz.load(net, preprocess=plain, labels=["a", "b", "c"])


def cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_concept_vectors_are_scikit_learns_and_near_captums(captum):
    """Its logistic regression with the same penalty; captum's by descent at random."""
    concept, random = captum["concept"], captum["random"]
    found = concept_direction(concept, random, seed=0, held_out=0.0)
    assert cosine(found.vector, captum["logistic_vectors"][0]) > 0.9999
    # Captum's is fitted to two thirds by descent, on features of unequal spread: what
    # the vectors say of the images is alike, and ours tells the concept no worse.
    features = np.concatenate([concept, random])
    ours, captums = features @ found.vector, features @ captum["captum_vectors"][0]
    assert np.corrcoef(ours, captums)[0, 1] > 0.8
    truth = np.repeat([1, 0], len(concept))
    assert roc_auc_score(truth, ours) >= roc_auc_score(truth, captums)


@pytest.mark.parametrize("learner", ["captum", "logistic"])
def test_scores_along_captums_vectors_are_captums(captum, captum_net, learner):
    model = captum_net._opened()
    inputs = torch.from_numpy(captum["inputs"])
    vectors, counts = captum[f"{learner}_vectors"], captum[f"{learner}_counts"]
    assert len(np.unique(counts)) > 4  # not all or nothing
    for target in range(3):
        gradients = class_gradients(model, "2", inputs, target, lambda: None).numpy()
        for vector, count in zip(vectors, counts[target], strict=True):
            assert tcav_score(gradients, vector) == pytest.approx(float(count))


def test_a_caption_names_a_direction_without_the_suffixes_of_its_file(tmp_path):
    """Truth: the name that it was saved under."""
    vector = np.ones(2, np.float32)
    path = save_vector("part 0", "head", vector, tmp_path)
    assert direction_title(str(path)) == "part-0"
