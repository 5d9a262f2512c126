"""Every reader of the program with files that are right, to be damaged.

A case makes one file (or one argument) from a random generator and gives it to the
reader that the program itself uses.  What is right is written by torch, Pillow, PyAV,
numpy and json; nothing here knows how it is read.
"""

import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.fuzz import kept_files
from tests.fuzz.mutations import damaged, damaged_json, odd_text

Case = Callable[[random.Random, Path], None]
"""Makes an input in a folder and reads it."""


def _nothing() -> None:
    """A check that never stops."""


# --- checkpoints ------------------------------------------------------------------


@cache
def _checkpoint(kind: str) -> bytes:
    import safetensors.torch
    import torch
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    if kind == "safetensors":
        return safetensors.torch.save(dict(net.state_dict()), {"format": "pt"})
    content: object = {
        "state_dict": net.state_dict(),
        "epoch": 3,
        "classes": ["ant", "bee"],
        "optimizer": {"momentum": [torch.ones(3), torch.zeros(2, 2).half()]},
    }
    if kind == "module":
        content = net
    if kind == "plain":
        return pickle.dumps({"w": net[2].weight.detach().numpy(), "lr": 0.1}, 4)
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=kind != "legacy")
    return file.getvalue()


def _read_checkpoint(kind: str, chance: random.Random, folder: Path) -> None:
    from nnviz.engine.models.weights.checkpoints import read_state

    data = _checkpoint(kind)
    if kind in {"zip", "module"} and chance.random() < 0.5:
        data = _inside(data, chance, ".pkl")
    else:
        data = damaged(data, chance)
    path = folder / ("w.safetensors" if kind == "safetensors" else "w.pth")
    path.write_bytes(data)
    read_state(path, _nothing)


