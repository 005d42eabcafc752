"""The truth of the demo is a test of the whole: each method ranks the motif families that drive the model first.

Everything here is ours, end to end: shuffles, attributions, marginalization, seqlets, TOMTOM, FIMO, families. The truth
was planted (``nbmotif.demo.simulate``): GATA, AP-1, ETS and E-box raise the output, REST lowers it; CTCF, RFX and FOX
were planted as often and do nothing.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import nbmotif
from nbmotif.evidence import family_sites
from nbmotif.thresholds import Thresholds

if TYPE_CHECKING:
    import torch

N = 128  # sequences, of the demo's 256: enough for every site to be seen dozens of times


@dataclasses.dataclass(frozen=True)
class Setting:
    """The demo, cut to N sequences, and what was planted, by family of the motif database."""

    model: torch.nn.Module
    X: torch.Tensor
    motifs: nbmotif.MotifSet
    families: nbmotif.families.Families
    sites: pd.DataFrame
    role: dict[str, str]  # family of the database -> role

    def families_that(self, *roles: str) -> set[str]:
        return {family for family, role in self.role.items() if role in roles}

    @property
    def raise_output(self) -> set[str]:
        return self.families_that("activator", "partner")

    def by_family(self, motif_idx: np.ndarray) -> pd.Series:
        """Count by family, most first, families without a count included."""
        counts = np.bincount(self.families.labels[motif_idx], minlength=len(self.families))
        return pd.Series(counts, index=self.families.names).sort_values(ascending=False, kind="stable")

    def strongest(self, table: pd.DataFrame) -> pd.Series:
        """Effect of each family's motif of largest |effect|, largest first."""
        family = np.array(self.families.names)[
            [self.families.labels[self.motifs.index(m)] for m in table["motif_name"]]
        ]
        effects = table["effect"].groupby(family).agg(lambda effect: effect.loc[effect.abs().idxmax()])
        return effects.sort_values(key=np.abs, ascending=False)


@pytest.fixture(scope="module")
def truth() -> Setting:
    demo = nbmotif.demo.load()
    families = demo.motifs.families()
    roles = demo.truth.roles
    family = [families.names[families.labels[demo.motifs.index(name)]] for name in roles["motif_name"]]
    sites = demo.truth.sites.merge(roles[["motif_name", "role"]], on="motif_name")
    sites = sites[sites["example_idx"] < N].reset_index(drop=True)
    role = dict(zip(family, roles["role"], strict=True))
    return Setting(demo.model, demo.X[:N], demo.motifs, families, sites, role)


@pytest.fixture(scope="module")
def X_attr(truth: Setting) -> torch.Tensor:
    return nbmotif.deep_lift_shap(truth.model, truth.X, n_shuffles=10, random_state=0)


@pytest.fixture(scope="module")
def backgrounds(truth: Setting) -> torch.Tensor:
    return nbmotif.dinucleotide_shuffle(truth.X[:10], n=1, random_state=0)[:, 0]


def test_families__keep_the_planted_motifs_apart_and_their_look_alikes_together(truth):
    assert len(truth.role) == 8
    sizes = pd.Series(truth.families.labels).value_counts()
    by_name = {name: sizes[i] for i, name in enumerate(truth.families.names)}
    assert by_name["GATA"] >= 8
    assert min(by_name[family] for family in truth.raise_output) >= 8
    assert by_name["CTCF"] == by_name["REST"] == 1


def test_attributions__add_up_to_the_truth_at_planted_sites(truth, X_attr):
    found = nbmotif.extract_signal(truth.sites[["example_idx", "start", "end"]], X_attr).sum(dim=1).numpy()
    assert np.corrcoef(found, truth.sites["effect"])[0, 1] > 0.95
    by_role = pd.Series(found).groupby(truth.sites["role"])
    assert by_role.get_group("activator").min() > 0.1
    assert by_role.get_group("partner").min() > 0.05
    assert by_role.get_group("repressor").max() < -0.2
    assert by_role.get_group("decoy").abs().median() < 0.01
    assert by_role.get_group("decoy").abs().quantile(0.95) < 0.1


