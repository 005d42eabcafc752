"""What an Explorer shows, as tables, as a figure, and as the calls that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from nbmotif.arguments import check_choice, whole_number
from nbmotif.suggestions import Suggestion
from nbmotif.widget import frames, table
from nbmotif.widget.answers import background
from nbmotif.widget.card import motif_card
from nbmotif.widget.code import Code, Source, code
from nbmotif.widget.figure import ANNOTATIONS, check_layer, draw_track
from nbmotif.widget.queries import read_query
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
        return Code(code(self._content, self._source, self._asked, self._order, self.by_family))

    def plot(
        self,
        sequence: int | None = None,
        layer: str | None = None,
        annotations: str | None = "sites",
        **look: Any,
    ) -> Any:
        """Draw a sequence as its track shows it now, as a figure to publish; see :func:`nbmotif.plot_logo`.

        Parameters
        ----------
        sequence
            Its index. Default: the one that is counted in, or else the one on top.
        layer
            The name of a set of attributions, or of a difference such as ``"K562 - HepG2"``. Default: the uppermost.
        annotations
            What to draw below: ``"sites"``, ``"hits"`` or ``"seqlets"`` that count now and are in view; None for
            nothing.
        look
            Arguments of `plot_logo` such as ``ax``, ``ylim``, ``n_tracks``, ``title``, ``start`` and ``end``.
            ``viewport``, ``reverse_complement``, ``palette`` and whether hypothetical scores are shown are followed.

        Returns
        -------
        A Bokeh figure, which a notebook shows; or ``ax``, with which matplotlib writes PDF, SVG or PNG.

        Examples
        --------
        >>> import matplotlib.pyplot as plt
        >>> import nbmotif
        >>> X = nbmotif.one_hot_encode(["TTGATAAC"])
        >>> explorer = nbmotif.Explorer(X * 0.5, X)
        >>> figure, ax = plt.subplots()
        >>> explorer.plot(ax=ax).get_title()
        'sequence 0'
        """
        content = self._content
        if sequence is None:
            sequence = self.sequence if self.sequence is not None else next(iter(self._tracks), 0)
        sequence = whole_number(sequence, "sequence", 0, content.n_sequences - 1)
        if layer is None:
            layer = next(iter([*self.layers, *content.score_sets]), "")
        check_layer(content, layer)
        check_choice(annotations, "annotations", [*ANNOTATIONS, None])
        query = read_query(content, {**self._asked, "sequence_filter": None, "sequence": sequence})
        return draw_track(
            content,
            sequence,
            layer,
            None if annotations is None else ANNOTATIONS[annotations](content, query),
            self.viewport,
            hypothetical=self._show_hypothetical,
            reverse_complement=self.reverse_complement,
            palette=self.palette,
            **look,
        )

    def describe(self, motif: str) -> MotifCard:
        """Describe one motif by the hits that count now: what its card in the widget shows, as numbers.

        Parameters
        ----------
        motif
            Its name, or that of a family for the motif that is most like the others, or, where another one counts more
            than twice as much, for the one that counts most.
        """
        return motif_card(self._content, self._query, self._motifs_of([motif])[0])
