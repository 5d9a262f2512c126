"""Runtime hook of a bundle without libraries of graphics cards: it looks for none."""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
