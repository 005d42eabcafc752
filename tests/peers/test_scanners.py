"""FIMO against MEME's own (through pymemesuite) and against lightmotif."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nbmotif import MotifSet, fimo, write_meme
from nbmotif.kernels.fimo_tables import RESOLUTION, fimo_tables

if TYPE_CHECKING:
    from nbmotif.hits import Hits

pytestmark = pytest.mark.peers
THRESHOLD = 1e-3
UNIFORM = np.full(4, 0.25)


@pytest.fixture(scope="module")
def motifs() -> MotifSet:
    rng = np.random.default_rng(0)
    widths = [6, 7, 8, 9, 10, 11, 12, 14, 17, 21, 26] * 2
    pwms = {
        f"w{width} {i}": rng.multinomial(40, rng.dirichlet([0.3] * 4), size=width).T / 40
        for i, width in enumerate(widths)
    }
    return MotifSet({name: rng.permuted(pwm, axis=0) for name, pwm in pwms.items()})


@pytest.fixture(scope="module")
def texts() -> list[str]:
    rng = np.random.default_rng(1)
    return ["".join(rng.choice(list("ACGT"), size=n)) for n in (3000, 700, 5000, 26)]


def places(hits: Hits, motif: int) -> dict[tuple[int, int, int], tuple[float, float, float]]:
    """Score, p and q by sequence, start and strand (1 or -1)."""
    rows = slice(hits.offsets[motif], hits.offsets[motif + 1])
    where = zip(hits.sequence_idx[rows].tolist(), hits.start[rows].tolist(), hits.strand[rows].tolist(), strict=True)
    columns = (column[rows].tolist() for column in (hits.score, hits.p_value, hits.q_value))
    return dict(zip(where, zip(*columns, strict=True), strict=True))


def test_fimo__equals_memes_own_up_to_its_rounding(motifs, texts, tmp_path):
    """MEME rounds each entry to a thousandth of a motif's range, about 0.01 bit, so p-values differ by a few %."""
    common, peer = pytest.importorskip("pymemesuite.common"), pytest.importorskip("pymemesuite.fimo")
    # smoothed beforehand: MEME spreads pseudocounts by a background of its own
    motifs = MotifSet({name: (pwm + 0.0005) / 1.002 for name, pwm in motifs.items()})
    write_meme(tmp_path / "motifs.meme", motifs)
    # it never scores the last window, so each sequence gets one more letter
    sequences = [common.Sequence(text + "N", name=str(i).encode()) for i, text in enumerate(texts)]
    background = common.Background.from_uniform(common.Alphabet.dna())
    ours = fimo(motifs, texts, threshold=THRESHOLD, pseudocount=0)
    only_one, ratios, q_ratios, differences = 0, [], [], []
    file = common.MotifFile(str(tmp_path / "motifs.meme"), pseudocount=0)
    for i, motif in enumerate(file):
        scan = peer.FIMO(both_strands=True, threshold=THRESHOLD).score_motif(motif, sequences, background)
        theirs = {
            (int(e.source.accession), min(e.start, e.stop) - 1, 1 if e.strand == "+" else -1): e
            for e in scan.matched_elements
        }
        found = places(ours, i)
        only_one += len(found.keys() ^ theirs.keys())
        for place in found.keys() & theirs.keys():
            score, p, q = found[place]
            ratios.append(p / theirs[place].pvalue)
            q_ratios.append(q / theirs[place].qvalue)
            differences.append((score - theirs[place].score) / motifs.widths[i])
    file.close()
    assert len(ratios) > 300
    assert only_one <= 0.02 * len(ratios)
    assert abs(np.median(ratios) - 1) < 1e-3
    assert np.abs(np.log(ratios)).max() < np.log(1.1)
    assert np.abs(np.log(q_ratios)).max() < np.log(1.1)
    assert np.abs(differences).max() < 0.006  # half a step of MEME's, and half of ours, per column


@pytest.mark.parametrize("path", [None, "plain"])
def test_fimo__hits_are_lightmotifs_at_the_same_score(motifs, texts, path, monkeypatch):
    """Windows whose score lies within our rounding of the cut are left out: lightmotif adds 32-bit floats."""
    lightmotif = pytest.importorskip("lightmotif")
    if path:
        monkeypatch.setenv("NBMOTIF_SIMD", path)
    pseudocount = 4e-4
    tables = fimo_tables(motifs.pwms, UNIFORM, pseudocount, THRESHOLD)
    ours = fimo(motifs, texts, threshold=THRESHOLD, pseudocount=pseudocount)
    striped = [lightmotif.stripe(text) for text in texts]
    compared = 0
    for i, pwm in enumerate(motifs.pwms):
        odds = np.log2((pwm + pseudocount / 4) / (1 + pseudocount) / 0.25)
        cut = float(tables.tops[i] - tables.budgets[i] - 0.5) * RESOLUTION
        unsure = (pwm.shape[1] / 2 + 1) * RESOLUTION
        theirs = {
            (n, hit.position, strand): hit.score
            for strand, matrix in ((1, odds), (-1, odds[::-1, ::-1]))
            for n, sequence in enumerate(striped)
            for hit in lightmotif.scan(_scoring(lightmotif, matrix), sequence, threshold=cut - unsure)
        }
        found = places(ours, i)
        clear = {place for place, score in theirs.items() if score > cut + unsure}
        assert clear <= found.keys() <= theirs.keys()
        for place in found:
            assert found[place][0] == pytest.approx(theirs[place], abs=unsure)
        compared += len(clear)
    assert compared > 300


def _scoring(lightmotif, matrix):
    rows = {letter: matrix[c].tolist() for c, letter in enumerate("ACGT")}
    return lightmotif.ScoringMatrix({**rows, "N": [-1e4] * matrix.shape[1]})
