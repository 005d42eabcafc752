"""The shapes of the letters: our own outlines, the same in every picture and independent of fonts."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

LETTERS = "ACGT"
# SVG paths in a box of 100 by 100 with y downwards, the same as the widget's; the second contour of A is its hole
_A = "M0 100L36 0H64L100 100H78L70.5 78H29.5L22 100ZM35 61H65L50 16Z"
_C = (
    "M100 65C96 88 79 100 53 100C20 100 0 81 0 50C0 19 20 0 53 0C79 0 96 12 100 35L78 38C75 25 66 18 53 18"
    "C34 18 22 30 22 50C22 70 34 82 53 82C66 82 75 75 78 62Z"
)
_G = (
    "M100 47V87C88 96 73 100 55 100C20 100 0 81 0 50C0 19 20 0 54 0C79 0 95 11 99 32L77 36C74 24 66 18 54 18"
    "C34 18 22 30 22 50C22 70 34 82 55 82C64 82 72 80 79 76V64H55V47Z"
)
_T = "M0 0H100V19H61V100H39V19H0Z"
OUTLINES = (_A, _C, _G, _T)
_POINTS_PER_CURVE = 6


@cache
def contours(code: int) -> tuple[Points, ...]:
    """Give the outline of a letter and its holes as polygons.

    Parameters
    ----------
    code
        0..3 for A C G T.

    Returns
    -------
    One array of shape (n, 2) per contour, x and y in 0..1 with y upwards; curves are polylines.
    """
    return tuple(_polygon(contour) for contour in OUTLINES[code].split("Z") if contour)


def _polygon(path: str) -> Points:
    """Trace one contour made of M, L, H, V and C with absolute coordinates."""
    points: list[tuple[float, float]] = []
    for command, text in re.findall(r"([MLHVC])([^MLHVC]*)", path):
        numbers = [float(number) for number in text.split()]
        if command == "H":
            points.append((numbers[0], points[-1][1]))
        elif command == "V":
            points.append((points[-1][0], numbers[0]))
        elif command == "C":
            points += _curve(points[-1], numbers)
        else:
            points.append((numbers[0], numbers[1]))
    x, y = np.array(points).T / 100
    return np.column_stack([x, 1 - y])


def _curve(start: tuple[float, float], numbers: list[float]) -> list[tuple[float, float]]:
    """Points of a cubic Bézier curve, without its start."""
    corners = np.array([start, *zip(numbers[::2], numbers[1::2], strict=True)])  # (4, 2)
    t = np.linspace(0, 1, _POINTS_PER_CURVE + 1)[1:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    return [(float(x), float(y)) for x, y in weights @ corners]
