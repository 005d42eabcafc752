"""Loci against tangermeme 1.6.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif
from nbmotif.errors import NbmotifWarning

if TYPE_CHECKING:
    from pathlib import Path

io = pytest.importorskip("tangermeme.io")
pytestmark = pytest.mark.peers


@pytest.fixture
def genome(shared_data: Path, tmp_path: Path) -> Path:
    link = tmp_path / "chr22.fa"  # a link, so that the index lands here
    link.symlink_to(shared_data / "genomes" / "hg38_chr22_32000000_32300000.fa")
    return link


@pytest.fixture
def peaks() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    start = rng.integers(0, 299_000, 200)
    start[[3, 50, 51]] = 0, 10, 299_950  # over the edge
    end = start + rng.integers(1, 800, 200)
    columns = {"chrom": "chr22", "start": start, "end": end, "a": 0, "b": 0, "c": 0, "d": 0, "e": 0, "f": 0}
    return pd.DataFrame({**columns, "summit": rng.integers(0, end - start)})


@pytest.mark.parametrize(
    "settings",
    [{"in_window": 2114}, {"in_window": 101, "max_jitter": 7}, {"in_window": 500, "summits": True}, {"n_loci": 20}],
    ids=["default", "jitter", "summits", "n_loci"],
)
def test_extract_loci__cuts_the_same_windows(genome: Path, peaks: pd.DataFrame, settings: dict[str, int]) -> None:
    theirs, their_mask = io.extract_loci(peaks, str(genome), return_mask=True, **settings)
    reaches_over = len(theirs) < len(peaks)
    assert reaches_over
    with pytest.warns(NbmotifWarning, match="of 200 loci are left out"):
        ours, our_mask = nbmotif.extract_loci(peaks, genome, return_mask=True, **settings)
    assert torch.equal(ours, theirs)
    assert torch.equal(our_mask, their_mask)


def test_extract_loci__interleaves_in_the_same_order(genome: Path, peaks: pd.DataFrame) -> None:
    inner = peaks[(peaks.start > 1100) & (peaks.start < 297_000)]
    several = [inner[:20], inner[20:30], inner[30:65]]
    theirs = io.extract_loci(several, str(genome))
    assert torch.equal(nbmotif.extract_loci(several, genome), theirs)
