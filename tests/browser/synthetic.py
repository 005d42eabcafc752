"""A study without a model, made in a blink: planted motifs, attributions that rise at them, hits and seqlets.

It is imported by the tests, and by the notebooks that the tests run in JupyterLab.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nbmotif import Explorer

N, L = 12, 2114
# name, family, consensus, mean attribution per base where it is planted
MOTIFS = [
    ("GATA1_MA0035", "GATA", "AGATAAGA", 0.30),
    ("GATA2_MA0036", "GATA", "AGATAAG", 0.26),
    ("Gata4_MA0482", "GATA", "TCTTATCT", 0.22),
    ("TAL1_MA0091", "E-box", "CAGCTGTT", 0.18),
    ("MYOD1_MA0499", "E-box", "GCAGCTGTC", 0.12),
    ("KLF1_MA0493", "KLF/SP", "GGGTGTGGC", 0.15),
    ("SP1_MA0079", "KLF/SP", "GGGGCGGGG", 0.08),
    ("ZEB1_MA0103", "ZEB", "CACCTGT", -0.20),
    ("GFI1B_MA0483", "GFI", "AAATCACAGC", -0.25),
    ("JUN_MA0488", "AP-1", "ATGACTCAT", 0.10),
    ("CTCF_MA0139", "CTCF", "CCACCAGGGGGCGCTA", 0.05),
    ("ZNF384_MA1125", "passenger", "AAAAAAAAAA", 0.0),
]
NAMES = [name for name, *_ in MOTIFS]


def pieces(n: int = N, length: int = L, seed: int = 0) -> dict[str, Any]:
    """Arguments of an Explorer."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length))
    observed = rng.normal(0, 0.002, (n, length)).astype(np.float32)
    hits, seqlets = [], []
    for s in range(n):
        taken = np.zeros(length, bool)
        for m in rng.choice(len(MOTIFS), 60):
            _, _, consensus, strength = MOTIFS[m]
            width = len(consensus)
            # most sites are near the middle, where a peak's summit is
            start = int(np.clip(rng.normal(length / 2, length / 8), 30, length - 30))
            if taken[start - 5 : start + width + 5].any():
                continue
            taken[start : start + width] = True
            strand = rng.choice([-1, 1])
            letters = ["ACGT".index(base) for base in consensus]
            codes[s, start : start + width] = letters if strand > 0 else [3 - letter for letter in reversed(letters)]
            peak = strength * np.hanning(width + 2)[1:-1] * rng.uniform(0.2, 1.6)
            observed[s, start : start + width] += peak.astype(np.float32)
            hits.append((m, s, start, strand, 10 ** rng.uniform(-7.5, -4.001)))
            if abs(strength) > 0.1:
                best = m if rng.random() < 0.85 else int(rng.integers(len(MOTIFS)))
                seqlets.append(
                    (s, start - 1, start + width, 10 ** rng.uniform(-6, -2.001), best, 10 ** rng.uniform(-9, -1))
                )
    for m in rng.choice(len(MOTIFS), 40 * n, p=_decoy_probabilities()):  # matches that do nothing
        start = int(rng.integers(0, length - 20))
        hits.append((m, int(rng.integers(n)), start, rng.choice([-1, 1]), 10 ** rng.uniform(-5, -4.001)))
    X = (codes[:, None, :] == np.arange(4)[:, None]).astype(np.int8)
    hypothetical = (rng.normal(0, 0.01, (n, 4, length)) * (1 - X)).astype(np.float32) + X * observed[:, None]
    return {
        "X": X,
        "attributions": X * observed[:, None],
        "hypothetical": hypothetical,
        "hits": _hits_frame(hits, observed),
        "seqlets": _seqlets_frame(seqlets, observed),
        "motifs": {name: _pwm(consensus) for name, _, consensus, _ in MOTIFS},
        "families": {name: family for name, family, *_ in MOTIFS},
        "marginal": {name: 3 * strength for name, _, _, strength in MOTIFS[:-1]},
        "loci": pd.DataFrame({"chrom": "chr8", "start": 127_735_000 + 5000 * np.arange(n), "end": 0}).assign(
            end=lambda frame: frame["start"] + length
        ),
        "sequence_names": [f"peak_{s:04d}" for s in range(n)],
        "name": "GATA2 K562",
    }


def two_models() -> dict[str, Any]:
    """The study's attributions, and those of a model that does not use GATA."""
    made = pieces()
    gata = np.array([family == "GATA" for _, family, *_ in MOTIFS])
    off = made["attributions"].copy()
    hits = made["hits"]
    for s, start, end in hits.loc[gata[hits["motif_idx"]], ["sequence_name", "start", "end"]].to_numpy():
        off[s, :, start:end] = 0
    return {"attributions": {"K562": made["attributions"], "HepG2": off}, "hypothetical": None}


def many_hits(n_hits: int, seed: int = 0) -> pd.DataFrame:
    """Hits at random places, more than one message holds."""
    rng = np.random.default_rng(seed)
    motif = rng.integers(0, len(MOTIFS), n_hits)
    start = rng.integers(0, L - 30, n_hits)
    return pd.DataFrame(
        {
            "motif_name": np.array(NAMES)[motif],
            "sequence_name": rng.integers(0, N, n_hits),
            "start": start,
            "end": start + np.array([len(consensus) for _, _, consensus, _ in MOTIFS])[motif],
            "strand": rng.choice(["+", "-"], n_hits),
            "p-value": rng.choice(np.geomspace(1e-8, 1e-4, 100), n_hits),
            "attribution": rng.normal(0, 0.01, n_hits) * np.exp(rng.normal(0, 1, n_hits)),
        }
    )


def explorer(**arguments: Any) -> Explorer:
    """An Explorer of the synthetic study, with a row per motif unless asked otherwise."""
    return Explorer(**{**pieces(), "by_family": False, **arguments})


def _decoy_probabilities() -> np.ndarray:
    weight = np.ones(len(MOTIFS))
    weight[-1] = 12  # poly-A matches everywhere
    return weight / weight.sum()


def _pwm(consensus: str) -> np.ndarray:
    certain = np.array([[base == letter for base in consensus] for letter in "ACGT"], float)
    certainty = 0.5 + 0.45 * np.hanning(len(consensus) + 4)[2:-2]
    return certain * certainty + (1 - certain) * (1 - certainty) / 3


def _hits_frame(hits: list[tuple[Any, ...]], observed: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(hits, columns=["motif_idx", "sequence_name", "start", "strand", "p-value"])
    frame["motif_name"] = np.array(NAMES)[frame["motif_idx"]]
    frame["end"] = frame["start"] + np.array([len(consensus) for _, _, consensus, _ in MOTIFS])[frame["motif_idx"]]
    sites = zip(frame["sequence_name"], frame["start"], frame["end"], strict=True)
    frame["attribution"] = [observed[s, start:end].sum() for s, start, end in sites]
    return frame


def _seqlets_frame(seqlets: list[tuple[Any, ...]], observed: np.ndarray) -> pd.DataFrame:
    columns = ["example_idx", "start", "end", "p-value", "motif_idx", "tomtom_p"]
    frame = pd.DataFrame(seqlets, columns=columns)
    sites = zip(frame["example_idx"], frame["start"], frame["end"], strict=True)
    frame["attribution"] = [observed[s, start:end].sum() for s, start, end in sites]
    return frame
