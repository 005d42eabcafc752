"""One table per motif family: every method's answer side by side, and how to read a disagreement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.arguments import check_number, check_p_value
from nbmotif.errors import InvalidArgument
from nbmotif.hit_index import HitIndex
from nbmotif.sites import merged_sites
from nbmotif.thresholds import Thresholds as Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmotif.families import Families
    from nbmotif.scanning import Hits

# seen by marginalization (None: not inserted), by seqlets, by hits -> what that says
_READINGS = {
    (True, True, True): "all methods agree",
    (True, True, False): "used, but its sites match weakly: raise the FIMO threshold, or look at the seqlets",
    (True, False, True): "used, but its seqlets went to a look-alike family or stayed below the cut",
    (True, False, False): "sufficient, but not used in these sequences",
    (False, True, True): "used here in context: inserting it alone does little",
    (False, True, False): "ambiguous short match: look at the seqlets' TOMTOM p-values",
    (False, False, True): "passenger: overlaps what the model uses",
    (False, False, False): "no evidence",
    (None, True, True): "used: seqlets and hits agree",
    (None, True, False): "ambiguous short match: look at the seqlets' TOMTOM p-values",
    (None, False, True): "passenger: overlaps what the model uses",
    (None, False, False): "no evidence",
}


_SIGNS = ("+", "-", "both")
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
            if value not in _SIGNS:
                raise InvalidArgument(name, repr(value), f"one of {', '.join(map(repr, _SIGNS))}")
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
        Effects by motif: ``motif_name``, ``effect`` and ``z``. A family shows the member of largest |effect|.
    seqlets
        Seqlets with columns ``attribution``, ``p-value``, ``motif_idx`` (-1: none) and ``tomtom_p``.
    hits
        FIMO hits with attributions. Overlapping hits of one family are one site.

    Returns
    -------
    One row per family, most evidence first: ``family``, ``n_motifs``, then per method that ran ``marginal`` and
    ``marginal_z``; ``seqlets`` and ``seqlet_attribution``; ``sites`` and ``site_attribution`` (attribution is what they
    explain, summed over all of them); and, when all three ran, ``reading``: a sentence on how they agree.

    Examples
    --------
    >>> import nbmotif
    >>> study = nbmotif.demo.load().study(verbose=False).run()  # doctest: +SKIP
    >>> study.evidence().head()  # doctest: +SKIP
    """
    table = pd.DataFrame({"family": families.names, "n_motifs": np.bincount(families.labels)})
    if marginal is not None:
        table = table.join(_by_family_marginal(families, marginal))
    if seqlets is not None:
        table = table.join(_by_family_seqlets(families, seqlets, thresholds))
    if hits is not None:
        table = table.join(_by_family_sites(families, hits, thresholds))
    if {"marginal", "seqlets", "sites"} <= set(table):
        table["reading"] = [_READINGS[row] for row in _seen(table)]
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
    strongest = table.loc[table.groupby("family_idx")["effect"].apply(lambda effect: effect.abs().idxmax())]
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
    total = np.bincount(family, weights=attribution.to_numpy(np.float64), minlength=n_families)
    return pd.DataFrame({f"{what}s": count, f"{what}_attribution": total})


def _share(table: pd.DataFrame) -> pd.DataFrame:
    """Each family's part of what the strongest family has, per method: effect, or attribution explained."""
    columns = [name for name in ("marginal", "seqlet_attribution", "site_attribution") if name in table]
    size = table[columns].abs().fillna(0.0)
    return size / size.max().replace(0.0, 1.0)


def _seen(table: pd.DataFrame) -> list[tuple[bool | None, bool, bool]]:
    """Which methods saw each family: a twentieth of the strongest's share; inserted, also |z| of 3 against shuffles."""
    share = _share(table) >= 0.05
    inserted = table["marginal"].notna()
    marginal = share["marginal"] & (table["marginal_z"].abs() >= 3)
    rows = zip(inserted, marginal, share["seqlet_attribution"], share["site_attribution"], strict=True)
    return [(bool(m) if was else None, bool(q), bool(h)) for was, m, q, h in rows]
