"""A still picture of an Explorer: what readers of a saved notebook see where no widget can live, as on GitHub."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nbmotif.drawing.picture import LETTER_COLORS, stack, value_range
from nbmotif.drawing.pixels import Canvas
from nbmotif.pwms import logo_heights
from nbmotif.widget.figure import COLORS, letters_of
from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from nbmotif.thresholds import Thresholds
    from nbmotif.widget.card import MotifCard
    from nbmotif.widget.content import Content
    from nbmotif.widget.table import Query

WIDTH = 760
_ROWS = 10  # of the table
_PAD, _LINE, _ROW = 16, 18, 34
_LOGO = (120, 26)
_COLUMN = 78  # width of a column of numbers
_TRACK = 74
_CARD_LOGO = 52
_MOST_COLUMNS = 12  # px of a base: few are not blown up
_LEAST_LETTER = 3
_TEXT, _MUTED, _RULE, _BAR = "#1c2126", "#606469", "#d3d4d4", "#2563c9"


def letter_colors(palette: str) -> dict[str, str]:
    """Return the colours of A, C, G and T in one of the widget's palettes."""
    return {**LETTER_COLORS, **COLORS.get(palette, {})}


def draw_still(
    content: Content,
    query: Query,
    rows: pd.DataFrame,
    sequence: int | None,
    viewport: tuple[float, float] | None,
    reverse_complement: bool,
    colors: Mapping[str, str],
) -> bytes:
    """Draw the first rows of the table, and one sequence, as the bytes of a PNG file.

    Parameters
    ----------
    content, query
        What is shown, and what counts.
    rows
        The table, as `nbmotif.widget.table.counts_frame` makes it.
    sequence
        Which one to draw; None for none.
    viewport
        First and last position shown, on the + strand; None for all.
    reverse_complement
        Whether to draw the other strand.
    colors
        Of the letters.
    """
    shown = rows.head(_ROWS)
    n_lines = 2 + (len(rows) > len(shown))
    table_height = _ROW * (1 + len(shown)) if len(shown) else 0
    track_height = 0 if sequence is None else 2 * _PAD + _LINE + _TRACK
    canvas = Canvas(WIDTH, 2 * _PAD + n_lines * _LINE + table_height + track_height)
    facts = f"{counted(content.n_sequences, 'sequence')} of {content.length:,} bp, {counted(content.n_motifs, 'motif')}"
    y = _heading(canvas, content.name or "nbmotif", f"{facts}. {_cuts(content, query.thresholds)}".rstrip())
    if len(shown):
        y = _table(canvas, content, shown, y, colors)
    if len(rows) > len(shown):
        y += _LINE
        canvas.text(_PAD, y - 4, f"and {len(rows) - len(shown):,} more", 11, _MUTED)
    if sequence is not None:
        values = letters_of(content, sequence, next(iter(content.score_sets)), hypothetical=False)
        first, last = (0, content.length) if viewport is None else (math.floor(viewport[0]), math.ceil(viewport[1]))
        name = f"{content.sequence_name(sequence)}, {first:,} to {last:,} bp"
        visible = values[:, first:last]
        if reverse_complement:
            visible, name = visible[::-1, ::-1], f"{name}, reverse complement"
        _track(canvas, visible, name, y + _PAD, colors)
    return canvas.png()


def draw_card(card: MotifCard, colors: Mapping[str, str]) -> bytes:
    """Draw a motif as the database writes it and as the model reads it, as the bytes of a PNG file."""
    logos = [] if card.pwm is None else [("in the database", logo_heights(card.pwm), 2.0)]
    weights = np.asarray(card.cwm, np.float64)
    highest = max(float(np.maximum(side, 0).sum(axis=0).max()) for side in (weights, -weights))
    if highest > 0:
        words = f"as the model reads it, over {counted(card.n_sites, 'hit')}"
        logos.append((words if np.isnan(card.cosine) else f"{words}, cosine {card.cosine:.2f}", weights, highest))
    canvas = Canvas(WIDTH, 2 * _PAD + 2 * _LINE + bool(logos) * (_LINE + 2 * _CARD_LOGO))
    y = _heading(canvas, card.name, card.family)
    for k, (words, values, high) in enumerate(logos):
        left = _PAD + k * WIDTH / 2
        canvas.text(left, y + _LINE, words, 11, _MUTED)
        px = (min((WIDTH / 2 - 2 * _PAD) / values.shape[1], 2 * _MOST_COLUMNS), _CARD_LOGO / high)
        canvas.letters(stack(values, 0.5), left, y + _LINE + 8, px, high, colors)
    return canvas.png()


