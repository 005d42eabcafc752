"""A small canvas of pixels: what a notebook keeps for readers whom no script, font or vector picture reaches."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nbmotif.drawing.letters import LETTERS, contours
from nbmotif.drawing.picture import LETTER_WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmotif.drawing.picture import Glyphs

SCALE = 2  # pixels of the picture per pixel of the page, for sharp screens
_COLORS = 64  # few are drawn, and a palette makes the file a third as large
_NEARLY_WHITE = 250  # which the palette makes of the ground


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(SCALE * size)


class Canvas:
    """Draws on a white ground; all numbers are pixels of the page, y downwards."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (SCALE * width, SCALE * height), "#ffffff")
        self._draw = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG file."""
        file = io.BytesIO()
        image = self._image.quantize(_COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        image.putpalette([255 if level > _NEARLY_WHITE else level for level in image.getpalette() or ()])
        image.save(file, "PNG")
        return file.getvalue()

    def rect(self, x: float, y: float, width: float, height: float, color: str) -> None:
        """Fill a rectangle, at least a pixel wide and high."""
        corner = (SCALE * x, SCALE * y)
        self._draw.rectangle(
            (*corner, corner[0] + max(SCALE * width - 1, 0), corner[1] + max(SCALE * height - 1, 0)), fill=color
        )

    def text(self, x: float, y: float, words: str, size: int, color: str, anchor: str = "ls", room: float = 0) -> None:
        """Write words; `anchor` is Pillow's, by default left and on the baseline; what has no `room` is cut."""
        while room and len(words) > 1 and _font(size).getlength(words) > SCALE * room:
            words = words.rstrip("…")[:-1].rstrip() + "…"
        self._draw.text((SCALE * x, SCALE * y), words, color, _font(size), anchor)

    def letters(
        self,
        glyphs: Glyphs,
        left: float,
        top: float,
        px: tuple[float, float],
        high: float,
        colors: Mapping[str, str],
        as_bars: bool = False,
    ) -> None:
        """Draw stacked letters, or bars in their place.

        Parameters
        ----------
        glyphs
            The letters; the first column's left edge is at x = 0.
        left, top
            Where x = 0 and y = high lie.
        px
            Pixels per column, and per unit of y.
        high
            The largest y.
        colors
            Of A, C, G and T.
        as_bars
            Whether there is no room for letters.
        """
        for code, x, y, height in zip(glyphs.code, glyphs.x, glyphs.y, glyphs.height, strict=True):
            color = colors[LETTERS[code]]
            if as_bars:
                ends = sorted(((high - y) * px[1], (high - y - height) * px[1]))
                self.rect(left + (x - 0.5) * px[0], top + ends[0], px[0], ends[1] - ends[0], color)
                continue
            corner = np.array([left + (x - LETTER_WIDTH / 2) * px[0], top + (high - y) * px[1]])
            outer, *holes = (
                SCALE * (corner + points * (LETTER_WIDTH * px[0], -height * px[1])) for points in contours(int(code))
            )
            self._draw.polygon(outer.ravel().tolist(), fill=color)
            for hole in holes:
                self._draw.polygon(hole.ravel().tolist(), fill="#ffffff")
