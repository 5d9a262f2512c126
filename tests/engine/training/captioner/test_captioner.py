"""The captioner of generated scenes.

Truth: sentences as the scenes describe themselves; places of shapes by their masks;
a vocabulary of three words whose best sentence is worked out by hand.
"""

import math

import numpy as np
import pytest
import torch
from support.jobs import finish, never

from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.data.scenes import CLASSES, make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.methods.caption import CaptionParams, _Writer, sentence_text
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks.scene_captioner import (
    CaptionState,
    PlaceAttention,
    View,
)
from nnviz.engine.models.references import BundledReference
from nnviz.engine.training.captioner.batches import CaptionRecipe, make_batch
from nnviz.engine.training.captioner.fit import build, initialize
from nnviz.engine.training.captioner.sentences import (
    CONCEPTS,
    VOCABULARY,
    named_pairs,
    read_sentence,
    true_pairs,
)

SEEDS = range(40)


def spoken(sentence):
    return [VOCABULARY[word] for word in sentence.words]


def test_sentences_name_what_is_there():
    for seed in SEEDS:
        scene = make_scene(seed, 64, shapes=(1, 3))
        words = spoken(read_sentence(scene))
        assert named_pairs(words) == true_pairs(scene)


def test_a_mirror_swaps_left_and_right():
    scene = next(
        s for s in (make_scene(seed, 64, shapes=(2, 2)) for seed in SEEDS)
        if "to its right" in s.sentence
    )  # fmt: skip
    assert "right" in spoken(read_sentence(scene))
    mirrored = spoken(read_sentence(scene, mirrored=True))
    assert "left" in mirrored
    assert "right" not in mirrored


def test_words_are_about_the_places_of_their_shapes():
    scene = make_scene(5, 64, shapes=(2, 3))
    batch = make_batch([scene], CaptionRecipe(size=64))
    sentence = read_sentence(scene)
    for step, word in enumerate(sentence.words):
        if VOCABULARY[word] in CLASSES:
            index = sentence.about[step] - 1
            assert VOCABULARY[word] == CLASSES[scene.labels[index]]
            shares = batch.looks[0, step].view(8, 8).numpy()
            mask = (scene.instances == index + 1).reshape(8, 8, 8, 8).mean((1, 3))
            np.testing.assert_allclose(shares, mask, atol=1e-6)


def test_concepts_of_a_place_are_those_of_what_fills_it():
    scene = make_scene(1, 64, shapes=(1, 1))
    batch = make_batch([scene], CaptionRecipe(size=64))
    inside = (scene.instances > 0).reshape(8, 8, 8, 8).mean((1, 3)) > 0.5
    label = CONCEPTS.index(CLASSES[scene.label])
    assert np.array_equal(batch.concepts[0, label].numpy() > 0, inside)


def test_the_encoder_starts_as_the_segmenters():
    net = build()
    initialize(net, torch.Generator().manual_seed(0))
    segmenter = open_bundled(BundledReference("scenes-segmenter"), lambda: None).net
    theirs, found = segmenter.state_dict(), net.state_dict()
    encoder = [name for name in found if name.split(".")[0] in {"trunk", "up", "merge"}]
    assert len(encoder) > 100
    assert all(torch.equal(found[name], theirs[name]) for name in encoder)


def test_places_that_were_seen_can_be_passed_over():
    """By hand: equal scores, less the logarithm of 3: 3/4 and 1/4."""
    attention = PlaceAttention(features=1, hidden=1, width=1, values=1)
    for weight in attention.parameters():
        torch.nn.init.zeros_(weight)
    torch.nn.init.constant_(attention.again.bias, -1.0)
    seen = torch.tensor([[0.0, math.log(3)]])
    weights = attention(torch.zeros(1, 2, 1), torch.zeros(1, 1), seen)
    torch.testing.assert_close(weights, torch.tensor([[0.75, 0.25]]))


FIRST = (0.0, 0.0, 0.6, 0.4)
AFTER = {2: (0.0, 0.5, 0.25, 0.25), 3: (0.0, 1.0, 0.0, 0.0)}


class Grammar:
    """Three words; "a" is likelier at first, but what follows "b" is certain."""

    start, end = 0, 1

    def look(self, places):
        return View(places, places)

    def begin(self, places):
        return CaptionState(places, places, places)

    def step(self, _view, state, words):
        shares = AFTER.get(int(words), FIRST)
        logits = torch.tensor([shares]).clamp(min=1e-12).log()
        return logits, torch.ones(1, 1), state


def written(**params):
    writer = _Writer(
        Grammar(), torch.zeros(1, 1), torch.Generator().manual_seed(0),
        CaptionParams(**params),
    )  # fmt: skip
    while not writer.advance():
        pass
    return writer.sentences


def test_beam_search_finds_what_greedy_choice_misses():
    """P(a END) = 0.6 * 0.5 = 0.3; P(b END) = 0.4 * 1 = 0.4."""
    assert written()[0].words == (2, 1)
    best = written(decoding="beam", beams=3)[0]
    assert best.words == (3, 1)
    assert best.score == pytest.approx(math.log(0.4), abs=1e-4)


def test_a_cold_temperature_draws_the_likeliest():
    assert written(decoding="sampling", temperature=0.1)[0].words[0] == 2


def test_sentences_are_punctuated():
    assert sentence_text(["a", "red", "star", ",", "with", "a", "ring"]) == (
        "A red star, with a ring."
    )


def test_the_bundled_network_says_what_a_scene_shows():
    """Held-out scenes with one shape: color and kind are right in most."""
    session, right, looked = Session(), 0, 0
    scenes = [make_scene(seed, 128, shapes=(1, 1)) for seed in range(12)]
    for scene in scenes:
        run = finish(
            session.job(
                RunMethod(
                    method="caption",
                    model=ModelRequest(reference="bundled:scenes-captioner"),
                    image=image_from_array(scene.pixels, "scene"),
                ),
                never,
            )
        )
        mosaic = run.report["attention"]
        right += named_pairs(list(mosaic.captions)) == true_pairs(scene)
        kind = next(w for w in mosaic.captions if w in CLASSES)
        tile = mosaic.tiles[mosaic.captions.index(kind)]
        mask = (scene.instances > 0).reshape(16, 8, 16, 8).mean((1, 3)) > 0
        looked += tile[mask].sum() > 0.5
    session.close()
    assert right >= 8
    assert looked >= 10
