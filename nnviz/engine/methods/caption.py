"""Captioning: a sentence word by word, with the attention of each word."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.frames import Frame
from nnviz.base.info import Capabilities, Reference, Task
from nnviz.base.parameters import Help, Range, Title, When
from nnviz.base.results import Mosaic, Report, Table, Text
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.models.networks.scene_captioner import CaptionState, SceneCaptioner

_LONGEST = 40
"""Maximum number of words: a network that never ends a sentence is stopped."""
_TINY = 1e-30
_ENCODER = "fuse"
"""The layer whose maps are attended to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionParams:
    """Parameters of captioning: the decoding strategy."""

    decoding: Annotated[
        Literal["greedy", "beam", "sampling"],
        Title("Choice of words"),
        Help(
            "The likeliest word each time; the likeliest of several sentences kept at "
            "once; or words drawn by their probabilities."
        ),
    ] = "greedy"
    beams: Annotated[
        int,
        Range(2, 16),
        When("decoding", ("beam",)),
        Help("Number of sentences that are kept at once."),
    ] = 4
    temperature: Annotated[
        float,
        Range(0.1, 3, log=True),
        When("decoding", ("sampling",)),
        Help("Below 1 draws likely words more often, above 1 unlikely ones."),
    ] = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Sentence:
    """A partial sentence of the decoder.

    Attributes:
        words: indices into the vocabulary.
        shares: probability of each word.
        rivals: index and probability of the likeliest other word at each position.
        looks: weights of the positions, (P,), before each word.
        state: of the LSTM after the last word.
    """

    words: tuple[int, ...]
    shares: tuple[float, ...]
    rivals: tuple[tuple[int, float], ...]
    looks: tuple[Tensor, ...]
    state: CaptionState

    @property
    def score(self) -> float:
        """Log probability of the sentence."""
        return (
            float(np.log(np.maximum(self.shares, 1e-30)).sum()) if self.words else 0.0
        )

    def ended(self, end: int) -> bool:
        """Tell whether the sentence ends with the end token."""
        return bool(self.words) and (self.words[-1] == end)


@register(
    "caption",
    title="Caption",
    group="Explain",
    live=False,
    tasks=(Task.MULTILABEL,),
    reference=Reference("Xu et al. 2015", "arXiv:1502.03044"),
    capabilities=Capabilities(workspace="Explain"),
)
class Caption:
    """A caption of the image, with the attention of each word."""

    Params: ClassVar[type] = CaptionParams
    shows: ClassVar[str] = (
        "A sentence that the network writes word by word, and where it looks before "
        "each word."
    )
    reading: ClassVar[str] = (
        "Words for a shape should look at that shape. A right word that looks "
        "elsewhere is a guess; the table gives the second most likely word."
    )
    misleads: ClassVar[str] = (
        "Attention shows what the word could have used. What it did use is shown by "
        "Grad-CAM on a word of the prediction."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "beam": {"decoding": "beam"},
        "sampling": {"decoding": "sampling"},
    }

    def run(self, ctx: Context, params: CaptionParams) -> Iterator[Report]:
        """Yield one report a word: "attention" (main), "sentence", "words", "beams".

        Raises:
            ModelError: the network does not generate sentences.
        """
        net = ctx.model.net
        if not isinstance(net, SceneCaptioner):
            remedy = "open bundled:scenes-captioner"
            raise ModelError(ctx.model.info.title, "writes no sentences", remedy)
        maps = ctx.activations(_ENCODER)
        size = (maps.shape[2], maps.shape[3])
        writer = _Writer(net, net.places(maps), ctx.generator, params)
        while True:
            ctx.check()
            done = writer.advance()
            ctx.step(writer.length, _LONGEST, f"word {writer.length}")
            yield _report(ctx, net, writer.sentences, size)
            if done:
                return


