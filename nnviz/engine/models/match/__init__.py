"""Matching of weights to architectures: search, comparison, construction, loading.

Nothing is imported here: ``architectures`` imports torchvision, which takes longer than
a first prediction may, and modules that only read or write weights must not wait for
it.
"""