def _inside(data: bytes, chance: random.Random, suffix: str) -> bytes:
    """Damage entries of a zip archive and write it whole, checksums and all."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name, damaged(content, chance) if name.endswith(suffix) else content
            )
    return written.getvalue()


@cache
def _onnx() -> bytes:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["y"]),
    ]
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16])
    given = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    graph = helper.make_graph(nodes, "g", [taken], [given], [weight])
    opset = [helper.make_opsetid("", 17)]
    written: bytes = helper.make_model(graph, opset_imports=opset).SerializeToString()
    return written


def _read_onnx(chance: random.Random, folder: Path) -> None:
    from nnviz.engine.models.onnx import skimming
    from nnviz.engine.models.onnx.opening import open_onnx

    path = folder / "a.onnx"
    path.write_bytes(damaged(_onnx(), chance))
    # Weights of any size may be those that are left in the file.
    with patch.object(skimming, "_LARGE", chance.choice((16, 1 << 16))):
        for _ in open_onnx(path, _nothing):
            pass


def _read_network_folder(chance: random.Random, folder: Path) -> None:
    """A folder as Hugging Face and timm have them, its weights in two files."""
    from nnviz.engine.models.folders import read_config, weight_files
    from nnviz.engine.models.match.evidence import gather

    config = (
        '{"architectures": ["A"], "id2label": {"0": "ant"}, "pretrained_cfg": '
        '{"mean": [0.5, 0.5, 0.5], "input_size": [3, 64, 64], "crop_pct": 0.9}}'
    )
    seen = '{"image_mean": [0.5], "size": {"shortest_edge": 9}, "resample": 3}'
    index = '{"weight_map": {"a": "w-1.safetensors", "b": "w-2.safetensors"}}'
    texts = {
        "config.json": config,
        "preprocessor_config.json": seen,
        "w.safetensors.index.json": index,
    }
    chosen = chance.choice(sorted(texts))
    for name, text in texts.items():
        data = damaged_json(text, chance) if name == chosen else text.encode()
        (folder / name).write_bytes(data)
    for number in (1, 2):
        (folder / f"w-{number}.safetensors").write_bytes(b"")
    read_config(folder)
    weight_files(folder)
    gather({"args": {"mean": [0.5], "model": "a"}}, folder / "w-1.safetensors")


# --- images -----------------------------------------------------------------------


@cache
def _image(form: str, mode: str) -> bytes:
    import numpy as np
    from PIL import Image

    values = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    file = io.BytesIO()
    if mode == "I;16":
        Image.fromarray(values[..., 0].astype(np.uint16) << 4).save(file, form)
    else:
        Image.fromarray(values).convert(mode).save(file, form)
    return file.getvalue()


_IMAGES = (
    *(("PNG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("PNG", "I;16")),
    *(("JPEG", "RGB"), ("JPEG", "CMYK"), ("GIF", "P"), ("WEBP", "RGBA")),
    *(("TIFF", "RGB"), ("TIFF", "I;16"), ("BMP", "RGB"), ("PPM", "RGB")),
    *(("JPEG2000", "RGB"), ("AVIF", "RGB")),
)


def _read_image(chance: random.Random, folder: Path) -> None:
    from nnviz.media.decode import open_image
    from nnviz.media.thumbnails import thumbnail

    path = folder / "image.png"
    path.write_bytes(damaged(_image(*chance.choice(_IMAGES)), chance))
    reader = chance.choice((open_image, lambda each: thumbnail(each, 32)))
    reader(path)


@cache
def _array() -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.zeros((8, 9, 3), np.float32))
    return file.getvalue()


def _read_array(chance: random.Random, folder: Path) -> None:
    from nnviz.media.decode import open_image

    data = _array()
    if chance.random() < 0.5:
        head = "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 9, 3), }"
        text = odd_text(head, chance).encode("utf-8", "replace")[:65_000]
        data = data[:8] + len(text).to_bytes(2, "little") + text + data[128:]
    path = folder / "a.npy"
    path.write_bytes(damaged(data, chance) if chance.random() < 0.5 else data)
    open_image(path)


# --- videos -----------------------------------------------------------------------

_VIDEOS = (("mp4", "libx264"), ("mkv", "libx264"), ("avi", "mpeg4"), ("gif", "gif"))


@cache
def _video(suffix: str, codec: str) -> bytes:
    import av
    import numpy as np

    file = io.BytesIO()
    form = {"mkv": "matroska"}.get(suffix, suffix)
    with av.open(file, "w", format=form) as out:
        stream = out.add_stream(codec, 10)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for index in range(8):
            pixels = np.full((48, 64, 3), index * 20, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        out.mux(stream.encode())
    return file.getvalue()


def _read_video(chance: random.Random, folder: Path) -> None:
    from nnviz.media.video.reader import open_video

    kind = chance.choice(_VIDEOS)
    path = folder / f"a.{kind[0]}"
    path.write_bytes(damaged(_video(*kind), chance))
    reader = open_video(path)
    try:
        for _ in range(12):
            grab = reader.read()
            if grab is None:
                break
            grab.pixels()
        reader.seek(chance.choice((0.0, 0.3, 1e9)))
        reader.read()
    finally:
        reader.close()


# --- JSON and other text ----------------------------------------------------------


def _recipe() -> str:
    from nnviz.base.preprocess import Preprocess
    from nnviz.base.recipes import Recipe

    return Recipe(
        method="saliency",
        values={"target": "", "layer": "stage2", "baseline": "a.png"},
        model="bundled:objects",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
        chunks=(1, 2),
        changes=((1, {"window": 5}),),
        pictures={"baseline": "0" * 64},
    ).to_json()


def _read_recipe(chance: random.Random, folder: Path) -> None:
    from nnviz.storage.files import look_at
    from nnviz.storage.replay import read_recipe

    path = folder / "a.json"
    path.write_bytes(damaged_json(_recipe(), chance))
    look_at([str(path)])
    read_recipe(path).to_json()


def _read_side_car(chance: random.Random, folder: Path) -> None:
    from nnviz.engine.models.files import read_side_car

    text = '{"title": "a", "labels": ["ant"], "preprocess": {"mean": [0.5]}}'
    if chance.random() < 0.3:
        text = '{"title": "a", "labels": "labels.txt"}'
    (folder / "w.json").write_bytes(damaged_json(text, chance))
    read_side_car(folder / "w.pth")


def _read_labels(chance: random.Random, folder: Path) -> None:
    from nnviz.engine.models.labels import read_labels

    suffix, text = chance.choice((
        (".txt", "ant\nbee\ncat\n"),
        (".csv", 'index,name\n0,ant\n1,"bee"\n'),
        (".json", '["ant", "bee"]'),
        (".json", '{"0": ["n01", "ant"], "1": ["n02", "bee"]}'),
    ))  # fmt: skip
    path = folder / f"labels{suffix}"
    if suffix == ".json":
        path.write_bytes(damaged_json(text, chance))
    else:
        path.write_bytes(odd_text(text, chance).encode("utf-8", "surrogatepass"))
    read_labels(path)


def _read_annotations(chance: random.Random, folder: Path) -> None:
    from nnviz.engine.data.annotated import (
        boxes_of,
        read_annotations,
        semantic_of,
    )

    square = [1, 1, 9, 1, 9, 9, 1, 9]
    data = {
        "images": [{"id": 1, "file_name": "a.png", "height": 20, "width": 20}],
        "categories": [{"id": 3, "name": "ant"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 64,
             "bbox": [1, 1, 8, 8], "segmentation": [square]},
            {"id": 2, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 9,
             "bbox": [1, 1, 3, 3],
             "segmentation": {"size": [20, 20], "counts": [21, 3, 17, 3, 356]}},
            {"id": 3, "image_id": 1, "category_id": 3, "iscrowd": 0, "area": 4,
             "bbox": [1, 1, 2, 2], "segmentation":
             {"size": [20, 20], "counts": "e05b:5"}},
        ],
    }  # fmt: skip
    if chance.random() < 0.2:
        counts = "".join(
            chr(chance.randrange(40, 120)) for _ in range(chance.randrange(30))
        )
        data["annotations"][2]["segmentation"]["counts"] = counts  # type: ignore[index]
    (folder / "a.json").write_bytes(damaged_json(json.dumps(data), chance))
    for picture in read_annotations(folder).pictures:
        boxes_of(picture, {3: 0})
        semantic_of(picture, {3: 0}, (20, 20), 1)


def _read_placement(chance: random.Random, _folder: Path) -> None:
    from nnviz.base.stickers.placement import Placement

    text = '{"x": 0.5, "y": 0.5, "width": 0.25, "angle": 3}'
    Placement.from_json(damaged_json(text, chance).decode("utf-8", "replace"))


def _read_stickers(chance: random.Random, _folder: Path) -> None:
    from nnviz.base.stickers.placed import parse_placed
    from nnviz.media.stickers.placed import open_placed

    text = "round:#ff0000 @ 0.5 0.5 0.25 0; cat.png @ 0.2 0.3 0.4 15 0.8"
    open_placed(parse_placed(odd_text(text, chance)))


def _read_script(chance: random.Random, folder: Path) -> None:
    from nnviz.runtime.capture.script import read_script

    toml = 'size = [480, 640]\nrate = 30\n[[events]]\nat = 3\ndo = "freeze"\n'
    text = {"size": [48, 64], "rate": 30, "events": [{"at": 3, "do": "freeze"}]}
    if chance.random() < 0.5:
        path = folder / "a.toml"
        path.write_bytes(odd_text(toml, chance).encode("utf-8", "surrogatepass"))
    else:
        path = folder / "a.json"
        path.write_bytes(damaged_json(json.dumps(text), chance))
    read_script(path)


# --- recordings and archives ------------------------------------------------------


@cache
def _recording() -> dict[str, bytes]:
    import tempfile

    import numpy as np

    from nnviz.base.recipes import Recipe
    from nnviz.media.recordings import Facts, Recording

    with tempfile.TemporaryDirectory() as name:
        recording = Recording(Path(name))
        recording.write_recipe(Recipe.from_json(_recipe(), "recipe"))
        recording.write_facts(Facts(4))
        for step in range(3):
            recording.append(np.zeros((8, 8, 3), np.uint8), {"loss": 0.5, "step": step})
            recording.keep_state({"x": np.zeros((4, 4), np.float32)})
        recording.append({"map": np.ones((3, 3))}, {"loss": 0.1})
        return {path.name: path.read_bytes() for path in Path(name).iterdir()}


def _read_recording(chance: random.Random, folder: Path) -> None:
    from nnviz.media.recordings import open_recording

    files = _recording()
    chosen = chance.choice(sorted(files))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    data, text = files[chosen], chosen.endswith(".json")
    changed = damaged_json(data.decode(), chance) if text else damaged(data, chance)
    (folder / chosen).write_bytes(changed)
    recording = open_recording(folder)
    _ = recording.recipe, recording.facts, recording.numbers
    for step in recording.frames:
        recording.frame(step)
    for step in recording.states:
        recording.state(step)


def _read_archive(chance: random.Random, folder: Path) -> None:
    from nnviz.engine.data.folders import load_split, unpacked

    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("ant/a.png", "ant/b.png", "bee/c.png"):
            file.writestr(name, _image("PNG", "RGB"))
    (folder / "data.zip").write_bytes(damaged(written.getvalue(), chance))
    with unpacked(folder / "data.zip") as data:
        load_split(data, 16)


# --- arguments --------------------------------------------------------------------


def _read_words(chance: random.Random, folder: Path) -> None:
    """Words of the command line: names of files, of networks, of classes, numbers."""
    from nnviz.cli.arguments import preprocess_from
    from nnviz.engine.models.references import parse
    from nnviz.media.decode import open_image

    image = str(folder / "cat.png")
    reads, text = chance.choice((
        (open_image, image),
        (parse, "zoo:resnet18@random:3"),
        (parse, "bundled:objects"),
        (parse, str(folder / "weights.safetensors")),
        (preprocess_from, '{"mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]}'),
        (preprocess_from, str(folder / "preprocess.json")),
    ))  # fmt: skip
    reads(odd_text(text, chance))


def _read_parameter(chance: random.Random, _folder: Path) -> None:
    from nnviz.engine.method import methods

    known = methods()
    method = known[chance.choice(sorted(known))]
    if method.info.parameters:
        parameter = chance.choice(method.info.parameters)
        parameter.parse(odd_text(str(parameter.default), chance))


def _of_checkpoint(kind: str) -> Case:
    return lambda chance, folder: _read_checkpoint(kind, chance, folder)


CASES: dict[str, Case] = {
    **{
        f"checkpoint {kind}": _of_checkpoint(kind)
        for kind in ("zip", "legacy", "safetensors", "module", "plain")
    },
    "onnx": _read_onnx,
    "network folder": _read_network_folder,
    "image": _read_image,
    "array": _read_array,
    "video": _read_video,
    "recipe": _read_recipe,
    "side-car": _read_side_car,
    "labels": _read_labels,
    "annotations": _read_annotations,
    "placement": _read_placement,
    "stickers": _read_stickers,
    "script": _read_script,
    "recording": _read_recording,
    "archive": _read_archive,
    "words": _read_words,
    "parameter": _read_parameter,
    **kept_files.CASES,
}
