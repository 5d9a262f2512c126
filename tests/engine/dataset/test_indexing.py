"""Indexing sets of images.

Truth: a plain loop over the images, one at a time, in the network's own modules;
hashlib; the system, which kills the process; files changed by hand.
"""

import hashlib
import json
import signal
import subprocess
import sys
from types import SimpleNamespace

import fsspec
import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

import nnviz
from nnviz.base.errors import InputError, UsageError
from nnviz.cli import main
from nnviz.engine.dataset import chunk
from nnviz.engine.dataset.chunk import chunk_spans, largest_chunk
from nnviz.media.index import ImageIndex
from tests.engine.dataset.conftest import ColorNet, draw


def pixels_of(path):
    array = np.asarray(PillowImage.open(path), np.float32) / 255
    return torch.from_numpy(array.transpose(2, 0, 1))[None]


def test_every_record_is_what_a_plain_loop_gives(colors, color_index):
    net = ColorNet().eval()
    assert len(color_index) == 42
    columns, names = color_index.columns, color_index.class_names
    for record, path in enumerate(color_index.paths):
        with torch.no_grad():
            maps = net.relu(net.conv(pixels_of(colors / path)))[0]
            logits = net(pixels_of(colors / path))[0].double()
        shares = logits.softmax(0).numpy()
        label = names.index(path.split("/")[0])
        assert columns["label"][record] == label
        assert columns["predicted"][record] == shares.argmax()
        best = np.sort(shares)[::-1]
        for name, expected in (
            ("confidence", best[0]),
            ("margin", best[0] - best[1]),
            ("loss", -np.log(shares[label])),
            ("entropy", -(shares * np.log(shares)).sum()),
        ):
            assert columns[name][record] == pytest.approx(expected, abs=2e-6), name
        np.testing.assert_allclose(
            color_index.features("relu")[record], maps.mean((1, 2)), atol=1e-6
        )
        flat = maps.flatten(1)
        np.testing.assert_allclose(
            color_index.images.maxima("relu")[record], flat.amax(1), atol=1e-6
        )
        places = color_index.images.places("relu")[record].astype(int)
        for channel in range(3):
            value = flat[channel, places[channel]]
            assert value == pytest.approx(float(flat[channel].max()), abs=1e-6)
        data = (colors / path).read_bytes()
        assert bytes(color_index.images.sha256[record]) == hashlib.sha256(data).digest()
        assert columns["bytes"][record] == len(data)
    assert color_index.thumbnails.shape == (42, 16, 16, 3)
    thumbnail = np.asarray(PillowImage.open(colors / color_index.paths[7]))
    assert (color_index.thumbnails[7] == thumbnail).all()


def test_typical_images_lie_near_the_center_of_their_class(color_index):
    features = np.asarray(color_index.features("relu"), np.float64)
    labels = np.asarray(color_index.columns["label"])
    for label in range(3):
        own = features[labels == label]
        center = own.mean(0)
        cosine = own @ center / np.linalg.norm(own, axis=1) / np.linalg.norm(center)
        np.testing.assert_allclose(
            color_index.columns["center_distance"][labels == label],
            1 - cosine,
            atol=1e-5,
        )


