"""A logo with its annotations as plain geometry: which letter stands where, which box lies in which lane."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

LETTER_COLORS = {"A": "#008000", "C": "#0000ff", "G": "#ffa500", "T": "#ff0000"}
# Okabe and Ito's, which the colour-blind can tell apart
BOX_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#f0e442")
LETTER_WIDTH = 0.96  # of the room of a base
LANE_PX = 19
_CHARACTER_PX = 6.8  # a wide guess at the labels' font of 11 px, so that labels never touch
_GAP_PX = 4
_LEAST_HEIGHT = 0.002  # of the tallest letter: smaller ones cannot be seen
_LEAST_LETTER_PX = 3  # below this width per base, bars are drawn


@dataclass(frozen=True)
class Glyphs:
    """Letters in drawing order; each array has one value per letter."""

    code: npt.NDArray[np.int8]  # 0..3 for A C G T
    x: npt.NDArray[np.float64]  # centre
    y: npt.NDArray[np.float64]  # where it stands, or hangs from if its height is negative
    height: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class Box:
    """An annotation in its lane."""

    left: float
    right: float
    lane: int
    label: str
    label_x: float  # where the label begins
    color: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Picture:
    """Everything a renderer needs, in data units: x in bp, y in the unit of the values."""

    glyphs: Glyphs
    x_range: tuple[float, float]
    y_range: tuple[float, float]  # of the logo alone: lanes lie below it
    width: int
    height: int  # of the logo in px: lanes come on top of it
    colors: Mapping[str, str]
    boxes: Sequence[Box] = ()
    n_lanes: int = 0
    n_left_out: int = 0  # annotations for which there was no lane
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_ticks: Sequence[tuple[float, str]] = ()
    x_ticks_are_fixed: bool = False
    headings: Sequence[tuple[float, str]] = field(default=())  # words above parts of the logo

    @property
    def as_bars(self) -> bool:
        """Whether a base has too few pixels for a letter."""
        return self.width / (self.x_range[1] - self.x_range[0]) < _LEAST_LETTER_PX

    @property
    def note(self) -> str:
        """What is said of annotations for which there was no lane, if any."""
        more = counted(self.n_left_out, "more annotation")
        return f"{more} {'has' if self.n_left_out == 1 else 'have'} no lane" if self.n_left_out else ""

    @property
    def lane_height(self) -> float:
        """Height of a lane in the unit of y."""
        return LANE_PX * (self.y_range[1] - self.y_range[0]) / self.height

    @property
    def bottom(self) -> float:
        """Lower end of the lanes in the unit of y."""
        return self.y_range[0] - self.n_lanes * self.lane_height

    @property
    def top(self) -> float:
        """Upper end in the unit of y for renderers that draw headings inside the frame."""
        low, high = self.y_range
        return high + (0.15 * (high - low) if self.headings else 0)

    def lane_span(self, lane: int) -> tuple[float, float]:
        """Lower and upper edge of the boxes of a lane; lane 0 is the uppermost."""
        top = self.y_range[0] - lane * self.lane_height
        return top - 0.9 * self.lane_height, top - 0.1 * self.lane_height


def stack(values: npt.NDArray[np.float64], first_x: float) -> Glyphs:
    """Stack the letters of each column, the largest furthest from zero, positive up and negative down.

    Parameters
    ----------
    values
        Shape (4, L).
    first_x
        Where the centre of the first column lies.

    Returns
    -------
    The letters that are large enough to be seen.
    """
    order = np.argsort(np.abs(values), axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    standing = np.zeros_like(values)
    for sign in (1, -1):
        same = ordered * sign > 0
        below = np.cumsum(np.where(same, ordered, 0), axis=0) - ordered  # heights of the smaller ones of this sign
        standing[same] = below[same]
    row, column = np.nonzero(np.abs(ordered) > _LEAST_HEIGHT * np.abs(values).max())
    x = np.asarray(first_x + column, dtype=np.float64)
    return Glyphs(order[row, column].astype(np.int8), x, standing[row, column], ordered[row, column])


def value_range(glyphs: Glyphs) -> tuple[float, float]:
    """Least and greatest value that the letters reach; holds 0, and is never empty."""
    ends = np.concatenate([glyphs.y + glyphs.height, [0.0]])
    low, high = float(ends.min()), float(ends.max())
    air = 0.04 * (high - low)
    return (low - air * (low < 0), high + air * (high > 0)) if high > low else (0.0, 1.0)


def nice_ticks(low: float, high: float, about: int, whole: bool = False) -> list[float]:
    """Give multiples of 1, 2 or 5 times a power of ten between low and high, about so many."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(step, 1.0) if whole else step
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def format_tick(value: float, ticks: Sequence[float]) -> str:
    """Write a tick with as many digits as the step between ticks needs."""
    step = min((b - a for a, b in pairwise(ticks)), default=1.0)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{digits}f}".replace("-", "−") if digits < 5 else f"{value:.1e}"


@dataclass(frozen=True)
class Annotation:
    """A span to mark, in the unit of x, with what is to be said about it."""

    left: float
    right: float
    label: str
    kind: str  # equal kinds have equal colours
    rank: float  # smaller is placed first
    facts: Mapping[str, str]


def lay_out(
    annotations: Iterable[Annotation], x_range: tuple[float, float], width: int, n_lanes: int | None
) -> tuple[list[Box], int]:
    """Put annotations into lanes so that neither boxes nor labels overlap.

    Parameters
    ----------
    annotations
        Spans; what lies outside of x_range is cut off.
    x_range, width
        The visible bp, and the pixels for them.
    n_lanes
        How many lanes there may be. Default (None): as many as needed.

    Returns
    -------
    The boxes by rank, and how many annotations found no lane.
    """
    px = width / (x_range[1] - x_range[0])
    lanes: list[list[tuple[float, float]]] = []
    colors: dict[str, str] = {}
    boxes: list[Box] = []
    n_left_out = 0
    for one in sorted(annotations, key=lambda one: one.rank):
        left, right = max(one.left, x_range[0]), min(one.right, x_range[1])
        if right <= left:
            continue
        colors.setdefault(one.kind, BOX_COLORS[len(colors) % len(BOX_COLORS)])
        label_x = _label_place(one.label, left, right, x_range, px)
        taken = (min(left, label_x), max(right, label_x + _label_px(one.label) / px) + _GAP_PX / px)
        lane = next((i for i, lane in enumerate(lanes) if _is_free(lane, taken)), len(lanes))
        if n_lanes is not None and lane >= n_lanes:
            n_left_out += 1
            continue
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append(taken)
        boxes.append(Box(left, right, lane, one.label, label_x, colors[one.kind], one.facts))
    return boxes, n_left_out


def _is_free(lane: Iterable[tuple[float, float]], span: tuple[float, float]) -> bool:
    return all(right <= span[0] or left >= span[1] for left, right in lane)


def _label_px(label: str) -> float:
    return _CHARACTER_PX * len(label)


def _label_place(label: str, left: float, right: float, x_range: tuple[float, float], px: float) -> float:
    """Inside the box if the label fits there, else right of it, else left of it."""
    room, gap = _label_px(label) / px, _GAP_PX / px
    if room + gap <= right - left:
        return (left + right - room) / 2
    if right + gap + room <= x_range[1] or left - gap - room < x_range[0]:
        return right + gap
    return left - gap - room


def facts_of(row: Mapping[Any, Any]) -> dict[str, str]:
    """Write the values of an annotation's row for people to read."""
    return {str(key): f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in row.items()}
