"""What an Explorer shows, as tables and as the calls that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from nbmotif.suggestions import Suggestion
from nbmotif.widget import frames, table
from nbmotif.widget.answers import background
from nbmotif.widget.card import motif_card
from nbmotif.widget.code import Code, Source, code
from nbmotif.widget.queries import QUERY_TRAITS
from nbmotif.widget.view import ExplorerViews

if TYPE_CHECKING:
    from nbmotif.widget.card import MotifCard


class ExplorerResults(ExplorerViews):
    """The part of `Explorer` that answers in numbers."""

    _source = Source()

    @property
    def counts(self) -> pd.DataFrame:
        """Exactly what the motif table shows: its rows, their order, its numbers.

        One row per family: ``family``, ``motifs`` (how many it has) and ``motif_name``, the one most like the others;
        where ``by_family`` is False one row per motif: ``motif_name`` and ``family``. Then what ``count_mode`` counts,
        under its name; ``sequences`` (with at least one hit that counts); ``seqlets``; and, where they are known,
        ``expected`` (the count by chance: the same hits, moved by a few dozen bp) and ``marginal``. The table's
        Obs/exp is ``(count + 1) / (expected + 1)``, so that few hits say little; of "explained", a sum, it adds what
        one sequence has, ``explained / sequences``.
        """
        return table.counts_frame(self._content, self._query, self._order, self.by_family)

    @property
    def hits(self) -> pd.DataFrame:
        """The hits that count now, with the vignette's columns; with genome coordinates where ``loci`` were given."""
        return frames.hits_frame(self._content, frames.counted_hits(self._content, self._query.thresholds))

    @property
    def sites(self) -> pd.DataFrame:
        """The sites of families now: runs of overlapping hits, each with its strongest hit and how many it has.

        With the count mode "exclusive" they are the hits that have their place to themselves.
        """
        return frames.sites_frame(self._content, self._query)

    @property
    def seqlets(self) -> pd.DataFrame:
        """The seqlets that count now, each with its motif, or "unassigned"."""
        return frames.seqlets_frame(self._content, self._query.thresholds)

    @property
    def unexplained(self) -> pd.DataFrame:
        """The seqlets that no motif explains: they count, have no match, and no hit that counts covers half of them.

        The strongest comes first; `look_at` shows one. With a large database every seqlet has a match at TOMTOM p below
        0.01: ask for less than 0.01 divided by the number of motifs.
        """
        return frames.unexplained_frame(self._content, self._query.thresholds)

    @property
    def selection(self) -> pd.DataFrame:
        """The sites of ``selected_motifs`` that count now: what the tracks mark, one row per hit or seqlet."""
        return frames.selection_frame(self._content, self._query, self.selected_motifs)

    @property
    def suggestions(self) -> pd.DataFrame:
        """Thresholds on attribution to choose from at the present p-value and sign: ``name value reason``."""
        return pd.DataFrame(background(self._content, self._query).suggestions, columns=Suggestion._fields)

    def code(self) -> str:
        """Write the plain calls that make ``counts`` as ``table``.

        They read what was passed to the Explorer, from variables with the names of its arguments, or from ``study``.
        """
        traits = {name: getattr(self, name) for name in QUERY_TRAITS}
        return Code(code(self._content, self._source, traits, self._order, self.by_family))

    def describe(self, motif: str) -> MotifCard:
        """Describe one motif by the hits that count now: what its card in the widget shows, as numbers.

        Parameters
        ----------
        motif
            Its name, or that of a family for the motif that is most like the others.
        """
        return motif_card(self._content, self._query, self._motif_of(motif))
