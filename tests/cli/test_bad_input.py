"""Every wrong use and bad file of the command line: one line, the right status."""

import os
import shutil
import subprocess

import numpy as np
import pytest
import torch

SMALL = "zoo:resnet18@random"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such file"), (b"", "empty"), (b"hello", "not an image")],
)
def test_files_that_are_no_pictures(refused, tmp_path, content, words):
    file = tmp_path / "x.png"
    if content is not None:
        file.write_bytes(content)
    status, line = refused("run", "predictions", file, "--out", tmp_path / "out")
    assert status == 1
    assert "x.png" in line
    assert words in line
    assert not (tmp_path / "out").exists()


def test_truncated_picture(refused, cat, tmp_path):
    file = tmp_path / "half.png"
    file.write_bytes(cat.read_bytes()[:5000])
    status, line = refused("run", "predictions", file, "--out", tmp_path / "out")
    assert status == 1
    assert "half.png" in line


def test_picture_above_the_limit(refused, cat, tmp_path):
    status, line = refused(
        "run", "predictions", cat, "--max-pixels", "1000", "--out", tmp_path
    )
    assert status == 1
    assert "--max-pixels" in line


def test_wrong_number_of_channels(refused, tmp_path):
    np.save(tmp_path / "five.npy", np.zeros((40, 40, 5), np.uint8))
    status, line = refused("run", "predictions", tmp_path / "five.npy")
    assert status == 1
    assert "5 channels" in line
    assert "takes 3" in line


def test_state_dict_that_fits_no_architecture(refused, cat, tmp_path):
    torch.save({"a.weight": torch.zeros(3, 3)}, tmp_path / "odd.pt")
    status, line = refused(
        "run", "predictions", cat, "--model", tmp_path / "odd.pt", "--out", tmp_path
    )
    assert status == 1
    assert "odd.pt" in line


def test_folder_without_pictures(refused, tmp_path):
    status, line = refused("run", "predictions", tmp_path)
    assert status == 1
    assert "no images" in line


@pytest.mark.parametrize("command", ["run", "demo", "replay"])
def test_out_is_a_file(refused, cat, tmp_path, command):
    """A file in the folder's place stops root too; nothing is computed before."""
    file = tmp_path / "file"
    file.write_text("mine")
    words = {"run": ["predictions", cat], "demo": [], "replay": [cat]}[command]
    for out in (file, file / "below"):
        status, line = refused(command, *words, "--out", out)
        assert status == 1
        assert "is a file" in line
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run", "activatoins", "PHOTO"], "activations"),
        (["run", "activations", "PHOTO", "--layr", "x"], "--layer"),
        (["run", "activations", "PHOTO", "--layer", "stage9"], "stage7"),
        (["run", "activations", "PHOTO", "--order", "sparse"], "sparsest"),
        (["run", "activations", "PHOTO", "--channel", "many"], "--channel"),
        (["run", "activations", "PHOTO", "--channel", "9999"], "--channel"),
        (["run", "predictions", "PHOTO", "--top-k", "0"], "1 to 1000"),
        (["run", "predictions", "PHOTO", "--seed", "x"], "--seed"),
        (["run", "predictions", "PHOTO", "--seed"], "--seed"),
        (["run", "predictions", "PHOTO", "--model", "bundled:objekts"], "objects"),
        (["run", "predictions", "PHOTO", "--model", "zo:resnet18"], "zoo:"),
        (["run", "predictions", "PHOTO", "--device", "cpuu"], "cpu"),
        (["run", "predictions", "PHOTO", "--preprocess", '{"maen": []}'], "mean"),
        (["run", "predictions", "PHOTO", "--preprocess", "[1"], "--preprocess"),
        (["run", "predictions"], "image"),
        (["run", "filters", "PHOTO"], "leave it out"),
        (["run"], "nnviz methods"),
        (["rnu"], "run"),
        (["--foo"], "--help"),
        (["replay"], "FILE"),
        (["methods", "prediction"], "predictions"),
        (["models", "lst"], "list"),
        (["models", "--search", "nosuchnetwork"], "nnviz models"),
        (["models", "inspect"], "REF"),
    ],
)
def test_wrong_use(refused, cat, tmp_path, words, named):
    """Unknown names and values: status 2, and the nearest or the allowed ones."""
    words = [str(cat) if word == "PHOTO" else word for word in words]
    out = ["--out", tmp_path] if words[:1] == ["run"] and len(words) > 1 else []
    status, line = refused(*words, *out)
    assert named in line
    assert status == (1 if "[1" in words else 2)
    assert list(tmp_path.iterdir()) == []


def test_input_smaller_than_the_network_takes(refused, cat, tmp_path):
    """Truth: AlexNet's own pooling raises below 63 px; torchvision says min_size 63."""
    status, line = refused(
        "run", "predictions", cat, "--model", "zoo:alexnet@random", "--preprocess",
        '{"input_size": [20, 20], "resize": 20}', "--out", tmp_path,
    )  # fmt: skip
    assert status == 1
    assert "63" in line


def test_weights_that_are_not_here(refused, cat, tmp_path, monkeypatch):
    """Truth: nothing answers on port 9 of loopback; the line names the file."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    status, line = refused(
        "run", "predictions", cat, "--model", "zoo:squeezenet1_0", "--out", tmp_path
    )
    assert status == 1
    assert "squeezenet1_0-" in line


def test_full_disk(refused, cat, tmp_path):
    """Truth: a tmpfs of 64 kB, which is full after the first of the three files."""
    mount = shutil.which("mount")
    folder = tmp_path / "small"
    folder.mkdir()
    arguments = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if (
        not mount
        or os.geteuid() != 0
        or subprocess.run([mount, *arguments], check=False).returncode
    ):
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        status, line = refused("run", "activations", cat, "--out", folder)
        left = list(folder.iterdir())
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert status == 1
    assert "full" in line
    assert left == []


def test_network_is_left_alone_by_a_bad_picture(nnviz, cat, tmp_path):
    """A failure leaves the session fit for the next command."""
    assert nnviz("run", "predictions", tmp_path / "no.png", "--model", SMALL)[0] == 1
    assert nnviz("run", "predictions", cat, "--model", SMALL, "--out", tmp_path)[0] == 0
