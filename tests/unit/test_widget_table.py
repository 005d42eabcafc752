"""The table's numbers against a recount with pandas, and against a recount of what the browser was sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbmotif.family_tree import FamilyTree
from nbmotif.hits import Hits
from nbmotif.thresholds import Thresholds
from nbmotif.widget import frames, table, wire
from nbmotif.widget.content import Content
from nbmotif.widget.inputs import read_content
from nbmotif.widget.queries import filtered_sequences
from nbmotif.widget.rows import Order, matcher, parse_bound
from nbmotif.widget.table import Query

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
    window=st.sampled_from([None, (20, 90), (50, 70)]),
    sequences=st.sampled_from([None, np.array([True, False, True, True, False, False])]),
)


def recount(made: dict[str, Any], cut: Thresholds) -> pd.DataFrame:
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
    if cut.window is not None:
        hits = hits[(hits["start"] >= cut.window[0]) & (hits["end"] <= cut.window[1])]
        seqlets = seqlets[(seqlets["start"] >= cut.window[0]) & (seqlets["end"] <= cut.window[1])]
    if cut.sequences is not None:
        hits, seqlets = hits[cut.sequences[hits["sequence_name"]]], seqlets[cut.sequences[seqlets["example_idx"]]]
    names = list(made["motifs"])
    counted = pd.DataFrame({"motif_name": names})
    counted["count"] = counted["motif_name"].map(hits["motif_name"].value_counts()).fillna(0).astype(int)
    on = hits.groupby("motif_name")["sequence_name"].nunique()
    counted["sequences"] = counted["motif_name"].map(on).fillna(0).astype(int)
    counted["seqlets"] = seqlets["motif_idx"].value_counts().reindex(range(len(names)), fill_value=0).to_numpy()
    return counted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a pure function
@given(cut=cuts, seed=st.integers(0, 50))
def test_answer__equals_a_pandas_recount(pieces: Callable[..., dict[str, Any]], cut: Thresholds, seed: int) -> None:
    made = pieces(seed=seed)
    found = table.answer(read_content(**made), Query(cut), with_null=False)
    expected = recount(made, cut)
    for name in ("count", "sequences", "seqlets"):
        assert getattr(found.motifs, name).tolist() == expected[name].tolist(), name
    of_family = expected.groupby(found.labels)["seqlets"].sum()
    assert found.families.seqlets.tolist() == of_family.tolist()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a pure function
@given(cut=cuts, seed=st.integers(0, 50), max_hits=st.sampled_from([10, 100, 1000]))
def test_tail__above_its_floor_holds_the_hits_that_count(
    pieces: Callable[..., dict[str, Any]], cut: Thresholds, seed: int, max_hits: int
) -> None:
    """Count from the columns alone, by the rules of the browser."""
    content = read_content(**pieces(seed=seed))
    encoded = wire.encode(content, max_hits)
    cut = replace(cut, attribution=max(cut.attribution, encoded.manifest["floor"]))
    c, base = encoded.tail(), encoded.columns()
    assert encoded.manifest["n_hits"] == len(c["hit_p"]) <= max_hits
    level_cut = [
        np.searchsorted(c["p_level"][first:last], cut.fimo_p)
        for first, last in zip(c["p_level_offset"], c["p_level_offset"][1:], strict=False)
    ]
    t, found = np.float32(cut.attribution), np.zeros(content.n_motifs, int)
    for s in range(content.n_sequences):
        for h in range(c["hit_offset"][s], c["hit_offset"][s + 1]):
            m, a, start = int(c["hit_motif"][h]), c["hit_attribution"][h], int(c["hit_start"][h])
            inside = cut.window is None or (
                start >= cut.window[0] and start + int(base["motif_width"][m]) <= cut.window[1]
            )
            beyond = (cut.sign != "-" and a > t) or (cut.sign != "+" and a < -t)
            allowed = cut.sequences is None or cut.sequences[s]
            found[m] += beyond and inside and allowed and c["hit_p"][h] < level_cut[m]
    assert found.tolist() == table.answer(content, Query(cut), with_null=False).motifs.count.tolist()


@pytest.mark.parametrize("mode", ["hits", "sites", "exclusive", "sequences", "explained"])
def test_answer__of_a_family_does_not_change_when_the_database_is_doubled(
    pieces: Callable[..., dict[str, Any]], mode: Any
) -> None:
    made = pieces("families", "annotations", n_hits=400)
    made["hits"] = hits = made["hits"].drop(columns="attribution")  # computed, so that they can be shifted
    motifs = made["motifs"]
    doubled = {**motifs, **{f"copy of {name}": pwm for name, pwm in motifs.items()}}
    copies = hits.assign(motif_name="copy of " + hits["motif_name"], motif_idx=hits["motif_idx"] + len(motifs))
    more = {**made, "motifs": doubled, "hits": pd.concat([hits, copies])}
    for similarity in (0.3, 0.7, 1.0):
        query = Query(Thresholds(attribution=0.0, sign="both", fimo_p=1), mode, similarity)
        before, after = (table.answer(read_content(**some), query) for some in (made, more))
        assert after.family_names == before.family_names
        for name in ("count", "sequences", "expected", "marginal"):
            np.testing.assert_array_equal(getattr(after.families, name), getattr(before.families, name), name)


def test_answer__expects_by_chance_what_shifted_hits_have(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces("hits")
    hits = pieces()["hits"].drop(columns="attribution")
    content = read_content(**made, hits=hits)
    found = table.answer(content, Query(Thresholds(attribution=0.1, fimo_p=1, sign="+")))
    assert len(content.null) == 10
    expected = [shifted.count(Thresholds(attribution=0.1, fimo_p=1, sign="+")).motifs.count for shifted in content.null]
    np.testing.assert_array_equal(found.motifs.expected, np.mean(expected, axis=0))
    assert 0 < found.motifs.expected.sum() < 200
    alone = read_content(**pieces("attributions", "hypothetical"))
    assert np.isnan(table.answer(alone, Query(Thresholds())).motifs.expected).all()
    other = read_content(**pieces())  # whose hits have attributions that are no sums of those given
    assert np.isnan(table.answer(other, Query(Thresholds())).motifs.expected).all()


def _level(count: list[float], expected: list[float], sequences: list[int], is_sum: bool = False) -> table.Level:
    zeros = np.zeros(len(count), np.int64)
    marginal = zeros.astype(np.float32)
    return table.Level(np.array(count), np.array(sequences), np.array(expected), zeros, marginal, zeros, is_sum=is_sum)


def test_enrichment__adds_one_to_both_so_that_few_hits_say_little() -> None:
    level = _level([1, 0, 0, 99, 3], [0.0, 0.0, 4.0, 9.0, np.nan], [1, 0, 0, 7, 1])
    np.testing.assert_array_equal(level.enrichment, [2, 1, 0.2, 10, np.nan])


def test_enrichment__of_a_sum_adds_what_one_sequence_has_in_whatever_unit() -> None:
    # two sequences share 0.5: with the same of a third it is 0.75, against 0.25
    for unit in (1.0, 2.0**-20):
        level = _level([0.5 * unit, 0.0, 0.0], [0.0, 0.0, 3.0 * unit], [2, 0, 0], is_sum=True)
        np.testing.assert_array_equal(level.enrichment, [3, np.nan, 0])


def _content() -> Content:
    names = ["b", "A", "c", "Ab"]
    tree = FamilyTree.of_groups(np.array([1, 0, 1, 0]), ["ETS", "GATA"])
    return Content(motif_names=names, tree=tree, marginal=np.array([0.5, np.nan, -1, 0.5], np.float32))


def _answer() -> table.Answer:
    content = _content()
    found = table.answer(content, Query(Thresholds()))
    counts = {"count": np.array([3, 0, 3, 7]), "sequences": np.array([3, 0, 2, 4])}
    return replace(found, motifs=replace(found.motifs, **counts))


@pytest.mark.parametrize(
    ("column", "descending", "expected"),
    [
        ("count", True, [3, 0, 2, 1]),
        ("count", False, [1, 0, 2, 3]),
        ("marginal", True, [0, 3, 2, 1]),
        ("marginal", False, [2, 0, 3, 1]),
        ("name", False, [1, 3, 0, 2]),
        ("name", True, [2, 0, 3, 1]),
        ("family", False, [1, 3, 0, 2]),
        ("family", True, [0, 2, 1, 3]),
        ("enrichment", True, [0, 1, 2, 3]),
    ],
)
def test_motif_rows__are_sorted_with_ties_in_file_order(column: str, descending: bool, expected: list[int]) -> None:
    assert table.motif_rows(_content(), _answer(), Order(((column, descending),))).tolist() == expected


def test_motif_rows__are_sorted_by_one_column_after_the_other() -> None:
    assert table.motif_rows(_content(), _answer(), Order((("count", True), ("sequences", False)))).tolist() == [
        3,
        2,
        0,
        1,
    ]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("a", [0, 1, 2, 3]),
        ("AB", [3]),
        ("ets", [1, 3]),
        ("/^[AB]$/", [0, 1]),
        ("zz", []),
        ("/(/", []),
    ],
)
def test_motif_rows__are_found_by_motif_or_family(search: str, expected: list[int]) -> None:
    assert sorted(table.motif_rows(_content(), _answer(), Order(search=search)).tolist()) == expected


def test_motif_rows__are_filtered_by_their_numbers() -> None:
    order = Order(filters={"count": ">= 3", "sequences": "<4", "marginal": "= -1"})
    assert table.motif_rows(_content(), _answer(), order).tolist() == [2]


def test_family_rows__are_found_by_the_name_of_a_member() -> None:
    content, found = _content(), _answer()
    assert found.family_names == ["GATA", "ETS"]
    assert table.family_rows(content, found, Order(search="ab")).tolist() == [1]
    assert table.family_rows(content, found, Order((("name", False),))).tolist() == [1, 0]
    assert table.family_rows(content, found, Order((("marginal", True),))).tolist() == [1, 0]
    assert found.families.marginal.tolist() == [-1, 0.5]
    assert found.families.members.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("text", "bound"),
    [("10", (">=", 10)), ("< 5", ("<", 5)), (">=1e-3", (">=", 0.001)), ("=3", ("=", 3)), ("ten", None), ("", None)],
)
def test_parse_bound__reads_what_is_typed(text: str, bound: tuple[str, float] | None) -> None:
    assert parse_bound(text) == bound


def test_matcher__reads_text_and_expressions() -> None:
    assert [matcher(r"/^GATA\d/")(name) for name in ("gata1", "agata1")] == [True, False]
    assert [matcher(r"/^GATA\D/")(name) for name in ("gata1", "gata_1")] == [False, True]
    assert [matcher("GATA")(name) for name in ("gata1", "agata1", "tal")] == [True, True, False]


def test_seqlets_frame__names_seqlets_without_a_good_match_unassigned(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces()
    frame = frames.seqlets_frame(read_content(**made), Thresholds(tomtom_p=0.0, seqlet_p=1, sign="both"))
    assert len(frame) == len(made["seqlets"])
    assert set(frame["motif_name"]) == {"unassigned"}


def test_hits_frame__has_the_vignettes_columns_and_the_genome(pieces: Callable[..., dict[str, Any]]) -> None:
    content = read_content(**pieces())
    frame = frames.hits_frame(content, frames.counted_hits(content, table.only_in(Thresholds(), 6, 3)))
    expected = "motif_name motif_idx sequence_name start end strand score p-value attribution"
    assert list(frame.columns) == [*expected.split(), "chrom", "chrom_start", "chrom_end"]
    assert set(frame["sequence_name"]) == {"peak 3"}
    assert (frame["chrom_start"] == frame["start"] + 3000).all()
    assert len(frame) > 0


def test_selection_frame__holds_hits_and_seqlets_of_the_named_motifs(pieces: Callable[..., dict[str, Any]]) -> None:
    content = read_content(**pieces())
    cut = Thresholds(sign="both", tomtom_p=1, seqlet_p=1)
    counted = table.answer(content, Query(cut)).motifs
    frame = frames.selection_frame(content, Query(cut), ["TAL1"])
    assert set(frame["motif_name"]) == {"TAL1"}
    assert frame["method"].value_counts().to_dict() == {"hit": counted.count[2], "seqlet": counted.seqlets[2]}
    assert frames.selection_frame(content, Query(cut), []).empty


def test_selection_frame__of_a_family_holds_all_of_its_motifs(pieces: Callable[..., dict[str, Any]]) -> None:
    content = read_content(**pieces())
    query = Query(Thresholds(sign="both"))
    assert set(frames.selection_frame(content, query, ["GATA", "TAL1"])["motif_name"]) == {"GATA1", "Gata4", "TAL1"}


@pytest.mark.parametrize("attribution", [0.0, 0.5])
def test_unexplained_frame__holds_seqlets_that_neither_a_match_nor_a_hit_explains(
    pieces: Callable[..., dict[str, Any]], attribution: float
) -> None:
    content = read_content(**pieces(n_hits=150))
    cuts = Thresholds(attribution=attribution, sign="both", tomtom_p=0.02, seqlet_p=1)
    found = frames.unexplained_frame(content, cuts)
    seqlets = frames.seqlets_frame(content, cuts)
    hits = frames.hits_frame(content, frames.counted_hits(content, cuts)).assign(
        sequence=lambda frame: [content.sequence_names.index(name) for name in frame["sequence_name"]]
    )
    expected = [
        (row.example_idx, row.start, row.end)
        for row in seqlets[seqlets["motif_idx"] < 0].itertuples()
        for own in [hits[hits["sequence"] == row.example_idx]]
        if not (2 * (own["end"].clip(upper=row.end) - own["start"].clip(lower=row.start)) >= row.end - row.start).any()
    ]
    assert 0 < len(expected) < (seqlets["motif_idx"] < 0).sum() or attribution > 0
    assert sorted(found[["example_idx", "start", "end"]].itertuples(index=False, name=None)) == sorted(expected)
    assert found["attribution"].abs().is_monotonic_decreasing


@pytest.mark.parametrize("mode", ["sites", "exclusive"])
def test_sites_frame__has_a_row_for_each_site_that_is_counted(pieces: Callable[..., dict[str, Any]], mode: Any) -> None:
    content = read_content(**pieces(n_hits=400))
    query = Query(Thresholds(sign="both", fimo_p=1), mode)
    found, counted = frames.sites_frame(content, query), table.answer(content, query)
    per_family = found["family"].value_counts().reindex(counted.family_names, fill_value=0)
    assert per_family.tolist() == counted.families.count.tolist()
    hits = frames.hits_frame(content, frames.counted_hits(content, query.thresholds))
    if mode == "sites":
        assert found["n_hits"].sum() == len(hits)
    strongest = hits.set_index(["motif_name", "sequence_name", "attribution", "p-value"]).index
    assert set(found.set_index(["motif_name", "sequence_name", "attribution", "p-value"]).index) <= set(strongest)
    assert (found["chrom_end"] - found["chrom_start"] == found["end"] - found["start"]).all()


def test_default_tracks__are_the_sequences_with_the_most_attribution(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces()
    content = read_content(**made)
    passing = made["seqlets"][(made["seqlets"]["p-value"] < 0.01) & (made["seqlets"]["attribution"] > 0)]
    expected = passing.groupby("example_idx")["attribution"].sum().sort_values(ascending=False)
    assert frames.default_tracks(content, Thresholds(sign="+"), 3) == expected.index[:3].tolist()
    rest = read_content(X=made["X"], attributions=made["attributions"])
    by_sum = np.abs(made["attributions"]).sum(axis=(1, 2))
    assert frames.default_tracks(rest, Thresholds(), 2) == np.argsort(-by_sum)[:2].tolist()


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("chr2:121-1000", []),
        ("chr2:120-1000", [0]),
        ("chr2:121-1,001", [1]),
        ("chr2:120-1001", [0, 1]),
        ("chr2:1", [0]),
        ("chr2:120", [0]),
        ("chr2:121", []),
        ("chr2:1,001", [1]),
        ("CHR2:1121-5000", [2, 3, 4]),
        ("chr22:1-9999", []),
    ],
)
def test_filtered_sequences__are_those_that_a_region_counted_from_1_overlaps(
    pieces: Callable[..., dict[str, Any]], region: str, expected: list[int]
) -> None:
    """The sequences are the first 120 bp of each kilobase: 1-120, 1,001-1,120 and so on in a genome browser."""
    kept = filtered_sequences(read_content(**pieces()), region)
    assert np.flatnonzero(kept).tolist() == expected


@pytest.mark.parametrize(
    ("hit", "is_free"),
    [((10, 15), False), ((15, 20), False), ((9, 14), True), ((16, 21), True), ((12, 17), False), ((30, 35), True)],
)
def test_unexplained_frame__leaves_out_a_seqlet_half_of_which_a_hit_covers(hit: tuple[int, int], is_free: bool) -> None:
    """The seqlet lies at 10 to 20: a hit of 5 bp covers half of it, or less."""
    seqlets = pd.DataFrame({"example_idx": [0], "start": [10], "end": [20], "attribution": [0.5], "p-value": [1e-6]})
    start, end = hit
    hits = Hits(["m"], [end - start], [0], [0], [start], [1], [1], [1e-6], [0.5])
    content = read_content(attributions=np.ones((1, 40)), seqlets=seqlets, hits=hits)
    assert len(frames.unexplained_frame(content, Thresholds())) == is_free
