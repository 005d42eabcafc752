"""TF-MoDISco: write its input, run modisco-lite, read its patterns back as motifs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
import torch

from nbmotif.arguments import check_file, check_number, check_output, check_path, check_whole
from nbmotif.encoding import as_tensor, check_sequences, describe
from nbmotif.errors import InvalidArgument, InvalidFile, warn
from nbmotif.motifs import MotifSet

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

_SIGNS = ("pos_patterns", "neg_patterns")
_SEQLET_COLUMNS = ("example_idx", "start", "end", "is_revcomp")
_OLD_FORMAT = "metacluster_idx_to_submetacluster_results"
# the defaults of `modisco motifs`, where they differ from those of its Python function
_COMMAND_LINE = {"sliding_window_size": 20, "flank_size": 5, "target_seqlet_fdr": 0.05, "n_leiden_runs": 2}


@dataclass(frozen=True)
class Pattern:
    """One pattern as TF-MoDISco found it, trimmed to where it matters.

    Attributes
    ----------
    name
        Such as "pos_patterns.pattern_0".
    ppm
        Frequencies of A C G T in its seqlets, float64, shape (4, w).
    cwm
        Contribution weight matrix: the mean attribution of its seqlets, float64, shape (4, w).
    hypothetical
        The mean of their hypothetical attributions, float64, shape (4, w).
    seqlets
        DataFrame, one row per seqlet: example_idx, start and end of the part that the trimmed pattern covers, strand
        ("-" where the reverse complement matches).
    """

    name: str
    ppm: torch.Tensor
    cwm: torch.Tensor
    hypothetical: torch.Tensor
    seqlets: pd.DataFrame


class PatternSet(MotifSet):
    """The patterns of TF-MoDISco as motifs: each is its PPM wherever motifs are taken, and more in ``patterns``.

    Parameters
    ----------
    patterns
        In the order that the set shall have.

    Attributes
    ----------
    patterns
        Name to :class:`Pattern`, of those that came from TF-MoDISco.
    """

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self.patterns: dict[str, Pattern] = {}
        found = list(patterns)
        super().__init__((pattern.name, pattern.ppm) for pattern in found)
        self.patterns.update({pattern.name: pattern for pattern in found})

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "patterns": dict(self.patterns)}

    def __setitem__(self, name: object, pwm: npt.ArrayLike | torch.Tensor) -> None:
        super().__setitem__(name, pwm)
        self.patterns.pop(str(name), None)  # what TF-MoDISco knew of a replaced pattern no longer holds

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self.patterns.pop(name, None)

    @property
    def cwms(self) -> dict[str, torch.Tensor]:
        """Contribution weight matrices by name, each (4, w), to be drawn by :func:`nbmotif.plot_logo`."""
        return {name: pattern.cwm for name, pattern in self.patterns.items()}

    @property
    def n_seqlets(self) -> pd.Series[int]:
        """Number of seqlets by name."""
        return pd.Series({name: len(pattern.seqlets) for name, pattern in self.patterns.items()}, dtype="int64")

    @property
    def seqlets(self) -> pd.DataFrame:
        """All seqlets: example_idx, start, end, strand, motif_name and motif_idx, in the order of the patterns."""
        empty = pd.DataFrame({"example_idx": [], "start": [], "end": []}, dtype="int64").assign(strand="")
        frames = [pattern.seqlets.assign(motif_name=name) for name, pattern in self.patterns.items()]
        table = pd.concat(frames, ignore_index=True) if frames else empty.assign(motif_name="")
        return table.assign(motif_idx=table["motif_name"].map({name: i for i, name in enumerate(self)}).astype("int64"))

    def subset(self, names: Iterable[str]) -> MotifSet:
        """Take some of the patterns, in the order given; KeyError if one is not here."""
        chosen = list(names)
        if all(name in self.patterns for name in chosen):
            return PatternSet(self.patterns[name] for name in chosen)
        return super().subset(chosen)


def write_modisco_inputs(
    directory: str | os.PathLike[str],
    X: torch.Tensor | npt.NDArray[Any],
    X_attr: torch.Tensor | npt.NDArray[Any],
) -> tuple[Path, Path]:
    """Write what ``modisco motifs -s sequences.npz -a attributions.npz`` reads.

    Parameters
    ----------
    directory
        Where to write ``sequences.npz`` and ``attributions.npz``; made if absent.
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T; a column of zeros is N.
    X_attr
        Hypothetical attributions, (N, 4, L): of every base at every position, not only of the one that is there.

    Returns
    -------
    The two paths. Each file holds one array of shape (N, 4, L), int8 and float32.

    Raises
    ------
    InvalidArgument
        If the arrays do not fit each other, or the attributions are not finite or not hypothetical.

    Examples
    --------
    >>> import tempfile, torch
    >>> from nbmotif import random_one_hot
    >>> from nbmotif.modisco import write_modisco_inputs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_modisco_inputs(folder, random_one_hot((2, 4, 50)), torch.randn(2, 4, 50))
    >>> [path.name for path in paths]
    ['sequences.npz', 'attributions.npz']
    """
    one_hot, attributions = _check_inputs(X, X_attr)
    folder = check_path(directory, "directory")
    if folder.exists() and not folder.is_dir():
        raise InvalidArgument("directory", f"the file {folder}", "a folder")
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "sequences.npz", folder / "attributions.npz"
    np.savez_compressed(paths[0], one_hot.astype(np.int8))
    np.savez_compressed(paths[1], attributions)
    return paths


def run_modisco(
    X: torch.Tensor | npt.NDArray[Any],
    X_attr: torch.Tensor | npt.NDArray[Any],
    path: str | os.PathLike[str] | None = None,
    window: int = 400,
    max_seqlets: int = 20_000,
    trim_threshold: float = 0.3,
    verbose: bool = False,
    **options: Any,
) -> PatternSet:
    """Discover motifs de novo with TF-MoDISco.

    Takes minutes to hours: its time grows with the number of seqlets.

    Parameters
    ----------
    X, X_attr
        As for :func:`write_modisco_inputs`.
    path
        Where to keep the h5 file, for TF-MoDISco's own reports. Default: it is not kept.
    window
        Use this many bp in the middle of the sequences; all, if they are shorter.
    max_seqlets
        The most seqlets of each sign.
    trim_threshold
        As in :func:`read_modisco`.
    verbose
        Whether modisco-lite prints how many seqlets it uses.
    options
        Further arguments of ``modiscolite.tfmodisco.TFMoDISco``. Their defaults are those of ``modisco motifs``.

    Returns
    -------
    The patterns; their seqlets count positions in X, whatever the window.

    Raises
    ------
    ImportError
        If modisco-lite is not installed: ``pip install nbmotif[modisco]``.
    InvalidArgument
        As :func:`write_modisco_inputs`; if the attributions do not have both signs, which TF-MoDISco needs; or if
        another argument cannot be used. All before the run.

    Warns
    -----
    NbmotifWarning
        If no pattern is found.

    References
    ----------
    Shrikumar et al., arXiv:1811.00416; modisco-lite 2.5.

    Examples
    --------
    >>> from nbmotif.modisco import run_modisco
    >>> patterns = run_modisco(X, X_hypothetical, "modisco.h5")  # doctest: +SKIP
    """
    try:
        from modiscolite.io import save_hdf5
        from modiscolite.tfmodisco import TFMoDISco
    except ImportError as error:
        raise ImportError("run_modisco needs modisco-lite: pip install nbmotif[modisco]") from error
    # all before the run, which takes hours
    one_hot, attributions = _check_inputs(X, X_attr)
    window, max_seqlets = check_whole(window, "window", least=1), check_whole(max_seqlets, "max_seqlets", least=1)
    trim_threshold = _check_trim(trim_threshold)
    path = None if path is None else check_output(path, "path")
    length = one_hot.shape[2]
    half = min(window, length) // 2
    middle = slice(length // 2 - half, length // 2 + half)
    settings = {**_COMMAND_LINE, "max_seqlets_per_metacluster": max_seqlets, "verbose": verbose, **options}
    one_hot, attributions = (array[:, :, middle].transpose(0, 2, 1) for array in (one_hot, attributions))
    _check_signs((one_hot * attributions).sum(axis=2), int(settings["sliding_window_size"]))
    found = TFMoDISco(one_hot=one_hot, hypothetical_contribs=attributions, **settings)
    with tempfile.TemporaryDirectory(prefix="nbmotif-") as folder:
        filename = Path(folder) / "modisco.h5" if path is None else path
        save_hdf5(str(filename), *found, 2 * half)
        patterns = _read(filename, length, trim_threshold)
    _warn_if_empty(patterns, "run_modisco")
    return patterns


def read_modisco(
    filename: str | os.PathLike[str], length: int | None = None, trim_threshold: float = 0.3
) -> PatternSet:
    """Read the patterns of a TF-MoDISco file as motifs.

    Parameters
    ----------
    filename
        The h5 file of modisco-lite.
    length
        Length L of the sequences that were given to TF-MoDISco. With it the seqlets count positions in these; without
        it, as in the file, from the start of the window in their middle that TF-MoDISco used.
    trim_threshold
        Cut off the flanks of a pattern in which no position has this share of the attribution of the strongest, as
        modisco's report does. 0 keeps all.

    Returns
    -------
    The patterns as "pos_patterns.pattern_0", …, "neg_patterns.pattern_0", …, each in the order of their number.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidFile
        If this is not a file of modisco-lite, or one that is damaged.
    InvalidArgument
        If ``length`` is less than the window that TF-MoDISco used, or ``trim_threshold`` not between 0 and 1.

    Warns
    -----
    NbmotifWarning
        If there is no pattern in it.

    Examples
    --------
    >>> from nbmotif import read_modisco
    >>> patterns = read_modisco("modisco.h5", length=2114)  # doctest: +SKIP
    >>> patterns.n_seqlets  # doctest: +SKIP
    """
    patterns = _read(filename, length, trim_threshold)
    _warn_if_empty(patterns, filename)
    return patterns


def _read(filename: str | os.PathLike[str], length: int | None, trim_threshold: float) -> PatternSet:
    trim_threshold = _check_trim(trim_threshold)
    length = None if length is None else check_whole(length, "length", least=1)
    filename = check_file(filename, "filename")
    if not h5py.is_hdf5(filename):
        raise InvalidFile(filename, "this is not an HDF5 file", "TF-MoDISco's results end in .h5.")
    with _open(filename) as file:
        if _OLD_FORMAT in file:
            hint = f"Convert it: modisco convert -i {filename.name} -o new.h5."
            raise InvalidFile(filename, "this is the format of TF-MoDISco before modisco-lite", hint)
        if not any(sign in file for sign in _SIGNS) and "window_size" not in file.attrs:
            raise InvalidFile(filename, f"it has no patterns: there is {', '.join(file) or 'nothing'} in it")
        shift = 0 if length is None else _window_start(file, filename, length)
        return PatternSet(_read_patterns(file, filename, shift, trim_threshold))


def _check_trim(trim_threshold: object) -> float:
    return check_number(trim_threshold, "trim_threshold", "a number between 0 and 1", lambda share: 0 <= share <= 1)


def _open(filename: str | os.PathLike[str]) -> h5py.File:
    try:
        return h5py.File(filename, "r")
    except OSError as error:
        raise InvalidFile(filename, f"it is damaged or was cut off ({error})") from error


def _warn_if_empty(patterns: PatternSet, source: object) -> None:
    if not patterns:
        message = f"{source}: TF-MoDISco found no pattern; it needs more than 100 seqlets of a sign."
        warn(message)


def _check_inputs(
    X: torch.Tensor | npt.NDArray[Any], X_attr: torch.Tensor | npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Both as float32 arrays of shape (N, 4, L)."""
    one_hot = check_sequences(X).detach().cpu().to(torch.float32)
    attributions = as_tensor(X_attr, "X_attr").detach().cpu().to(torch.float32)
    if attributions.shape != one_hot.shape:
        raise InvalidArgument("X_attr", describe(as_tensor(X_attr, "X_attr")), f"of X's shape {tuple(one_hot.shape)}")
    bad = (~attributions.isfinite()).nonzero()
    if len(bad):
        row, _, position = bad[0].tolist()
        raise InvalidArgument("X_attr", f"NaN or infinity in sequence {row} at position {position}", "finite")
    if not (attributions * (1 - one_hot)).any():
        hint = "Compute them with deep_lift_shap(…, hypothetical=True)."
        raise InvalidArgument("X_attr", "0 for every base that is not in X", "hypothetical attributions", hint)
    return one_hot.numpy(), attributions.numpy()