@pytest.mark.slow
def test_marginalize_motifs__ranks_the_drivers_first(truth, backgrounds):
    table = nbmotif.marginalize_motifs(truth.model, backgrounds, truth.motifs, random_state=0)
    effects = truth.strongest(table)
    assert set(effects.index[:5]) == truth.raise_output | truth.families_that("repressor")
    assert (effects[list(truth.raise_output)] > 0.2).all()
    assert (effects[list(truth.families_that("repressor"))] < -0.5).all()
    assert (effects[list(truth.families_that("decoy"))].abs() < 0.1).all()


@pytest.mark.slow
def test_marginalize_motifs__with_attributions_ranks_the_drivers_first(truth, backgrounds):
    # the planted motifs and every fifth family: attributions of the whole database take a minute
    names = {truth.motifs.names[m] for m in truth.families.medoids[::5]} | set(truth.sites["motif_name"])
    chosen = truth.motifs.subset([name for name in truth.motifs.names if name in names])
    table = nbmotif.marginalize_motifs(
        truth.model, backgrounds[:5], chosen, func=nbmotif.deep_lift_shap, n_shuffles=4, random_state=0
    )
    effects = truth.strongest(table)
    assert set(effects.index[:5]) == truth.raise_output | truth.families_that("repressor")
    assert (effects[list(truth.raise_output)] > 0.1).all()
    assert (effects[list(truth.families_that("repressor"))] < -0.5).all()
    assert (effects[list(truth.families_that("decoy"))].abs() < 0.1).all()


@pytest.mark.parametrize("sign", ["+", "-"])
def test_seqlets_and_tomtom__find_the_drivers_and_no_decoy(truth, X_attr, sign):
    seqlets = nbmotif.recursive_seqlets(X_attr.sum(dim=1), additional_flanks=1, sign=sign)
    motif_idx = nbmotif.annotate_seqlets(truth.X, seqlets, truth.motifs, cut=0.01).motif_idxs[:, 0].numpy()
    counts = truth.by_family(motif_idx[motif_idx >= 0])
    drivers = truth.raise_output if sign == "+" else truth.families_that("repressor")
    assert set(counts.index[: len(drivers)]) == drivers
    assert counts[list(drivers)].min() > 5 * counts[list(truth.families_that("decoy"))].max()
    assert (counts[list(truth.role)].sum()) > 0.8 * counts.sum()


@pytest.mark.parametrize("sign", ["+", "-"])
def test_fimo_and_attribution__find_the_drivers_and_few_decoys(truth, X_attr, sign):
    hits = nbmotif.fimo(truth.motifs, truth.X).with_signal(X_attr)
    sites = family_sites(truth.families, hits, Thresholds(attribution=0.05, sign=sign))
    counts = pd.Series(np.array(truth.families.names)[sites["family_idx"]]).value_counts()
    drivers = truth.raise_output if sign == "+" else truth.families_that("repressor")
    assert set(counts.index[: len(drivers)]) == drivers
    assert counts[list(drivers)].min() > 3 * counts.reindex(list(truth.families_that("decoy")), fill_value=0).max()


def test_fimo_alone__counts_decoys_as_often_as_drivers(truth):
    hits = nbmotif.fimo(truth.motifs, truth.X)
    sites = hits.to_frame().drop_duplicates(["sequence_name", "start"])
    counts = truth.by_family(sites["motif_idx"].to_numpy())
    assert counts[list(truth.families_that("decoy"))].min() > 40


def test_fimo__finds_what_was_planted(truth):
    hits = nbmotif.fimo(truth.motifs, truth.X).to_frame()
    found = set(zip(hits["motif_name"], hits["sequence_name"], hits["start"], strict=True))
    planted = set(zip(truth.sites["motif_name"], truth.sites["example_idx"], truth.sites["start"], strict=True))
    assert len(planted & found) > 0.85 * len(planted)
