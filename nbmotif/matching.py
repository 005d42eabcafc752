"""TOMTOM: which motifs of a database a motif, or a seqlet, looks like."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from nbmotif.alignments import count_jobs
from nbmotif.arguments import check_choice, check_flags, check_p_value, check_whole
from nbmotif.arrays import as_array
from nbmotif.columns import first_columns
from nbmotif.encoding import to_codes
from nbmotif.errors import InvalidArgument, warn
from nbmotif.motifs import MotifSet, as_motif_set
from nbmotif.nearest import TomtomResult, find_nearest
from nbmotif.ported import Unused, takes
from nbmotif.pwms import check_pwm_shape
from nbmotif.targets import Targets
from nbmotif.unpacking import Unpacks
from nbmotif.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from nbmotif.alignments import Query
    from nbmotif.motifs import Motifs

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_FEW_TARGETS = 25  # memelite warns below as many, MEME below 50
_HIGHEST_SCORE = np.iinfo(np.int16).max
# memelite's arguments that say how roughly it computes
_APPROXIMATIONS = {
    "n_median_bins": Unused(1000, "Medians are exact."),
    "n_target_bins": Unused(100, "No columns are merged.", also=None),
    "n_cache": Unused(100),
}
_LARGEST = 1e6  # beyond it, what tells targets apart drowns in the rounding of a distance


@dataclass(frozen=True, eq=False, repr=False)
class SeqletAnnotations(Unpacks):
    """What :func:`annotate_seqlets` found: one row per seqlet, one column per neighbour, nearest first.

    Unpacks as tangermeme's result does: ``motif_idxs, p_values = annotate_seqlets(X, seqlets, motifs)``.

    Parameters
    ----------
    motif_idxs
        Index of the motif; -1 where nothing is significant. int32.
    p_values, q_values
        As :class:`nbmotif.nearest.TomtomResult`. float64.
    strands
        1 if the seqlet aligns with the motif as given, -1 if with its reverse complement. int8.
    offsets, overlaps
        As :class:`nbmotif.nearest.TomtomResult`. int32.
    """

    motif_idxs: torch.Tensor
    p_values: torch.Tensor
    q_values: torch.Tensor
    strands: torch.Tensor
    offsets: torch.Tensor
    overlaps: torch.Tensor

    def _unpacked(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.motif_idxs, self.p_values

    def __repr__(self) -> str:
        n, n_nearest = self.motif_idxs.shape
        return f"SeqletAnnotations of {counted(n, 'seqlet')}, {n_nearest:,} nearest each: motif_idxs, p_values, …"


@takes(**_APPROXIMATIONS)
def tomtom(
    Qs: Motifs,
    Ts: Motifs,
    n_nearest: int | None = None,
    *,
    reverse_complement: bool = True,
    n_score_bins: int = 100,
    compat: Literal["memelite"] | None = None,
    n_jobs: int = -1,
    verbose: bool = False,
) -> TomtomResult:
    """Compare motifs with a motif database.

    Parameters
    ----------
    Qs
        Queries: PWMs, one-hot sequences or attributions, each of shape (4, w), as a sequence, a mapping, a
        ``MotifSet`` or the path of a motif file.
    Ts
        Targets, in the same forms, PWMs only. A ``MotifSet`` keeps what was prepared for the next call.
    n_nearest
        Keep this many targets per query, by p-value (then by index); all, if there are no more. Default: all, in order
        of the targets.
    reverse_complement
        Compare with the targets' reverse complements too.
    n_score_bins
        Bins of a column's score, 100 as MEME.
    compat
        "memelite" gives memelite 0.5's numbers: similar target columns merged, medians approximated, and its choice
        among equal alignments. Default: every column counts and the median is MEME's.
    n_jobs
        Threads, at least 1; -1 is one per CPU.
    verbose
        Show a progress bar.

    Returns
    -------
    P-values, scores, offsets, overlaps, strands, and E- and q-values; see :class:`nbmotif.nearest.TomtomResult`.

    Raises
    ------
    InvalidArgument
        If a query has NaN, infinite values or counts, a target is not a PWM, or there is nothing to compare.

    Warns
    -----
    NbmotifWarning
        If there are fewer than 25 targets: their columns are the null, so p-values depend on each of them.

    Notes
    -----
    A column pair scores its negated Euclidean distance, less the median score of the query's column, in 100 integer
    bins. An alignment's score is the sum over its columns; columns of the query that are not aligned score as a median
    match ("complete scores"). The null of a query column is its score against every column of the targets and of their
    reverse complements. Among equally good alignments that with the larger overlap is reported, then that
    with the offset nearer to 0, then the + strand, then the negative offset.

    References
    ----------
    Gupta et al. 2007, Genome Biology 8:R24; Tanaka et al. 2011, Bioinformatics 27:1603 (complete scores).

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import MotifSet, one_hot_encode, tomtom
    >>> rng = np.random.default_rng(0)
    >>> motifs = MotifSet((f"random {i}", rng.dirichlet([0.2] * 4, 8).T) for i in range(50))
    >>> motifs["GATA"] = 0.94 * one_hot_encode("AGATAAG").numpy() + 0.015
    >>> found = tomtom([one_hot_encode("CTTATCTG")], motifs, n_nearest=1)
    >>> motifs.names[found.idxs[0, 0]], int(found.strands[0, 0]), int(found.offsets[0, 0]), int(found.overlaps[0, 0])
    ('GATA', 1, 0, 7)
    """
    check_flags(reverse_complement=reverse_complement)
    queries = _check_queries(Qs)
    motif_set = as_motif_set(Ts, "Ts")
    if n_nearest is not None:
        n_nearest = check_whole(n_nearest, "n_nearest", 1, "a whole number, at least 1, or None for all targets")
    n_score_bins, n_threads = check_whole(n_score_bins, "n_score_bins"), count_jobs(n_jobs)
    longest = max(query.shape[-1] for query in queries)
    if not 2 <= n_score_bins <= _HIGHEST_SCORE // longest:
        hint = f"The longest query has {longest} columns, and a score is at most {_HIGHEST_SCORE}."
        raise InvalidArgument("n_score_bins", n_score_bins, f"between 2 and {_HIGHEST_SCORE // longest}", hint)
    targets = _targets(motif_set, reverse_complement, n_score_bins, compat)
    return find_nearest(queries, targets, n_nearest, n_threads, verbose)


@takes(n_score_bins=Unused(100, "nbmotif.tomtom takes it."), **_APPROXIMATIONS)
def annotate_seqlets(
    X: torch.Tensor | npt.NDArray[Any],
    seqlets: pd.DataFrame | npt.ArrayLike,
    motifs: Motifs,
    n_nearest: int = 1,
    cut: float | None = None,
    *,
    reverse_complement: bool = True,
    compat: Literal["memelite"] | None = None,
    n_jobs: int = -1,
    verbose: bool = False,
) -> SeqletAnnotations:
    """Find the motifs that seqlets look like, by comparing their sequences with a motif database with TOMTOM.

    Parameters
    ----------
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T; a column of zeros is N.
    seqlets
        A table whose first three columns are example, start and end (0-based, half-open), as from
        :func:`nbmotif.recursive_seqlets`.
    motifs
        The database: a ``MotifSet``, which keeps what was prepared for the next call, a mapping of name to PWM, or the
        path of a motif file.
    n_nearest
        Motifs to report per seqlet; all, if there are no more.
    cut
        A motif whose p-value is not below this is replaced by -1: unassigned. P-values are per motif: with a thousand
        motifs most random 6-mers have one below 0.01; 1e-4 or 1e-5 is a sensible cut, or use q-values.
        Default: always report the nearest.
    reverse_complement, compat, n_jobs, verbose
        As :func:`nbmotif.tomtom`.

    Returns
    -------
    Motif indices and p-values, then q-values, strands, offsets and overlaps; see :class:`SeqletAnnotations`.

    Raises
    ------
    InvalidArgument
        If a seqlet does not lie in X, or its coordinates are not integers.

    Warns
    -----
    NbmotifWarning
        If seqlets are too short to tell the motifs apart, however well they match. A seqlet made of N only
        is unassigned, with a p-value of 1.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from nbmotif import MotifSet, annotate_seqlets, one_hot_encode
    >>> rng = np.random.default_rng(0)
    >>> motifs = MotifSet((f"random {i}", rng.dirichlet([0.2] * 4, 8).T) for i in range(50))
    >>> motifs["GATA"] = 0.94 * one_hot_encode("AGATAAG").numpy() + 0.015
    >>> X = one_hot_encode(["CCAGATAAGGTTTACCTTATCTAC"])
    >>> seqlets = pd.DataFrame({"example_idx": [0, 0], "start": [2, 15], "end": [10, 23]})
    >>> found = annotate_seqlets(X, seqlets, motifs, cut=1e-3)
    >>> [motifs.names[m] for m in found.motif_idxs[:, 0]], found.strands[:, 0].tolist()
    (['GATA', 'GATA'], [1, -1])
    """
    check_flags(reverse_complement=reverse_complement)
    motif_set = as_motif_set(motifs)
    n_nearest = min(check_whole(n_nearest, "n_nearest", 1), len(motif_set))
    cut = None if cut is None else check_p_value(cut, "cut", or_none=True)
    n_threads = count_jobs(n_jobs)
    spans = _spans(X, seqlets)
    known = np.array([np.count_nonzero(span >= 0) for span in spans], dtype=np.int64)
    _warn_about_short(known, len(motif_set) * (1 + reverse_complement))
    shape = (len(spans), n_nearest)
    idxs, strands = np.full(shape, -1, np.int32), np.ones(shape, np.int8)
    p_values, q_values = np.ones(shape), np.ones(shape)
    offsets, overlaps = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    if known.any():
        queries = [_with_unknown(span) for span in spans if (span >= 0).any()]
        targets = _targets(motif_set, reverse_complement, 100, compat)
        in_one_go = n_nearest == 1  # of all p-values the smallest is found at once; to sort them takes longer
        found = find_nearest(queries, targets, n_nearest, n_threads, verbose, with_q_values=in_one_go)
        at = known > 0
        p_values[at], q_values[at] = found.p_values, found.q_values
        idxs[at] = found.idxs if found.idxs is not None else -1
        strands[at], offsets[at], overlaps[at] = 1 - 2 * found.strands, found.offsets, found.overlaps
    if cut is not None:
        idxs[p_values >= cut] = -1
    return SeqletAnnotations(*map(torch.from_numpy, (idxs, p_values, q_values, strands, offsets, overlaps)))


def _targets(motif_set: MotifSet, both_strands: bool, n_bins: int, compat: str | None) -> Targets:
    """Prepare a database, or take what the set keeps from an earlier call."""
    check_choice(compat, "compat", (None, "memelite"))
    if len(motif_set) < _FEW_TARGETS:
        message = (
            f"TOMTOM's null is the columns of its targets: with {len(motif_set)} targets, p-values depend on each."
        )
        warn(f"{message} Use a whole motif database.")
    key = ("tomtom", both_strands, n_bins, compat)
    cache = motif_set.cache
    if key not in cache:
        cache[key] = Targets(motif_set.pwms, both_strands, n_bins, compat == "memelite")
    kept: Targets = cache[key]
    return kept


def _check_queries(Qs: Motifs) -> list[Query]:
    """Take queries as letters where they are one-hot, else as float64 of shape (4, w)."""
    if isinstance(Qs, (MotifSet, str, os.PathLike)):
        Qs = as_motif_set(Qs, "Qs")
    if getattr(Qs, "ndim", 3) == 2:
        raise InvalidArgument("Qs", "one matrix", "several queries", "Wrap it: [query].")
    if not isinstance(Qs, Iterable):
        raise InvalidArgument("Qs", type(Qs).__name__, "motifs, or the path of a motif file")
    named: list[tuple[object, Any]] = list(Qs.items() if isinstance(Qs, Mapping) else enumerate(Qs))
    if not named:
        raise InvalidArgument("Qs", "none", "at least one query")
    arrays = [_check_shape(query, name) for name, query in named]
    columns = np.concatenate(arrays, axis=1, dtype=np.float64)  # all at once: there may be many
    starts = np.cumsum([0, *(array.shape[1] for array in arrays)])
    one_hot_column = (columns.max(axis=0) == 1) & (columns.min(axis=0) == 0) & (columns.sum(axis=0) == 1)
    if not one_hot_column.all():
        _check_values(columns, starts, [name for name, _ in named])
    letters = np.where(one_hot_column, columns.argmax(axis=0), 0).astype(np.int8)
    is_one_hot = np.logical_and.reduceat(one_hot_column, starts[:-1])
    spans = zip(is_one_hot, starts[:-1], starts[1:], strict=True)
    return [letters[start:end] if one_hot else columns[:, start:end].copy() for one_hot, start, end in spans]


def _check_shape(query: object, name: object) -> npt.NDArray[Any]:
    values = as_array(query, f"Qs[{name!r}]", "numbers of shape (4, w)")
    check_pwm_shape(values, f"Qs[{name!r}]")
    return values


def _check_values(columns: Floats, starts: Ints, names: list[object]) -> None:
    """Refuse queries that are not finite, beyond single precision, nothing but zeros, or counts."""
    total = columns.sum(axis=0)
    whole = ((columns >= 0) & (columns == np.floor(columns))).all(axis=0)
    is_count = np.logical_and.reduceat(whole, starts[:-1]) & (np.maximum.reduceat(total, starts[:-1]) > 1)
    is_zero = ~np.logical_or.reduceat(columns.any(axis=0), starts[:-1])
    rules = (
        (~np.isfinite(columns).all(axis=0), "finite", ""),
        (np.abs(columns).max(axis=0) > _LARGEST, f"at most {_LARGEST:.0e} in size", "Scale it."),
        (np.repeat(is_zero, np.diff(starts)), "not all zero", "Drop sequences made of N only."),
        (np.repeat(is_count, np.diff(starts)) & (total > 1), "no counts", "Divide each column by its sum."),
    )
    for broken, expected, hint in rules:
        if broken.any():
            column = int(broken.argmax())
            query = int(np.searchsorted(starts, column, side="right")) - 1
            got = f"{columns[:, column].tolist()} in column {column - starts[query]}"
            raise InvalidArgument(f"Qs[{names[query]!r}]", got, expected, hint)


def _with_unknown(span: npt.NDArray[np.int8]) -> Query:
    """Letters as they are; with N among them, one-hot with columns of zeros."""
    return span if (span >= 0).all() else np.eye(5, 4)[span].T  # row -1 of eye(5, 4) is zeros


def _spans(X: torch.Tensor | npt.NDArray[Any], seqlets: pd.DataFrame | npt.ArrayLike) -> list[npt.NDArray[np.int8]]:
    """Letters of each seqlet, -1 for N."""
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if len(shape) != 3 or shape[1] != 4:
        to_codes(X)  # says what is wrong with it
    n_sequences, _, length = X.shape
    hint = "Labels belong in a column after the first three."
    example, start, end = first_columns(seqlets, ("example", "start", "end"), "seqlets", hint)
    if not len(example):
        return []
    inside = (example >= 0) & (example < n_sequences) & (start >= 0) & (start < end) & (end <= length)
    if not inside.all():
        row = int(np.flatnonzero(~inside)[0])
        got = f"example {example[row]}, {start[row]} to {end[row]} in row {row}"
        raise InvalidArgument("seqlets", got, f"inside X: {counted(n_sequences, 'sequence')} of {length} bp")
    used, at = np.unique(example, return_inverse=True)
    if isinstance(X, torch.Tensor) and X.device.type == "cpu" and X.dtype != torch.bfloat16:
        X = X.detach().numpy()  # which picks a few sequences without waking torch's threads
    codes = to_codes(X if len(used) == n_sequences else X[used])
    return [codes[i, s:e] for i, s, e in zip(at, start, end, strict=True)]


def _warn_about_short(known: Ints, n_strands: int) -> None:
    """Warn of seqlets that hold less information (2 bits per known base) than it takes to tell the motifs apart."""
    needed = math.ceil(math.log2(n_strands) / 2)
    n_short = np.count_nonzero(known < needed)
    if n_short:
        message = f"{n_short} of {len(known)} seqlets have fewer than {needed} known bases"
        hint = "their best match means little. Call seqlets with `additional_flanks`, or pass `cut`."
        warn(f"{message}, too few to tell {n_strands} motif strands apart: {hint}")
