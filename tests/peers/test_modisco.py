"""TF-MoDISco through nbmotif against its own command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from nbmotif import one_hot_encode, pwm_consensus, random_one_hot, read_modisco, reverse_complement, substitute
from nbmotif.encoding import decode
from nbmotif.modisco import run_modisco, write_modisco_inputs

pytest.importorskip("modiscolite")
pytestmark = [pytest.mark.peers, pytest.mark.slow]

MOTIFS = {"TTGATAAGG": 0.5, "CACGTGAC": -0.4}


@pytest.fixture(scope="module")
def planted() -> tuple[torch.Tensor, torch.Tensor]:
    """300 sequences of 200 bp; most have a positive and a negative motif, on either strand."""
    rng = np.random.default_rng(0)
    X = random_one_hot((300, 4, 200), random_state=0)
    X_attr = torch.from_numpy(rng.normal(0, 0.01, X.shape)).float()
    for i in range(len(X)):
        for start, (motif, strength) in zip((30, 110), MOTIFS.items(), strict=True):
            if rng.random() < 0.2:
                continue
            letters = motif if rng.random() < 0.5 else reverse_complement(motif)
            first = start + int(rng.integers(0, 50))
            X[i : i + 1] = substitute(X[i : i + 1], letters, first)
            one_hot = one_hot_encode(letters).float()
            X_attr[i, :, first : first + len(letters)] += strength * (4 * one_hot - 1) / 3
    return X, X_attr


@pytest.mark.filterwarnings("default")
def test_run_modisco__finds_what_the_command_line_finds(
    planted: tuple[torch.Tensor, torch.Tensor], tmp_path: Path
) -> None:
    X, X_attr = planted
    patterns = run_modisco(X, X_attr, path=tmp_path / "ours.h5", window=180)
    sequences, attributions = write_modisco_inputs(tmp_path, X, X_attr)
    script = Path(sys.executable).with_name("modisco")
    files = ["-s", str(sequences), "-a", str(attributions), "-o", str(tmp_path / "theirs.h5")]
    subprocess.run([sys.executable, str(script), "motifs", *files, "-n", "20000", "-w", "180"], check=True)
    theirs = read_modisco(tmp_path / "theirs.h5", length=200)
    assert patterns == theirs
    assert patterns.seqlets.equals(theirs.seqlets)

    # every pattern is a planted motif, and nearly every seqlet lies on one
    for name, pwm in patterns.items():
        (consensus,) = decode(pwm_consensus(pwm)[None])
        assert any(consensus in either for motif in MOTIFS for either in (motif, reverse_complement(motif)))
        seqlets = patterns.patterns[name].seqlets
        cut = [decode(X[i : i + 1, :, start:end])[0] for i, start, end, _ in seqlets.itertuples(index=False)]
        read = [s if strand == "+" else reverse_complement(s) for s, strand in zip(cut, seqlets["strand"], strict=True)]
        assert np.mean([letters == consensus for letters in read]) > 0.9
    signs = {name: np.sign(cwm.sum().item()) for name, cwm in patterns.cwms.items()}
    assert {sign for name, sign in signs.items() if name.startswith("pos")} == {1}
    assert {sign for name, sign in signs.items() if name.startswith("neg")} == {-1}
