"""Annotations of a logo, read from a table: spans, their labels, and how much each matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nbmotif.columns import check_columns, whole_numbers
from nbmotif.drawing.picture import Annotation, facts_of
from nbmotif.errors import InvalidArgument, warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_LABEL_COLUMNS = ("motif_name", "label", "name")
# how strands are shown; without one nothing is
_STRANDS = {"1": "+", "1.0": "+", "-": "−", "-1": "−", "-1.0": "−", **dict.fromkeys((".", "nan", "None", "<NA>"), "")}


def read_annotations(
    table: pd.DataFrame, score_key: str, show_score: bool, origin: int, length: int
) -> list[Annotation]:
    """Check annotations, and write what is shown of each; see :func:`nbmotif.plot_logo`.

    Parameters
    ----------
    table, score_key, show_score
        Those of ``plot_logo``.
    origin
        Coordinate of position 0.
    length
        How many positions the logo has.

    Returns
    -------
    One per row, in their order.
    """
    check_columns(table, ["start", "end"], "annotations")
    has_score = score_key != "score" or "score" in table.columns
    if has_score:
        check_columns(table, [score_key], "annotations")
    starts, ends = (whole_numbers(table[one], f"annotations[{one!r}]", np.int64) for one in ("start", "end"))
    scores = _scores(table, score_key) if has_score else None
    _check_spans(starts, ends, length)
    _warn_of_several(table)
    labels = _labels(table)
    strands = table["strand"].tolist() if "strand" in table.columns else [""] * len(table)
    annotations = []
    for i, (start, end, row) in enumerate(zip(starts.tolist(), ends.tolist(), table.to_dict("records"), strict=True)):
        strand = _STRANDS.get(str(strands[i]), strands[i])
        words = [labels[i], f"({strand})" if strand else ""]
        rank = float(start)
        if scores is not None:
            is_known = not np.isnan(scores[i])
            words.append(f"{scores[i]:.3g}".replace("-", "−") if is_known and show_score else "")
            rank = -float(scores[i]) if is_known else np.inf
        left, right = origin + start - 0.5, origin + end - 0.5
        annotations.append(Annotation(left, right, " ".join(filter(None, words)), labels[i], rank, facts_of(row)))
    return annotations


def _scores(table: pd.DataFrame, score_key: str) -> npt.NDArray[np.float64]:
    try:
        return table[score_key].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        got = f"{table[score_key].dtype}, such as {table[score_key].iloc[0]!r}"
        raise InvalidArgument(f"annotations[{score_key!r}]", got, "numbers") from None


def _check_spans(starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], length: int) -> None:
    rules = (
        (starts >= ends, "spans with start < end", ""),
        ((ends <= 0) | (starts >= length), f"on the {length} positions of X_attr", "Subtract where X_attr begins."),
    )
    for broken, expected, hint in rules:
        if broken.any():
            row = int(broken.argmax())
            raise InvalidArgument("annotations", f"{starts[row]} to {ends[row]} in row {row}", expected, hint)


def _warn_of_several(table: pd.DataFrame) -> None:
    """Warn of annotations of several sequences, which were forgotten to be chosen from."""
    for column in ("example_idx", "sequence_name"):
        if column in table.columns and pd.api.types.is_numeric_dtype(table[column]) and table[column].nunique() > 1:
            message = f"annotations: {table[column].nunique()} sequences by {column!r}, all drawn on this one."
            warn(f"{message} Choose the rows of one sequence.")
            return


def _labels(table: pd.DataFrame) -> Sequence[str]:
    named = [column for column in _LABEL_COLUMNS if column in table.columns]
    first = table.columns[0]
    if not named and (first in ("start", "end") or pd.api.types.is_numeric_dtype(table[first])):
        return [""] * len(table)
    return [str(label) for label in table[named[0] if named else first]]
