"""Logos of attributions and of motifs, as Bokeh figures that a notebook shows as sharp, light pictures."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.arguments import check_number, check_text, check_whole, whole_number
from nbmotif.arrays import as_array
from nbmotif.drawing import matplotlib_axes, svg
from nbmotif.drawing.annotations import read_annotations
from nbmotif.drawing.picture import (
    LANE_PX,
    LETTER_COLORS,
    Glyphs,
    Picture,
    lay_out,
    nice_ticks,
    stack,
    value_range,
)
from nbmotif.encoding import LETTERS
from nbmotif.errors import InvalidArgument
from nbmotif.ported import ALPHABET, ANY, Unused, takes
from nbmotif.pwms import check_pwm, logo_heights

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

_MOTIF_GAP = 2  # bp between a motif and its reverse complement
_PX_PER_TICK = 80


@takes(
    color_cmap=Unused("viridis", "Pass a colour for each letter as `color`."),
    color_vmin=Unused(None),
    color_vmax=Unused(None),
    spacing=Unused(ANY),
    alphabet=ALPHABET,
    min_height_pct=Unused(0.02, "Letters that cannot be seen are left out."),
    show_extra=Unused(True, "`n_tracks` limits the lanes; how many annotations have none is written."),
    annot_cmap=Unused("Set1", "Annotations have colours of their own."),
)
def plot_logo(
    X_attr: torch.Tensor | npt.NDArray[Any],
    ax: Any = None,
    color: str | Mapping[str, str] | None = None,
    annotations: pd.DataFrame | None = None,
    start: int | None = None,
    end: int | None = None,
    ylim: float | tuple[float, float] | None = None,
    n_tracks: int | None = None,
    score_key: str = "score",
    show_score: bool = True,
    locus: tuple[str, int] | Mapping[str, Any] | pd.Series[Any] | None = None,
    title: str = "",
    width: int = 1000,
    height: int = 180,
) -> Any:
    """Draw letters as high as the attribution of their base, and annotations in lanes below them.

    Parameters
    ----------
    X_attr
        Attributions of one sequence, shape (4, L) in the order A C G T: of the bases that are there, or hypothetical
        ones, which are stacked. Negative letters hang upside down. Any other weights will do.
    ax
        A Bokeh figure or an axes of matplotlib's to draw into. Default: a new Bokeh figure, which a notebook shows.
    color
        A colour for all letters, or one per letter. Default: A green, C blue, G orange, T red.
    annotations
        Seqlets, hits or other spans, with columns ``start`` and ``end``: positions in X_attr, 0-based, half-open. The
        label is in a column called motif_name, label or name, else in the first column if it holds words. Optional
        columns are ``strand`` and the score. All columns are shown on hovering. What the view cuts is drawn in part.
    start, end
        Draw these positions only, ``start <= position < end``; either may be left out.
    ylim
        Range of the y axis, or y for (-y, y). Default: as the letters need.
    n_tracks
        The most lanes; annotations with a high score come first, and how many have no lane is written in the picture.
        Default: as many lanes as needed; in an axes of matplotlib's, whose height is given, those that leave half of
        it to the logo.
    score_key
        The column of the score.
    show_score
        Whether labels tell the score.
    locus
        Where X_attr lies in the genome: chromosome and 0-based coordinate of position 0, or a row of the windows that
        ``extract_loci(…, return_loci=True)`` gives. Default: the axis counts positions in the sequence.
    title
        Above the logo.
    width, height
        Of the logo in pixels; lanes and axes come on top of it.

    Returns
    -------
    The figure, or ``ax``. ``bokeh.plotting.show`` opens a figure with pan, zoom and hover.

    Raises
    ------
    InvalidArgument
        If an argument does not fit X_attr, such as an annotation that lies wholly beyond it.

    Warns
    -----
    NbmotifWarning
        If a column example_idx or sequence_name says that the annotations are of several sequences.

    Examples
    --------
    >>> import pandas as pd, torch
    >>> from nbmotif import one_hot_encode, plot_logo
    >>> X_attr = one_hot_encode("TTGATAAC") * torch.tensor([0, 0, 0.5, 0.4, 0.4, 0.3, 0.2, -0.1])
    >>> figure = plot_logo(X_attr, annotations=pd.DataFrame({"motif_name": ["GATA2"], "start": [2], "end": [7]}))
    >>> figure.xaxis.axis_label
    'Position in the sequence'
    """
    values = _check_attributions(X_attr)
    length = values.shape[1]
    first = 0 if start is None else check_whole(start, "start")
    last = length if end is None else check_whole(end, "end")
    if not 0 <= first < last <= length:
        raise InvalidArgument("start, end", f"{start}, {end}", f"such that 0 <= start < end <= L = {length}")
    chrom, origin = _origin(locus)
    glyphs = stack(values[:, first:last], origin + first)
    x_range = (origin + first - 0.5, origin + last - 0.5)
    rows = [] if annotations is None else read_annotations(annotations, score_key, show_score, origin, length)
    n_tracks = None if n_tracks is None else check_whole(n_tracks, "n_tracks", 0)
    width, height = check_whole(width, "width", 1), check_whole(height, "height", 1)
    width, whole = matplotlib_axes.size(ax) if matplotlib_axes.is_axes(ax) else (width, None)
    if n_tracks is None and whole is not None:
        n_tracks = max(1, whole // (2 * LANE_PX))
    boxes, n_left_out = lay_out(rows, x_range, width, n_tracks)
    n_lanes = 1 + max((box.lane for box in boxes), default=-1)
    picture = Picture(
        glyphs,
        x_range,
        _y_range(ylim, glyphs),
        width=width,
        height=height if whole is None else max(whole - n_lanes * LANE_PX, whole // 3),
        colors=_letter_colors(color, ax),
        boxes=boxes,
        n_lanes=n_lanes,
        n_left_out=n_left_out,
        title=check_text(title, "title"),
        x_label=f"{chrom}, 0-based" if chrom else "Position in the sequence",
        y_label="Attribution",
        x_ticks=[(x, f"{x:,.0f}") for x in nice_ticks(*x_range, about=max(2, width // _PX_PER_TICK), whole=True)],
    )
    return _deliver(picture, ax)


@takes(alphabet=ALPHABET)
def plot_pwm(
    pwm: torch.Tensor | npt.NDArray[Any],
    name: str | None = "",
    ax: Any = None,
    eps: float = 1e-7,
    color: str | Mapping[str, str] | None = None,
    width: int | None = None,
    height: int = 130,
) -> Any:
    """Draw a motif and its reverse complement, letters as high as their share of the information.

    Parameters
    ----------
    pwm
        Probabilities, shape (4, w), in the order A C G T.
    name, ax
        Above the logos, and where to draw, as in :func:`plot_logo`; in either order, since tangermeme 1.6 takes ``ax``
        first.
    eps
        Added to probabilities inside the logarithm, above 0.
    color
        As in :func:`plot_logo`.
    width, height
        In pixels. Default: a width that suits the motif.

    Returns
    -------
    The figure, or ``ax``; as :func:`plot_logo`.

    Raises
    ------
    InvalidArgument
        If the PWM does not hold probabilities.

    Examples
    --------
    >>> from nbmotif import one_hot_encode, plot_pwm
    >>> figure = plot_pwm(one_hot_encode("GATAA"), "GATA2")
    >>> figure.title.text, figure.yaxis.axis_label
    ('GATA2', 'Information (bits)')
    """
    if isinstance(ax, str) or not isinstance(name, (str, NoneType)):
        name, ax = ax, name
    if not isinstance(name, (str, NoneType)):
        raise InvalidArgument("name", type(name).__name__, "a string")
    forward = check_pwm(pwm, "pwm").numpy()
    eps = check_number(eps, "eps", "above 0 and below 1", lambda e: 0 < e < 1)
    bits = logo_heights(forward, eps)
    w = bits.shape[1]
    offset = w + _MOTIF_GAP  # where the reverse complement begins
    both = [stack(bits, 0), stack(bits[::-1, ::-1], offset)]
    # the two axes both count from 0
    numbers = [int(x) for x in nice_ticks(0, max(w - 1, 1), about=min(w, 10), whole=True) if x < w]
    picture = Picture(
        Glyphs(*(np.concatenate([getattr(one, column) for one in both]) for column in ("code", "x", "y", "height"))),
        (-0.5, offset + w - 0.5),
        (0.0, 2.0),
        max(360, 24 * (2 * w + _MOTIF_GAP)) if width is None else check_whole(width, "width", 1),
        check_whole(height, "height", 1),
        _letter_colors(color, ax),
        title=name or "",
        x_label="Position in the motif",
        y_label="Information (bits)",
        x_ticks=[(start + x, str(x)) for start in (0, offset) for x in numbers],
        x_ticks_are_fixed=True,
        headings=[(w / 2 - 0.5, "forward"), (offset + w / 2 - 0.5, "reverse complement")],
    )
    return _deliver(picture, ax)


def _check_attributions(X_attr: torch.Tensor | npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = as_array(X_attr, "X_attr", "numbers of shape (4, L)")
    if values.ndim != 2 or values.shape[0] != 4 or values.shape[1] == 0:
        hints = {
            values.ndim == 3: "Choose one sequence: X_attr[i].",
            values.ndim == 2 and values.shape[1] == 4: "Did you mean its transpose?",
        }
        raise InvalidArgument("X_attr", f"{values.dtype} {values.shape}", "of shape (4, L)", hints.get(True, ""))
    array = values.astype(np.float64, copy=False)
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        row, position = bad[0]
        raise InvalidArgument("X_attr", f"{array[row, position]} for {LETTERS[row]} at position {position}", "finite")
    return array


def _origin(locus: tuple[str, int] | Mapping[str, Any] | pd.Series[Any] | None) -> tuple[str, int]:
    """Chromosome and coordinate of position 0."""
    if locus is None:
        return "", 0
    try:
        chrom, first = (locus["chrom"], locus["start"]) if isinstance(locus, (Mapping, pd.Series)) else locus
        return str(chrom), whole_number(first, "start")
    except (KeyError, TypeError, ValueError):
        expected = '(chromosome, start), such as ("chr2", 1140000), or a row with chrom and start'
        raise InvalidArgument("locus", repr(locus), expected) from None


def _y_range(ylim: float | tuple[float, float] | None, glyphs: Glyphs) -> tuple[float, float]:
    if ylim is None:
        return value_range(glyphs)
    try:
        low, high = np.asarray(ylim, np.float64) * ((-1, 1) if np.ndim(ylim) == 0 else (1, 1))
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not -np.inf < low < high < np.inf:
        raise InvalidArgument("ylim", repr(ylim), "a positive number, or a lower and a higher one")
    return float(low), float(high)


def _letter_colors(color: str | Mapping[str, str] | None, ax: Any) -> dict[str, str]:
    if color is None:
        return dict(LETTER_COLORS)
    expected = "a colour, or colours for A, C, G and T"
    colors: object = dict.fromkeys(LETTERS, color) if isinstance(color, str) else color
    if not isinstance(colors, Mapping):
        raise InvalidArgument("color", type(color).__name__, expected)
    for letter, one in colors.items():
        if letter not in LETTER_COLORS:
            raise InvalidArgument("color", f"a colour for {letter!r}", expected)
        if not matplotlib_axes.is_axes(ax) and not _is_color(one):  # matplotlib knows its own
            raise InvalidArgument("color", repr(one), expected, 'Such as "red" or "#ff0000".')
    return {**LETTER_COLORS, **colors}


def _is_color(color: object) -> bool:
    """Whether a browser knows it: Bokeh would take any other word for a column of data."""
    from bokeh.core.properties import Color

    return isinstance(color, str) and Color().is_valid(color)


def _deliver(picture: Picture, ax: Any) -> Any:
    """Draw into what the user brought, or make a figure that a notebook shows."""
    if matplotlib_axes.is_axes(ax):
        matplotlib_axes.draw(picture, ax)
        return ax
    from bokeh.plotting import figure

    from nbmotif.drawing import bokeh_figure

    if ax is None:
        plot = bokeh_figure.new_figure(picture)
        _show_in_notebook(plot, picture)
        return plot
    if not isinstance(ax, figure):
        raise InvalidArgument("ax", type(ax).__name__, "a Bokeh figure, an axes of matplotlib's, or None")
    bokeh_figure.draw(picture, ax)
    return ax


def _show_in_notebook(plot: Any, picture: Picture) -> None:
    """Show the picture now, as plots in notebooks do, and again if the figure ends a later cell.

    The picture is SVG, because BokehJS would add over a megabyte to each output and not run in a notebook that is
    not trusted.
    """
    shell = _notebook()
    if shell is None:
        return
    drawn_in = [None]

    def show() -> None:
        if drawn_in[0] != shell.execution_count:  # else this cell shows it already
            drawn_in[0] = shell.execution_count
            _publish(picture)

    plot._ipython_display_ = show  # IPython's protocol
    show()


def _notebook() -> Any:
    """Return the shell of a notebook's kernel; None in a script or a terminal."""
    import sys

    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None


def _publish(picture: Picture) -> None:
    from IPython.display import publish_display_data

    drawn = svg.render(picture)
    words = f"Logo {picture.title}".strip()
    encoded = base64.b64encode(drawn.encode()).decode()
    image = f'<img alt="{html.escape(words)}" src="data:image/svg+xml;base64,{encoded}" style="max-width: 100%">'
    bundle = {"text/html": image, "image/svg+xml": drawn, "text/plain": f"<{words}>"}
    publish_display_data(bundle)  # type: ignore[no-untyped-call]
