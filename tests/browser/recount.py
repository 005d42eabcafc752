"""Counts of a study by plain pandas, from the tables that a user passes: what every view must agree with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd


@dataclass(frozen=True)
class Asked:
    """What is counted: the traits of an Explorer."""

    attribution: float = 0.01
    fimo_p: float = 1e-4
    sign: str = "+"
    window: tuple[int, int] | None = None
    sequences: frozenset[int] | None = None
    mode: str = "hits"


def passing(hits: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return the rows that pass, of ``motif_idx sequence start end attribution p``, the attributions float32."""
    a, t = hits["attribution"], np.float32(asked.attribution)
    keep = {"+": a > t, "-": a < -t, "both": (a > t) | (a < -t)}[asked.sign] & (hits["p"] < asked.fimo_p)
    if asked.window is not None:
        keep &= (hits["start"] >= asked.window[0]) & (hits["end"] <= asked.window[1])
    if asked.sequences is not None:
        keep &= hits["sequence"].isin(asked.sequences)
    return hits[keep]


def recount(
    hits: pd.DataFrame, asked: Asked, group_of: npt.NDArray[np.integer], is_family: bool, unit: float, ranks: Any
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Count for groups of motifs: what the mode counts, and sequences with a hit."""
    index = range(int(group_of.max()) + 1)
    rows = passing(hits, asked)
    rows = rows.assign(group=group_of[rows["motif_idx"]])
    sequences = rows.groupby("group")["sequence"].nunique().reindex(index, fill_value=0)
    if asked.mode == "sequences":
        return sequences, sequences
    if asked.mode == "hits":
        counted = rows.drop_duplicates(["group", "sequence", "start", "end"]) if is_family else rows
    elif asked.mode == "exclusive":
        counted = winners(rows, ranks)
    else:
        rows = rows.sort_values(["group", "sequence", "start", "end"], kind="stable")
        reach = rows.groupby(["group", "sequence"])["end"].cummax().groupby([rows["group"], rows["sequence"]]).shift()
        rows = rows.assign(site=(~(rows["start"] < reach)).cumsum())
        counted = rows.drop_duplicates("site")
        if asked.mode == "explained":
            # in whole units, so that no order of adding matters
            units = np.floor(rows["attribution"].abs().astype(float) / unit + 0.5)
            total = units.groupby(rows["site"]).max().groupby(rows.groupby("site")["group"].first()).sum()
            return total.reindex(index, fill_value=0.0) * unit, sequences
    return counted.groupby("group").size().reindex(index, fill_value=0), sequences


def winners(rows: pd.DataFrame, ranks: Any) -> pd.DataFrame:
    """Let the hit that stands out most take its place, then the next that overlaps none that was taken."""
    strength = rows["attribution"].abs().astype(float) / np.sqrt(rows["end"] - rows["start"])
    order = rows.assign(strength=-strength, rank=np.asarray(ranks)[rows["motif_idx"]])
    order = order.sort_values(["sequence", "strength", "p", "rank", "start", "end", "motif_idx"])
    won, taken = [], {}
    for row in order.itertuples():
        places = taken.setdefault(row.sequence, set())
        if places.isdisjoint(range(row.start, row.end)):
            places.update(range(row.start, row.end))
            won.append(row.Index)
    return rows.loc[won]
