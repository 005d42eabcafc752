"""The kernels of TOMTOM: against double precision throughout, by hand, and compiled against plain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.alignments import letter_nodes, span_nodes
from nbmotif.kernels import tomtom as kernels
from nbmotif.kernels import tomtom_columns, tomtom_null
from nbmotif.target_columns import Binning, MemeColumns, exact_scores

LETTERS = np.eye(4)


def score_exactly(query: np.ndarray, columns: np.ndarray, n_bins: int) -> tuple[np.ndarray, int]:
    """Bins of each query column, in double precision throughout, and what is not aligned scores."""
    scores = exact_scores(query, columns, (columns**2).sum(axis=0))
    n = scores.shape[1]
    medians = np.sort(scores, axis=1)[:, [max(n // 2 - 1, 0), max(-(-n // 2) - 1, 0)]].mean(axis=1)
    lowest = int(np.floor((scores.min(axis=1) - medians).min()))
    scale = int(n_bins // max((scores.max(axis=1) - medians).max() - lowest, 1.0))
    return np.floor((scores - (medians + lowest)[:, None]) * scale + 0.5).astype(int), -lowest * scale


def test_binning__holds_scores_from_its_lowest_bin_to_its_highest() -> None:
    binning = Binning.of(-0.5, 1.2, 100)
    assert binning == Binning(-1, 45)  # 100 bins for 2.2
    assert binning.offset == 45
    # the highest score may be 100 / 45 above the lowest, and a quarter of a bin is rounding
    assert binning.holds(-1.0, 1.2, 100)
    assert binning.holds(-1.005, 1.227, 100)
    assert not binning.holds(-1.01, 1.2, 100)
    assert not binning.holds(-0.5, 1.23, 100)


@given(
    st.integers(0, 2**31),
    st.sampled_from(["PWM", "one-hot", "weighted", "signed", "large", "tiny", "flat"]),
    st.integers(1, 3000),
    st.sampled_from([0.01, 0.3, 10.0]),
)
def test_meme_columns__single_precision_never_decides(seed: int, kind: str, n: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.dirichlet([spread] * 4, n).T.copy()  # 0.01: many columns are alike, and distances tie
    letters = LETTERS[rng.integers(0, 4, 12)]
    query = {
        "PWM": lambda: np.concatenate([columns.T[:3], rng.dirichlet([0.5] * 4, 12)]),
        "one-hot": lambda: letters,
        "weighted": lambda: letters * rng.random((12, 1)),
        "signed": lambda: rng.normal(size=(12, 4)),
        "large": lambda: rng.normal(size=(5, 4)) * 10.0 ** rng.integers(1, 12),
        "tiny": lambda: rng.normal(size=(5, 4)) * 1e-9,
        "flat": lambda: np.full((5, 4), 0.25),
    }[kind]()
    rows, pmfs = np.zeros((len(query), n), np.int16), np.empty((len(query), 101))
    target_columns = MemeColumns(columns, np.array([[0, 1, n, 0]]))
    binning = target_columns.score(query, 100, rows, pmfs)
    bins, offset = score_exactly(query, columns, 100)
    assert binning.offset == offset
    np.testing.assert_array_equal(rows, bins - offset)
    np.testing.assert_array_equal(pmfs, [np.bincount(row, minlength=101) / n for row in bins])


def test_tomtom__equal_scores_take_the_larger_overlap_then_the_smaller_offset() -> None:
    # a flat target column scores exactly the median for every letter, so it may be aligned or not at the same score
    rows = np.zeros((3, 9), np.int16)
    rows[1:, 3] = 5, -5
    three_columns = np.array([[[3, 3, 1]]])
    placed = np.zeros((1, 1, 3), np.int32)
    first = np.array([10], np.int16)

    def place(kinds: list[int], score: int, like_memelite: bool, lanes: np.ndarray = three_columns) -> list[int]:
        starts = np.array([0, len(kinds)])
        slots, scores = np.array([[0]], np.int32), np.array([[score]], np.int16)
        arguments = (rows, np.array(kinds), starts, np.array([0]), slots, scores)
        scratch = np.empty((2, 1), np.int16), np.empty((2, 1), np.int32)
        kernels.place_alignments(*arguments, first, lanes, like_memelite, *scratch, placed)
        return placed[0, 0].tolist()

    assert place([1], 15, False) == [0, 1, 0]
    # with the first letter on column 0, both others are aligned: overlap 3
    assert place([1, 1, 1], 15, False) == [0, 3, 0]
    assert place([1, 1, 1], 15, True) == [0, 3, 0] or place([1, 1, 1], 15, True)[1] < 3
    # a target of one flat column lies under any of the three letters: the smallest shift
    assert place([1, 1, 1], 10, False, np.array([[[4, 1, 1]]])) == [0, 1, 0]
    # no column is needed for a score of 10: overlap 2 at shift 1 (columns 1 and 2)
    assert place([1, 2], 10, False) == [1, 2, 0]


@pytest.mark.parametrize(("n_kept", "expected"), [(1, [1]), (2, [1, 3]), (3, [1, 3, 0]), (4, [0, 1, 2, 3])])
def test_keep_nearest__of_equal_scores_keeps_the_first(n_kept: int, expected: list[int]) -> None:
    best, groups, firsts = np.array([[5, 7, 5, 7]], np.int16), np.array([0, 4]), np.array([0, n_kept])
    scores, slots = np.empty((1, n_kept), np.int16), np.empty((1, n_kept), np.int32)
    ranges = np.empty((1, 1, 2), np.int64)
    kernels.keep_nearest(best, groups, firsts, scores, slots, ranges)
    assert slots[0].tolist() == expected
    assert scores[0].tolist() == best[0, expected].tolist()
    assert ranges[0, 0].tolist() == [min(scores[0]), 7]


def place_between_zeros(targets: list[list[list[int]]]) -> list[int]:
    """Place a query of two columns, both kinds, at a score of 5 on strands: score of each kind, column by column."""
    n_columns = len(targets[0][0])
    rows = np.zeros((3, 3 + n_columns * len(targets) + 3), np.int16)
    rows[1:, 3:-3] = np.array(targets).transpose(1, 2, 0).reshape(2, -1)  # the strands are two lanes of one block
    lanes = np.array([[[3 + strand, n_columns, len(targets)]] for strand in range(len(targets))])
    one, zero, placed = np.array([[5]], np.int16), np.array([0]), np.zeros((1, 1, 3), np.int32)
    scratch = np.empty((2, 2), np.int16), np.empty((2, 2), np.int32)
    asked = rows, np.array([1, 2]), np.array([0, 2]), zero, np.array([[0]], np.int32), one, np.zeros(1, np.int16)
    kernels.place_alignments(*asked, lanes, False, *scratch, placed)
    return placed[0, 0].tolist()


def test_place_alignments__of_equally_good_ones_takes_the_plus_strand_and_the_negative_offset() -> None:
    # the first letter on the second column, or the second letter on the first: one column aligned, 1 bp off
    either_way, to_the_right, to_the_left = [[0, 5], [5, 0]], [[0, 5], [0, 0]], [[0, 0], [5, 0]]
    assert place_between_zeros([either_way]) == [-1, 1, 0]
    assert place_between_zeros([either_way, either_way]) == [-1, 1, 0]
    assert place_between_zeros([to_the_right, to_the_left]) == [1, 1, 0]
    assert place_between_zeros([to_the_left, to_the_right]) == [-1, 1, 0]
    assert place_between_zeros([to_the_left, [[5, 0], [0, 0]]]) == [0, 2, 1], "the larger overlap comes first"


@pytest.mark.parametrize("kernel", [tomtom_null._combine, tomtom_null._combine.py_func], ids=["compiled", "plain"])
def test_combine__an_alignment_scores_at_least_what_the_rest_does_unaligned(kernel: object) -> None:
    row = np.array([[-1, 0, 1, 2, 4]])  # scores 1 and 2, from place 4 on
    survival = np.array([0, 0, 0, 0, 0.5, 0.25, 0, 0])
    best = np.array([0.5] * 7)
    kernel(best, 0, 7, 0, row, survival, 2)
    assert best.tolist() == [1, 1, 1, 0.75, 0.625, 0.5, 0.5]
    best = np.array([0.5] * 7)
    kernel(best, 1, 7, -1, row, survival, 2)  # no score of this alignment is high enough to be kept
    assert best.tolist() == [0.5, 1, 1, 0.5, 0.5, 0.5, 0.5]


def test_letter_nodes__each_is_its_parent_and_one_more_letter() -> None:
    nodes = letter_nodes(6)
    counts = [np.zeros(4, int)]
    for parent, letter in zip(nodes.parents[1:], nodes.columns[1:], strict=True):
        counts.append(counts[parent] + (np.arange(4) == letter))
    assert len(np.unique(counts, axis=0)) == len(counts) == 210
    assert np.searchsorted(np.sum(counts, axis=1), range(1, 8)).tolist() == nodes.level_starts.tolist()


@pytest.mark.parametrize("stride", [0, 5], ids=["compositions", "spans"])
def test_span_nodes__of_a_query_are_those_listed(stride: int) -> None:
    nodes = letter_nodes(6) if stride == 0 else span_nodes(stride, 5)
    letters, found = np.array([0, 3, 1, 1, 2]), np.empty((5, 5), np.int64)
    tomtom_null._span_nodes.py_func(letters + 1, 0, 5, stride, found)
    for i in range(5):
        for j in range(i, 5):
            columns, node = [], found[i, j]
            while node > 0:
                columns.append(nodes.columns[node])
                node = nodes.parents[node]
            expected = letters[i : j + 1] if stride == 0 else range(i, j + 1)
            assert sorted(columns) == sorted(expected)


def run_kernels(plain: bool) -> list[np.ndarray]:
    """One small query through every kernel, compiled or not."""

    def pick(kernel: object) -> object:
        return kernel.py_func if plain else kernel

    rng = np.random.default_rng(0)
    columns, query = rng.dirichlet([1] * 4, 6), rng.dirichlet([1] * 4, 5)
    targets = np.column_stack([columns, (columns**2).sum(axis=1)])
    rough = np.ascontiguousarray(columns.T, np.float32)
    blocks, rows, pmfs = np.array([[6, 3, 2, 0]]), np.zeros((6, 18), np.int16), np.empty((5, 11))
    starts, one, best = np.array([0, 5]), np.array([0]), np.empty((1, 1), np.int16)
    squares, medians, doubts = np.empty((5, 6), np.float32), np.empty(5), np.empty(5)
    sample = np.ascontiguousarray(rough[:, ::2])
    scratch, (found, entries) = (np.empty(6), np.empty(3, np.float32)), np.empty((2, 7), np.int32)
    measured = query, targets, rough, sample, squares, *scratch, found, medians, doubts
    ends = pick(tomtom_columns.measure_columns)(*measured)
    binning = Binning.of(*ends, 10)
    of_bins = (*binning, blocks, found, entries, np.empty(11, np.int32), rows[1:], pmfs)
    pick(tomtom_columns.bin_columns)(query, targets, squares, medians, doubts, *of_bins)
    kinds, offset = np.arange(1, 6), binning.offset
    first, sums = np.array([5 * offset], np.int16), np.empty(14, np.int16)
    pick(kernels.best_scores)(rows, kinds, starts, one, blocks, 2, first, sums, best)
    scores, slots, ranges = np.empty((1, 1), np.int16), np.empty((1, 1), np.int32), np.empty((1, 1, 2), np.int64)
    single = np.array([0, 1])
    pick(kernels.keep_nearest)(best, single, single, scores, slots, ranges)
    placed, lanes = np.zeros((1, 1, 3), np.int32), np.array([[[6, 3, 2]], [[7, 3, 2]]])
    pair, chosen = np.empty((2, 2), np.int16), np.empty((2, 2), np.int32)
    pick(kernels.place_alignments)(rows, kinds, starts, one, slots, scores, first, lanes, False, pair, chosen, placed)
    tops, p_values = 10 - (pmfs[:, ::-1] > 0).argmax(axis=1), np.empty((1, 1))
    nodes, spans, offsets, widths = span_nodes(5, 5), np.empty((5, 5), np.int64), np.array([offset]), np.array([3])
    need, ids = np.full(26, tomtom_null.NEVER), np.empty(26, np.int64)
    table, levels, taps = np.empty((26, 5), np.int64), np.empty(6, np.int64), np.empty((5, 12), np.int64)
    pick(tomtom_null.mark_needed)(kinds, starts, one, 5, ranges, widths, offsets, spans, need)
    n_rows, size = pick(tomtom_null.plan_rows)(need, *nodes, tops, 11, table, levels, ids)
    survival, edges = np.zeros(size), np.zeros((2, int(scores.max()) + 1))
    pick(tomtom_null.survival_rows)(table[:n_rows], levels, pmfs, taps, survival)
    asked = (kinds, starts, one, 5, ids, table, survival, offsets, 2, ranges, widths, single, scores)
    pick(tomtom_null.find_p_values)(*asked, spans, edges, p_values)
    table[n_rows:] = 0
    return [np.array(binning), medians, rows, pmfs, best, scores, slots, ranges, placed, table, survival, p_values]


def test_kernels__compiled_and_plain_agree() -> None:
    for compiled, plain in zip(run_kernels(False), run_kernels(True), strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-12)


def test_warm_up__compiles_every_kernel() -> None:
    for module in (kernels, tomtom_columns, tomtom_null):
        module.warm_up()
        own = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
        found = [one for one in own if hasattr(one, "signatures") and one.__name__[0] != "_"]  # the others are inlined
        assert found
        assert [one.__name__ for one in found if not one.signatures] == []
