"""The Python API, against plain torch."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import nnviz
from nnviz.api.summary import summarize
from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.results import Heatmap, Report

SMALL = "zoo:resnet18@random"
PLAIN = {"input_size": [32, 32], "resize": 32, "mean": [0.0] * 3, "std": [1.0] * 3}


@pytest.fixture
def small_net():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip
    return net.train()


def test_the_example_of_the_design(cat, tmp_path):
    model = nnviz.load(SMALL)
    image = nnviz.open_image(cat)
    result = nnviz.run("activations", model, image, layer="layer1", seed=0)
    assert result.data.shape == (64, 56, 56)
    assert result.recipe.model == "zoo:resnet18@random:0"
    paths = result.save(tmp_path / "out")
    assert [path.suffix for path in paths] == [".png", ".npz", ".json"]
    with np.load(paths[1]) as arrays:
        for name in arrays:
            np.testing.assert_array_equal(result[name], arrays[name])
    assert result.painted().dtype == np.uint8
    assert result.painted().shape[2] == 3


def test_pixel_module_is_the_network_behind_its_normalizer(cat):
    """Truth: the preset's (x - mean) / std and the bare network."""
    model = nnviz.load(SMALL)
    net, pixels = model.pixel_module(), model.pixel_input(nnviz.open_image(cat))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    bare = list(net.children())[-1]
    with torch.no_grad():
        assert pixels.shape == (1, 3, 224, 224)
        assert torch.equal(net(pixels), bare((pixels - mean) / std))


def test_a_module_of_ones_own(small_net, cat):
    """Truth: the module itself, run by hand in eval mode."""
    model = nnviz.load(small_net, preprocess=PLAIN, labels=["a", "b", "c", "d"])
    assert model.info.labels == ("a", "b", "c", "d")
    result = nnviz.run("activations", model, cat, layer="0")
    pixels = model.pixel_input(nnviz.open_image(cat))
    with torch.no_grad():
        truth = small_net[0](pixels)[0].numpy()
    np.testing.assert_array_equal(result.data, truth)


def test_a_module_is_left_as_it_was(small_net, cat):
    before = {name: value.clone() for name, value in small_net.state_dict().items()}
    nnviz.run("predictions", nnviz.load(small_net, preprocess=PLAIN), cat)
    assert small_net.training
    assert all(parameter.requires_grad for parameter in small_net.parameters())
    assert not small_net[0]._forward_hooks
    for name, value in small_net.state_dict().items():
        assert torch.equal(value, before[name])


def test_two_modules_of_one_kind_are_two(small_net, cat):
    first = nnviz.load(small_net, preprocess=PLAIN)
    with torch.no_grad():
        small_net[4].bias += torch.tensor([9.0, 0, 0, 0])
    second = nnviz.load(small_net, preprocess=PLAIN)
    assert first.info.reference != second.info.reference
    logits = [
        dict(zip(result["logits.indices"], result["logits"], strict=True))
        for result in (nnviz.run("predictions", each, cat) for each in (first, second))
    ]
    assert logits[1][0] - logits[0][0] == pytest.approx(9, abs=1e-5)


def test_a_module_that_is_gone(cat, tmp_path, small_net):
    result = nnviz.run("predictions", nnviz.load(small_net, preprocess=PLAIN), cat)
    recipe = result.save(tmp_path)[2]
    text = recipe.read_text().replace(result.recipe.model, "object:Sequential-999")
    recipe.write_text(text)
    with pytest.raises(ModelError, match="has ended"):
        nnviz.replay(recipe, cat)


def test_arrays_are_images():
    pixels = np.zeros((20, 30, 3), np.uint8)
    image = nnviz.open_image(pixels)
    pixels[:] = 1
    assert image.size == (20, 30)
    assert image.pixels.max() == 0


def test_replay_gives_the_same_numbers(cat, tmp_path):
    result = nnviz.run("activations", SMALL, cat, layer="layer2.0", seed=5)
    for file in result.save(tmp_path)[::2]:
        again = nnviz.replay(file, cat)
        np.testing.assert_array_equal(again.data, result.data)
        assert again.recipe == result.recipe


