"""What one does to sequences: draw, reverse-complement, edit and shuffle them."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import torch

from nbmotif.arguments import check_choice, check_seed, check_span, check_whole
from nbmotif.arrays import as_array
from nbmotif.encoding import (
    as_tensor,
    check_sequences,
    code_table,
    describe,
    encode_letters,
    from_codes,
    to_codes,
)
from nbmotif.errors import InvalidArgument, warn
from nbmotif.ported import ANY, N_JOBS, UNPACKED, Unused, takes
from nbmotif.progress import Progress
from nbmotif.pwms import consensus
from nbmotif.words import some

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from nbmotif.encoding import Dtype

_IUPAC = "ACGTUWSMKRYBDHVNacgtuwsmkrybdhvn"
_IUPAC_COMPLEMENT = "TGCAAWSKMYRVHDBNtgcaawskmyrvhdbn"
_COMPLEMENT = str.maketrans(_IUPAC, _IUPAC_COMPLEMENT)
_LETTERS_AT_ONCE = 1 << 22  # shuffled between two moments at which a call can be interrupted
_DRAWS_TO_BE_SURE = 64  # that a sequence has no shuffle but itself


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
    whole = [isinstance(size, (int, np.integer)) and size > 0 for size in np.atleast_1d(shape).tolist()]
    if whole != [True] * 3 or shape[1] != 4:
        raise InvalidArgument("shape", shape, "(N, 4, L) with N and L at least 1")
    n, _, length = shape
    rng = random_state if isinstance(random_state, np.random.RandomState) else _legacy_generator(random_state)
    rows = [None] * n if probs is None else _letter_probabilities(probs, n)
    # one row at a time, in this order, from the legacy generator: the numbers that tangermeme draws
    codes = np.stack([rng.choice(4, size=length, p=row).astype(np.int8) for row in rows])
    return from_codes(codes, dtype)


def _legacy_generator(random_state: object) -> np.random.RandomState:
    seed = check_seed(random_state, least=0)
    if seed is not None and seed >= 2**32:
        raise InvalidArgument("random_state", seed, "below 2**32")
    return np.random.RandomState(seed)


def _letter_probabilities(probs: npt.ArrayLike, n: int) -> npt.NDArray[np.float64]:
    given = as_array(probs, "probs", "probabilities of A, C, G and T")
    table = np.atleast_2d(given).astype(np.float64)
    if table.shape not in {(1, 4), (n, 4)}:
        raise InvalidArgument("probs", f"shape {given.shape}", f"of shape (4,), (1, 4) or ({n}, 4)")
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
    >>> from nbmotif.encoding import decode
    >>> decode(substitute(one_hot_encode(["AAAAAAAA"]), "cNg"))
    ['AAACAGAA']
    """
    X = check_sequences(X)
    letters = _motif_columns(motif, len(X)).to(X.device)
    length, width = X.shape[2], letters.shape[2]
    room = f"The motif is {width} bp, the sequences {length} bp."
    if width > length:
        raise InvalidArgument("motif", f"{width} bp", "no longer than the sequences", room)
    start = length // 2 - width // 2 if start is None else check_whole(start, "start")
    if not 0 <= start <= length - width:
        raise InvalidArgument("start", start, f"between 0 and L - w = {length - width}", room)
    edited = X.clone()
    span = edited[:, :, start : start + width]
    span.copy_(torch.where(letters.sum(dim=1, keepdim=True) == 0, span, letters.to(X.dtype)))
    return edited


def _motif_columns(motif: torch.Tensor | npt.NDArray[Any] | str, n: int) -> torch.Tensor:
    """One-hot or zero columns of shape (1 or n, 4, w)."""
    if isinstance(motif, str):
        return from_codes(encode_letters(motif, code_table("N"), "motif")).unsqueeze(0)
    columns = as_tensor(motif, "motif")
    columns = columns.unsqueeze(0) if columns.ndim == 2 else columns
    if columns.ndim != 3 or columns.shape[0] not in {1, n} or columns.shape[1] != 4 or columns.shape[2] == 0:
        expected = f"letters, or of shape (4, w), (1, 4, w) or ({n}, 4, w)"
        raise InvalidArgument("motif", describe(as_tensor(motif, "motif")), expected)
    return consensus(columns, "motif")


