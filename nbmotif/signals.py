"""Signal under intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import torch

from nbmotif.columns import first_columns
from nbmotif.encoding import as_tensor
from nbmotif.errors import InvalidArgument
from nbmotif.hits import Hits
from nbmotif.interval_signal import Intervals, look_under

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

How: TypeAlias = Literal["sum", "mean", "max"]


def extract_signal(
    loci: pd.DataFrame | npt.ArrayLike,
    X: torch.Tensor | npt.NDArray[Any],
    verbose: bool = False,
    how: How = "sum",
) -> torch.Tensor:
    """Add up a signal, such as attributions, under intervals.

    Parameters
    ----------
    loci
        The first three columns are the sequence (0 to N - 1), start and end (0-based, half-open) of n intervals, which
        may overlap.
    X
        Signal, shape (N, C, L).
    verbose
        Show a progress bar.
    how
        "sum"; "mean" for the sum divided by the interval's length; "max" for the largest value.

    Returns
    -------
    One value per interval and channel, shape (n, C), of X's dtype and on its device; added in float64. Of whole numbers
    and booleans a sum is int64, as torch's own, and a mean float32.

    Raises
    ------
    InvalidArgument
        If an interval is not inside X, with the row that is not.

    Examples
    --------
    >>> import pandas as pd, torch
    >>> from nbmotif import extract_signal
    >>> X = torch.arange(6.0).reshape(1, 2, 3)
    >>> extract_signal(pd.DataFrame({"example_idx": [0, 0], "start": [0, 1], "end": [3, 2]}), X)
    tensor([[ 3., 12.],
            [ 1.,  4.]])
    """
    X = as_tensor(X, "X")
    if X.ndim != 3:
        hint = "Did you mean X.unsqueeze(1)?" if X.ndim == 2 else ""
        raise InvalidArgument("X", f"shape {tuple(X.shape)}", "a signal of shape (N, C, L)", hint)
    intervals = Intervals(*_interval_columns(loci))
    intervals.check(X.shape[0], X.shape[2], "loci", how)
    dtype = np.dtype(np.float32 if X.dtype in {torch.float32, torch.float16, torch.bfloat16} else np.float64)
    values = look_under(intervals, X, dtype, how, add_channels=False, verbose=verbose)
    of_whole = {"sum": torch.int64, "mean": torch.float32, "max": X.dtype}
    return torch.from_numpy(values).to(X.device, X.dtype if X.dtype.is_floating_point else of_whole[how])


def _interval_columns(loci: pd.DataFrame | npt.ArrayLike) -> list[npt.NDArray[np.integer]]:
    if isinstance(loci, Hits):
        raise InvalidArgument("loci", "Hits", "a table of sequence, start and end", "Use hits.with_signal(X).")
    hint = "Sequences are numbered from 0, as the rows of X; hits of a FASTA file have `hits.with_signal(X)`."
    return first_columns(loci, ("sequence", "start", "end"), "loci", hint)
