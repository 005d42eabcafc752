"""Suggested thresholds: on curves of counts whose answer is known."""

from __future__ import annotations

import numpy as np

from nbmotif.stops import attribution_stops
from nbmotif.suggestions import suggest


def counts_of(values: np.ndarray, stops: np.ndarray) -> np.ndarray:
    return (values[:, None] > stops).sum(axis=0).astype(float)


def test_suggest__finds_where_noise_ends() -> None:
    rng = np.random.default_rng(0)
    noise, signal = rng.normal(0, 0.003, 50_000), rng.exponential(0.2, 2_000)
    stops = attribution_stops(1.5).values
    found = {s.name: s for s in suggest(stops, counts_of(np.concatenate([noise, signal]), stops), None)}
    assert set(found) == {"elbow", "vignette"}
    assert 0.006 < found["elbow"].value < 0.015
    assert "are left" in found["elbow"].reason


def test_suggest__takes_no_step_among_the_last_hits_for_the_elbow() -> None:
    rng = np.random.default_rng(0)
    noise, signal = rng.normal(0, 0.003, 50_000), rng.exponential(0.2, 2_000)
    # a strong site has a hit of each of its many look-alikes, all with one attribution
    sites = np.repeat(np.array([0.8, 0.9, 1.35, 1.4]), 60) + rng.normal(0, 0.01, 240)
    stops = attribution_stops(1.5).values
    found = {s.name: s for s in suggest(stops, counts_of(np.concatenate([noise, signal, sites]), stops), None)}
    assert 0.006 < found["elbow"].value < 0.015


def test_suggest__of_noise_alone_has_no_elbow() -> None:
    stops = attribution_stops(0.5).values
    noise = np.abs(np.random.default_rng(0).normal(0, 0.05, 50_000))
    assert [s.name for s in suggest(stops, counts_of(noise, stops), None)] == ["vignette"]


def test_suggest__controls_the_rate_at_the_threshold_and_at_all_higher_ones() -> None:
    stops = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    observed = np.array([10_000, 4_000, 2_000, 1_000, 500, 3.0])
    expected = np.array([9_000, 30, 90, 40, 4, 3.0])  # the last is too few to say anything
    found = {s.name: s.value for s in suggest(stops, observed, expected)}
    assert found["FDR 1 %"] == 0.4
    assert found["FDR 5 %"] == 0.1
    assert "FDR 1 %" not in {s.name for s in suggest(stops, observed, expected * 10)}


def test_suggest__of_no_hits_is_nothing_but_the_vignettes() -> None:
    stops = attribution_stops(1.0).values
    assert [s.name for s in suggest(stops, np.zeros(len(stops)), np.zeros(len(stops)))] == ["vignette"]
    assert suggest(np.array([0.0, 0.001]), np.zeros(2), None) == []
