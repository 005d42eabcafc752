"""A study of the vignette's size: a real motif database scanned for, and attributions as a trained model gives them.

With the shared data it is 11,443 windows of the yeast genome, the vignette's 2,193 motifs and about 18.5 million hits;
without, sequences and motifs are those that the package brings along, and fewer.
"""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import nbmotif
from nbmotif.demo.simulate import TRANSITIONS

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.hits import Hits
    from nbmotif.motifs import MotifSet

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
N_SEQUENCES, LENGTH = 11_443, 2_114
# at 1e-4 the yeast genome has 16 million hits; so it has as many as the vignette's sequences
P_THRESHOLD = 1.17e-4
# genes whose motifs the pretended model reads, and whether they raise its output
DRIVERS = {"GATA": 1, "TEAD": 1, "RUNX": 1, "CTCF": 1, "ETS": 1, "JUN": 1, "REST": -1, "ZEB": -1}
NOISE = 0.0007


def vignette_study(n_sequences: int = N_SEQUENCES, shared: Path | None = SHARED, seed: int = 0) -> dict[str, Any]:
    """Return the arguments of an Explorer.

    Parameters
    ----------
    n_sequences
        How many sequences.
    shared
        The folder of real data; None, or one that is not there, for what the package brings along.
    seed
        Of everything random: the same seed gives the same study.
    """
    rng = np.random.default_rng(seed)
    is_real = shared is not None and shared.is_dir()
    motifs = nbmotif.read_meme(shared / "motifs/motifs.meme.txt") if is_real else nbmotif.demo.load().motifs
    names, sequences = _yeast(shared, n_sequences, rng) if is_real else _simulated(n_sequences, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some motifs are too short for any hit
        hits = nbmotif.fimo(motifs, sequences, threshold=P_THRESHOLD, verbose=False)
    attributions, sites = _attributions(hits, motifs, len(sequences), rng)
    hits = hits.with_signal(attributions)
    start = np.arange(len(sequences)) * 4000 + 100_000
    return {
        "X": nbmotif.one_hot_encode(sequences, dtype="int8"),
        "attributions": attributions,
        "hits": hits,
        "seqlets": _seqlets(sites, attributions, rng),
        "motifs": motifs,
        "loci": pd.DataFrame({"chrom": names, "start": start, "end": start + LENGTH}),
        "sequence_names": [f"peak_{i:05d}" for i in range(len(sequences))],
        "name": "Vignette size",
        "fimo_p_threshold": 1e-4,
    }


def _yeast(shared: Path, n: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Cut overlapping windows of the genome, so that there are enough."""
    chromosomes: dict[str, list[str]] = {}
    with gzip.open(shared / "genomes/sacCer3.fa.gz", "rt") as lines:
        for line in lines:
            if line.startswith(">"):
                name = line[1:].split()[0]
                chromosomes[name] = []
            else:
                chromosomes[name].append(line.strip().upper())
    windows = []
    for name, parts in chromosomes.items():
        text = "".join(parts)
        windows += [(name, text[i : i + LENGTH]) for i in range(0, len(text) - LENGTH, LENGTH // 2)]
    chosen = sorted(rng.choice(len(windows), min(n, len(windows)), replace=False).tolist())
    return [windows[i][0] for i in chosen], [windows[i][1] for i in chosen]


def _simulated(n: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Draw sequences in which a base depends on the one before as in the genome."""
    cumulative = TRANSITIONS.cumsum(axis=1)
    codes = np.zeros((n, LENGTH), np.uint8)
    codes[:, 0] = rng.integers(0, 4, n)
    for i in range(1, LENGTH):
        codes[:, i] = (rng.random((n, 1)) > cumulative[codes[:, i - 1], :3]).sum(axis=1)
    letters = np.frombuffer(b"ACGT", np.uint8)[codes]
    return ["chr1"] * n, [row.tobytes().decode() for row in letters]


def _attributions(
    hits: Hits, motifs: MotifSet, n: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], pd.DataFrame]:
    """Give every second good match of the drivers a bump in the shape of its motif, and noise to the rest."""
    attributions = rng.laplace(0, NOISE, (n, LENGTH)).astype(np.float32)
    families, sites = motifs.families(), []
    for gene, sign in DRIVERS.items():
        wanted = [f for f, name in enumerate(families.names) if name.upper().startswith(gene)]
        for m in np.flatnonzero(np.isin(families.labels, wanted))[:8].tolist():
            rows = np.arange(hits.offsets[m], hits.offsets[m + 1])
            levels = hits.p_levels
            p = levels.values[levels.offsets[m] + levels.of_hit[rows]]
            keep = (p < 2e-5) & (rng.random(len(rows)) < 0.5)
            rows, p = rows[keep], p[keep]
            size = sign * rng.exponential(0.12, len(rows)) * -np.log10(p) / 5
            information = np.maximum(nbmotif.pwms.information_content(motifs.pwms[m]), 0)
            shape, strand = information / information.sum(), hits.strand[rows]
            for j in range(len(shape)):
                value = size * np.where(strand >= 0, shape[j], shape[-1 - j])
                place = (hits.sequence_idx[rows], hits.start[rows] + j)
                (np.maximum if sign > 0 else np.minimum).at(attributions, place, value.astype(np.float32))
            sites.append(
                pd.DataFrame(
                    {
                        "example_idx": hits.sequence_idx[rows],
                        "start": hits.start[rows],
                        "end": hits.start[rows] + len(shape),
                        "motif_idx": m,
                    }
                )
            )
    return attributions, pd.concat(sites, ignore_index=True)


def _seqlets(sites: pd.DataFrame, attributions: npt.NDArray[np.float32], rng: np.random.Generator) -> pd.DataFrame:
    found = sites.drop_duplicates(["example_idx", "start"]).reset_index(drop=True)
    spans = zip(found["example_idx"], found["start"], found["end"], strict=True)
    found["attribution"] = [attributions[s, start:end].sum() for s, start, end in spans]
    found["p-value"] = 10 ** rng.uniform(-6, -2, len(found))
    found["tomtom_p"] = 10 ** rng.uniform(-9, -1, len(found))
    return found
