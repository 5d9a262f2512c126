"""Color, blur, pyramids: images as tensors, without a network."""
