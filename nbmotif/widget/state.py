"""The widget's traits: what the browser and Python both can set, checked against what is shown."""

from __future__ import annotations

import contextlib
import difflib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets as t

from nbmotif.errors import InvalidArgument, warn
from nbmotif.hit_index import COUNT_MODES
from nbmotif.progress import reporting
from nbmotif.widget.queries import QUERY_TRAITS, read_query
from nbmotif.widget.rows import Order
from nbmotif.widget.score_sets import difference_name
from nbmotif.widget.stage import READY, Stage
from nbmotif.widget.table import answer, top_motifs
from nbmotif.widget.traits import (
    Filters,
    Names,
    SequenceFilter,
    SequenceIndex,
    Sort,
    Threshold,
    Viewport,
    Window,
)
from nbmotif.words import alike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbmotif.widget.content import Content
    from nbmotif.widget.jobs import Snapshot
    from nbmotif.widget.table import Answer, Query

# what is shown and what runs: of this widget alone, so that a shared page or a copy says it anew
_OWN = ("_manifest", "_rev", "_status")
_ORDERS = ["seqlets", "hits", "selected", "unexplained", "file"]  # of sequences; None is by what there is


def layer_names(score_sets: Iterable[str]) -> list[str]:
    """Name what a track can show: sets of attributions, and what one has more than another."""
    sets = list(score_sets)
    return [*sets, *(difference_name(a, b) for a in sets for b in sets if a != b)]


