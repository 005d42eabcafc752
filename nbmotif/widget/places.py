"""Reads where in the genome the sequences lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from nbmotif.errors import InvalidArgument
from nbmotif.intervals import read_intervals
from nbmotif.widget.content import Loci

_NAMES = ["chrom", "start", "end"]


def read_loci(loci: Any) -> pd.DataFrame | None:
    """Return the loci as ``chrom start end``, one row per sequence."""
    if loci is None:
        return None
    if isinstance(loci, Loci):
        return pd.DataFrame({name: getattr(loci, name) for name in _NAMES})
    is_rows = isinstance(loci, Sequence) and not isinstance(loci, str)
    if is_rows and loci and all(isinstance(row, (tuple, list)) and len(row) >= 3 for row in loci):
        loci = pd.DataFrame([tuple(row[:3]) for row in loci], columns=_NAMES)
    return read_intervals(loci, "loci")


def common_width(loci: pd.DataFrame, at_least: int) -> int:
    """Return L where the loci alone say it."""
    widths = np.unique(loci["end"] - loci["start"])
    if len(widths) > 1 or widths[0] < at_least:
        got = f"loci of {widths[0]:,} to {widths[-1]:,} bp, and sites up to {at_least:,}"
        hint = "Pass X= or attributions=, which say how long the sequences are."
        raise InvalidArgument("loci", got, "as long as the sequences where nothing else says their length", hint)
    return int(widths[0])


def place(loci: pd.DataFrame, length: int) -> Loci:
    """Return where base 0 of each sequence lies in the genome.

    Loci that are not L long are peaks from whose middle the sequences were cut, as `extract_loci` does.
    """
    start, end = loci["start"].to_numpy(np.int64), loci["end"].to_numpy(np.int64)
    first = start + (end - start) // 2 - length // 2
    return Loci(loci["chrom"].tolist(), first.tolist(), (first + length).tolist())