def test_broken_files_are_listed_and_skipped(tmp_path, color_model):
    folder = draw(tmp_path / "set", 3)
    (folder / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    (folder / "red" / "empty.png").write_bytes(b"")
    index = nnviz.index(folder, color_model, out=tmp_path / "index")
    assert len(index) == 9
    skipped = dict(index.images.skipped)
    assert sorted(skipped) == ["red/broken.png", "red/empty.png"]
    assert "empty (0 bytes)" in skipped["red/empty.png"]
    again = nnviz.index(folder, color_model, out=tmp_path / "index")
    assert again.summary.added == 0
    assert len(again.summary.skipped) == 2  # listed once, not tried again


def test_new_images_are_added_and_changed_ones_are_found(tmp_path, color_model):
    folder = draw(tmp_path / "set", 2)
    nnviz.index(folder, color_model, out=tmp_path / "index")
    (folder / "violet").mkdir()
    PillowImage.new("RGB", (16, 16), "violet").save(folder / "violet" / "0.png")
    PillowImage.new("RGB", (16, 16), "red").save(folder / "red" / "1.png")
    (folder / "green" / "0.png").unlink()
    touched = folder / "blue" / "0.png"
    touched.write_bytes(touched.read_bytes())  # another time, the same bytes
    index = nnviz.index(folder, color_model, out=tmp_path / "index")
    assert index.summary.added == 1
    assert index.summary.changed == ("red/1.png",)
    assert index.summary.missing == ("green/0.png",)
    assert index.class_names == ("red", "green", "blue", "violet")
    assert index.columns["label"][-1] == 3
    assert np.isnan(index.columns["loss"][-1])  # the network knows no violet


def test_an_index_of_another_network_is_not_gone_on_with(tmp_path, colors, color_model):
    nnviz.index(colors, color_model, out=tmp_path / "index", limit=4)
    other = ColorNet()
    with torch.no_grad():
        other.head.weight += 1
    preprocess = color_model.info.preprocess
    changed = nnviz.load(other, preprocess=preprocess, labels=["red", "green", "blue"])
    with pytest.raises(UsageError, match=r"another network.*--fresh"):
        nnviz.index(colors, changed, out=tmp_path / "index", limit=4)
    with pytest.raises(UsageError, match="other layers"):
        nnviz.index(colors, color_model, out=tmp_path / "index", layers="conv")
    made = nnviz.index(colors, changed, out=tmp_path / "index", limit=5, fresh=True)
    assert len(made) == 5
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("a")
    with pytest.raises(UsageError, match="holds other files"):
        nnviz.index(colors, color_model, out=tmp_path / "mine")


def test_tables_bring_labels_splits_and_numbers(tmp_path, colors, color_model):
    rows = ["path,label,split,age", "red/0.png,red,train,3.5", "green/1.png,,test,"]
    table = colors.parent / "table.csv"
    table.write_text("\n".join(rows).replace("red/0", "set/red/0").replace(
        "green/1", "set/green/1"))  # fmt: skip
    index = nnviz.index(table, color_model, out=tmp_path / "index")
    assert index.columns["label"].tolist() == [0, -1]
    splits = index.images.split_names
    assert [splits[k] for k in index.columns["split"]] == ["train", "test"]
    assert index.columns["age"][0] == 3.5
    assert np.isnan(index.columns["age"][1])


def test_annotations_label_an_image_by_its_largest_object(tmp_path, color_model):
    (tmp_path / "set" / "images").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        PillowImage.new("RGB", (16, 16)).save(tmp_path / "set" / "images" / name)
    boxes = [(1, 1, [0, 0, 4, 4]), (1, 2, [0, 0, 8, 8])]
    annotations = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
        "categories": [{"id": 1, "name": "red"}, {"id": 2, "name": "blue"}],
        "annotations": [
            {"image_id": image, "category_id": category, "bbox": box}
            for image, category, box in boxes
        ],
    }
    (tmp_path / "set" / "annotations.json").write_text(json.dumps(annotations))
    index = nnviz.index(tmp_path / "set", color_model, out=tmp_path / "index")
    assert [index.class_names[k] if k >= 0 else "" for k in index.columns["label"]] == [
        "blue", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "image"),
    [
        ("annotations/instances_val2017.json", "val2017/a.png"),  # as COCO comes
        ("valid/_annotations.coco.json", "valid/a.png"),  # as Roboflow writes
        ("labels.json", "data/a.png"),  # as FiftyOne writes
        ("train.json", "images/train/a.png"),
    ],
)
def test_images_of_annotations_are_found_where_they_usually_lie(
    tmp_path, color_model, file, image
):
    for name in (file, image):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
    PillowImage.new("RGB", (16, 16)).save(tmp_path / image)
    listed = {"images": [{"id": 1, "file_name": "a.png"}]}
    (tmp_path / file).write_text(json.dumps(listed))
    index = nnviz.index(tmp_path / file, color_model, out=tmp_path / "index")
    assert (len(index), index.images.skipped) == (1, ())
    assert index.columns["objects"].tolist() == [0]


