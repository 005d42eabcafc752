"""The file of a study: HDF5, so that it can be read years later with any tool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import torch

from nbmotif.errors import InvalidFile
from nbmotif.motifs import MotifSet
from nbmotif.sequences import to_codes

if TYPE_CHECKING:
    from pathlib import Path

    from nbmotif.scanning import Hits
    from nbmotif.study import Study

_FORMAT, _VERSION = "nbmotif study", 1
_FRAMES = ("loci", "seqlets", "marginal")
_HIT_COLUMNS = ("motif_idx", "sequence_idx", "start", "strand", "score", "p_value", "attribution", "n_windows")
_PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


def write_study(study: Study, path: Path) -> Path:
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
    facts = {"name": study.name, "target": study.target, "random_state": study.random_state, "settings": study.settings}
    unfinished = path.with_name(path.name + ".part")
    with h5py.File(unfinished, "w") as file:
        file.attrs.update(format=_FORMAT, version=_VERSION, facts=json.dumps(facts, default=str))
        file.create_dataset("codes", data=to_codes(study.X), **_PACKED)
        motifs = file.create_group("motifs")
        motifs["names"], motifs["widths"] = study.motifs.names, study.motifs.widths
        motifs["pwms"] = np.concatenate(study.motifs.pwms, axis=1)
        if study.hypothetical is not None:
            file.create_dataset("hypothetical", data=study.hypothetical.numpy(), **_PACKED)
        for name in _FRAMES:
            if getattr(study, name) is not None:
                _write_frame(file.create_group(name), getattr(study, name))
        if study.hits is not None:
            _write_hits(file.create_group("hits"), study.hits)
    # a write that was interrupted leaves the old file whole
    unfinished.replace(path)
    return path


def read_study(path: Path, model: torch.nn.Module | None) -> Study:
    """Read what ``write_study`` wrote.

    Parameters
    ----------
    path
        The file.
    model
        The model that the study is given.

    Returns
    -------
    The study.

    Raises
    ------
    InvalidFile
        If the file is no study, or one of a later version.
    """
    from nbmotif.study import Study

    if not h5py.is_hdf5(path):
        raise InvalidFile(path, "not a study that nbmotif saved", "Pass the file that `study.save(path)` wrote.")
    with h5py.File(path) as file:
        if file.attrs.get("format") != _FORMAT:
            raise InvalidFile(path, "an HDF5 file, but no nbmotif study", "TF-MoDISco's h5 is read by `read_modisco`.")
        if file.attrs["version"] > _VERSION:
            raise InvalidFile(path, f"written by a later nbmotif (format {file.attrs['version']})", "Update nbmotif.")
        facts = json.loads(file.attrs["facts"])
        motifs = _read_motifs(file["motifs"])
        frames = {name: _read_frame(file[name]) if name in file else None for name in _FRAMES}
        study = Study(
            model,
            _one_hot(file["codes"][:]),
            motifs,
            frames["loci"],
            name=facts["name"],
            target=facts["target"],
            random_state=facts["random_state"],
        )
        study.settings, study.seqlets, study.marginal = facts["settings"], frames["seqlets"], frames["marginal"]
        if "hypothetical" in file:
            study.hypothetical = torch.from_numpy(file["hypothetical"][:])
        if "hits" in file:
            study.hits = _read_hits(file["hits"], motifs)
    return study


def _one_hot(codes: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((codes[:, None, :] == np.arange(4)[:, None]).astype(np.int8))


def _write_frame(group: h5py.Group, frame: pd.DataFrame) -> None:
    group.attrs["columns"] = list(frame.columns)
    for name in frame.columns:
        column = frame[name]
        is_number = pd.api.types.is_numeric_dtype(column)
        group[name] = column.to_numpy() if is_number else column.astype(str).to_list()


def _read_frame(group: h5py.Group) -> pd.DataFrame:
    return pd.DataFrame({name: _read_column(group[name]) for name in group.attrs["columns"]})


def _read_column(column: h5py.Dataset) -> np.ndarray | list[str]:
    return list(column.asstr()[:]) if h5py.check_string_dtype(column.dtype) else column[:]


def _read_motifs(group: h5py.Group) -> MotifSet:
    pwms = np.split(group["pwms"][:], np.cumsum(group["widths"][:])[:-1], axis=1)
    return MotifSet(dict(zip(_read_column(group["names"]), map(torch.from_numpy, pwms), strict=True)))


def _write_hits(group: h5py.Group, hits: Hits) -> None:
    group.attrs["n_sequences"] = hits.n_sequences
    for name in _HIT_COLUMNS:
        if getattr(hits, name) is not None:
            group.create_dataset(name, data=getattr(hits, name), **_PACKED)


def _read_hits(group: h5py.Group, motifs: MotifSet) -> Hits:
    from nbmotif.scanning import Hits

    columns: dict[str, Any] = {name: group[name][:] if name in group else None for name in _HIT_COLUMNS}
    n_sequences = int(group.attrs["n_sequences"])
    return Hits(motif_names=motifs.names, motif_widths=motifs.widths, n_sequences=n_sequences, **columns)