def _heading(canvas: Canvas, title: str, facts: str) -> float:
    y = _PAD + 13
    canvas.text(_PAD, y, title, 15, _TEXT, room=WIDTH - 2 * _PAD)
    canvas.text(_PAD, y + _LINE, facts, 11, _MUTED, room=WIDTH - 2 * _PAD)
    return float(y + _LINE + 8)


def _cuts(content: Content, cuts: Thresholds) -> str:
    """Say what counts."""
    size = f"{cuts.attribution or 0.0:.3g}"
    beyond = {"+": f"attribution > {size}", "-": f"attribution < -{size}", "both": f"|attribution| > {size}"}
    parts = [] if content.hits is None else [beyond[cuts.sign], f"FIMO p < {cuts.fimo_p:.2g}"]
    if content.seqlets is not None:
        parts += [f"seqlet p < {cuts.seqlet_p:.2g}", f"TOMTOM p < {cuts.tomtom_p:.2g}"]
    return f"Counted: {', '.join(parts)}" if parts else ""


def _table(canvas: Canvas, content: Content, shown: pd.DataFrame, y: float, colors: Mapping[str, str]) -> float:
    numbers = [name for name in shown.columns if name not in ("family", "motif_name", "motifs")]
    rights = [WIDTH - _PAD - _COLUMN * k for k in reversed(range(len(numbers)))]
    for name, right in zip(numbers, rights, strict=True):
        canvas.text(right, y + 20, name, 11, _MUTED, "rs")
    most = float(max(shown[numbers[0]].max(), 1e-9))
    left = _PAD + _LOGO[0] + 16
    room = rights[0] - _COLUMN - left
    by_family = shown.columns[0] == "family"
    for k, row in enumerate(shown.to_dict("records")):
        top = y + _ROW * (k + 1)
        canvas.rect(_PAD, top - 4, WIDTH - 2 * _PAD, 1, _RULE)
        _logo(canvas, content, row["motif_name"], top, colors)
        canvas.text(left, top + 12, str(row[shown.columns[0]]), 13, _TEXT, room=room)
        others = counted(row["motifs"], "motif") if by_family and row["motifs"] > 1 else ""
        below = others or (row["motif_name"] if by_family else row["family"])
        canvas.text(left, top + 25, str(below), 10, _MUTED, room=room)
        for name, right in zip(numbers, rights, strict=True):
            canvas.text(right, top + 16, _number(row[name]), 12, _TEXT, "rs")
        length = 0.8 * _COLUMN * float(row[numbers[0]]) / most
        if length > 0:
            canvas.rect(rights[0] - length, top + 21, length, 3, _BAR)
    return y + _ROW * (len(shown) + 1)


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"


def _logo(canvas: Canvas, content: Content, motif: str, top: float, colors: Mapping[str, str]) -> None:
    if content.motifs is None:
        return
    bits = logo_heights(content.motifs[motif].numpy())
    width = min(_LOGO[0] / bits.shape[1], _MOST_COLUMNS)
    canvas.letters(stack(bits, 0.5), _PAD, top, (width, _LOGO[1] / 2), 2.0, colors)


def _track(canvas: Canvas, values: NDArray[np.float64], name: str, y: float, colors: Mapping[str, str]) -> None:
    left, width = _PAD + 44, WIDTH - 2 * _PAD - 44
    canvas.text(left, y + 12, name, 12, _TEXT, room=width)
    top = y + _LINE
    glyphs = stack(values, 0.5)
    low, high = value_range(glyphs)
    per_y, per_x = _TRACK / (high - low), width / values.shape[1]
    canvas.rect(left, top + high * per_y, width, 0.5, _RULE)
    canvas.letters(glyphs, left, top, (per_x, per_y), high, colors, as_bars=per_x < _LEAST_LETTER)
    ends: Sequence[tuple[float, float]] = [(high, top + 8), *([(low, top + _TRACK)] if low < 0 else [])]
    for value, at in ends:
        canvas.text(left - 6, at, f"{value:.2g}", 10, _MUTED, "rs")
