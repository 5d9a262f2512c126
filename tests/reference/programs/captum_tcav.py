"""Writes tests/fixtures/peers/tcav.npz: captum's concept vectors and TCAV scores.

Usage: make peers, then .venv-peers/bin/python tests/reference/programs/captum_tcav.py

Captum's own classifier (scikit-learn's SGDClassifier) and scikit-learn's logistic
regression learn the vectors on the same activations of a layer that is a vector.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from captum.concept import TCAV, Concept
from captum.concept._utils.classifier import Classifier, DefaultClassifier
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.utils.data import DataLoader

FILE = Path(__file__).parents[2] / "fixtures" / "peers" / "tcav.npz"
COUNT, SIDE, CHANNELS, CLASSES = 40, 12, 6, 3
PENALTY = 1e-2


def make_net() -> nn.Sequential:
    torch.manual_seed(3)
    net = nn.Sequential(
        nn.Conv2d(3, CHANNELS, 5, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(CHANNELS, 16),
        nn.Tanh(),
        nn.Linear(16, CLASSES),
    ).eval()
    with torch.no_grad():  # bent, so that the signs of gradients differ by image
        net[0].weight *= 4
        net[4].weight *= 8
    return net


class Logistic(Classifier):
    """scikit-learn's logistic regression on standardized features, as nnviz has it."""

    def __init__(self) -> None:
        self._weights, self._classes = torch.empty(0), []

    def train_and_eval(self, dataloader, **_settings):
        parts = [(x, y) for x, y in dataloader]
        features = torch.cat([x for x, _ in parts]).numpy().astype(np.float64)
        labels = torch.cat([y for _, y in parts]).numpy()
        mean, spread = features.mean(0), features.std(0)
        # Two softmax vectors w/2 and -w/2 with PENALTY / 2 each: PENALTY / 4 of |w|^2.
        strength = 2 / (PENALTY * len(labels))
        model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
        model.fit((features - mean) / spread, labels)
        row = model.coef_[0] / spread
        # The first concept is class 0 for captum: its vector points towards it.
        self._classes = model.classes_.tolist()
        self._weights = torch.tensor(np.stack([-row, row])).float()
        return {"accs": torch.tensor(1.0)}

    def weights(self):
        return self._weights

    def classes(self):
        return self._classes


def scores(net, concept, random, inputs, classifier):
    def loader(images):
        return DataLoader(list(images), batch_size=16, shuffle=False)

    names = Concept(0, "concept", loader(concept)), Concept(1, "random", loader(random))
    with tempfile.TemporaryDirectory() as folder:
        tcav = TCAV(net, ["3"], classifier=classifier, save_path=folder)
        found = [
            tcav.interpret(inputs, [list(names)], target=target)["0-1"]["3"]
            for target in range(CLASSES)
        ]
        vectors = tcav.cavs["0-1"]["3"].stats["weights"].detach().numpy()
    return vectors, np.array([each["sign_count"].numpy() for each in found])


def main() -> None:
    net = make_net()
    generator = torch.Generator().manual_seed(0)

    def images(count: int) -> torch.Tensor:
        """Noise whose colors differ in brightness from image to image."""
        pixels = torch.rand(count, 3, SIDE, SIDE, generator=generator)
        return pixels * torch.rand(count, 3, 1, 1, generator=generator)

    random, concept, inputs = images(COUNT), images(COUNT), images(30)
    concept[:, 0] = (concept[:, 0] + 0.2).clamp(max=1)
    with torch.no_grad():
        features = [net[:4](each).numpy() for each in (concept, random)]
    own, own_counts = scores(net, concept, random, inputs, DefaultClassifier())
    logistic, counts = scores(net, concept, random, inputs, Logistic())
    np.savez_compressed(
        FILE,
        concept=features[0], random=features[1], inputs=inputs.numpy(),
        captum_vectors=own, captum_counts=own_counts,
        logistic_vectors=logistic, logistic_counts=counts,
        **{f"net.{name}": each.numpy() for name, each in net.state_dict().items()},
    )  # fmt: skip


if __name__ == "__main__":
    main()