def _check_signs(attributions: npt.NDArray[np.float32], width: int) -> None:
    """Refuse attributions, (N, L), whose windows all have one sign: TF-MoDISco's null model needs both."""
    if attributions.shape[1] <= width:
        raise InvalidArgument("window", f"{attributions.shape[1]} bp", f"more than a sliding window of {width} bp")
    sums = np.cumsum(attributions, axis=1, dtype=np.float64)
    windows = sums[:, width:] - sums[:, :-width]
    if not (windows > 0).any() or not (windows < 0).any():
        hint = "TF-MoDISco takes the weaker sign as its null model."
        raise InvalidArgument("X_attr", "one sign only", "such that some windows are positive and some negative", hint)


def _window_start(file: h5py.File, filename: str | os.PathLike[str], length: int) -> int:
    window = file.attrs.get("window_size")
    if window is None:
        hint = "Leave out length, and add where the window starts yourself."
        raise InvalidFile(filename, "it does not say how wide the window was", hint)
    if window > length:
        raise InvalidArgument("length", length, f"at least the window that TF-MoDISco used, {window} bp")
    return length // 2 - int(window) // 2


def _read_patterns(
    file: h5py.File, filename: str | os.PathLike[str], shift: int, trim_threshold: float
) -> Iterator[Pattern]:
    for sign in _SIGNS:
        groups = file.get(sign, {})
        for key in sorted(groups, key=lambda key: (len(key), key)):  # pattern_2 before pattern_10
            yield _trimmed(f"{sign}.{key}", _read_pattern(groups[key], filename), shift, trim_threshold)


