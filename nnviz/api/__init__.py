"""The Python API: everything that ``import nnviz`` offers.  No Qt, no threads.

Jobs run inline, on the caller's thread, in one session per process; it keeps opened
networks and activations within bounds.  Torch is imported when a network is first
opened.
"""

from nnviz.api.attacked import (
    before_and_after,
    print_sticker,
    rescale,
    save_attacked,
)
from nnviz.api.compared import ArchitectureComparison, compare_architectures
from nnviz.api.core import (
    Model,
    OnProgress,
    Pictured,
    Result,
    contact_sheet,
    fetch,
    load,
    methods,
    open_image,
    perform,
    replay,
    run,
    session,
    write_side_car,
)
from nnviz.api.dataset import Index, index, open_index
from nnviz.api.measured import attack_curve, board, evaluate, score, trust
from nnviz.api.notebook import Explorer, explore
from nnviz.api.recorded import export_recording, open_recording, resume, video
from nnviz.api.shared import SavedRun, run_over
from nnviz.api.trained import (
    compare_training,
    export_trained,
    teach,
    train,
    train_autoencoder,
    train_characters,
    train_inversion,
    train_network,
)

__all__ = [
    "ArchitectureComparison",
    "Explorer",
    "Index",
    "Model",
    "OnProgress",
    "Pictured",
    "Result",
    "SavedRun",
    "attack_curve",
    "before_and_after",
    "board",
    "compare_architectures",
    "compare_training",
    "contact_sheet",
    "evaluate",
    "explore",
    "export_recording",
    "export_trained",
    "fetch",
    "index",
    "load",
    "methods",
    "open_image",
    "open_index",
    "open_recording",
    "perform",
    "print_sticker",
    "replay",
    "rescale",
    "resume",
    "run",
    "run_over",
    "save_attacked",
    "score",
    "session",
    "teach",
    "train",
    "train_autoencoder",
    "train_characters",
    "train_inversion",
    "train_network",
    "trust",
    "video",
    "write_side_car",
]
