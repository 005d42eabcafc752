"""Where the views look, and what they stand beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nbmotif.errors import InvalidArgument
from tests.unit.conftest import make_pieces

Make = "Callable[..., Explorer]"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((6,), "`sequence` must be a whole number, 0 to 5; got 6"),
        ((-1,), "`sequence` must be a whole number, 0 to 5"),
        (("peak 1",), "`sequence` must be a whole number, 0 to 5; got 'peak 1'"),
        ((0, 10), "`end` must be a whole number, 1 to 120; got None"),
        ((0, None, 10), "`start` must be a whole number, 0 to 119; got None"),
        ((0, 200, 210), "`start` must be a whole number, 0 to 119; got 200"),
        ((0, 20, 10), "`start` must be before `end`, 10; got 20"),
        ((0, 1.5, 9), "`start` must be a whole number"),
    ],
)
def test_look_at__says_what_is_wrong_and_moves_nothing(explorer: Make, place: tuple[Any, ...], message: str) -> None:
    widget = explorer(viewport=(10, 50))
    tracks = widget._tracks
    with pytest.raises(InvalidArgument, match=message):
        widget.look_at(*place)
    assert (widget._tracks, widget.viewport) == (tracks, (10, 50))


@pytest.mark.parametrize(
    ("place", "viewport"),
    [
        ((500, 510), (445, 565)),
        ((500, 700), (500, 700)),
        ((0, 10), (0, 120)),
        ((990, 1000), (880, 1000)),
        ((), None),
    ],
)
def test_look_at__shows_what_surrounds_a_place_within_the_sequence(
    explorer: Make, place: tuple[int, ...], viewport: tuple[int, int] | None
) -> None:
    widget = explorer(attributions=np.ones((6, 1000)), X=None, hypothetical=None, loci=None, viewport=(10, 50))
    widget.look_at(2, *place)
    assert widget.viewport == viewport


def test_look_at__shows_the_whole_of_a_short_sequence(explorer: Make) -> None:
    widget = explorer("X", "hypothetical", "loci", "hits", "seqlets", "annotations", attributions=np.ones((6, 100)))
    widget.look_at(2, 40, 50)
    assert widget.viewport == (0, 100)


def test_look_at__puts_the_sequence_on_top_of_as_many_as_are_shown(explorer: Make) -> None:
    widget = explorer(_tracks=[4, 1, 3])
    widget.look_at(2)
    assert widget._tracks == [2, 4, 1]
    widget.look_at(1)
    assert widget._tracks == [1, 2, 4]


def test_look_at__takes_a_row_of_a_table(explorer: Make) -> None:
    widget = explorer(attributions=np.ones((6, 1000)), X=None, hypothetical=None, loci=None)
    row = widget.unexplained[["example_idx", "start", "end"]].astype(float).iloc[0]
    widget.look_at(*row)
    assert widget._tracks[0] == row["example_idx"]
    assert widget.viewport[0] <= row["start"] < row["end"] <= widget.viewport[1]


def test_beside__wants_another_explorer(explorer: Make) -> None:
    widget = explorer()
    for other, got in ((widget, "this one"), ("x", "str"), (widget.table(), "View")):
        with pytest.raises(InvalidArgument, match=f"`other` must be another Explorer; got {got}"):
            widget.beside(other)


OTHER_MOTIFS = {**make_pieces("hits", "annotations", "marginal", "families"), "motifs": {"X": np.eye(4)}}


@pytest.mark.parametrize(
    ("theirs", "apart"),
    [
        (make_pieces(seed=1), set()),
        (make_pieces(n_sequences=7), {"sequence", "viewport", "_tracks"}),
        (make_pieces(length=130), {"sequence", "viewport", "_tracks"}),
        (OTHER_MOTIFS, {"selected_motifs"}),
    ],
)
def test_beside__shares_places_and_motifs_only_where_both_have_the_same(
    explorer: Make, theirs: dict[str, Any], apart: set[str]
) -> None:
    told = {
        "attribution_threshold": 0.2,
        "sign": "both",
        "count_mode": "hits",
        "_search": "a",
        "selected_motifs": ["TAL1"],
        "sequence": 3,
        "viewport": (20, 60),
        "_tracks": [5],
    }
    one, other = explorer(**told), explorer(*make_pieces(), **theirs)
    before = {name: getattr(other, name) for name in told}
    box = one.beside(other)
    assert box.children == (one, other)
    for name, value in told.items():
        assert getattr(other, name) == (before[name] if name in apart else value), name
    linked = {link.source[1] for link in one._views[:-1]}
    assert set(told) - linked == apart
