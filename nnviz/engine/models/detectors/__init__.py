"""Detectors of other libraries behind the interface of ``engine.nn.detection``.

Nothing is imported here: torchvision takes 2 s, and YOLO-type outputs need none of it.
"""
