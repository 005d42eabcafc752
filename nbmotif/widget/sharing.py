"""What is kept of an Explorer where its kernel is not: a page, a copy in the notebook, a picture."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from IPython.display import HTML

from nbmotif.arguments import check_output, check_text, whole_number
from nbmotif.errors import InvalidArgument
from nbmotif.widget import frames, share, table
from nbmotif.widget.card import motif_card
from nbmotif.widget.results import ExplorerResults
from nbmotif.widget.state import SHARED

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from nbmotif.widget.view import Bundle

_TRACKS_IN_A_PAGE = 24
_CARDS_IN_A_PAGE = 100
_LEAST_HEIGHT = 200
# of the notebook around it the page can read nothing
_FRAME = '<div><iframe srcdoc="{page}" title="{title}" sandbox="allow-scripts" style="{style}"></iframe></div>'


class ExplorerSharing(ExplorerResults):
    """The part of `Explorer` that others see without a kernel."""

    def to_html(
        self, path: str | os.PathLike[str] | None = None, *, tracks: int | Sequence[int] | None = None, title: str = ""
    ) -> str:
        """Write what is shown as one HTML file that works with no kernel, no server and no network.

        Sliders, sorting, searching and zooming stay alive, because the hits and seqlets are in the file.

        Parameters
        ----------
        path
            Where to write. Default: nowhere, only return the text.
        tracks
            Which sequences can be looked at: their indices, or how many of the strongest. Default: 24, and those
            that are shown. A sequence of 2 kb takes about 10 kB, and 40 kB with hypothetical scores.
        title
            Title of the page. Default: the explorer's name.

        Returns
        -------
        The text of the page.
        """
        target = None if path is None else check_output(path, "path")
        # what follows a dot may also be the end of a name, such as ctcf_v1.2
        if target is not None and target.suffix[1:].isalpha() and target.suffix.lower() not in {".html", ".htm"}:
            raise InvalidArgument("path", repr(target.name), "the name of an HTML file", "It is a page: name it .html.")
        content = self._content
        assert self._shown is not None
        traits = {name: getattr(self, name) for name in SHARED}
        chosen, title = self._choose(tracks), check_text(title, "title") or content.name or "nbmotif"
        # the logos of the rows open cards
        found = table.answer(content, self._query)
        rows = table.row_names(content, found, self._order, self.by_family)
        motifs = dict.fromkeys(self._motifs_of([*filter(None, [self.motif]), *self.selected_motifs, *rows], found))
        cards = [motif_card(content, self._query, motif) for motif in list(motifs)[:_CARDS_IN_A_PAGE]]
        text = share.page(traits, self._shown.encoded, found, chosen, title, cards)
        if target is not None:
            target.write_bytes(text.encode("utf-8", "replace"))
        return text

    def render_static(self, *, tracks: int | Sequence[int] | None = None, height: int = 900) -> HTML:
        """Leave a copy of what is shown in the notebook: it stays alive where the notebook is opened with no kernel.

        The cell's output is the page that `to_html` writes, with which sliders, sorting and zooming work, also in the
        HTML that nbconvert makes of the notebook. The notebook grows by the size of the page.

        Parameters
        ----------
        tracks
            Which sequences can be looked at, as in `to_html`.
        height
            Of the cell's output, in pixels; what is higher scrolls.

        Returns
        -------
        What a notebook shows if it is the last line of a cell.
        """
        pixels = whole_number(height, "height", _LEAST_HEIGHT)
        title, page = self._content.name or "nbmotif", self.to_html(tracks=tracks)
        style = f"width: 100%; height: {pixels}px; border: 0"
        frame = _FRAME.format(page=html.escape(page), title=html.escape(title), style=style)
        return HTML(frame)  # type: ignore[no-untyped-call]

    def _choose(self, tracks: int | Sequence[int] | None) -> list[int]:
        content = self._content
        if isinstance(tracks, Iterable):
            last = content.n_sequences - 1
            return list(dict.fromkeys(whole_number(sequence, "tracks", 0, last) for sequence in tracks))
        n = _TRACKS_IN_A_PAGE if tracks is None else whole_number(tracks, "tracks")
        shown = [*self._tracks, *([] if self.sequence is None else [self.sequence])] if tracks is None else []
        return list(dict.fromkeys([*shown, *frames.default_tracks(content, self._query.thresholds, n)]))

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        rows = self._rows()
        text = f"{self!r}\n{rows.head(10).to_string(index=False)}"
        picture, facts = self._picture("explorer", repr(self), rows)
        return {**data, "text/plain": text, **picture}, {**metadata, **facts}