def test_progress_is_told():
    heard = []
    nnviz.load("zoo:squeezenet1_1@random:4", progress=heard.append)
    assert heard


def test_methods_declare_their_parameters():
    known = nnviz.methods()
    assert {"predictions", "filters", "activations"} <= set(known)
    assert known["predictions"].parameters[0].name == "top_k"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda cat: nnviz.run("nope", SMALL, cat), UsageError, "method"),
        (lambda cat: nnviz.run("predictions", SMALL, cat, k=1), UsageError, "top_k"),
        (lambda _: nnviz.run("predictions", SMALL), UsageError, "needs an image"),
        (lambda _: nnviz.open_image("none.png"), InputError, "no such file"),
        (lambda _: nnviz.load(nn.Linear(1, 1)), UsageError, "preprocess"),
        (lambda _: nnviz.load(3), UsageError, "not a network"),
        (lambda _: nnviz.load(SMALL, labels=["a"]), UsageError, "labels"),
        (lambda _: nnviz.load(SMALL, preprocess={"maen": 1}), UsageError, "mean"),
        (lambda cat: nnviz.run("predictions", SMALL, cat)["x"], UsageError, "array"),
    ],
)
def test_errors_name_the_thing(call, error, words, cat):
    with pytest.raises(error, match=words):
        call(cat)


def test_preprocess_as_a_value():
    wanted = Preprocess(input_size=(96, 96), resize=96)
    assert nnviz.load(SMALL, preprocess=wanted).info.preprocess == wanted


def test_names_are_listed():
    assert set(nnviz.__all__) <= set(dir(nnviz))
    with pytest.raises(AttributeError):
        nnviz.nothing  # noqa: B018


def test_a_summary_is_json_and_says_where_the_map_is_strongest():
    """By hand: a bright pixel in the second row, third column of a map."""
    values = np.zeros((4, 5), np.float32)
    values[1, 2] = -3.0
    values[0, 0] = np.nan
    told = summarize(
        Report({"map": Heatmap(values=values, signed=True, unit="score")}),
        Recipe(
            method="occlusion",
            values={},
            model="net",
            model_sha256="",
            preprocess=Preprocess(),
        ),
    )
    found = json.loads(json.dumps(told, allow_nan=False))["results"]["map"]
    assert found["kind"] == "heatmap"
    assert found["strongest_at"] == {"row": 1, "column": 2}
    assert len(found["values"]) == 4


def test_a_result_shows_itself_in_jupyter(cat):
    """IPython's formatter asks for ``_repr_png_``; a PNG begins with its signature."""
    result = nnviz.run("predictions", SMALL, nnviz.open_image(cat))
    assert result._repr_png_().startswith(b"\x89PNG\r\n\x1a\n")


def test_trust_in_a_map(cat):
    """Truth: the checks of the issue, by name; the first need no asking."""
    model = nnviz.load("bundled:digits")
    image = nnviz.open_image(cat)
    found = nnviz.trust(nnviz.run("saliency", model, image), model)
    assert [row.method for row in found.rows] == ["saliency", "random", "edges"]
    assert {each.figure for each in found.scores} == {"deletion", "insertion"}
    with pytest.raises(UsageError, match="no such check"):
        nnviz.trust(nnviz.run("saliency", model, image), model, ["rode"])
    with pytest.raises(UsageError, match="no map over the image"):
        nnviz.trust(nnviz.run("predictions", model, image), model)


def test_a_result_is_iterated_by_the_names_of_its_arrays(cat, tmp_path):
    """Truth: numpy's own reader of the .npz that the result writes."""
    result = nnviz.run("predictions", SMALL, nnviz.open_image(cat))
    saved = next(p for p in result.save(tmp_path) if p.suffix == ".npz")
    with np.load(saved) as arrays:
        assert list(result) == list(arrays)
        assert len(result) == len(arrays)
        assert dict(result).keys() == set(arrays)
        assert all(name in result for name in arrays)
        np.testing.assert_array_equal(np.asarray(result), arrays["data"])
    assert next(iter(result.report)) in result
    assert "nothing" not in result
    with pytest.raises(UsageError, match="no such array"):
        result[0]
