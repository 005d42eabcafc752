"""How a scan behaves while it runs: progress, interruption, threads and memory."""

from __future__ import annotations

import threading
import tracemalloc
import warnings

import numba
import numpy as np
import pandas as pd
import pytest

from nbmotif import fimo, one_hot_encode
from nbmotif.errors import NbmotifWarning
from nbmotif.letters import Letters, as_letters

RNG = np.random.default_rng(0)
PWMS = [RNG.dirichlet(np.full(4, 0.3), size=width).T for width in (5, 6, 7, 8, 12)] * 8


def random_text(length: int) -> str:
    return np.random.default_rng(1).choice(np.frombuffer(b"ACGT", dtype=np.uint8), size=length).tobytes().decode()


@pytest.fixture
def small_slabs(monkeypatch):
    monkeypatch.setattr("nbmotif.exact_scan.SLAB", 1000)
    monkeypatch.setattr("nbmotif.exact_scan._FEW_GROUPS", 1)


def test_fimo__shows_progress_in_bp_only_when_asked(small_slabs, capfd):
    texts = [random_text(3000), random_text(500)]
    fimo(PWMS, texts, threshold=0.01)
    assert capfd.readouterr().err == ""
    fimo(PWMS, texts, threshold=0.01, verbose=True)
    shown = capfd.readouterr().err
    assert "Scanning: 100%" in shown
    assert "3.50k/3.50k" in shown


def test_fimo__an_interrupt_stops_it_and_leaves_nothing_behind(small_slabs, monkeypatch):
    from nbmotif import exact_scan

    scanned = []
    scan_group = exact_scan._scan_group

    def interrupted(*arguments):
        scanned.append(arguments)
        if len(scanned) == 3:
            raise KeyboardInterrupt
        return scan_group(*arguments)

    before = threading.active_count()
    monkeypatch.setattr(exact_scan, "_scan_group", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fimo(PWMS, [random_text(100_000)], threshold=0.01)
    monkeypatch.setattr(exact_scan, "_scan_group", scan_group)
    assert len(scanned) < 10  # of two groups of motifs on a hundred slabs
    assert threading.active_count() == before
    assert fimo(PWMS, [random_text(100_000)], threshold=0.01).n_hits > 1000


def test_fimo__the_number_of_threads_changes_nothing(small_slabs):
    texts = [random_text(20_000), random_text(700)]
    expected = fimo(PWMS, texts, threshold=0.01).to_frame()
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        found = fimo(PWMS, texts, threshold=0.01).to_frame()
    finally:
        numba.set_num_threads(before)
    pd.testing.assert_frame_equal(found, expected)


def test_fimo__two_at_once_do_not_disturb_each_other(small_slabs):
    texts = [random_text(20_000)]
    expected, found = fimo(PWMS, texts, threshold=0.01).to_frame(), []
    threads = [
        threading.Thread(target=lambda: found.append(fimo(PWMS, texts, threshold=0.01).to_frame())) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    for frame in found:
        pd.testing.assert_frame_equal(frame, expected)


def test_fimo__p_values_do_not_depend_on_how_many_motifs_are_looked_up_together(monkeypatch):
    motifs = [*PWMS[:7], np.eye(4), *PWMS[:2]]
    texts = [random_text(5000)]
    with pytest.warns(NbmotifWarning):  # a motif without a table among those that have one
        expected = fimo(motifs, texts, threshold=0.003).to_frame(q_values=True)
    monkeypatch.setattr("nbmotif.exact_scan._LEVELS", 1)
    with pytest.warns(NbmotifWarning):
        found = fimo(motifs, texts, threshold=0.003).to_frame(q_values=True)
    pd.testing.assert_frame_equal(found, expected)
    assert expected["p-value"].nunique() > 3


def test_fimo__a_chromosome_in_a_file_needs_no_memory_of_its_own_size(tmp_path, monkeypatch):
    n_lines, width = 400_000, 60
    line = random_text(width * 50)
    path = tmp_path / "chromosome.fa"
    with path.open("w") as file:
        file.write(">chr1\n")
        for i in range(n_lines):
            start = i * 37 % (len(line) - width)
            file.write(line[start : start + width] + "\n")
    motif = np.eye(4)[np.random.default_rng(2).integers(0, 4, size=14)].T
    fimo([motif], [random_text(1000)])  # compiled, and the index of the file made, before memory is measured
    as_letters(path)
    monkeypatch.setattr("nbmotif.exact_scan._FEW_GROUPS", 1)
    tracemalloc.start()
    hits = fimo([motif], path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert hits.n_windows[0] == 2 * (n_lines * width - 13)
    assert peak < n_lines * width / 4


@pytest.mark.parametrize("size", [1000, 1003, 1024])
def test_fimo__finds_each_hit_once_wherever_a_piece_of_the_sequence_ends(size: int, monkeypatch) -> None:
    monkeypatch.setattr("nbmotif.exact_scan.SLAB", size)
    monkeypatch.setattr("nbmotif.exact_scan._FEW_GROUPS", 1)
    poly_a = np.array([[0.97, 0.01, 0.01, 0.01]] * 20).T  # the widest motif decides by how much pieces overlap
    for hits, width in zip(fimo([poly_a[:, :12], poly_a], ["A" * 3000]), (12, 20), strict=True):
        assert hits["start"].tolist() == list(range(3000 - width + 1))


def test_fimo__finds_what_lies_behind_a_long_run_of_n(small_slabs):
    poly_a = np.array([[0.97, 0.01, 0.01, 0.01]] * 12).T
    assert fimo([poly_a], ["N" * 100_000 + "A" * 12])[0]["start"].tolist() == [100_000]


@pytest.mark.parametrize("lengths", [[5, 0, 7, 3], [40], [10, 41, 10], [0, 0, 100, 0], [20, 20, 20]])
def test_letters__slabs_hold_every_window_once(lengths):
    rng = np.random.default_rng(3)
    sequences = [rng.integers(0, 4, size=length).astype(np.int8) for length in lengths]
    letters = Letters(np.array(lengths), lambda i, start, end: sequences[i][start:end])
    overlap, seen = 4, []
    for slab in letters.slabs(overlap, size=20):
        for position in range(slab.n_starts):
            which = int(np.searchsorted(slab.boundaries, position, side="right")) - 1
            sequence, start = slab.first_sequence + which, position - int(slab.boundaries[which])
            window = slab.letters[position : position + overlap + 1]
            if len(window) == overlap + 1 and (window >= 0).all():
                np.testing.assert_array_equal(window, sequences[sequence][start : start + overlap + 1])
                seen.append((sequence, start))
    assert seen == [(i, start) for i, length in enumerate(lengths) for start in range(length - overlap)]


def test_letters__one_hot_slabs_equal_those_of_strings():
    texts = [random_text(30) for _ in range(7)]
    for one_hot, strings in zip(
        as_letters(one_hot_encode(texts)).slabs(4, size=100), as_letters(texts).slabs(4, size=100), strict=True
    ):
        for a, b in zip(one_hot, strings, strict=True):
            np.testing.assert_array_equal(a, b)


def test_fimo__warns_once_however_many_slabs(small_slabs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fimo({"short": np.eye(4)}, [random_text(5000)])
    assert [warning.category for warning in caught] == [NbmotifWarning]
