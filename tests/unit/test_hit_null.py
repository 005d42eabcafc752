"""Hits that were shifted along their sequences."""

from __future__ import annotations

import numpy as np
import pytest

from nbmotif.errors import InvalidArgument
from nbmotif.hit_null import n_shifts, shifted_attributions
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
        assert LENGTH // 4 <= fits[0] < LENGTH - LENGTH // 4


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


def test_n_shifts__is_more_for_fewer_hits() -> None:
    assert [n_shifts(n) for n in (0, 100, 1_000_000, 20_000_000)] == [10, 10, 2, 1]


def test_shifted_attributions__refuse_another_shape() -> None:
    with pytest.raises(InvalidArgument, match=r"shape \(N, L\), N = 5"):
        shifted_attributions(make_hits(0), np.zeros((3, LENGTH)))
