"""Parts of an Explorer in cells of their own, linked with it and with each other."""

from __future__ import annotations

import base64
import weakref
from typing import TYPE_CHECKING, Any, TypeAlias

import anywidget
import ipywidgets
import traitlets as t

from nbmotif.arguments import whole_number
from nbmotif.errors import InvalidArgument
from nbmotif.widget.card import motif_card
from nbmotif.widget.state import ExplorerState
from nbmotif.widget.table import counts_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

Bundle: TypeAlias = tuple[dict[str, Any], dict[str, Any]]  # what a notebook keeps, and facts of it, by MIME type
_SPAN = 120  # bp around a place that is looked at
VIEWS = ("thresholds", "table", "tracks", "card", "pairs")

# The Explorer's own script draws: this one only finds it, so that both share one state and one copy of the data.
_SCRIPT = """export default {
  async render({ model, el, signal, host }) {
    try {
      const { exports } = await host.getWidget(model.get("_explorer"));
      exports.show(el, model.get("_view"), signal);
    } catch {
      el.textContent = "The Explorer of this view was closed: run the cell that makes it, then this one.";
    }
  },
};
"""


# what two explorers side by side share
_MOVE_TOGETHER = (
    *("attribution_threshold", "fimo_p_threshold", "seqlet_p_threshold", "tomtom_p_threshold", "sign"),
    *("count_mode", "by_family", "reverse_complement", "theme", "palette", "_search", "_sort"),
)
_OF_THE_SAME_MOTIFS = ("selected_motifs", "motif")
_OF_THE_SAME_SEQUENCES = ("sequence", "viewport", "_tracks")


class View(anywidget.AnyWidget):
    """A part of an `Explorer`, which its methods ``thresholds``, ``table``, ``tracks``, ``card`` and ``pairs`` make.

    Parameters
    ----------
    explorer
        What it is a part of. It holds the data and the state: closing it closes its views.
    view
        One of `VIEWS`.
    picture
        A method of the explorer, which draws a view, described by some words, for readers without a kernel.
    """

    _esm = _SCRIPT

    _explorer = t.Unicode().tag(sync=True)
    _view = t.Enum(VIEWS).tag(sync=True)

    def __init__(self, explorer: ExplorerState, view: str, picture: Callable[[str, str], Bundle]) -> None:
        self._title = f"{view.capitalize()} of {explorer!r}"
        self._picture = weakref.WeakMethod(picture)  # a view keeps no explorer alive
        super().__init__(_explorer=f"anywidget:{explorer.model_id}", _view=view)  # how anywidget names a widget

    def __repr__(self) -> str:
        return self._title

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        draw = self._picture()
        picture, facts = draw(self._view, repr(self)) if draw else ({}, {})
        return {**data, "text/plain": repr(self), **picture}, {**metadata, **facts}


