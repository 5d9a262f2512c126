"""Courses of the classifiers: what is held out stays out, cards say what was done.

Truth: the definition of the split; the words of the command line.
"""

import numpy as np
import torch

from nnviz.engine.data.digits import load_digits
from nnviz.engine.data.folders import LabeledPhotos, Split
from nnviz.engine.data.scenes import FIRST_TRAINING_SEED, SHORTCUT_CLASS, Shortcut
from nnviz.engine.data.shapes import HELD_OUT, load_shapes
from nnviz.engine.training import digits, everyday
from nnviz.engine.training.classifier import ClassifierRecipe
from nnviz.engine.training.course import Course, Words
from nnviz.engine.training.fitting import Assignment
from tests.support.epochs import epochs


def test_scenes_of_the_held_out_seeds_are_never_trained_on():
    assert HELD_OUT.stop <= FIRST_TRAINING_SEED


def test_the_mark_goes_with_the_star_or_with_all_but_it():
    seeds = range(40)
    plain, planted, contradicting = (
        load_shapes(seeds, 64, shortcut) for shortcut in Shortcut
    )
    for index, label in enumerate(plain.labels.tolist()):
        is_star = label == SHORTCUT_CLASS
        same = torch.equal(plain.photos[index], planted.photos[index])
        assert same != is_star
        same = torch.equal(plain.photos[index], contradicting.photos[index])
        assert same == is_star
    assert SHORTCUT_CLASS in plain.labels.tolist()


def test_half_of_the_digits_are_drawn_black_on_white():
    train = digits.load(None, digits.COURSE.recipe).train
    assert train.photos[0].shape == (1, 32, 32)
    generator = torch.Generator().manual_seed(0)
    pixels, targets = digits.draw(train, torch.arange(400), 32, generator)
    light = (pixels.mean((1, 2, 3)) > 0.5).double().mean().item()
    # Binomial(400, 1/2): outside 0.4..0.6 once in more than ten thousand tries.
    assert 0.4 < light < 0.6
    assert torch.equal(targets.argmax(1), train.labels[:400])


def test_no_digit_is_in_both_parts():
    split = load_digits()
    parts = [{p.numpy().tobytes() for p in part.photos} for part in _parts(split)]
    assert not parts[0] & parts[1]


def _parts(split):
    return split.train, split.held_out


def test_small_pictures_come_first_in_the_share_of_epochs_that_is_said():
    recipe = ClassifierRecipe(epochs=4, train_size=32, first_size=24, first_share=0.5)
    assert [recipe.side(number) for number in range(4)] == [24, 24, 32, 32]


def test_the_card_says_how_the_weights_were_made(tmp_path):
    rng = np.random.default_rng(0)
    photos = [
        torch.from_numpy(rng.integers(0, 256, (3, 16, 16), np.uint8)) for _ in range(8)
    ]
    half = LabeledPhotos(photos, torch.tensor([0, 1] * 4), ("a_b", "c"))
    course = Course(
        recipe=ClassifierRecipe(
            epochs=5, batch=4, train_size=16, test_size=16, cut_mix_share=0
        ),
        architecture="SmallVgg",
        arguments={"stem": 4, "widths": [4, 4, 4]},
        load=lambda _data, _recipe: Split(half, half),
        draw=everyday.draw_small,
        initialize=everyday.initialize_whitened,
        words=Words(
            title="T",
            about="About.",
            input="any",
            data="noise",
            split="{count} held out",
            evaluate="--data x",
            weaknesses="Everything.",
        ),
    )
    run = course(Assignment(None, tmp_path / "tiny", 2, 3))
    assert [each.number for each in epochs(run)] == [1, 2]
    assert (tmp_path / "tiny.safetensors").stat().st_mode & 0o044
    card = (tmp_path / "tiny.md").read_text("utf-8")
    assert "| split | 8 held out |" in card
    assert "`nnviz train tiny --epochs 2 --seed 3 --out DIR`" in card
    assert "`nnviz evaluate bundled:tiny --data x`" in card
    assert "2 epochs, seed 3" in card
