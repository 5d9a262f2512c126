"""Recurrent network (Elman 1990): forward pass and backpropagation through time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.lessons.arithmetic.neurons.activations import softmax

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Parameters of h_t = tanh(W_hh h + W_xh x + b), y_t = W_hy h + c.

    Attributes:
        inputs: W_xh, (hidden, inputs).
        hidden: W_hh, (hidden, hidden).
        outputs: W_hy, (outputs, hidden).
        hidden_bias: b, (hidden,).
        output_bias: c, (outputs,).
    """

    inputs: Numbers
    hidden: Numbers
    outputs: Numbers
    hidden_bias: Numbers
    output_bias: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """A forward pass over a sequence.

    Attributes:
        states: h before the first step to after the last, (T + 1, hidden).
        scores: y of each step, (T, outputs).
        probabilities: their softmax.
        losses: −ln of the target's probability at each step, (T,).
    """

    states: Numbers
    scores: Numbers
    probabilities: Numbers
    losses: Numbers


def make_weights(
    inputs: int, hidden: int, outputs: int, random: np.random.Generator
) -> Weights:
    """Initialize weights uniformly in ±1/√hidden, and biases to zero."""
    bound = 1 / np.sqrt(hidden)
    return Weights(
        random.uniform(-bound, bound, (hidden, inputs)),
        random.uniform(-bound, bound, (hidden, hidden)),
        random.uniform(-bound, bound, (outputs, hidden)),
        np.zeros(hidden),
        np.zeros(outputs),
    )


def unroll(
    weights: Weights, sequence: Numbers, targets: NDArray[np.int64], state: Numbers
) -> Unrolled:
    """Run the forward pass over a sequence.

    Args:
        weights: of the network.
        sequence: inputs, (T, inputs).
        targets: index of the correct output at each step, (T,).
        state: h before the first step, (hidden,).
    """
    states = [state]
    for x in sequence:
        drive = weights.hidden @ states[-1] + weights.inputs @ x + weights.hidden_bias
        states.append(np.tanh(drive))
    scores = np.array(states[1:]) @ weights.outputs.T + weights.output_bias
    probabilities = softmax(scores)
    right = probabilities[np.arange(len(targets)), targets]
    losses = -np.log(np.maximum(right, np.finfo(float).tiny))
    return Unrolled(np.array(states), scores, probabilities, losses)


def back_propagate(
    weights: Weights,
    sequence: Numbers,
    targets: NDArray[np.int64],
    run: Unrolled,
    *,
    truncate: int = 0,
) -> tuple[Weights, Numbers]:
    """Return the summed loss's gradient (BPTT), and ‖∂C/∂h_t‖ at each step.

    Args:
        weights: of the network.
        sequence: inputs, (T, inputs).
        targets: index of the correct output at each step, (T,).
        run: the forward pass.
        truncate: number of steps back after which the gradient is cut; 0 never cuts.

    Returns:
        Gradients in the layout of the parameters; norms (T,).
    """
    steps = len(sequence)
    wrong = run.probabilities.copy()
    wrong[np.arange(steps), targets] -= 1
    found = Weights(*(np.zeros_like(each) for each in weight_parts(weights)))
    norms = np.zeros(steps)
    later = np.zeros(len(weights.hidden))
    for step in reversed(range(steps)):
        if truncate and (step + 1) % truncate == 0:
            later = np.zeros_like(later)
        into = weights.outputs.T @ wrong[step] + later
        norms[step] = np.linalg.norm(into)
        delta = into * (1 - np.square(run.states[step + 1]))
        found.inputs[...] += np.outer(delta, sequence[step])
        found.hidden[...] += np.outer(delta, run.states[step])
        found.hidden_bias[...] += delta
        later = weights.hidden.T @ delta
    found.outputs[...] = wrong.T @ run.states[1:]
    found.output_bias[...] = wrong.sum(axis=0)
    return found, norms


def descend(weights: Weights, gradient: Weights, rate: float, clip: float) -> Weights:
    """Return the weights after a descent step with gradient-norm clipping.

    Clipping by the norm (Pascanu et al. 2013, arXiv:1211.5063); 0 disables it.
    """
    length = gradient_length(gradient)
    rate *= clip / length if clip and length > clip else 1
    pairs = zip(weight_parts(weights), weight_parts(gradient), strict=True)
    return Weights(*(old - rate * slope for old, slope in pairs))


def gradient_length(gradient: Weights) -> float:
    """Return the Euclidean norm of all parameters' gradients together."""
    return float(np.sqrt(sum(np.square(each).sum() for each in weight_parts(gradient))))


def weight_parts(weights: Weights) -> tuple[Numbers, ...]:
    """Return the parameters in the order of ``Weights``."""
    return (
        weights.inputs,
        weights.hidden,
        weights.outputs,
        weights.hidden_bias,
        weights.output_bias,
    )


def with_largest_singular_value(matrix: Numbers, wanted: float) -> Numbers:
    """Return an orthogonal matrix scaled so that all singular values are ``wanted``.

    So gradients neither vanish along some directions nor explode along others.
    """
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(wanted * left @ right, np.float64)


def gradient_norms(
    hidden: Numbers, steps: int, *, squash: bool, state: Numbers
) -> Numbers:
    """Return ‖∂h_T/∂h_t · u‖ from the last step backwards, (steps + 1,).

    Args:
        hidden: W_hh, (H, H).
        steps: number of steps back.
        squash: whether to include tanh, whose slope shrinks the gradient further.
        state: h at the first step, (H,).
    """
    states = [state]
    for _ in range(steps):
        drive = hidden @ states[-1]
        states.append(np.tanh(drive) if squash else drive)
    gradient = np.ones(len(hidden)) / np.sqrt(len(hidden))
    norms = [1.0]
    for after in reversed(states[1:]):
        slope = 1 - np.square(after) if squash else 1.0
        gradient = hidden.T @ (slope * gradient)
        norms.append(float(np.linalg.norm(gradient)))
    return np.array(norms)


def one_hot(indices: NDArray[np.int64], size: int) -> Numbers:
    """Return one-hot rows, (N, size)."""
    return np.eye(size)[indices]
