"""Summary of an indexing run: images added, skipped and found changed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSummary:
    """The result of indexing a set of images.

    Attributes:
        folder: of the index.
        model: reference of the network.
        count: records in the index.
        added: number of records that this run added.
        skipped: (path, reason) of images that could not be read, of all runs.
        changed: images whose files changed since they were indexed.
        missing: images of the index that are no longer on disk.
        layers: names of the layers whose features are kept.
        accuracy: share of the labeled images that are predicted correctly; None without
            labels.
        notes: choices and omissions, with reasons.
        seconds: duration of this run.
        network_seconds: time of the network's passes within it, on this machine.
    """

    folder: str
    model: str
    count: int
    added: int
    skipped: tuple[tuple[str, str], ...] = ()
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    accuracy: float | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    network_seconds: float = 0.0
