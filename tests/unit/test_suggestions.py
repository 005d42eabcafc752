"""Suggested thresholds: on curves of counts whose answer is known."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nbmotif import fimo, random_one_hot
from nbmotif.hit_null import shifted_attributions
from nbmotif.stops import attribution_stops
from nbmotif.suggestions import suggest


def counts_of(values: np.ndarray, stops: np.ndarray) -> np.ndarray:
    return (values[:, None] > stops).sum(axis=0).astype(float)


def test_suggest__finds_where_noise_ends() -> None:
    rng = np.random.default_rng(0)
    noise, signal = rng.normal(0, 0.003, 50_000), rng.exponential(0.2, 2_000)
    stops = attribution_stops(1.5).values
    observed, expected = counts_of(np.concatenate([noise, signal]), stops), counts_of(noise, stops)
    found = {s.name: s for s in suggest(stops, observed, expected)}
    assert 0.006 < found["elbow"].value < 0.015
    assert re.search(r"[\d,]+ are left, [\d.,e+-]+ by chance", found["elbow"].reason)
    assert "elbow" not in {s.name for s in suggest(stops, observed, None)}  # it may be one of the attributions alone


def test_suggest__takes_no_step_among_the_last_hits_for_the_elbow() -> None:
    rng = np.random.default_rng(0)
    noise, signal = rng.normal(0, 0.003, 50_000), rng.exponential(0.2, 2_000)
    # a strong site has a hit of each of its many look-alikes, all with one attribution
    sites = np.repeat(np.array([0.8, 0.9, 1.35, 1.4]), 60) + rng.normal(0, 0.01, 240)
    stops = attribution_stops(1.5).values
    observed = counts_of(np.concatenate([noise, signal, sites]), stops)
    found = {s.name: s for s in suggest(stops, observed, counts_of(noise, stops))}
    assert 0.006 < found["elbow"].value < 0.015


def test_suggest__takes_no_step_between_strong_sites_for_the_elbow() -> None:
    rng = np.random.default_rng(0)
    sites = np.concatenate([rng.normal(0.4, 0.05, 5_000), rng.normal(0.9, 0.05, 2_000)])
    noise, stops = rng.normal(0, 0.2, 1_000), attribution_stops(1.5).values
    found = suggest(stops, counts_of(np.concatenate([noise, sites]), stops), counts_of(noise, stops))
    assert "elbow" not in {s.name for s in found}


@pytest.mark.parametrize("seed", range(10))
def test_suggest__of_attributions_that_do_not_look_at_letters_has_no_elbow(seed: int) -> None:
    """Noise, and in each sequence one strong place that lies anywhere: the curve turns, with and without motifs."""
    rng = np.random.default_rng(seed)
    attributions = rng.normal(0, 0.003, (40, 300)).astype(np.float32)
    for row, start in zip(attributions, rng.integers(0, 292, 40), strict=True):
        row[start : start + 8] += rng.exponential(0.1)
    motifs = {"TATAA": np.eye(4)[[3, 0, 3, 0, 0]].T, "GGC": np.eye(4)[[2, 2, 1]].T, "AC": np.eye(4)[[0, 1]].T}
    hits = fimo(motifs, random_one_hot((40, 4, 300), random_state=seed), threshold=0.1).with_signal(attributions)
    stops = attribution_stops(float(np.abs(hits.attribution).max())).values
    moved = shifted_attributions(hits, attributions)
    expected = sum(counts_of(one, stops) for one in moved) / len(moved)
    observed = counts_of(hits.attribution, stops)
    assert observed[0] > 1000
    assert "elbow" not in {s.name for s in suggest(stops, observed, expected)}


def test_suggest__of_a_handful_of_hits_beyond_noise_has_no_elbow() -> None:
    rng = np.random.default_rng(0)
    noise, signal = rng.normal(0, 0.003, 3_000), rng.exponential(0.2, 150)
    stops = attribution_stops(1.5).values
    found = suggest(stops, counts_of(np.concatenate([noise, signal]), stops), counts_of(noise, stops))
    assert "elbow" not in {s.name for s in found}


def test_suggest__of_noise_alone_has_no_elbow() -> None:
    stops = attribution_stops(0.5).values
    noise = np.abs(np.random.default_rng(0).normal(0, 0.05, 50_000))
    assert [s.name for s in suggest(stops, counts_of(noise, stops), counts_of(noise, stops))] == ["vignette"]


def test_suggest__controls_the_rate_at_the_threshold_and_at_all_higher_ones() -> None:
    stops = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    observed = np.array([10_000, 4_000, 2_000, 1_000, 500, 3.0])
    expected = np.array([9_000, 120, 360, 160, 16, 3.0])  # the last is too few to say anything
    found = {s.name: s.value for s in suggest(stops, observed, expected)}
    assert found["FDR 5 %"] == 0.4
    assert found["FDR 20 %"] == 0.1
    assert "FDR 5 %" not in {s.name for s in suggest(stops, observed, expected * 2)}


@pytest.mark.parametrize(("n_left", "has_rate"), [(20, True), (19, False)])
def test_suggest__takes_a_rate_of_twenty_hits_or_more(n_left: int, has_rate: bool) -> None:
    found = suggest(np.array([0.1, 0.2]), np.array([100.0, n_left]), np.array([90, n_left / 20]))
    assert [(s.name, s.value) for s in found[:-1]] == ([("FDR 5 %", 0.2)] if has_rate else [])


# hits and hits by chance at the lowest and at the middle one of so many stops
@pytest.mark.parametrize(
    ("n_stops", "lowest", "middle", "by_chance"),
    [(33, 3200, 200, 100), (32, 3200, 200, 100), (33, 3200, 199, 99), (33, 3202, 200, 101), (33, 3198, 200, 100)],
    ids=["an elbow", "too few stops", "too few hits", "mostly by chance", "lost by less than chance"],
)
def test_suggest__takes_the_turn_between_hits_by_chance_and_others(
    n_stops: int, lowest: int, middle: int, by_chance: int
) -> None:
    """At the middle stop a curve that falls as the fourth power of the threshold becomes one that hardly falls."""
    stops = 0.001 * 2 ** (np.arange(n_stops) / 16)
    falling = np.geomspace(3200, middle, 17)
    observed = np.concatenate([falling, np.linspace(middle, 0.75 * middle, n_stops - 17)])
    expected = observed / 2
    expected[0], expected[16] = lowest / 2, by_chance
    found = [(s.name, s.value) for s in suggest(stops, observed, expected) if s.name == "elbow"]
    is_one = (n_stops, lowest, middle, by_chance) == (33, 3200, 200, 100)
    assert found == ([("elbow", stops[16])] if is_one else [])


def test_suggest__of_no_hits_is_nothing_but_the_vignettes() -> None:
    stops = attribution_stops(1.0).values
    assert [s.name for s in suggest(stops, np.zeros(len(stops)), np.zeros(len(stops)))] == ["vignette"]
    assert suggest(np.array([0.0, 0.001]), np.zeros(2), None) == []
