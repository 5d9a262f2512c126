"""Folders of photographs for training and evaluation."""
