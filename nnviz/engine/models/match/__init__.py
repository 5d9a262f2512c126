"""Matching of weights to architectures: search, comparison, construction, loading.

Nothing is imported here: ``architectures`` brings torchvision, which takes longer than
a first prediction may, and methods that only read or write weights come before it.
"""
