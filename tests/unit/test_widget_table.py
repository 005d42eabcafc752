"""The table's numbers against a recount with pandas, and against a recount of what the browser was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbmotif.evidence import Thresholds
from nbmotif.widget import table, wire
from nbmotif.widget.content import Content
from nbmotif.widget.inputs import read_content

if TYPE_CHECKING:
    from collections.abc import Callable

# thresholds that are themselves attributions or p-values of the data: a strict comparison must leave those out
ATTRIBUTIONS = [0.0, 0.005, 0.01, 0.0100001, float(np.float32(0.01)), 0.2, 0.3, 1.0]
P_VALUES = [1e-8, 1e-6, 1e-5, 5e-5, 9.9e-5, 1e-4, 5e-3, 0.01, 0.5, 1.0]
cuts = st.builds(
    Thresholds,
    attribution=st.sampled_from(ATTRIBUTIONS),
    seqlet_p=st.sampled_from(P_VALUES),
    tomtom_p=st.sampled_from(P_VALUES),
    fimo_p=st.sampled_from(P_VALUES),
    sign=st.sampled_from(["+", "-", "both"]),
)


def recount(made: dict[str, Any], cut: Thresholds, sequence: int | None) -> pd.DataFrame:
    """Count with plain pandas from what the user passed."""
    hits, seqlets = made["hits"], made["seqlets"].copy()
    a = hits["attribution"].astype(np.float32)
    t = np.float32(cut.attribution)
    passes = {"+": a > t, "-": a < -t, "both": (a > t) | (a < -t)}[cut.sign] & (hits["p-value"] < cut.fimo_p)
    hits = hits[passes]
    seqlets["motif_idx"], seqlets["tomtom_p"] = made["annotations"][0][:, 0], made["annotations"][1][:, 0]
    a = seqlets["attribution"].astype(np.float32)
    passes = {"+": a > 0, "-": a < 0, "both": a != 0}[cut.sign] & (seqlets["p-value"] < cut.seqlet_p)
    seqlets = seqlets[passes & (seqlets["tomtom_p"] < cut.tomtom_p) & (seqlets["motif_idx"] >= 0)]
    if sequence is not None:
        hits, seqlets = hits[hits["sequence_name"] == sequence], seqlets[seqlets["example_idx"] == sequence]
    names = list(made["motifs"])
    counted = pd.DataFrame({"motif_name": names})
    counted["hits"] = counted["motif_name"].map(hits["motif_name"].value_counts()).fillna(0).astype(int)
    on = hits.groupby("motif_name")["sequence_name"].nunique()
    counted["sequences"] = counted["motif_name"].map(on).fillna(0).astype(int)
    counted["seqlets"] = seqlets["motif_idx"].value_counts().reindex(range(len(names)), fill_value=0).to_numpy()
    return counted


def browser_count(encoded: wire.Encoded, cut: Thresholds, sequence: int | None) -> dict[str, list[int]]:
    """Count from the columns alone, by the rules of the browser."""
    c, n_motifs = encoded.columns(), encoded.manifest["n_motifs"]
    found: dict[str, list[int]] = {"hits": [], "sequences": [], "seqlets": [0] * n_motifs}
    t = np.float32(cut.attribution)
    for m in range(n_motifs):
        levels = c["p_level"][c["p_level_offset"][m] : c["p_level_offset"][m + 1]]
        level_cut = np.searchsorted(levels, cut.fimo_p)
        on = [
            int(c["hit_sequence"][h])
            for h in range(c["hit_offset"][m], c["hit_offset"][m + 1])
            if c["hit_p"][h] < level_cut
            and (
                (cut.sign != "-" and c["hit_attribution"][h] > t) or (cut.sign != "+" and c["hit_attribution"][h] < -t)
            )
            and sequence in (None, c["hit_sequence"][h])
        ]
        found["hits"].append(len(on))
        found["sequences"].append(len(set(on)))
    for s in range(len(c["seqlet_p"])):
        a = c["seqlet_attribution"][s]
        signed = (cut.sign != "-" and a > 0) or (cut.sign != "+" and a < 0)
        assigned = c["seqlet_motif"][s] >= 0 and c["seqlet_tomtom_p"][s] < cut.tomtom_p
        if signed and assigned and c["seqlet_p"][s] < cut.seqlet_p and sequence in (None, c["seqlet_sequence"][s]):
            found["seqlets"][c["seqlet_motif"][s]] += 1
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a pure function
@given(cut=cuts, sequence=st.one_of(st.none(), st.integers(0, 5)), seed=st.integers(0, 50))
def test_counts__equal_a_pandas_recount(
    pieces: Callable[..., dict[str, Any]], cut: Thresholds, sequence: int | None, seed: int
) -> None:
    made = pieces(seed=seed)
    found = table.counts(read_content(**made), cut, sequence)
    expected = recount(made, cut, sequence)
    for name in ("hits", "sequences", "seqlets"):
        assert found[name].tolist() == expected[name].tolist(), name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a pure function
@given(cut=cuts, sequence=st.one_of(st.none(), st.integers(0, 5)), seed=st.integers(0, 50))
def test_counts__equal_what_the_browser_counts(
    pieces: Callable[..., dict[str, Any]], cut: Thresholds, sequence: int | None, seed: int
) -> None:
    content = read_content(**pieces(seed=seed))
    found = table.counts(content, cut, sequence)
    sent = browser_count(wire.encode(content), cut, sequence)
    assert {name: values.tolist() for name, values in found.items()} == sent


@pytest.mark.parametrize("max_hits", [10, 100])
def test_counts__above_the_floor_equal_what_the_browser_counts(
    pieces: Callable[..., dict[str, Any]], max_hits: int
) -> None:
    content = read_content(**pieces())
    encoded = wire.encode(content, max_hits)
    cut = Thresholds(attribution=encoded.manifest["floor"], sign="both")
    assert encoded.manifest["floor"] > 0
    assert table.counts(content, cut)["hits"].tolist() == browser_count(encoded, cut, None)["hits"]


def _content() -> Content:
    names = ["b", "A", "c", "Ab"]
    families = ["ETS", "GATA"]
    marginal = np.array([0.5, np.nan, -1, 0.5], np.float32)
    return Content(motif_names=names, family_names=families, family_idx=np.array([1, 0, 1, 0]), marginal=marginal)


VALUES = {"hits": np.array([3, 0, 3, 7]), "marginal": np.array([0.5, np.nan, -1, 0.5], np.float32)}


@pytest.mark.parametrize(
    ("column", "descending", "expected"),
    [
        ("hits", True, [3, 0, 2, 1]),
        ("hits", False, [1, 0, 2, 3]),
        ("marginal", True, [0, 3, 2, 1]),
        ("marginal", False, [2, 0, 3, 1]),
        ("name", False, [1, 3, 0, 2]),
        ("name", True, [2, 0, 3, 1]),
        ("family", False, [1, 3, 0, 2]),
        ("family", True, [0, 2, 1, 3]),
    ],
)
def test_rows__are_sorted_with_ties_in_file_order(column: str, descending: bool, expected: list[int]) -> None:
    assert table.rows(_content(), VALUES, table.Order(column, descending)).tolist() == expected


@pytest.mark.parametrize(
    ("search", "expected"), [("", [0, 1, 2, 3]), ("a", [0, 1, 2, 3]), ("AB", [3]), ("ets", [1, 3]), ("zz", [])]
)
def test_rows__are_found_by_motif_or_family(search: str, expected: list[int]) -> None:
    assert sorted(table.rows(_content(), VALUES, table.Order(search=search)).tolist()) == expected


def test_seqlets_frame__names_seqlets_without_a_good_match_unassigned(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces()
    frame = table.seqlets_frame(read_content(**made), Thresholds(tomtom_p=0.0, seqlet_p=1, sign="both"))
    assert len(frame) == len(made["seqlets"])
    assert set(frame["motif_name"]) == {"unassigned"}


def test_hits_frame__has_the_vignettes_columns_and_the_genome(pieces: Callable[..., dict[str, Any]]) -> None:
    content = read_content(**pieces())
    frame = table.hits_frame(content, table.counted_hits(content, Thresholds(), sequence=3))
    expected = "motif_name motif_idx sequence_name start end strand score p-value attribution"
    assert list(frame.columns) == [*expected.split(), "chrom", "chrom_start", "chrom_end"]
    assert set(frame["sequence_name"]) == {"peak 3"}
    assert (frame["chrom_start"] == frame["start"] + 3000).all()
    assert len(frame) > 0


def test_selection_frame__holds_hits_and_seqlets_of_the_named_motifs(pieces: Callable[..., dict[str, Any]]) -> None:
    content = read_content(**pieces())
    cut = Thresholds(sign="both", tomtom_p=1, seqlet_p=1)
    counted = table.counts(content, cut)
    frame = table.selection_frame(content, cut, None, ["TAL1"])
    assert set(frame["motif_name"]) == {"TAL1"}
    assert frame["method"].value_counts().to_dict() == {"hit": counted["hits"][2], "seqlet": counted["seqlets"][2]}
    assert table.selection_frame(content, cut, None, []).empty


def test_default_tracks__are_the_sequences_with_the_most_attribution(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces()
    content = read_content(**made)
    passing = made["seqlets"][(made["seqlets"]["p-value"] < 0.01) & (made["seqlets"]["attribution"] > 0)]
    expected = passing.groupby("example_idx")["attribution"].sum().sort_values(ascending=False)
    assert table.default_tracks(content, Thresholds(sign="+"), 3) == expected.index[:3].tolist()
    rest = read_content(X=made["X"], attributions=made["attributions"])
    by_sum = np.abs(made["attributions"]).sum(axis=(1, 2))
    assert table.default_tracks(rest, Thresholds(), 2) == np.argsort(-by_sum)[:2].tolist()
