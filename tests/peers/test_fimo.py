"""FIMO against memelite 0.5, and against what memelite should have found."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import extract_signal, fimo, random_one_hot, read_meme
from nbmotif.errors import InvalidArgument, NbmotifWarning
from nbmotif.motifs import MotifSet

pytestmark = pytest.mark.peers
memelite = pytest.importorskip("memelite")
KEY = ["motif_name", "motif_idx", "sequence_name", "start", "end", "strand"]


@pytest.fixture(scope="module")
def motifs() -> MotifSet:
    """Motifs of widths 5 to 14, as counted in a few sites, one a palindrome, one with letters that never occur."""
    rng = np.random.default_rng(0)
    counts = {
        f"w{width}": rng.multinomial(40, rng.dirichlet([3, 0.3, 0.2, 0.2]), size=width).T for width in range(5, 15)
    }
    pwms = {name: rng.permuted(table, axis=0) / 40 for name, table in counts.items()}
    half = np.eye(4)[[3, 2, 0, 1]].T * 0.96 + 0.01
    pwms["palindrome"] = np.hstack([half, half[::-1, ::-1]])
    pwms["consensus"] = np.eye(4)[[2, 0, 3, 0, 0, 2, 2]].T
    return MotifSet(pwms)


@pytest.fixture(scope="module")
def X(motifs) -> torch.Tensor:
    """Random sequences with the best word of each motif, and with N inside and at an end."""
    X = random_one_hot((20, 4, 1000), random_state=0).float()
    for i, pwm in enumerate(motifs.pwms):
        X[i, :, 500 : 500 + pwm.shape[1]] = torch.from_numpy(np.eye(4)[pwm.argmax(axis=0)].T.copy())
    X[0, :, 100:140] = 0
    X[1, :, -20:] = 0
    return X


def peer_hits(motifs, X, **kwargs) -> pd.DataFrame:
    frames = memelite.fimo({name: pwm.numpy() for name, pwm in motifs.items()}, X.numpy(), **kwargs)
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(
        {"motif_name": str, "strand": str, "motif_idx": int, "sequence_name": int, "start": int, "end": int}
    )


@pytest.mark.parametrize("both_strands", [True, False])
@pytest.mark.parametrize("threshold", [1e-4, 1e-3])
def test_fimo__compat_equals_memelite_hit_for_hit(motifs, X, threshold, both_strands):
    ours = plain(fimo(motifs, X, threshold=threshold, compat="memelite", reverse_complement=both_strands).to_frame())
    peer = plain(peer_hits(motifs, X, threshold=threshold, reverse_complement=both_strands))
    pd.testing.assert_frame_equal(ours[KEY], peer[KEY])
    np.testing.assert_allclose(ours["score"], peer["score"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours["p-value"], peer["p-value"], rtol=1e-11)
    assert len(ours) > 20


@pytest.mark.slow
def test_fimo__compat_equals_memelite_on_jaspar(shared_data, X):
    motifs = read_meme(shared_data / "motifs" / "JASPAR2026_CORE_vertebrates_nr.meme")
    ours, peer = plain(fimo(motifs, X, compat="memelite").to_frame()), plain(peer_hits(motifs, X))
    pd.testing.assert_frame_equal(ours[KEY], peer[KEY])
    np.testing.assert_allclose(ours["score"], peer["score"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours["p-value"], peer["p-value"], rtol=1e-11)


def test_fimo__columns_and_their_order_are_memelites(motifs, X):
    with pytest.warns(NbmotifWarning):
        ours = fimo(motifs, X)
    assert list(ours[5].columns) == list(peer_hits(motifs, X).columns)


def test_fimo__memelite_reports_p_of_zero_and_we_do_not(motifs, X):
    assert (peer_hits(motifs, X)["p-value"] == 0).any()
    with pytest.warns(NbmotifWarning):
        frame = fimo(motifs, X).to_frame()
    assert frame["p-value"].min() >= 0.25**14


def test_fimo__memelite_is_silent_about_nonsense_and_we_are_not(motifs):
    soft = torch.full((2, 4, 50), 0.25)
    assert sum(map(len, memelite.fimo({n: p.numpy() for n, p in motifs.items()}, soft.numpy()))) == 0
    with pytest.raises(InvalidArgument, match="one-hot"):
        fimo(motifs, soft)


@pytest.mark.slow
def test_fimo__agrees_with_enumeration_on_jaspar_where_memelite_does_not(shared_data):
    """Hits on one strand of random sequences, against the exact p-value of each word, for motifs of up to 9 bp."""
    motifs = read_meme(shared_data / "motifs" / "JASPAR2026_CORE_vertebrates_nr.meme")
    motifs = motifs.subset([name for name in motifs.names if motifs[name].shape[1] <= 9][::3])
    X = random_one_hot((60, 4, 1000), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NbmotifWarning)
        ours = fimo(motifs, X, reverse_complement=False)
    peers = memelite.fimo({n: p.numpy() for n, p in motifs.items()}, X.float().numpy(), reverse_complement=False)
    wrong = {"ours": 0, "memelite": 0}
    n_true, ratios = 0, []
    for m, pwm in enumerate(motifs.pwms):
        p = _p_of_windows(X.argmax(dim=1).numpy(), np.log2((pwm + 1e-4) / 0.25))
        found = {"ours": np.zeros(p.shape, bool), "memelite": np.zeros(p.shape, bool)}
        for tool, frame in (("ours", ours[m]), ("memelite", peers[m])):
            found[tool][frame["sequence_name"].to_numpy(dtype=int), frame["start"].to_numpy(dtype=int)] = True
            wrong[tool] += int((found[tool] != (p < 1e-4)).sum())
        n_true += int((p < 1e-4).sum())
        ratios.append(ours[m]["p-value"].to_numpy() / p[ours[m]["sequence_name"], ours[m]["start"]])
    assert n_true > 500
    assert wrong["ours"] <= 0.005 * n_true
    assert wrong["memelite"] > 0.05 * n_true
    np.testing.assert_allclose(np.percentile(np.concatenate(ratios), [5, 50, 95]), 1, rtol=0.02)


def _p_of_windows(codes, bits):
    """Chance that a random word scores at least as high as each window, over all words, shape (N, L - w + 1)."""
    width = bits.shape[1]
    scores, words = np.zeros(1), np.zeros((len(codes), codes.shape[1] - width + 1), dtype=np.int64)
    for j, column in enumerate(bits.T):
        scores = (scores[:, None] + column).ravel()
        words = 4 * words + codes[:, j : codes.shape[1] - width + 1 + j]
    rounded = np.round(scores, 9)  # sums of the same numbers in another order are the same score
    p_of_word = 1 - np.searchsorted(np.sort(rounded), rounded) / len(rounded)
    return p_of_word[words]


def test_extract_signal__equals_tangermeme(motifs, X):
    tangermeme = pytest.importorskip("tangermeme.utils")
    X_attr = torch.randn(X.shape, generator=torch.Generator().manual_seed(0))
    frame = fimo(motifs, X, threshold=1e-3).to_frame()
    loci = frame[["sequence_name", "start", "end"]]
    torch.testing.assert_close(extract_signal(loci, X_attr), tangermeme.extract_signal(loci, X_attr))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.float32], ids=str)
def test_count_annotations__equals_tangermeme(dtype):
    annotate = pytest.importorskip("tangermeme.annotate")
    from nbmotif import count_annotations

    rng = np.random.default_rng(0)
    pairs = torch.from_numpy(rng.integers(0, [7, 30], size=(2000, 2)))
    for kwargs in ({}, {"shape": (9, 40)}, {"dim": 0}, {"dim": 1}, {"shape": (9, 40), "dim": 1}):
        wide = torch.int32 if dtype == torch.uint8 and "dim" in kwargs else dtype  # theirs wraps, ours refuses
        for X in (pairs, (pairs[:, 0], pairs[:, 1])):
            assert torch.equal(count_annotations(X, wide, **kwargs), annotate.count_annotations(X, wide, **kwargs))


@pytest.mark.parametrize("unique", [True, False])
@pytest.mark.parametrize("symmetric", [True, False])
def test_pairwise_annotations__equals_tangermeme(unique, symmetric):
    annotate = pytest.importorskip("tangermeme.annotate")
    from nbmotif.annotations import pairwise_annotations

    pairs = torch.from_numpy(np.random.default_rng(0).integers(0, [7, 12], size=(60, 2)))
    peer = annotate.pairwise_annotations(pairs, unique=unique, symmetric=symmetric)
    ours = pairwise_annotations(pairs, unique=unique, symmetric=symmetric)
    torch.testing.assert_close(ours, peer, check_dtype=False)


@pytest.mark.parametrize("symmetric", [True, False])
def test_pairwise_annotations_spacing__equals_tangermeme(symmetric):
    annotate = pytest.importorskip("tangermeme.annotate")
    from nbmotif.annotations import pairwise_annotations_spacing

    rng = np.random.default_rng(0)
    starts = np.cumsum(rng.integers(10, 60, size=80))
    sites = np.stack(
        [np.repeat(np.arange(4), 20), rng.integers(0, 5, 80), starts, starts + rng.integers(4, 10, 80)], axis=1
    )
    sites = torch.from_numpy(rng.permutation(sites))
    peer = annotate.pairwise_annotations_spacing(sites, dtype=torch.int32, symmetric=symmetric)
    torch.testing.assert_close(pairwise_annotations_spacing(sites, symmetric=symmetric), peer)
