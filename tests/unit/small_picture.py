"""A small picture with everything that a picture may have, so that tests can tell where each part must be drawn."""

from __future__ import annotations

import numpy as np

from nbmotif.drawing.picture import LETTER_COLORS, Box, Picture, stack

# A of 1 over C of 0.5 at position 0, T of -0.5 at position 1
VALUES = np.array([[1.0, 0.0], [0.5, 0.0], [0.0, 0.0], [0.0, -0.5]])
# 100 px a base and 50 px a unit
PICTURE = Picture(
    stack(VALUES, 0),
    x_range=(-0.5, 1.5),
    y_range=(-1.0, 1.0),
    width=200,
    height=100,
    colors=LETTER_COLORS,
    boxes=[Box(0.5, 1.5, 0, "site", 0.6, "#0072b2", {"score": "3 < 4", "p": "0.01"})],
    n_lanes=1,
    title="Logo",
    x_label="position",
    y_label="attribution",
    x_ticks=[(0, "first"), (1, "second")],
    headings=[(0.5, "peak")],
)
