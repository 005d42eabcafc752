"""A row per motif family: every method's answer side by side, and how to read a disagreement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from nbmotif.arguments import check_choice, check_number, check_p_value
from nbmotif.errors import InvalidArgument
from nbmotif.hit_index import HitIndex
from nbmotif.sites import merged_sites
from nbmotif.thresholds import Sign, Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmotif.dendrogram import Families
    from nbmotif.hits import Hits

# seen by marginalization (None: not inserted, or not to be compared), by seqlets, by hits -> what that says
_READINGS = {
    (True, True, True): "all methods agree",
    (True, True, False): "used, but its sites match weakly: raise the FIMO threshold, or look at the seqlets",
    (True, False, True): "used, but its seqlets went to a look-alike family or stayed below the cut",
    (True, False, False): "sufficient, but not used in these sequences",
    (False, True, True): "used here in context: inserted alone it does little, or no more than its letters",
    (False, True, False): "ambiguous short match: look at the seqlets' TOMTOM p-values",
    (False, False, True): "passenger: overlaps what the model uses",
    (False, False, False): "no evidence",
    (None, True, True): "used: seqlets and hits agree",
    (None, True, False): "ambiguous short match: look at the seqlets' TOMTOM p-values",
    (None, False, True): "passenger: overlaps what the model uses",
    (None, False, False): "no evidence",
}
_AGREE = {_READINGS[True, True, True], _READINGS[None, True, True]}
_DISAGREE = "used, but in different directions: compare the signs"
# a family is seen by a method in which it has this part of what the strongest has
_PART = 0.05
# standard errors by which inserting a motif does more than its letters in other orders
_BEYOND_LETTERS = 3

_SIGNS = get_args(Sign)
_P_VALUES = ("seqlet_p", "tomtom_p", "fimo_p")


def read_thresholds(given: Mapping[str, Any], stages: Mapping[str, Mapping[str, Any]]) -> Thresholds:
    """Read the arguments of :meth:`nbmotif.Study.evidence`.

    Parameters
    ----------
    given
        Thresholds by name.
    stages
        What each stage was called with: beyond its threshold there is nothing to count.

    Raises
    ------
    InvalidArgument
        If a threshold is none of those that hold for every method, or its value not possible.
    """
    for name, value in given.items():
        if name == "sign":
            check_choice(value, name, _SIGNS)
        elif name in _P_VALUES:
            check_p_value(value, name)
        elif name != "attribution":
            raise InvalidArgument("thresholds", name, f"among attribution, {', '.join(_P_VALUES)} and sign")
        elif value is not None:
            check_number(value, name, "a finite number, or None", math.isfinite)
    for name, stage in (("seqlet_p", "call_seqlets"), ("fimo_p", "scan")):
        held = stages.get(stage, {}).get("threshold")
        if name in given and held is not None and given[name] > held:
            hint = f"Call study.{stage}(threshold={given[name]}) first."
            raise InvalidArgument(name, given[name], f"at most the threshold of that stage, {held}", hint)
    return Thresholds(**given)


def evidence(
    families: Families,
    thresholds: Thresholds,
    *,
    marginal: pd.DataFrame | None = None,
    seqlets: pd.DataFrame | None = None,
    hits: Hits | None = None,
) -> pd.DataFrame:
    """Tabulate what each method says of each motif family.

    Parameters
    ----------
    families
        The families of the motif database.
    thresholds
        What counts.
    marginal
        Effects by motif: ``motif_name``, ``effect`` and ``z``, as of :func:`nbmotif.marginalize_motifs`. A family shows
        the member of largest |effect|.
    seqlets
        Seqlets with columns ``attribution``, ``p-value``, ``motif_idx`` (-1: none) and ``tomtom_p``.
    hits
        FIMO hits with attributions. Overlapping hits of one family are one site.

    Returns
    -------
    One row per family, most evidence first: ``family``, ``n_motifs``, then per method that ran

    - ``marginal``, the effect, and ``marginal_z``: how far it goes beyond that of the same letters in other orders;
    - ``seqlets``, how many; ``seqlet_attribution``, the sum of their attributions, in which both signs cancel; and
      ``seqlet_explained``, the sum of their sizes, |attribution|, in which nothing does;
    - ``sites``, ``site_attribution`` and ``site_explained``, the same of sites, each with that of its strongest hit;

    and, when all three ran, ``reading``: a sentence on how they agree. A method sees a family that has at least a
    twentieth of what it gives the strongest: of the attribution explained, or of the effects. Of these count those that
    go beyond their letters in their own direction, by at least three standard errors; where that is not known (z is
    NaN), the sentence is about the other two. The order is by the sum of these parts over the methods.

    Examples
    --------
    >>> import nbmotif
    >>> demo = nbmotif.demo.load()
    >>> study = nbmotif.Study(demo.model, demo.X[:8], demo.motifs, verbose=False)
    >>> study = study.attribute(n_shuffles=5).call_seqlets().annotate().scan()
    >>> table = study.marginalize(n_backgrounds=20, motifs=list(demo.truth.roles["motif_name"])).evidence()
    >>> table[["family", "reading"]].head(3)
            family            reading
    0         REST  all methods agree
    1         GATA  all methods agree
    2  FOSL1 (+13)  all methods agree
    """
    table = pd.DataFrame({"family": families.names, "n_motifs": np.bincount(families.labels)})
    if marginal is not None:
        table = table.join(_by_family_marginal(families, marginal))
    if seqlets is not None:
        table = table.join(_by_family_seqlets(families, seqlets, thresholds))
    if hits is not None:
        table = table.join(_by_family_sites(families, hits, thresholds))
    if {"marginal", "seqlets", "sites"} <= set(table):
        table["reading"] = _readings(table)
    order = _share(table).sum(axis=1).sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def family_sites(families: Families, hits: Hits, thresholds: Thresholds) -> pd.DataFrame:
    """Merge the overlapping passing hits of each family, in each sequence, into sites; see :mod:`nbmotif.sites`.

    Parameters
    ----------
    families
        The families of the motif database that was scanned.
    hits
        FIMO hits with attributions.
    thresholds
        What counts.

    Returns
    -------
    One row per site: ``family_idx``, ``example_idx``, ``start``, ``end`` and the strongest ``attribution``.
    """
    index = HitIndex(hits)
    sites = merged_sites(index, thresholds, families.labels)
    assert index.hits.attribution is not None, "refused by merged_sites"
    return sites.assign(attribution=index.hits.attribution[sites["row"]]).drop(columns=["row", "n_hits"])


def _by_family_marginal(families: Families, marginal: pd.DataFrame) -> pd.DataFrame:
    of_motif = dict(zip(families.motif_names, families.labels, strict=True))
    table = marginal.assign(family_idx=[of_motif[name] for name in marginal["motif_name"]])
    table = table.dropna(subset=["effect"]).reset_index(drop=True)
    strongest = table.loc[table["effect"].abs().groupby(table["family_idx"]).idxmax()]
    return strongest.set_index("family_idx")[["effect", "z"]].rename(columns={"effect": "marginal", "z": "marginal_z"})


def _by_family_seqlets(families: Families, seqlets: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    sign = {"+": seqlets["attribution"] > 0, "-": seqlets["attribution"] < 0, "both": seqlets["attribution"].notna()}
    keep = sign[thresholds.sign] & (seqlets["p-value"] < thresholds.seqlet_p) & (seqlets["motif_idx"] >= 0)
    kept = seqlets[keep & (seqlets["tomtom_p"] < thresholds.tomtom_p)]
    return _count_and_sum(families, families.labels[kept["motif_idx"].to_numpy()], kept["attribution"], "seqlet")


def _by_family_sites(families: Families, hits: Hits, thresholds: Thresholds) -> pd.DataFrame:
    sites = family_sites(families, hits, thresholds)
    return _count_and_sum(families, sites["family_idx"].to_numpy(), sites["attribution"], "site")


def _count_and_sum(families: Families, family: np.ndarray, attribution: pd.Series[float], what: str) -> pd.DataFrame:
    n_families = len(families.names)
    count = np.bincount(family, minlength=n_families)
    values = attribution.to_numpy(np.float64)
    total, explained = (np.bincount(family, weights=w, minlength=n_families) for w in (values, np.abs(values)))
    return pd.DataFrame({f"{what}s": count, f"{what}_attribution": total, f"{what}_explained": explained})


def _share(table: pd.DataFrame) -> pd.DataFrame:
    """Each family's part of what the strongest has, per method: effect beyond its letters', attribution explained."""
    size = table[[name for name in ("marginal", "seqlet_explained", "site_explained") if name in table]].abs()
    if "marginal" in table:
        beyond = table["marginal_z"] * np.sign(table["marginal"]) >= _BEYOND_LETTERS
        size["marginal"] = size["marginal"].where(beyond)
    return size.fillna(0.0) / size.max().fillna(0.0).replace(0.0, 1.0)


def _readings(table: pd.DataFrame) -> list[str]:
    seen = _share(table) >= _PART
    # where nothing is changed, nothing needs to be compared
    is_known = table["marginal_z"].notna() | (table["marginal"] == 0)
    signs = table[["marginal", "seqlet_attribution", "site_attribution"]].apply(np.sign)
    signs["marginal"] = signs["marginal"].where(is_known)
    is_split = signs.max(axis=1) != signs.min(axis=1)
    readings = []
    for row, known, split in zip(seen.itertuples(index=False, name=None), is_known, is_split, strict=True):
        by_marginal, by_seqlets, by_hits = map(bool, row)
        reading = _READINGS[by_marginal if known else None, by_seqlets, by_hits]
        readings.append(_DISAGREE if split and reading in _AGREE else reading)
    return readings
