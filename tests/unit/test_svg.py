"""A picture as SVG: every part where its numbers say, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from nbmotif.drawing.picture import LETTER_COLORS, Picture
from nbmotif.drawing.svg import render
from tests.unit.small_picture import PICTURE

# the logo begins 52 px down, below a title and headings, and 64 px from the left; its lane ends at 171


def parts(picture: Picture, kind: str) -> list[ET.Element]:
    return list(ET.fromstring(render(picture)).iter(f"{{http://www.w3.org/2000/svg}}{kind}"))


def numbers(element: ET.Element, names: str) -> list[float]:
    return [float(element.attrib[name]) for name in names.split()]


def test_render__is_as_large_as_the_logo_its_lanes_and_margins() -> None:
    outer, inner = parts(PICTURE, "svg")
    assert outer.attrib["viewBox"] == "0 0 276 211"
    assert numbers(outer, "width height") == [276, 211]
    assert inner.attrib["viewBox"] == "64 52 200 119"
    assert numbers(inner, "x y width height") == [64, 52, 200, 119]


def test_render__puts_letters_on_each_other_and_turns_negative_ones_over() -> None:
    # the corner of 96 px wide letters of 100 units, and their scale
    assert [(one.attrib["href"], one.attrib["transform"], one.attrib["fill"]) for one in parts(PICTURE, "use")] == [
        ("#nbmC", "translate(66.00 77.00) scale(0.9600 0.25000)", LETTER_COLORS["C"]),
        ("#nbmA", "translate(66.00 27.00) scale(0.9600 0.50000)", LETTER_COLORS["A"]),
        ("#nbmT", "translate(166.00 127.00) scale(0.9600 -0.25000)", LETTER_COLORS["T"]),
    ]


def test_render__draws_narrow_letters_as_bars_from_where_they_stand() -> None:
    narrow = replace(PICTURE, width=4, boxes=())
    _, *bars = parts(narrow, "rect")
    assert [[*numbers(bar, "x y width height"), bar.attrib["fill"]] for bar in bars] == [
        [64, 77, 2, 25, LETTER_COLORS["C"]],
        [64, 27, 2, 50, LETTER_COLORS["A"]],
        [66, 102, 2, 25, LETTER_COLORS["T"]],
    ]


def test_render__puts_annotations_into_their_lane() -> None:
    # a lane is 19 px high, of which a box takes 0.8
    ground, box = parts(PICTURE, "rect")
    assert numbers(ground, "width height") == [276, 211]
    assert numbers(box, "x y width height") == pytest.approx([164, 152 + 1.9, 100, 15.2])
    assert [one.text for one in parts(PICTURE, "title")] == ["Logo", "score: 3 < 4\np: 0.01"]


@pytest.mark.parametrize(
    ("words", "x", "y", "anchor"),
    [
        ("site", 174, 165.5, "start"),
        ("peak", 164, 46, "middle"),
        ("Logo", 64, 20, "start"),
        ("position", 164, 205, "middle"),
        ("attribution", 14, 102, "middle"),
        ("first", 114, 187, "middle"),
        ("second", 214, 187, "middle"),
        ("1.0", 57, 56, "end"),
        ("0.0", 57, 106, "end"),
        ("−1.0", 57, 156, "end"),
    ],
)
def test_render__puts_words_where_they_belong(words: str, x: float, y: float, anchor: str) -> None:
    [found] = [text for text in parts(PICTURE, "text") if text.text == words]
    assert (*numbers(found, "x y"), found.attrib["text-anchor"]) == (x, y, anchor)


def test_render__draws_axes_a_line_at_zero_and_ticks() -> None:
    lines = [path.attrib["d"] for path in parts(PICTURE, "path") if "stroke" in path.attrib]
    axes = ["M64.00 171.00L264.00 171.00", "M64.00 52.00L64.00 152.00", "M64.00 102.00L264.00 102.00"]
    ticks_y = [f"M60.00 {y}.00L64.00 {y}.00" for y in (152, 127, 102, 77, 52)]
    ticks_x = [f"M{x}.00 171.00L{x}.00 175.00" for x in (114, 214)]
    assert lines == [*axes, *ticks_y, *ticks_x]


def test_render__says_in_the_corner_what_has_no_lane() -> None:
    [note] = [text for text in parts(replace(PICTURE, n_left_out=2), "text") if "no lane" in (text.text or "")]
    assert (*numbers(note, "x y"), note.attrib["text-anchor"]) == (260, 62, "end")


def test_render__leaves_no_room_for_a_title_and_headings_that_are_not_there() -> None:
    bare = replace(PICTURE, title="", headings=())
    assert numbers(parts(bare, "svg")[0], "width height") == [276, 171]
    assert parts(bare, "title")[0].text == "Sequence logo"