def test_several_files_of_annotations_are_told(tmp_path, color_model):
    folder = draw(tmp_path / "set", 1)
    for name in ("train.json", "val.json"):
        listed = {"images": [{"id": 1, "file_name": "red/0.png"}]}
        (folder / name).write_text(json.dumps(listed))
    index = nnviz.index(folder, color_model, out=tmp_path / "index")
    assert len(index) == 3
    assert "train.json, val.json" in index.summary.notes[0]


def test_masks_beside_images_are_no_images_of_the_set(tmp_path, color_model):
    """As YOLO's sets and those of segmentation lie."""
    for part in ("images", "masks"):
        (tmp_path / "set" / part).mkdir(parents=True)
        PillowImage.new("RGB", (16, 16)).save(tmp_path / "set" / part / "a.png")
    index = nnviz.index(tmp_path / "set", color_model, out=tmp_path / "index")
    assert list(index.images.paths) == ["a.png"]


def test_an_index_names_its_images_for_another_network(tmp_path, color_model):
    folder = draw(tmp_path / "set", 1)
    (folder / "rows.csv").write_text(
        "path,label,split,age\nred/0.png,red,train,3\nblue/0.png,,test,4\n"
    )
    first = nnviz.index(folder / "rows.csv", color_model, out=tmp_path / "first")
    second = nnviz.index(tmp_path / "first", color_model, out=tmp_path / "second")
    assert list(second.images.paths) == list(first.images.paths)
    for name in ("label", "predicted", "split", "age", "loss"):
        np.testing.assert_array_equal(second.columns[name], first.columns[name], name)


def test_splits_and_lists(tmp_path, color_model):
    draw(tmp_path / "set" / "train", 1)
    draw(tmp_path / "set" / "test", 1)
    index = nnviz.index(tmp_path / "set", color_model, out=tmp_path / "index")
    assert index.images.split_names == ("test", "train")
    assert index.columns["label"].tolist() == [2, 1, 0] * 2
    listed = [tmp_path / "set" / path for path in index.paths[:2]]
    few = nnviz.index(listed, color_model, out=tmp_path / "few")
    assert few.paths == [str(path) for path in listed]
    assert few.columns["label"].tolist() == [-1, -1]


def test_images_behind_urls_are_read_by_fsspec(tmp_path, colors, color_model):
    system = fsspec.filesystem("memory")
    for path in sorted(colors.rglob("[01].png")):
        name = path.relative_to(colors).as_posix()
        system.pipe(f"/bucket/set/{name}", path.read_bytes())
    system.pipe("/bucket/set/red/empty.png", b"")
    index = nnviz.index("memory://bucket/set", color_model, out=tmp_path / "index")
    assert index.paths[0] == "blue/0.png"
    assert index.columns["label"].tolist() == [2, 2, 1, 1, 0, 0]
    assert index.summary.accuracy == 1
    assert dict(index.images.skipped) == {
        "red/empty.png": "is empty (0 bytes); copy it again"
    }
    rows = ["path,label", "memory://bucket/set/red/0.png,red"]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    listed = nnviz.index(tmp_path / "rows.csv", color_model, out=tmp_path / "listed")
    url = "memory://bucket/set/blue/0.png"
    given = nnviz.index([url], color_model, out=tmp_path / "given")
    for each, record in ((listed, 4), (given, 0)):
        assert (each.images.sha256[0] == index.images.sha256[record]).all()
        assert each.summary.missing == each.images.skipped == ()
    with pytest.raises(InputError, match="nosuch"):
        nnviz.index("nosuch://x", color_model, out=tmp_path / "no")


