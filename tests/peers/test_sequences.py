"""Sequences against tangermeme 1.6.0."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch

import nbmotif

ersatz = pytest.importorskip("tangermeme.ersatz")
utils = pytest.importorskip("tangermeme.utils")
pytestmark = pytest.mark.peers


@pytest.mark.parametrize(
    "probs",
    [None, [0.3, 0.2, 0.2, 0.3], np.array([[0.29, 0.21, 0.21, 0.29]]), np.full((3, 4), 0.25)],
    ids=["none", "list", "row", "each"],
)
def test_random_one_hot__draws_the_same_sequences(probs: object) -> None:
    theirs = utils.random_one_hot((3, 4, 300), probs=probs, random_state=5)
    assert torch.equal(nbmotif.random_one_hot((3, 4, 300), probs=probs, random_state=5), theirs)  # type: ignore[arg-type]


def test_random_one_hot__continues_a_given_generator() -> None:
    ours, theirs = np.random.RandomState(4), np.random.RandomState(4)
    for _ in range(2):
        expected = utils.random_one_hot((2, 4, 50), random_state=theirs)
        assert torch.equal(nbmotif.random_one_hot((2, 4, 50), random_state=ours), expected)


def test_one_hot_encode__agrees() -> None:
    assert torch.equal(nbmotif.one_hot_encode("GATTACANN"), utils.one_hot_encode("GATTACANN"))


def test_reverse_complement__agrees() -> None:
    X = nbmotif.random_one_hot((1, 4, 31), random_state=0)
    assert torch.equal(nbmotif.reverse_complement(X[0]), utils.reverse_complement(X[0]))
    assert nbmotif.reverse_complement("GATTACAN") == utils.reverse_complement("GATTACAN")


@pytest.mark.parametrize("start", [None, 0, 7, 92])
@pytest.mark.parametrize("motif", ["GATTACAA", "GNNTACAA"])
def test_substitute__agrees(motif: str, start: int | None) -> None:
    X = nbmotif.random_one_hot((5, 4, 100), random_state=0)
    X[2, :, 40:60] = 0
    assert torch.equal(nbmotif.substitute(X, motif, start), ersatz.substitute(X, motif, start))


def test_substitute__agrees_with_a_motif_per_sequence() -> None:
    X = nbmotif.random_one_hot((5, 4, 31), random_state=0)
    motifs = nbmotif.random_one_hot((5, 4, 8), random_state=1)
    motifs[3, :, 2:5] = 0
    assert torch.equal(nbmotif.substitute(X, motifs), ersatz.substitute(X, motifs))


@pytest.mark.parametrize("seed", [0, 12345])
@pytest.mark.parametrize("length", [2, 13, 500])
def test_dinucleotide_shuffle__gives_the_same_sequences(seed: int, length: int) -> None:
    X = nbmotif.random_one_hot((6, 4, length), random_state=1)
    theirs = ersatz.dinucleotide_shuffle(X, n=1 if length == 2 else 8, random_state=seed)
    with pytest.warns(nbmotif.errors.NbmotifWarning) if length == 2 else nullcontext():
        ours = nbmotif.dinucleotide_shuffle(X, n=theirs.shape[1], random_state=seed, method="tangermeme")
    assert torch.equal(ours, theirs)


def test_dinucleotide_shuffle__gives_the_same_sequences_in_a_window_and_with_seeds_of_their_own() -> None:
    X = nbmotif.random_one_hot((3, 4, 200), random_state=1, dtype="float32")
    theirs = ersatz.dinucleotide_shuffle(X, start=20, end=150, n=3, random_state=[5, 1, 99])
    ours = nbmotif.dinucleotide_shuffle(X, start=20, end=150, n=3, random_state=[5, 1, 99], method="tangermeme")
    assert torch.equal(ours, theirs)


def test_dinucleotide_shuffle__gives_the_same_sequences_with_n() -> None:
    X = nbmotif.random_one_hot((3, 4, 200), random_state=1)
    X[:, :, 50:60] = 0
    X[1, :, 190:] = 0
    theirs = ersatz.dinucleotide_shuffle(X, n=4, random_state=3, allow_N=True)
    assert torch.equal(nbmotif.dinucleotide_shuffle(X, n=4, random_state=3, method="tangermeme"), theirs)
