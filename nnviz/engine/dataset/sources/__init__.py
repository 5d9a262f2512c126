"""Sources of images: folders, tables, annotations, generated scenes, lists."""

from nnviz.engine.dataset.sources.image_set import ImageSet, Sample, Skipped
from nnviz.engine.dataset.sources.listing import list_set

__all__ = ["ImageSet", "Sample", "Skipped", "list_set"]
