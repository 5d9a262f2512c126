"""LSTM cell, its variants, and the GRU.

Hochreiter & Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), peepholes of Gers &
Schmidhuber 2000, joined forget and input gates (Greff et al. 2015, arXiv:1503.04069),
GRU of Cho et al. 2014 (arXiv:1406.1078).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.lessons.arithmetic.neurons.activations import sigmoid

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LstmStep:
    """One step of an LSTM cell; every part is (H,).

    Attributes:
        forget: f, fraction of the old state that is kept.
        enter: i, fraction of the candidate that is added.
        candidate: g.
        leave: o, fraction of the state that is output.
        state: c = f c + i g.
        output: h = o tanh c.
    """

    forget: Numbers
    enter: Numbers
    candidate: Numbers
    leave: Numbers
    state: Numbers
    output: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class LstmWeights:
    """Parameters of an LSTM cell, gates in torch's order: i, f, g, o.

    Attributes:
        inputs: (4 H, inputs).
        hidden: (4 H, H).
        biases: (4 H,).
        peepholes: weights of the state in i, f and o, (3, H); zeros for none.
    """

    inputs: Numbers
    hidden: Numbers
    biases: Numbers
    peepholes: Numbers


def gate(
    state: Numbers, forget: Numbers, enter: Numbers, candidate: Numbers, leave: Numbers
) -> LstmStep:
    """Apply the gates of an LSTM cell to its state; return the step.

    Args:
        state: c before, (H,).
        forget: f in [0, 1].
        enter: i in [0, 1].
        candidate: g in [−1, 1].
        leave: o in [0, 1].
    """
    now = forget * state + enter * candidate
    return LstmStep(forget, enter, candidate, leave, now, leave * np.tanh(now))


def lstm_step(
    weights: LstmWeights,
    x: Numbers,
    output: Numbers,
    state: Numbers,
    *,
    joined: bool = False,
) -> LstmStep:
    """Return one step of an LSTM.

    Args:
        weights: of the cell.
        x: input, (inputs,).
        output: h before, (H,).
        state: c before, (H,).
        joined: whether the input gate is 1 − f.
    """
    sums = weights.inputs @ x + weights.hidden @ output + weights.biases
    enter_sum, forget_sum, candidate_sum, leave_sum = np.split(sums, 4)
    peep_enter, peep_forget, peep_leave = weights.peepholes
    forget = sigmoid(forget_sum + peep_forget * state)
    enter = 1 - forget if joined else sigmoid(enter_sum + peep_enter * state)
    candidate = np.tanh(candidate_sum)
    now = forget * state + enter * candidate
    leave = sigmoid(leave_sum + peep_leave * now)
    return gate(state, forget, enter, candidate, leave)


@dataclass(frozen=True, slots=True, eq=False)
class GruStep:
    """One step of a GRU; every part is (H,).

    Attributes:
        reset: r, fraction of the old state that the candidate sees.
        update: z, weight of the candidate in the new state.
        candidate: h̃.
        output: h = (1 − z) h + z h̃.
    """

    reset: Numbers
    update: Numbers
    candidate: Numbers
    output: Numbers


def gru_step(
    weights: tuple[Numbers, Numbers, Numbers], x: Numbers, output: Numbers
) -> GruStep:
    """Return one step of a GRU without biases.

    Args:
        weights: W_r, W_z and W_c of [h, x], (H, H + inputs) each.
        x: input, (inputs,).
        output: h before, (H,).
    """
    reset_weights, update_weights, candidate_weights = weights
    both = np.concatenate([output, x])
    reset = sigmoid(reset_weights @ both)
    update = sigmoid(update_weights @ both)
    gated = np.concatenate([reset * output, x])
    candidate = np.tanh(candidate_weights @ gated)
    return GruStep(reset, update, candidate, (1 - update) * output + update * candidate)
