"""The notebook widget: what a study found, with every threshold a slider."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Any

from nbmotif.arguments import whole_number
from nbmotif.widget import frames, wire
from nbmotif.widget.bundle import SCRIPT, read_script
from nbmotif.widget.code import Source
from nbmotif.widget.inputs import read_content, renumbered, with_signal
from nbmotif.widget.jobs import Jobs, Snapshot
from nbmotif.widget.sharing import ExplorerSharing
from nbmotif.widget.state import SHARED
from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    import numpy as np
    import pandas as pd
    import torch

    from nbmotif.dendrogram import Families
    from nbmotif.hits import Hits
    from nbmotif.loci import Loci
    from nbmotif.matching import SeqletAnnotations
    from nbmotif.motifs import Motifs
    from nbmotif.study_results import StudyResults
    from nbmotif.widget.content import Content

    Array: TypeAlias = torch.Tensor | np.ndarray[Any, Any] | str | os.PathLike[str]

_TRACKS = 4
# threshold -> the piece that ends at it, and the stage of a study that makes this piece
_ENDS = {"fimo_p_threshold": ("hits", "scan"), "seqlet_p_threshold": ("seqlets", "call_seqlets")}


class Explorer(ExplorerSharing):
    """See what a model has learned: logo tracks, seqlets, hits and counts, linked, with a slider for every threshold.

    Takes what nbmotif's functions return, and what tangermeme, memelite, bpnet-lite, ChromBPNet and TF-MoDISco made.
    Each piece is optional; the widget shows what there is. Tables are copied; arrays and `Hits` are shared, so leave
    those as they are, and pass what has changed to `update`. Moving a slider recounts in the browser, so it needs no
    kernel; Python sees the value when the slider is released, and can set it.

    Parameters
    ----------
    attributions
        Attribution of the observed bases: a tensor or array of shape (N, 4, L), zero at all other bases, or (N, L);
        or the path of an npz, npy or h5 file. A mapping of name to such an array shows several models or tasks under
        each other, and what one has more than another; hits are measured by the first.
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T, a column of zeros being N; or a path as above.
    seqlets
        A DataFrame with ``example_idx start end attribution p-value``, as from `recursive_seqlets`. It may hold the
        matches too, as ``motif_idx`` and ``tomtom_p``.
    hits
        `Hits`, a DataFrame, or a list of DataFrames, as from `fimo` here, in tangermeme or in memelite. Without an
        attribution column it is computed from ``attributions``. All hits of a motif are equally wide.
    motifs
        The motif database: a `MotifSet`, the path of a motif file, or a mapping of name to PWM.
    annotations
        What `annotate_seqlets` returned for ``seqlets``: motif indices, then p-values.
    marginal
        Effect per motif: a DataFrame with ``motif_name`` and ``effect``, as from `marginalize_motifs`.
    loci
        Where the sequences lie: a DataFrame or BED file with chrom, start and end, by name or else as its first
        columns, one row per sequence. Rows that are not L long are peaks whose middle is the sequences' middle. Where
        no array is given they say what N and L are.
    name
        What the view is called, for instance the protein.
    families
        `Families`; or a family name per motif, as a list, or as a mapping of motif name to family name in which a
        motif that is not there is a family of its own; False for none. Default: ``motifs.families()``, which
        ``family_similarity`` cuts anywhere. None or NaN as a name is a family of its own.
    sequence_names
        A name per sequence, all different.
    hypothetical
        Hypothetical attribution of every base, shape (N, 4, L), or a path; or a mapping of name to these. With ``X``
        it can replace ``attributions``.
    max_hits
        So many hits are sent to the browser, the strongest first. Above the weakest of them every number is exact with
        no kernel; below, at the slider's stops, and once the kernel has answered; the view says which.
    traits
        Initial values of the traits below.

    Attributes
    ----------
    attribution_threshold
        A hit counts where its attribution is above this ("+"), below minus this ("-"), or either ("both").
        Compared as float32, strictly.
    fimo_p_threshold, seqlet_p_threshold
        A hit, or a seqlet, counts where its p-value is below this.
    tomtom_p_threshold
        A seqlet counts for its best match where TOMTOM's p-value is below this; otherwise it is unassigned.
    sign
        ``"+"``, ``"-"`` or ``"both"``.
    window
        Start and end of the part of each sequence in which is counted, in bp, 0-based and half-open; None for all.
    sequence_filter
        Which sequences count: text that their names contain, a chromosome, or a region such as "chr2:1,000-2,000",
        whose ends are counted from 1 as in genome browsers; indices; one boolean each; or None for all.
    count_mode
        What is counted. ``"hits"``: hits that pass; a family counts their different places. ``"sites"``: overlapping
        hits of a family, or of a motif, once. ``"exclusive"``: each position goes to the strongest hit over it, by its
        attribution over the square root of its width. ``"sequences"``: those with at least one hit. ``"explained"``:
        the largest absolute attribution of each site, added up. A copy of a motif in the database changes no number of
        a family in any of them.
    family_similarity
        Motifs are one family that are on average at least as similar; see :func:`nbmotif.families.families`.
    by_family
        Whether the table shows families, or motifs.
    selected_motifs
        Names of up to eight motifs or families, each marked in the tracks with a colour.
    motif
        The name of the motif whose card is open: how the model reads it, beside what the database says; or None.
    sequence
        The table counts in this sequence alone; None for all.
    viewport
        First and last position shown in bp, or None for the whole sequence.
    theme
        ``"auto"`` follows JupyterLab; ``"light"`` and ``"dark"`` do not.
    palette
        ``"classic"`` (A green, C blue, G orange, T red), or ``"okabe-ito"``, which the colour-blind can tell apart.
    layers
        What each track shows, from the top: names of attributions, or of a difference such as ``"K562 - HepG2"``.
        Empty for all of them.
    reverse_complement
        Show the other strand.
    keep_picture
        A cell that shows the widget also keeps a picture of it, some 50 kB, which readers of the notebook see where no
        widget can live: on GitHub, in nbviewer, in a notebook that is opened but not trusted. False to keep none.

    Examples
    --------
    >>> import nbmotif
    >>> import pandas as pd
    >>> seqlets = pd.DataFrame(
    ...     {
    ...         "example_idx": [0, 1],
    ...         "start": [10, 40],
    ...         "end": [16, 46],
    ...         "attribution": [0.5, 0.2],
    ...         "p-value": [1e-4, 1e-3],
    ...         "motif_idx": [0, 0],
    ...         "tomtom_p": [1e-5, 1e-3],
    ...     }
    ... )
    >>> motifs = {"GATA": [[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]]}
    >>> explorer = nbmotif.Explorer(seqlets=seqlets, motifs=motifs)
    >>> explorer.counts["seqlets"].tolist()
    [2]
    >>> explorer.tomtom_p_threshold = 1e-4
    >>> explorer.counts["seqlets"].tolist()
    [1]
    """

    if os.environ.get("ANYWIDGET_HMR") == "1":
        # a path makes anywidget watch the file, and never free a widget; so only while developing
        _esm: Any = SCRIPT

    def __init__(
        self,
        attributions: Array | Mapping[str, Array | None] | None = None,
        X: Array | None = None,
        seqlets: pd.DataFrame | None = None,
        hits: Hits | pd.DataFrame | Sequence[pd.DataFrame] | None = None,
        motifs: Motifs | None = None,
        annotations: SeqletAnnotations | Sequence[Any] | None = None,
        marginal: pd.DataFrame | Mapping[str, float] | None = None,
        loci: Loci | None = None,
        name: str = "",
        families: Families | Sequence[Any] | Mapping[str, Any] | bool | None = None,
        sequence_names: Sequence[str] | None = None,
        *,
        hypothetical: Array | Mapping[str, Array | None] | None = None,
        max_hits: int = wire.MAX_HITS,
        **traits: Any,
    ) -> None:
        pieces: dict[str, Any] = {
            "attributions": attributions,
            "X": X,
            "seqlets": seqlets,
            "hits": hits,
            "motifs": motifs,
            "annotations": annotations,
            "marginal": marginal,
            "loci": loci,
            "name": name,
            "families": families,
            "sequence_names": sequence_names,
            "hypothetical": hypothetical,
        }
        self._source = Source().updated(pieces)
        self._show(read_content(**pieces), max_hits, traits)

    def _show(self, content: Content, max_hits: int, traits: dict[str, Any]) -> None:
        self._refuse_unknown(traits)
        self._max_hits = whole_number(max_hits, "max_hits")
        self._shown = Snapshot(wire.encode(content, max_hits), rev=1)
        if "_esm" not in type(self).__dict__:
            self._esm = read_script()  # as text, because anywidget holds on to every widget made from a path
        self._jobs = Jobs(self.send, lambda: self._shown, self._stop_stage, in_background=True)
        super().__init__(_manifest=self._shown.encoded.manifest, **traits)
        if "_tracks" not in traits:
            self._tracks = frames.default_tracks(content, self._query.thresholds, _TRACKS)
        self.on_msg(lambda _widget, message, _buffers: self._jobs.receive(message))

    @classmethod
    def _refuse_unknown(cls, traits: dict[str, Any]) -> None:
        known = cls.class_trait_names()
        for name in traits:
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise TypeError(f"Explorer() has no argument {name!r}{hint}")

    @classmethod
    def from_study(cls, study: StudyResults, **traits: Any) -> Explorer:
        """Show what a study has computed so far.

        Parameters
        ----------
        study
            The study. Its arrays are shared, not copied.
        traits
            Initial values of traits.
        """
        pieces = _pieces_of(study)
        explorer = cls(**pieces, **traits)
        explorer._source = explorer._source.updated(pieces, of="study")
        explorer._kept_up_to = _kept_by(study)
        return explorer

    def update_from(self, study: StudyResults) -> None:
        """Show what a study has computed by now, in the views that are open already.

        Parameters
        ----------
        study
            The study.
        """
        pieces, source = _pieces_of(study), self._source
        self.update(**pieces)
        self._source = source.updated(pieces, of="study")
        self._kept_up_to = _kept_by(study)

    def update(self, **pieces: Any) -> None:
        """Replace some of what is shown, in the views that are open already; thresholds and selection stay.

        Parameters
        ----------
        pieces
            Arguments of `Explorer` other than traits. What is not named stays as it is; hits that stay get their
            attribution from new attributions.

        Examples
        --------
        >>> import nbmotif
        >>> explorer = nbmotif.Explorer(marginal={"GATA1": 0.8})
        >>> explorer.update(marginal={"GATA1": 0.8, "TAL1": 0.3})
        >>> explorer.counts["motif_name"].tolist()
        ['GATA1', 'TAL1']
        """
        kept = self._content.pieces()
        if "motifs" in pieces:
            kept["families"] = None
        unknown = [name for name in pieces if name not in (*kept, "annotations")]
        if unknown:
            raise TypeError(f"Explorer.update() has no argument {unknown[0]!r}; it takes {', '.join(kept)}")
        if "sequence_names" in pieces and self._content.hits is not None:
            kept["hits"] = self._content.hits.named(None)
        content = read_content(**{**kept, **pieces})
        if not {"seqlets", "annotations"} & pieces.keys():
            content = renumbered(content, self._content.motif_names)
        if {"attributions", "hypothetical"} & pieces.keys() and "hits" not in pieces:
            content = with_signal(content)
        assert self._shown is not None
        shown = Snapshot(wire.encode(content, self._max_hits), self._shown.rev + 1)
        self._kept_up_to = {trait: kept for trait, kept in self._kept_up_to.items() if _ENDS[trait][0] not in pieces}
        with self.hold_sync():
            self._adopt(shown)
            self._source = self._source.updated(pieces)
            self._tracks = self._tracks or frames.default_tracks(content, self._query.thresholds, _TRACKS)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            close = difflib.get_close_matches(name, self.trait_names(), 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise AttributeError(f"Explorer has no setting {name!r}{hint}")
        super().__setattr__(name, value)

    def close(self) -> None:
        """Free the arrays and remove the widget and its views from every page they are shown in."""
        if hasattr(self, "_jobs"):  # not where the constructor raised
            self._jobs.close()
        super().close()

    def __reduce__(self) -> tuple[Any, ...]:
        traits = {name: getattr(self, name) for name in SHARED}
        state = (self._source, self._content, self._max_hits, traits)
        return _blank, (), state

    def __setstate__(self, state: tuple[Source, Content, int, dict[str, Any]]) -> None:
        self._source, content, max_hits, traits = state
        self._show(content, max_hits, traits)

    def __repr__(self) -> str:
        if getattr(self, "_shown", None) is None:
            return "Explorer (closed)"
        content = self._content
        sizes = {
            "motif": content.n_motifs,
            "hit": None if content.hits is None else content.hits.n_hits,
            "seqlet": None if content.seqlets is None else len(content.seqlets),
        }
        parts = [f"{counted(content.n_sequences, 'sequence')} of {content.length:,} bp"]
        parts += [counted(n, what) for what, n in sizes.items() if n is not None]
        return f"Explorer{f' of {content.name}' if content.name else ''}: {', '.join(parts)}"


def _blank() -> Explorer:
    """Return what a pickle fills; not type(self), because traitlets gives each widget a class of its own."""
    return Explorer.__new__(Explorer)


def _kept_by(study: StudyResults) -> dict[str, tuple[str, float]]:
    settings = study.settings
    return {
        trait: (stage, settings[stage]["threshold"])
        for trait, (_, stage) in _ENDS.items()
        if "threshold" in settings.get(stage, {})
    }


def _pieces_of(study: StudyResults) -> dict[str, Any]:
    return {
        "X": study.X,
        "hypothetical": study.hypothetical,
        "seqlets": study.seqlets,
        # counted by their attribution, so there is nothing to show before there is one
        "hits": None if study.hypothetical is None else study.hits,
        "motifs": study.motifs,
        "marginal": study.marginal,
        "loci": study.loci,
        "name": study.name,
    }
