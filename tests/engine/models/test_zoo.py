"""Against torchvision itself, which defines what its names mean."""

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image as PillowImage
from skimage import data
from torchvision import models

from nnviz.base.errors import UsageError
from nnviz.base.images import image_from_array
from nnviz.engine.models import zoo
from nnviz.engine.models.listing import list_models
from nnviz.engine.models.model import Normalizer, fit_to_input
from nnviz.engine.models.references import ZooReference

ARCHITECTURES = models.list_models(module=torchvision.models)
PRESETS = {
    (weights.transforms.keywords.get("crop_size"), str(weights.transforms())): weights
    for name in ARCHITECTURES
    for weights in models.get_model_weights(name)
}


def photos() -> dict[str, np.ndarray]:
    coffee = data.coffee()
    return {
        "landscape": coffee,
        "portrait": np.ascontiguousarray(coffee[:, 150:350]),
        "odd": np.ascontiguousarray(data.chelsea()[:299, :451]),
        "small": np.ascontiguousarray(data.astronaut()[:37, :53]),
    }


@pytest.mark.parametrize("name", photos())
@pytest.mark.parametrize("weights", PRESETS.values(), ids=str)
def test_preprocessing_equals_torchvisions(weights: object, name: str) -> None:
    """Truth: ``weights.transforms()`` on a Pillow picture, bit for bit."""
    pixels = photos()[name]
    preprocess = zoo.preprocess_of(weights)
    ours = torch.from_numpy(
        fit_to_input(image_from_array(pixels), preprocess).transpose(2, 0, 1).copy()
    )[None]
    expected = weights.transforms()(PillowImage.fromarray(pixels))[None]
    assert torch.equal(Normalizer(preprocess)(ours), expected)


@pytest.mark.parametrize(
    "name", ["resnet18", "googlenet", "inception_v3", "vit_b_32", "regnet_y_400mf"]
)
@pytest.mark.filterwarnings("ignore:The default weight initialization")
def test_random_weights_are_the_constructors(name: str) -> None:
    """Design section 3: equals ``torch.manual_seed(SEED); NAME(weights=None)``."""
    before = torch.get_rng_state()
    ours = zoo.random_network(name, 7).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = getattr(models, name)(weights=None).state_dict()
    assert list(ours) == list(expected)
    assert all(torch.equal(ours[key], expected[key]) for key in expected)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="zoo:resnet18"):
        zoo.weights_of(ZooReference("resnet81"))
    with pytest.raises(UsageError, match="IMAGENET1K_V1"):
        zoo.weights_of(ZooReference("resnet18", "IMAGENET_V1"))


def test_an_untrained_transformer_gets_the_preprocessing_of_its_size() -> None:
    """vit_h_14's default weights are for 518 px, its constructor is for 224."""
    weights = zoo._fitting_weights(ZooReference("vit_h_14", seed=0))
    assert zoo.preprocess_of(weights).input_size == (224, 224)


def test_the_list_has_every_family_of_the_issue() -> None:
    entries = list_models()
    families = {entry.family for entry in entries}
    assert families == {
        *("Bundled", "AlexNet", "VGG", "GoogLeNet", "Inception", "ResNet", "ResNeXt"),
        *("Wide ResNet", "DenseNet", "SqueezeNet", "MobileNet", "ShuffleNet"),
        *("MNASNet", "EfficientNet", "RegNet", "ConvNeXt", "ViT", "Swin", "MaxViT"),
        *("Faster R-CNN", "Mask R-CNN", "Keypoint R-CNN", "RetinaNet", "FCOS", "SSD"),
        *("FCN", "DeepLab", "LR-ASPP"),
    }
    zoo_names = {entry.reference for entry in entries if entry.family != "Bundled"}
    tasks = (torchvision.models, models.detection, models.segmentation)
    known = [name for task in tasks for name in models.list_models(module=task)]
    assert zoo_names == {f"zoo:{name}" for name in known}
    assert len({entry.title for entry in entries}) == len(entries)
    resnet = next(entry for entry in entries if entry.reference == "zoo:resnet50")
    assert (resnet.title, resnet.year, resnet.accuracy) == ("ResNet-50", 2015, 80.858)
    assert resnet.parameters == 25_557_032


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_without_memory_have_the_published_parameters(name: str) -> None:
    """Truth: ``num_params`` in the weights' meta data.

    The auxiliary heads of GoogLeNet and Inception are not counted there for the
    former, and are for the latter.
    """
    weights = models.get_model_weights(name).DEFAULT
    net = zoo.empty_published(name, weights)
    count = sum(
        parameter.numel()
        for key, parameter in net.named_parameters()
        if not key.startswith("aux")
    )
    assert count == weights.meta["num_params"]
    assert all(parameter.is_meta for parameter in net.parameters())