class ExplorerViews(ExplorerState):
    """The part of `Explorer` that shows it in pieces."""

    keep_picture = t.Bool(True)

    _views: tuple[ipywidgets.Widget, ...] = ()

    def thresholds(self) -> View:
        """Show the sliders alone, in a cell of their own; every view of this explorer follows them.

        Examples
        --------
        >>> import nbmotif
        >>> explorer = nbmotif.Explorer(marginal={"GATA1": 0.8})
        >>> explorer.table()
        Table of Explorer: 0 sequences of 0 bp, 1 motif
        """
        return self._view("thresholds")

    def table(self) -> View:
        """Show the motif table alone, in a cell of its own; it stays linked with every other view."""
        return self._view("table")

    def tracks(self) -> View:
        """Show the sequences alone, in a cell of their own; they stay linked with every other view."""
        return self._view("tracks")

    def card(self, motif: str | None = None) -> View:
        """Show the card of one motif, in a cell of its own; it stays linked with every other view.

        Parameters
        ----------
        motif
            Its name, or that of a family for the motif that is most like the others, or, where another one counts more
            than twice as much, for the one that counts most. Default: that of the trait ``motif``, which the card
            follows.
        """
        if motif is not None:
            self.motif = self._content.motif_names[self._motifs_of([motif])[0]]
        return self._view("card")

    def pairs(self) -> View:
        """Show which motifs share sequences and how far apart, in a cell of its own; linked with every other view."""
        return self._view("pairs")

    def look_at(self, sequence: int, start: int | None = None, end: int | None = None) -> None:
        """Move the tracks to a sequence, or to a part of it, in every view.

        Parameters
        ----------
        sequence
            Its index; it comes on top of those that are shown.
        start, end
            Positions in bp, for instance of a row of ``unexplained`` or ``seqlets``; what surrounds them is shown too.
            Default: the whole sequence.

        Examples
        --------
        >>> import nbmotif
        >>> import numpy as np
        >>> explorer = nbmotif.Explorer(np.zeros((3, 500)))
        >>> explorer.look_at(2, 200, 210)
        >>> explorer.viewport
        (145.0, 265.0)
        """
        length = self._content.length
        sequence = whole_number(sequence, "sequence", 0, self._content.n_sequences - 1)
        viewport = None
        if start is not None or end is not None:
            start, end = whole_number(start, "start", 0, length - 1), whole_number(end, "end", 1, length)
            if start >= end:
                raise InvalidArgument("start", start, f"before `end`, {end}")
            around = max(end - start, _SPAN)
            first = max(0, min((start + end - around) // 2, length - around))
            viewport = (first, first + around)
        shown = [other for other in self._tracks if other != sequence]
        with self.hold_sync():
            self._tracks = [sequence, *shown][: max(1, len(self._tracks))]
            self.viewport = viewport

    def beside(self, other: ExplorerViews) -> ipywidgets.GridBox:
        """Show this explorer and another one side by side, and let them move together.

        Thresholds, zoom and order are shared; so are marked motifs where both have the same motifs, and the sequences
        that are shown where both have the same sequences. Each keeps its own data and counts.

        Parameters
        ----------
        other
            For instance that of another model on the same sequences.
        """
        if other is self or not isinstance(other, ExplorerViews):
            got = "this one" if other is self else type(other).__name__
            raise InvalidArgument("other", got, "another Explorer")
        mine, its = self._content, other._content
        shared = list(_MOVE_TOGETHER)
        if mine.motif_names == its.motif_names:
            shared += _OF_THE_SAME_MOTIFS
        if (mine.n_sequences, mine.length) == (its.n_sequences, its.length):
            shared += _OF_THE_SAME_SEQUENCES
        with other.hold_sync():
            for name in shared:
                setattr(other, name, getattr(self, name))
        links = [ipywidgets.jslink((self, name), (other, name)) for name in shared]
        layout = ipywidgets.Layout(grid_template_columns="repeat(2, minmax(0, 1fr))", grid_gap="8px")
        box = ipywidgets.GridBox([self, other], layout=layout)
        self._views = (*self._views, *links, box)
        return box

    def _rows(self) -> pd.DataFrame:
        """Return the table without the counts by chance, which take longest, so that a view comes soon."""
        return counts_frame(self._content, self._query, self._order, self.by_family, with_null=False)

    def _picture(self, view: str, alt: str, rows: pd.DataFrame | None = None) -> Bundle:
        """Return what a notebook keeps beside a view for readers without a kernel, and its facts; nothing for none."""
        if not self.keep_picture or self._shown is None:
            return {}, {}
        # it draws with Pillow, which is imported by those alone who show something
        from nbmotif.widget import still

        content, query, colors = self._content, self._query, still.letter_colors(self.palette)
        if view == "card":
            if self.motif is None:
                return {}, {}
            [motif] = self._motifs_of([self.motif])
            picture = still.draw_card(motif_card(content, query, motif), colors)
        elif view in ("explorer", "table", "tracks"):
            rows = self._rows() if rows is None else rows
            track = self._tracks[0] if self._tracks and content.has_attributions and view != "table" else None
            rows = rows.head(0) if view == "tracks" else rows
            picture = still.draw_still(content, query, rows, track, self.viewport, self.reverse_complement, colors)
        else:
            return {}, {}
        facts = {"width": still.WIDTH, "alt": alt}
        return {"image/png": base64.b64encode(picture).decode()}, {"image/png": facts}

    def _view(self, name: str) -> View:
        if self._shown is None:
            raise RuntimeError("This Explorer was closed; make a new one.")
        view = View(self, name, self._picture)
        self._views = (*self._views, view)
        return view

    def close(self) -> None:
        """Free the arrays and remove the widget and its views from every page they are shown in."""
        self._shown = None
        for view in self._views:
            view.close()
        self._views = ()
        super().close()
