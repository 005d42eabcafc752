"""A picture in an axes of matplotlib's, for those who bring one; matplotlib itself is not required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.drawing.letters import LETTERS, contours
from nbmotif.drawing.picture import LETTER_WIDTH, format_tick, nice_ticks

if TYPE_CHECKING:
    from nbmotif.drawing.picture import Picture


def is_axes(ax: object) -> bool:
    """Whether this is an axes, found out without importing matplotlib."""
    return any(cls.__module__.startswith("matplotlib.axes") for cls in type(ax).__mro__)


def size(ax: Any) -> tuple[int, int]:
    """Width and height of an axes in pixels."""
    box = ax.get_window_extent()
    return max(1, round(box.width)), max(1, round(box.height))


def draw(picture: Picture, ax: Any) -> None:
    """Draw the picture into an axes, whose limits, ticks and words it sets."""
    from matplotlib.collections import PathCollection
    from matplotlib.patches import Rectangle

    for letter, path in _letter_paths(picture).items():
        # without limits, which take matplotlib ten times as long to find as the letters to draw
        ax.add_collection(PathCollection([path], facecolor=picture.colors[letter], linewidth=0), autolim=False)
    for box in picture.boxes:
        low, high = picture.lane_span(box.lane)
        size = (box.right - box.left, high - low)
        ax.add_patch(Rectangle((box.left, low), *size, facecolor=(*_rgb(box.color), 0.3), edgecolor=box.color))
        ax.text(box.label_x, (low + high) / 2, box.label, fontsize=8, va="center", clip_on=True)
    for x, words in picture.headings:
        ax.text(x, picture.top, words, fontsize=8, ha="center", va="top")
    if picture.note:
        ax.text(1, 1, picture.note, fontsize=8, ha="right", va="top", transform=ax.transAxes)
    ticks = nice_ticks(*picture.y_range, about=4)
    ax.set_yticks(ticks, [format_tick(value, ticks) for value in ticks])
    ax.set_xticks([x for x, _ in picture.x_ticks], [label for _, label in picture.x_ticks])
    ax.set(xlim=picture.x_range, ylim=(picture.bottom, picture.top))
    ax.set(title=picture.title, xlabel=picture.x_label, ylabel=picture.y_label)


def _letter_paths(picture: Picture) -> dict[str, Any]:
    """All letters of a kind as one compound path; contours that run the other way round are holes."""
    from matplotlib.path import Path

    glyphs = picture.glyphs
    paths: dict[str, Any] = {}
    for code in np.unique(glyphs.code).tolist():
        x, y, height = (column[glyphs.code == code, None] for column in (glyphs.x, glyphs.y, glyphs.height))
        outlines, kinds = [], list[np.uint8]()
        for i, shape in enumerate(contours(code)):
            ordered = shape if (_area(shape) > 0) == (i == 0) else shape[::-1]
            closed = np.vstack([ordered, ordered[:1]])
            outlines.append(np.stack([x + (closed[:, 0] - 0.5) * LETTER_WIDTH, y + closed[:, 1] * height], axis=-1))
            kinds += [Path.MOVETO, *[Path.LINETO] * (len(shape) - 1), Path.CLOSEPOLY]
        vertices = np.concatenate(outlines, axis=1)  # (letters, points, 2)
        paths[LETTERS[code]] = Path(vertices.reshape(-1, 2), np.tile(np.array(kinds, np.uint8), len(x)))
    return paths


def _area(points: Any) -> float:
    x, y = points.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
