"""Sequences in any form a user holds them, as slabs of letters of bounded size that a scan reads one after another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np
import pandas as pd

from nbmotif.encoding import to_codes
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    import numpy.typing as npt

# positions per slab: what a scan reads once for every motif stays in a core's own cache
SLAB = 1 << 19


class Slab(NamedTuple):
    """Sequences, or one piece of a long one, with an N behind each.

    Attributes
    ----------
    letters
        int8 (n): 0 to 3 for A C G T, -1 for N.
    n_starts
        A window belongs to this slab if it starts before this position.
    boundaries
        int64: where each sequence starts in ``letters``, and a last one beyond the end. The first may be negative: a
        piece's own coordinates then begin before the slab.
    first_sequence
        The sequence of the first boundary.
    """

    letters: npt.NDArray[np.int8]
    n_starts: int
    boundaries: npt.NDArray[np.int64]
    first_sequence: int

    @property
    def n_bp(self) -> int:
        """How many letters of the sequences belong to this slab."""
        return self.n_starts - int((self.boundaries[1:] <= self.n_starts).sum())


class Letters:
    """Sequences that can be read in slabs.

    Parameters
    ----------
    lengths
        Length of each sequence, shape (N,).
    read
        From a sequence's number, start and end to its letters, int8.
    names
        Names of the sequences, or None.
    """

    def __init__(
        self,
        lengths: npt.NDArray[np.int64],
        read: Callable[[int, int, int], npt.NDArray[np.int8]],
        names: list[str] | None = None,
    ) -> None:
        self.lengths = lengths
        self.names = names
        self._read = read

    def __len__(self) -> int:
        return len(self.lengths)

    def slabs(self, overlap: int, size: int = SLAB) -> Iterator[Slab]:
        """Read everything, once.

        Parameters
        ----------
        overlap
            How far a piece of a long sequence reaches into the next one: the width of the widest window, less one.
        size
            Positions per slab, about.
        """
        ends = np.cumsum(self.lengths + 1)
        first, n = 0, len(self)
        while first < n:
            if self.lengths[first] > size:
                yield from self._pieces(first, overlap, size)
                first += 1
                continue
            before = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + size, side="right")))
            yield Slab(*self._whole(first, last), first)
            first = last

    def _pieces(self, sequence: int, overlap: int, size: int) -> Iterator[Slab]:
        length = int(self.lengths[sequence])
        for start in range(0, length, size):
            end = min(length, start + size)
            letters = self._read(sequence, start, min(length, end + overlap))
            boundaries = np.array([-start, length + 1 - start], dtype=np.int64)
            yield Slab(np.append(letters, np.int8(-1)), end - start, boundaries, sequence)

    def _whole(self, first: int, last: int) -> tuple[npt.NDArray[np.int8], int, npt.NDArray[np.int64]]:
        """Read sequences ``first`` to ``last - 1``: the first three fields of a slab."""
        boundaries = np.concatenate([[0], np.cumsum(self.lengths[first:last] + 1)]).astype(np.int64)
        letters = np.full(boundaries[-1], -1, dtype=np.int8)
        for i, start in zip(range(first, last), boundaries, strict=False):
            letters[start : start + self.lengths[i]] = self._read(i, 0, int(self.lengths[i]))
        return letters, len(letters), boundaries


class _EqualLetters(Letters):
    """Sequences of one length, in one array (N, L), which are read many at a time."""

    def __init__(self, codes: npt.NDArray[np.int8]) -> None:
        n, length = codes.shape
        super().__init__(np.full(n, length, dtype=np.int64), lambda i, start, end: codes[i, start:end])
        self._codes = codes

    def _whole(self, first: int, last: int) -> tuple[npt.NDArray[np.int8], int, npt.NDArray[np.int64]]:
        length = self._codes.shape[1]
        letters = np.full((last - first, length + 1), -1, dtype=np.int8)
        letters[:, :length] = self._codes[first:last]
        return letters.ravel(), letters.size, np.arange(last - first + 1, dtype=np.int64) * (length + 1)


def as_letters(sequences: object, name: str = "sequences") -> Letters:
    """Take sequences in whatever form a user holds them.

    Parameters
    ----------
    sequences
        One-hot, shape (N, 4, L), tensor or array; the path of a FASTA file; a list, array or column of strings, which
        may differ in length; or a mapping of name to string. Lower-case letters count as upper-case, U as T, any other
        than A C G T as N.
    name
        What errors call the argument.

    Raises
    ------
    InvalidArgument
        If it is none of these, or there are no letters in it.
    InvalidFile
        If a FASTA file cannot be read.
    """
    if isinstance(sequences, (str, os.PathLike)):
        letters = _of_fasta(Path(sequences), name)
    elif isinstance(sequences, Mapping):
        letters = _of_strings(list(sequences.values()), [str(key) for key in sequences], name)
    elif _are_strings(sequences):
        letters = _of_strings(list(sequences), None, name)
    else:
        letters = _of_one_hot(sequences, name)
    if not len(letters) or not letters.lengths.any():
        raise InvalidArgument(name, f"{len(letters)} sequences without a letter", "at least one letter to scan")
    return letters


def _are_strings(sequences: object) -> TypeGuard[Iterable[object]]:
    """Whether this is a list, an array or a column that holds a string."""
    if isinstance(sequences, (np.ndarray, pd.Series)):
        return sequences.dtype.kind in "OU" and sequences.ndim == 1
    return isinstance(sequences, (list, tuple)) and any(isinstance(entry, str) for entry in sequences)


def _of_one_hot(sequences: Any, name: str) -> Letters:
    if not hasattr(sequences, "shape"):
        expected = "one-hot of shape (N, 4, L), the path of a FASTA file, or strings"
        raise InvalidArgument(name, type(sequences).__name__, expected)
    return _EqualLetters(to_codes(sequences, name))


def _letter_table() -> npt.NDArray[np.int8]:
    table = np.full(256, -1, dtype=np.int8)
    for code, letters in enumerate(("Aa", "Cc", "Gg", "TtUu")):
        table[[ord(letter) for letter in letters]] = code
    return table


_CODE_OF = _letter_table()


def _of_strings(sequences: Sequence[object], names: list[str] | None, name: str) -> Letters:
    encoded = []
    for i, sequence in enumerate(sequences):
        if not isinstance(sequence, str):
            hint = (
                "Are motifs and sequences exchanged? It is fimo(motifs, sequences)."
                if hasattr(sequence, "shape")
                else ""
            )
            raise InvalidArgument(f"{name}[{i}]", type(sequence).__name__, "a string of letters", hint)
        encoded.append(_encode(sequence))
    lengths = np.array([len(codes) for codes in encoded], dtype=np.int64)
    return Letters(lengths, lambda i, start, end: encoded[i][start:end], names)


def _encode(sequence: str) -> npt.NDArray[np.int8]:
    codes: npt.NDArray[np.int8] = _CODE_OF[np.frombuffer(sequence.encode("ascii", "replace"), dtype=np.uint8)]
    return codes


def _of_fasta(path: Path, name: str) -> Letters:
    from nbmotif.fasta_files import open_fasta

    try:
        fasta = open_fasta(path, name)
    except FileNotFoundError:
        if len(str(path)) <= 3 or not set(str(path).upper()) <= set("ACGTN"):
            raise
        hint = f"To scan a string, pass a list: [{name}]."
        raise InvalidArgument(name, f"{str(path)[:80]!r}", "the path of a FASTA file that exists", hint) from None
    names = list(fasta.keys())
    lengths = np.array([len(fasta[key]) for key in names], dtype=np.int64)
    return Letters(lengths, lambda i, start, end: _encode(fasta[names[i]][start:end]), names)
