"""A picture in an axes of matplotlib's and as a Bokeh figure: every part where its numbers say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from bokeh.models import HoverTool, Label, Span
from matplotlib.figure import Figure

from nbmotif.drawing import bokeh_figure, matplotlib_axes
from nbmotif.drawing.picture import LETTER_COLORS
from tests.unit.small_picture import PICTURE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nbmotif.drawing.picture import Picture

# left, right, lower and upper end of each letter of the picture
EXTENTS = {"A": (-0.48, 0.48, 0.5, 1.5), "C": (-0.48, 0.48, 0, 0.5), "T": (0.52, 1.48, -0.5, 0)}
# a lane is 0.38 high, of which a box takes 0.8
LOW, HIGH = -1 - 0.9 * 0.38, -1 - 0.1 * 0.38


def drawn(picture: Picture = PICTURE) -> Axes:
    ax = Figure().subplots()
    matplotlib_axes.draw(picture, ax)
    return ax


def extent(x: np.ndarray, y: np.ndarray) -> Any:
    return pytest.approx((x.min(), x.max(), y.min(), y.max()), abs=1e-9)


def test_matplotlib__letters_stand_where_the_picture_says_in_their_colours() -> None:
    collections = drawn().collections
    for collection, (letter, expected) in zip(collections, EXTENTS.items(), strict=True):
        x, y = collection.get_paths()[0].vertices.T
        assert expected == extent(x, y)
        red, green, blue, _ = (round(255 * part) for part in collection.get_facecolor()[0])
        assert f"#{red:02x}{green:02x}{blue:02x}" == LETTER_COLORS[letter]
        assert collection.get_linewidth() == 0


def test_matplotlib__the_hole_of_a_letter_runs_the_other_way_round() -> None:
    outline, hole = drawn().collections[0].get_paths()[0].to_polygons(closed_only=False)
    signs = [np.sign(x @ np.roll(y, -1) - y @ np.roll(x, -1)) for x, y in (outline.T, hole.T)]
    assert signs == [1, -1]


def test_matplotlib__boxes_lie_in_their_lanes() -> None:
    [box] = drawn().patches
    assert (*box.get_xy(), box.get_width(), box.get_height()) == pytest.approx((0.5, LOW, 1, HIGH - LOW))
    assert box.get_facecolor() == pytest.approx((0, 0x72 / 255, 0xB2 / 255, 0.3))
    assert box.get_edgecolor() == pytest.approx((0, 0x72 / 255, 0xB2 / 255, 1))


def test_matplotlib__words_stand_beside_what_they_are_about() -> None:
    ax = drawn(replace(PICTURE, n_left_out=2))
    label, heading, note = ax.texts
    assert (label.get_text(), *label.get_position()) == ("site", 0.6, pytest.approx((LOW + HIGH) / 2))
    assert (heading.get_text(), *heading.get_position()) == ("peak", 0.5, pytest.approx(1.3))
    assert (heading.get_ha(), heading.get_va()) == ("center", "top")
    assert (note.get_text(), *note.get_position()) == ("2 more annotations have no lane", 1, 1)
    assert (note.get_ha(), note.get_transform()) == ("right", ax.transAxes)
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("Logo", "position", "attribution")


def test_matplotlib__axes_have_the_limits_and_ticks_of_the_picture() -> None:
    ax = drawn()
    assert ax.get_xlim() == (-0.5, 1.5)
    assert ax.get_ylim() == pytest.approx((-1.38, 1.3))
    assert [(tick, label.get_text()) for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)] == [
        (0, "first"),
        (1, "second"),
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
    assert ax.get_yticks().tolist() == [-1, -0.5, 0, 0.5, 1]


def test_bokeh__letters_stand_where_the_picture_says_in_their_colours() -> None:
    plot = bokeh_figure.new_figure(PICTURE)
    for letter, expected in EXTENTS.items():
        renderer = plot.select_one({"name": letter})
        [[[outline, *holes]]], [[[ys, *_]]] = renderer.data_source.data["xs"], renderer.data_source.data["ys"]
        assert expected == extent(np.array(outline), np.array(ys))
        assert len(holes) == (letter == "A")
        assert renderer.glyph.fill_color == LETTER_COLORS[letter]
    assert plot.select_one({"name": "G"}).data_source.data["xs"] == []


def test_bokeh__narrow_letters_are_bars() -> None:
    bars = bokeh_figure.new_figure(replace(PICTURE, width=4)).select_one({"name": "bars"}).data_source.data
    assert [*zip(*(bars[side].tolist() for side in ("left", "right", "bottom", "top")), strict=True)] == [
        (-0.5, 0.5, 0, 0.5),
        (-0.5, 0.5, 0.5, 1.5),
        (0.5, 1.5, 0, -0.5),
    ]
    assert bars["fill_color"].tolist() == [LETTER_COLORS[letter] for letter in "CAT"]


def test_bokeh__boxes_lie_in_their_lanes_and_tell_their_facts() -> None:
    plot = bokeh_figure.new_figure(PICTURE)
    boxes = plot.select_one({"name": "boxes"})
    source = boxes.data_source.data
    numbers = [source[name][0] for name in ("left", "right", "bottom", "top", "middle", "label_x")]
    assert numbers == pytest.approx([0.5, 1.5, LOW, HIGH, (LOW + HIGH) / 2, 0.6])
    assert (source["label"], source["color"]) == (["site"], ["#0072b2"])
    hover = plot.select_one(HoverTool)
    assert hover.renderers == [boxes]
    assert hover.tooltips == [("score", "@{fact score}"), ("p", "@{fact p}")]
    assert (source["fact score"], source["fact p"]) == (["3 < 4"], ["0.01"])


def test_bokeh__ranges_ticks_and_words_are_those_of_the_picture() -> None:
    plot = bokeh_figure.new_figure(replace(PICTURE, n_left_out=2, x_ticks_are_fixed=True))
    assert (plot.x_range.start, plot.x_range.end, plot.x_range.bounds) == (-0.5, 1.5, "auto")
    assert (plot.y_range.start, plot.y_range.end) == pytest.approx((-1.38, 1.3))
    assert (plot.title.text, plot.xaxis.axis_label, plot.yaxis.axis_label) == ("Logo", "position", "attribution")
    assert (plot.width, plot.height) == (280, 100 + 19 + 90)
    assert plot.yaxis.ticker.ticks == [-1, -0.5, 0, 0.5, 1]
    assert plot.yaxis.major_label_overrides[-0.5] == "−0.5"
    assert plot.xaxis.ticker.ticks == [0, 1]
    assert plot.xaxis.major_label_overrides == {0: "first", 1: "second"}
    [line], [note] = plot.select(Span), plot.select(Label)
    assert (line.location, line.dimension) == (0, "width")
    assert note.text == "2 more annotations have no lane"
    [heading] = [one.data_source.data for one in plot.renderers if one.data_source.data.get("text") == ["peak"]]
    assert (heading["x"], heading["y"]) == ([0.5], [pytest.approx(1.3)])
