"""A logo as geometry: which letter stands where, which box lies in which lane, and where the ticks are."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nbmotif.drawing import letters
from nbmotif.drawing.picture import Annotation, Picture, format_tick, lay_out, nice_ticks, stack, value_range

# letters


@pytest.mark.parametrize("code", range(4))
def test_contours__fill_the_unit_square(code: int) -> None:
    outline, *holes = letters.contours(code)
    assert np.allclose([outline.min(axis=0), outline.max(axis=0)], [[0, 0], [1, 1]], atol=0.02)
    assert len(holes) == (code == 0)  # A alone has a hole
    for hole in holes:
        assert (hole > outline.min(axis=0)).all()
        assert (hole < outline.max(axis=0)).all()


def test_outlines__are_those_of_the_widget() -> None:
    source = Path(__file__).parents[2] / "js" / "src" / "draw" / "letters.ts"
    if not source.is_file():
        pytest.skip("the widget's source is not part of this checkout")
    assert re.findall(r'"(M[^"]*Z)"', source.read_text())[:4] == list(letters.OUTLINES)


# which letter stands where


def test_stack__puts_the_largest_furthest_from_zero() -> None:
    glyphs = stack(np.array([[0.1], [0.3], [-0.2], [-0.5]]), 7)
    drawn = {
        letters.LETTERS[code]: (x, pytest.approx(y), height)
        for code, x, y, height in zip(glyphs.code, glyphs.x, glyphs.y, glyphs.height, strict=True)
    }
    assert drawn == {"A": (7, 0, 0.1), "C": (7, 0.1, 0.3), "G": (7, 0, -0.2), "T": (7, -0.2, -0.5)}


def test_stack__leaves_out_what_cannot_be_seen() -> None:
    assert stack(np.array([[0.0, 1.0, 0.001], [0.0, 0.0, 0.0021], [0.0, 0.0, -0.5], [0.0] * 3]), 0).code.tolist() == [
        1,
        0,
        2,
    ]
    assert len(stack(np.zeros((4, 5)), 0)) == 0


values = hnp.arrays(np.float64, st.tuples(st.just(4), st.integers(1, 12)), elements=st.floats(-5, 5, width=16))


@given(values)
def test_stack__letters_of_a_column_touch_but_do_not_overlap(table: np.ndarray) -> None:
    glyphs = stack(table, 0)
    for x in np.unique(glyphs.x):
        for sign in (1, -1):
            here = (glyphs.x == x) & (np.sign(glyphs.height) == sign)
            ends = np.sort(np.abs(glyphs.y + glyphs.height)[here])
            starts = np.sort(np.abs(glyphs.y)[here])
            assert np.allclose(starts[1:], ends[:-1], rtol=0, atol=1e-9)


@given(values)
def test_value_range__holds_zero_and_every_letter_with_a_little_air(table: np.ndarray) -> None:
    glyphs = stack(table, 0)
    low, high = value_range(glyphs)
    reached = [0.0, *glyphs.y, *(glyphs.y + glyphs.height)]
    assert low <= min(reached) <= max(reached) <= high
    assert low < high
    if len(glyphs):
        assert high - low == pytest.approx((max(reached) - min(reached)) * (1 + 0.04 * ((low < 0) + (high > 0))))


def test_value_range__leaves_no_air_where_there_are_no_letters() -> None:
    assert value_range(stack(np.array([[0.5], [0], [0], [0]]), 0))[0] == 0
    assert value_range(stack(np.array([[-0.5], [0], [0], [0]]), 0))[1] == 0
    assert value_range(stack(np.zeros((4, 2)), 0)) == (0, 1)


def test_contours__trace_straight_lines_from_corner_to_corner() -> None:
    [outline] = letters.contours(3)
    corners = [(0, 1), (1, 1), (1, 0.81), (0.61, 0.81), (0.61, 0), (0.39, 0), (0.39, 0.81), (0, 0.81)]
    assert outline.tolist() == [pytest.approx(corner) for corner in corners]


def test_contours__trace_curves_as_polylines() -> None:
    """Of C the first curve is from (100, 65) by (96, 88) and (79, 100) to (53, 100), downwards."""
    [outline] = letters.contours(1)
    assert outline[0] == pytest.approx([1, 0.35])
    middle = np.array([100 + 3 * 96 + 3 * 79 + 53, 65 + 3 * 88 + 3 * 100 + 100]) / 800
    assert outline[3] == pytest.approx([middle[0], 1 - middle[1]])
    assert outline[6] == pytest.approx([0.53, 0])
    third = (8 * np.array([100, 65]) + 12 * np.array([96, 88]) + 6 * np.array([79, 100]) + np.array([53, 100])) / 2700
    assert outline[2] == pytest.approx([third[0], 1 - third[1]])


# lanes


@st.composite
def annotations(draw: st.DrawFn) -> list[Annotation]:
    spans = draw(
        st.lists(st.tuples(st.integers(-20, 110), st.integers(1, 40), st.text("abc", max_size=20)), max_size=25)
    )
    return [Annotation(left, left + n, label, label, rank, {}) for rank, (left, n, label) in enumerate(spans)]


@given(annotations())
def test_lay_out__boxes_and_labels_of_a_lane_never_overlap(marks: list[Annotation]) -> None:
    boxes, n_left_out = lay_out(marks, (0, 100), 500, None)
    assert n_left_out == 0
    assert len(boxes) == sum(one.right > 0 and one.left < 100 for one in marks)
    for lane in {box.lane for box in boxes}:
        parts = [(b.left, b.right) for b in boxes if b.lane == lane]
        together = sorted(
            (min(b.left, b.label_x), max(b.right, b.label_x + len(b.label) * 6 / 5)) for b in boxes if b.lane == lane
        )
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(together))
        assert all(0 <= left < right <= 100 for left, right in parts)


@given(annotations(), st.integers(1, 3))
def test_lay_out__counts_what_has_no_lane(marks: list[Annotation], n_lanes: int) -> None:
    boxes, n_left_out = lay_out(marks, (0, 100), 500, n_lanes)
    everything, _ = lay_out(marks, (0, 100), 500, None)
    assert len(boxes) + n_left_out == len(everything)
    assert all(box.lane < n_lanes for box in boxes)


def test_lay_out__gives_the_best_the_first_lane() -> None:
    marks = [Annotation(10, 20, "", "a", 2, {}), Annotation(12, 22, "", "b", 1, {})]
    assert [(box.left, box.lane) for box in lay_out(marks, (0, 100), 500, None)[0]] == [(12, 0), (10, 1)]


@pytest.mark.parametrize(
    ("left", "right", "label_x"),
    [
        (10, 60, pytest.approx((10 + 60 - 4 * 6.8 / 5) / 2)),  # centred, where there is room
        (10, 12, pytest.approx(12 + 4 / 5)),  # right of a box that is too small
        (90, 96, pytest.approx(90 - (4 + 4 * 6.8) / 5)),  # left of it at the right edge
        (90, 94, pytest.approx(90 - (4 + 4 * 6.8) / 5)),  # where it would reach the edge but for the gap
    ],
)
def test_lay_out__puts_labels_into_their_boxes_or_beside(left: float, right: float, label_x: float) -> None:
    [box], _ = lay_out([Annotation(left, right, "CTCF", "", 0, {})], (0, 100), 500, None)
    assert box.label_x == label_x


def test_lay_out__colours_by_kind() -> None:
    marks = [Annotation(10 * i, 10 * i + 5, "", kind, i, {}) for i, kind in enumerate("aba")]
    first, second, third = (box.color for box in lay_out(marks, (0, 100), 500, None)[0])
    assert first == third != second


def test_picture__lays_lanes_below_the_logo() -> None:
    picture = Picture(stack(np.eye(4), 0), (0, 4), (-1, 1), width=12, height=38, colors={}, n_lanes=2)
    assert (picture.lane_height, picture.bottom, picture.top) == (1, -3, 1)
    assert picture.lane_span(1) == pytest.approx((-2.9, -2.1))
    assert not picture.as_bars  # three pixels a base


@pytest.mark.parametrize(("width", "as_bars"), [(300, False), (299, True)])
def test_picture__shows_bars_where_a_base_of_the_view_has_less_than_three_pixels(width: int, as_bars: bool) -> None:
    assert Picture(stack(np.eye(4), 0), (1000, 1100), (0, 1), width, 38, {}).as_bars == as_bars


# ticks


@pytest.mark.parametrize(
    ("low", "high", "about", "ticks"),
    [(0, 2, 4, [0, 0.5, 1, 1.5, 2]), (-0.3, 0.5, 4, [-0.2, 0, 0.2, 0.4]), (950, 1150, 10, [*range(960, 1151, 20)])],
)
def test_nice_ticks__are_round_numbers(low: float, high: float, about: int, ticks: list[float]) -> None:
    assert nice_ticks(low, high, about) == pytest.approx(ticks)


def test_nice_ticks__are_whole_numbers_if_asked() -> None:
    assert nice_ticks(0, 3, 10, whole=True) == [0, 1, 2, 3]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_nice_ticks__lie_in_the_range_and_are_about_as_many_as_asked(low: float, span: float, about: int) -> None:
    ticks = nice_ticks(low, low + span, about)
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    assert about / 2.6 - 1 <= len(ticks) <= about + 2


def test_format_tick__has_the_digits_that_tell_ticks_apart() -> None:
    assert [format_tick(v, [0, 0.5]) for v in (0, -0.5)] == ["0.0", "−0.5"]
    assert format_tick(1_140_000, [0, 50]) == "1,140,000"
    assert format_tick(2e-7, [0, 2e-7]) == "2.0e-07"
