"""``nnviz attack-curve`` and ``nnviz attacked`` on digits, which are attacked fast.

Truth: Pillow's reading of the files; the definitions: a budget, a share of it, and an
accuracy that cannot rise with the noise allowed; the network's answer to a file is
that of ``nnviz run predictions``.
"""

import csv
import json

import numpy as np
import pytest
from PIL import Image as PillowImage

from nnviz.engine.data.digits import load_digits

MODEL = ("--model", "bundled:digits")


@pytest.fixture(scope="module")
def photos():
    pytest.importorskip("sklearn")
    return load_digits().held_out


@pytest.fixture
def digit(photos, tmp_path):
    return write(photos, 0, tmp_path / "digit.png")


def write(photos, index, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = photos.photos[index].permute(1, 2, 0).numpy().squeeze()
    PillowImage.fromarray(pixels).resize((32, 32)).save(path)
    return path


@pytest.fixture
def attacked(nnviz, digit, tmp_path):
    """The files of an attack that succeeded."""
    words = ("--steps", 10, "--epsilon", 80, "--step", 10, "--out", tmp_path)
    status, _, err = nnviz("run", "pgd", digit, *MODEL, *words)
    assert status == 0, err
    return tmp_path / "digit.pgd.png"


def test_saving_writes_the_picture_itself_too(attacked):
    picture = PillowImage.open(attacked.with_name("digit.pgd.adversarial.png"))
    with picture, PillowImage.open(attacked) as page:
        assert "pgd" in picture.text["Warning"]
        recipes = [picture.text["nnviz.made"], page.text["nnviz.recipe"]]
        pixels = np.asarray(picture)
    assert [json.loads(each)["adversarial"] for each in recipes] == [True, True]
    assert json.loads(attacked.with_suffix(".json").read_text())["adversarial"]
    with np.load(attacked.with_suffix(".npz")) as arrays:
        found = (255 * arrays["data"]).round().squeeze()
    np.testing.assert_array_equal(pixels, found)


def test_other_results_are_not_adversarial(nnviz, digit, tmp_path):
    assert nnviz("run", "predictions", digit, *MODEL, "--out", tmp_path)[0] == 0
    recipe = json.loads((tmp_path / "digit.predictions.json").read_text())
    assert recipe["adversarial"] is False
    assert not list(tmp_path.glob("*.adversarial.png"))


def answer_to(nnviz, file, out):
    status, told, _ = nnviz("run", "predictions", file, *MODEL, "--out", out, "--json")
    assert status == 0
    return json.loads(told)[0]["data"][0]["label"]


@pytest.mark.parametrize("end", ["png", "jpg", "webp"])
def test_what_is_said_of_a_file_is_what_the_network_says(nnviz, attacked, end):
    out = attacked.parent
    file = out / f"found.{end}"
    told = nnviz("attacked", attacked, "--save", file, "--quality", 60, "--json")[1]
    found = json.loads(told)
    assert answer_to(nnviz, file, out) == found["saved"]["answer"]
    assert found["saved"]["exact"] == (end == "png")
    before = answer_to(nnviz, out / "digit.png", out)
    assert found["saved"]["fooled"] == (found["saved"]["answer"] != before)
    # A picture that was saved is an attack to take up, too.
    again = json.loads(nnviz("attacked", file, "--epsilon", 0, "--json")[1])
    assert (again["epsilon"], again["fooled"]) == (0, False)


def test_the_weakest_noise_is_within_the_budget(nnviz, attacked):
    found = json.loads(nnviz("attacked", attacked, "--json")[1])
    assert found["fooled"]
    assert 0 < found["flips_at"] <= found["budget"] <= 81
    assert found["epsilon"] == pytest.approx(found["flips_at"])
    less = json.loads(
        nnviz("attacked", attacked, "--epsilon", 0.9 * found["flips_at"], "--json")[1]
    )
    assert not less["fooled"]
    words = nnviz("attacked", attacked)[1]
    assert f"flips at {found['flips_at']:.3g}/255 (linf) and above" in words


def test_maps_before_and_after(nnviz, attacked):
    words = ("--explain", "saliency", "--out", attacked.parent)
    status, told, err = nnviz("attacked", attacked, *words)
    assert status == 0, err
    assert "Saliency: rank correlation" in told
    record = json.loads((attacked.parent / "digit.before-after.json").read_text())
    (change,) = record["changes"]
    assert (change["first"], change["second"]) == ("digit.png", "digit, attacked")
    assert -1 <= change["rank_correlation"] < 1


def test_a_curve_as_files(nnviz, photos, tmp_path):
    for index in range(6):
        name = photos.classes[int(photos.labels[index])]
        write(photos, index, tmp_path / "data" / name / f"{index}.png")
    words = ("--attack", "fgsm", "--epsilons", "0,20,90", "--out", tmp_path, "--json")
    status, told, err = nnviz(
        "attack-curve", *MODEL, "--data", tmp_path / "data", *words
    )
    assert status == 0, err
    found = json.loads(told)
    assert found["truth"] == "folders"
    assert found["accuracies"] == sorted(found["accuracies"], reverse=True)
    lines = (tmp_path / "curve.fgsm.linf.csv").read_text().splitlines()
    assert json.loads(lines[0].removeprefix("# "))["pictures"] == 6
    rows = [[float(cell) for cell in row] for row in csv.reader(lines[2:])]
    shares = [round(100 * each, 2) for each in found["accuracies"]]
    assert rows == [[0, shares[0]], [20, shares[1]], [90, shares[2]]]
    with PillowImage.open(tmp_path / "curve.fgsm.linf.png") as picture:
        assert json.loads(picture.text["nnviz.curve"])["epsilons"] == [0, 20, 90]
    assert "<svg" in (tmp_path / "curve.fgsm.linf.svg").read_text()


def test_what_is_wrong_is_said(refused, digit, nnviz, tmp_path):
    assert "--data: missing" in refused("attack-curve", *MODEL)[1]
    words = ("attack-curve", *MODEL, "--data", tmp_path, "--epsilons", "a")
    assert "not a list of numbers" in refused(*words)[1]
    nnviz("run", "predictions", digit, *MODEL, "--out", tmp_path)
    page = tmp_path / "digit.predictions.png"
    assert "not of an attack" in refused("attacked", page)[1]
