"""TF-MoDISco: write its input, run modisco-lite, read its patterns back as motifs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbmotif.arguments import check_output, check_path, check_whole
from nbmotif.encoding import as_tensor, check_sequences, describe
from nbmotif.errors import InvalidArgument
from nbmotif.modisco_files import Pattern as Pattern
from nbmotif.modisco_files import check_trim, read_patterns
from nbmotif.motifs import PatternSet as PatternSet

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

# the defaults of `modisco motifs`, where they differ from those of its Python function
_COMMAND_LINE = {"sliding_window_size": 20, "flank_size": 5, "target_seqlet_fdr": 0.05, "n_leiden_runs": 2}


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
    trim_threshold = check_trim(trim_threshold)
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
        return PatternSet(read_patterns(filename, length, trim_threshold, "run_modisco"))


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
    return PatternSet(read_patterns(filename, length, trim_threshold))


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
