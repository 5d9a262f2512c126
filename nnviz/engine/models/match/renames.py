"""Renaming of weights: names given by wrappers, forks and other libraries.

Each view is one interpretation of a file's names: from the name in today's libraries to
the name in the file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

View = Mapping[str, str]
"""From a weight's usual name to its name in the file."""

_WRAPPERS = frozenset(
    {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
)
"""Parts of names that DataParallel, torch.compile, FSDP and activation checkpointing
insert: anywhere, not only in front."""
_OLD_DENSENET = re.compile(
    r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\.(?:weight|bias|running_\w+))"
)
"""torchvision's published DenseNets were saved before their layers were renamed."""
_RESNET_CHILDREN = {
    "0": "conv1",
    "1": "bn1",
    **{str(4 + stage): f"layer{1 + stage}" for stage in range(4)},
    "9": "fc",
}
"""torchvision's ResNets as ``nn.Sequential(*net.children())``, as SimCLR saves them."""
_FIRST_NUMBER = re.compile(r"^((?:[^\d.][^.]*\.)*)(\d)\.")
_HUGGING_FACE_RESNET = (
    (re.compile(r"^resnet\.embedder\.embedder\.convolution"), "conv1"),
    (re.compile(r"^resnet\.embedder\.embedder\.normalization"), "bn1"),
    (re.compile(r"^resnet\.encoder\.stages\.(\d)\.layers"), r"stage\1"),
    (re.compile(r"\.layer\.(\d)\.convolution"), r".conv\1"),
    (re.compile(r"\.layer\.(\d)\.normalization"), r".bn\1"),
    (re.compile(r"\.shortcut\.convolution"), ".downsample.0"),
    (re.compile(r"\.shortcut\.normalization"), ".downsample.1"),
    (re.compile(r"^classifier\.1"), "fc"),
)


def unwrapped(names: Iterable[str]) -> View:
    """Map names without wrappers' prefixes to the names in the file."""
    return {
        ".".join(part for part in name.split(".") if part not in _WRAPPERS): name
        for name in names
    }


def views(names: Iterable[str]) -> Iterator[View]:
    """Yield the possible renamings of a file's names, the plain one first."""
    plain = {
        _OLD_DENSENET.sub(r"\1\2", usual): name
        for usual, name in unwrapped(names).items()
    }
    yield plain
    for rename in _RENAMES:
        renamed = {rename(usual): name for usual, name in plain.items()}
        if renamed.keys() != plain.keys() and len(renamed) == len(plain):
            yield renamed


def _features(name: str) -> str:
    """Rename weights of ``net.features`` saved alone, whose children are numbers."""
    return f"features.{name}" if name[:1].isdigit() else name


def _resnet_children(name: str) -> str:
    """Rename the numbered children of a ResNet, inside a wrapper or not."""
    return _FIRST_NUMBER.sub(
        lambda found: f"{found[1]}{_RESNET_CHILDREN.get(found[2], found[2])}.", name
    )


def _fastai_resnet(name: str) -> str:
    """Rename weights of fastai's ``vision_learner``: the ResNet's children, a head."""
    part, _, rest = name.partition(".")
    if part == "0":
        return _resnet_children(rest)
    return f"fc.{rest}" if part == "1" else name


def _cifar_resnet(name: str) -> str:
    """Rename the widely copied CIFAR ResNets: ``shortcut`` and ``linear``."""
    name = name.replace(".shortcut.", ".downsample.")
    return re.sub(r"(^|\.)linear\.", r"\1fc.", name)


def _backbone_and_head(name: str) -> str:
    """Rename MMPretrain's ``backbone`` and ``head``, and similar."""
    name = name.removeprefix("backbone.")
    return re.sub(r"^(?:cls_)?head\.(?=(?:fc|classifier|heads?)\.)", "", name)


def _hugging_face_resnet(name: str) -> str:
    """Rename transformers' ResNets to torchvision's names, which count from 1."""
    for pattern, replacement in _HUGGING_FACE_RESNET:
        name = pattern.sub(replacement, name)
    name = re.sub(r"^stage(\d)", lambda found: f"layer{int(found[1]) + 1}", name)
    return (
        re.sub(
            r"\.(conv|bn)(\d)\.", lambda found: f".{found[1]}{int(found[2]) + 1}.", name
        )
        if name.startswith("layer")
        else name
    )


_RENAMES: tuple[Callable[[str], str], ...] = (
    _backbone_and_head,
    _cifar_resnet,
    _features,
    _resnet_children,
    _fastai_resnet,
    _hugging_face_resnet,
)
