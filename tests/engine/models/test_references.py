import pytest

from nnviz.base.errors import UsageError
from nnviz.engine.models.references import (
    BundledReference,
    FileReference,
    ZooReference,
    parse,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bundled:objects", BundledReference("objects")),
        ("zoo:resnet50", ZooReference("resnet50")),
        ("zoo:resnet50@IMAGENET1K_V1", ZooReference("resnet50", "IMAGENET1K_V1")),
        ("zoo:resnet18@random", ZooReference("resnet18", seed=0)),
        ("zoo:resnet18@random:7", ZooReference("resnet18", seed=7)),
    ],
)
def test_the_forms_of_the_design(text: str, expected: object) -> None:
    """Design section 3: the list of references."""
    assert parse(text) == expected
    assert parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["a/b.pth", r"C:\w.pt", "weights.safetensors", "x"])
def test_anything_else_is_a_path(text: str) -> None:
    reference = parse(text)
    assert isinstance(reference, FileReference)
    assert str(reference.path) == text


@pytest.mark.parametrize(
    "text",
    ["", "  ", "zoo:", "zoo:resnet18@", "zoo:a@random:x", "zoo:a@random:-1", "hub:x"],
)
def test_what_can_be_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_a_seed_that_torch_cannot_take_is_refused() -> None:
    with pytest.raises(UsageError, match="too large"):
        parse(f"zoo:resnet18@random:{2**64}")
