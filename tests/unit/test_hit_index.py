"""Counts of hits in every mode: against their definitions, at every stop, and with a database that repeats itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmotif import hit_index
from nbmotif.errors import InvalidArgument
from nbmotif.hit_index import COUNT_MODES, HitIndex, passing
from nbmotif.hits import Hits
from nbmotif.stops import Stops, attribution_stops, p_stops
from nbmotif.thresholds import Thresholds

N_SEQUENCES, LENGTH = 5, 40
WIDTHS = np.array([4, 6, 4, 9, 5, 7])
FAMILIES = np.array([0, 0, 1, 1, 2, 0])
P_VALUES = [1e-6, 5e-6, 1e-5, 1e-4]
# thresholds that are themselves attributions or p-values of the data: a strict comparison must leave those out
ATTRIBUTIONS = np.array([-0.5, -0.02, -0.01, 0.0, 0.005, 0.01, 0.0100001, 0.2, 0.3], np.float32)

cuts = st.builds(
    Thresholds,
    attribution=st.sampled_from([0.0, 0.005, 0.01, float(np.float32(0.01)), 0.2, 0.4, None]),
    fimo_p=st.sampled_from([*P_VALUES, 1.0]),
    sign=st.sampled_from(["+", "-", "both"]),
    window=st.sampled_from([None, (0, 40), (5, 30), (12, 17)]),
    sequences=st.sampled_from([None, np.ones(5, np.bool_), np.array([True, False, True, False, False])]),
)


def make_hits(seed: int, n: int = 120, n_motifs: int = 6) -> Hits:
    """Hits of narrow sequences, so that many overlap, share a place or tie."""
    rng = np.random.default_rng(seed)
    motif = rng.integers(0, n_motifs, n)
    return Hits(
        motif_names=[f"m{i}" for i in range(n_motifs)],
        motif_widths=WIDTHS[:n_motifs],
        motif_idx=motif,
        sequence_idx=rng.integers(0, N_SEQUENCES, n),
        start=rng.integers(0, LENGTH - WIDTHS.max(), n),
        strand=rng.choice([-1, 1], n),
        score=np.ones(n),
        p_value=rng.choice(P_VALUES, n),
        attribution=rng.choice(ATTRIBUTIONS, n),
        n_sequences=N_SEQUENCES,
    )


def rows_that_pass(hits: Hits, cut: Thresholds) -> list[tuple[int, int, int, int, float, float]]:
    """Look at every hit: motif, sequence, start, end, attribution, p."""
    columns = (hits.motif_idx, hits.sequence_idx, hits.start, hits.end, hits.attribution, hits.p_value)
    kept = []
    for m, s, start, end, a, p in zip(*(column.tolist() for column in columns), strict=True):
        t = None if cut.attribution is None else float(np.float32(cut.attribution))
        beyond = t is None or {"+": a > t, "-": a < -t, "both": abs(a) > t}[cut.sign]
        inside = cut.window is None or (cut.window[0] <= start and end <= cut.window[1])
        if beyond and inside and p < cut.fimo_p and (cut.sequences is None or cut.sequences[s]):
            kept.append((m, s, start, end, a, p))
    return kept


def sites_of(rows: list[Any]) -> list[list[Any]]:
    """Put rows together that overlap, directly or through others."""
    sites: list[list[Any]] = []
    for row in rows:
        joined = [site for site in sites if any(r[1] == row[1] and r[2] < row[3] and row[2] < r[3] for r in site)]
        sites = [site for site in sites if site not in joined]
        sites.append([row, *(r for site in joined for r in site)])
    return sites


def winners_of(rows: list[Any], ranks: list[int]) -> list[Any]:
    """Let the strongest win, then the strongest that overlaps no winner, and so on."""
    in_place = sorted(rows, key=lambda row: row[1:4])
    order = sorted(in_place, key=lambda r: (-abs(r[4]) / np.sqrt(r[3] - r[2]), r[5], ranks[r[0]]))
    won: list[Any] = []
    for row in order:
        if not any(w[1] == row[1] and w[2] < row[3] and row[2] < w[3] for w in won):
            won.append(row)
    return won


def define(rows: list[Any], mode: str, is_family: bool, won: list[Any], unit: float) -> float:
    """One number by the words that define it."""
    if mode == "hits":
        return len({row[1:4] for row in rows}) if is_family else len(rows)
    if mode == "sequences":
        return len({row[1] for row in rows})
    if mode == "exclusive":
        return sum(row in rows for row in won)
    sites = sites_of(rows)
    if mode == "sites":
        return len(sites)
    return sum(max(np.floor(abs(row[4]) / unit + 0.5) for row in site) for site in sites) * unit


@pytest.mark.parametrize("mode", COUNT_MODES)
@given(seed=st.integers(0, 1000), cut=cuts)
def test_count__equals_the_definition(mode: Any, seed: int, cut: Thresholds) -> None:
    hits, ranks = make_hits(seed), [3, 1, 4, 0, 2, 5]
    index = HitIndex(hits, LENGTH, np.array(ranks))
    counted = index.count(cut, FAMILIES, mode)
    rows = rows_that_pass(hits, cut)
    # of hits that are equal in all that decides, any may win: they are at one place, of one motif
    won = list(dict.fromkeys(winners_of(rows, ranks)))
    for level, groups, is_family in ((counted.motifs, np.arange(6), False), (counted.families, FAMILIES, True)):
        for g in range(groups.max() + 1):
            own = [row for row in rows if groups[row[0]] == g]
            assert level.count[g] == define(own, mode, is_family, won, index.unit), (mode, g)
            assert level.sequences[g] == len({row[1] for row in own})


@given(seed=st.integers(0, 1000), cut=cuts)
def test_passing__marks_what_the_definition_keeps(seed: int, cut: Thresholds) -> None:
    hits = make_hits(seed)
    kept = hits.where(passing(hits, cut))
    columns = (kept.motif_idx, kept.sequence_idx, kept.start, kept.end, kept.attribution, kept.p_value)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == rows_that_pass(hits, cut)
    assert HitIndex(hits).n_passing(cut) == kept.n_hits


@pytest.mark.parametrize("mode", [mode for mode in COUNT_MODES if mode != "exclusive"])
@pytest.mark.parametrize("control", ["attribution", "p"])
@given(seed=st.integers(0, 1000), cut=cuts)
def test_table__holds_the_count_at_every_stop(mode: Any, control: Any, seed: int, cut: Thresholds) -> None:
    cut = replace(cut, attribution=0.005 if cut.attribution is None else cut.attribution)
    index = HitIndex(make_hits(seed), LENGTH)
    values = [0.0, 0.005, 0.01, 0.1, 0.25, 0.4, 0.9] if control == "attribution" else [1e-3, 1e-4, 6e-6, 1e-6, 1e-9]
    stops = Stops(control, np.array(values))
    table = index.table(cut, FAMILIES, mode, stops)
    for k in range(len(values)):
        counted = index.count(stops.at(cut, k), FAMILIES, mode)
        expected = np.concatenate([counted.motifs.count, counted.families.count])
        np.testing.assert_array_equal(table[:, k] * (index.unit if mode == "explained" else 1), expected)


def copied(hits: Hits, copies: list[int]) -> Hits:
    """Hits of a database to which copies of some motifs were added."""
    rows = [np.flatnonzero(hits.motif_idx == m) for m in copies]
    all_rows = np.concatenate([np.arange(hits.n_hits), *rows])
    motif = np.concatenate([hits.motif_idx, *(np.full(len(r), len(hits) + i) for i, r in enumerate(rows))])
    return Hits(
        motif_names=[*hits.motif_names, *(f"copy {i} of m{m}" for i, m in enumerate(copies))],
        motif_widths=np.concatenate([hits.motif_widths, hits.motif_widths[copies]]),
        motif_idx=motif,
        sequence_idx=hits.sequence_idx[all_rows],
        start=hits.start[all_rows],
        strand=hits.strand[all_rows],
        score=hits.score[all_rows],
        p_value=hits.p_value[all_rows],
        attribution=hits.attribution[all_rows],
        n_sequences=N_SEQUENCES,
    )


@pytest.mark.parametrize("mode", COUNT_MODES)
@given(seed=st.integers(0, 1000), cut=cuts, copies=st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_count__of_a_family_does_not_change_when_a_motif_is_copied(
    mode: Any, seed: int, cut: Thresholds, copies: list[int]
) -> None:
    hits, ranks = make_hits(seed), np.array([3, 1, 4, 0, 2, 5])
    before = HitIndex(hits, LENGTH, ranks).count(cut, FAMILIES, mode).families
    more = HitIndex(copied(hits, copies), LENGTH, np.append(ranks, ranks[copies]))
    after = more.count(cut, np.append(FAMILIES, FAMILIES[copies]), mode).families
    np.testing.assert_array_equal(after.count, before.count)
    np.testing.assert_array_equal(after.sequences, before.sequences)


@pytest.mark.parametrize("mode", COUNT_MODES)
def test_count__is_the_same_however_hits_are_ordered_and_read(mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hits = make_hits(3, 4000)
    index = HitIndex(hits, LENGTH)
    assert index.hits is not hits, "hits in no order are sorted"
    order = np.lexsort((hits.start, hits.sequence_idx, -hits.strand, hits.motif_idx))
    in_order = HitIndex(hits.reordered(order), LENGTH)
    assert len(in_order._runs) <= 12
    monkeypatch.setattr(hit_index, "_BLOCK_HITS", 100)
    monkeypatch.setattr(hit_index, "_BLOCK_PLACES", 3 * LENGTH)
    piecewise = HitIndex(hits, LENGTH)
    assert len(piecewise._bounds) == N_SEQUENCES
    expected = index.count(Thresholds(fimo_p=2e-4), FAMILIES, mode)
    for other in (in_order, piecewise):
        found = other.count(Thresholds(fimo_p=2e-4), FAMILIES, mode)
        np.testing.assert_array_equal(found.families.count, expected.families.count)
        if mode != "exclusive":  # which of equal look-alikes wins depends on their order
            np.testing.assert_array_equal(found.motifs.count, expected.motifs.count)


def test_blocks__are_in_the_order_of_places() -> None:
    index = HitIndex(make_hits(4, 500), LENGTH)
    blocks = list(index.blocks(Thresholds(attribution=None, fimo_p=1)))
    sequence, start = (np.concatenate([getattr(b, name) for b in blocks]) for name in ("sequence", "start"))
    end = start + index.widths[np.concatenate([b.motif for b in blocks])]
    assert len(sequence) == 500
    np.testing.assert_array_equal(np.lexsort((end, start, sequence)), np.arange(500))


def test_in_sequence__lists_all_hits_of_one() -> None:
    hits = make_hits(5, 500)
    index = HitIndex(hits, LENGTH)
    for sequence in range(N_SEQUENCES):
        block = index.in_sequence(sequence)
        assert set(block.sequence.tolist()) == {sequence}
        assert len(block.rows) == np.count_nonzero(hits.sequence_idx == sequence)


@given(st.lists(st.floats(-(2.0**90), 2.0**90, width=32), min_size=1, max_size=50), st.integers(0, 49))
def test_strength_at__is_the_size_of_that_rank(values: list[float], rank: int) -> None:
    n = len(values)
    hits = Hits(["m"], [1], np.zeros(n), np.zeros(n), np.zeros(n), np.ones(n), np.ones(n), np.ones(n), values)
    rank = min(rank, n - 1)
    assert HitIndex(hits).strength_at(rank) == np.sort(np.abs(np.array(values, np.float32)))[::-1][rank]


def test_density__counts_every_hit_once_in_its_bin() -> None:
    hits = make_hits(6, 1000)
    stops, p = Stops("attribution", np.array([0.0, 0.008, 0.1])), Stops("p", np.array([2e-4, 7e-5, 2e-6]))
    found = HitIndex(hits).density(stops, p)
    assert found.sum() == 1000
    a, p_value = hits.attribution, hits.p_value
    assert found[5, 0] == np.count_nonzero((a > 0.1) & (p_value >= 7e-5))
    assert found[4, 1] == np.count_nonzero((a > 0.008) & (a <= 0.1) & (p_value < 7e-5) & (p_value >= 2e-6))
    assert found[0, 2] == np.count_nonzero((a < -0.1) & (p_value < 2e-6))


def test_density__a_bin_holds_what_is_above_its_edge() -> None:
    attribution = [0.0, 0.25, 0.3, 0.5, 0.6, -0.25, -0.3, -0.5, -0.6]
    one = np.ones(len(attribution))
    hits = Hits(["m"], [4], 0 * one, 0 * one, np.arange(len(one)), one, one, 1e-5 * one, attribution)
    stops, p = Stops("attribution", np.array([0.0, 0.25, 0.5])), Stops("p", np.array([1e-4]))
    # from the most negative: -0.6; -0.5 and -0.3; -0.25; 0 and 0.25; 0.3 and 0.5; 0.6
    assert HitIndex(hits).density(stops, p).ravel().tolist() == [1, 2, 1, 2, 2, 1]


def test_exclusive__prefers_what_stands_out_over_what_is_wide() -> None:
    """The wide hit has the larger sum, because it covers the narrow one and some noise."""
    hits = Hits(["narrow", "wide"], [4, 9], [0, 1], [0, 0], [3, 1], [1, 1], [1, 1], [1e-5, 1e-5], [0.40, 0.45])
    counted = HitIndex(hits).count(Thresholds(), None, "exclusive")
    assert counted.motifs.count.tolist() == [1, 0]


def test_count__of_no_motifs_is_nothing() -> None:
    none = np.zeros(0)
    index = HitIndex(Hits([], [], none, none, none, none, none, none, none))
    for mode in COUNT_MODES:
        assert [len(numbers.count) for numbers in index.count(Thresholds(), None, mode)] == [0, 0]


def exclusive(p_values: list[float], ranks: list[int] | None = None) -> list[int]:
    """Count the winners of two equally strong hits that overlap, of opposite signs, of two motifs."""
    hits = Hits(["a", "b"], [4, 4], [0, 1], [0, 0], [3, 4], [1, 1], [1, 1], p_values, [0.4, -0.4])
    index = HitIndex(hits, ranks=None if ranks is None else np.array(ranks))
    return index.count(Thresholds(sign="both"), None, "exclusive").motifs.count.tolist()


def test_exclusive__of_equally_strong_hits_the_smaller_p_value_wins_then_the_rank_of_the_motif() -> None:
    assert exclusive([1e-5, 1e-6], [0, 1]) == [0, 1]
    assert exclusive([1e-6, 1e-5], [1, 0]) == [1, 0]
    assert exclusive([1e-5, 1e-5], [0, 1]) == [1, 0]
    assert exclusive([1e-5, 1e-5], [1, 0]) == [0, 1]
    assert exclusive([1e-5, 1e-5]) == [1, 0], "the first motif, where no ranks are given"


def test_exclusive__a_hit_at_the_end_of_a_sequence_does_not_reach_into_the_next() -> None:
    hits = Hits(["m"], [9], [0, 0, 0], [0, 1, 2], [5, 0, 5], [1] * 3, [1] * 3, [1e-5] * 3, [0.4, 0.3, 0.2])
    assert HitIndex(hits).count(Thresholds(), None, "exclusive").motifs.count.tolist() == [3]
    shorter_than_told = HitIndex(hits, length=3)
    assert shorter_than_told.count(Thresholds(), None, "exclusive").motifs.count.tolist() == [3]


def test_passing__needs_attribution_and_a_known_sign() -> None:
    hits = make_hits(0)
    with pytest.raises(InvalidArgument, match="`sign` must be one of '\\+', '-', 'both'; got 'plus'"):
        passing(hits, Thresholds(sign="plus"))  # type: ignore[arg-type]
    hits.attribution = None
    with pytest.raises(InvalidArgument, match="with_signal"):
        passing(hits, Thresholds())
    assert passing(hits, Thresholds(attribution=None, fimo_p=1)).all()


@pytest.mark.parametrize("given", [[True, False], [True, False, False], [True, False, False, False, False]])
def test_passing__takes_a_mask_of_more_or_fewer_sequences_than_have_hits(given: list[bool]) -> None:
    hits = Hits(["m"], [4], [0, 0, 0], [0, 1, 2], [5, 5, 5], [1] * 3, [1] * 3, [1e-5] * 3, [0.4] * 3)
    passes = passing(hits, Thresholds(sequences=np.array(given)))
    # sequences that the mask does not know are not left out
    assert passes.tolist() == [True, False, len(given) < 3]


def test_count__refuses_an_unknown_mode() -> None:
    with pytest.raises(InvalidArgument, match="`count_mode` must be one of 'hits', 'sites'"):
        HitIndex(make_hits(0)).count(Thresholds(), None, "all")  # type: ignore[arg-type]


def test_table__refuses_the_mode_whose_winners_at_one_stop_are_not_those_of_another() -> None:
    index = HitIndex(make_hits(0))
    with pytest.raises(InvalidArgument, match=r"`mode` must be any other; got 'exclusive'. Count at each stop"):
        index.table(Thresholds(), FAMILIES, "exclusive", Stops("attribution", attribution_stops(1.0).values))


def test_attribution_stops__begin_at_0_end_at_the_largest_and_hold_0_01() -> None:
    values = attribution_stops(1.37, always=(0.0123456,)).values
    assert values[0] == 0
    assert values[-1] == 1.37
    assert {0.01, 0.0123456} <= set(values)
    assert (np.diff(values) > 0).all()
    assert 500 <= len(values) <= 514
    assert np.median(values) < 0.1, "they are closest where most attributions are"


def test_p_stops__let_every_hit_pass_at_a_round_number_and_none_in_the_end() -> None:
    values = p_stops(3.2e-12, 9.97e-5).values
    assert values[0] == 1e-4
    assert values[-1] <= 3.2e-12
    assert (np.diff(values) < 0).all()


def test_p_stops__are_twenty_a_decade_of_two_digits() -> None:
    values = p_stops(3e-6, 7.2e-5).values
    exact = 8e-5 / 10 ** (np.arange(41) / 20)
    assert values.tolist() == [float(f"{value:.1e}") for value in exact]


@pytest.mark.parametrize(("largest", "first"), [(1e-4, 2e-4), (9e-5, 1e-4), (3e-5, 4e-5), (0.5, 0.6), (1.0, 1.0)])
def test_p_stops__begin_above_the_largest_p_value_also_where_it_is_round(largest: float, first: float) -> None:
    assert p_stops(1e-7, largest).values[0] == first
