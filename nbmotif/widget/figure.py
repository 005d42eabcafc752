"""One sequence as the tracks show it, as a figure to publish."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.arguments import check_choice
from nbmotif.errors import InvalidArgument
from nbmotif.plot import plot_logo
from nbmotif.widget import frames
from nbmotif.widget.score_sets import difference_name
from nbmotif.widget.state import layer_names

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from nbmotif.widget.content import Content, Scores
    from nbmotif.widget.table import Query

# letters of the palettes that a page offers beside plot_logo's own
COLORS = {"okabe-ito": {"A": "#009e73", "C": "#0072b2", "G": "#e69f00", "T": "#d55e00"}}
_OTHER_STRAND = {"+": "-", "-": "+"}

# what may be drawn below the letters: the rows that count in one sequence
ANNOTATIONS: dict[str, Callable[[Content, Query], pd.DataFrame]] = {
    "sites": frames.sites_frame,
    "hits": lambda content, query: frames.hits_frame(content, frames.counted_hits(content, query.thresholds)),
    "seqlets": lambda content, query: frames.seqlets_frame(content, query.thresholds),
}


def draw_track(
    content: Content,
    sequence: int,
    layer: str,
    annotations: pd.DataFrame | None,
    viewport: tuple[float, float] | None,
    *,
    hypothetical: bool,
    reverse_complement: bool,
    palette: str,
    **look: Any,
) -> Any:
    """Draw a sequence's letters and annotations as `plot_logo` does.

    Parameters
    ----------
    content
        What is shown.
    sequence
        Its index.
    layer
        The name of a set of attributions, or of a difference of two.
    annotations
        Rows of this sequence, with start and end on the + strand; None for none.
    viewport
        First and last position shown, on the + strand; None for all.
    hypothetical
        Whether letters of all bases are drawn, where they are known.
    reverse_complement
        Whether to draw the other strand.
    palette
        Of the letters.
    look
        Further arguments of `plot_logo`.
    """
    values, length = letters_of(content, sequence, layer, hypothetical), content.length
    first, last = (0, length) if viewport is None else (math.floor(viewport[0]), math.ceil(viewport[1]))
    title, loci = [content.sequence_name(sequence)], content.loci
    if len(content.score_sets) > 1:
        title.append(layer)
    locus = None if loci is None else (loci.chrom[sequence], loci.start[sequence])
    if reverse_complement:
        values, (first, last), locus = values[::-1, ::-1], (length - last, length - first), None
        annotations = None if annotations is None else _flipped(annotations, length)
        title.append("reverse complement")
    if annotations is not None:  # nothing is said of what lies beside the view
        is_seen = (annotations["end"] > first) & (annotations["start"] < last)
        annotations = annotations[is_seen]
    usual: dict[str, Any] = {
        "title": ", ".join(title),
        "color": COLORS.get(palette),
        "locus": locus,
        "score_key": "attribution",
        "annotations": annotations,
        "start": first,
        "end": last,
    }
    return plot_logo(values, **{**usual, **look})


def letters_of(content: Content, sequence: int, layer: str, hypothetical: bool) -> NDArray[np.float64]:
    """Return the heights of the letters, shape (4, L)."""
    sets = content.score_sets
    differences = {difference_name(a, b): (sets[a], sets[b]) for a in sets for b in sets if a != b}
    if layer in differences:
        one, other = (_of_one(content, sequence, scores, hypothetical) for scores in differences[layer])
        return one - other
    return _of_one(content, sequence, sets[layer], hypothetical)


def _of_one(content: Content, sequence: int, scores: Scores, hypothetical: bool) -> NDArray[np.float64]:
    if hypothetical and scores.hypothetical is not None:
        return np.asarray(scores.hypothetical[sequence], np.float64)
    codes = content.codes(sequence)
    known = np.flatnonzero(codes < 4)
    letters = np.zeros((4, content.length))
    letters[codes[known], known] = content.observed(sequence, scores)[known]
    return letters


def _flipped(annotations: pd.DataFrame, length: int) -> pd.DataFrame:
    strand = annotations["strand"].astype(str).replace(_OTHER_STRAND)
    return annotations.assign(start=length - annotations["end"], end=length - annotations["start"], strand=strand)


def check_layer(content: Content, layer: str) -> None:
    """Refuse the name of what no track can show, and what has no letters."""
    if not content.score_sets:
        raise InvalidArgument("layer", repr(layer), "one of the attributions; there are none", "Pass `attributions`.")
    check_choice(layer, "layer", layer_names(content.score_sets))
    flat = content.attributions is not None and content.attributions.ndim == 2
    if content.X is None and flat:
        hint = "Which bases are there is known by `X`, or by attributions of shape (N, 4, L)."
        raise InvalidArgument("X", None, "given for letters to be drawn", hint)