class ExplorerState(anywidget.AnyWidget):
    """Traits of `Explorer`, where they are described."""

    _shown: Snapshot | None = None

    attribution_threshold = Threshold(0.01, at_least=0.0, at_most=float(np.finfo(np.float32).max)).tag(sync=True)
    fimo_p_threshold = Threshold(1e-4, above=0.0, at_most=1.0).tag(sync=True)
    seqlet_p_threshold = Threshold(0.01, above=0.0, at_most=1.0).tag(sync=True)
    tomtom_p_threshold = Threshold(0.01, above=0.0, at_most=1.0).tag(sync=True)
    sign = t.Enum(["+", "-", "both"], "+").tag(sync=True)
    window = Window().tag(sync=True)
    sequence_filter = SequenceFilter().tag(sync=True)
    count_mode = t.Enum(list(COUNT_MODES), "sites").tag(sync=True)
    family_similarity = Threshold(0.7, above=0.0, at_most=1.0).tag(sync=True)
    by_family = t.Bool(True).tag(sync=True)
    selected_motifs = Names(maxlen=8).tag(sync=True)
    motif = t.Unicode(None, allow_none=True).tag(sync=True)
    sequence = SequenceIndex().tag(sync=True)
    viewport = Viewport().tag(sync=True)
    theme = t.Enum(["auto", "light", "dark"], "auto").tag(sync=True)
    palette = t.Enum(["classic", "okabe-ito"], "classic").tag(sync=True)
    layers = t.List(t.Unicode()).tag(sync=True)
    reverse_complement = t.Bool(False).tag(sync=True)

    _manifest = t.Dict().tag(sync=True)
    _rev = t.Int(1).tag(sync=True)
    _tracks = t.List(t.Int()).tag(sync=True)
    _sort = Sort().tag(sync=True)
    _search = t.Unicode("").tag(sync=True)
    _filters = Filters().tag(sync=True)
    _expanded = t.List(t.Unicode()).tag(sync=True)
    _show_hypothetical = t.Bool(False).tag(sync=True)
    _pinned = t.Dict(default_value=None, allow_none=True).tag(sync=True)
    _shows_pairs = t.Bool(False).tag(sync=True)
    _y_mode = t.Enum(["own", "same", "fit"], "own").tag(sync=True)
    _sequence_order = t.Enum(_ORDERS, None, allow_none=True).tag(sync=True)
    _status = t.Dict(default_value=READY).tag(sync=True)

    _stage: Stage | None = None  # that runs now
    # threshold -> the stage that kept nothing above a p-value, and this p-value
    _kept_up_to: Mapping[str, tuple[str, float]] = MappingProxyType({})

    def open(self) -> None:
        """Open the line to the browser."""
        super().open()
        self._let_the_browser_choose()

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        super()._send(msg, buffers=buffers)
        self._let_the_browser_choose()

    def _let_the_browser_choose(self) -> None:
        # ipykernel hands what the browser sends to the thread that spoke to it last, whatever the browser asked for:
        # after a cell had set a trait, every answer would wait until the cell ends
        getattr(self.comm, "__dict__", {}).pop("_reply_subshell_id", None)

    @property
    def _content(self) -> Content:
        if self._shown is None:
            raise RuntimeError("This Explorer was closed; make a new one.")
        return self._shown.content

    @property
    def n_sequences(self) -> int:
        """How many sequences are shown, N."""
        return self._content.n_sequences

    @property
    def _asked(self) -> dict[str, Any]:
        """The traits on which every count depends."""
        return {name: getattr(self, name) for name in QUERY_TRAITS}

    @property
    def _query(self) -> Query:
        return read_query(self._content, self._asked)

    @property
    def _order(self) -> Order:
        sort = tuple((key["column"], key["descending"]) for key in self._sort)
        return Order(sort, self._search, self._filters)

    @contextlib.contextmanager
    def showing(self, stage: str) -> Iterator[None]:
        """Show a stage of a study while the block runs: how far it is, and a button that stops it.

        Parameters
        ----------
        stage
            The method of `Study` that runs.

        Raises
        ------
        Cancelled
            At the stage's next step, when the user pressed the button.
        """
        self._stage = Stage(stage, lambda status: self.set_trait("_status", status))
        self._stage.report(0, None)
        try:
            with reporting(self._stage.report):
                yield
        finally:
            self._stage = None
            self._status = READY

    def _stop_stage(self) -> None:
        if self._stage is not None:
            self._stage.stop()

    @t.observe("fimo_p_threshold", "seqlet_p_threshold")
    def _say_where_results_end(self, change: Any) -> None:
        stage, kept = self._kept_up_to.get(change["name"], ("", 1.0))
        if change["new"] > kept:
            asked = f"{change['name']} = {change['new']:g}"
            warn(f"{asked}: nothing above {kept:g} was kept. Call study.{stage}(threshold={change['new']:g}).")

    @t.validate("selected_motifs")
    def _known_motifs(self, proposal: Any) -> list[str]:
        names = list(dict.fromkeys(proposal["value"]))
        for name in names:
            if name not in self._content.tree.names:
                self._check_motif(name, "selected_motifs")
        return names

    @t.observe("selected_motifs")
    def _say_what_no_row_is_called(self, change: Any) -> None:
        names, tree = change["new"], self._content.tree
        shown = {tree.names[node] for node in tree.cut(self.family_similarity)[1].tolist()}
        for name in {*names} - shown - {*self._content.motif_names}:
            close = alike(name, shown)
            hint = f" There {'is' if len(close) == 1 else 'are'} {', '.join(close)}." if close else ""
            where = f"at another similarity than {self.family_similarity:g}, so that nothing is marked"
            warn(f"selected_motifs: {name!r} is the name of a family {where}.{hint}")

    @t.validate("motif")
    def _known_motif(self, proposal: Any) -> str | None:
        name: str | None = proposal["value"]
        if name is not None:
            self._check_motif(name, "motif")
        return name

    def _check_motif(self, name: str, trait: str) -> None:
        try:
            self._motif_index(name, trait)
        except InvalidArgument as error:
            raise t.TraitError(str(error)) from None

    def _motifs_of(self, names: Sequence[str], found: Answer | None = None) -> list[int]:
        """Return the index of each motif, or of the one of a family whose card is shown, as the table has it."""
        content, tree = self._content, self._content.tree
        known = {name: motif for motif, name in enumerate(content.motif_names)}
        if not known.keys() >= set(names):
            # of a family at another similarity the one in the middle
            middle = dict(zip(tree.names, tree.medoids.tolist(), strict=True))
            found = answer(content, self._query, with_null=False) if found is None else found
            known = middle | top_motifs(content, found) | known
        return [known[name] if name in known else self._motif_index(name, "motif") for name in names]

    def _motif_index(self, name: str, argument: str) -> int:
        names = self._content.motif_names
        if name not in names:
            close = difflib.get_close_matches(str(name), names, 3)
            hint = f"There are {', '.join(close)}." if close else ""
            raise InvalidArgument(argument, repr(name), "the name of a motif that is shown", hint)
        return names.index(name)

    @t.validate("layers")
    def _known_layers(self, proposal: Any) -> list[str]:
        known = layer_names(self._content.score_sets)
        unknown = [name for name in proposal["value"] if name not in known]
        if unknown:
            expected = f"out of {', '.join(map(repr, known))}" if known else "of attributions, of which there are none"
            raise t.TraitError(f"`layers` must be names {expected}; got {unknown[0]!r}.")
        return list(dict.fromkeys(proposal["value"]))

    @t.validate("sequence", "_tracks")
    def _known_sequences(self, proposal: Any) -> Any:
        value, n = proposal["value"], self.n_sequences
        for sequence in [] if value is None else [value] if isinstance(value, int) else value:
            if not 0 <= sequence < n:
                name = proposal["trait"].name
                raise t.TraitError(f"`{name}` must be the index of a sequence, 0 to {n - 1}; got {sequence}.")
        return value

    @t.validate("sequence_filter")
    def _known_filter(self, proposal: Any) -> Any:
        value, n = proposal["value"], self.n_sequences
        if isinstance(value, list) and value and not 0 <= min(value) <= max(value) < n:
            got = f"{min(value)} to {max(value)}"
            raise t.TraitError(f"`sequence_filter` must hold indices of sequences, 0 to {n - 1}; got {got}.")
        return value

    @t.validate("window")
    def _window_inside(self, proposal: Any) -> tuple[int, int] | None:
        value: tuple[int, int] | None = proposal["value"]
        length = self._content.length
        if value is not None and value[1] > length:
            raise t.TraitError(f"`window` must lie in 0 to {length} bp; got {value}.")
        return value

    @t.validate("viewport")
    def _viewport_inside(self, proposal: Any) -> tuple[float, float] | None:
        if proposal["value"] is None:
            return None
        length = self._content.length
        start, end = proposal["value"]
        start, end = max(0.0, start), min(float(length), end)
        if start >= end:
            got = tuple(proposal["value"])
            raise t.TraitError(f"`viewport` must be a start and an end in 0 to {length} bp, start first; got {got}.")
        return (start, end)

    def _adopt(self, shown: Snapshot) -> None:
        """Show something else, and drop what it does not have from the selection."""
        content = shown.content
        self._shown = shown
        if self.motif not in content.motif_names:
            self.motif = None
        known = {*content.motif_names, *content.tree.names}
        self.selected_motifs = [name for name in self.selected_motifs if name in known]
        if self.sequence is not None and self.sequence >= content.n_sequences:
            self.sequence = None
        if self._manifest["length"] != content.length:
            self.viewport = None
        self.layers = [name for name in self.layers if name in layer_names(content.score_sets)]
        self._tracks = [sequence for sequence in self._tracks if sequence < content.n_sequences]
        if isinstance(self.sequence_filter, list) and max(self.sequence_filter, default=0) >= content.n_sequences:
            self.sequence_filter = None
        if self.window is not None and self.window[1] > content.length:
            self.window = None
        self._manifest = shown.encoded.manifest
        self._rev = shown.rev


# what a shared page or a copy takes along of the widget's state
SHARED = tuple(name for name in ExplorerState.class_own_traits(sync=True) if name not in _OWN)
