"""Which methods work on which networks, said before they are run.

Truth: the declarations of the methods, and networks that lack one thing each.
"""

from nnviz.base.info import (
    LayerInfo,
    Layout,
    ModelInfo,
    ModelSource,
    Need,
    Task,
    obstacle,
)
from nnviz.base.preprocess import Preprocess
from nnviz.cli.known import catalogue


def network(task=Task.CLASSIFY, *, gradients=True, layers=()):
    return ModelInfo(
        reference="", title="net", source=ModelSource.YOURS, task=task, sha256="",
        weights="", preprocess=Preprocess(), labels=(), layers=layers, parameters=0,
        macs=0, smallest_input=(1, 1), gradients=gradients,
    )  # fmt: skip


CONV = LayerInfo(
    name="conv", kind="Conv2d", depth=0, shape=(8, 30, 30), parameters=1, macs=1,
    receptive_field=(3, 3), leaf=True, filters=True, layout=Layout.MAP,
)  # fmt: skip


def obstacles(info):
    return {each.name: obstacle(each, info) for each in catalogue().methods}


def test_a_classifier_of_convolutions():
    found = obstacles(network(layers=(CONV,)))
    assert found["grad_cam"] == found["fgsm"] == found["filters"] == ""
    assert found["attention"] == f"needs {Need.ATTENTION}"
    assert found["segment"] == "needs a network for segmentation"


def test_without_gradients_or_layers():
    found = obstacles(network(gradients=False, layers=(CONV,)))
    assert "gradients" in found["saliency"]
    assert found["occlusion"] == found["score_cam"] == ""
    assert "maps" in obstacles(network())["grad_cam"]


def test_outputs_that_cannot_be_asked_about():
    found = obstacles(network(Task.EMBED, layers=(CONV,)))
    assert "channel" in found["saliency"]
    assert "classification" in found["fgsm"]
    assert found["activations"] == ""
