"""The plain calls behind the table make the table that is shown, from nothing but what was passed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from nbmotif.widget.explorer import Explorer
from tests.unit.conftest import make_pieces

if TYPE_CHECKING:
    from pathlib import Path

Make = "Callable[..., Explorer]"
# of every trait on which the table depends, values that matter in the small study
_STATES: dict[str, list[Any]] = {
    "count_mode": ["hits", "sites", "exclusive", "sequences", "explained"],
    "by_family": [True, False],
    "sign": ["+", "-", "both"],
    "attribution_threshold": [0, 0.005, 0.01, 0.2],
    "fimo_p_threshold": [1, 1e-4, 9e-5, 1e-5],
    "seqlet_p_threshold": [1, 0.01],
    "tomtom_p_threshold": [1, 0.01],
    "family_similarity": [0.1, 0.5, 0.7, 1],
    "window": [None, (10, 100), (5, 6)],
    "sequence": [None, None, 2],
    "sequence_filter": [None, "peak 2", [1, 3], [], "chr2:1,000-3,010", "chr1:,-5"],
    "_search": ["", "a", "/a/", "/(a|t)/", "/(/", "(", "[", "'\"\\"],
    "_filters": [{}, {"count": "> 2"}, {"enrichment": ">1"}, {"marginal": "0.1"}, {"seqlets": "<= 3", "members": "=1"}],
    "_sort": [
        [{"column": column, "descending": descending} for column in columns]
        for columns in (["name"], ["family", "count"], ["enrichment", "name"], ["marginal", "members"], [])
        for descending in (True, False)
    ],
}


def check(widget: Explorer, variables: dict[str, Any]) -> None:
    """Run the code where there are these variables and no others."""
    names = dict(variables)
    exec(widget.code(), names)
    assert repr(widget.code()) == widget.code()
    assert all(names[name] is value for name, value in variables.items()), "it leaves the user's variables alone"
    pd.testing.assert_frame_equal(names["table"], widget.counts, check_dtype=False, check_exact=True)


@pytest.mark.parametrize(
    "without",
    [
        [],
        ["families"],
        ["hits"],
        ["seqlets", "annotations"],
        ["annotations"],
        ["marginal", "sequence_names"],
        ["loci", "hypothetical"],
        ["attributions"],
        ["attributions", "hypothetical", "X"],
        ["motifs", "annotations", "families"],
    ],
    ids=" ".join,
)
def test_code__makes_the_table_that_is_shown_from_what_was_passed(bundle: Path, without: list[str]) -> None:
    random = np.random.default_rng(len(without))
    made = make_pieces(*without)
    widget = Explorer(**made)
    n_rows = 0
    for _ in range(25):
        with widget.hold_trait_notifications():
            for name, values in _STATES.items():
                setattr(widget, name, values[random.integers(len(values))])
        check(widget, made)
        n_rows += len(widget.counts)
    assert n_rows > 0
    widget.close()


def test_code__takes_hits_without_attribution_in_the_form_in_which_they_were_passed(bundle: Path) -> None:
    made = make_pieces("families")
    hits = made["hits"].drop(columns="attribution")
    made["hits"] = [frame for _, frame in hits.groupby("motif_name")]
    widget = Explorer(**made, attribution_threshold=0.02)
    assert "expected" in widget.counts
    check(widget, made)
    widget.close()


def test_code__takes_families_that_were_made_in_another_way(bundle: Path) -> None:
    made = make_pieces("families")
    widget = Explorer(**made, family_similarity=0.3)
    made["families"] = widget._content.motifs.families(similarity=0.5)
    widget.update(families=made["families"])
    check(widget, made)
    widget.close()


def test_code__follows_updates(bundle: Path) -> None:
    made = make_pieces()
    widget = Explorer(**made)
    made["attributions"] = made["attributions"] * 3
    made["hypothetical"] = made["hypothetical"] * 3
    widget.update(attributions=made["attributions"], hypothetical=made["hypothetical"])
    check(widget, made)  # the hits' own attributions are not shown any more
    made |= {name: make_pieces(seed=1)[name] for name in ("hits", "seqlets", "annotations")}
    widget.update(hits=made["hits"])
    widget.update(seqlets=made["seqlets"])
    del made["annotations"]
    check(widget, made)
    widget.close()


def test_code__reads_a_study_where_there_is_one(bundle: Path) -> None:
    made = make_pieces("families", "sequence_names", "attributions")
    annotations = made.pop("annotations")
    made["seqlets"] = made["seqlets"].assign(motif_idx=annotations[0][:, 0], tomtom_p=annotations[1][:, 0])
    study = SimpleNamespace(**made, settings={})
    widget = Explorer.from_study(study)
    check(widget, {"study": study})
    study.hits = study.hits.iloc[::2]
    widget.update_from(study)
    check(widget, {"study": study})
    widget.close()


def test_code__keeps_what_was_passed_beside_a_study(bundle: Path) -> None:
    made = make_pieces("families", "sequence_names", "attributions", "annotations")
    study = SimpleNamespace(**made, settings={})
    families = ["a", "a", "a", "b", None]
    widget = Explorer.from_study(study, families=families)
    assert sorted(widget.counts["family"]) == ["a", "b", "decoy_b"]
    check(widget, {"study": study, "families": families})
    widget.close()
