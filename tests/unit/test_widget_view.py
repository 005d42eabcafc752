"""Where the views look, and what they stand beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nbmotif.errors import InvalidArgument

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