class _Writer:
    """Decodes sentences greedily, by sampling or by beam search."""

    def __init__(
        self,
        net: SceneCaptioner,
        places: Tensor,
        generator: torch.Generator,
        params: CaptionParams,
    ) -> None:
        self._net, self._params = net, params
        self._generator = generator
        with torch.no_grad():
            self._view = net.look(places)
            first = _Sentence((), (), (), (), net.begin(places))
        self.sentences = [first]
        self.length = 0

    @torch.no_grad()
    def advance(self) -> bool:
        """Extend each sentence by a word; return whether all are complete."""
        self.length += 1
        grown: list[_Sentence] = []
        for sentence in self.sentences:
            if sentence.ended(self._net.end):
                grown.append(sentence)
            else:
                grown += self._grown(sentence)
        grown.sort(key=lambda each: -each.score)
        self.sentences = grown[: self._width]
        ended = all(each.ended(self._net.end) for each in self.sentences)
        return ended or self.length >= _LONGEST

    @property
    def _width(self) -> int:
        return self._params.beams if self._params.decoding == "beam" else 1

    def _grown(self, sentence: _Sentence) -> list[_Sentence]:
        net = self._net
        last = sentence.words[-1] if sentence.words else net.start
        word = torch.tensor([last], device=self._view.keys.device)
        logits, looks, state = net.step(self._view, sentence.state, word)
        shares = logits[0].softmax(-1).cpu()
        return [
            _Sentence(
                (*sentence.words, index),
                (*sentence.shares, float(shares[index])),
                (*sentence.rivals, _rival(shares, index)),
                (*sentence.looks, looks[0].cpu()),
                state,
            )
            for index in self._chosen(logits[0].cpu())
        ]

    def _chosen(self, logits: Tensor) -> list[int]:
        """Return the words that continue a sentence."""
        if self._params.decoding == "sampling":
            shares = (logits / self._params.temperature).softmax(-1)
            return [int(torch.multinomial(shares, 1, generator=self._generator))]
        return [int(each) for each in logits.topk(self._width).indices]


def _rival(shares: Tensor, chosen: int) -> tuple[int, float]:
    """Return the likeliest alternative to the chosen word, and its probability."""
    others = shares.clone()
    others[chosen] = -1
    best = int(others.argmax())
    return best, float(shares[best])


def _report(
    ctx: Context,
    net: SceneCaptioner,
    sentences: list[_Sentence],
    size: tuple[int, int],
) -> Report:
    best = sentences[0]
    text = _text(net, best)
    rows = tuple((_text(net, each), round(each.score, 3)) for each in sentences)
    results = {
        "attention": _looks(ctx, net, best, size),
        "sentence": Text(text=text),
        "words": _words(net, best),
        "sentences": Table(columns=("sentence", "log probability"), rows=rows),
    }
    return Report(results, (text,))


def _text(net: SceneCaptioner, sentence: _Sentence) -> str:
    return sentence_text([net.words[w] for w in sentence.words if w != net.end])


def _looks(
    ctx: Context, net: SceneCaptioner, sentence: _Sentence, size: tuple[int, int]
) -> Mosaic:
    """Return the attention before each word, as maps over the image."""
    tiles = torch.stack(sentence.looks).view(len(sentence.words), *size)
    shown = [index for index, word in enumerate(sentence.words) if word != net.end]
    return Mosaic(
        tiles=tiles.numpy().copy(),
        order=np.array(shown, np.int64),
        captions=tuple(net.words[word] for word in sentence.words),
        signed=False,
        shared_scale=False,
        unit="share of the attention",
        noun="word",
        layer="",
        frame=Frame.INPUT,
        placement=ctx.placement,
        empty="nothing is said",
    )


def _words(net: SceneCaptioner, sentence: _Sentence) -> Table:
    """Return the table of words, their probabilities and likeliest alternatives."""
    columns = ("word", "probability", "else", "its probability")
    parts = zip(sentence.words, sentence.shares, sentence.rivals, strict=True)
    rows = tuple(
        (net.words[word], round(share, 3), net.words[other], round(second, 3))
        for word, share, (other, second) in parts
    )
    return Table(columns=columns, rows=rows)


def sentence_text(words: list[str]) -> str:
    """Join words to a sentence: "A red star on sand, with below it a ring."."""
    text = " ".join(words).replace(" ,", ",")
    return f"{text[:1].upper()}{text[1:]}."
