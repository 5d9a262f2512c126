"""Teach classes of photographs, three at a time, and ask about others.

Usage: python tests/benchmarks/programs/teach_photographs.py DATA [TRIPLES] [SEED]

DATA holds ``caltech101`` (a folder for each class) and ``coco`` (images, labels in
YOLO's format).  Of each of three classes, drawn at random, 50 photographs are learned
from and 20 others are asked about.  From COCO the boxes of a kind of things are cut
out; no image is on both sides, and a kind with fewer boxes than 70 gives 5 of 7 to
learn from.  Prints a line for each triple, then mean and worst of each set.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

import nnviz

LEARNED, ASKED = 50, 20
LEAST_AREA = 0.005
"""Of a box that is cut out, as a share of its image."""
KINDS = {
    "person": range(1),
    "vehicle": range(1, 9),
    "kitchenware": range(39, 46),
    "food": range(46, 56),
    "furniture": range(56, 62),
}
"""COCO's classes of some of its kinds ("supercategories")."""

Photos = Mapping[str, tuple[Sequence[Path], Sequence[Path]]]
"""By class: to learn from, and to be asked about."""


def caltech(folder: Path) -> Photos:
    """Return all classes of which there are enough."""
    found = {}
    for each in sorted(folder.iterdir()):
        files = sorted(each.glob("*.jpg"))
        if len(files) >= LEARNED + ASKED and each.name != "BACKGROUND_Google":
            files = files[: LEARNED + ASKED]
            found[each.name] = (files[:LEARNED], files[LEARNED:])
    return found


def coco(folder: Path, cut: Path) -> Photos:
    """Cut boxes out of images; the first images are learned from."""
    found = {}
    for kind, classes in KINDS.items():
        (cut / kind).mkdir()
        by_image = [
            files for image in sorted((folder / "images").glob("*.jpg"))
            if (files := list(_crops(image, classes, cut / kind)))
        ]  # fmt: skip
        total = min(LEARNED + ASKED, sum(map(len, by_image)))
        learned: list[Path] = []
        while len(learned) < total * LEARNED // (LEARNED + ASKED):
            learned += by_image.pop(0)
        asked = [file for files in by_image for file in files]
        found[kind] = (learned[:LEARNED], asked[:ASKED])
    return found


def _crops(image: Path, classes: range, to: Path) -> Iterator[Path]:
    labels = image.parents[1] / "labels" / f"{image.stem}.txt"
    rows = [row.split() for row in labels.read_text().splitlines()]
    picture = PillowImage.open(image).convert("RGB")
    for place, (name, *numbers) in enumerate(rows):
        x, y, width, height = map(float, numbers[:4])
        if int(name) in classes and width * height >= LEAST_AREA:
            corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            sides = (*picture.size, *picture.size)
            box = [round(c * side) for c, side in zip(corners, sides, strict=True)]
            path = to / f"{image.stem}-{place}.png"
            picture.crop((box[0], box[1], box[2], box[3])).save(path)
            yield path


def taught(photos: Photos, names: Sequence[str]) -> dict[str, object]:
    """Teach three classes; return how often others are right, and the seconds."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        for each in names:
            (data / each).mkdir(parents=True)
            for path in photos[each][0]:
                (data / each / path.name).symlink_to(path)
        started = time.process_time()
        head = nnviz.teach(data, name, backbone="bundled:imagenet", name="three")
        work = time.process_time() - started
        model = nnviz.load(head.path)
        # A head learns from four fifths of these; the rest measures it in the window.
        labels = [each.replace("_", " ").lower() for each in names]
        asked = [
            (label, path)
            for each, label in zip(names, labels, strict=True)
            for path in photos[each][1]
        ]
        right = 0
        for label, path in asked:
            answer = nnviz.run("predictions", model, path)
            right += answer.main.labels[int(answer.data.argmax())] == label
    return {
        "classes": list(names),
        "learned": [len(photos[each][0]) for each in names],
        "asked": len(asked),
        "right": round(right / len(asked), 4),
        "seconds": round(head.seconds, 2),
        "processor seconds": round(work, 2),
    }


def measured(name: str, photos: Photos, triples: Sequence[Sequence[str]]) -> None:
    """Print a line for each triple, and one for all."""
    found = []
    for names in triples:
        found.append(taught(photos, names))
        print(json.dumps({"set": name, **found[-1]}), flush=True)
    right = [float(str(each["right"])) for each in found]
    seconds = sorted(float(str(each["processor seconds"])) for each in found)
    print(
        f"{name}: {len(found)} triples, right {100 * sum(right) / len(right):.1f} % in"
        f" the mean, {100 * min(right):.1f} % at worst; taught in"
        f" {seconds[len(seconds) // 2]:.1f} s of a processor",
        flush=True,
    )


def main() -> None:
    data = Path(sys.argv[1])
    count = int(sys.argv[2]) if sys.argv[2:] else 20
    draw = np.random.default_rng(int(sys.argv[3]) if sys.argv[3:] else 0)
    photos = caltech(data / "caltech101")
    names = sorted(photos)
    triples = [draw.choice(names, 3, replace=False).tolist() for _ in range(count)]
    measured(f"caltech101 ({len(names)} classes)", photos, triples)
    with tempfile.TemporaryDirectory() as cut:
        crops = coco(data / "coco", Path(cut))
        measured("coco crops", crops, list(combinations(crops, 3)))


main()
