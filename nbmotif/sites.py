"""Sites: where the hits of a family lie, however many of its motifs match there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.hit_index import HitIndex
    from nbmotif.thresholds import Thresholds

_COLUMNS = ("family_idx", "example_idx", "start", "end", "row", "n_hits")


def merged_sites(index: HitIndex, thresholds: Thresholds, labels: npt.NDArray[np.integer]) -> pd.DataFrame:
    """Merge the overlapping passing hits of each family, in each sequence, into sites.

    A site is a run of hits each of which overlaps the run before it. A copy of a motif under another name adds hits on
    the same positions, hence no site.

    Parameters
    ----------
    index
        The hits.
    thresholds
        What counts.
    labels
        Family of each motif, shape (M,).

    Returns
    -------
    One row per site, family after family: ``family_idx example_idx start end``; ``row``, which hit is the strongest, of
    equal ones the first; and ``n_hits``.
    """
    blocks = list(index.blocks(thresholds))
    rows = np.concatenate([np.zeros(0, np.int64), *(block.rows for block in blocks)])
    if not len(rows):
        return _frame([np.zeros(0, np.int64)] * len(_COLUMNS))
    motif = np.concatenate([block.motif for block in blocks])
    # stable: within a family hits stay in the order of their places
    order = np.argsort(np.asarray(labels)[motif], kind="stable")
    rows, motif = rows[order], motif[order]
    family = np.asarray(labels)[motif].astype(np.int64)
    example, start = index.hits.sequence_idx[rows].astype(np.int64), index.hits.start[rows].astype(np.int64)
    end = start + index.widths[motif]
    # one number line on which the groups (family, sequence) follow each other, so that one running maximum serves all
    new_group = np.r_[True, (family[1:] != family[:-1]) | (example[1:] != example[:-1])]
    shift = (np.cumsum(new_group) - 1) * (int(end.max()) + 1)
    reach = np.maximum.accumulate(end + shift)
    first = np.flatnonzero(np.r_[True, (start + shift)[1:] >= reach[:-1]])
    last = np.r_[first[1:], len(rows)] - 1
    site = np.repeat(np.arange(len(first)), last - first + 1)
    strongest = np.lexsort((-index.sizes(rows), site))[first]
    columns = [family[first], example[first], start[first], (reach - shift)[last], rows[strongest], last - first + 1]
    return _frame(columns)


def exclusive_sites(index: HitIndex, thresholds: Thresholds, labels: npt.NDArray[np.integer]) -> pd.DataFrame:
    """List the hits that have their place to themselves; see :meth:`nbmotif.hit_index.HitIndex.winners`.

    Parameters and columns are those of :func:`merged_sites`; rows are in the order of their places.
    """
    columns = [np.zeros((len(_COLUMNS), 0), np.int64)]
    for block in index.blocks(thresholds):
        won = index.winners(block)
        motif, start = block.motif[won], block.start[won].astype(np.int64)
        family = np.asarray(labels)[motif].astype(np.int64)
        end, one = start + index.widths[motif], np.ones(len(start), np.int64)
        columns.append(np.stack([family, block.sequence[won].astype(np.int64), start, end, block.rows[won], one]))
    return _frame(list(np.concatenate(columns, axis=1)))


def _frame(columns: list[npt.NDArray[np.int64]]) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))
