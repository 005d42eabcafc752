"""What may be set of a study, in its constructor and anew, and what each setting must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from nbmotif.arguments import check_seed
from nbmotif.borrowing import check_model
from nbmotif.compute import check_batch_size, check_inputs, resolve_device
from nbmotif.errors import InvalidArgument
from nbmotif.intervals import read_intervals
from nbmotif.motifs import as_motif_set
from nbmotif.outputs import check_target

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


def _model(model: Any) -> Any:
    if model is not None:
        check_model(model)
    return model


def _device(device: Any) -> Any:
    resolve_device(device)
    return device


def _loci(loci: Any, X: torch.Tensor) -> Any:
    if loci is None:
        return None
    if not isinstance(loci, pd.DataFrame):
        raise InvalidArgument("loci", type(loci).__name__, "a DataFrame with chrom, start and end")
    if len(loci) != len(X):
        hint = "Keep the rows that `extract_loci` kept: it reports those it dropped."
        raise InvalidArgument("loci", f"{len(loci)} rows", f"one row per sequence ({len(X)})", hint)
    read_intervals(loci, "loci")  # refuses what could not be shown
    return loci


# setting -> its check, which is told the sequences and returns what is kept
SETTINGS: dict[str, Callable[[Any, torch.Tensor], Any]] = {
    "model": lambda value, _: _model(value),
    "args": lambda value, X: check_inputs(X, value)[1],
    "loci": _loci,
    "device": lambda value, _: _device(value),
    "target": lambda value, _: check_target(value),
    "random_state": lambda value, _: check_seed(value, least=0),
    "batch_size": lambda value, _: check_batch_size(value),
    "motifs": lambda value, _: as_motif_set(value),
}