@takes(allow_N=Unused(ANY), return_packed=UNPACKED, n_jobs=N_JOBS)
def dinucleotide_shuffle(
    X: torch.Tensor | npt.NDArray[Any],
    start: int = 0,
    end: int = -1,
    n: int = 20,
    random_state: int | Sequence[int] | npt.NDArray[np.integer] | None = None,
    method: Literal["uniform", "tangermeme"] = "uniform",
    verbose: bool = False,
) -> torch.Tensor:
    """Shuffle each sequence and keep how often every dinucleotide occurs in it.

    Such shuffles are the usual references of DeepLIFT and backgrounds of a marginalization: same composition, no motif.

    Parameters
    ----------
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T; a column of zeros is N.
    start, end
        Shuffle positions ``start <= position < end`` and keep the others. A negative ``end`` counts from L + 1, so that
        -1 is the end of the sequence, as in tangermeme.
    n
        Shuffles per sequence.
    random_state
        A seed, from which each sequence has its own, whatever sequences it is among: see
        :func:`nbmotif.sequences.sequence_seeds`; or one seed per sequence. Default: a different draw each time.
    method
        "uniform": every shuffle that keeps the dinucleotides is equally likely. N stays where it is, and each piece
        between two N is shuffled on its own. "tangermeme": the same sequences as tangermeme 1.6 for the same seed
        (that of sequence i is ``random_state + i``), which reach only a part of the shuffles (9 of the 72 of
        ACCCACGATGATA) because the last occurrence of each dinucleotide's first letter is never moved; N is shuffled
        like a letter.
    verbose
        Whether to show a progress bar.

    Returns
    -------
    Shape (N, n, 4, L), of X's dtype and device. The first and the last letter of what is shuffled stay in place.

    Raises
    ------
    InvalidArgument
        If an argument does not fit X.

    Warns
    -----
    NbmotifWarning
        If a sequence has no shuffle but itself, as a run of one letter: as references they would hide everything.

    References
    ----------
    Altschul & Erickson, Mol. Biol. Evol. 2, 526 (1985); see :mod:`nbmotif.kernels.shuffle`.

    Examples
    --------
    >>> from nbmotif import dinucleotide_shuffle, one_hot_encode
    >>> from nbmotif.encoding import decode
    >>> decode(dinucleotide_shuffle(one_hot_encode(["ACCCACGATGATA"]), n=2, random_state=0)[0])
    ['ACCATATGACCGA', 'ATACCACCGATGA']
    """
    X = check_sequences(X)
    length = X.shape[2]
    span = check_span(start, end, length)
    n = check_whole(n, "n", least=1)
    check_choice(method, "method", _SHUFFLERS)
    codes = to_codes(X[:, :, span.start : span.stop])
    seeds = _seeds(random_state, codes, method)
    shuffled = X.unsqueeze(1).repeat(1, n, 1, 1)
    fixed: list[int] = []
    step = max(1, _LETTERS_AT_ONCE // (n * length))
    for first in Progress(range(0, len(X), step), desc="Shuffling", disable=not verbose):
        rows = slice(first, first + step)
        drawn = _SHUFFLERS[method](codes[rows], n, seeds[rows])  # (rows, n, stop - start)
        same = _unchanged(drawn, codes[rows])
        if same.size:  # by chance, or because there is no other shuffle?
            more = _SHUFFLERS[method](codes[rows][same], _DRAWS_TO_BE_SURE, seeds[rows][same])
            fixed += (first + same[_unchanged(more, codes[rows][same])]).tolist()
        shuffled[rows, :, :, span.start : span.stop] = from_codes(drawn, X.dtype, X.device)
    if fixed:
        _warn_of_fixed(fixed)
    return shuffled


def _unchanged(drawn: npt.NDArray[np.int8], codes: npt.NDArray[np.int8]) -> npt.NDArray[np.intp]:
    """Rows of codes (N, L) that equal all of their shuffles, drawn (N, n, L)."""
    return np.flatnonzero((drawn == codes[:, None]).all(axis=(1, 2)))


def _warn_of_fixed(rows: list[int]) -> None:
    message = (
        f"dinucleotide_shuffle: {len(rows)} sequence(s) (at index {some(rows)}) have no shuffle but themselves, for "
        "instance because they repeat one letter or are N; as references they give attributions of 0."
    )
    warn(message)


def sequence_seeds(random_state: int, codes: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """Derive a seed for each sequence from one for all, whatever other sequences it is among.

    Parameters
    ----------
    random_state
        A seed. Neighbouring seeds have no more in common than others.
    codes
        Sequences as base codes, shape (N, L).

    Returns
    -------
    Shape (N,). That of a sequence depends on ``random_state``, on its letters, and on how many equal ones come before
    it, which get other seeds; so results of a part of the sequences are those of all.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import dinucleotide_shuffle, random_one_hot
    >>> X = random_one_hot((5, 4, 50), random_state=0)
    >>> torch.equal(dinucleotide_shuffle(X[3:], random_state=7), dinucleotide_shuffle(X, random_state=7)[3:])
    True
    """
    key = (random_state % 2**64).to_bytes(8, "little")
    before: Counter[bytes] = Counter()
    seeds = []
    for row in np.ascontiguousarray(codes):
        letters = blake2b(row.data, digest_size=16, key=key).digest()
        seeds.append(blake2b(before[letters].to_bytes(8, "little"), digest_size=8, key=letters).digest())
        before[letters] += 1
    return np.frombuffer(b"".join(seeds), dtype="<i8").astype(np.int64)


def _seeds(
    random_state: int | Sequence[int] | npt.NDArray[np.integer] | None, codes: npt.NDArray[np.int8], method: str
) -> npt.NDArray[np.int64]:
    """One seed per sequence, shape (N,)."""
    n = len(codes)
    base = np.random.default_rng().integers(2**31) if random_state is None else random_state
    seeds = np.asarray(base)
    if seeds.dtype.kind not in "iu" or seeds.shape not in {(), (n,)}:
        expected = f"an integer, one integer for each of the {n} sequences, or None"
        raise InvalidArgument("random_state", repr(random_state), expected)
    if seeds.ndim:
        return seeds.astype(np.int64)
    if method == "tangermeme":
        return int(seeds) + np.arange(n)
    return sequence_seeds(int(seeds), codes)


def _shuffle_uniform(codes: npt.NDArray[np.int8], n: int, seeds: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    from nbmotif.kernels.shuffle import shuffle_uniform

    states = np.empty((len(codes), n), dtype=np.uint64)
    for row, seed in zip(states, seeds, strict=True):
        row[:] = np.random.SeedSequence(int(seed) % 2**64).generate_state(n, np.uint64)
    shuffled = np.empty((len(codes), n, codes.shape[1]), dtype=np.int8)
    shuffle_uniform(codes, states, np.empty((9, 4), dtype=np.int64), shuffled)
    return shuffled


def _shuffle_tangermeme(codes: npt.NDArray[np.int8], n: int, seeds: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Order the positions that follow each letter at random, the last one excepted, and follow them."""
    from nbmotif.kernels.shuffle import follow_edges

    codes = np.where(codes < 0, np.int8(4), codes)
    shuffled = np.empty((len(codes), n, codes.shape[1]), dtype=np.int8)
    for row, seed, out in zip(codes, seeds, shuffled, strict=True):
        rng = np.random.RandomState(int(seed) % 2**32)
        followers = [np.flatnonzero(row[:-1] == letter) + 1 for letter in range(5)]
        first_edge = np.cumsum([0, *map(len, followers[:-1])])
        for k in range(n):
            for positions in followers:  # each order is drawn from the one before
                positions[:-1] = positions[rng.permutation(max(0, len(positions) - 1))]
            follow_edges(row, np.concatenate(followers), first_edge.copy(), out[k])
    shuffled[shuffled == 4] = -1
    return shuffled


_SHUFFLERS: dict[str, Callable[[npt.NDArray[np.int8], int, npt.NDArray[np.int64]], npt.NDArray[np.int8]]] = {
    "uniform": _shuffle_uniform,
    "tangermeme": _shuffle_tangermeme,
}
