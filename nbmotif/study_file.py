"""The file of a study: HDF5, so that it can be read years later with any tool."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
import torch

from nbmotif.arguments import check_file, out_of_array
from nbmotif.encoding import from_codes, to_codes
from nbmotif.errors import InvalidArgument, InvalidFile
from nbmotif.hits import Hits
from nbmotif.motifs import MotifSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbmotif.outputs import Target
    from nbmotif.study_results import StudyResults

_FORMAT, _VERSION = "nbmotif study", 2
_FRAMES = ("loci", "seqlets", "marginal")
_HIT_COLUMNS = ("motif_idx", "sequence_idx", "start", "strand", "score", "p_value", "attribution", "n_windows")
_PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


def write_study(study: StudyResults, path: Path) -> Path:
    """Write everything but the model.

    Parameters
    ----------
    study
        The study.
    path
        The file; replaced if it is there.

    Returns
    -------
    The path.
    """
    target = None if callable(study.target) else study.target
    weights = {stage: basis.weights for stage, basis in study.bases.items()}
    facts = {
        "name": study.name,
        "target": target,
        "random_state": study.random_state,
        "settings": study.settings,
        "weights": weights,
    }
    unfinished = path.with_name(path.name + ".part")
    try:
        with h5py.File(unfinished, "w") as file:
            file.attrs.update(format=_FORMAT, version=_VERSION, facts=json.dumps(facts, default=_plain))
            _write_results(file, study)
        # a write that was interrupted leaves the old file whole
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _write_results(file: h5py.File, study: StudyResults) -> None:
    file.create_dataset("codes", data=to_codes(study.X), **_PACKED)
    motifs = file.create_group("motifs")
    motifs["names"], motifs["widths"] = study.motifs.names, study.motifs.widths
    motifs["pwms"] = np.concatenate(study.motifs.pwms, axis=1)
    for i, arg in enumerate(study.args):
        _write_tensor(file, f"args/{i}", arg)
    if study.hypothetical is not None:
        _write_tensor(file, "hypothetical", study.hypothetical)
    for name in _FRAMES:
        if getattr(study, name) is not None:
            _write_frame(file.create_group(name), getattr(study, name))
    if study.hits is not None:
        _write_hits(file.create_group("hits"), study.hits)


def _plain(value: Any) -> Any:
    """Write a number of numpy or torch as a number, and anything else as text."""
    number = out_of_array(value)
    return str(value) if number is value else number


class SavedStudy(NamedTuple):
    """What is in the file of a study.

    Attributes
    ----------
    arguments
        Those of the study's constructor, but for the model.
    results
        Attribute of the study to its value.
    weights
        Stage that ran the model to the checksum of the model's weights.
    """

    arguments: dict[str, Any]
    results: dict[str, Any]
    weights: dict[str, int | None]


@contextmanager
def read_study(path: Path) -> Iterator[SavedStudy]:
    """Read what ``write_study`` wrote, and blame the file for what is refused while a study is made of it.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    What is in it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidFile
        If the file is no study, one of another version, or damaged.
    """
    path = check_file(path, "path")
    if not path.is_file() or not h5py.is_hdf5(path):
        raise InvalidFile(path, "not a study that nbmotif saved", "Pass the file that `study.save(path)` wrote.")
    try:
        with h5py.File(path) as file:
            if file.attrs.get("format") != _FORMAT:
                hint = "TF-MoDISco's h5 is read by `read_modisco`."
                raise InvalidFile(path, "an HDF5 file, but no nbmotif study", hint)
            version = file.attrs["version"]
            if version > _VERSION:
                raise InvalidFile(path, f"written by a later nbmotif (format {version})", "Update nbmotif.")
            if version < _VERSION:
                raise InvalidFile(path, f"written before the first release (format {version})", "Run the study again.")
            yield _read(file)
    except InvalidFile:
        raise
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise InvalidFile(path, f"damaged or not complete ({error})", "Save the study again.") from error


def _read(file: h5py.File) -> SavedStudy:
    facts = json.loads(file.attrs["facts"])
    X, motifs = _one_hot(file["codes"][:]), _read_motifs(file["motifs"])
    frames = {name: _read_frame(file[name]) if name in file else None for name in _FRAMES}
    arguments = {
        "X": X,
        "motifs": motifs,
        "loci": frames.pop("loci"),
        "name": facts["name"],
        "args": [_read_tensor(file[f"args/{i}"]) for i in range(len(file.get("args", ())))],
        "target": _target_of(facts["target"]),
        "random_state": facts["random_state"],
    }
    results: dict[str, Any] = {"settings": facts["settings"], **frames}
    results["numbering"] = {"annotate": motifs.names, "scan": motifs.names}
    if "hypothetical" in file:
        results["hypothetical"] = _read_tensor(file["hypothetical"])
        is_right = results["hypothetical"].shape == X.shape
        _check(is_right, "attributions are not of the shape of the sequences")
    seqlets = frames["seqlets"]
    if seqlets is not None:
        _check_range(seqlets["example_idx"], 0, len(X), "sequences of seqlets")
        if "motif_idx" in seqlets:
            _check_range(seqlets["motif_idx"], -1, len(motifs), "motifs of seqlets")
    if "hits" in file:
        results["hits"] = _read_hits(file["hits"], motifs)
        _check(results["hits"].n_sequences == len(X), "hits are those of other sequences")
    return SavedStudy(arguments, results, facts.get("weights", {}))


def _check(is_right: bool, problem: str) -> None:
    if not is_right:
        raise ValueError(problem)


def _check_range(values: pd.Series[Any], low: int, high: int, what: str) -> None:
    _check(bool(values.between(low, high - 1).all()), f"there are {what} beyond {low} to {high - 1}")


def _target_of(saved: Any) -> Target:
    return tuple(saved) if isinstance(saved, list) else _not_in_the_file if saved is None else saved


def _not_in_the_file(_y: Any) -> Any:
    """Stand for a target that was a function, which a file cannot hold."""
    hint = "Set it again: study.target = …."
    raise InvalidArgument("target", "a study whose file cannot hold it", "the function that it was", hint)


def _write_tensor(file: h5py.File, name: str, tensor: torch.Tensor) -> None:
    values = tensor.detach().cpu()
    few_bits = values.dtype == torch.bfloat16  # which numpy does not know
    dataset = file.create_dataset(name, data=(values.float() if few_bits else values).numpy(), **_PACKED)
    dataset.attrs["is_bfloat16"] = few_bits


def _read_tensor(dataset: h5py.Dataset) -> torch.Tensor:
    values = torch.from_numpy(dataset[:])
    return values.bfloat16() if dataset.attrs.get("is_bfloat16", False) else values


def _one_hot(codes: np.ndarray) -> torch.Tensor:
    _check(codes.ndim == 2 and codes.min() >= -1 and codes.max() <= 3, "sequences have other letters than A C G T N")
    return from_codes(codes)


def _write_frame(group: h5py.Group, frame: pd.DataFrame) -> None:
    """Write each column under its place, since names may be numbers or hold a slash; what is not a number as text."""
    group.attrs["columns"] = json.dumps(list(frame.columns), default=_plain)
    for i in range(frame.shape[1]):
        column = frame.iloc[:, i]
        if pd.api.types.is_numeric_dtype(column):
            is_nullable = column.isna().any() and column.dtype.kind != "f"
            group[str(i)] = column.to_numpy(np.float64, na_value=np.nan) if is_nullable else column.to_numpy()
            continue
        is_missing = column.isna().to_numpy()
        text = ["" if missing else str(value) for value, missing in zip(column, is_missing, strict=True)]
        group.create_dataset(str(i), data=text, dtype=h5py.string_dtype())
        if is_missing.any():
            group[f"{i} is missing"] = is_missing


def _read_frame(group: h5py.Group) -> pd.DataFrame:
    labels = json.loads(group.attrs["columns"])
    frame = pd.DataFrame({i: _read_column(group[str(i)]) for i in range(len(labels))})
    for i in range(len(labels)):
        if f"{i} is missing" in group:
            frame[i] = frame[i].where(~group[f"{i} is missing"][:])
    return frame.set_axis(labels, axis=1)


def _read_column(column: h5py.Dataset) -> np.ndarray | pd.Series[str]:
    is_text = h5py.check_string_dtype(column.dtype)
    return pd.Series(list(column.asstr()[:]), dtype="str") if is_text else column[:]


def _read_motifs(group: h5py.Group) -> MotifSet:
    pwms, widths = group["pwms"][:], group["widths"][:]
    _check(widths.sum() == pwms.shape[1], "motifs are not as wide as they should be")
    pwms = np.split(pwms, np.cumsum(widths)[:-1], axis=1)
    return MotifSet(dict(zip(group["names"].asstr()[:], map(torch.from_numpy, pwms), strict=True)))


def _write_hits(group: h5py.Group, hits: Hits) -> None:
    group.attrs["n_sequences"] = hits.n_sequences
    for name in _HIT_COLUMNS:
        if getattr(hits, name) is not None:
            group.create_dataset(name, data=getattr(hits, name), **_PACKED)


def _read_hits(group: h5py.Group, motifs: MotifSet) -> Hits:
    columns: dict[str, Any] = {name: group[name][:] if name in group else None for name in _HIT_COLUMNS}
    n_sequences = int(group.attrs["n_sequences"])
    return Hits(motif_names=motifs.names, motif_widths=motifs.widths, n_sequences=n_sequences, **columns)
