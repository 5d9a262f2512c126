"""torchattacks' and foolbox's pictures: python attacks.py NET.pt PICTURES.npz OUT.npz.

Run by .venv-peers' Python.  NET.pt is a pickled classifier of pixels in [0, 1], in
float64; the settings are those of tests/reference/test_reference_attacks.py.
"""

import sys

import foolbox
import numpy as np
import torch
import torchattacks

EPSILON, STEP, STEPS = 4 / 255, 1 / 255, 10
LONG, STRIDE = 1.5, 0.3
ROUNDS, DESCENT = 6, 150


def main() -> None:
    torch.set_default_dtype(torch.float64)
    net = torch.load(sys.argv[1], weights_only=False)
    given = np.load(sys.argv[2])
    pictures = torch.from_numpy(given["pictures"])
    labels = torch.from_numpy(given["labels"])
    found = {
        "fgsm": torchattacks.FGSM(net, EPSILON)(pictures, labels),
        "bim": torchattacks.PGD(net, EPSILON, STEP, STEPS, random_start=False)(
            pictures, labels
        ),
        "mifgsm": torchattacks.MIFGSM(net, EPSILON, STEP, STEPS, decay=1.0)(
            pictures, labels
        ),
        "l2": torchattacks.PGDL2(
            net, LONG, STRIDE, STEPS, random_start=False, eps_for_division=0
        )(pictures, labels),
        "torchattacks deepfool": torchattacks.DeepFool(net, 50, 0.02)(pictures, labels),
        "torchattacks cw": torchattacks.CW(net, 1, 0, DESCENT, 0.01)(pictures, labels),
    }
    model = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
    others = {
        "foolbox fgsm": (foolbox.attacks.FGSM(random_start=False), EPSILON),
        "foolbox bim": (
            foolbox.attacks.LinfBasicIterativeAttack(
                abs_stepsize=STEP, steps=STEPS, random_start=False
            ),
            EPSILON,
        ),
        "deepfool": (
            foolbox.attacks.L2DeepFoolAttack(steps=50, candidates=10, overshoot=0.02),
            None,
        ),
        "cw": (
            foolbox.attacks.L2CarliniWagnerAttack(
                binary_search_steps=ROUNDS,
                steps=DESCENT,
                stepsize=0.01,
                initial_const=0.1,
                abort_early=False,
            ),
            None,
        ),
    }
    for name, (attack, epsilon) in others.items():
        raw, clipped, _ = attack(model, pictures, labels, epsilons=epsilon)
        found[name] = raw if epsilon is None else clipped
    np.savez(
        sys.argv[3], **{name: each.detach().numpy() for name, each in found.items()}
    )


if __name__ == "__main__":
    main()
