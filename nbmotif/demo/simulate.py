"""The truth of the demo: which motifs drive the output, how strongly, and sequences in which they are planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from nbmotif.encoding import from_codes
from nbmotif.sequences import reverse_complement

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

LENGTH = 500

# P(next base | base), rows and columns in the order A C G T, both strands averaged: measured on the first 2.3 Mb of
# hg38 chr2, so that CpG is as rare as in the genome
TRANSITIONS = np.array(
    [
        [0.307, 0.192, 0.258, 0.243],
        [0.345, 0.271, 0.068, 0.316],
        [0.270, 0.223, 0.271, 0.236],
        [0.191, 0.221, 0.281, 0.307],
    ]
)


@dataclass(frozen=True)
class Role:
    """What one motif does to the output.

    Parameters
    ----------
    motif_name
        Its name in the motif database.
    family
        The readable name of its family.
    role
        ``activator``, ``partner`` (weak alone, strong next to GATA), ``repressor`` or ``decoy`` (does nothing).
    effect
        What one fully bound site adds to the log count.
    rate
        Mean number of sites planted per sequence.
    """

    motif_name: str
    family: str
    role: str
    effect: float
    rate: float


GATA, E_BOX = "MA0037.5 Gata3", "MA0691.1 TFAP4"
ROLES = (
    Role(GATA, "GATA", "activator", 0.7, 0.8),
    Role("MA0099.4 FOS::JUN", "AP-1", "activator", 0.5, 0.7),
    Role("MA0098.4 ETS1", "ETS", "activator", 0.4, 0.7),
    Role(E_BOX, "E-box", "partner", 0.25, 0.5),
    Role("MA0138.3 REST", "REST", "repressor", -0.8, 0.4),
    Role("MA0139.2 CTCF", "CTCF", "decoy", 0.0, 0.5),
    Role("MA0600.3 RFX2", "RFX", "decoy", 0.0, 0.5),
    Role("MA0148.5 FOXA1", "FOX", "decoy", 0.0, 0.7),
)
DRIVERS = tuple(role for role in ROLES if role.effect)

# A GATA site and an E-box add SYNERGY to the log count when the E-box starts GAP bp behind GATA's TTATCT (read on the
# strand of GATA), the arrangement in which GATA1 and TAL1 bind together; less at other distances.
SYNERGY, GAP, GAP_SD, MAX_GAP = 0.7, 6, 1.5, 12
PAIR_RATE = 0.5

BASE_LOG_COUNT, LOG_NOISE = 4.0, 0.15
# A site is half bound SLACK bits below its motif's information content, the mean score of instances drawn from the PWM.
# With little slack few sites arise by chance, so that what a method finds outside of planted sites is mostly noise.
SLACK, BITS_PER_E_FOLD = 0.5, 0.5


def random_sequences(n: int, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    """Draw sequences with the dinucleotides of the genome.

    Parameters
    ----------
    n
        How many.
    rng
        The generator.

    Returns
    -------
    Base codes 0..3, int8, shape (n, LENGTH).
    """
    ladder = np.cumsum(TRANSITIONS, axis=1)[:, :3]
    draws = rng.random((n, LENGTH))
    codes = np.empty((n, LENGTH), dtype=np.int8)
    codes[:, 0] = (draws[:, 0] * 4).astype(np.int8)
    for i in range(1, LENGTH):
        codes[:, i] = (draws[:, i, None] > ladder[codes[:, i - 1]]).sum(axis=1)
    return codes


def plant(
    codes: npt.NDArray[np.int8], pwms: Mapping[str, npt.NDArray[np.float64]], rng: np.random.Generator
) -> pd.DataFrame:
    """Write instances of every motif into sequences, nowhere overlapping; ``codes`` is changed in place.

    Parameters
    ----------
    codes
        Base codes, shape (N, LENGTH).
    pwms
        Probabilities (4, w) by name, at least those of ``ROLES``.
    rng
        The generator.

    Returns
    -------
    One row per instance: ``example_idx start end strand motif_name``; 0-based, half-open, sorted by place.
    """
    n = len(codes)
    numbers = rng.poisson([role.rate for role in ROLES], size=(n, len(ROLES)))
    n_pairs = rng.poisson(PAIR_RATE, size=n)
    rows: list[tuple[int, int, int, str, str]] = []
    for i in range(n):
        blocks = [[(0, ROLES[k].motif_name, bool(rng.integers(2)))] for k in np.repeat(range(len(ROLES)), numbers[i])]
        blocks += [_pair(pwms, rng) for _ in range(n_pairs[i])]
        for start, name, is_reverse in _scatter(blocks, pwms, rng):
            letters = _instance(pwms[name], rng)
            end = start + len(letters)
            codes[i, start:end] = 3 - letters[::-1] if is_reverse else letters
            rows.append((i, start, end, "-" if is_reverse else "+", name))
    sites = pd.DataFrame(rows, columns=["example_idx", "start", "end", "strand", "motif_name"])
    return sites.sort_values(["example_idx", "start"], ignore_index=True)


Placed = tuple[int, str, bool]  # offset, motif, is on the - strand


def _pair(pwms: Mapping[str, npt.NDArray[np.float64]], rng: np.random.Generator) -> list[Placed]:
    """GATA and an E-box, mostly at the distance that they prefer."""
    gata, e_box = pwms[GATA].shape[1], pwms[E_BOX].shape[1]
    gap = int(np.clip(np.rint(rng.normal(GAP, 2 * GAP_SD)), 0, MAX_GAP))
    e_box_is_reverse = bool(rng.integers(2))
    if rng.integers(2):
        return [(0, E_BOX, e_box_is_reverse), (e_box + gap, GATA, True)]
    return [(0, GATA, False), (gata + gap, E_BOX, e_box_is_reverse)]


def _scatter(
    blocks: list[list[Placed]], pwms: Mapping[str, npt.NDArray[np.float64]], rng: np.random.Generator
) -> list[Placed]:
    """Give every block a place, in random order, all ways to share out the free bases being equally likely."""
    spans = [max(offset + pwms[name].shape[1] for offset, name, _ in block) for block in blocks]
    order = rng.permutation(len(blocks))
    free = LENGTH - sum(spans)
    while free < 0:  # too much for one sequence: leave some out
        free += spans[order[-1]]
        order = order[:-1]
    before = np.sort(rng.integers(0, free + 1, size=len(order)))
    start, placed = 0, []
    for gap, k in zip(np.diff(before, prepend=0), order, strict=True):
        start += int(gap)
        placed += [(start + offset, name, is_reverse) for offset, name, is_reverse in blocks[k]]
        start += spans[k]
    return placed


def _instance(pwm: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int8]:
    """Draw letters from a PWM, again if the instance is too weak to be bound."""
    scores = log_odds(pwm)
    columns = np.arange(pwm.shape[1])
    ladder = np.cumsum(pwm, axis=0)[:3]
    while True:
        letters: npt.NDArray[np.int8] = (rng.random(pwm.shape[1]) > ladder).sum(axis=0).astype(np.int8)
        if scores[letters, columns].sum() > half_bound(pwm):
            return letters


def log_odds(pwm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bits by which each letter speaks for the motif and against uniform letters, shape (4, w)."""
    bits: npt.NDArray[np.float64] = np.log2((pwm + 0.005) / 1.02) + 2
    return bits


