"""The registry of file formats: every file name ending that the program knows."""

TORCH = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
"""Weights, as safetensors and torch.save write them."""
NETWORKS = (*TORCH, ".onnx")
"""Formats that open as a network without running code."""
PROGRAMS = (".pt2", ".torchscript", ".py")
"""Formats that run code, after the user's consent; TorchScript and pickles also come as
.pt.
"""
INDEX = ".index.json"
"""Suffix of the index of sharded weights."""
CONFIG = "config.json"
"""Description of the network in a Hugging Face or timm folder."""
DESCRIPTIONS = (CONFIG, "preprocessor_config.json")
"""Files of such a folder that stand for it when they are opened."""

EVENTS = ".events"
"""Ending of a folder of TensorBoard event files."""

CLASS_NAMES = (".txt", ".csv", ".json", ".names")
"""Formats of label files."""
TABLES = (".csv", ".tsv", ".txt")
"""Tables of images, a path in each row."""
IMAGE_LISTS = (".json", *TABLES)
"""Files that name many images: annotations in COCO's format, and tables."""
IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".jp2", ".j2k", ".avif"}
    | {".png", ".apng", ".tif", ".tiff", ".webp", ".gif", ".bmp", ".dib", ".npy"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Formats that ``media.decode.open_image`` reads."""
REFUSED_IMAGES = frozenset({".ico", ".tga", ".exr", ".hdr"})
"""Formats that it refuses with an explanation."""
VIDEOS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts"}
    | {".mts", ".wmv", ".asf", ".flv", ".ogv", ".3gp", ".mjpeg", ".mjpg", ".y4m"}
)
"""Video formats; a GIF may be a video or an image."""
WRITTEN_VIDEOS = (".mp4", ".gif")
"""Video formats that can be written."""
