"""Recorded training runs as files.

Truth: the accuracy that the run measured itself, measured again image by image;
the figures of the recording; the run that nobody stopped.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

import nnviz
from nnviz.base.errors import InputError, UsageError
from nnviz.base.info import Task
from nnviz.engine.data.digits import load_digits

SWITCHES = {"network": "mlp", "epochs": 3, "image_count": 300, "batch_norm": True}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    return nnviz.train_network(out, name="digits", seed=4, **SWITCHES)


def test_the_weights_open_as_the_network_that_was_trained(trained):
    model = nnviz.load(trained.files[0])
    held = load_digits().held_out
    chosen = np.linspace(0, len(held) - 1, 50).round().astype(int)
    right = 0
    for index in chosen:
        pixels = held.photos[index].numpy().transpose(1, 2, 0)
        result = nnviz.run("predictions", model, pixels)
        right += result.main.labels[0] == held.classes[int(held.labels[index])]
    assert right / 50 == pytest.approx(trained.figures["held-out accuracy"], abs=0.05)
    assert right > 30


def test_the_curves_are_the_figures(trained):
    with Path(trained.files[1]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    last = float(rows[-1]["held-out loss"])
    assert last == pytest.approx(trained.figures["held-out loss"], rel=1e-6)


def test_events_hold_every_figure(trained):
    pytest.importorskip("tensorboardX")
    (file,) = Path(trained.files[2]).glob("events.out.tfevents.*")
    assert file.read_bytes().count(b"held-out_accuracy") == 3


def test_an_earlier_step_has_other_weights(trained, tmp_path):
    first, *_ = nnviz.export_trained(trained.files[-1], tmp_path, step=3)
    a, b = (Path(path).read_bytes() for path in (first, trained.files[0]))
    assert a != b
    assert nnviz.load(first).info.labels == tuple("0123456789")


def test_a_stopped_run_goes_on_to_the_same_files(trained, tmp_path):
    def stop(progress):
        if progress.what == "epoch 2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nnviz.train_network(tmp_path, name="digits", seed=4, progress=stop, **SWITCHES)
    again = nnviz.train_network(tmp_path, name="digits", seed=4, **SWITCHES)
    for place in (0, 1):
        ours, theirs = (Path(each.files[place]) for each in (again, trained))
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_finished_run_is_left_as_it_is_and_another_is_refused(trained):
    """Before, it said "ended at this step", and other settings were lost silently."""
    out = Path(trained.files[0]).parent
    again = nnviz.train_network(out, name="digits", seed=4, **SWITCHES)
    assert again == trained
    for other in ({"epochs": 9}, {"seed": 5}):
        with pytest.raises(UsageError, match=f"{next(iter(other))} [34], not"):
            nnviz.train_network(out, name="digits", **{"seed": 4, **SWITCHES, **other})


def test_a_run_refused_before_its_first_step_leaves_the_folder_usable(tmp_path):
    with pytest.raises(UsageError, match="no such switch"):
        nnviz.compare_training(tmp_path, vary="fool = 1")
    found = nnviz.compare_training(
        tmp_path, vary="dropout = 0, 0.5", network="mlp", epochs=1, image_count=20
    )
    with Path(found.files[0]).open(encoding="utf-8") as file:
        first, second = list(csv.DictReader(file))[:2]
    assert first["dropout 0.5"] == ""  # its run has not begun; it read 0
    assert second["dropout 0.5"] != ""


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(InputError):
        nnviz.export_trained(tmp_path, tmp_path)


def test_a_comparison_is_written_and_goes_on(tmp_path):
    """Truth: the run that nobody stopped; its curves end with its last figures."""
    switches = {
        "network": "mlp", "image_count": 200, "epochs": 2, "vary": "batch = 16, 64",
    }  # fmt: skip
    whole = nnviz.compare_training(tmp_path / "a", seed=3, **switches)
    assert set(whole.figures) == {"batch 16", "batch 64"}
    with Path(whole.files[0]).open(encoding="utf-8") as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["batch 16"]) == pytest.approx(whole.figures["batch 16"])

    def stop(progress):
        if progress.done > progress.total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nnviz.compare_training(tmp_path / "b", seed=3, progress=stop, **switches)
    again = nnviz.compare_training(tmp_path / "b", seed=3, **switches)
    ours, theirs = (Path(each.files[0]).read_bytes() for each in (again, whole))
    assert ours == theirs


def test_a_decoder_of_features_is_trained_on_the_users_image(trained, tmp_path, cat):
    decoded = nnviz.train_inversion(
        tmp_path, "bundled:digits", cat, image_count=20, epochs=2
    )
    assert set(decoded.figures) == {"training error", "held-out error"}
    recording = nnviz.open_recording(decoded.files[-1])
    assert recording.facts.finished
    assert recording.recipe.image == Path(cat).name
    with pytest.raises(UsageError, match=r"with model bundled:digits, not bundled:obj"):
        nnviz.train_inversion(
            tmp_path, "bundled:objects", cat, image_count=20, epochs=2
        )
    asked = {"image_count": 20, "epochs": 0, "weights": decoded.files[0]}
    again = nnviz.run("train_inversion", "bundled:digits", cat, **asked)
    last = recording.frame(recording.frames[-1])
    shown = (again.report.main.pixels * 255).round()
    assert np.abs(shown - last.astype(np.float64)).max() <= 1
    with pytest.raises(UsageError, match="decodes features of shape"):
        nnviz.run(
            "train_inversion", "bundled:digits", cat, layer="features.c1", **asked
        )
    asked["weights"] = trained.files[0]
    with pytest.raises(InputError, match="holds no decoder"):
        nnviz.run("train_inversion", "bundled:digits", cat, **asked)


def test_an_autoencoder_opens_as_a_network_from_image_to_image(tmp_path):
    """Truth: the image that the autoencoder itself gives back."""
    found = nnviz.train_autoencoder(
        tmp_path, code=8, epochs=2, image_count=100, kind="deep"
    )
    model = nnviz.load(found.files[0])
    assert model.info.task is Task.REPAINT
    digit = load_digits().held_out.photos[0].permute(1, 2, 0).numpy()
    net, pixels = model.pixel_module(), model.pixel_input(nnviz.open_image(digit))
    given = net(pixels)
    assert given.shape == pixels.shape
    with Path(found.files[1]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]


def test_a_step_that_was_not_kept_is_recomputed_from_the_users_folder(tmp_path):
    """Truth: the figures that the run measured at that step, in its recording."""
    from PIL import Image as PillowImage

    folder = tmp_path / "elsewhere" / "shades"
    for level, name in enumerate(("dark", "light")):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            shade = np.full((16, 16, 3), 90 * level + 4 * number, np.uint8)
            PillowImage.fromarray(shade).save(folder / name / f"{number}.png")
    run = {"network": "mlp", "data": "folder", "folder": str(folder), "seed": 1}
    whole = nnviz.train_network(tmp_path / "whole", epochs=4, **run)
    recording = Path(whole.files[-1])
    numbers = nnviz.open_recording(recording).numbers
    step = len(numbers) - 2
    asked = {"step": step, "folder": folder}
    weights, curves, *_ = nnviz.export_trained(recording, tmp_path, **asked)
    with Path(curves).open(encoding="utf-8") as file:
        (*_, last) = csv.DictReader(file)
    assert float(last["held-out loss"]) == pytest.approx(numbers[step]["held-out loss"])
    assert Path(weights).read_bytes() != Path(whole.files[0]).read_bytes()
    with pytest.raises(InputError, match="no such"):
        nnviz.export_trained(recording, tmp_path, step=step)
