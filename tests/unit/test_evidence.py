"""The table of evidence, on hand-made seqlets and hits."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.evidence import evidence, family_sites
from nbmotif.hits import Hits
from nbmotif.thresholds import Thresholds

FAMILIES = SimpleNamespace(
    names=["GATA (+1)", "CTCF"], labels=np.array([0, 0, 1], np.int32), motif_names=["GATA1", "GATA2", "CTCF"]
)


def _hits(rows: list[tuple[int, int, int, int, float, float]]) -> tuple[Hits, SimpleNamespace]:
    """Hits, with a motif for each width that a motif of the rows has, and their families."""
    kinds = sorted({(row[0], row[3] - row[2]) for row in rows}) or [(0, 5)]
    motif = [kinds.index((row[0], row[3] - row[2])) for row in rows]
    _, example, start, _, attribution, p = (np.array([row[i] for row in rows]) for i in range(6))
    hits = Hits(
        motif_names=[f"{FAMILIES.motif_names[m]} of {width}" for m, width in kinds],
        motif_widths=[width for _, width in kinds],
        motif_idx=motif,
        sequence_idx=example,
        start=start,
        strand=np.ones(len(rows)),
        score=np.ones(len(rows)),
        p_value=p.astype(float),
        attribution=attribution,
        n_sequences=3,
    )
    labels = np.array([FAMILIES.labels[m] for m, _ in kinds])
    return hits, SimpleNamespace(names=FAMILIES.names, labels=labels, motif_names=FAMILIES.motif_names)


def _sites(rows: list[tuple[int, int, int, int, float, float]], one_family: bool = False) -> pd.DataFrame:
    hits, families = _hits(rows)
    if one_family:
        families.labels = np.zeros_like(families.labels)
    return family_sites(families, hits, Thresholds())


def test_family_sites__counts_overlapping_look_alikes_once() -> None:
    sites = _sites(
        [(0, 0, 10, 16, 0.2, 1e-5), (1, 0, 12, 18, 0.3, 1e-5), (0, 0, 18, 24, 0.1, 1e-5), (2, 0, 10, 16, 0.2, 1e-5)]
    )
    assert sites[["family_idx", "start", "end"]].to_numpy().tolist() == [[0, 10, 18], [0, 18, 24], [1, 10, 16]]
    assert sites["attribution"].to_numpy() == pytest.approx([0.3, 0.1, 0.2])


def test_family_sites__are_apart_in_different_sequences() -> None:
    assert _sites([(0, 0, 90, 99, 0.2, 1e-5), (0, 1, 0, 9, 0.2, 1e-5)])["example_idx"].to_list() == [0, 1]


def test_family_sites__takes_the_strongest_hit_of_either_sign() -> None:
    assert _sites([(0, 0, 10, 16, 0.2, 1e-5), (1, 0, 12, 18, -0.3, 1e-5)])["attribution"].to_list() == [
        pytest.approx(-0.3)
    ]


def test_family_sites__are_none_when_nothing_passes() -> None:
    assert len(_sites([(0, 0, 1, 7, 0.0, 1e-5)])) == 0


_rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 40), st.integers(4, 12), st.floats(-1, 1, width=32)),
    max_size=30,
)


@given(_rows)
def test_family_sites__do_not_change_when_a_motif_is_copied(rows: list[tuple[int, int, int, int, float]]) -> None:
    rows_ = [(m, e, s, s + w, a, 1e-5) for m, e, s, w, a in rows]
    copied = rows_ + [(2, *row[1:]) for row in rows_ if row[0] == 1]
    before, after = (_sites(r, one_family=True) for r in (rows_, copied))
    pd.testing.assert_frame_equal(before, after)


@given(_rows)
def test_family_sites__equal_positions_covered_run_by_run(rows: list[tuple[int, int, int, int, float]]) -> None:
    """The definition: mark the positions that hits join, read off the runs."""
    rows_ = [(m, e, s, s + w, a, 1e-5) for m, e, s, w, a in rows]
    sites = _sites(rows_, one_family=True)
    expected = 0
    for example in range(3):
        spans = sorted((s, e) for _, ex, s, e, a, _ in rows_ if ex == example and abs(np.float32(a)) > np.float32(0.01))
        reach = -1
        for start, end in spans:
            expected += start >= reach
            reach = max(reach, end)
    assert len(sites) == expected


def test_evidence__puts_each_methods_answer_in_one_row() -> None:
    marginal = pd.DataFrame({"motif_name": ["GATA1", "GATA2", "CTCF"], "effect": [0.5, 0.9, 0.0], "z": [8.0, 9.0, 0.1]})
    seqlets = pd.DataFrame(
        {
            "attribution": [0.4, 0.2, -0.3, 0.5],
            "p-value": [1e-4, 1e-4, 1e-4, 0.5],
            "motif_idx": [0, 1, 0, 0],
            "tomtom_p": [1e-4, 1e-4, 1e-4, 1e-4],
        }
    )
    hits, _ = _hits([(0, 0, 10, 16, 0.2, 1e-5), (1, 0, 12, 18, 0.3, 1e-5)])
    table = evidence(FAMILIES, Thresholds(), marginal=marginal, seqlets=seqlets, hits=hits).set_index("family")
    gata = table.loc["GATA (+1)"]
    assert (gata["n_motifs"], gata["marginal"], gata["seqlets"], gata["sites"]) == (2, 0.9, 3, 1)
    assert gata["seqlet_attribution"] == pytest.approx(0.4 + 0.2 - 0.3)
    assert gata["seqlet_explained"] == pytest.approx(0.4 + 0.2 + 0.3)
    assert gata["site_attribution"] == gata["site_explained"] == pytest.approx(0.3)
    assert gata["reading"] == "all methods agree"
    assert table.loc["CTCF", "reading"] == "no evidence"
    assert table.index[0] == "GATA (+1)"


def test_evidence__does_not_read_a_motif_that_was_not_inserted_as_one_that_does_nothing() -> None:
    marginal = pd.DataFrame({"motif_name": ["CTCF"], "effect": [0.5], "z": [8.0]})
    seqlets = pd.DataFrame({"attribution": [0.4], "p-value": [1e-4], "motif_idx": [0], "tomtom_p": [1e-4]})
    hits, _ = _hits([(0, 0, 10, 16, 0.2, 1e-5)])
    table = evidence(FAMILIES, Thresholds(), marginal=marginal, seqlets=seqlets, hits=hits).set_index("family")
    assert table.loc["GATA (+1)", "reading"] == "used: seqlets and hits agree"
    assert table.loc["CTCF", "reading"] == "sufficient, but not used in these sequences"


def _gata(effect: float, z: float, seqlets: list[float], sites: list[float]) -> pd.Series:
    """Evidence of GATA from attributions of its seqlets and sites, beside a CTCF with 1 of each and of effect."""
    marginal = pd.DataFrame({"motif_name": ["GATA1", "CTCF"], "effect": [effect, 1.0], "z": [z, 9.0]})
    called = pd.DataFrame({"attribution": [*seqlets, 1.0], "motif_idx": [0] * len(seqlets) + [2]})
    called = called.assign(**{"p-value": 1e-6, "tomtom_p": 1e-6})
    rows = [(0, 0, 20 * i, 20 * i + 6, value, 1e-6) for i, value in enumerate(sites)]
    too_weak = [(motif, 2, 10, 16, 0.0, 1e-6) for motif in (0, 1)]
    hits, _ = _hits([*rows, *too_weak, (2, 1, 10, 16, 1.0, 1e-6)])
    table = evidence(FAMILIES, Thresholds(), marginal=marginal, seqlets=called, hits=hits)
    return table.assign(rank=table.index).set_index("family").loc["GATA (+1)"]


@pytest.mark.parametrize(
    ("effect", "with_seqlets", "with_sites", "says"),
    [
        (1.0, True, True, "all methods agree"),
        (1.0, True, False, "its sites match weakly"),
        (1.0, False, True, "its seqlets went to a look-alike family"),
        (1.0, False, False, "sufficient, but not used"),
        (0.0, True, True, "used here in context"),
        (0.0, True, False, "ambiguous short match"),
        (0.0, False, True, "passenger"),
        (0.0, False, False, "no evidence"),
        (np.nan, True, True, "seqlets and hits agree"),
        (np.nan, True, False, "ambiguous short match"),
        (np.nan, False, True, "passenger"),
        (np.nan, False, False, "no evidence"),
    ],
)
def test_evidence__says_what_it_means_which_methods_see_a_family(
    effect: float, with_seqlets: bool, with_sites: bool, says: str
) -> None:
    z = 9.0 if effect else 0.0
    assert says in _gata(effect, effect * z, [1.0] * with_seqlets, [1.0] * with_sites)["reading"]


@pytest.mark.parametrize("z", [-24.6, -np.inf, 2.9, 0.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_evidence__does_not_see_an_effect_that_the_letters_in_other_orders_have_too(sign: int, z: float) -> None:
    gata = _gata(1.81 * sign, z * sign, [], [])
    assert gata["reading"] == "no evidence"
    assert gata["rank"] == 1


@pytest.mark.parametrize("z", [3.0, np.inf])
@pytest.mark.parametrize("sign", [1, -1])
def test_evidence__sees_an_effect_that_goes_beyond_the_letters_in_its_own_direction(sign: int, z: float) -> None:
    gata = _gata(1.81 * sign, z * sign, [], [])
    assert gata["reading"] == "sufficient, but not used in these sequences"


def test_evidence__weighs_effects_against_those_alone_that_go_beyond_their_letters() -> None:
    marginal = pd.DataFrame({"motif_name": ["GATA1", "CTCF"], "effect": [30.0, 1.0], "z": [-5.0, 9.0]})
    seqlets = pd.DataFrame({"attribution": [], "motif_idx": np.zeros(0, int), "p-value": [], "tomtom_p": []})
    table = evidence(FAMILIES, Thresholds(), marginal=marginal, seqlets=seqlets, hits=_hits([])[0])
    assert table[["family", "reading"]].to_numpy().tolist() == [
        ["CTCF", "sufficient, but not used in these sequences"],
        ["GATA (+1)", "no evidence"],
    ]


def test_evidence__of_letters_with_no_other_order_is_that_of_the_other_methods() -> None:
    assert _gata(1.0, np.nan, [1.0], [1.0])["reading"] == "used: seqlets and hits agree"
    assert _gata(0.0, np.nan, [1.0], [1.0])["reading"].startswith("used here in context")


def test_evidence__sites_of_both_signs_do_not_cancel() -> None:
    gata = _gata(0.0, 0.1, [8.0, -8.0] * 4, [8.0, -8.0])
    assert (gata["seqlet_attribution"], gata["seqlet_explained"]) == (0.0, 64.0)
    assert (gata["site_attribution"], gata["site_explained"]) == (0.0, 16.0)
    assert gata["reading"].startswith("used here in context")
    assert gata["rank"] == 0


@pytest.mark.parametrize(
    ("effect", "z", "seqlet", "site"), [(-1.0, -9.0, 1.0, 1.0), (1.0, 9.0, -1.0, 1.0), (np.nan, np.nan, 1.0, -1.0)]
)
def test_evidence__methods_that_see_different_directions_do_not_agree(
    effect: float, z: float, seqlet: float, site: float
) -> None:
    assert _gata(effect, z, [seqlet], [site])["reading"] == "used, but in different directions: compare the signs"
    one = abs(effect), abs(z)
    assert "agree" in _gata(*one, [1.0], [1.0])["reading"]
    assert "agree" in _gata(-one[0], -one[1], [-1.0], [-1.0])["reading"]


def test_evidence__shows_the_member_whose_effect_is_largest_in_either_direction() -> None:
    marginal = pd.DataFrame({"motif_name": ["GATA1", "GATA2", "CTCF"], "effect": [0.5, -0.9, 0.1], "z": [8, -9, 1]})
    table = evidence(FAMILIES, Thresholds(), marginal=marginal).set_index("family")
    assert table.loc["GATA (+1)", ["marginal", "marginal_z"]].tolist() == [-0.9, -9]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("column", ["p-value", "tomtom_p"])
def test_evidence__counts_seqlets_whose_p_value_is_below_the_threshold_and_not_at_it(column: str, sign: int) -> None:
    seqlets = pd.DataFrame({"attribution": [0.4, 0.2, 0.1], "p-value": 1e-6, "tomtom_p": 1e-6, "motif_idx": [0, 0, 2]})
    seqlets = seqlets.assign(attribution=sign * seqlets["attribution"], **{column: [0.01, 0.0099, 0.0099]})
    cut = Thresholds(seqlet_p=0.01, tomtom_p=0.01, sign="+" if sign > 0 else "-")
    table = evidence(FAMILIES, cut, seqlets=seqlets).set_index("family")
    assert table.loc[FAMILIES.names, "seqlets"].tolist() == [1, 1]
    assert table.loc["GATA (+1)", "seqlet_attribution"] == sign * 0.2


def test_evidence__leaves_out_what_did_not_run() -> None:
    assert list(evidence(FAMILIES, Thresholds()).columns) == ["family", "n_motifs"]


def test_thresholds__are_by_default_those_of_an_explorer(explorer):
    shown, default = explorer(), Thresholds()
    cuts = (shown.attribution_threshold, shown.seqlet_p_threshold, shown.tomtom_p_threshold, shown.fimo_p_threshold)
    assert cuts == (default.attribution, default.seqlet_p, default.tomtom_p, default.fimo_p)