def test_generated_scenes_need_no_files(tmp_path, color_model):
    index = nnviz.index("scenes-planted", color_model, out=tmp_path / "i", limit=12)
    labels = {index.class_names[k] for k in index.columns["label"]}
    assert "star" in index.class_names
    assert labels <= set(index.class_names)
    assert index.summary.missing == ()


KILLED = """
import os, signal, sys
import nnviz
from nnviz.engine.dataset import chunk, indexing
chunk.CHUNK = chunk._FIRST_CHUNK = 8
indexing._COMMIT_SECONDS = 0.0

def kill(progress):
    if progress.done >= 20:
        os.kill(os.getpid(), signal.SIGKILL)

nnviz.index(sys.argv[1], "bundled:everyday", out=sys.argv[2], progress=kill)
"""


def test_a_killed_run_is_gone_on_with_to_the_same_bytes(tmp_path, colors, monkeypatch):
    monkeypatch.setattr(chunk, "CHUNK", 8)
    monkeypatch.setattr(chunk, "_FIRST_CHUNK", 8)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    nnviz.index(colors, "bundled:everyday", out=whole)
    command = [sys.executable, "-c", KILLED, str(colors), str(killed)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    facts = ImageIndex(killed).facts
    assert facts.count == 24  # chunks of 8: the third was committed
    assert not facts.finished
    nnviz.index(colors, "bundled:everyday", out=killed)
    files = [path for path in whole.rglob("*") if path.is_file()]
    assert len(files) > 15
    for path in files:
        other = killed / path.relative_to(whole)
        assert other.read_bytes() == path.read_bytes(), path.name


def test_chunks_grow_and_have_the_same_borders_wherever_a_run_begins():
    """Truth: powers of two, by hand."""
    borders = [32, 64, 128, 256, 512, 1024, 1536, 1700]
    whole = list(chunk_spans(1700))
    assert [each.stop for each in whole] == borders
    assert [each.start for each in whole] == [0, *borders[:-1]]
    for done in (1, 32, 100, 512, 600, 1699):
        ends = [done + each.stop for each in chunk_spans(1700 - done, done)]
        assert ends == [each for each in borders if each > done]


def test_chunks_of_slow_networks_are_small_so_that_little_is_lost():
    """Truth: VGG-16's 15.5 and ResNet-50's 4.1 billion multiply-accumulates, 2^39."""
    device = torch.device("cpu")

    def most(macs):
        return largest_chunk(
            SimpleNamespace(device=device, info=SimpleNamespace(macs=macs))
        )

    sizes = [most(each) for each in (None, 3e8, 4.1e9, 15.5e9, 1e12)]
    assert sizes == [512, 512, 128, 64, 64]
    ends = [each.stop for each in chunk_spans(300, 0, 64)]
    assert ends == [32, 64, 128, 192, 256, 300]


def test_the_first_images_are_there_at_once(tmp_path, colors, color_model):
    """Truth: the record on disk while the run goes on."""
    seen = []

    def look(progress):
        if progress.done == 32:
            seen.append(ImageIndex(tmp_path / "index").facts)

    nnviz.index(colors, color_model, out=tmp_path / "index", progress=look)
    assert (seen[0].count, seen[0].total, seen[0].finished) == (32, 42, False)


def test_the_command_line_indexes_and_says_what_is_wrong(tmp_path, colors, capsys):
    out = str(tmp_path / "index")
    words = ["index", str(colors), "--model", "bundled:everyday", "--limit", "6"]
    assert main([*words, "--out", out, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["count"], summary["layers"]) == (6, ["stage3"])
    assert main([*words, "--out", out]) == 0
    assert "6 images, bundled:everyday" in capsys.readouterr().out
    assert main(words) == 2
    assert main(["index", str(tmp_path / "none"), "--out", out]) == 1
    assert "no such folder or file" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no images"):
        nnviz.index(tmp_path / "empty", "bundled:everyday", out=tmp_path / "x")
