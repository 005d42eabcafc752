"""Families: laws of the partition, names, and what biologists expect to find together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, is_valid_linkage

from nbmotif import MotifSet, one_hot_encode, read_meme
from nbmotif.errors import InvalidArgument
from nbmotif.families import families
from nbmotif.logo_similarity import logo_similarities

if TYPE_CHECKING:
    from pathlib import Path

    from nbmotif.families import Families


def pwm(consensus: str, certainty: float = 0.8) -> np.ndarray:
    return certainty * one_hot_encode(consensus).numpy() + (1 - certainty) / 4


def database(n: int = 30, seed: int = 0) -> dict[str, np.ndarray]:
    """Random motifs, every third a blurred or extended variant of the one before."""
    rng = np.random.default_rng(seed)
    motifs: dict[str, np.ndarray] = {}
    for i in range(n):
        previous = motifs.get(f"m{i - 1}")
        fresh = rng.dirichlet([0.2] * 4, rng.integers(6, 12)).T
        motifs[f"m{i}"] = fresh if i % 3 or previous is None else 0.8 * previous + 0.05
    return motifs


def partition(found: Families) -> set[frozenset[str]]:
    return {frozenset(found.members(family)) for family in range(len(found))}


@given(st.integers(0, 29), st.booleans(), st.integers(0, 30))
def test_families__a_copy_falls_with_its_original_and_changes_nothing_else(which: int, reverse: bool, at: int) -> None:
    motifs = database()
    original = motifs[f"m{which}"]
    items = list(motifs.items())
    items.insert(at, ("copy", original[::-1, ::-1] if reverse else original.copy()))
    before, after = families(motifs), families(MotifSet(items))
    assert after.labels[after.motif_names.index("copy")] == after.labels[after.motif_names.index(f"m{which}")]
    assert {family - {"copy"} for family in partition(after)} == partition(before)


@given(st.permutations(range(30)))
def test_families__order_of_motifs_does_not_matter(order: list[int]) -> None:
    motifs = database()
    moved = {f"m{i}": motifs[f"m{i}"] for i in order}
    assert partition(families(moved)) == partition(families(motifs))


@given(st.integers(0, 2**30 - 1))
def test_families__orientation_does_not_matter(flipped: int) -> None:
    motifs = database()
    turned = {name: p[::-1, ::-1] if flipped >> i & 1 else p for i, (name, p) in enumerate(motifs.items())}
    assert partition(families(turned)) == partition(families(motifs))


def test_families__copies_in_numbers_do_not_weigh_more() -> None:
    motifs = database()
    many = {**motifs, **{f"copy {i}": motifs["m4"] for i in range(20)}}
    assert {frozenset(n for n in f if "copy" not in n) for f in partition(families(many))} == partition(
        families(motifs)
    )


def test_families__more_similarity_splits_families_and_never_moves_motifs_between_them() -> None:
    motifs = MotifSet(database(60))
    coarse = families(motifs, 0.3)
    for similarity in (0.5, 0.7, 0.9, 1.0):
        fine = families(motifs, similarity)
        assert all(any(small <= large for large in partition(coarse)) for small in partition(fine))
        assert len(fine) >= len(coarse)
        coarse = fine


def test_families__at_similarity_one_only_copies_are_together() -> None:
    motifs = database() | {"copy": database()["m5"]}
    found = families(motifs, 1.0)
    assert len(found) == 30
    assert {"m5", "copy"} in partition(found)


def test_families__labels_names_medoids_and_table_agree() -> None:
    motifs = MotifSet(database())
    found = families(motifs)
    assert found.labels.dtype == np.int32
    assert found.labels[0] == 0
    assert np.all(np.diff(np.unique(found.labels, return_index=True)[1]) > 0), "numbered by their first motif"
    assert len(found) == len(found.names) == len(set(found.names)) == len(found.medoids) == found.labels.max() + 1
    np.testing.assert_array_equal(found.labels[found.medoids], np.arange(len(found)))
    table = found.to_frame()
    assert table["motif_name"].tolist() == motifs.names
    assert table["family"].tolist() == [found.names[label] for label in found.labels]
    assert table.loc[table["is_medoid"], "family_idx"].nunique() == table["is_medoid"].sum() == len(found)
    for family, name in enumerate(found.names):
        assert found.members(name) == found.members(family)
    assert sum(len(found.members(f)) for f in range(len(found))) == len(motifs)


def test_families__medoid_is_the_motif_most_like_the_others() -> None:
    blurred = {f"v{i}": pwm("AGATAAGC", c) for i, c in enumerate((0.3, 0.7, 0.95))}
    blurred["v0"][:, 0] = [0.1, 0.5, 0.2, 0.2]
    found = families(blurred, 0.5)
    assert len(found) == 1
    similar = logo_similarities(list(blurred.values())).sum(axis=1)
    assert found.medoids.tolist() == [int(similar.argmax())]


def test_families__linkage_cuts_to_the_same_families() -> None:
    motifs = database() | {"copy": database()["m5"], "again": database()["m5"], "turned": database()["m8"][::-1, ::-1]}
    found = families(motifs)
    assert is_valid_linkage(found.linkage)
    assert found.linkage.shape == (len(motifs) - 1, 4)
    cut = fcluster(found.linkage, 0.3, "distance")
    assert len(set(zip(cut, found.labels, strict=True))) == len(found) == len(set(cut))
    assert np.count_nonzero(found.linkage[:, 2] == 0) == 3


def test_families__a_motif_set_keeps_the_dendrogram_until_it_changes() -> None:
    motifs = MotifSet(database())
    assert motifs.families(similarity=0.9).similarity == 0.9
    kept = motifs.cache["families"]
    motifs.families()
    assert motifs.cache["families"] is kept
    motifs["more"] = pwm("AAAA")
    assert len(motifs.families().labels) == 31


def test_families__of_one_motif() -> None:
    found = families({"GATA2": pwm("GATA")})
    assert (found.names, found.labels.tolist(), found.linkage.shape) == (["GATA2"], [0], (0, 4))


def test_families__motifs_without_information_stay_alone() -> None:
    found = families({"flat": np.full((4, 6), 0.25), "flatter": np.full((4, 9), 0.25), "GATA": pwm("AGATAAG")})
    assert len(found) == 3


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["MA0035.5 GATA1", "MA0036.4 GATA2", "Gata3_MA0037.3"], "GATA"),
        (["GATA1_HUMAN.H11MO.0.A", "GATA4_MOUSE.H11MO.0.A"], "GATA"),
        (["MA0098.4 ETS1", "MA0764.3 ETV4", "MA0475.3 FLI1"], r"(ETS1|ETV4|FLI1) \(\+2\)"),
        (["ZNF143", "ZNF76"], r"ZNF(143|76) \(\+1\)"),
        (["pos_patterns.pattern_0", "pos_patterns.pattern_3"], r"pos_(0|3) \(\+1\)"),
        (["neg_patterns.pattern_12"], "neg_12"),
    ],
)
def test_families__are_named_after_the_stem_or_the_medoid(names: list[str], expected: str) -> None:
    motifs = {name: pwm("AGATAAGC", 0.7 + 0.1 * i) for i, name in enumerate(names)}
    assert re.fullmatch(expected, *families(motifs).names)


def test_families__the_largest_keeps_the_stem() -> None:
    names = {
        "FOXA1": "TGTTTACTTA",
        "FOXB1": "TGTTTACTTA",
        "FOXC1": "TGTTTACTTA",
        "FOXN1": "GACGCGGC",
        "FOXN4": "GACGCGGC",
    }
    found = families({name: pwm(word, 0.6 + 0.05 * i) for i, (name, word) in enumerate(names.items())})
    assert found.names[0] == "FOX"
    assert found.names[1] in {"FOXN", "FOXN1 (+1)", "FOXN4 (+1)"}


def test_logo_similarities__by_hand() -> None:
    gata, ebox = pwm("AGATAAG", 1.0), pwm("CACGTG", 1.0)
    both = np.concatenate([gata, ebox], axis=1)
    flanked = np.concatenate([np.full((4, 3), 0.25), gata], axis=1)
    found = logo_similarities([gata, ebox, both, flanked, gata[::-1, ::-1]])
    assert found[0, 2] == pytest.approx(np.sqrt(7 / 13), abs=1e-6)  # 7 of 13 equally informative columns
    assert found[1, 2] == pytest.approx(np.sqrt(6 / 13), abs=1e-6)
    assert found[0, 3] == pytest.approx(1, abs=1e-6)
    assert found[0, 4] == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(found, found.T)
    # G of GATA on its own: columns match (1) or not (-1/3), so the best is the alignment with most matches
    assert logo_similarities([pwm("AC", 1.0), pwm("AT", 1.0)])[0, 1] == pytest.approx((1 - 1 / 3) / 2, abs=1e-6)


@pytest.mark.parametrize("database_name", ["JASPAR2026_CORE_vertebrates_nr.meme", "motifs.meme.txt"])
def test_families__put_together_what_biologists_do(shared_data: Path, database_name: str) -> None:
    found = read_meme(shared_data / "motifs" / database_name).families()
    names = [re.sub(r"^MA\S+ ", "", name) for name in found.motif_names]
    together = {
        "GATA": r"GATA[1-6]",
        "CTCF": r"CTCF",
        "E-box": r"(MYC|MYCN|USF1|USF2|TFE3|BHLHE40)",
        "ETS": r"(ETS1|ETV4|ELK4|GABPA)",
        "RUNX": r"RUNX[123]",
        "TEAD": r"TEAD[1-4]",
    }
    family_of = {}
    for name, genes in together.items():
        labels = [found.labels[i] for i, motif in enumerate(names) if re.match(rf"{genes}(_|$)", motif, re.IGNORECASE)]
        counts = np.bincount(labels)
        assert counts.max() >= 0.6 * len(labels), name  # the rest are dimers, and CTCF with its upstream motif
        family_of[name] = counts.argmax()
    assert len(set(family_of.values())) == len(together)
    assert found.names[family_of["GATA"]] == "GATA"
    assert np.bincount(found.labels).max() < 0.12 * len(names), "no giant chain"


@pytest.mark.parametrize("similarity", [0, -1, 1.1, np.nan])
def test_families__refuses_similarities_out_of_range(similarity: float) -> None:
    with pytest.raises(InvalidArgument, match=r"`similarity` must be in \(0, 1\]"):
        families(database(), similarity)


def test_families__says_which_names_there_are() -> None:
    found = families({"GATA1": pwm("AGATAAG")})
    with pytest.raises(InvalidArgument, match=r"Did you mean one of \['GATA1'\]"):
        found.members("gata")
    with pytest.raises(InvalidArgument, match="between 0 and 0"):
        found.members(3)


def test_members__refuses_a_family_that_is_no_whole_number() -> None:
    found = families({"a": np.eye(4)})
    with pytest.raises(InvalidArgument, match=r"`family` must be a whole number; got 1\.5"):
        found.members(1.5)
    with pytest.raises(InvalidArgument, match=r"`similarity` must be in \(0, 1\]; got 'high'"):
        families({"a": np.eye(4)}, "high")


def test_families__keep_nothing_that_a_user_can_change() -> None:
    motifs = MotifSet({"a": np.eye(4), "b": np.full((4, 3), 0.25)})
    found = motifs.families(0.5)
    expected = found.to_frame()
    found.motif_names[0], found.names[0], found.labels[:], found.linkage[:] = "changed", "changed", 0, 0
    again = motifs.families(0.5)
    assert again.to_frame().equals(expected)
    assert again.linkage.any()
