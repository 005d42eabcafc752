"""DNA as tensors: letters, one-hot columns and base codes, and the check that every public function begins with."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

LETTERS = "ACGT"
_BASES, _CODES = np.frombuffer(LETTERS.encode(), dtype=np.uint8), np.arange(4, dtype=np.int8)
_CASE = np.uint8(0xDF)  # without the bit by which a lower-case letter differs from its upper case
_NO_CODE = np.int8(-2).tobytes()
_AMBIGUOUS = "Letters such as R or W stand for several bases: write one of them, or N."
# what torch can compare, add and cast
_NUMBERS = {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
_NUMBERS |= {torch.bfloat16, torch.float16, torch.float32, torch.float64}
_ARRAY_DTYPES = set(map(np.dtype, ["?", "u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]))
_ELEMENTS_AT_ONCE = 1 << 24  # checked in one go, so that a check needs little memory

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
    table = code_table(ignore)
    if isinstance(sequence, str):
        return _to_torch(_one_hot([sequence], ["sequence"], table)[0], dtype)
    if not hasattr(sequence, "__iter__") or isinstance(sequence, Mapping):
        hint = "Pass its values: list(sequence.values())." if isinstance(sequence, Mapping) else ""
        raise InvalidArgument("sequence", type(sequence).__name__, "a string of letters, or several", hint)
    rows = list(sequence)
    if not rows:
        raise InvalidArgument("sequence", "an empty list", "one sequence or several", "Nothing to encode.")
    return _to_torch(_one_hot(rows, (f"sequence[{i}]" for i in range(len(rows))), table), dtype)


def _one_hot(rows: list[str], names: Iterable[str], table: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Compare all letters at once, (N, 4, L); go through sequence after sequence only to say what is wrong."""
    if all(isinstance(row, str) for row in rows) and rows[0] and len(set(map(len, rows))) == 1:
        letters = np.frombuffer("".join(rows).encode("latin-1", "replace"), dtype=np.uint8).reshape(len(rows), -1)
        one_hot = _equal_each(letters & _CASE, _BASES)
        n_known = np.count_nonzero(one_hot)
        if n_known < letters.size:
            n_known += sum(np.count_nonzero(letters == ignored) for ignored in np.flatnonzero(table == -1))
        if n_known == letters.size:
            return one_hot
    lengths = [len(encode_letters(row, table, name)) for row, name in zip(rows, names, strict=True)]
    odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
    got = f"{lengths[0]} letters at index 0 and {lengths[odd]} at index {odd}"
    raise InvalidArgument("sequence", got, "sequences of equal length", "Trim or pad them, or encode one by one.")


def code_table(ignore: Iterable[str]) -> npt.NDArray[np.int8]:
    """Byte -> 0..3 for ACGT, -1 for ignored letters, -2 for all others; read-only."""
    letters: list[object] = list(ignore)
    for letter in letters:
        if not isinstance(letter, str) or len(letter) != 1 or not letter.isascii() or letter.upper() in LETTERS:
            raise InvalidArgument("ignore", repr(letter), "single ASCII letters other than A, C, G and T")
    return _code_table("".join(map(str, letters)))


@functools.lru_cache
def _code_table(ignored: str) -> npt.NDArray[np.int8]:
    table = np.full(256, -2, dtype=np.int8)
    for codes, letters in ((-1, ignored), *enumerate(LETTERS)):
        table[[ord(letter) for letter in letters.upper() + letters.lower()]] = codes
    table.flags.writeable = False
    return table


def encode_letters(
    sequence: object, table: npt.NDArray[np.int8], name: str, hint: str = _AMBIGUOUS
) -> npt.NDArray[np.int8]:
    """Look up the code of each letter of a string, int8 (L,), or say which letter has none."""
    if not isinstance(sequence, str) or not sequence:
        got = "an empty string" if sequence == "" else type(sequence).__name__
        raise InvalidArgument(name, got, "a string of at least one letter")
    encoded = bytearray(sequence.encode("latin-1", "replace")).translate(table.tobytes())
    at = encoded.find(_NO_CODE)
    if at >= 0:
        raise InvalidArgument(name, f"{sequence[at]!r} at position {at}", "letters A, C, G, T or N", hint)
    return np.frombuffer(encoded, dtype=np.int8)


def decode(X: torch.Tensor | npt.NDArray[Any]) -> list[str]:
    """Write one-hot sequences of shape (N, 4, L) as strings of A C G T N: the inverse of :func:`one_hot_encode`.

    Examples
    --------
    >>> from nbmotif.encoding import decode, one_hot_encode
    >>> decode(one_hot_encode(["GATNA", "ttttt"]))
    ['GATNA', 'TTTTT']
    """
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)  # code -1 reads the last
    return [row.tobytes().decode() for row in letters[to_codes(X)]]


def from_codes(codes: npt.NDArray[np.integer], dtype: Dtype = torch.int8, device: Any = None) -> torch.Tensor:
    """Turn base codes (0..3 for A C G T, -1 for N) of shape (..., L) into one-hot of shape (..., 4, L)."""
    return _to_torch(_equal_each(codes, _CODES), dtype, device)