class _Stored(NamedTuple):
    """A pattern as it stands in the file: matrices (w, 4), and a column of its seqlets each."""

    sequence: npt.NDArray[np.float64]
    cwm: npt.NDArray[np.float64]
    hypothetical: npt.NDArray[np.float64]
    example_idx: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    is_reverse: npt.NDArray[np.int64]


def _read_pattern(group: h5py.Group, filename: str | os.PathLike[str]) -> _Stored:
    needed = ("sequence", "contrib_scores", "hypothetical_contribs", *(f"seqlets/{key}" for key in _SEQLET_COLUMNS))
    missing = [key for key in needed if key not in group]
    if missing:
        raise InvalidFile(filename, f"{group.name} is not complete: it has no {missing[0]}")
    matrices = (group[key][:].astype(np.float64) for key in needed[:3])
    stored = _Stored(*matrices, *(group[key][:].astype(np.int64) for key in needed[3:]))
    _check_pattern(stored, str(group.name), filename)
    return stored


def _check_pattern(stored: _Stored, name: str, filename: str | os.PathLike[str]) -> None:
    matrices, columns, width = stored[:3], stored[3:], len(stored.cwm)
    if any(matrix.shape != (width, 4) for matrix in matrices):
        raise InvalidFile(filename, f"{name} has matrices of different shapes, or not of shape (w, 4)")
    if not all(np.isfinite(matrix).all() for matrix in matrices):
        raise InvalidFile(filename, f"{name} has NaN or infinite values", "Were the attributions finite?")
    if len({len(column) for column in columns}) > 1:
        raise InvalidFile(filename, f"{name} has more of one column of its seqlets than of another")
    if (stored.start < 0).any() or (stored.example_idx < 0).any():
        raise InvalidFile(filename, f"{name} has seqlets that begin before their sequence")
    if (stored.end - stored.start != width).any():
        raise InvalidFile(filename, f"{name} has seqlets that are not as long as the pattern, {width} bp")


def _trimmed(name: str, stored: _Stored, shift: int, trim_threshold: float) -> Pattern:
    """Cut off flanks without attribution, of the matrices and of every seqlet; move seqlets by ``shift``."""
    weight = np.abs(stored.cwm).sum(axis=1)
    strong = np.flatnonzero(weight >= trim_threshold * weight.max())
    first, last = int(strong[0]), int(strong[-1]) + 1
    is_reverse = stored.is_reverse == 1
    # what trimming took away on the left of the + strand
    start = stored.start + np.where(is_reverse, len(weight) - last, first) + shift
    columns = {"example_idx": stored.example_idx, "start": start, "end": start + last - first}
    seqlets = pd.DataFrame({**columns, "strand": np.where(is_reverse, "-", "+")})
    sums = stored.sequence.sum(axis=1, keepdims=True)
    ppm = np.where(sums > 0, stored.sequence / np.where(sums > 0, sums, 1), 0.25)
    kept = [torch.from_numpy(matrix[first:last].T.copy()) for matrix in (ppm, stored.cwm, stored.hypothetical)]
    return Pattern(name, kept[0], kept[1], kept[2], seqlets)
