"""Words of messages."""

from __future__ import annotations

import numpy as np
import pytest

from nbmotif import Study, fimo, one_hot_encode
from nbmotif.drawing.picture import Glyphs, Picture
from nbmotif.words import alike, counted, no_motif, some

GATA = {"GATA": np.eye(4)[[2, 0, 3, 0]].T}


@pytest.mark.parametrize(("n", "words"), [(0, "0 hits"), (1, "1 hit"), (2, "2 hits"), (12_345, "12,345 hits")])
def test_numbers__stand_with_their_noun(n: int, words: str) -> None:
    assert counted(n, "hit") == words


def test_lists__are_cut_after_the_first_few() -> None:
    assert some([]) == ""
    assert some(list("abcde")) == "a, b, c, d, e"
    assert some(list("abcdef")) == "a, b, c, d, e, …"


def test_names__that_hold_another_are_alike_whatever_the_case() -> None:
    assert alike("gata", ["GATA1", "TAL1", "Gata4"]) == ["GATA1", "Gata4"]
    assert no_motif("gata", ["GATA1", "TAL1"]) == "no motif is called 'gata'; there are GATA1"
    assert no_motif("X", ["GATA1"]) == "no motif is called 'X'"


def test_one_of_each__is_no_plural() -> None:
    assert repr(Study(None, one_hot_encode(["ACGT"]), GATA)).startswith("Study: 1 sequence of 4 bp, 1 motif; ran")
    assert repr(fimo(GATA, ["CCGATACC"], threshold=0.01)).startswith("Hits: 1 of 1 motif in 1 sequence\n")
    empty = Glyphs(*(np.empty(0) for _ in range(4)))
    notes = [Picture(empty, (0, 1), (0, 1), 9, 9, {}, n_left_out=n).note for n in range(3)]
    assert notes == ["", "1 more annotation has no lane", "2 more annotations have no lane"]
