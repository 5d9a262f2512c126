"""Print torchattacks' and foolbox's attacks over bare passes: ``name value goal``.

Run by .venv-peers' Python, which stands on ours.  A goal of 0 is none: the figure is
of a peer alone.  DeepFool is ours over foolbox's, both until the same photograph is
taken for something else; that the lengths of the noise are equal is checked.
"""

import copy
import warnings

import foolbox
import torchattacks

from tests.benchmarks.attack import (
    CANDIDATES,
    DESCENT,
    EPSILON,
    OVERSHOOT,
    SHORT_ROUNDS,
    STEP,
    STEPS,
    WALK,
    Bench,
    cpu_ratio,
)

FASTER = 1 / 2.5


def main() -> None:
    warnings.simplefilter("ignore")
    bench = Bench()
    x, answer = bench.x, bench.answer
    # As a user has it: nobody freezes the weights of a network for them.
    whole = copy.deepcopy(bench.whole).requires_grad_().eval()
    model = foolbox.PyTorchModel(whole, bounds=(0, 1), device="cpu")
    fgsm = foolbox.attacks.FGSM(random_start=False)
    pgd = foolbox.attacks.LinfBasicIterativeAttack(
        abs_stepsize=STEP, steps=STEPS, random_start=False
    )
    cw = foolbox.attacks.L2CarliniWagnerAttack(
        binary_search_steps=1, steps=DESCENT, stepsize=0.01, abort_early=False
    )
    fgsm_too = torchattacks.FGSM(whole, EPSILON)
    pgd_too = torchattacks.PGD(whole, EPSILON, STEP, STEPS, random_start=False)
    cw_too = torchattacks.CW(whole, 1, 0, DESCENT, 0.01)
    deepfool = foolbox.attacks.L2DeepFoolAttack(
        steps=WALK, candidates=CANDIDATES, overshoot=OVERSHOOT
    )
    ours, theirs = bench.walk(), deepfool.run(model, x, answer)
    lengths = [float((found - x).norm()) for found in (ours, theirs)]
    assert abs(lengths[0] - lengths[1]) <= 0.01 * lengths[1], lengths
    found = cpu_ratio(bench.walk, lambda: deepfool.run(model, x, answer))
    print(f"DeepFool at ten candidates / foolbox's {found} {FASTER}", flush=True)
    rows = (
        ("FGSM, torchattacks", lambda: fgsm_too(x, answer), 1),
        ("FGSM, foolbox", lambda: fgsm.run(model, x, answer, epsilon=EPSILON), 1),
        ("PGD-40, torchattacks", lambda: pgd_too(x, answer), STEPS),
        ("PGD-40, foolbox", lambda: pgd.run(model, x, answer, epsilon=EPSILON), STEPS),
        ("CW, torchattacks", lambda: cw_too(x, answer), DESCENT),
        ("CW, foolbox", lambda: cw.run(model, x, answer), DESCENT),
    )
    for name, attack, passes in rows:
        rounds = SHORT_ROUNDS if passes == 1 else 1
        found = cpu_ratio(attack, lambda n=passes: bench.bare(n), rounds)
        print(f"{name} / bare passes {found} 0", flush=True)


if __name__ == "__main__":
    main()
