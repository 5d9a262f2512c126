"""Character models: training, gates, saliency, files.

Truth: torch's own LSTM, which the written-out gates must equal; finite differences of
the score; a text whose next character is certain; the run that nobody stopped.
"""

import pytest
import torch

import nnviz
from nnviz.base.errors import InputError, UsageError
from nnviz.engine.learning.characters import (
    UNKNOWN,
    CharacterLstm,
    CharacterRun,
    CharacterSwitches,
    alphabet_of,
    open_characters,
    read,
    saliency,
    sample,
)

TEXT = "abcd " * 80


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def learned():
    run = CharacterRun(
        TEXT, CharacterSwitches(hidden=24, span=16, learning_rate=0.02), seeded()
    )
    run.advance(60)
    return run


def test_a_certain_text_is_learned_and_written(learned):
    assert learned.losses[0] > 1.5
    assert learned.held[-1] < 0.1
    assert sample(learned.net, "ab", 8, 0.3, seeded()) == "abcd abcd "


def test_gates_written_out_are_those_of_torch(learned):
    net = learned.net
    reading = read(net, "abcd ab")
    x = net.one_hot(net.encode("abcd ab"))[None]
    logits, (hidden, cell) = net(x)
    torch.testing.assert_close(reading.logits, logits[0].detach())
    torch.testing.assert_close(reading.cell[-1], cell[0, 0].detach())
    outputs = reading.gates["output"][-1] * reading.cell[-1].tanh()
    torch.testing.assert_close(outputs, hidden[0, 0].detach())


def test_saliency_is_the_slope_at_each_character(learned):
    """Truth: central differences, in float64."""
    net = CharacterLstm(learned.net.alphabet, 24).double()
    net.load_state_dict({k: v.double() for k, v in learned.net.state_dict().items()})
    x = net.one_hot(net.encode("abc")).double()

    def score(x):
        return float(net(x[None])[0][0, -1].detach().log_softmax(0).max())

    found = saliency(learned.net, "abc")
    for place, index in enumerate(net.encode("abc").tolist()):
        step = torch.zeros_like(x)
        step[place, index] = 1e-5
        slope = (score(x + step) - score(x - step)) / 2e-5
        assert float(found[place]) == pytest.approx(slope, rel=1e-3, abs=1e-5)


def test_rare_characters_are_read_as_one():
    common = "".join(chr(0x4E00 + place) for place in range(250)) * 2
    alphabet = alphabet_of(common + "z")
    assert alphabet[0] == UNKNOWN
    assert len(alphabet) == 201
    net = CharacterLstm("□ab", 4)
    assert net.encode("abz").tolist() == [1, 2, 0]
    with pytest.raises(UsageError, match="5 characters"):
        alphabet_of("short")


def test_a_saved_model_is_looked_into_and_learns_on(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(TEXT, "utf-8")
    switches = {"text_file": str(text), "hidden": 16, "probe": "abcd"}
    found = nnviz.train_characters(tmp_path, steps=20, learning_rate=0.02, **switches)
    weights = found.files[0]
    held = found.figures["held-out loss"]
    looked = nnviz.run("train_characters", steps=0, weights=weights, **switches)
    assert f"{held:.3f}" in looked.report.notes[0]
    assert looked.report["cell state"].grids[0].columns == tuple("abcd")
    model = open_characters(tmp_path / "characters.safetensors", lambda: None)
    assert set(model.alphabet) == {UNKNOWN, *"abcd "}
    again = nnviz.train_characters(
        tmp_path, name="on", steps=20, weights=weights, learning_rate=0.02, **switches
    )
    assert again.figures["held-out loss"] < held


def test_what_is_no_character_model_is_refused(tmp_path):
    found = nnviz.train_network(tmp_path, network="mlp", epochs=1, image_count=40)
    with pytest.raises(InputError, match="no character model"):
        nnviz.run("train_characters", steps=0, weights=found.files[0])
