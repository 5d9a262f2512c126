"""Write resources/colormaps.npz: tables of 256 colors taken from matplotlib.

Run once when a map is added: ``.venv/bin/python packaging/make_colormaps.py``.  The
tables are shipped, so that painting a map needs no matplotlib.

viridis, inferno, magma and cividis are in the public domain (CC0); berlin and vanimo
are by F. Crameri and B. Beyer (MIT); RdBu is ColorBrewer's (Apache 2.0), by C. Brewer.
"""

from pathlib import Path

import numpy as np

from nnviz.media.encode import write_npz

LEVELS = 256
NAMES = {
    "inferno": "inferno",
    "magma": "magma",
    "viridis": "viridis",
    "cividis": "cividis",
    "grey": "gray",
    "berlin": "berlin",
    "vanimo": "vanimo",
    "blue-red": "RdBu_r",
}
"""Our name -> matplotlib's."""


def main() -> None:
    """Write the file."""
    import matplotlib as mpl

    levels = np.arange(LEVELS)
    tables = {
        ours: mpl.colormaps[theirs](levels, bytes=True)[:, :3]
        for ours, theirs in NAMES.items()
    }
    target = Path(__file__).resolve().parents[1] / "resources" / "colormaps.npz"
    write_npz(target, tables)


if __name__ == "__main__":
    main()
