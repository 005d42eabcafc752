"""Opens arrays that other tools saved, so that nobody has to compute again to look."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from nbmotif.arguments import check_file
from nbmotif.arrays import as_array
from nbmotif.errors import InvalidFile

if TYPE_CHECKING:
    from collections.abc import Callable

# Where each tool keeps what: bpnet-lite and tfmodisco-lite save a lone array; ChromBPNet's and older tools' h5 hold
# groups; Fi-NeMo's regions name theirs.
_KEYS = {
    "X": ("raw/seq", "X", "ohe", "one_hot", "sequences", "arr_0"),
    "attributions": ("projected_shap/seq", "X_attr", "attributions", "contributions", "arr_0"),
    "hypothetical": ("shap/seq", "hyp_scores", "hypothetical", "contributions", "arr_0"),
}


def load_array(value: Any, name: str) -> np.ndarray[Any, Any]:
    """Return a tensor, an array, or the path of an npz, npy or h5 file as an array.

    Parameters
    ----------
    value
        What the user passed. Arrays and CPU tensors are not copied.
    name
        The argument: ``"X"``, ``"attributions"`` or ``"hypothetical"``. It decides which array of a file is read.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidFile
        If the file holds no array that is known to be of that kind.
    """
    if isinstance(value, (str, os.PathLike)):
        value = _load_file(Path(value), name)
    return as_array(value, name, "a tensor or array of numbers, or the path of an npz, npy or h5 file")


def _load_file(path: Path, name: str) -> np.ndarray[Any, Any]:
    path = check_file(path, name)
    if path.suffix not in _READERS:
        problem = f"`{name}` cannot be read from a {path.suffix or 'nameless'} file"
        raise InvalidFile(path, problem, "Use npz, npy or h5.")
    try:
        return np.asarray(_READERS[path.suffix](path, name))
    except InvalidFile:
        raise
    except (ValueError, OSError, EOFError, BadZipFile) as error:
        raise InvalidFile(path, f"it cannot be read as {path.suffix[1:]}: {str(error).rstrip('.')}") from error


def _read_npy(path: Path, name: str) -> Any:  # noqa: ARG001  every reader takes a name
    return np.load(path)


def _read_npz(path: Path, name: str) -> Any:
    with path.open("rb") as file, np.load(file) as held:
        return held[_pick(list(held), path, name)]


def _read_h5(path: Path, name: str) -> Any:
    import h5py

    with h5py.File(path) as file:
        held: list[str] = []
        file.visititems(lambda key, item: held.append(key) if hasattr(item, "shape") else None)
        return np.asarray(file[_pick(held, path, name)])


_READERS: dict[str, Callable[[Path, str], Any]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".h5": _read_h5,
    ".hdf5": _read_h5,
}


def _pick(held: list[str], path: Path, name: str) -> str:
    known = [key for key in _KEYS[name] if key in held]
    if known:
        return known[0]
    if len(held) == 1:
        return held[0]
    raise InvalidFile(
        path, f"it holds {', '.join(held) or 'no array'}; none is known as `{name}`", "Load it and pass the array."
    )
