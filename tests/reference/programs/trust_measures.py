"""Scores of maps by Quantus and torch-cam: python trust_measures.py OUT.npz.

Run by .venv-peers' Python with tests/ on its path.
"""

import itertools
import sys

import numpy as np
import quantus
import torch
from quantus.functions.perturb_func import noisy_linear_imputation
from quantus.functions.similarity_func import correlation_spearman
from support import trusted
from torchcam.metrics import ClassificationMetric, DeletionInsertionMetric

PLAIN = {
    "abs": False, "normalise": False, "disable_warnings": True,
    "return_aggregate": False,
}  # fmt: skip


class GivenMap:
    """As torch-cam's extractors, but its map is given."""

    def __init__(self, model, values):
        self.model, self.values = model, torch.from_numpy(values)[None]

    def __call__(self, *_, **__):
        positive = self.values.clamp(min=0)
        low, high = positive.min(), positive.max()
        return [(positive - low) / (high - low)]

    def fuse_cams(self, cams):
        return cams[0]

    def _hooks_off(self):
        return torch.no_grad()


def by_quantus(values: np.ndarray) -> dict[str, object]:
    """Return Quantus' scores of a map."""
    model, x = trusted.net(), trusted.image()
    y, mask = np.array([trusted.CLASS]), trusted.mask()[None, None]
    given = {"model": model, "x_batch": x, "y_batch": y, "a_batch": values[None, None]}
    step = trusted.SIDE**2 // 16
    flipping = quantus.PixelFlipping(
        features_in_step=step, perturb_baseline=0.0, **PLAIN
    )
    localized = quantus.AttributionLocalisation(positive_attributions=True, **PLAIN)
    infidelity = quantus.Infidelity(
        perturb_baseline=0.0,
        perturb_patch_sizes=[trusted.BLOCK],
        n_perturb_samples=1,
        **PLAIN,
    )
    ones = {**given, "x_batch": np.ones_like(x)}
    return {
        "pointing": quantus.PointingGame(**PLAIN)(**given, s_batch=mask)[0],
        "energy": localized(**given, s_batch=mask)[0],
        "flipping": flipping(**given, softmax=True)[0],
        "infidelity": infidelity(**ones)[0],
        "spearman": correlation_spearman(
            np.abs(values).ravel(), np.abs(trusted.maps()[0] + values).ravel()
        ),
    }


def sensitivity() -> float:
    """Return Quantus' max-sensitivity of the gradient under given noises."""
    noises = itertools.cycle(trusted.noises())

    def perturb(arr, **_):
        return arr + next(noises).reshape(arr.shape)

    measure = quantus.MaxSensitivity(
        nr_samples=trusted.NOISES, perturb_func=perturb, **PLAIN
    )
    return measure(
        model=trusted.net(),
        x_batch=trusted.image(),
        y_batch=np.array([trusted.CLASS]),
        explain_func=lambda inputs, **_: trusted.explained(inputs)[:, None],
    )[0]


def by_torch_cam(values: np.ndarray) -> dict[str, float]:
    """Return torch-cam's scores of a map."""
    extractor = GivenMap(trusted.net(), values)
    softmax, x = lambda logits: logits.softmax(-1), torch.from_numpy(trusted.image())
    found: dict[str, float] = {}
    for metric in (
        ClassificationMetric(extractor, softmax),
        DeletionInsertionMetric(extractor, softmax, steps=16),
    ):
        metric.update(x, trusted.CLASS)
        found |= metric.summary()
    return found


def main() -> None:
    torch.set_default_dtype(torch.float64)
    indices = np.flatnonzero(trusted.removed())
    found: dict[str, object] = {
        "imputed": noisy_linear_imputation(trusted.image(3)[0], indices, noise=0),
        "sensitivity": sensitivity(),
    }
    for number, values in enumerate(trusted.maps()):
        both = by_quantus(values) | by_torch_cam(values)
        found |= {f"{name} {number}": value for name, value in both.items()}
    np.savez(sys.argv[1], **{name: np.asarray(value) for name, value in found.items()})


main()
