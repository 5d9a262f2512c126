"""How good networks are: on folders of classes, on COCO-format data, on scenes."""
