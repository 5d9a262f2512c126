"""Random weights whose answers differ from place to place."""

import torch
from skimage import data
from torch import nn


def spread(net):
    """Make the answers differ from place to place, as those of a trained network do.

    Every layer's answer to a photograph gets one variance (Mishkin & Matas 2015,
    arXiv:1511.06422); batch norms get its statistics.
    """

    def scale(module, _inputs, output):
        size = output.std().clamp(min=1e-6) / spread_of[module]
        module.weight /= size
        handles.pop(module).remove()
        if module.bias is None:
            return output / size
        bias = module.bias.view(-1, *[1] * (output.ndim - 2))
        return (output - bias) / size + bias

    handles, spread_of = {}, {}
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            # Small at the end, so that no score is rounded to 1: equals have no order.
            spread_of[module] = 1.0 if name.startswith("backbone") else 0.25
            handles[module] = module.register_forward_hook(scale)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            module.train()
    heads = getattr(net, "roi_heads", net)
    threshold, heads.score_thresh = heads.score_thresh, 0.0  # or masks have no boxes
    photo = torch.from_numpy(data.astronaut()[:320, :320].copy()).permute(2, 0, 1) / 255
    with torch.no_grad():
        net([photo, photo.flip(2)])
    heads.score_thresh = threshold
    net.eval()
