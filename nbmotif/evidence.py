"""One table per motif family: every method's answer side by side, and how to read a disagreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from nbmotif.counts import passing

if TYPE_CHECKING:
    from nbmotif.families import Families
    from nbmotif.scanning import Hits

Sign = Literal["+", "-", "both"]


@dataclass(frozen=True)
class Thresholds:
    """What counts: the cuts of every method, all strict.

    Parameters
    ----------
    attribution
        A FIMO hit counts when the attribution summed over it is beyond this.
    seqlet_p, tomtom_p, fimo_p
        A seqlet, its match to a motif, a FIMO hit counts when its p-value is below this.
    sign
        Count positive attributions, negative ones, or both.
    """

    attribution: float = 0.01
    seqlet_p: float = 0.01
    tomtom_p: float = 0.01
    fimo_p: float = 1e-4
    sign: Sign = "both"


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
    """Merge the overlapping passing hits of each family, in each sequence, into sites.

    A site is a run of hits each of which overlaps the run before it. A copy of a motif under another name adds hits on
    the same positions, hence no site.

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
    One row per site: ``family_idx``, ``example_idx``, ``start``, ``end`` and and the strongest ``attribution``.
    """
    keep = np.flatnonzero(passing(hits, thresholds.attribution, thresholds.fimo_p, thresholds.sign))
    family = families.labels[hits.motif_idx[keep]].astype(np.int64)
    example, start, end = (
        np.asarray(column)[keep].astype(np.int64) for column in (hits.sequence_idx, hits.start, hits.end)
    )
    attribution = np.asarray(hits.attribution)[keep]
    order = np.lexsort((start, example, family))
    family, example, start, end, attribution = (c[order] for c in (family, example, start, end, attribution))
    if not len(order):
        none = dict.fromkeys(["family_idx", "example_idx", "start", "end"], np.zeros(0, np.int64))
        return pd.DataFrame({**none, "attribution": np.zeros(0, np.float32)})
    # one number line on which the groups (family, sequence) follow each other, so that one running maximum serves all
    new_group = np.r_[True, (family[1:] != family[:-1]) | (example[1:] != example[:-1])]
    shift = (np.cumsum(new_group) - 1) * (int(end.max()) + 1)
    reach = np.maximum.accumulate(end + shift)
    first = np.flatnonzero(np.r_[True, (start + shift)[1:] >= reach[:-1]])
    last = np.r_[first[1:], len(order)] - 1
    high, low = np.maximum.reduceat(attribution, first), np.minimum.reduceat(attribution, first)
    return pd.DataFrame(
        {
            "family_idx": family[first],
            "example_idx": example[first],
            "start": start[first],
            "end": (reach - shift)[last],
            "attribution": np.where(high >= -low, high, low),
        }
    )


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
