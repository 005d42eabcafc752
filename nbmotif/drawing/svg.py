"""A picture as SVG text: what a notebook shows, small, sharp and without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from nbmotif.drawing.letters import LETTERS, OUTLINES
from nbmotif.drawing.picture import LANE_PX, LETTER_WIDTH, format_tick, nice_ticks

if TYPE_CHECKING:
    from nbmotif.drawing.picture import Picture

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 40  # margins in px
_HEADING = 20


def render(picture: Picture) -> str:
    """Draw a picture as an SVG document with a white ground."""
    return "".join(_Canvas(picture).document())


class _Canvas:
    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.top = _TOP + _HEADING * (bool(picture.title) + bool(picture.headings))
        self.floor = self.top + picture.height + LANE_PX * picture.n_lanes  # where the x axis lies
        low, high = picture.x_range
        self.px = picture.width / (high - low)
        self.py = picture.height / (picture.y_range[1] - picture.y_range[0])

    def x(self, value: float) -> float:
        return _LEFT + (value - self.picture.x_range[0]) * self.px

    def y(self, value: float) -> float:
        return self.top + (self.picture.y_range[1] - value) * self.py

    def document(self) -> list[str]:
        picture = self.picture
        width, height = _LEFT + picture.width + _RIGHT, self.floor + _BOTTOM
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        frame = f"{_LEFT} {self.top} {picture.width} {self.floor - self.top}"
        x, y, frame_width, frame_height = frame.split()
        outlines = zip(LETTERS, OUTLINES, strict=True)
        paths = "".join(f'<path id="nbm{letter}" fill-rule="evenodd" d="{d}"/>' for letter, d in outlines)
        # an inner svg cuts off what sticks out of the frame, without an id that the page may have already
        inner = f'<svg x="{x}" y="{y}" width="{frame_width}" height="{frame_height}" viewBox="{frame}">'
        return [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="11">',
            f"<title>{escape(picture.title or 'Sequence logo')}</title><defs>{paths}</defs>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *self._axes(),
            inner,
            *(self._bars() if picture.as_bars else self._letters()),
            *self._boxes(),
            "</svg></svg>",
        ]

    def _letters(self) -> list[str]:
        glyphs, width = self.picture.glyphs, LETTER_WIDTH * self.px
        parts = []
        for code, x, y, height in zip(glyphs.code, glyphs.x, glyphs.y, glyphs.height, strict=True):
            letter = LETTERS[code]
            # the outline's top left corner; a negative height turns the letter over
            place = f"{self.x(x) - width / 2:.2f} {self.y(y + height):.2f}"
            scale = f"{width / 100:.4f} {height * self.py / 100:.5f}"
            color = self.picture.colors[letter]
            parts.append(f'<use href="#nbm{letter}" fill="{color}" transform="translate({place}) scale({scale})"/>')
        return parts

    def _bars(self) -> list[str]:
        glyphs = self.picture.glyphs
        parts = []
        for code, x, y, height in zip(glyphs.code, glyphs.x, glyphs.y, glyphs.height, strict=True):
            top = self.y(max(y, y + height))
            color = self.picture.colors[LETTERS[code]]
            parts.append(_rect(self.x(x - 0.5), top, self.px, abs(height) * self.py, f'fill="{color}"'))
        return parts

    def _boxes(self) -> list[str]:
        parts = []
        for box in self.picture.boxes:
            low, high = self.picture.lane_span(box.lane)
            top, height = self.y(high), (high - low) * self.py
            facts = escape("\n".join(f"{key}: {value}" for key, value in box.facts.items()))
            paint = f'fill="{box.color}" fill-opacity="0.3" stroke="{box.color}"'
            shape = _rect(self.x(box.left), top, (box.right - box.left) * self.px, height, paint)
            parts.append(f"<g><title>{facts}</title>{shape}")
            parts.append(_text(self.x(box.label_x), top + height / 2 + 4, box.label) + "</g>")
        if self.picture.note:
            parts.append(_text(_LEFT + self.picture.width - 4, self.top + 10, self.picture.note, "end"))
        return parts

    def _axes(self) -> list[str]:
        picture, right = self.picture, _LEFT + self.picture.width
        parts = [_line(_LEFT, self.floor, right, self.floor), _line(_LEFT, self.top, _LEFT, self.top + picture.height)]
        parts.append(_line(_LEFT, self.y(0), right, self.y(0), "#ccc"))
        ticks = nice_ticks(*picture.y_range, about=4)
        for value in ticks:
            parts.append(_line(_LEFT - 4, self.y(value), _LEFT, self.y(value)))
            parts.append(_text(_LEFT - 7, self.y(value) + 4, format_tick(value, ticks), "end"))
        for value, label in picture.x_ticks:
            parts.append(_line(self.x(value), self.floor, self.x(value), self.floor + 4))
            parts.append(_text(self.x(value), self.floor + 16, label, "middle"))
        parts += [_text(self.x(x), self.top - 6, words, "middle") for x, words in picture.headings]
        middle = self.top + picture.height / 2
        parts.append(_text(_LEFT + picture.width / 2, self.floor + 34, picture.x_label, "middle"))
        parts.append(_text(14, middle, picture.y_label, "middle", f'transform="rotate(-90 14 {middle})"'))
        parts.append(_text(_LEFT, _TOP + 8, picture.title, "start", 'font-size="13" font-weight="bold"'))
        return parts


def _rect(x: float, y: float, width: float, height: float, paint: str) -> str:
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" {paint}/>'


def _line(x: float, y: float, to_x: float, to_y: float, color: str = "#555") -> str:
    return f'<path d="M{x:.2f} {y:.2f}L{to_x:.2f} {to_y:.2f}" stroke="{color}" fill="none"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
    if not words:
        return ""
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" fill="#222" {more}>{escape(words)}</text>'
