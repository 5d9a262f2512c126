"""Training of ``bundled:scenes-captioner``, which describes generated scenes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.engine.data.scenes import CLASSES, Scene, make_scene
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.networks.scene_captioner import SceneCaptioner
from nnviz.engine.models.references import BundledReference
from nnviz.engine.training.captioner.batches import (
    IGNORED,
    CaptionBatch,
    CaptionRecipe,
    make_batch,
    training_batches,
)
from nnviz.engine.training.captioner.sentences import (
    CONCEPTS,
    NOTHING,
    VOCABULARY,
    named_pairs,
    read_sentence,
    true_pairs,
)
from nnviz.engine.training.dead_units import PICTURES, dead_units_text
from nnviz.engine.training.fitting import (
    Assignment,
    Learner,
    Stand,
    Step,
    Steps,
    best_device,
    initialize_kaiming,
    load_trained,
    one_cycle,
    run_epochs,
)
from nnviz.engine.training.publish import (
    card_text,
    in_half_precision,
    publish,
    train_command,
    training_text,
)
from nnviz.engine.training.segmenter import COURSE as SEGMENTER

_WARM_UP = 0.05
_LARGEST_GRADIENT = 5.0
_FLOOR = 1e-4
_LONGEST = 40
"""Maximum number of words of a sentence."""
_DEEPER = SEGMENTER.arguments["deeper"]
"""Residual blocks of the trunk, as the segmenter has them."""
JUDGED = 1000
"""Held-out scenes that the card's figures are measured on."""


@dataclass(frozen=True, slots=True)
class Losses:
    """The terms of the captioner's loss, each a scalar."""

    words: Tensor
    attention: Tensor
    concepts: Tensor


def losses(net: SceneCaptioner, batch: CaptionBatch) -> Losses:
    """Return the losses of words, attention and concepts.

    Words: cross entropy given the true preceding words (teacher forcing).  Attention:
        minus the logarithm of the weight on the word's object (attention correctness,
        Liu et al. 2017, arXiv:1605.09553, sec. 3.2).  Concepts: binary cross entropy.
    """
    # Half the time on processors with bfloat16; all that is judged is single precision.
    with torch.autocast(batch.pixels.device.type, torch.bfloat16):
        encoded = net.encode(batch.pixels)
    maps = encoded.float()
    logits, weights = _teach(net, net.places(maps), batch.words)
    words = functional.cross_entropy(
        logits.flatten(0, 1), batch.words.flatten(), ignore_index=IGNORED
    )
    about = batch.looks.sum(-1) > 0
    # Cells covered by half or more count fully, others in proportion.
    on_it = (weights * batch.looks.clamp(max=0.5) * 2).sum(-1)[about]
    attention = -on_it.clamp(min=_FLOOR).log().mean()
    each = functional.binary_cross_entropy_with_logits(
        net.concepts(maps), batch.concepts, reduction="none"
    )
    return Losses(words, attention, (each * batch.weights).sum(1).mean())


