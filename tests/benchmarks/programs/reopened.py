"""Open photographs and attacked pictures without nnviz; say which answers differ.

Usage: python reopened.py FOLDER

FOLDER holds ``net.pt2``, ``asked.json`` and folders with ``clean.png`` and
``attacked.png``.  Pillow opens them, torchvision makes the input, torch runs the
network.  Prints JSON: for each whether the answer flipped, and the largest change, in
1/255.
"""

import json
import sys
from pathlib import Path

import torch
from PIL import Image
from torchvision import transforms


def main() -> None:
    whole = Path(sys.argv[1])
    asked = json.loads((whole / "asked.json").read_text())
    fitted = transforms.Compose(
        [
            transforms.Resize(asked["resize"]),
            transforms.CenterCrop(asked["size"]),
            transforms.ToTensor(),
        ]
    )
    normalized = transforms.Normalize(asked["mean"], asked["std"])
    net = torch.export.load(whole / "net.pt2").module()
    flips, largest = [], []
    for folder in sorted(path for path in whole.iterdir() if path.is_dir()):
        clean, found = (
            fitted(Image.open(folder / name).convert("RGB"))
            for name in ("clean.png", "attacked.png")
        )
        with torch.no_grad():
            first, second = (net(normalized(each)[None])[0] for each in (clean, found))
        flips.append(int(first.argmax()) != int(second.argmax()))
        largest.append(round(255 * float((clean - found).abs().max()), 3))
    assert not any(name.startswith("nnviz") for name in sys.modules)
    sys.stdout.write(json.dumps([flips, largest]))


if __name__ == "__main__":
    main()
