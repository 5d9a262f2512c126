"""The Attack workspace with the real engine, on the cat and the bundled network.

Truth: the same questions asked through ``nnviz.rescale`` and Pillow's own reading of
the file that the window wrote.
"""

import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage import data

import nnviz
from nnviz.base.attacks import survivals
from nnviz.base.recipes import Recipe
from nnviz.gui.shell.main_window import ATTACK, STYLE
from nnviz.gui.views.widgets.epsilon import STEPS
from nnviz.gui.workspaces.attack.attacks import SCALE, SEARCH

LONG = 240_000
"""Milliseconds that a busy machine may take; a free one takes two or three seconds."""


@pytest.fixture
def attacked(live, qtbot, tmp_path):
    """The window after four steps of PGD, with all that is known of them."""
    photo = tmp_path / "cat.png"
    PillowImage.fromarray(data.chelsea()).save(photo)
    bench = live.app
    bench.open_model("bundled:objects")
    bench.open_files([str(photo)])
    # What runs by itself at the start is done: nothing stops the attack.
    qtbot.waitUntil(lambda: live.stage.center.run is not None, timeout=LONG)
    live.enter(ATTACK)
    bench.choice.choose("pgd", {"steps": 4, "start": False})
    bench.runs.run()
    qtbot.waitUntil(
        lambda: live.stage.rooms["attack"].attacks.whole is not None, timeout=LONG
    )
    return live


def at_rest(window):
    return not any(map(window.app.jobs.running, (SCALE, SEARCH)))


def test_the_noise_is_under_the_hand(attacked, qtbot, tmp_path):
    stage = attacked.stage
    attacks, panel = stage.rooms["attack"].attacks, stage.rooms["attack"].attack
    result = nnviz.run(
        "pgd", "bundled:objects", tmp_path / "cat.png", steps=4, random_start=False
    )
    weakest = nnviz.rescale(result)

    # The mark stands where the API finds the weakest noise that flips.
    assert attacks.whole.flips_at == pytest.approx(weakest.flips_at, rel=1e-3)
    assert panel.slider.mark == pytest.approx(
        weakest.flips_at / weakest.budget, rel=1e-3
    )
    assert panel.verdict.text().endswith("reached")
    shown = result.report["after"]
    likeliest = int(np.maximum(shown.values, shown.earlier).argmax())
    assert panel.bars.lines()[0].startswith(shown.labels[likeliest])

    # Dragged from end to end, only the last place is answered last.
    for share in (0.9, 0.7, 0.5, 0.3, 0.0):
        panel.slider.setValue(round(share * STEPS))
    qtbot.waitUntil(
        lambda: at_rest(attacked) and attacks.shown.share == 0, timeout=LONG
    )
    assert panel.verdict.text().endswith("not reached")
    report = stage.center.result.report
    assert list(report) == list(attacks.run.report)  # no tab vanishes meanwhile
    np.testing.assert_array_equal(report["after"].values, report["after"].earlier)
    assert not (report["noise"].pixels != 0.5).any()

    panel.flips.click()
    qtbot.waitUntil(lambda: at_rest(attacked) and attacks.shown.fooled, timeout=LONG)
    assert attacks.shown.epsilon == pytest.approx(weakest.flips_at, abs=0.01)

    # At the end it is the attack itself again, with all of its tabs.
    panel.slider.setValue(STEPS)
    assert survivals(stage.center.result.report)
    check_saved(attacked, qtbot, tmp_path)


def check_saved(window, qtbot, tmp_path):
    """What is saved is opened and asked again, and says what it is."""
    bench, attacks = window.app, window.stage.rooms["attack"].attacks
    for name in ("found.png", "found.webp"):
        with qtbot.waitSignal(bench.messages.said, timeout=LONG) as told:
            attacks.save(str(tmp_path / name))
        assert f"{name}: reopened, the file " in told.args[0]
    with PillowImage.open(tmp_path / "found.png") as png:
        text, found = png.text, np.asarray(png)
    assert text["Warning"] == "Adversarial: made to fool bundled:objects by pgd"
    assert Recipe.from_json(text["nnviz.made"], "png").adversarial
    pixels = attacks.run.report["adversarial"].pixels
    assert np.array_equal(found, (pixels * 255).round().astype(np.uint8))
    with PillowImage.open(tmp_path / "found.webp") as webp:
        exif = webp.getexif()
    assert exif[0x010E] == text["Warning"]
    comment = exif.get_ifd(0x8769)[0x9286]
    assert json.loads(comment.removeprefix(b"ASCII\0\0\0"))["adversarial"]


def test_maps_before_and_after_then_another_photograph(attacked, qtbot, tmp_path):
    attacks = attacked.stage.rooms["attack"].attacks
    assert {info.group for info in attacks.methods()} == {"Explain"}
    with qtbot.waitSignal(attacks.compared, timeout=LONG) as found:
        attacks.explain("saliency")
    before, after = found.args
    assert (before.image.name, after.image.name) == ("cat.png", "cat, attacked")
    answers = attacks.run.report["after"]
    fooled = answers.labels[int(answers.values.argmax())]
    assert fooled in attacked.app.captions.title(after)
    assert attacked.stage.center.mode == "compare"
    assert attacked.stage.center.compare.pair() == (before, after)
    # The noise is the old photograph's alone.
    PillowImage.fromarray(data.coffee()).save(tmp_path / "coffee.png")
    attacked.app.open_files([str(tmp_path / "coffee.png")])
    qtbot.waitUntil(
        lambda: attacked.stage.rooms["attack"].attacks.run is None, timeout=LONG
    )
    assert not attacked.stage.rooms["attack"].attack.slider.isVisible()


def test_a_folder_becomes_a_curve(live, qtbot, tmp_path):
    """Truth: ``nnviz.attack_curve`` of the same folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea", "coffee"):
        PillowImage.fromarray(getattr(data, name)()).save(folder / f"{name}.png")
    live.app.open_model("bundled:objects")
    qtbot.waitUntil(lambda: live.app.selection.model is not None, timeout=LONG)
    live.enter(ATTACK)
    panel = live.stage.rooms["attack"].robustness
    panel.folder.setText(str(folder))
    panel.attack.setCurrentIndex(panel.attack.findData("fgsm"))
    panel.epsilons.setText("0, 1, 8")
    with qtbot.waitSignal(
        live.stage.rooms["attack"].measuring.found, timeout=LONG
    ) as told:
        panel.start()
    found = told.args[0]
    truth = nnviz.attack_curve(
        "bundled:objects", folder, attack="fgsm", epsilons=(0, 1, 8)
    )
    assert found.accuracies == truth.accuracies
    assert "accuracy" in live.stage.center.result.report
    live.enter(STYLE)
    panel.show_curve.click()
    assert live.app.display.state.content is None  # it belongs to Attack
    live.enter(ATTACK)
    assert "accuracy" in live.stage.center.result.report
    with qtbot.waitSignal(live.app.saving.saved, timeout=LONG) as saved:
        live.stage.rooms["attack"].measuring.save(str(tmp_path / "out"))
    names = [path.name for path in saved.args[0]]
    assert names == [f"curve.fgsm.linf.{end}" for end in ("csv", "png", "svg")]
    panel.epsilons.setText("much")
    panel.start()
    assert not live.stage.rooms["attack"].measuring.running
