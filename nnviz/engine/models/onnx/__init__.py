"""ONNX files as trees of torch modules, named by the exporter's scopes."""