def _equal_each(values: npt.NDArray[Any], four: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Compare values (..., L) with each of four: (..., 4, L)."""
    if values.size == values.shape[-1]:
        alone: npt.NDArray[np.bool_] = values[..., None, :] == four[:, None]
        return alone
    is_equal = np.empty((*values.shape[:-1], 4, values.shape[-1]), dtype=bool)
    for i, value in enumerate(four):  # of a batch faster than one comparison that broadcasts, and than torch's
        np.equal(values, value, out=is_equal[..., i, :])
    return is_equal


def _to_torch(one_hot: npt.NDArray[np.bool_], dtype: Dtype, device: Any = None) -> torch.Tensor:
    wanted = as_dtype(dtype)
    if wanted == torch.float32:  # numpy asks the system for large pages, of which there are fewer to clear
        return torch.from_numpy(one_hot.astype(np.float32)).to(device)
    return torch.from_numpy(one_hot.view(np.int8)).to(device=device, dtype=wanted)


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
    >>> from nbmotif.encoding import one_hot_encode, to_codes
    >>> to_codes(one_hot_encode(["ACGTN"]))
    array([[ 0,  1,  2,  3, -1]], dtype=int8)
    """
    from nbmotif.kernels.one_hot import codes_of_bytes, codes_of_floats

    X = as_tensor(X, name).detach()
    _check_shape(X, name)
    codes = np.empty((X.shape[0], X.shape[2]), dtype=np.int8)
    for rows in _chunks(X):
        one_hot = X[rows].cpu().contiguous()
        if one_hot.dtype in {torch.bool, torch.uint8}:
            one_hot = one_hot.view(torch.int8)
        elif one_hot.dtype not in {torch.int8, torch.float32}:
            _check_one_hot(one_hot, name, rows.start)
            one_hot = one_hot.to(torch.int8)
        if one_hot.dtype == torch.float32:
            is_one_hot = codes_of_floats(one_hot.view(torch.int32).numpy(), codes[rows])
        else:
            is_one_hot = codes_of_bytes(one_hot.numpy(), codes[rows])
        if not is_one_hot:
            _check_one_hot(X[rows], name, rows.start)  # says what is wrong, and where
            codes_of_bytes(one_hot.to(torch.int8).numpy(), codes[rows])  # nothing was: zeros may be negative
    return codes


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
    >>> from nbmotif.encoding import check_sequences
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
    raise InvalidArgument(name, describe(X), "one-hot of shape (N, 4, L)", shape_hint(X, name))


def shape_hint(X: torch.Tensor, name: str) -> str:
    """Guess what was meant by sequences that are not of shape (N, 4, L)."""
    shape = tuple(X.shape)
    hints = {
        len(shape) == 3 and 0 in shape: "There is nothing to work on.",
        len(shape) == 2 and shape[0] == 4: f"Did you mean {name}.unsqueeze(0)?",
        len(shape) == 3 and shape[2] == 4: f"Did you mean {name}.permute(0, 2, 1)?",
    }
    return hints.get(True, "")


def _check_one_hot(X: torch.Tensor, name: str, first: int) -> None:
    X = X.to(torch.int8) if X.dtype == torch.bool else X
    # 0 and 1 alone are their own squares; adding rows is several times faster than torch's sum along them
    if torch.equal(X * X, X) and (X[:, 0] + X[:, 1] + X[:, 2] + X[:, 3]).amax() <= 1:
        return
    is_set = X != 0
    bad = (is_set.sum(dim=1, dtype=torch.int8) > 1) | (is_set != X).any(dim=1)
    row, position = (int(i) for i in bad.nonzero()[0])
    column = ", ".join(f"{value:g}" for value in X[row, :, position].tolist())
    got = f"({column}) at sequence {first + row}, position {position}"
    expected = "one-hot: one 1 per position, or zeros only for N"
    raise InvalidArgument(name, got, expected, "Attributions and probabilities are not sequences.")


def _chunks(X: torch.Tensor) -> Iterable[slice]:
    step = max(1, _ELEMENTS_AT_ONCE // max(1, X[0].numel()))
    return (slice(i, min(i + step, len(X))) for i in range(0, len(X), step))


def describe(X: torch.Tensor) -> str:
    """Dtype and shape of a tensor, as error messages give them."""
    return f"{str(X.dtype).removeprefix('torch.')} {tuple(X.shape)}"


def as_tensor(X: object, name: str) -> torch.Tensor:
    """Take a tensor as it is and a numpy array without copying, where torch allows that; refuse anything else."""
    if isinstance(X, torch.Tensor):
        if X.dtype not in _NUMBERS or X.layout != torch.strided or X.is_meta:
            got = f"{describe(X)}, {X.layout} on {X.device}"
            raise InvalidArgument(name, got, "a dense tensor of ordinary numbers", f"Did you mean {name}.float()?")
        return X
    if not isinstance(X, np.ndarray) or X.dtype.newbyteorder("=") not in _ARRAY_DTYPES:
        got = f"an array of {X.dtype}" if isinstance(X, np.ndarray) else type(X).__name__
        hint = f'Did you mean {name}.astype("float32")?' if isinstance(X, np.ndarray) else ""
        raise InvalidArgument(name, got, "a torch tensor or a numpy array of numbers", hint)
    check_unmasked(X, name)
    X = X.astype(X.dtype.newbyteorder("="), copy=False)
    shareable = X.flags.writeable and min(X.strides, default=0) >= 0
    return torch.from_numpy(X if shareable else X.copy())


def check_unmasked(values: object, name: str) -> None:
    """Refuse an array of which some entries are masked: what lies under a mask is no number."""
    if np.ma.is_masked(values):
        hint = f"Fill it first, with zeros for instance: {name}.filled(0)."
        raise InvalidArgument(name, "an array with masked entries", "complete", hint)


def as_dtype(dtype: Dtype) -> torch.dtype:
    """Resolve ``torch.float32`` or ``"float32"`` to the torch dtype."""
    found = dtype if isinstance(dtype, torch.dtype) else getattr(torch, str(dtype), None)
    if not isinstance(found, torch.dtype):
        raise InvalidArgument("dtype", repr(dtype), 'a torch dtype or its name, such as "float32"')
    return found
