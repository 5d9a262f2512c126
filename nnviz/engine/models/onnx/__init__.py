"""ONNX files as trees of torch's own modules, by the scopes that exporters write."""
