"""Parts of an Explorer in cells of their own, linked with it and with each other."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets as t

from nbmotif.widget.state import ExplorerState

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


class View(anywidget.AnyWidget):
    """A part of an `Explorer`, which its methods ``thresholds``, ``table``, ``tracks``, ``card`` and ``pairs`` make.

    Parameters
    ----------
    explorer
        What it is a part of. It holds the data and the state: closing it closes its views.
    view
        One of `VIEWS`.
    """

    _esm = _SCRIPT

    _explorer = t.Unicode().tag(sync=True)
    _view = t.Enum(VIEWS).tag(sync=True)

    def __init__(self, explorer: ExplorerState, view: str) -> None:
        self._title = f"{view.capitalize()} of {explorer!r}"
        super().__init__(_explorer=f"anywidget:{explorer.model_id}", _view=view)  # how anywidget names a widget

    def __repr__(self) -> str:
        return self._title

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, "text/plain": repr(self)}, metadata


class ExplorerViews(ExplorerState):
    """The part of `Explorer` that shows it in pieces."""

    _views: tuple[View, ...] = ()

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
            Its name. Default: that of the trait ``motif``, which the card follows.
        """
        if motif is not None:
            self.motif = motif
        return self._view("card")

    def pairs(self) -> View:
        """Show which motifs share sequences and how far apart, in a cell of its own; linked with every other view."""
        return self._view("pairs")

    def _view(self, name: str) -> View:
        if self._shown is None:
            raise RuntimeError("This Explorer was closed; make a new one.")
        view = View(self, name)
        self._views = (*self._views, view)
        return view

    def close(self) -> None:
        """Free the arrays and remove the widget and its views from every page they are shown in."""
        self._shown = None
        for view in self._views:
            view.close()
        self._views = ()
        super().close()
