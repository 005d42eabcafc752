"""New data in an Explorer that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from nbmotif.errors import InvalidArgument
from nbmotif.widget.explorer import Explorer
from tests.unit.conftest import make_pieces

if TYPE_CHECKING:
    from pathlib import Path

Make = "Callable[..., Explorer]"
Pieces = "Callable[..., dict[str, Any]]"


def test_update__replaces_what_is_named_and_keeps_the_rest(explorer: Make, pieces: Pieces) -> None:
    widget = explorer(selected_motifs=["TAL1"], sequence=1, viewport=(5, 50), attribution_threshold=0.2)
    seqlets, marginal = widget.seqlets, widget.counts["marginal"]
    widget.update(hits=pieces()["hits"].iloc[:100])
    assert (widget._rev, widget._manifest["n_hits"]) == (2, 100)
    pd.testing.assert_frame_equal(widget.seqlets, seqlets)
    assert widget.counts["marginal"].sum() == marginal.sum()
    assert (widget.selected_motifs, widget.sequence, widget.viewport) == (["TAL1"], 1, (5, 50))
    assert widget.attribution_threshold == 0.2


def test_update__with_everything_shows_the_same_as_a_new_one(explorer: Make, pieces: Pieces) -> None:
    widget = explorer("hits", "seqlets", "annotations", "marginal")
    for name in ("hits", "seqlets", "annotations", "marginal"):
        widget.update(**{name: pieces()[name]})
    new = explorer()
    for table in ("counts", "hits", "seqlets"):
        pd.testing.assert_frame_equal(getattr(widget, table), getattr(new, table))
    assert {**widget._manifest} == {**new._manifest}


def test_update__gives_hits_the_new_attributions(explorer: Make, pieces: Pieces) -> None:
    widget = explorer(attribution_threshold=0, sign="both")
    widget.update(attributions=pieces()["X"] * 1.0)
    assert (widget.hits["attribution"] == widget.hits["end"] - widget.hits["start"]).all()


def test_update__gives_an_explorer_without_hits_new_attributions(explorer: Make, pieces: Pieces) -> None:
    widget = explorer("hits", "attributions", "hypothetical")
    widget.update(attributions=pieces()["attributions"])
    assert widget._manifest["has"]["attributions"]
    assert not widget._manifest["has"]["hits"]


def test_update__drops_a_selection_that_is_not_there_any_more(explorer: Make) -> None:
    widget = explorer(selected_motifs=["TAL1", "GATA1"], sequence=5, viewport=(5, 50))
    nothing = dict.fromkeys(("X", "attributions", "hypothetical", "hits", "seqlets", "marginal", "loci"))
    motifs = {"GATA1": np.full((4, 5), 0.25)}
    widget.update(**{**nothing, "X": np.zeros((2, 4, 30)), "sequence_names": None, "motifs": motifs, "families": False})
    assert (widget.selected_motifs, widget.sequence, widget.viewport) == (["GATA1"], None, None)
    assert max(widget._tracks) < 2


def test_update__refuses_what_it_does_not_know(explorer: Make) -> None:
    with pytest.raises(TypeError, match=r"update\(\) has no argument 'theme'"):
        explorer().update(theme="dark")


def test_from_study__shows_what_was_computed(bundle: Path, pieces: Pieces) -> None:
    made = pieces()

    class Study:
        X, motifs, name, loci, marginal = made["X"], made["motifs"], "demo", made["loci"], None
        hypothetical, seqlets, hits, settings = None, None, made["hits"], {}

    widget = Explorer.from_study(Study(), families=False)
    assert not widget._manifest["has"]["hits"]
    Study.hypothetical = made["hypothetical"]
    widget.update_from(Study())
    assert widget._manifest["has"]["hits"]
    assert widget._manifest["has"]["attributions"]
    widget.close()


def test_update__counts_matches_for_the_motifs_they_are_of_when_their_order_changes(explorer: Make) -> None:
    widget = explorer("families", "marginal", by_family=False, tomtom_p_threshold=1.0)
    before = widget.counts.set_index("motif_name")["seqlets"]
    widget.update(motifs=dict(reversed(make_pieces()["motifs"].items())))
    assert before.nunique() > 1
    pd.testing.assert_series_equal(widget.counts.set_index("motif_name")["seqlets"].reindex(before.index), before)
    assert widget.seqlets["motif_name"].value_counts().drop("unassigned").to_dict() == before[before > 0].to_dict()


def test_update__refuses_motifs_without_those_that_seqlets_match(explorer: Make) -> None:
    widget = explorer("hits", "marginal")
    few = dict(list(make_pieces()["motifs"].items())[:4])
    with pytest.raises(InvalidArgument, match="`motifs` must be those that the seqlets were matched with; got none"):
        widget.update(motifs=few)
    assert len(widget._content.motif_names) == 5


def test_update__with_fewer_motifs_forgets_effects_that_were_never_known(explorer: Make) -> None:
    widget = explorer("hits", "seqlets", "annotations", by_family=False)
    widget.update(motifs=dict(list(make_pieces()["motifs"].items())[:3]))
    assert widget.counts.set_index("motif_name")["marginal"].to_dict() == {"GATA1": 0.5, "Gata4": -0.25, "TAL1": 0.5}


def test_update__renames_sequences_and_their_hits(explorer: Make) -> None:
    widget = explorer()
    widget.update(sequence_names=list("abcdef"))
    assert set(widget.hits["sequence_name"]) <= set("abcdef")
    widget.sequence_filter = "c"
    assert set(widget.hits["sequence_name"]) == {"c"}
    widget.update(sequence_names=None)
    assert widget.hits["sequence_name"].dtype == np.int32
