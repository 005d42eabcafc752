"""Hits that were moved a little along their sequences."""

from __future__ import annotations

import numpy as np
import pytest

from nbmotif.errors import InvalidArgument
from nbmotif.hit_index import HitIndex
from nbmotif.hit_null import n_shifts, shifted_attributions
from nbmotif.hits import Hits
from nbmotif.thresholds import Thresholds
from tests.unit.test_hit_index import LENGTH, N_SEQUENCES, make_hits


def test_shifted_attributions__are_sums_at_one_distance_for_all_hits_of_a_sequence() -> None:
    hits = make_hits(0)
    signal = np.random.default_rng(0).normal(size=(N_SEQUENCES, LENGTH))
    [found] = shifted_attributions(hits, signal, n=1)
    for sequence in range(N_SEQUENCES):
        rows = np.flatnonzero(hits.sequence_idx == sequence)
        twice = np.concatenate([signal[sequence], signal[sequence]])
        fits = [
            by
            for by in range(LENGTH)
            if np.allclose([twice[hits.start[r] + by : hits.end[r] + by].sum() for r in rows], found[rows], atol=1e-5)
        ]
        assert len(fits) == 1
        distance = min(fits[0], LENGTH - fits[0])
        assert hits.motif_widths.max() <= distance <= hits.motif_widths.max() + 50


def test_shifted_attributions__keep_the_mean_and_lose_what_is_under_hits() -> None:
    hits = make_hits(1, 2000)
    signal = np.zeros((N_SEQUENCES, LENGTH))
    for s, start, end in zip(hits.sequence_idx[:60], hits.start[:60], hits.end[:60], strict=True):
        signal[s, start:end] += 1
    observed = hits.with_signal(signal).attribution[:60].mean()
    moved = shifted_attributions(hits, signal, n=5)
    assert len(moved) == 5
    assert np.mean([a[:60].mean() for a in moved]) < observed
    assert not np.array_equal(moved[0], moved[1])
    np.testing.assert_array_equal(moved[0], shifted_attributions(hits, signal, n=1)[0])
    assert (moved[0] != shifted_attributions(hits, signal, n=1, random_state=1)[0]).any()


def test_shifted_attributions__move_to_either_side_by_the_widest_motif_and_up_to_50_bp_more() -> None:
    n_sequences, length = 400, 500
    none = np.zeros(n_sequences)
    places = (np.arange(n_sequences), np.full(n_sequences, 250))
    hits = Hits(["m"], [4], none, *places, none + 1, none + 1, none + 1, n_sequences=n_sequences)
    ramp = np.tile(np.arange(length), (n_sequences, 1))  # the sum under a hit tells where it lies
    found = np.concatenate(shifted_attributions(hits, ramp, n=5))
    distances = (found - (250 + 251 + 252 + 253)) / 4
    assert set(distances.tolist()) == {*range(-54, -3), *range(4, 55)}


@pytest.mark.parametrize("window", [None, (350, 650)])
def test_shifted_attributions__expect_what_is_found_where_the_model_does_not_see_motifs(
    window: tuple[int, int] | None,
) -> None:
    rng = np.random.default_rng(0)
    n_sequences, length, n_hits = 300, 1000, 6000
    in_peak = np.exp(-0.5 * ((np.arange(length) - length / 2) / 75) ** 2)
    signal = rng.laplace(size=(n_sequences, length)) * 0.02 * (0.03 + in_peak)
    motif = np.repeat([0, 1], n_hits // 2)  # one lies anywhere, one in the middle
    start = np.where(motif == 0, rng.integers(0, length - 12, n_hits), rng.normal(length / 2, 75, n_hits).astype(int))
    hits = Hits(
        motif_names=["anywhere", "in the middle"],
        motif_widths=[12, 12],
        motif_idx=motif,
        sequence_idx=rng.integers(0, n_sequences, n_hits),
        start=start.clip(0, length - 12),
        strand=np.ones(n_hits),
        score=np.ones(n_hits),
        p_value=np.full(n_hits, 1e-5),
        n_sequences=n_sequences,
    ).with_signal(signal)
    index, cut = HitIndex(hits, length), Thresholds(attribution=0.05, fimo_p=1, sign="+", window=window)
    null = [index.with_attribution(moved) for moved in shifted_attributions(index.hits, signal)]
    expected = np.mean([moved.count(cut).motifs.count for moved in null], axis=0)
    np.testing.assert_allclose(expected, index.count(cut).motifs.count, rtol=0.2)


def test_n_shifts__is_more_for_fewer_bases() -> None:
    assert [n_shifts(n) for n in (0, 100_000, 2_100_000, 24_000_000)] == [10, 10, 2, 1]


@pytest.mark.parametrize(("name", "value"), [("random_state", "a"), ("random_state", -1), ("n", 1.5)])
def test_shifted_attributions__refuse_what_is_no_whole_number(name: str, value: object) -> None:
    with pytest.raises(InvalidArgument, match=f"^`{name}` must be a whole number, at least 0"):
        shifted_attributions(make_hits(0), np.zeros((N_SEQUENCES, LENGTH)), **{name: value})


def test_shifted_attributions__refuse_another_shape() -> None:
    with pytest.raises(InvalidArgument, match=r"shape \(N, L\), N = 5"):
        shifted_attributions(make_hits(0), np.zeros((3, LENGTH)))
