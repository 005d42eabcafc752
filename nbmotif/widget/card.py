"""What is known of one motif: how the model reads its sites, beside what the database says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.hit_index import passing
from nbmotif.pwms import logo_heights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbmotif.hits import Hits
    from nbmotif.thresholds import Thresholds
    from nbmotif.widget.content import Content
    from nbmotif.widget.table import Query

QUANTILES = (1.0, 0.75, 0.5, 0.25, 0.0)
FLANK = 5  # bp on each side of an example
_FLAT = 1e-5  # bits: rounding alone makes less


@dataclass(frozen=True, eq=False)
class MotifCard:
    """One motif, as the model uses it.

    Attributes
    ----------
    name, family
        The motif's, as in the table.
    n_sites
        Hits that count now.
    pwm
        The database's probabilities, shape (4, w); None where only the name is known.
    cwm
        Mean attribution of each base over the sites, on the motif's strand, shape (4, w): the contribution weight
        matrix that TF-MoDISco shows. Zeros without sites.
    cosine
        Between the letters' heights in the logos of both, in [-1, 1]; NaN where there is none to compare. Near 1 the
        model reads the motif as the database writes it, below 0 it lowers the output.
    examples
        Sites at quantiles of the attribution, the strongest first, with columns ``quantile sequence_idx start end
        strand attribution``.
    """

    name: str
    family: str
    n_sites: int
    pwm: NDArray[np.float64] | None
    cwm: NDArray[np.float32]
    cosine: float
    examples: pd.DataFrame

    def __repr__(self) -> str:
        return f"MotifCard of {self.name} ({self.family}): {self.n_sites:,} sites, cosine {self.cosine:.2f}"


def motif_card(content: Content, query: Query, motif: int) -> MotifCard:
    """Describe a motif by the hits that count.

    Parameters
    ----------
    content
        What is shown.
    query
        Which hits count, and where families are cut.
    motif
        Index of the motif.
    """
    hits = _counted(content, query.thresholds, motif)
    labels, nodes = content.tree.cut(query.similarity)
    pwm = content.pwm(motif)
    cwm = contribution_weights(content, hits, int(content.motif_widths[motif]))
    return MotifCard(
        name=content.motif_names[motif],
        family=content.tree.names[nodes[labels[motif]]],
        n_sites=0 if hits is None else hits.n_hits,
        pwm=pwm,
        cwm=cwm,
        cosine=np.nan if pwm is None else logo_cosine(pwm, cwm),
        examples=_examples(hits),
    )


def _counted(content: Content, cuts: Thresholds, motif: int) -> Hits | None:
    if content.hits is None:
        return None
    hits = content.hits.subset([content.motif_names[motif]])
    return hits.where(passing(hits, cuts))


def contribution_weights(content: Content, hits: Hits | None, width: int) -> NDArray[np.float32]:
    """Average the attributions of the observed bases over the hits of one motif, on its strand, shape (4, width)."""
    weights = np.zeros((4, width))
    if hits is None or hits.n_hits == 0 or not content.has_attributions:
        return weights.astype(np.float32)
    order = np.argsort(hits.sequence_idx, kind="stable")
    sequence, first = np.unique(hits.sequence_idx[order], return_index=True)
    for s, sites in zip(sequence.tolist(), np.split(order, first[1:]), strict=True):
        codes, observed = content.codes(s), content.observed(s)
        at = hits.start[sites, None] + np.arange(width)
        reverse = hits.strand[sites] < 0
        at[reverse] = at[reverse, ::-1]
        base = codes[at]
        base[reverse] = np.where(base[reverse] < 4, 3 - base[reverse], 4)
        known = base < 4  # N has no letter
        np.add.at(weights, (base[known], np.nonzero(known)[1]), observed[at][known])
    return (weights / hits.n_hits).astype(np.float32)


def logo_cosine(pwm: NDArray[np.float64], cwm: NDArray[np.float32]) -> float:
    """Cosine between the heights of the letters in two logos of the same width; NaN where one is flat."""
    logo = logo_heights(pwm)
    sizes = np.linalg.norm(logo), np.linalg.norm(cwm)
    if sizes[0] < _FLAT or sizes[1] == 0:
        return np.nan
    return float((logo * cwm).sum() / (sizes[0] * sizes[1]))


def _examples(hits: Hits | None) -> pd.DataFrame:
    columns = ("quantile", "sequence_idx", "start", "end", "strand", "attribution")
    if hits is None or hits.attribution is None or hits.n_hits == 0:
        return pd.DataFrame({name: [] for name in columns})
    weakest_first = np.argsort(np.abs(hits.attribution), kind="stable")
    # of few hits, several quantiles are the same one
    ranks = {round(quantile * (hits.n_hits - 1)): quantile for quantile in reversed(QUANTILES)}
    chosen = weakest_first[list(ranks)][::-1]
    found = (hits.sequence_idx, hits.start, hits.end, hits.strand, hits.attribution)
    values = [list(ranks.values())[::-1], *(column[chosen] for column in found)]
    return pd.DataFrame(dict(zip(columns, values, strict=True)))


def encode_card(content: Content, card: MotifCard) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return a card as the browser takes it: numbers, then the weights and the surroundings of each example.

    The arrays are ``cwm`` (float32, 4 w), bases (uint8) and attributions (float32) of ``n`` windows of ``w + 2 FLANK``
    positions; positions beyond the sequence are N with attribution 0.
    """
    width = card.cwm.shape[1] + 2 * FLANK
    codes = np.full((len(card.examples), width), 4, np.uint8)
    observed = np.zeros((len(card.examples), width), np.float32)
    for i, (sequence, start) in enumerate(zip(card.examples["sequence_idx"], card.examples["start"], strict=True)):
        first, last = max(0, start - FLANK), min(content.length, start - FLANK + width)
        inside = slice(first - (start - FLANK), last - (start - FLANK))
        codes[i, inside] = content.codes(int(sequence))[first:last]
        observed[i, inside] = content.observed(int(sequence))[first:last]
    body = {
        "n_sites": card.n_sites,
        "cosine": None if np.isnan(card.cosine) else card.cosine,
        "flank": FLANK,
        "examples": card.examples.to_dict("records"),
    }
    return body, [card.cwm.ravel(), codes.ravel(), observed.ravel()]
