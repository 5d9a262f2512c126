"""LRP of vision transformers as they are: torchvision's and timm's own classes.

Truth: conservation (Bach et al. 2015, equation 2).  The score's relevance reaches the
pixels, the class token and the position embedding; linear layers without biases lose
none on the way.
"""

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer as TimmTransformer
from torch import nn
from torchvision.models.vision_transformer import VisionTransformer

from nnviz.engine.attribution.relevance_propagation.relevance import (
    Composite,
    RelevancePass,
    relevance_of,
)
from nnviz.engine.attribution.relevance_propagation.relevance_rules import (
    epsilon_rule,
)
from nnviz.engine.attribution.transformers.attention import open_attention

SIDE, TARGET = 32, 3


def by_torchvision():
    return VisionTransformer(
        image_size=SIDE, patch_size=8, num_layers=3, num_heads=4, hidden_dim=32,
        mlp_dim=48, num_classes=7,
    )  # fmt: skip


def by_timm():
    return TimmTransformer(
        img_size=SIDE, patch_size=8, embed_dim=32, depth=3, num_heads=4, mlp_ratio=1.5,
        num_classes=7,
    )  # fmt: skip


@pytest.fixture(params=[by_torchvision, by_timm])
def net(request):
    """A transformer whose weights are all random, the head's too; without biases."""
    with torch.random.fork_rng():
        torch.manual_seed(4)
        made = request.param().double().eval()
        for name, each in made.named_parameters():
            nn.init.normal_(each, std=0.3)
            if name.endswith("bias"):
                nn.init.zeros_(each)
    return made


def image():
    generator = torch.Generator().manual_seed(1)
    shape = 1, 3, SIDE, SIDE
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def passing():
    rule, x = epsilon_rule(1e-12), image()
    composite = Composite(convolution=rule, dense=rule, box=False)
    return RelevancePass(composite, x - 9, x + 9)


def embeddings(net):
    """The parameters that are added to what comes from the pixels, or stand beside."""
    named = dict(net.named_parameters())
    kinds = ("class_token", "cls_token", "pos_embedding", "pos_embed")
    return [each for name, each in named.items() if name.endswith(kinds)]


def test_all_relevance_arrives(net):
    """Without embeddings all of the score comes from the pixels."""
    net.requires_grad_(requires_grad=False)
    for each in embeddings(net):
        each.zero_()
    found = relevance_of(lambda x: net(x)[:, TARGET], image(), passing())
    score = float(net(image())[0, TARGET])
    assert abs(score) > 0.1
    assert float(found.sum()) == pytest.approx(score, rel=1e-6)
    assert len(embeddings(net)) == 2


def test_pixels_and_embeddings_share_the_score(net):
    """The rest belongs to the embeddings: each one's value times its changed slope."""
    net.requires_grad_(requires_grad=False)
    parts = embeddings(net)
    for each in parts:
        each.requires_grad_()
    leaf = image().requires_grad_()
    rules = passing()
    found = relevance_of(lambda x: net(x)[:, TARGET], image(), passing())
    with rules, open_attention():
        score = net(leaf)[0, TARGET]
    slopes = torch.autograd.grad(score, parts)
    shares = [
        (slope * part).sum().item() for slope, part in zip(slopes, parts, strict=True)
    ]
    assert float(found.sum()) + sum(shares) == pytest.approx(score.item(), rel=1e-6)
    assert min(map(abs, shares)) > 1e-3
