"""DNA as tensors: encode, check, draw, reverse-complement and edit one-hot sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
import torch

from nbmotif.errors import InvalidArgument
from nbmotif.motifs import consensus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

LETTERS = "ACGT"
_IUPAC = "ACGTUWSMKRYBDHVNacgtuwsmkrybdhvn"
_IUPAC_COMPLEMENT = "TGCAAWSKMYRVHDBNtgcaawskmyrvhdbn"
_COMPLEMENT = str.maketrans(_IUPAC, _IUPAC_COMPLEMENT)
_ROWS_AT_ONCE = 1 << 24  # elements checked in one go, so that a check needs little memory

Dtype: TypeAlias = "torch.dtype | str"


def one_hot_encode(
    sequence: str | Sequence[str], dtype: Dtype = torch.int8, ignore: Iterable[str] = ("N",)
) -> torch.Tensor:
    """Turn letters into one-hot columns.

    Parameters
    ----------
    sequence
        One sequence, or several of equal length. Upper and lower case mean the same.
    dtype
        Of the result, such as ``torch.float32`` or ``"float32"``.
    ignore
        Letters that become a column of zeros. Default: N alone.

    Returns
    -------
    Shape (4, L) for one sequence, (N, 4, L) for several; rows in the order A C G T.

    Raises
    ------
    InvalidArgument
        If a letter is neither one of ACGT nor ignored, if a sequence is empty, or if lengths differ.

    Examples
    --------
    >>> from nbmotif import one_hot_encode
    >>> one_hot_encode("gatN")
    tensor([[0, 1, 0, 0],
            [0, 0, 0, 0],
            [1, 0, 0, 0],
            [0, 0, 1, 0]], dtype=torch.int8)
    """
    table = _code_table(ignore)
    if isinstance(sequence, str):
        return from_codes(_encode(sequence, table, "sequence"), dtype)
    rows = [_encode(row, table, f"sequence[{i}]") for i, row in enumerate(sequence)]
    if not rows:
        raise InvalidArgument("sequence", "an empty list", "one sequence or several", "Nothing to encode.")
    lengths = [len(row) for row in rows]
    odd = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
    if odd is not None:
        got = f"{lengths[0]} letters at index 0 and {lengths[odd]} at index {odd}"
        raise InvalidArgument("sequence", got, "sequences of equal length", "Trim or pad them, or encode one by one.")
    return from_codes(np.stack(rows), dtype)


def _code_table(ignore: Iterable[str]) -> npt.NDArray[np.int8]:
    """Byte -> 0..3 for ACGT, -1 for ignored letters, -2 for all others."""
    table = np.full(256, -2, dtype=np.int8)
    for letter in ignore:
        if len(letter) != 1 or not letter.isascii() or letter.upper() in LETTERS:
            raise InvalidArgument("ignore", repr(letter), "single ASCII letters other than A, C, G and T")
        table[[ord(letter.upper()), ord(letter.lower())]] = -1
    for code, letter in enumerate(LETTERS):
        table[[ord(letter), ord(letter.lower())]] = code
    return table


def _encode(sequence: object, table: npt.NDArray[np.int8], name: str) -> npt.NDArray[np.int8]:
    if not isinstance(sequence, str) or not sequence:
        got = "an empty string" if sequence == "" else type(sequence).__name__
        raise InvalidArgument(name, got, "a string of at least one letter")
    codes = table[np.frombuffer(sequence.encode("latin-1", "replace"), dtype=np.uint8)]
    bad = np.flatnonzero(codes == -2)
    if bad.size:
        at = int(bad[0])
        hint = "Letters such as R or W stand for several bases: write one of them, or N."
        raise InvalidArgument(name, f"{sequence[at]!r} at position {at}", "letters A, C, G, T or N", hint)
    return codes


def from_codes(codes: npt.NDArray[np.integer], dtype: Dtype = torch.int8, device: Any = None) -> torch.Tensor:
    """Turn base codes (0..3 for A C G T, -1 for N) of shape (..., L) into one-hot of shape (..., 4, L)."""
    as_tensor = torch.from_numpy(np.ascontiguousarray(codes)).to(device)
    letters = torch.arange(4, dtype=as_tensor.dtype, device=as_tensor.device)
    return (as_tensor.unsqueeze(-2) == letters[:, None]).to(as_dtype(dtype))


def to_codes(X: torch.Tensor | npt.NDArray[Any], name: str = "X") -> npt.NDArray[np.int8]:
    """Turn one-hot sequences into base codes, the form in which kernels read them.

    Parameters
    ----------
    X
        Shape (N, 4, L), one-hot in the order A C G T; a column of zeros is N.
    name
        What errors call the argument.

    Returns
    -------
    int8, shape (N, L), C order: 0..3 for A C G T, -1 for N.

    Raises
    ------
    InvalidArgument
        As :func:`check_sequences`.

    Examples
    --------
    >>> from nbmotif.sequences import one_hot_encode, to_codes
    >>> to_codes(one_hot_encode(["ACGTN"]))
    array([[ 0,  1,  2,  3, -1]], dtype=int8)
    """
    X = check_sequences(X, name).detach()
    codes = torch.empty((X.shape[0], X.shape[2]), dtype=torch.int8)
    for rows in _chunks(X):
        one_hot = X[rows].to("cpu", torch.int8)
        codes[rows] = one_hot[:, 0] + 2 * one_hot[:, 1] + 3 * one_hot[:, 2] + 4 * one_hot[:, 3] - 1
    return codes.numpy()


def check_sequences(X: torch.Tensor | npt.NDArray[Any], name: str = "X", dtype: Dtype | None = None) -> torch.Tensor:
    """Make sure that X holds one-hot sequences, once, at the door of a public function.

    Parameters
    ----------
    X
        Shape (N, 4, L), N and L at least 1, one-hot in the order A C G T; a column of zeros is N.
    name
        What errors call the argument.
    dtype
        Of the result. Default: X's own.

    Returns
    -------
    X as a tensor on its device; X itself where nothing had to change.

    Raises
    ------
    InvalidArgument
        With the first place that is wrong and, where it can be guessed, how to put it right.

    Examples
    --------
    >>> import torch
    >>> from nbmotif.sequences import check_sequences
    >>> check_sequences(torch.zeros(100, 2114, 4))
    Traceback (most recent call last):
      ...
    nbmotif.errors.InvalidArgument: `X` must be one-hot of shape (N, 4, L); got float32 (100, 2114, 4). \
