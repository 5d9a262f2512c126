"""Taps: the oracle is a forward hook that clones, on torch's own modules."""

import threading

import pytest
import torch
from support.pristine import snapshot
from torch import nn

from nnviz.base.errors import CancelledError, ModelError, UsageError
from nnviz.engine.nn.hooks import output_of


def never():
    pass


class Counted(nn.Module):
    """Counts how often it is run."""

    def __init__(self):
        super().__init__()
        self.runs = 0

    def forward(self, x):
        self.runs += 1
        return x + 1


class Several(nn.Module):
    """Gives what attention gives: values and weights."""

    def forward(self, x):
        return x * 2, x * 3


class Words(nn.Module):
    def forward(self, x):
        self.seen = x
        return "no tensor"


@pytest.fixture
def x():
    return torch.linspace(-1, 1, 12).reshape(1, 3, 4)


def test_in_place_successor_does_not_reach_the_output(x):
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
    found = output_of(net, x, "0", check=never)
    assert torch.equal(found, net[0](x).detach())
    assert (found < 0).any()
    assert not found.requires_grad


def test_in_place_successor_with_an_unknown_number_of_calls(x):
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
    found = output_of(net, x, "0", calls=0, check=never)
    assert torch.equal(found, net[0](x).detach())


def test_nothing_behind_the_layer_is_computed(x):
    net = nn.Sequential(Counted(), Counted())
    output_of(net, x, "0", check=never)
    assert (net[0].runs, net[1].runs) == (1, 0)


def test_network_itself_has_no_name(x):
    net = nn.Sequential(Counted(), Counted())
    assert torch.equal(output_of(net, x, "", check=never), x + 2)


@pytest.mark.parametrize("calls", [3, 0])
def test_reused_layer_gives_its_last_output(x, calls):
    layer = Counted()
    net = nn.Sequential(layer, layer, layer, Counted())
    assert torch.equal(output_of(net, x, "0", calls=calls, check=never), x + 3)
    assert net[3].runs == (1 if calls == 0 else 0)


def test_first_of_several_tensors(x):
    net = nn.Sequential(Several())
    assert torch.equal(output_of(net, x, "0", check=never), x * 2)


def test_part_of_a_larger_block_is_copied(x):
    class Half(nn.Module):
        def forward(self, x):
            return x.new_zeros(1, 100, 4)[:, :3]

    found = output_of(nn.Sequential(Half()), x, "0", check=never)
    assert found.untyped_storage().nbytes() == found.numel() * 4


def test_weight_given_as_output_is_copied(x):
    class Weight(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1, 2))

        def forward(self, _x):
            return self.weight

    net = nn.Sequential(Weight())
    output_of(net, x, "0", check=never).zero_()
    assert net[0].weight.sum() == 2


def test_unknown_layer_names_the_nearest(x):
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    net.add_module("classifier", nn.Linear(4, 2))
    with pytest.raises(UsageError, match="did you mean classifier"):
        output_of(net, x, "clasifier", check=never)


def test_layer_that_is_not_run(x):
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.idle = nn.Linear(4, 4)

        def forward(self, x):
            return x

    with pytest.raises(ModelError, match="idle: a forward pass does not run"):
        output_of(Idle(), x, "idle", calls=0, check=never)


def test_layer_without_a_tensor(x):
    net = nn.Sequential(Words())
    before = snapshot(net)
    with pytest.raises(ModelError, match="gives str, no tensor"):
        output_of(net, x, "0", check=never)
    assert snapshot(net) == before


def test_stops_in_the_middle_of_a_pass(x):
    net = nn.Sequential(Counted(), Counted(), Counted())
    before = snapshot(net)
    left = [3]  # the network, its first and its second layer

    def check():
        left[0] -= 1
        if left[0] == 0:
            raise CancelledError

    with pytest.raises(CancelledError):
        output_of(net, x, "2", check=check)
    assert [layer.runs for layer in net] == [1, 0, 0]
    assert snapshot(net) == before


def test_networks_of_other_threads_are_left_alone(x):
    other = nn.Sequential(nn.ReLU())
    inside = []

    class Waits(nn.Module):
        def forward(self, x):
            thread = threading.Thread(target=lambda: inside.append(other(x)))
            thread.start()
            thread.join()
            return x

    calls = []
    output_of(nn.Sequential(Waits()), x, "0", check=lambda: calls.append(1))
    assert len(inside) == 1
    assert len(calls) == 2  # the network and its layer


def test_a_network_that_draws_leaves_the_generator_as_it_was():
    """Truth: the state of torch's own generator."""

    class Noisy(nn.Module):
        def forward(self, x):
            return x + torch.rand_like(x)

    before = torch.get_rng_state()
    outputs = [
        output_of(Noisy(), torch.zeros(1, 3), "", check=lambda: None) for _ in range(2)
    ]
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*outputs)
