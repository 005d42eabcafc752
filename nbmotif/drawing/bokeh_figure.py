"""A picture as a Bokeh figure: pan, zoom and hover, alone or in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import BasicTicker, ColumnDataSource, FixedTicker, HoverTool, NumeralTickFormatter, Range1d
from bokeh.models.annotations import Label, Span
from bokeh.plotting import figure

from nbmotif.drawing.letters import LETTERS, contours
from nbmotif.drawing.picture import LANE_PX, LETTER_WIDTH, format_tick, nice_ticks

if TYPE_CHECKING:
    from nbmotif.drawing.picture import Picture


def new_figure(picture: Picture) -> figure:
    """Make a figure that holds the picture."""
    plot = figure(
        width=picture.width + 80,
        height=picture.height + LANE_PX * picture.n_lanes + 90,
        title=picture.title or None,
        tools="xpan,xwheel_zoom,xbox_zoom,reset,save",
        active_scroll=None,
        toolbar_location="right",
    )
    plot.toolbar.logo = None
    draw(picture, plot)
    return plot


def draw(picture: Picture, plot: figure) -> None:
    """Draw the picture into a figure, whose ranges and axes it sets."""
    plot.x_range = Range1d(start=picture.x_range[0], end=picture.x_range[1], bounds="auto")
    plot.y_range = Range1d(start=picture.bottom, end=picture.top)
    _draw_axes(picture, plot)
    plot.add_layout(Span(location=0, dimension="width", line_color="#cccccc"))
    (_draw_bars if picture.as_bars else _draw_letters)(picture, plot)
    if picture.boxes:
        _draw_boxes(picture, plot)
    for x, words in picture.headings:
        plot.text([x], [picture.top], [words], text_align="center", text_baseline="top", text_font_size="11px")
    if picture.note:
        plot.add_layout(Label(x=8, y=8, x_units="screen", y_units="screen", text=picture.note, text_font_size="11px"))


def _draw_axes(picture: Picture, plot: figure) -> None:
    plot.xaxis.axis_label, plot.yaxis.axis_label = picture.x_label, picture.y_label
    plot.grid.visible = False
    ticks = nice_ticks(*picture.y_range, about=4)
    plot.yaxis.ticker = FixedTicker(ticks=ticks)  # none beside the lanes, which have no values
    plot.yaxis.major_label_overrides = {value: format_tick(value, ticks) for value in ticks}
    if picture.x_ticks_are_fixed:
        plot.xaxis.ticker = FixedTicker(ticks=[x for x, _ in picture.x_ticks])
        plot.xaxis.major_label_overrides = dict(picture.x_ticks)
    else:
        plot.xaxis.ticker = BasicTicker(min_interval=1)
        plot.xaxis.formatter = NumeralTickFormatter(format="0,0")


def _draw_letters(picture: Picture, plot: figure) -> None:
    glyphs = picture.glyphs
    for code, letter in enumerate(LETTERS):
        rows = np.flatnonzero(glyphs.code == code)
        x, y, height = glyphs.x[rows], glyphs.y[rows], glyphs.height[rows]
        xs: list[Any] = [[[]] for _ in rows]
        ys: list[Any] = [[[]] for _ in rows]
        for k in range(len(rows)):
            # one polygon per letter: its outline, then its holes
            xs[k] = [[(x[k] + (shape[:, 0] - 0.5) * LETTER_WIDTH).tolist() for shape in contours(code)]]
            ys[k] = [[(y[k] + shape[:, 1] * height[k]).tolist() for shape in contours(code)]]
        plot.multi_polygons(xs=xs, ys=ys, color=picture.colors[letter], line_width=0, name=letter)


def _draw_bars(picture: Picture, plot: figure) -> None:
    glyphs = picture.glyphs
    colors = np.array([picture.colors[letter] for letter in LETTERS])[glyphs.code]
    left, right, ends = glyphs.x - 0.5, glyphs.x + 0.5, glyphs.y + glyphs.height
    plot.quad(left=left, right=right, bottom=glyphs.y, top=ends, color=colors, line_width=0, name="bars")


def _draw_boxes(picture: Picture, plot: figure) -> None:
    boxes = picture.boxes
    spans = [picture.lane_span(box.lane) for box in boxes]
    facts = {f"fact {key}": [box.facts.get(key, "") for box in boxes] for key in boxes[0].facts}
    source = ColumnDataSource(
        {
            "left": [box.left for box in boxes],
            "right": [box.right for box in boxes],
            "bottom": [low for low, _ in spans],
            "top": [high for _, high in spans],
            "middle": [(low + high) / 2 for low, high in spans],
            "color": [box.color for box in boxes],
            "label": [box.label for box in boxes],
            "label_x": [box.label_x for box in boxes],
            **facts,
        }
    )
    shapes = plot.quad(
        left="left",
        right="right",
        bottom="bottom",
        top="top",
        fill_color="color",
        line_color="color",
        fill_alpha=0.3,
        source=source,
        name="boxes",
    )
    plot.text("label_x", "middle", "label", source=source, text_baseline="middle", text_font_size="11px", name="labels")
    tooltips = [(key.removeprefix("fact "), f"@{{{key}}}") for key in facts]
    plot.add_tools(HoverTool(renderers=[shapes], tooltips=tooltips))
