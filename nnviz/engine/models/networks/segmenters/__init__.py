"""Segmenters that differ only in their decoders: FCN, SegNet, U-Net and others."""
