"""Motif hits: columns of typed arrays, that read as one DataFrame per motif, or as one for all."""

from __future__ import annotations

import copy
import functools
import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from nbmotif.arguments import check_list, check_whole
from nbmotif.arrays import as_array
from nbmotif.columns import as_whole_numbers, check_names, named, p_values
from nbmotif.errors import InvalidArgument
from nbmotif.levels import Levels
from nbmotif.words import counted, no_motif

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from nbmotif.hit_signal import HowHits
    from nbmotif.motifs import MotifSet

# how a strand is written; "." is BED's sign for a site that reads the same on both
STRANDS = pd.CategoricalDtype(["-", ".", "+"])  # of -1, 0 and 1; "." is both, or not known
_OF_EACH_HIT = ("sequence_idx", "start", "strand", "score", "attribution")  # the columns that are stored as they are
_REPR_MOTIFS = 5


class Hits(Sequence[pd.DataFrame]):
    """Where motifs match sequences, as :func:`nbmotif.fimo` finds them.

    It reads as the list that other tools return: one DataFrame per motif, in the order of the motif set, also for a
    motif without hits. ``hits[0]``, ``hits["GATA2"]``, ``"GATA2" in hits``, ``len(hits)`` and ``pandas.concat(hits)``
    work. The columns themselves are arrays with one entry per hit, motif after motif; a hit takes at most 24 bytes.
    Those that are given in the right dtype and order are kept, not copied.

    Parameters
    ----------
    motif_names
        Names of the M motifs, all different.
    motif_widths
        Width of each motif in bp, shape (M,).
    motif_idx
        Motif of each hit, shape (H,). Hits are sorted by it, and keep their order within a motif.
    sequence_idx
        Sequence of each hit, shape (H,), 0 to n_sequences - 1.
    start
        First position of each hit, 0-based, on the + strand, shape (H,).
    strand
        1, -1, or 0 for a palindromic motif, whose site reads the same on both strands; shape (H,).
    score
        Log-odds of each hit in bits, shape (H,).
    p_value
        Chance that a random window scores as high, shape (H,).
    attribution
        Signal under each hit, shape (H,); see :meth:`with_signal`. Default: none.
    sequence_names
        Names of the sequences. Default: they only have numbers.
    n_sequences
        How many sequences were scanned. Default: as many as there are names, else as many as have hits.
    n_windows
        How many windows of each motif were scored, on both strands, shape (M,). Default: not known, so no q-values.

    Raises
    ------
    InvalidArgument
        If a column has another length than the others, a number is no whole number where it must be, an index, a
        p-value or a position is out of range, or two names are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import fimo
    >>> hits = fimo({"TATA": np.eye(4)[[3, 0, 3, 0]].T}, ["CCTATACC", "GGGGGGGG"], threshold=0.01)
    >>> hits["TATA"][["sequence_name", "start", "end", "strand", "p-value"]]
       sequence_name  start  end strand   p-value
    0              0      2    6      .  0.003906
    """

    def __init__(
        self,
        motif_names: Sequence[str],
        motif_widths: npt.ArrayLike,
        motif_idx: npt.ArrayLike,
        sequence_idx: npt.ArrayLike,
        start: npt.ArrayLike,
        strand: npt.ArrayLike,
        score: npt.ArrayLike,
        p_value: npt.ArrayLike | Levels,
        attribution: npt.ArrayLike | None = None,
        sequence_names: Sequence[str] | None = None,
        n_sequences: int | None = None,
        n_windows: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self.motif_names = check_list(motif_names, "motif_names", "strings")
        self.motif_widths = as_whole_numbers(motif_widths, "motif_widths", np.int64)
        self.sequence_idx = as_whole_numbers(sequence_idx, "sequence_idx", np.int32)
        self.start = as_whole_numbers(start, "start", np.int32)
        self.strand = as_whole_numbers(strand, "strand", np.int8)
        self.score: npt.NDArray[np.floating] = as_array(score, "score", "numbers")
        given = None if attribution is None else as_array(attribution, "attribution", "numbers, or None")
        self.attribution = None if given is None else given.astype(np.float32, copy=False)
        self.n_windows = None if n_windows is None else as_whole_numbers(n_windows, "n_windows", np.int64)
        motif_of_hit = as_whole_numbers(motif_idx, "motif_idx", np.int32)
        p = p_value if isinstance(p_value, Levels) else p_values(p_value, "p_value")
        self._check_columns(motif_of_hit, p)
        if (motif_of_hit[1:] < motif_of_hit[:-1]).any():
            order = np.argsort(motif_of_hit, kind="stable")
            motif_of_hit = motif_of_hit[order]
            self._take(order)
            p = p._replace(of_hit=p.of_hit[order]) if isinstance(p, Levels) else p[order]
        self.offsets = np.searchsorted(motif_of_hit, np.arange(len(self.motif_names) + 1))
        self.p_levels = p if isinstance(p, Levels) else Levels.of(p, self.offsets)
        self._motif_dtype = pd.CategoricalDtype(self.motif_names)
        self._name_sequences(sequence_names, n_sequences)

    def _check_columns(self, motif_idx: npt.NDArray[np.int32], p_value: Levels | npt.NDArray[np.float64]) -> None:
        n_motifs, n_hits = len(self.motif_names), len(motif_idx)
        for name in ("motif_widths", "n_windows"):
            column = getattr(self, name)
            if column is not None and column.shape != (n_motifs,):
                raise InvalidArgument(name, f"shape {column.shape}", f"of shape ({n_motifs},)")
        columns = {name: getattr(self, name) for name in _OF_EACH_HIT}
        columns["p_value"] = p_value.of_hit if isinstance(p_value, Levels) else p_value
        for name, column in columns.items():
            if column is not None and column.shape != (n_hits,):
                raise InvalidArgument(name, f"shape {column.shape}", f"of shape ({n_hits},), as motif_idx")
        if self.score.dtype.kind not in "iuf":
            raise InvalidArgument("score", f"dtype {self.score.dtype}", "numbers")
        for name, least in (("motif_widths", 1), ("start", 0), ("sequence_idx", 0)):
            if (column := getattr(self, name)).min(initial=least) < least:
                raise InvalidArgument(name, f"{column.min()} in row {column.argmin()}", f"at least {least}")
        if n_hits and not -1 <= self.strand.min() <= self.strand.max() <= 1:
            got = f"{self.strand.min()} to {self.strand.max()}"
            raise InvalidArgument("strand", got, "1, -1, or 0 for both strands")
        check_names(self.motif_names, "motif_names")
        if not all(isinstance(name, str) for name in self.motif_names):
            raise InvalidArgument("motif_names", f"{self.motif_names[:3]}, …", "strings")
        if n_hits and not 0 <= motif_idx.min() <= motif_idx.max() < n_motifs:
            got = f"{motif_idx.min()} to {motif_idx.max()}"
            raise InvalidArgument("motif_idx", got, f"between 0 and {n_motifs - 1}")

    def _name_sequences(self, names: Sequence[str] | None, n_sequences: int | None) -> None:
        self.sequence_names = None if names is None else check_list(names, "sequence_names", "strings")
        check_names(self.sequence_names or [], "sequence_names")
        self.n_sequences = self._count_sequences(n_sequences)
        self._sequence_dtype = None if names is None else pd.CategoricalDtype(self.sequence_names)

    def _count_sequences(self, n_sequences: int | None) -> int:
        seen = int(self.sequence_idx.max()) + 1 if len(self.sequence_idx) else 0
        named = None if self.sequence_names is None else len(self.sequence_names)
        n_sequences = None if n_sequences is None else check_whole(n_sequences, "n_sequences", 0)
        n = next((given for given in (n_sequences, named) if given is not None), seen)
        if n < seen or (named is not None and n != named):
            got = f"indices {self.sequence_idx.min()} to {seen - 1}" if seen else f"{named} names"
            raise InvalidArgument("sequence_idx", got, f"between 0 and {n - 1}, with a name each or no names")
        return n

    def _take(self, rows: npt.NDArray[Any]) -> None:
        """Keep these rows of the columns that the constructor stores as they are."""
        for name in _OF_EACH_HIT:
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name)[rows])

    # -- columns that follow from the others ---------------------------------------------------------------------

    @property
    def n_hits(self) -> int:
        """How many hits there are, of all motifs."""
        return int(self.offsets[-1])

    @property
    def n_hits_per_motif(self) -> npt.NDArray[np.int64]:
        """How many hits each motif has, shape (M,)."""
        return np.diff(self.offsets)

    @property
    def motif_idx(self) -> npt.NDArray[np.int32]:
        """Motif of each hit, shape (H,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.n_hits_per_motif)

    @property
    def end(self) -> npt.NDArray[np.int32]:
        """End of each hit, exclusive, shape (H,)."""
        return self.start + np.repeat(self.motif_widths.astype(np.int32), self.n_hits_per_motif)

    @property
    def p_value(self) -> npt.NDArray[np.float64]:
        """Chance that a random window scores as high as each hit, shape (H,)."""
        return self.p_levels.expand(self.n_hits_per_motif)

    @property
    def q_value(self) -> npt.NDArray[np.float64]:
        """Expected share of false hits among the hits of a motif that score at least as high, shape (H,).

        Benjamini and Hochberg's correction over all windows that were scored for the motif. Windows that are no hits
        were not kept, so a q-value next to the threshold may be a little too high, never too low. Hits keep it when
        others are taken away.
        """
        if self._q_levels is None:
            raise InvalidArgument("hits", "hits of an unknown number of windows", "made by `fimo` to have q-values")
        return self.p_levels._replace(values=self._q_levels).expand(self.n_hits_per_motif)

    @functools.cached_property
    def _q_levels(self) -> npt.NDArray[np.float64] | None:
        """The q-value of each level, of all the hits that were found: made before any is taken away."""
        return None if self.n_windows is None else self.p_levels.q_values(self.n_hits_per_motif, self.n_windows)

    # -- a list of DataFrames ------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.motif_names)

    @overload
    def __getitem__(self, key: int | str) -> pd.DataFrame: ...
    @overload
    def __getitem__(self, key: slice) -> list[pd.DataFrame]: ...
    def __getitem__(self, key: int | str | slice) -> pd.DataFrame | list[pd.DataFrame]:
        if isinstance(key, slice):
            return [self._frame(m, m + 1) for m in range(*key.indices(len(self)))]
        m = self._index_of(key) if isinstance(key, str) else operator.index(key)
        if not -len(self) <= m < len(self):
            msg = f"there are {len(self)} motifs, so no hits[{m}]"
            raise IndexError(msg)
        return self._frame(m % len(self), m % len(self) + 1)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        # slices of one frame, whose columns a copy has gathered by dtype, are made several times faster than frames
        frame, bounds = self.to_frame().copy(), self.offsets.tolist()
        for start, end in itertools.pairwise(bounds):
            part = frame.iloc[start:end]
            part.index = pd.RangeIndex(end - start)
            yield part

    def __getattr__(self, name: str) -> Any:
        hint = f": it is hits.to_frame().{name}" if hasattr(pd.DataFrame, name) and not name.startswith("_") else ""
        msg = f"{type(self).__name__!r} object has no attribute {name!r}{hint}"
        raise AttributeError(msg)

    def __contains__(self, name: object) -> bool:
        return name in self._motif_dtype.categories

    def by_sequence(self) -> list[pd.DataFrame]:
        """One DataFrame per sequence, motif after motif, also for sequences without hits."""
        frame = self.to_frame()
        order = np.argsort(self.sequence_idx, kind="stable")
        bounds = np.searchsorted(self.sequence_idx[order], np.arange(self.n_sequences + 1))
        frame = frame.iloc[order]
        return [frame.iloc[bounds[i] : bounds[i + 1]].reset_index(drop=True) for i in range(self.n_sequences)]

    def to_frame(self, q_values: bool = False) -> pd.DataFrame:
        """All hits in one DataFrame.

        Parameters
        ----------
        q_values
            Add a column ``q-value``; see :attr:`q_value`.

        Returns
        -------
        One row per hit, motif after motif, with the columns ``motif_name motif_idx sequence_name start end strand
        score p-value`` and, after :meth:`with_signal`, ``attribution``. Names and strands are categorical
        (strings before pandas 3, which would group by names without hits); ``sequence_name`` is the number of the
        sequence where sequences have no names. Strand "." is both strands.
        """
        frame = self._frame(0, len(self))
        if q_values:
            frame.insert(list(frame.columns).index("p-value") + 1, "q-value", self.q_value)
        return frame

    def _frame(self, first: int, last: int) -> pd.DataFrame:
        """Make a table of the hits of motifs ``first`` to ``last - 1``; its dtypes are the same without hits."""
        n_per_motif = self.n_hits_per_motif[first:last]
        rows = slice(int(self.offsets[first]), int(self.offsets[last]))
        motif_idx = np.repeat(np.arange(first, last, dtype=np.int32), n_per_motif)
        sequence: Any = self.sequence_idx[rows].copy()
        if self._sequence_dtype is not None:
            sequence = named(sequence, self._sequence_dtype)
        columns = {
            "motif_name": named(motif_idx, self._motif_dtype),
            "motif_idx": motif_idx,
            "sequence_name": sequence,
            "start": self.start[rows].copy(),
            "end": self.start[rows] + np.repeat(self.motif_widths[first:last].astype(np.int32), n_per_motif),
            "strand": named(self.strand[rows] + np.int8(1), STRANDS),
            "score": self.score[rows].copy(),
            "p-value": self.p_levels.expand(n_per_motif, first, rows),
        }
        if self.attribution is not None:
            columns["attribution"] = self.attribution[rows].copy()
        return pd.DataFrame(columns, copy=False)  # pandas would copy every column once more

    def rows_frame(self, rows: npt.NDArray[np.integer]) -> pd.DataFrame:
        """Make a table of some hits, in the order given: ``motif_name sequence_name strand p-value``."""
        motif = np.searchsorted(self.offsets, rows, side="right") - 1
        sequence: Any = self.sequence_idx[rows]
        if self._sequence_dtype is not None:
            sequence = named(sequence, self._sequence_dtype)
        levels = self.p_levels
        return pd.DataFrame(
            {
                "motif_name": named(motif, self._motif_dtype),
                "sequence_name": sequence,
                "strand": named(self.strand[rows] + np.int8(1), STRANDS),
                "p-value": levels.values[levels.offsets[motif] + levels.of_hit[rows]],
            }
        )

    # -- other Hits ----------------------------------------------------------------------------------------------

    def where(self, mask: npt.NDArray[np.bool_]) -> Hits:
        """Keep some hits, of the same motifs and sequences.

        Parameters
        ----------
        mask
            One boolean per hit, such as of :func:`nbmotif.hit_index.passing`.

        Returns
        -------
        New Hits; motifs that lose all their hits stay in the list.
        """
        mask = np.asarray(mask)
        if mask.dtype != np.bool_ or mask.shape != (self.n_hits,):
            raise InvalidArgument("mask", f"{mask.dtype} {mask.shape}", f"bool of shape ({self.n_hits},)")
        self._q_levels  # noqa: B018 - a q-value depends on the hits that are taken away
        kept = copy.copy(self)
        rows = np.flatnonzero(mask)
        kept._take(rows)  # noqa: SLF001 - a copy of self
        kept.offsets = np.searchsorted(rows, self.offsets)
        kept.p_levels = self.p_levels._replace(of_hit=self.p_levels.of_hit[rows])
        return kept

    def named(self, sequence_names: Sequence[str] | None) -> Hits:
        """Return the same hits with other names of the sequences, in their order; None for their numbers alone."""
        renamed = copy.copy(self)
        renamed._name_sequences(sequence_names, self.n_sequences)  # noqa: SLF001 - a copy of self
        return renamed

    def reordered(self, order: npt.NDArray[np.integer]) -> Hits:
        """Put the hits of each motif in another order.

        Parameters
        ----------
        order
            Row numbers, shape (H,): those of the first motif, then those of the second, and so on.

        Returns
        -------
        New Hits.
        """
        moved = copy.copy(self)
        moved._take(order)  # noqa: SLF001 - a copy of self
        moved.p_levels = self.p_levels._replace(of_hit=self.p_levels.of_hit[order])
        return moved

    def subset(self, names: Iterable[str]) -> Hits:
        """Keep some motifs, in the order given, which are then numbered from 0; KeyError if one is not here."""
        chosen = [self._index_of(name) for name in check_list(names, "names", "names")]
        rows = np.concatenate(
            [np.empty(0, dtype=np.int64), *(np.arange(self.offsets[m], self.offsets[m + 1]) for m in chosen)]
        )
        columns: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows] for name in _OF_EACH_HIT
        }
        kept = Hits(
            [self.motif_names[m] for m in chosen],
            self.motif_widths[chosen],
            np.repeat(np.arange(len(chosen)), self.n_hits_per_motif[chosen]),
            p_value=self.p_levels.take(chosen, rows),
            sequence_names=self.sequence_names,
            n_sequences=self.n_sequences,
            n_windows=None if self.n_windows is None else self.n_windows[chosen],
            **columns,
        )
        if self._q_levels is not None:
            kept._q_levels = self.p_levels._replace(values=self._q_levels).take(chosen, rows).values
        return kept

    def with_signal(
        self, X_attr: torch.Tensor | npt.NDArray[Any], how: HowHits = "sum", motifs: MotifSet | None = None
    ) -> Hits:
        """Add up a signal, such as attributions, under each hit.

        Parameters
        ----------
        X_attr
            Shape (N, C, L), summed over the C channels, or (N, L); one row per sequence that was scanned.
        how
            "sum", "mean" or "max" over the positions of the hit; or "pwm", for attributions of shape (N, 4, L): a sum
            in which each base is weighed by its probability in the motif, on the strand of the hit.
        motifs
            The motifs that were scanned, for ``how="pwm"``.

        Returns
        -------
        The same hits with ``attribution``, float32: summed in float64 and rounded once.

        Raises
        ------
        InvalidArgument
            If X_attr has another number of sequences, or a hit lies beyond its end.
        """
        from nbmotif.hit_signal import signal_under  # numba: hits can be held without

        scored = copy.copy(self)
        scored.attribution = signal_under(self, X_attr, how, motifs)
        return scored

    def _index_of(self, name: str) -> int:
        found = self._motif_dtype.categories.get_indexer(pd.Index([name]))[0]
        if found < 0:
            column = f"; for a column, hits.to_frame()[{name!r}]" if name in self._frame(0, 0).columns else ""
            raise KeyError(no_motif(name, self.motif_names) + column)
        return int(found)

    def __repr__(self) -> str:
        counts = self.n_hits_per_motif
        head = f"Hits: {self.n_hits:,} of {counted(len(self), 'motif')} in {counted(self.n_sequences, 'sequence')}"
        head += ", with attribution" if self.attribution is not None else ""
        top = [m for m in np.argsort(-counts, kind="stable")[:_REPR_MOTIFS] if counts[m]]
        return "\n".join([head, *(f"{counts[m]:>10,}  {self.motif_names[m]}" for m in top)])
