"""Endings of files that hold networks or their weights: said once, for all places."""

TORCH = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
"""Weights, as safetensors and torch.save write them."""
NETWORKS = (*TORCH, ".onnx")
"""All that opens as a network without being run."""
PROGRAMS = (".pt2", ".torchscript", ".py")
"""Run after a yes; TorchScript and pickles come as .pt too."""
INDEX = ".index.json"
"""Names the files that a large network's weights were split into."""
CONFIG = "config.json"
"""Describes the network in a folder of Hugging Face or timm."""
