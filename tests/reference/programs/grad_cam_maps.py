"""pytorch-grad-cam's maps of some layers: python grad_cam_maps.py LAYERS.json OUT.npz.

Run by .venv-peers' Python with tests/ on its path.  The maps are taken before the
program cuts negative values off and stretches the rest to [0, 1], and with its casts
to float32 left out, so that definitions can be compared in float64.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from pytorch_grad_cam import (
    AblationCAM,
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
    ablation_cam,
    base_cam,
)
from pytorch_grad_cam.ablation_layer import AblationLayer, AblationLayerVit
from pytorch_grad_cam.utils import svd_on_activations
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from support.explained import CAM_NETWORKS, cam_cases, cam_networks, patches

METHODS = {
    "grad_cam": GradCAM,
    "grad_cam_pp": GradCAMPlusPlus,
    "hires_cam": HiResCAM,
    "layer_cam": LayerCAM,
    "xgrad_cam": XGradCAM,
    "eigen_cam": EigenCAM,
    "score_cam": ScoreCAM,
    "ablation_cam": AblationCAM,
}


SLOW = ("score_cam", "ablation_cam")


class _Exact:
    """numpy, but for float32, which is float64."""

    float32 = np.float64

    def __getattr__(self, name: str):
        return getattr(np, name)


def main() -> None:
    layers = json.loads(Path(sys.argv[1]).read_text())
    nets, cases = cam_networks(), cam_cases()
    torch.set_default_dtype(torch.float64)  # of torch.Tensor(list)
    for module in (ablation_cam, base_cam, svd_on_activations):
        module.np = _Exact()
    found = {}
    for name in CAM_NETWORKS:
        net = nets[name].requires_grad_(True)  # else it gets no gradients
        for method in METHODS:
            # Those that take a pass a channel are asked about one picture.
            asked_about = cases[:1] if method in SLOW else cases
            for n, (picture, target) in enumerate(asked_about):
                with asked(method, net, layers[name], name) as cam:
                    cam(picture, [ClassifierOutputTarget(target)])
                    found[f"{name} {method} {n}"] = cam.raw
    np.savez(sys.argv[2], **found)


def asked(method: str, net: torch.nn.Module, layer: str, name: str):
    """Return a peer that keeps its map as it was made."""
    kind = METHODS[method]

    class Kept(kind):
        def get_cam_image(self, *args, **kwargs):
            made = super().get_cam_image(*args, **kwargs)
            self.raw = made[0]
            return made

    transformer = name == "transformer"
    more = {"reshape_transform": patches} if transformer else {}
    if kind is AblationCAM:
        more["ablation_layer"] = AblationLayerVit() if transformer else AblationLayer()
    return Kept(net, [net.get_submodule(layer)], **more)


main()
