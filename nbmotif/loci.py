"""Cut sequences out of a genome around loci, and say which loci could not be cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
import pandas as pd
import pyfaidx
import torch

from nbmotif.arguments import check_whole
from nbmotif.encoding import code_table, encode_letters, from_codes, to_codes
from nbmotif.errors import InvalidArgument, warn
from nbmotif.fasta_files import open_fasta, read_windows
from nbmotif.intervals import read_intervals
from nbmotif.ported import ALPHABET, N_JOBS, UNPACKED, Unused, takes
from nbmotif.progress import Progress
from nbmotif.words import some

if TYPE_CHECKING:
    import numpy.typing as npt

Loci: TypeAlias = "str | os.PathLike[str] | pd.DataFrame"
Genome: TypeAlias = "str | os.PathLike[str] | pyfaidx.Fasta | Mapping[str, Any]"

_AT_ONCE = 1 << 20  # letters read in one go: what is made of them stays near the processor


class _Windows(NamedTuple):
    chroms: list[str]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]

    def places(self) -> Iterator[tuple[str, int, int]]:
        return zip(self.chroms, self.start.tolist(), self.end.tolist(), strict=True)


class _Chromosomes(NamedTuple):
    lengths: dict[str, int]
    codes: Callable[[_Windows], npt.NDArray[np.int8]]  # of several windows of one width, (n, w)


# fmt: off
@overload
def extract_loci(loci: Loci | Sequence[Loci], sequences: Genome, signals: None = ..., in_signals: None = ...,
                 chroms: Sequence[str | int] | str | None = ..., in_window: int = ..., *, max_jitter: int = ...,
                 n_loci: int | None = ..., summits: bool = ..., ignore: Iterable[str] = ..., verbose: bool = ...,
                 exclusion_lists: Loci | Sequence[Loci] | None = ..., return_mask: Literal[False] = ...,
                 return_loci: Literal[False] = ...) -> torch.Tensor: ...
@overload
def extract_loci(loci: Loci | Sequence[Loci], sequences: Genome, signals: None = ..., in_signals: None = ...,
                 chroms: Sequence[str | int] | str | None = ..., in_window: int = ..., *, max_jitter: int = ...,
                 n_loci: int | None = ..., summits: bool = ..., ignore: Iterable[str] = ..., verbose: bool = ...,
                 exclusion_lists: Loci | Sequence[Loci] | None = ..., return_mask: Literal[False] = ...,
                 return_loci: Literal[True]) -> tuple[torch.Tensor, pd.DataFrame]: ...
@overload
def extract_loci(loci: Loci | Sequence[Loci], sequences: Genome, signals: None = ..., in_signals: None = ...,
                 chroms: Sequence[str | int] | str | None = ..., in_window: int = ..., *, max_jitter: int = ...,
                 n_loci: int | None = ..., summits: bool = ..., ignore: Iterable[str] = ..., verbose: bool = ...,
                 exclusion_lists: Loci | Sequence[Loci] | None = ..., return_mask: Literal[True],
                 return_loci: Literal[False] = ...) -> tuple[torch.Tensor, torch.Tensor]: ...
@overload
def extract_loci(loci: Loci | Sequence[Loci], sequences: Genome, signals: None = ..., in_signals: None = ...,
                 chroms: Sequence[str | int] | str | None = ..., in_window: int = ..., *, max_jitter: int = ...,
                 n_loci: int | None = ..., summits: bool = ..., ignore: Iterable[str] = ..., verbose: bool = ...,
                 exclusion_lists: Loci | Sequence[Loci] | None = ..., return_mask: Literal[True],
                 return_loci: Literal[True]) -> tuple[torch.Tensor, pd.DataFrame, torch.Tensor]: ...
# fmt: on
@takes(
    out_window=Unused(1000, "Only signals have an output window."),
    min_counts=Unused(None, "nbmotif reads no signals."),
    max_counts=Unused(None, "nbmotif reads no signals."),
    target_idx=Unused(0, "nbmotif reads no signals."),
    alphabet=ALPHABET,
    n_jobs=N_JOBS,
    return_packed=UNPACKED,
)
def extract_loci(
    loci: Loci | Sequence[Loci],
    sequences: Genome,
    signals: None = None,
    in_signals: None = None,
    chroms: Sequence[str | int] | str | None = None,
    in_window: int = 2114,
    *,
    max_jitter: int = 0,
    n_loci: int | None = None,
    summits: bool = False,
    ignore: Iterable[str] = ("N",),
    exclusion_lists: Loci | Sequence[Loci] | None = None,
    return_mask: bool = False,
    return_loci: bool = False,
    verbose: bool = False,
) -> torch.Tensor | tuple[Any, ...]:
    """Cut a window of the genome around the middle, or the summit, of each locus.

    Parameters
    ----------
    loci
        A BED or narrowPeak file, also gzipped, or a DataFrame whose columns are called chrom, start and end, or whose
        first three columns are these. Several of them are interleaved. Coordinates are 0-based, half-open.
    sequences
        A FASTA file, plain or compressed by bgzip, which is indexed beside itself where that is allowed; an open
        ``pyfaidx.Fasta``; or a mapping of chromosome to letters or to one-hot of shape (4, L).
    signals, in_signals
        Not supported: bigWig files are not read.
    chroms
        Use only the loci on these chromosomes, or on this one. Default: all.
    in_window
        Width of the windows, w. A window is ``[mid - w // 2, mid + w // 2 + w % 2)`` where mid is
        ``start + (end - start) // 2``.
    max_jitter
        Bases to add on either side.
    n_loci
        Stop after this many windows. Default: no limit.
    summits
        Whether the middle is ``start`` plus the summit: a column called summit or peak, or the tenth (narrowPeak).
    ignore
        Letters that become a column of zeros; the case does not matter.
    exclusion_lists
        Leave out loci whose window overlaps one of these regions, given as ``loci`` are.
    return_mask
        Whether to also return which loci were cut.
    return_loci
        Whether to also return the coordinates of the windows.
    verbose
        Whether to show a progress bar.

    Returns
    -------
    X
        int8, shape (n, 4, w + 2 * max_jitter), in the order of the loci.
    windows
        If ``return_loci``: a DataFrame with one row per sequence: chrom, start and end of the window, and locus_idx,
        the row of the locus among those given.
    mask
        If ``return_mask``: a bool tensor with one value per locus given, True where it was cut.

    Raises
    ------
    InvalidArgument
        If an argument, a locus or a letter of the genome cannot be used, or if no locus is left.
    InvalidFile
        If a file is not what it should be.

    Warns
    -----
    NbmotifWarning
        If windows reach over the edge of their chromosome: these loci are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from nbmotif import extract_loci
    >>> peaks = pd.DataFrame({"chrom": ["chr1"], "start": [4], "end": [7]})
    >>> X, windows = extract_loci(peaks, {"chr1": "ACGTACGTACGT"}, in_window=4, return_loci=True)
    >>> windows
      chrom  start  end  locus_idx
    0  chr1      3    7          0
    """
    _refuse_signals(signals, in_signals)
    in_window, max_jitter = check_whole(in_window, "in_window", least=1), check_whole(max_jitter, "max_jitter", least=0)
    n_loci = None if n_loci is None else check_whole(n_loci, "n_loci", least=1)
    table = _interleaved(loci, "loci", with_summits=summits)
    with _open_genome(sequences, ignore) as genome:
        named = None if chroms is None else [chroms] if isinstance(chroms, str) else [str(chrom) for chrom in chroms]
        wanted = np.ones(len(table), dtype=bool) if named is None else table["chrom"].isin(named)
        windows = _windows(table[np.asarray(wanted)], in_window, max_jitter)
        _check_chromosomes(windows, genome.lengths)
        fits = _fits(windows, genome.lengths)
        included = np.ones(len(windows), dtype=bool)
        if exclusion_lists is not None:
            included = ~_overlaps(windows, _interleaved(exclusion_lists, "exclusion_lists"))
        kept = windows[fits & included][:n_loci].reset_index(drop=True)
        if kept.empty:
            _refuse_nothing(table, windows, fits, included)
        _report_edges(windows[~fits], len(table))
        X = from_codes(_read_windows(kept, genome, verbose))
    mask = np.zeros(len(table), dtype=bool)
    mask[kept["locus_idx"]] = True
    extras = [kept] * return_loci + [torch.from_numpy(mask)] * return_mask
    return (X, *extras) if extras else X


def _refuse_signals(signals: object, in_signals: object) -> None:
    for name, value in (("signals", signals), ("in_signals", in_signals)):
        if value is not None:
            hint = "nbmotif reads sequences only; tangermeme.io.extract_loci reads bigWig files."
            raise InvalidArgument(name, type(value).__name__, "None", hint)


def _interleaved(given: Loci | Sequence[Loci], name: str, with_summits: bool = False) -> pd.DataFrame:
    """Read loci, one table or several by turns, as chrom, start, end and perhaps summit, numbered from 0."""
    several: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
    if not several:
        raise InvalidArgument(name, "an empty list", "loci")
    tables = [read_intervals(one, name, with_summits) for one in several]
    if len(tables) == 1:
        return tables[0]
    turns = np.concatenate([np.arange(len(table)) for table in tables])
    order = np.argsort(turns, kind="stable")
    return pd.concat(tables, ignore_index=True).iloc[order].reset_index(drop=True)


def _windows(table: pd.DataFrame, width: int, jitter: int) -> pd.DataFrame:
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    middle = start + table["summit"].to_numpy() if "summit" in table else start + (end - start) // 2
    first = middle - width // 2 - jitter
    columns = {"chrom": table["chrom"], "start": first, "end": first + width + 2 * jitter}
    return pd.DataFrame({**columns, "locus_idx": table.index.to_numpy()})


def _check_chromosomes(windows: pd.DataFrame, lengths: Mapping[str, int]) -> None:
    known = windows["chrom"].isin(list(lengths)).to_numpy()
    if known.all():
        return
    locus = windows[~known].iloc[0]
    there = some([f'"{chrom}"' for chrom in lengths], 3)
    hint = f"The sequences have {there}: rename one of them, or choose with chroms."
    got = f'"{locus["chrom"]}" in row {locus["locus_idx"]}'
    raise InvalidArgument("loci", got, "on chromosomes of the sequences", hint)


def _fits(windows: pd.DataFrame, lengths: Mapping[str, int]) -> npt.NDArray[np.bool_]:
    numbers, chroms = pd.factorize(windows["chrom"])
    ends = np.array([lengths[chrom] for chrom in chroms], dtype=np.int64)[numbers]
    fits: npt.NDArray[np.bool_] = (windows["start"].to_numpy() >= 0) & (windows["end"].to_numpy() <= ends)
    return fits


def _overlaps(windows: pd.DataFrame, regions: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each window shares a base with any region: more regions begin before its end than end before it."""
    hit = np.zeros(len(windows), dtype=bool)
    regions = regions[regions["end"] > regions["start"]]
    for chrom, rows in windows.reset_index(drop=True).groupby("chrom"):
        here = regions[regions["chrom"] == chrom]
        begun = np.searchsorted(np.sort(here["start"]), rows["end"])  # regions with start < end of the window
        ended = np.searchsorted(np.sort(here["end"]), rows["start"], side="right")  # with end <= start of the window
        hit[rows.index] = begun > ended
    return hit


def _report_edges(over: pd.DataFrame, n_given: int) -> None:
    if over.empty:
        return
    rows = over["locus_idx"].tolist()
    message = (
        f"extract_loci: {len(rows)} of {n_given} loci are left out, because their window reaches over the edge of the "
        f"chromosome (row {some(rows)}); return_loci=True or return_mask=True tells which are kept."
    )
    warn(message)


def _refuse_nothing(
    table: pd.DataFrame, windows: pd.DataFrame, fits: npt.NDArray[np.bool_], included: npt.NDArray[np.bool_]
) -> None:
    elsewhere = len(table) - len(windows)
    got = (
        f"{len(table)} loci, {elsewhere} on other chromosomes than chroms, {(~fits).sum()} over an edge, "
        f"{(fits & ~included).sum()} excluded"
    )
    raise InvalidArgument("loci", got, "such that at least one is left")


def _read_windows(windows: pd.DataFrame, genome: _Chromosomes, verbose: bool) -> npt.NDArray[np.int8]:
    """Codes of each window, int8 (n, w), read in the order of the genome so that compressed blocks are read once."""
    chrom, start, end = (windows[column].to_numpy() for column in ("chrom", "start", "end"))
    order = np.lexsort((start, pd.factorize(chrom)[0]))
    width = int(end[0] - start[0])
    codes = np.empty((len(windows), width), dtype=np.int8)
    step = max(1, _AT_ONCE // width)
    with Progress(total=len(windows), desc="Loading loci", disable=not verbose) as progress:
        for rows in (order[first : first + step] for first in range(0, len(windows), step)):
            codes[rows] = genome.codes(_Windows(chrom[rows].tolist(), start[rows], end[rows]))
            progress.update(len(rows))
    return codes


@contextmanager
def _open_genome(sequences: Genome, ignore: Iterable[str]) -> Iterator[_Chromosomes]:
    table = code_table(ignore)
    if isinstance(sequences, (str, os.PathLike)):
        with open_fasta(sequences) as fasta:
            yield _fasta_chromosomes(fasta, table)
    elif isinstance(sequences, pyfaidx.Fasta):
        yield _fasta_chromosomes(sequences, table, _read_opened)
    elif isinstance(sequences, Mapping):
        yield _mapped_chromosomes({str(chrom): value for chrom, value in sequences.items()}, table)
    else:
        expected = "a FASTA file, a pyfaidx.Fasta, or a mapping of chromosome to sequence"
        raise InvalidArgument("sequences", type(sequences).__name__, expected)


def _fasta_chromosomes(
    fasta: pyfaidx.Fasta, table: npt.NDArray[np.int8], read: Callable[..., list[str]] = read_windows
) -> _Chromosomes:
    lengths = {chrom: len(fasta[chrom]) for chrom in fasta.keys()}  # noqa: SIM118 - not a dict
    return _Chromosomes(lengths, lambda windows: _encode(read(fasta, *windows), table, windows))


def _read_opened(fasta: pyfaidx.Fasta, *windows: Any) -> list[str]:
    """Read letters through what a user opened, with settings of its own."""
    return [str(fasta[chrom][start:end]) for chrom, start, end in _Windows(*windows).places()]


def _mapped_chromosomes(sequences: Mapping[str, Any], table: npt.NDArray[np.int8]) -> _Chromosomes:
    for chrom, value in sequences.items():
        shape = tuple(getattr(value, "shape", ()))
        if not isinstance(value, str) and (len(shape) != 2 or shape[0] != 4):
            got = f"{type(value).__name__} of shape {shape}"
            hint = "Did you mean its transpose?" if len(shape) == 2 and shape[1] == 4 else ""
            raise InvalidArgument(f"sequences[{chrom!r}]", got, "letters, or one-hot of shape (4, L)", hint)

    def of_one(chrom: str, start: int, end: int) -> npt.NDArray[np.int8]:
        sequence = sequences[chrom]
        if isinstance(sequence, str):
            return _encode_one(sequence[start:end], table, chrom, start, end)
        row: npt.NDArray[np.int8] = to_codes(sequence[None, :, start:end], f"sequences[{chrom!r}][None]")[0]
        return row

    lengths = {chrom: len(value) if isinstance(value, str) else value.shape[-1] for chrom, value in sequences.items()}
    return _Chromosomes(lengths, lambda windows: np.stack([of_one(*place) for place in windows.places()]))


def _encode(letters: list[str], table: npt.NDArray[np.int8], windows: _Windows) -> npt.NDArray[np.int8]:
    """Look up the codes of all windows at once; where that fails, say in which."""
    for row, (chrom, start, end) in zip(letters, windows.places(), strict=True):
        if len(row) != end - start:
            got = f"one whose {chrom}:{start}-{end} has {len(row)} letters"
            hint = "Remove the index: it will be made anew."
            raise InvalidArgument("sequences", got, "a FASTA that its index fits", hint)
    try:
        return encode_letters("".join(letters), table, "sequences").reshape(len(letters), -1)
    except InvalidArgument:
        places = zip(letters, windows.places(), strict=True)
        return np.stack([_encode_one(row, table, *place) for row, place in places])


def _encode_one(letters: str, table: npt.NDArray[np.int8], chrom: str, start: int, end: int) -> npt.NDArray[np.int8]:
    return encode_letters(
        letters, table, f"sequences[{chrom!r}][{start}:{end}]", "Name it in `ignore` to read it as N."
    )
