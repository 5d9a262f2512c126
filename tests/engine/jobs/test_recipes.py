"""What a recipe says and what it keeps to itself.  Truth: design section 7."""

import json
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from support.jobs import cat, finish, never, same_bytes

from nnviz.base.recipes import Recipe
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.storage import replay

FAMILY = "shufflenet_v2_x0_5"


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of weights as a user has it."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = getattr(torchvision.models, FAMILY)(weights=None, num_classes=7)
    path = tmp_path / "my models" / "sorts of bread.safetensors"
    path.parent.mkdir()
    save_file(net.state_dict(), path)
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "my lists" / "bread.txt"
    path.parent.mkdir()
    path.write_text("\n".join(f"bread {index}" for index in range(7)))
    return path


def run(session, model, method="predictions"):
    photo = cat()
    photo = type(photo)(photo.pixels, "a/b/cat.png", photo.sha256, path="/a/b/cat.png")
    return finish(
        session.job(RunMethod(method=method, model=model, image=photo), never)
    )


def test_only_a_files_own_reference_names_a_folder(session, weights, labels, tmp_path):
    model = ModelRequest(reference=str(weights), labels=str(labels), device="cpu")
    recipe = run(session, model).recipe
    assert (recipe.model, recipe.labels) == (str(weights), "bread.txt")
    stored = json.loads(recipe.to_json())
    del stored["model"]
    text = json.dumps(stored)
    for word in (str(tmp_path), str(Path.home()), "my lists", "my models", "a/b"):
        assert word not in text


@pytest.mark.parametrize("method", ["predictions", "activations", "filters"])
def test_a_file_models_recipe_replays(session, weights, labels, method):
    model = ModelRequest(reference=str(weights), labels=str(labels), device="cpu")
    first = run(session, model, method)
    recipe = Recipe.from_json(first.recipe.to_json(), "x.json")
    # Label files are sought beside the recipe.
    request = replay.model_request(recipe, labels.parent / "x.json")
    asked = replay.request_of(recipe, first.image, request)
    fresh = Session()
    again = finish(fresh.job(asked, never))
    fresh.close()
    assert same_bytes(first, again)
    assert again.recipe == first.recipe
    if method == "predictions":
        assert first.report.main.labels[0].startswith("bread ")


@pytest.mark.parametrize(
    ("asked", "exact"),
    [
        ("bundled:objects", "bundled:objects"),
        (f"zoo:{FAMILY}@random", f"zoo:{FAMILY}@random:0"),
        (f"zoo:{FAMILY}@random:7", f"zoo:{FAMILY}@random:7"),
    ],
)
def test_a_reference_is_exact_and_opens_the_same_again(session, asked, exact):
    infos = [
        finish(session.job(LoadModel(ModelRequest(reference=reference)), never))
        for reference in (asked, exact)
    ]
    assert [info.reference for info in infos] == [exact, exact]
    assert infos[0].sha256 == infos[1].sha256


def test_a_file_written_anew_has_another_hash(session, weights):
    request = LoadModel(ModelRequest(reference=str(weights)))
    before = finish(session.job(request, never)).sha256
    net = getattr(torchvision.models, FAMILY)(weights=None, num_classes=7)
    save_file(net.state_dict(), weights)
    assert finish(session.job(request, never)).sha256 != before