def half_bound(pwm: npt.NDArray[np.float64]) -> float:
    """Score in bits at which a site is bound half of the time."""
    return float((pwm * log_odds(pwm)).sum()) - SLACK


def occupancy(codes: npt.NDArray[np.int8], pwm: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """How much of the time a factor sits at each place: a sigmoid of the motif's score.

    Parameters
    ----------
    codes
        Base codes, shape (N, L).
    pwm
        Probabilities, shape (4, w).

    Returns
    -------
    float32 between 0 and 1, shape (N, 2, L): + and - strand, by the first position of the window; 0 where the motif
    would leave the sequence.
    """
    width = pwm.shape[1]
    weights = torch.from_numpy(log_odds(pwm)).float()
    filters = torch.stack([weights, reverse_complement(weights)])
    scores = torch.nn.functional.conv1d(from_codes(codes, torch.float32), filters)
    bound = torch.sigmoid((scores - half_bound(pwm)) / BITS_PER_E_FOLD)
    return torch.nn.functional.pad(bound, (0, width - 1)).numpy()


def occupancies(
    codes: npt.NDArray[np.int8], pwms: Mapping[str, npt.NDArray[np.float64]]
) -> dict[str, npt.NDArray[np.float32]]:
    """Occupancy of each driver, by motif name; see :func:`occupancy`."""
    return {role.motif_name: occupancy(codes, pwms[role.motif_name]) for role in DRIVERS}


def log_count(
    bound: Mapping[str, npt.NDArray[np.float32]], pwms: Mapping[str, npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    """Add up what the sites do: the output without noise.

    Parameters
    ----------
    bound
        Occupancy of each driver, shape (N, 2, L).
    pwms
        Probabilities by name, for the widths.

    Returns
    -------
    Log count of each sequence, shape (N,).
    """
    total = np.full(len(bound[GATA]), BASE_LOG_COUNT)
    for role in DRIVERS:
        total += role.effect * bound[role.motif_name].max(axis=1).sum(axis=1, dtype=np.float64)
    gata, e_box = bound[GATA], bound[E_BOX].max(axis=1)
    gata_width, e_box_width = pwms[GATA].shape[1], pwms[E_BOX].shape[1]
    length = e_box.shape[1]
    for gap in range(MAX_GAP + 1):
        weight = SYNERGY * np.exp(-((gap - GAP) ** 2) / (2 * GAP_SD**2))
        behind, before = gata_width + gap, e_box_width + gap
        together = gata[:, 0, : length - behind] * e_box[:, behind:]
        together_reverse = gata[:, 1, before:] * e_box[:, : length - before]
        total += weight * (together.sum(axis=1) + together_reverse.sum(axis=1))
    return total


def observe(log_counts: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Count reads: noise from sequence to sequence and Poisson noise; log(1 + reads), float32, shape (N,)."""
    depth = np.exp(log_counts + rng.normal(0, LOG_NOISE, size=len(log_counts)))
    return np.log1p(rng.poisson(depth)).astype(np.float32)


def simulate(
    n: int, pwms: Mapping[str, npt.NDArray[np.float64]], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int8], pd.DataFrame, npt.NDArray[np.float64]]:
    """Make sequences with planted motifs.

    Parameters
    ----------
    n
        How many.
    pwms
        Probabilities (4, w) by name, at least those of ``ROLES``.
    rng
        The generator.

    Returns
    -------
    Base codes (n, LENGTH), the planted sites as :func:`plant` lists them, and the log counts without noise (n,).
    """
    codes = random_sequences(n, rng)
    sites = plant(codes, pwms, rng)
    return codes, sites, log_count(occupancies(codes, pwms), pwms)


def site_effects(
    codes: npt.NDArray[np.int8], sites: pd.DataFrame, pwms: Mapping[str, npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    """Take away each planted site in turn: what it adds to the log count, its part in synergy included.

    Parameters
    ----------
    codes
        Base codes, shape (N, L).
    sites
        As :func:`plant` lists them.
    pwms
        Probabilities by name.

    Returns
    -------
    Shape (number of sites,); 0 for decoys.
    """
    rows = sites["example_idx"].to_numpy()
    bound = {name: values[rows] for name, values in occupancies(codes, pwms).items()}
    with_site = log_count(bound, pwms)
    for name, values in bound.items():
        is_its = (sites["motif_name"] == name).to_numpy()
        values[is_its, :, sites["start"].to_numpy()[is_its]] = 0
    return with_site - log_count(bound, pwms)
