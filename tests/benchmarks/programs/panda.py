"""Attack held-out photographs by PGD, save the pictures, ask another program.

Usage: python tests/benchmarks/programs/panda.py NETWORK DATA [PICTURES] [EPSILON]

NETWORK is a bundled classifier, DATA the folder of its own training data, of which the
held-out part is taken.  The pictures are attacked and saved as a user would, by
``nnviz.run`` and ``nnviz.save_attacked``; ``reopened.py`` opens them with Pillow,
torchvision and an exported network, without nnviz.  Prints one line of JSON.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from PIL import Image as PillowImage

import nnviz
from nnviz.base.images import Image, rgb8
from nnviz.engine.evaluation.sources import questions_in

PICTURES, EPSILON, STEPS = 200, 4.0, 40


def attack(model: nnviz.Model, image: Image, folder: Path, epsilon: float) -> bool:
    """Attack a photograph, write it and the picture; return whether that fools."""
    result = nnviz.run(
        "pgd",
        model,
        image,
        epsilon=epsilon,
        steps=STEPS,
        step=epsilon / 4,
        early_stop=True,
    )
    PillowImage.fromarray(rgb8(image.pixels)).save(folder / "clean.png")
    return nnviz.save_attacked(result, folder / "attacked.png").fooled


def export(model: nnviz.Model, folder: Path) -> None:
    """Write the network for programs that know torch, and how it is asked."""
    preprocess = model.info.preprocess
    net = model.pixel_module().cpu().eval()[1]
    example = torch.zeros(1, preprocess.channels, *preprocess.input_size)
    torch.export.save(torch.export.export(net, (example,)), folder / "net.pt2")
    facts = {
        "resize": preprocess.resize,
        "size": preprocess.input_size,
        "mean": preprocess.mean,
        "std": preprocess.std,
    }
    (folder / "asked.json").write_text(json.dumps(facts))


def main() -> None:
    network, data, *rest = sys.argv[1:]
    number = int(rest[0]) if rest else PICTURES
    epsilon = float(rest[1]) if rest[1:] else EPSILON
    model = nnviz.load(network, device="cpu")
    questions = questions_in(Path(data), number, held_out=True)
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name)
        export(model, whole)
        survived = []
        for place, question in enumerate(questions):
            folder = whole / f"{place:04}"
            folder.mkdir()
            survived.append(attack(model, question.open(), folder, epsilon))
        told = subprocess.run(
            [sys.executable, Path(__file__).with_name("reopened.py"), whole],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    flips, largest = json.loads(told)
    agreed = sum(map(bool.__and__, survived, flips))
    answer = {
        "network": network,
        "pictures": len(questions),
        "reported": sum(survived),
        "flipped for the other program": sum(flips),
        "agreed": agreed,
        "largest noise": max(largest),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