def _teach(net: SceneCaptioner, places: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits (N, T, V) and attention (N, T, P) by teacher forcing."""
    view, state = net.look(places), net.begin(places)
    last = words.new_full((len(words),), net.start)
    logits, weights = [], []
    for step in range(words.shape[1]):
        said, where, state = net.step(view, state, last)
        logits.append(said)
        weights.append(where)
        last = words[:, step].clamp(min=0)
    return torch.stack(logits, 1), torch.stack(weights, 1)


@torch.inference_mode()
def describe(net: SceneCaptioner, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Decode sentences greedily: words int64 (N, T) and attention (N, T, P)."""
    places = net.places(net.encode(pixels))
    view, state = net.look(places), net.begin(places)
    last = torch.full((len(pixels),), net.start, device=pixels.device)
    words, weights = [], []
    for _ in range(_LONGEST):
        logits, where, state = net.step(view, state, last)
        last = logits.argmax(-1)
        words.append(last)
        weights.append(where)
    return torch.stack(words, 1), torch.stack(weights, 1)


def measure(net: nn.Module, recipe: CaptionRecipe) -> dict[str, float]:
    """Return the accuracy of sentences about held-out scenes, in [0, 1].

    "sentences": fraction that names the color and kind of every shape and no others;
    "shapes": fraction of the shapes that are named so; "attention": fraction of words
    naming a kind of shape, in true sentences, whose attention is mostly on that shape.
    """
    if not isinstance(net, SceneCaptioner):
        raise TypeError(type(net).__name__)
    right = [0, 0, 0]
    total = [0, 0, 0]
    for start in range(0, recipe.held_out, recipe.batch):
        seeds = range(start, min(start + recipe.batch, recipe.held_out))
        scenes = [make_scene(s, recipe.size, shapes=recipe.shapes) for s in seeds]
        batch = make_batch(scenes, recipe)
        counted = (_said(net, batch, scenes), _looked(net, batch, scenes))
        for index, (good, all_) in enumerate([*counted[0], counted[1]]):
            right[index] += good
            total[index] += all_
    shares = [good / max(1, all_) for good, all_ in zip(right, total, strict=True)]
    return dict(zip(("sentences", "shapes", "attention"), shares, strict=True))


def _said(
    net: SceneCaptioner, batch: CaptionBatch, scenes: list[Scene]
) -> list[tuple[int, int]]:
    """Return the numbers of correct and of all sentences and shapes."""
    words, _ = describe(net, batch.pixels.to(next(net.parameters()).device))
    whole, found, shapes = 0, 0, 0
    for row, scene in zip(words.tolist(), scenes, strict=True):
        end = row.index(net.end) if net.end in row else len(row)
        said = named_pairs([net.words[word] for word in row[:end]])
        truth = true_pairs(scene)
        whole += said == truth
        found += sum(min(said.count(pair), truth.count(pair)) for pair in set(truth))
        shapes += len(truth)
    return [(whole, len(scenes)), (found, shapes)]


@torch.inference_mode()
def _looked(
    net: SceneCaptioner, batch: CaptionBatch, scenes: list[Scene]
) -> tuple[int, int]:
    """Return the number of shape words that attend mostly to the shape, and of all."""
    device = next(net.parameters()).device
    places = net.places(net.encode(batch.pixels.to(device)))
    _, weights = _teach(net, places, batch.words.to(device))
    on_it = (weights.cpu() * (batch.looks > 0)).sum(-1)
    right = total = 0
    for row, scene in enumerate(scenes):
        sentence = read_sentence(scene)
        for step, (word, about) in enumerate(
            zip(sentence.words, sentence.about, strict=True)
        ):
            if about != NOTHING and VOCABULARY[word] in CLASSES:
                right += bool(on_it[row, step] > 0.5)  # noqa: PLR2004  most of it
                total += 1
    return right, total


def build() -> SceneCaptioner:
    """Build the captioner with random weights."""
    return SceneCaptioner(VOCABULARY, len(CONCEPTS), deeper=_DEEPER)


def initialize(net: SceneCaptioner, generator: torch.Generator) -> None:
    """Initialize from the segmenter's trunk and way up, and the decoder that ships.

    Only what neither has is drawn.
    """
    initialize_kaiming(net, generator)
    for each in (net.embedding, net.lstm):
        for weight in each.parameters():
            nn.init.uniform_(weight, -0.06, 0.06, generator=generator)
    attention = net.attention
    for linear in (net.initial, attention.keys, attention.values, attention.query):
        nn.init.xavier_uniform_(linear.weight, generator=generator)
    nn.init.xavier_uniform_(net.next_word.weight, generator=generator)
    for lateral in (*net.laterals, net.fuse[2]):
        nn.init.xavier_uniform_(lateral.get_parameter("weight"), generator=generator)
    weights = net.state_dict()
    for name in ("scenes-captioner", "scenes-segmenter"):
        other = open_bundled(BundledReference(name), lambda: None).net.state_dict()
        weights |= {key: other[key] for key in weights if key in other}
    net.load_state_dict(weights)


def captioner_course(assignment: Assignment) -> Iterator[Stand]:
    """Train; yield steps and epochs, and write the files at the end."""
    recipe = CaptionRecipe(seed=assignment.seed)
    recipe = replace(recipe, epochs=assignment.epochs or recipe.epochs)
    net = build()
    initialize(net, torch.Generator().manual_seed(recipe.seed))
    net.to(best_device()).to(memory_format=torch.channels_last)
    decay = recipe.weight_decay
    learner = Learner(net, torch.optim.AdamW(net.parameters(), 0.0, weight_decay=decay))
    yield from run_epochs(
        learner,
        recipe.epochs,
        assignment.checkpoint,
        lambda number: _train_epoch(learner, recipe, number),
        lambda average: measure(average, recipe),
    )
    publish_captioner(assignment, recipe)


def _train_epoch(learner: Learner, recipe: CaptionRecipe, number: int) -> Steps:
    steps = 2 * -(-recipe.scenes // recipe.batch)
    total = 0.0
    learner.net.train()
    net = _captioner(learner.net)
    kept = number < recipe.thaw * recipe.epochs
    for part in (net.trunk, net.up, net.merge):
        # Its batch norm too: what it says of an image then depends on no other.
        part.requires_grad_(not kept).train(not kept)
    for step, batch in enumerate(training_batches(recipe, number)):
        progress = (number + step / steps) / recipe.epochs
        rate = recipe.rate * one_cycle(progress, _WARM_UP)
        learner.optimizer.param_groups[0]["lr"] = rate
        parts = losses(net, _moved(batch, learner.device))
        loss = parts.words + recipe.attention * parts.attention
        loss = loss + recipe.concepts * parts.concepts
        learner.learn(loss, recipe.ema_decay, _LARGEST_GRADIENT)
        total += parts.words.item()
        yield Step(number + 1, recipe.epochs, step + 1, steps)
    return total / steps


def _captioner(net: nn.Module) -> SceneCaptioner:
    if not isinstance(net, SceneCaptioner):
        raise TypeError(type(net).__name__)
    return net


def _moved(batch: CaptionBatch, device: torch.device) -> CaptionBatch:
    return CaptionBatch(
        batch.pixels.to(device),
        batch.words.to(device),
        batch.looks.to(device),
        batch.concepts.to(device),
        batch.weights.to(device),
    )


def publish_captioner(assignment: Assignment, recipe: CaptionRecipe) -> None:
    """Write the weights, facts and card of a run at its checkpoint."""
    trained = load_trained(assignment.checkpoint)
    net = build().eval()
    # The figures are measured after rounding, with the weights as published.
    net.load_state_dict(in_half_precision(trained.weights))
    measured = measure(net, replace(recipe, held_out=JUDGED))
    figures = {name: round(100 * value, 1) for name, value in measured.items()}
    facts = {
        "title": "Scenes captioner",
        "architecture": "SceneCaptioner",
        "arguments": {
            "words": VOCABULARY,
            "concepts": len(CONCEPTS),
            "deeper": _DEEPER,
        },
        "task": Task.MULTILABEL,
        "trained_on": "generated scenes of simple shapes and their sentences",
        "classes": CONCEPTS,
        "preprocess": _preprocess(recipe).to_json(),
        **figures,
    }
    seeds = range(PICTURES)
    scenes = [make_scene(seed, recipe.size, shapes=recipe.shapes) for seed in seeds]
    dead = dead_units_text(net, [make_batch(scenes, recipe).pixels])
    card = _card(assignment, recipe, figures, trained.seconds, dead)
    publish(trained.weights, facts, card, assignment.stem)


def _preprocess(recipe: CaptionRecipe) -> Preprocess:
    return Preprocess(
        input_size=(recipe.size, recipe.size),
        resize=recipe.size,
        fit=Fit.CROP,
        mean=recipe.mean,
        std=recipe.std,
    )


def _card(
    assignment: Assignment,
    recipe: CaptionRecipe,
    figures: dict[str, float],
    seconds: float,
    dead_units: str,
) -> str:
    least, most = recipe.shapes
    start = "on the segmenter's features"
    training = training_text(recipe.epochs, recipe.seed, seconds, start)
    rows = {
        "task": f"words of a vocabulary of {len(VOCABULARY)}; as plain output, "
        f"multi-label: {len(CONCEPTS)} words that hold somewhere in the image",
        "input": f"RGB, {recipe.size} x {recipe.size} px",
        "data": f"generated scenes with {least} to {most} shapes and their sentences",
        "split": "by seed: trained on seeds from 1000000 on, measured on "
        f"{JUDGED} scenes of the seeds from 0 on",
        "sentences, held out": f"{figures['sentences']} % |\n| | name the color and "
        "kind of every shape, and no others",
        "shapes, held out": f"{figures['shapes']} % |\n| | are named with their color",
        "attention, held out": f"{figures['attention']} % |\n| | of the words for "
        "shapes look mostly at the shape",
        "dead units": dead_units,
        "training": f"{training}, {2 * recipe.scenes} images an epoch; the trunk and "
        "its way up started as those of bundled:scenes-segmenter, the decoder with what"
        " shipped before",
        "trained with": train_command(assignment),
        "measured with": "`nnviz evaluate bundled:scenes-captioner --data scenes`",
        "weights": "half precision, computed with in single precision",
    }
    about = (
        "Show, attend and tell: the features of a U-Net and an LSTM with attention"
        " over positions say in a sentence what a generated scene shows.  The"
        " positions that shape words look at were part of the training."
    )
    weaknesses = (
        "It knows drawn shapes on surfaces only: for real images it writes sentences"
        " about shapes that are not there.  Small shapes are called wrong most often. "
        " Sizes, and which of two shapes of similar size comes first, often differ from"
        " the true sentence."
    )
    return card_text("scenes-captioner", about, rows, weaknesses)
