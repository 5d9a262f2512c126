"""Image operations on tensors: color, blur, pyramids."""
