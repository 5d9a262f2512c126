"""``nnviz train style``: trains a fast style transfer network for one style image.

Johnson et al. 2016 (arXiv:1603.08155): the loss of the network's paintings is that of
style transfer on pixels, computed by another network's layers.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.base.errors import UsageError
from nnviz.base.images import image_from_array
from nnviz.base.info import Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.compute.tiling import tiling
from nnviz.engine.data.folders import load_photos
from nnviz.engine.data.patterns import PATTERNS, pattern
from nnviz.engine.imaging.pyramid import scaled
from nnviz.engine.imaging.total_variation import total_variation
from nnviz.engine.models.model import Model, Normalizer
from nnviz.engine.models.networks import CHANNELS
from nnviz.engine.models.networks.quick_painter import QuickPainter
from nnviz.engine.models.store import ModelStore
from nnviz.engine.style.color_transfer import color_statistics, matching
from nnviz.engine.style.gram import gram, gram_gradient
from nnviz.engine.style.layers import content_layers, style_layers
from nnviz.engine.style.losses import Region, StyleLoss
from nnviz.engine.training.augment import center_crop, random_crop
from nnviz.engine.training.course import need_data
from nnviz.engine.training.fitting import (
    Assignment,
    Epoch,
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
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png

_ARCHITECTURE = QuickPainter.__name__
_LARGEST_GRADIENT = 10.0
_FINER = 2
"""Index among the judge's style layers, fine to coarse, of the one that also preserves
content."""
_WHOLE = 1 << 20
"""Side of a tile, px: no tiling."""
_SHOWN = 4
_PERCENT = 100
_WHITE = 255
_ABOUT = (
    "A small feed-forward network that paints an image in the style of {style},"
    " in one pass:\nfast enough for a camera."
)
_WEAKNESSES = (
    "It knows one style, at the size it was trained at: in much larger images the"
    " strokes are\nfine. From one frame of a video to the next strokes may flicker."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleRecipe:
    """Hyperparameters of a style's training: weights, rates, steps.

    Attributes:
        epochs: number of epochs; the preview is updated after each.
        steps: of an epoch.
        batch: images in a step.
        side: of the squares that are cropped from the images, px.
        size: shorter side of the images, px: about the size at which the network will
            be used.
        style_size: longest side of the style's image, px: strokes grow with it.
        photos: maximum number that is read.
        held_out: number of held-out images that are evaluated.
        share: weight of style; content has 1 minus it.
        color: weight of the mean and covariance of the style's colors, relative to
            that.
        smoothness: weight of total variation.
        rate: maximum learning rate.
        ema_decay: fraction of the averaged weights that is kept in a step.
        seed: of weights, order and crops.
    """

    epochs: int = 20
    steps: int = 80
    batch: int = 4
    side: int = 160
    size: int = 256
    style_size: int = 400
    photos: int = 800
    held_out: int = 8
    share: float = 0.9
    color: float = 0.3
    smoothness: float = 3e-3
    rate: float = 3e-3
    ema_decay: float = 0.98
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Perceptual loss: content and style distances by the layers of a judge network.

    Attributes:
        loss: content and style.
        region: the style.
        colors: moments of the style's colors, (4, 4).
        recipe: weights of the terms.
    """

    loss: StyleLoss
    region: Region
    colors: Tensor
    recipe: StyleRecipe

    @property
    def subject(self) -> str:
        """Hash that identifies a style: its Gram matrices and color statistics."""
        grams = self.region.grams
        numbers = [self.colors, *(grams[layer] for layer in sorted(grams))]
        content = b"".join(each.cpu().numpy().tobytes() for each in numbers)
        return hashlib.sha256(content).hexdigest()

    def __call__(
        self, paintings: Tensor, photographs: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the content and style distances (N,), and the gradient.

        Args:
            paintings: (N, 3, H, W), without a graph.
            photographs: likewise, in [0, 1].
        """
        cut = tiling(_WHOLE, self.loss.spans)
        goal = self.loss.goal(photographs, [self.region], cut)
        share = paintings.new_full((len(paintings),), self.recipe.share)
        found = self.loss(paintings, goal, share)
        gradient = found.gradient + self.recipe.color * self._recoloring(paintings)
        return found.content, found.style, gradient

    def _recoloring(self, paintings: Tensor) -> Tensor:
        """Return the gradient of the distance between color statistics.

        Layers behind a batch norm hardly respond to uniform colors, so pixels are used
        too.
        """
        colors = torch.cat([paintings, torch.ones_like(paintings[:, :1])], 1)
        places = paintings.shape[2] * paintings.shape[3]
        difference = gram(colors) / places - self.colors
        change = 2 * difference / self.colors.square().sum() / places
        return gram_gradient(colors, change)[:, :3]


def style_course(assignment: Assignment) -> Iterator[Stand]:
    """Train a style network; yield steps and epochs.

    After each epoch the files are rewritten, so that the current network can be used;
    ``STEM.png`` shows held-out images and their paintings.

    Raises:
        UsageError: no style or no data are named.
        InputError: the style or the data cannot be read.
    """
    epochs = assignment.epochs or StyleRecipe().epochs
    recipe = StyleRecipe(epochs=epochs, seed=assignment.seed)
    photos, held_out = load_photos(
        need_data(assignment.data), recipe.size, recipe.photos
    )
    model = _opened(assignment.network)
    judge = judge_of(model, style_image(model, assignment.style, recipe), recipe)
    watched = [center_crop(each, recipe.side) for each in held_out[: recipe.held_out]]
    stands = fit_style(judge, photos, torch.stack(watched), recipe, assignment.stem)
    for stand in stands:
        if isinstance(stand, Epoch):
            _publish(assignment, recipe, stand, len(photos))
        yield stand


def fit_style(
    judge: Judge,
    photos: Sequence[Tensor],
    watched: Tensor,
    recipe: StyleRecipe,
    stem: Path,
) -> Iterator[Stand]:
    """Train from scratch, or resume from ``stem.ckpt``; yield steps and epochs.

    Args:
        judge: loss of the paintings.
        photos: uint8 (3, H, W), shorter side at least ``recipe.side``.
        watched: images never trained on, (N, 3, side, side) in [0, 1].
        recipe: sizes, rates, seed.
        stem: path of the checkpoint and of the preview, without suffix.
    """
    painter = _beginner(judge, photos, recipe)
    painter.to(best_device())
    painter.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(painter.parameters(), recipe.rate)
    learner = Learner(painter, optimizer)
    shown = watched.to(learner.device)

    def measure(average: nn.Module) -> Mapping[str, float]:
        with torch.no_grad():
            paintings = painted(average, shown)
        _preview(shown, paintings, stem.with_suffix(".png"))
        content, style, _gradient = judge(paintings, shown)
        return {"content": float(content.mean()), "style": float(style.mean())}

    yield from run_epochs(
        learner,
        recipe.epochs,
        stem.with_suffix(".ckpt"),
        lambda number: _epoch(learner, judge, photos, recipe, number),
        measure,
        judge.subject,
    )


def _beginner(judge: Judge, photos: Sequence[Tensor], recipe: StyleRecipe) -> nn.Module:
    """Build a style network, initialized to transfer only the style's colors."""
    painter = QuickPainter()
    initialize_kaiming(painter, torch.Generator().manual_seed(recipe.seed))
    statistics = torch.stack([color_statistics(each[None] / _WHITE) for each in photos])
    matrix, shift = matching(statistics.mean(0), judge.colors.cpu().double())
    normal = preprocess_of(recipe)
    mean, std = torch.tensor(normal.mean).double(), normal.std[0]
    first = {"weight": matrix[:, :, None, None]}
    first["bias"] = (matrix @ mean + shift - mean) / std
    painter.around.load_state_dict(first)
    return painter


def painted(painter: nn.Module, pixels: Tensor) -> Tensor:
    """Return a style network's output for pixels in [0, 1], (N, 3, H, W)."""
    normalizer = Normalizer(preprocess_of(StyleRecipe())).to(pixels.device)
    return normalizer.undone(painter(normalizer(pixels)))


def preprocess_of(recipe: StyleRecipe) -> Preprocess:
    """Return the preprocessing of a style network."""
    return Preprocess(
        input_size=(recipe.size, recipe.size),
        resize=recipe.size,
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
    )


def judge_of(model: Model, style: Tensor, recipe: StyleRecipe) -> Judge:
    """Build the perceptual loss on a network's layers.

    Args:
        model: the judge network.
        style: the image, (1, 3, H, W) in [0, 1].
        recipe: weights of the terms.
    """
    wanted = style_layers(model.info, "", "")
    # Deep layers alone do not preserve eyes and letters.
    finer = [*wanted][: _FINER + 1][-1]
    shown = dict.fromkeys((finer, *content_layers(model.info, "", "")), 0.5)
    layers = {*wanted, *shown}
    loss = StyleLoss(
        maps=model.feature_extractor(layers, lambda: None),
        content=shown,
        style=wanted,
        spans=dict.fromkeys(layers),
    )
    region = Region(loss.grams(style, tiling(_WHOLE, loss.spans)))
    return Judge(loss, region, color_statistics(style).to(style), recipe)


def style_image(model: Model, style: str, recipe: StyleRecipe) -> Tensor:
    """Load a style image from a file, or draw a pattern, (1, 3, H, W) in [0, 1].

    Raises:
        UsageError: no style is named.
        InputError: the file is no image.
    """
    if not style:
        drawn = ", ".join(PATTERNS)
        raise UsageError("--style", "missing", f"name an image file, or {drawn}")
    if style in PATTERNS:
        image = image_from_array(pattern(style), style)
    else:
        image = open_image(Path(style).expanduser())
    return model.whole_input(image, scaled(image.size, recipe.style_size))


def _epoch(
    learner: Learner,
    judge: Judge,
    photos: Sequence[Tensor],
    recipe: StyleRecipe,
    number: int,
) -> Steps:
    """Train for one epoch; return the mean loss."""
    generator = torch.Generator().manual_seed(recipe.seed * 10_000 + number)
    total = 0.0
    for done in range(recipe.steps):
        progress = (number + done / recipe.steps) / recipe.epochs
        for group in learner.optimizer.param_groups:
            group["lr"] = recipe.rate * max(one_cycle(progress, 0.05), 0.01)
        photographs = _batch(photos, recipe, generator).to(learner.device)
        total += _step(learner, judge, photographs)
        yield Step(number + 1, recipe.epochs, done + 1, recipe.steps)
    return total / recipe.steps


def _step(learner: Learner, judge: Judge, photographs: Tensor) -> float:
    """Take an optimizer step; return the loss before the step."""
    recipe, count = judge.recipe, len(photographs)
    paintings = painted(learner.net, photographs)
    content, style, gradient = judge(paintings.detach(), photographs)
    rough = total_variation(paintings).mean()
    # A product whose gradient with respect to the paintings is the judge's.
    judged = (paintings * gradient / count).sum()
    smooth = recipe.smoothness * rough
    learner.learn(judged + smooth, recipe.ema_decay, _LARGEST_GRADIENT)
    mean = (1 - recipe.share) * content + recipe.share * style
    return float(mean.mean() + smooth.detach())


def _batch(
    photos: Sequence[Tensor], recipe: StyleRecipe, generator: torch.Generator
) -> Tensor:
    """Return random square crops of random images, (N, 3, side, side) in [0, 1]."""
    chosen = torch.randint(len(photos), (recipe.batch,), generator=generator)
    squares = [
        random_crop(photos[index], recipe.side, generator) for index in chosen.tolist()
    ]
    return torch.stack(squares).contiguous(memory_format=torch.channels_last)


def _preview(photographs: Tensor, paintings: Tensor, path: Path) -> None:
    """Write a preview with images in one row and their stylized versions below."""
    rows = [torch.cat([*each[:_SHOWN]], 2) for each in (photographs, paintings)]
    sheet = torch.cat(rows, 1).clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    write_png(path, np.round(sheet * _WHITE).astype(np.uint8))


def _opened(reference: str) -> Model:
    """Open and return the judge network.

    Raises:
        NnvizError: the network cannot be opened.
    """
    request = ModelRequest(reference=reference)
    job = ModelStore(None).open(request, lambda: None)
    while True:
        try:
            next(job)
        except StopIteration as end:
            model: Model = end.value
            return model


def _publish(
    assignment: Assignment, recipe: StyleRecipe, epoch: Epoch, photos: int
) -> None:
    """Write the weights, facts and card after an epoch."""
    trained = load_trained(assignment.checkpoint)
    name = assignment.stem.name
    style = Path(assignment.style).name
    facts = {
        "title": name.replace("-", " ").capitalize(),
        "architecture": _ARCHITECTURE,
        "arguments": {},
        "task": Task.REPAINT,
        "classes": list(CHANNELS),
        "preprocess": preprocess_of(recipe).to_json(),
    }
    course = replace(assignment, stem=assignment.stem.with_name("style"))
    data = assignment.data.name if assignment.data else ""
    distances = [
        f"{kind} {_PERCENT * value:.0f} %" for kind, value in epoch.scores.items()
    ]
    rows = {
        "task": "repaints images in the style of one image",
        "input": f"about {recipe.size} px, RGB; any size from 16 px works",
        "style": style if style not in PATTERNS else f"{style}, drawn by the program",
        "data": f"{photos} images of `{data}`, and {recipe.held_out} held out",
        "judged by": assignment.network,
        "distances, held out": f"{', '.join(distances)} of what the layers give",
        "training": training_text(epoch.number, recipe.seed, trained.seconds),
        "trained with": train_command(course, f"--style {style} --data FOLDER"),
        "weights": "half precision, computed with in single precision",
    }
    card = card_text(name, _ABOUT.format(style=style), rows, _WEAKNESSES)
    # It belongs to the user and is not published.
    card = f"# {card.removeprefix('# bundled:')}"
    publish(in_half_precision(trained.weights), facts, card, assignment.stem)
