"""Motif files against memelite 0.5.0, tangermeme 1.6.0 and pyjaspar 4.0.0."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

import nbmotif

if TYPE_CHECKING:
    from pathlib import Path

memelite_io = pytest.importorskip("memelite.io")
utils = pytest.importorskip("tangermeme.utils")
pytestmark = pytest.mark.peers


@pytest.mark.parametrize("name", ["motifs.meme.txt", "JASPAR2026_CORE_vertebrates_nr.meme"])
@pytest.mark.parametrize("n_motifs", [None, 5])
def test_read_meme__gives_the_same_numbers(shared_data: Path, name: str, n_motifs: int | None) -> None:
    theirs = memelite_io.read_meme(shared_data / "motifs" / name, n_motifs)
    ours = nbmotif.read_meme(shared_data / "motifs" / name, n_motifs)
    assert ours.names == list(theirs)
    assert all(np.array_equal(pwm, theirs[key]) for pwm, key in zip(ours.pwms, theirs, strict=True))


def test_write_meme__is_read_by_the_peer(tmp_path: Path) -> None:
    pwm = np.random.default_rng(0).dirichlet(np.ones(4), 7).T
    nbmotif.write_meme(tmp_path / "m.meme", {"MA1 one": pwm, "two": np.full((4, 2), 0.25)})
    theirs = memelite_io.read_meme(tmp_path / "m.meme")
    assert list(theirs) == ["MA1 one", "two"]
    assert np.array_equal(theirs["MA1 one"], pwm)


def test_read_meme__reads_what_the_peer_writes(tmp_path: Path) -> None:
    pwm = np.random.default_rng(0).dirichlet(np.ones(4), 7).T
    memelite_io.write_meme(tmp_path / "m.meme", {"one": pwm})
    assert np.array_equal(nbmotif.read_meme(tmp_path / "m.meme").pwms[0], pwm)


def test_pwm_consensus__agrees(shared_data: Path) -> None:
    for pwm in nbmotif.read_meme(shared_data / "motifs" / "motifs.meme.txt").values():
        assert torch.equal(nbmotif.pwm_consensus(pwm), utils.pwm_consensus(pwm))


@pytest.mark.parametrize("layout", ["jaspar", "pfm"])
def test_read__reads_what_jaspar_exports(tmp_path: Path, layout: str) -> None:
    motifs = pytest.importorskip("Bio.motifs")
    pyjaspar = pytest.importorskip("pyjaspar")
    database = pyjaspar.jaspardb(release="JASPAR2024")
    with contextlib.closing(database.conn):  # it never does so itself, of which Python 3.13 warns
        theirs = database.fetch_motifs(tf_name=["GATA2", "CTCF"], collection="CORE")
    path = tmp_path / f"export.{layout}"
    # Biopython writes one bare matrix per PFM file
    path.write_text(motifs.write(theirs if layout == "jaspar" else theirs[:1], layout))
    ours = nbmotif.MotifSet.read(path)
    for pwm, motif in zip(ours.pwms, theirs, strict=False):
        counts = np.array([motif.counts[letter] for letter in "ACGT"])
        assert np.allclose(pwm, counts / counts.sum(axis=0))
    assert len(ours) == (len(theirs) if layout == "jaspar" else 1) > 0
