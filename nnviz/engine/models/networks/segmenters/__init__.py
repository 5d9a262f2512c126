"""Segmenters that differ in their decoders only: FCN, SegNet, U-Net and others."""
