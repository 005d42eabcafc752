"""What the browser asks for and what the traits say, read as a `Query`: both by the same rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.errors import InvalidArgument
from nbmotif.hit_index import check_mode
from nbmotif.thresholds import Thresholds
from nbmotif.widget.table import Query, only_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nbmotif.widget.content import Content

# the traits on which every count depends, in the order in which the browser names them
QUERY_TRAITS = (
    "attribution_threshold",
    "fimo_p_threshold",
    "seqlet_p_threshold",
    "tomtom_p_threshold",
    "sign",
    "window",
    "sequence_filter",
    "sequence",
    "count_mode",
    "family_similarity",
)
_REGION = re.compile(r"(\S+):([\d,]+)(?:[-–]([\d,]+))?")


def read_query(content: Content, values: Mapping[str, Any]) -> Query:
    """Read the values of `QUERY_TRAITS`."""
    missing = [name for name in QUERY_TRAITS if name not in values]
    if missing:
        raise InvalidArgument("params", f"no {missing[0]!r}", f"with {', '.join(QUERY_TRAITS)}", "Reload the page.")
    check_mode(values["count_mode"])
    window, sequence = values["window"], values["sequence"]
    thresholds = Thresholds(
        attribution=float(values["attribution_threshold"]),
        seqlet_p=float(values["seqlet_p_threshold"]),
        tomtom_p=float(values["tomtom_p_threshold"]),
        fimo_p=float(values["fimo_p_threshold"]),
        sign=values["sign"],
        window=None if window is None else (int(window[0]), int(window[1])),
        sequences=filtered_sequences(content, values["sequence_filter"]),
    )
    thresholds = only_in(thresholds, content.n_sequences, sequence)
    return Query(thresholds, values["count_mode"], float(values["family_similarity"]))


def filtered_sequences(content: Content, wanted: str | list[int] | None) -> NDArray[np.bool_] | None:
    """Tell which sequences a filter keeps, shape (N,); None for all.

    A filter is a list of indices; a position or region such as "chr2:1,000-2,000", counted from 1 as in genome
    browsers, which sequences overlap; or text, which is the chromosome of a sequence or is contained in its name,
    whatever the case.
    """
    if wanted is None or wanted == "":
        return None
    n, loci = content.n_sequences, content.loci
    if not isinstance(wanted, str):
        kept = np.zeros(n, np.bool_)
        kept[np.asarray(wanted, np.int64)] = True
        return kept
    text = wanted.lower()
    region = _REGION.fullmatch(text.strip())
    if region is not None and loci is not None:
        start, end = (int((place or region[2]).replace(",", "") or 0) for place in region.groups()[1:])
        on = np.array([chrom.lower() == region[1] for chrom in loci.chrom], np.bool_)
        return on & (np.array(loci.start, np.int64) < end) & (np.array(loci.end, np.int64) >= start)
    kept = np.array([text in name for name in content.lower_sequence_names], np.bool_)
    if loci is not None:
        kept |= np.array([chrom.lower() == text for chrom in loci.chrom], np.bool_)
    return kept
