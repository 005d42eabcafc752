"""The widget's traits: what the browser and Python both can set, checked against what is shown."""

from __future__ import annotations

import difflib
import warnings
from typing import TYPE_CHECKING, Any, cast

import anywidget
import traitlets as t

from nbmotif.errors import NbmotifWarning
from nbmotif.evidence import Thresholds
from nbmotif.widget.traits import Names, SequenceIndex, Sort, Threshold, Viewport

if TYPE_CHECKING:
    from nbmotif.evidence import Sign
    from nbmotif.widget.content import Content
    from nbmotif.widget.jobs import Snapshot

# what a shared page takes along of the widget's state; the rest is about this notebook
SHARED = (
    "attribution_threshold",
    "fimo_p_threshold",
    "seqlet_p_threshold",
    "tomtom_p_threshold",
    "sign",
    "selected_motifs",
    "motif",
    "sequence",
    "viewport",
    "theme",
    "palette",
    "layers",
    "reverse_complement",
    "_rev",
    "_tracks",
    "_sort",
    "_search",
    "_show_hypothetical",
    "_status",
)


class ExplorerState(anywidget.AnyWidget):
    """Traits of `Explorer`, where they are described."""

    _shown: Snapshot | None = None

    attribution_threshold = Threshold(0.01, at_least=0.0).tag(sync=True)
    fimo_p_threshold = Threshold(1e-4, above=0.0, at_most=1.0).tag(sync=True)
    seqlet_p_threshold = Threshold(0.01, above=0.0, at_most=1.0).tag(sync=True)
    tomtom_p_threshold = Threshold(0.01, above=0.0, at_most=1.0).tag(sync=True)
    sign = t.Enum(["+", "-", "both"], "+").tag(sync=True)
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
    _show_hypothetical = t.Bool(False).tag(sync=True)
    _status = t.Dict(default_value={"phase": "ready", "message": "", "done": 0, "total": 0}).tag(sync=True)

    @property
    def _content(self) -> Content:
        if self._shown is None:
            raise RuntimeError("This Explorer was closed; make a new one.")
        return self._shown.content

    @property
    def _cuts(self) -> Thresholds:
        return Thresholds(
            attribution=self.attribution_threshold,
            seqlet_p=self.seqlet_p_threshold,
            tomtom_p=self.tomtom_p_threshold,
            fimo_p=self.fimo_p_threshold,
            sign=cast("Sign", self.sign),
        )

    @t.validate("attribution_threshold")
    def _not_below_the_floor(self, proposal: Any) -> float:
        return self._at_least_the_floor(proposal["value"], stacklevel=8)  # traitlets' calls lie between

    def _at_least_the_floor(self, threshold: float, stacklevel: int) -> float:
        manifest = {"floor": 0.0} if self._shown is None else self._shown.encoded.manifest
        if threshold >= manifest["floor"]:
            return threshold
        message = (
            f"`attribution_threshold` starts at {manifest['floor']:.4g}, not {threshold:.4g}: the widget holds the "
            f"strongest {manifest['n_hits']:,} of {manifest['n_hits_total']:,} hits. A larger max_hits= goes lower."
        )
        warnings.warn(message, NbmotifWarning, stacklevel=stacklevel)
        return float(manifest["floor"])

    @t.validate("selected_motifs")
    def _known_motifs(self, proposal: Any) -> list[str]:
        names = list(dict.fromkeys(proposal["value"]))
        for name in names:
            self._motif_index(name, "selected_motifs")
        return names

    @t.validate("motif")
    def _known_motif(self, proposal: Any) -> str | None:
        name: str | None = proposal["value"]
        if name is not None:
            self._motif_index(name, "motif")
        return name

    def _motif_index(self, name: str, argument: str) -> int:
        names = [] if self._shown is None else self._shown.content.motif_names
        if name not in names:
            close = difflib.get_close_matches(name, names, 3)
            hint = f" There are {', '.join(close)}." if close else ""
            raise t.TraitError(f"`{argument}` must name motifs that are shown; got {name!r}.{hint}")
        return names.index(name)

    @t.validate("layers")
    def _known_layers(self, proposal: Any) -> list[str]:
        sets = [] if self._shown is None else list(self._shown.content.score_sets)
        known = [*sets, *(f"{a} - {b}" for a in sets for b in sets if a != b)]
        unknown = [name for name in proposal["value"] if name not in known]
        if unknown:
            raise t.TraitError(f"`layers` must hold names out of {', '.join(map(repr, known))}; got {unknown[0]!r}.")
        return list(dict.fromkeys(proposal["value"]))

    @t.validate("sequence", "_tracks")
    def _known_sequences(self, proposal: Any) -> Any:
        value = proposal["value"]
        n = 0 if self._shown is None else self._shown.content.n_sequences
        for sequence in [] if value is None else [value] if isinstance(value, int) else value:
            if not 0 <= sequence < n:
                name = proposal["trait"].name
                raise t.TraitError(f"`{name}` must be the index of a sequence, 0 to {n - 1}; got {sequence}.")
        return value

    @t.validate("viewport")
    def _viewport_inside(self, proposal: Any) -> tuple[float, float] | None:
        if proposal["value"] is None:
            return None
        length = 0 if self._shown is None else self._shown.content.length
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
        self.selected_motifs = [name for name in self.selected_motifs if name in set(content.motif_names)]
        if self.sequence is not None and self.sequence >= content.n_sequences:
            self.sequence = None
        if self._manifest["length"] != content.length:
            self.viewport = None
        self.layers = [name for name in self.layers if set(name.split(" - ")) <= set(content.score_sets)]
        self._tracks = [sequence for sequence in self._tracks if sequence < content.n_sequences]
        self.attribution_threshold = self._at_least_the_floor(self.attribution_threshold, stacklevel=4)
        self._manifest = shown.encoded.manifest
        self._rev = shown.rev
