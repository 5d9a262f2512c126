"""Folders of images for training and evaluation."""
