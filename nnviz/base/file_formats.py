"""The registry of file formats: every file name ending that the program knows."""

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

CLASS_NAMES = (".txt", ".csv", ".json", ".names")
"""Labels of classes."""
IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".jp2", ".j2k", ".avif"}
    | {".png", ".apng", ".tif", ".tiff", ".webp", ".gif", ".bmp", ".dib", ".npy"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
"""What ``media.decode.open_image`` reads."""
REFUSED_IMAGES = frozenset({".ico", ".tga", ".exr", ".hdr"})
"""Images that it does not read, and says so."""
VIDEOS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts"}
    | {".mts", ".wmv", ".asf", ".flv", ".ogv", ".3gp", ".mjpeg", ".mjpg", ".y4m"}
)
"""Videos; a GIF may be one or an image."""
WRITTEN_VIDEOS = (".mp4", ".gif")
"""Videos that are written."""