Did you mean X.permute(0, 2, 1)?
    """
    X = as_tensor(X, name)
    _check_shape(X, name)
    for rows in _chunks(X):
        _check_one_hot(X[rows].detach(), name, rows.start)
    return X if dtype is None else X.to(as_dtype(dtype))


def _check_shape(X: torch.Tensor, name: str) -> None:
    shape = tuple(X.shape)
    if len(shape) == 3 and shape[1] == 4 and shape[0] > 0 and shape[2] > 0:
        return
    hints = {
        len(shape) == 3 and 0 in shape: "There is nothing to work on.",
        len(shape) == 2 and shape[0] == 4: f"Did you mean {name}.unsqueeze(0)?",
        len(shape) == 3 and shape[2] == 4: f"Did you mean {name}.permute(0, 2, 1)?",
    }
    raise InvalidArgument(name, describe(X), "one-hot of shape (N, 4, L)", hints.get(True, ""))


def _check_one_hot(X: torch.Tensor, name: str, first: int) -> None:
    is_set = X != 0
    bad = (is_set.sum(dim=1, dtype=torch.int8) > 1) | (is_set != X).any(dim=1)
    if not bad.any():
        return
    row, position = (int(i) for i in bad.nonzero()[0])
    column = ", ".join(f"{value:g}" for value in X[row, :, position].tolist())
    got = f"({column}) at sequence {first + row}, position {position}"
    expected = "one-hot: one 1 per position, or zeros only for N"
    raise InvalidArgument(name, got, expected, "Attributions and probabilities are not sequences.")


def _chunks(X: torch.Tensor) -> Iterable[slice]:
    step = max(1, _ROWS_AT_ONCE // max(1, X[0].numel()))
    return (slice(i, min(i + step, len(X))) for i in range(0, len(X), step))


def describe(X: torch.Tensor) -> str:
    """Dtype and shape of a tensor, as error messages give them."""
    return f"{str(X.dtype).removeprefix('torch.')} {tuple(X.shape)}"


def as_tensor(X: object, name: str) -> torch.Tensor:
    """Take a tensor as it is and a numpy array without copying, where torch allows that; refuse anything else."""
    if isinstance(X, torch.Tensor):
        return X
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf":
        got = f"an array of {X.dtype}" if isinstance(X, np.ndarray) else type(X).__name__
        raise InvalidArgument(name, got, "a torch tensor or a numpy array of numbers")
    shareable = X.flags.writeable and min(X.strides, default=0) >= 0
    return torch.from_numpy(X if shareable else X.copy())


def as_dtype(dtype: Dtype) -> torch.dtype:
    """Resolve ``torch.float32`` or ``"float32"`` to the torch dtype."""
    found = dtype if isinstance(dtype, torch.dtype) else getattr(torch, str(dtype), None)
    if not isinstance(found, torch.dtype):
        raise InvalidArgument("dtype", repr(dtype), 'a torch dtype or its name, such as "float32"')
    return found


def random_one_hot(
    shape: tuple[int, ...],
    probs: npt.ArrayLike | None = None,
    dtype: Dtype = torch.int8,
    random_state: int | np.random.RandomState | None = None,
) -> torch.Tensor:
    """Draw random sequences, such as the backgrounds of a marginalization.

    Backgrounds resemble the genome more if ``probs`` are its letter frequencies: human chr1 without N has
    (0.2910, 0.2085, 0.2087, 0.2918).

    Parameters
    ----------
    shape
        (N, 4, L).
    probs
        Probability of A, C, G and T: shape (4,) or (1, 4) for all sequences, (N, 4) for each its own. Default: uniform.
    dtype
        Of the result.
    random_state
        A seed; the same seed gives the same sequences as tangermeme. Default: a different draw each time.

    Returns
    -------
    One-hot tensor of the given shape.

    Raises
    ------
    InvalidArgument
        If the shape is not (N, 4, L) or the probabilities do not fit it.

    Examples
    --------
    >>> from nbmotif import random_one_hot
    >>> random_one_hot((2, 4, 100), probs=[0.3, 0.2, 0.2, 0.3], random_state=0).shape
    torch.Size([2, 4, 100])
    """
    if len(shape) != 3 or shape[1] != 4 or min(shape) < 1:
        raise InvalidArgument("shape", tuple(shape), "(N, 4, L) with N and L at least 1")
    n, _, length = shape
    rng = random_state if isinstance(random_state, np.random.RandomState) else np.random.RandomState(random_state)
    rows = [None] * n if probs is None else _letter_probabilities(probs, n)
    # one row at a time, in this order, from the legacy generator: the numbers that tangermeme draws
    codes = np.stack([rng.choice(4, size=length, p=row).astype(np.int8) for row in rows])
    return from_codes(codes, dtype)


def _letter_probabilities(probs: npt.ArrayLike, n: int) -> npt.NDArray[np.float64]:
    table = np.atleast_2d(np.asarray(probs, dtype=np.float64))
    if table.shape not in {(1, 4), (n, 4)}:
        raise InvalidArgument("probs", f"shape {np.shape(probs)}", f"of shape (4,), (1, 4) or ({n}, 4)")
    sums = table.sum(axis=1)
    bad = np.flatnonzero(~(np.abs(sums - 1) < 1e-6) | (table < 0).any(axis=1))
    if bad.size:
        got = f"{table[bad[0]].tolist()} in row {bad[0]}"
        raise InvalidArgument("probs", got, "probabilities of A, C, G, T that sum to 1")
    return np.broadcast_to(table, (n, 4))


@overload
def reverse_complement(X: str) -> str: ...
@overload
def reverse_complement(X: torch.Tensor) -> torch.Tensor: ...
@overload
def reverse_complement(X: npt.NDArray[Any]) -> npt.NDArray[Any]: ...
def reverse_complement(X: str | torch.Tensor | npt.NDArray[Any]) -> str | torch.Tensor | npt.NDArray[Any]:
    """Read the other strand.

    Parameters
    ----------
    X
        Letters (IUPAC, either case), or a tensor or array of shape (..., 4, L) in the order A C G T: one sequence,
        a batch, a PWM, attributions.

    Returns
    -------
    The same kind and shape, newly allocated.

    Raises
    ------
    InvalidArgument
        If a letter has no complement, or if the second last axis is not 4 long.

    Examples
    --------
    >>> from nbmotif import reverse_complement
    >>> reverse_complement("GATAA")
    'TTATC'
    """
    if isinstance(X, str):
        strange = next((letter for letter in X if letter not in _IUPAC), None)
        if strange is not None:
            raise InvalidArgument("X", f"{strange!r} at position {X.index(strange)}", "made of the letters of DNA")
        return X.translate(_COMPLEMENT)[::-1]
    tensor = as_tensor(X, "X")
    if tensor.ndim < 2 or tensor.shape[-2] != 4:
        raise InvalidArgument("X", describe(tensor), "of shape (..., 4, L)")
    flipped = tensor.flip(-2, -1)  # in the order A C G T the complement is the reverse
    return flipped if isinstance(X, torch.Tensor) else flipped.numpy()


def substitute(
    X: torch.Tensor | npt.NDArray[Any], motif: torch.Tensor | npt.NDArray[Any] | str, start: int | None = None
) -> torch.Tensor:
    """Write a motif over the same positions of every sequence.

    Parameters
    ----------
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T; a column of zeros is N.
    motif
        Letters (either case; N keeps what is there), or shape (4, w), (1, 4, w) or (N, 4, w), with w <= L. One-hot
        columns are written, a column of zeros keeps what is there, and of a PWM its consensus is written.
    start
        First position that the motif covers, 0-based. Default: ``L // 2 - w // 2``, as tangermeme.

    Returns
    -------
    A new tensor, shape (N, 4, L), of X's dtype and device. X is not changed.

    Raises
    ------
    InvalidArgument
        If the motif does not fit between ``start`` and L, or is neither letters nor probabilities.

    Examples
    --------
    >>> from nbmotif import one_hot_encode, substitute
    >>> from nbmotif.sequences import decode
    >>> decode(substitute(one_hot_encode(["AAAAAAAA"]), "cNg"))
    ['AAACAGAA']
    """
    X = check_sequences(X)
    letters = _motif_columns(motif, len(X)).to(X.device)
    length, width = X.shape[2], letters.shape[2]
    room = f"The motif is {width} bp, the sequences {length} bp."
    if width > length:
        raise InvalidArgument("motif", f"{width} bp", "no longer than the sequences", room)
    start = length // 2 - width // 2 if start is None else start
    if not 0 <= start <= length - width:
        raise InvalidArgument("start", start, f"between 0 and L - w = {length - width}", room)
    edited = X.clone()
    span = edited[:, :, start : start + width]
    span.copy_(torch.where(letters.sum(dim=1, keepdim=True) == 0, span, letters.to(X.dtype)))
    return edited


def _motif_columns(motif: torch.Tensor | npt.NDArray[Any] | str, n: int) -> torch.Tensor:
    """One-hot or zero columns of shape (1 or n, 4, w)."""
    if isinstance(motif, str):
        table = _code_table("N")
        return from_codes(_encode(motif, table, "motif")).unsqueeze(0)
    columns = as_tensor(motif, "motif")
    columns = columns.unsqueeze(0) if columns.ndim == 2 else columns
    if columns.ndim != 3 or columns.shape[0] not in {1, n} or columns.shape[1] != 4 or columns.shape[2] == 0:
        expected = f"letters, or of shape (4, w), (1, 4, w) or ({n}, 4, w)"
        raise InvalidArgument("motif", describe(as_tensor(motif, "motif")), expected)
    return consensus(columns, "motif")


def decode(X: torch.Tensor | npt.NDArray[Any]) -> list[str]:
    """Write one-hot sequences of shape (N, 4, L) as strings of A C G T N: the inverse of :func:`one_hot_encode`.

    Examples
    --------
    >>> from nbmotif.sequences import decode, one_hot_encode
    >>> decode(one_hot_encode(["GATNA", "ttttt"]))
    ['GATNA', 'TTTTT']
    """
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)  # code -1 reads the last
    return [row.tobytes().decode() for row in letters[to_codes(X)]]
