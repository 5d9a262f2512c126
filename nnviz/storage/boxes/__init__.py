"""Boxes on disk: recordings of detections, annotations drawn by hand."""
