"""TOMTOM and seqlet annotation: the definition rewritten slowly, laws, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbmotif import MotifSet, one_hot_encode
from nbmotif.errors import InvalidArgument, NbmotifWarning
from nbmotif.matching import annotate_seqlets, tomtom
from nbmotif.nearest import _nearest, benjamini_hochberg

LETTERS = np.eye(4)


def database(n: int = 40, seed: int = 0) -> MotifSet:
    rng = np.random.default_rng(seed)
    return MotifSet((f"m{i}", rng.dirichlet([0.3] * 4, rng.integers(3, 12)).T) for i in range(n))


def queries(seed: int = 1) -> list[np.ndarray]:
    """One-hot, PWM, signed attributions, and one-hot with N."""
    rng = np.random.default_rng(seed)
    one_hot = [LETTERS[rng.integers(0, 4, w)].T for w in (1, 2, 4, 7, 13)]
    with_n = LETTERS[[0, 2, 2, 1, 3, 0]].T.copy()
    with_n[:, 2] = 0
    return [*one_hot, rng.dirichlet([0.5] * 4, 6).T, rng.normal(size=(4, 5)), with_n, LETTERS[[0, 0, 0, 0, 2]].T]


def slow_tomtom(query: np.ndarray, pwms: list[np.ndarray], both: bool = True, n_bins: int = 100) -> list[tuple]:
    """TOMTOM as it is defined, one alignment at a time: p-value and score of each target."""
    strands = [*pwms, *(pwm[::-1, ::-1] for pwm in pwms)] if both else pwms
    columns, width = np.concatenate(strands, axis=1), query.shape[1]
    scores = -np.sqrt(((query[:, :, None] - columns[:, None, :]) ** 2).sum(axis=0))
    n = columns.shape[1]
    middle = np.sort(scores, axis=1)[:, [max(n // 2 - 1, 0), max(-(-n // 2) - 1, 0)]].mean(axis=1)
    lowest = int(np.floor((scores.min(axis=1) - middle).min()))
    scale = int(n_bins // max((scores.max(axis=1) - middle).max() - lowest, 1.0))
    offset = -lowest * scale
    bins = np.floor((scores - (middle + lowest)[:, None]) * scale + 0.5).astype(int)
    pmfs = [np.bincount(row, minlength=n_bins + 1) / n for row in bins]

    def survival(first: int, last: int, score: int) -> float:
        """P(an alignment of columns first to last scores at least this), the others scoring the offset."""
        pmf = np.ones(1)
        for column in range(first, last + 1):
            pmf = np.convolve(pmf, pmfs[column])
        return float(pmf[max(score - offset * (width - (last - first + 1)), 0) :].sum())

    found, starts = [], np.concatenate([[0], np.cumsum([strand.shape[1] for strand in strands])])
    for i, pwm in enumerate(pwms):
        best = 0
        for strand in [i, i + len(pwms)] if both else [i]:
            for shift in range(1 - width, pwm.shape[1]):
                aligned = range(max(0, -shift), min(width, pwm.shape[1] - shift))
                total = sum(bins[c, starts[strand] + shift + c] - offset for c in aligned)
                best = max(best, offset * width + total)
        alignments = [(max(0, -s), min(width, pwm.shape[1] - s) - 1) for s in range(1 - width, pwm.shape[1])]
        with np.errstate(divide="ignore"):  # an alignment that always scores as much has a survival of 1
            missed = sum(np.log1p(-min(survival(first, last, best), 1.0)) for first, last in alignments)
        found.append((-np.expm1(2 * missed if both else missed), best))
    return found


@pytest.mark.parametrize("both", [True, False], ids=["both strands", "one strand"])
@pytest.mark.parametrize("query", queries(), ids=lambda query: f"{query.shape[1]} bp")
def test_tomtom__is_the_slow_definition(query: np.ndarray, both: bool) -> None:
    motifs = database(25)
    found = tomtom([query], motifs, reverse_complement=both)
    expected = slow_tomtom(query, motifs.pwms, both)
    np.testing.assert_array_equal(found.scores[0], [score for _, score in expected])
    np.testing.assert_allclose(found.p_values[0], [p for p, _ in expected], rtol=1e-9)


@given(st.integers(0, 2**31), st.integers(1, 20), st.booleans())
def test_tomtom__of_one_hot_seqlets_is_the_slow_definition(seed: int, width: int, both: bool) -> None:
    rng = np.random.default_rng(seed)
    motifs, query = database(25, seed), LETTERS[rng.integers(0, 4, width)].T
    found, expected = tomtom([query], motifs, reverse_complement=both), slow_tomtom(query, motifs.pwms, both)
    np.testing.assert_array_equal(found.scores[0], [score for _, score in expected])
    np.testing.assert_allclose(found.p_values[0], [p for p, _ in expected], rtol=1e-9)


def test_tomtom__motifs_of_pure_letters_leave_the_bins_in_doubt_and_are_exact() -> None:
    rng = np.random.default_rng(0)
    motifs = MotifSet((f"m{i}", LETTERS[rng.integers(0, 4, rng.integers(3, 9))].T) for i in range(30))
    for query in (LETTERS[[0, 2, 1]].T, motifs.pwms[0], 0.5 * LETTERS[[0, 2, 1]].T):
        found, expected = tomtom([query], motifs), slow_tomtom(query, motifs.pwms)
        np.testing.assert_array_equal(found.scores[0], [score for _, score in expected])
        np.testing.assert_allclose(found.p_values[0], [p for p, _ in expected], rtol=1e-9)


def test_tomtom__one_hot_queries_and_general_ones_take_paths_that_agree() -> None:
    motifs, nudge = database(), np.zeros((4, 8))
    nudge[:, -1] = 1e-13  # no longer one-hot, but as good as
    for seed in range(5):
        query = LETTERS[np.random.default_rng(seed).integers(0, 4, 8)].T
        a, b = tomtom([query], motifs), tomtom([query + nudge], motifs)
        np.testing.assert_array_equal(a.scores, b.scores)
        np.testing.assert_allclose(a.p_values, b.p_values, rtol=1e-12)
        for field in ("offsets", "overlaps", "strands"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))


def test_tomtom__long_one_hot_queries_are_taken_too() -> None:
    motifs, rng = database(), np.random.default_rng(0)
    query = LETTERS[rng.integers(0, 4, 60)].T
    query[:, 20:28] = LETTERS[motifs.pwms[3].argmax(axis=0)].T[:, :8] if motifs.widths[3] >= 8 else query[:, 20:28]
    found = tomtom([query], motifs)
    assert np.isfinite(found.p_values).all()
    assert ((found.p_values >= 0) & (found.p_values <= 1)).all()


@given(st.integers(0, 2**31), st.integers(1, 12))
def test_tomtom__places_alignments_that_have_the_score(seed: int, width: int) -> None:
    motifs, rng = database(), np.random.default_rng(seed)
    query = LETTERS[rng.integers(0, 4, width)].T
    found = tomtom([query], motifs)
    reverse = tomtom([query[::-1, ::-1]], motifs)
    np.testing.assert_array_equal(found.overlaps, reverse.overlaps)
    for i, pwm in enumerate(motifs.pwms):
        target = pwm[::-1, ::-1] if found.strands[0, i] else pwm
        shift, overlap = int(found.offsets[0, i]), int(found.overlaps[0, i])
        assert overlap == min(width, target.shape[1] - shift) - max(0, -shift) > 0


@given(st.permutations(range(30)))
def test_tomtom__order_of_targets_does_not_matter(order: list[int]) -> None:
    motifs = database(30)
    moved = MotifSet({motifs.names[i]: motifs[motifs.names[i]] for i in order})
    a, b = tomtom(queries(), motifs), tomtom(queries(), moved)
    np.testing.assert_array_equal(a.scores[:, order], b.scores)
    np.testing.assert_allclose(a.p_values[:, order], b.p_values, rtol=1e-9)


@given(st.integers(0, 2**31))
def test_tomtom__a_query_and_its_reverse_complement_match_alike(seed: int) -> None:
    motifs, rng = database(), np.random.default_rng(seed)
    query = rng.dirichlet([0.4] * 4, rng.integers(2, 9)).T
    a, b = tomtom([query], motifs), tomtom([query[::-1, ::-1]], motifs)
    close = np.abs(a.scores.astype(int) - b.scores) <= 1  # a rounding on the edge of a bin moves a score by one
    assert close.all()
    np.testing.assert_allclose(a.p_values, b.p_values, rtol=0.02)


def test_tomtom__batches_and_threads_do_not_show() -> None:
    motifs, many = database(), [*queries(), *queries(2), *queries()]
    together = tomtom(many, motifs, n_jobs=3)
    for i, query in enumerate(many):
        for a, b in zip(tomtom([query], motifs, n_jobs=1), together, strict=True):
            np.testing.assert_array_equal(a[0], b[i])


def test_tomtom__finds_each_motif_itself_on_the_strand_it_lies() -> None:
    motifs = database()
    found = tomtom(motifs, motifs, n_nearest=1)
    assert (motifs.widths[found.idxs[:, 0]] == motifs.widths).mean() > 0.9
    np.testing.assert_array_equal(found.idxs[:, 0], np.arange(len(motifs)))
    np.testing.assert_array_equal(found.strands, 0)
    np.testing.assert_array_equal(found.offsets, 0)
    np.testing.assert_array_equal(found.overlaps[:, 0], motifs.widths)
    flipped = tomtom([pwm[::-1, ::-1] for pwm in motifs.pwms], motifs, n_nearest=1)
    np.testing.assert_array_equal(flipped.idxs, found.idxs)
    np.testing.assert_array_equal(flipped.strands, 1)


def test_tomtom__nearest_are_the_smallest_of_the_full_matrix() -> None:
    motifs = database()
    full, near = tomtom(queries(), motifs), tomtom(queries(), motifs, n_nearest=7)
    order = np.argsort(full.p_values, axis=1, kind="stable")[:, :7]
    np.testing.assert_array_equal(near.idxs, order)
    for field in ("p_values", "scores", "offsets", "overlaps", "strands", "q_values"):
        np.testing.assert_array_equal(getattr(near, field), np.take_along_axis(getattr(full, field), order, axis=1))


def test_tomtom__of_equally_near_targets_the_first_is_the_nearest() -> None:
    rng = np.random.default_rng(0)
    others = [rng.dirichlet([0.3] * 4, 8).T for _ in range(30)]
    same = 0.94 * one_hot_encode("AGATAAGC").numpy() + 0.015
    wider = np.concatenate([same, np.full((4, 3), 0.25)], axis=1)  # another width: its p-value differs
    targets = [*others[:5], wider, same, *others[5:20], same, *others[20:], same, wider]
    full = tomtom([same], targets)
    assert np.flatnonzero(full.p_values[0] == full.p_values.min()).tolist() == [6, 22, 33]
    for n_nearest in (1, 2, 3, 4, 5):
        assert tomtom([same], targets, n_nearest=n_nearest).idxs[0].tolist() == [6, 22, 33, 5, 34][:n_nearest]


@pytest.mark.parametrize("n_kept", [1, 2, 3])
def test_nearest__are_chosen_by_p_value_and_then_by_the_number_of_the_target(n_kept: int) -> None:
    p_values = np.array([[0.1, 0.2, 0.1, 0.1], [0.3, 0.3, 0.2, 0.3]])
    targets = np.array([[7, 1, 5, 6], [3, 2, 9, 1]])
    assert _nearest(p_values, targets, n_kept).tolist() == [[2, 3, 0][:n_kept], [2, 3, 1][:n_kept]]


def test_tomtom__more_neighbours_than_targets_gives_all() -> None:
    assert tomtom(queries()[:1], database(), n_nearest=1000).p_values.shape == (1, 40)


def test_tomtom__unpacks_as_memelite() -> None:
    result = tomtom(queries(), database())
    p_values, scores, offsets, overlaps, strands = result
    assert len(result) == 5
    assert result[0] is p_values
    assert [a.shape for a in (p_values, scores, offsets, overlaps, strands)] == [(9, 40)] * 5
    *_, idxs = tomtom(queries(), database(), n_nearest=2)
    assert idxs.shape == (9, 2)


def test_tomtom__e_and_q_values() -> None:
    found = tomtom(queries()[3:4], database())
    np.testing.assert_array_equal(found.e_values, found.p_values * 40)
    p = found.p_values[0]
    expected = [min(1.0, min(other * 40 / np.count_nonzero(p <= other) for other in p[p >= one])) for one in p]
    np.testing.assert_allclose(found.q_values[0], expected)


def test_benjamini_hochberg__by_hand() -> None:
    p_values = np.array([[0.01, 0.02, 0.03, 0.9], [0.5, 0.5, 0.5, 0.5]])
    expected = [[0.04, 0.04, 0.04, 0.9], [0.5, 0.5, 0.5, 0.5]]
    for n_kept in (1, 2, 3, 4):
        np.testing.assert_allclose(benjamini_hochberg(p_values, n_kept), np.array(expected)[:, :n_kept])


def test_tomtom__a_motif_set_keeps_its_tables_until_it_changes() -> None:
    motifs = database()
    before = tomtom(queries(), motifs)
    tables = dict(motifs.cache)
    assert len(tables) == 1
    tomtom(queries(), motifs)
    assert all(motifs.cache[key] is value for key, value in tables.items())
    motifs["more"] = np.full((4, 5), 0.25)
    assert not motifs.cache
    assert tomtom(queries(), motifs).p_values.shape[1] == before.p_values.shape[1] + 1


@pytest.mark.parametrize(
    ("Qs", "options", "message"),
    [
        ([], {}, "`Qs` must be at least one query"),
        ([np.array([[np.nan] * 3] * 4)], {}, r"`Qs\[0\]` must be finite; got \[nan, nan, nan, nan\] in column 0"),
        ([LETTERS, np.array([[np.inf, 0]] * 4)], {}, r"`Qs\[1\]` must be finite"),
        ([np.array([[-1e7]] * 4)], {}, r"`Qs\[0\]` must be at most 1e\+06 in size; got"),
        (
            [np.array([[3, 10], [0, 0], [1, 2], [6, 0]])],
            {},
            r"`Qs\[0\]` must be no counts; got \[3\.0, 0\.0, 1\.0, 6\.0\] in column 0\. Divide",
        ),
        ([np.zeros((4, 3))], {}, "not all zero"),
        ([np.zeros((5, 4))], {}, r"got shape \(5, 4\)\. Did you mean its transpose"),
        ([np.zeros((4, 0))], {}, "of shape"),
        (["ACGT"], {}, "numbers of shape"),
        (5, {}, "^`Qs` must be motifs, or the path of a motif file; got int"),
        ([], {}, "^`Qs` must be at least one query; got none"),
        ({"mine": np.full((4, 2), np.nan)}, {}, r"`Qs\['mine'\]`"),
        ([LETTERS], {"compat": "meme"}, "`compat` must be one of None, 'memelite'; got 'meme'"),
        ([LETTERS], {"n_nearest": 0}, "`n_nearest` must be a whole number, at least 1, or None for all targets; got 0"),
        ([LETTERS], {"n_score_bins": 9000}, "`n_score_bins` must be between 2 and 8191"),
    ],
)
def test_tomtom__refuses(Qs: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        tomtom(Qs, database(), **options)


@pytest.mark.parametrize("bad", [np.full((4, 3), np.nan), np.full((4, 3), 7)], ids=["NaN", "counts"])
def test_tomtom__refuses_targets_that_are_not_pwms(bad: np.ndarray) -> None:
    with pytest.raises(InvalidArgument, match="probabilities"):
        tomtom([LETTERS], [*database().pwms, bad])


def test_tomtom__warns_of_few_targets() -> None:
    with pytest.warns(NbmotifWarning, match="with 5 targets, p-values depend on each"):
        tomtom([LETTERS], database(5))


def sequences(*letters: str) -> torch.Tensor:
    return one_hot_encode(list(letters))


def seqlets(*spans: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(spans, columns=["example_idx", "start", "end"])


def test_annotate_seqlets__is_tomtom_of_the_sequences_under_them() -> None:
    X, motifs = sequences("ACGTTGCAAGGATAAGCATT", "TTTTGGGGACNTACCCAATT"), database()
    found = annotate_seqlets(X, seqlets((0, 2, 12), (1, 6, 15), (0, 8, 20), (0, 2, 12)), motifs, n_nearest=3)
    spans = [X[0, :, 2:12], X[1, :, 6:15], X[0, :, 8:20], X[0, :, 2:12]]
    expected = tomtom(spans, motifs, n_nearest=3)
    assert [values.dtype for values in vars(found).values()] == [
        torch.int32, torch.float64, torch.float64, torch.int8, torch.int32, torch.int32
    ]  # fmt: skip
    np.testing.assert_array_equal(found.motif_idxs, expected.idxs)
    np.testing.assert_array_equal(found.p_values, expected.p_values)
    np.testing.assert_array_equal(found.q_values, expected.q_values)
    np.testing.assert_array_equal(found.strands, 1 - 2 * expected.strands)
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    np.testing.assert_array_equal(found.overlaps, expected.overlaps)


def test_annotate_seqlets__as_the_vignette_does() -> None:
    motifs = database()
    X = torch.cat([motifs[name] for name in ("m3", "m7")], dim=1)
    X = torch.from_numpy(LETTERS[X.argmax(dim=0).numpy()].T[None].copy())
    w = int(motifs.widths[3])
    rows = seqlets((0, 0, w), (0, w, w + int(motifs.widths[7])))
    motif_idxs = annotate_seqlets(X, rows, dict(motifs))[0][:, 0]
    assert motif_idxs.tolist() == [3, 7]


def test_annotate_seqlets__unpacks_as_in_tangermeme() -> None:
    found = annotate_seqlets(sequences("ACGTTGCAAGGATAAGCATT"), seqlets((0, 2, 12)), database(), n_nearest=3)
    motif_idxs, p_values = found
    assert motif_idxs is found[0] is found.motif_idxs
    assert p_values is found[1] is found.p_values
    assert len(found) == 2
    assert repr(found) == "SeqletAnnotations of 1 seqlet, 3 nearest each: motif_idxs, p_values, …"
    assert len(pickle.loads(pickle.dumps(found)).overlaps) == 1


def test_tomtom__result_is_shown_in_one_line() -> None:
    assert repr(tomtom(database(), database(), n_nearest=2)) == (
        "TomtomResult of 40 queries, 2 nearest of 40 targets: p_values, scores, …"
    )


def test_annotate_seqlets__unassigned_beyond_the_cut() -> None:
    X = sequences("ACGTTGCAAGGATAAGCATT")
    rows = seqlets((0, 2, 12), (0, 4, 10))
    free = annotate_seqlets(X, rows, database(), n_nearest=40)
    cut = float(free.p_values[0, 3])
    kept = annotate_seqlets(X, rows, database(), n_nearest=40, cut=cut)
    np.testing.assert_array_equal(kept.motif_idxs, np.where(free.p_values < cut, free.motif_idxs, -1))
    assert (kept.motif_idxs[0] >= 0).sum() == 3
    np.testing.assert_array_equal(kept.p_values, free.p_values)


def test_annotate_seqlets__of_no_seqlets_is_empty() -> None:
    found = annotate_seqlets(sequences("ACGT"), seqlets(), database(), n_nearest=2)
    assert [tuple(values.shape) for values in vars(found).values()] == [(0, 2)] * 6
    assert found.motif_idxs.dtype == torch.int32


def test_annotate_seqlets__of_unknown_bases_is_unassigned() -> None:
    with pytest.warns(NbmotifWarning, match="1 of 2 seqlets have fewer than 4 known bases"):
        found = annotate_seqlets(sequences("NNNNNNNNACGTTGCA"), seqlets((0, 0, 8), (0, 8, 16)), database())
    assert found.motif_idxs[0, 0] == -1
    assert found.p_values[0, 0] == 1
    assert found.motif_idxs[1, 0] >= 0


def test_annotate_seqlets__warns_once_of_short_seqlets() -> None:
    with pytest.warns(NbmotifWarning, match="2 of 3 seqlets have fewer than 4 known bases, too few") as caught:
        annotate_seqlets(sequences("ACGTACGTAC"), seqlets((0, 0, 3), (0, 1, 4), (0, 0, 10)), database())
    assert len(caught) == 1


def test_annotate_seqlets__takes_further_columns_and_whole_floats() -> None:
    X = sequences("ACGTTGCAAGGATAAGCATT")
    rows = seqlets((0, 2, 12)).astype(float).assign(attribution=1.5, name="a")
    assert annotate_seqlets(X, rows, database())[0].shape == (1, 1)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (seqlets((0, 0, 5), (0, 4, 99)), {}, r"inside X: 1 sequence of 8 bp; got example 0, 4 to 99 in row 1"),
        (seqlets((1, 0, 5)), {}, "inside X"),
        (seqlets((0, -1, 5)), {}, "inside X"),
        (seqlets((0, 5, 5)), {}, "inside X"),
        (pd.DataFrame({"a": ["x"], "b": [0], "c": [5]}), {}, "Labels belong in a column after"),
        (
            pd.DataFrame({"a": [0], "b": [0.5], "c": [5]}),
            {},
            r"`seqlets\['b'\]` must be whole numbers; got 0.5 in",
        ),
        (pd.DataFrame({"a": [0]}), {}, "a table whose first columns are example, start and end; got columns"),
        (seqlets((0, 0, 5)), {"cut": 0}, "`cut` must be a p-value above 0 and up to 1, or None; got 0"),
        (seqlets((0, 0, 5)), {"n_nearest": 0}, "`n_nearest`"),
    ],
)
def test_annotate_seqlets__refuses(rows: pd.DataFrame, options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        annotate_seqlets(sequences("ACGTACGT"), rows, database(), **options)


@pytest.mark.parametrize(
    "kind", [pd.DataFrame.to_numpy, lambda rows: torch.tensor(rows.to_numpy()), lambda rows: rows.values.tolist()]
)
def test_annotate_seqlets__takes_arrays_and_lists_of_seqlets(kind) -> None:
    X, rows = sequences("ACGTTGCAAGGATAAGCATT"), seqlets((0, 2, 12), (0, 5, 15))
    expected = annotate_seqlets(X, rows, database())
    for name, values in vars(annotate_seqlets(X, kind(rows), database())).items():
        assert torch.equal(values, getattr(expected, name))


@pytest.mark.parametrize("rows", [seqlets((0, 2, 12)), seqlets((0, 2, 12))[:0]])
def test_annotate_seqlets__says_that_sequences_lie_the_wrong_way_round(rows: pd.DataFrame) -> None:
    X = sequences("ACGTTGCAAGGATAAGCATT").permute(0, 2, 1)
    with pytest.raises(InvalidArgument, match=r"Did you mean X.permute\(0, 2, 1\)"):
        annotate_seqlets(X, rows, database())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_jobs": 0}, "`n_jobs` must be a number of threads, at least 1, or -1 for one per CPU; got 0"),
        ({"n_jobs": -5}, "`n_jobs` must be a number of threads"),
        ({"n_jobs": 1.5}, "`n_jobs` must be a number of threads"),
        ({"n_nearest": 1.5}, "`n_nearest` must be a whole number"),
        ({"n_score_bins": 99.5}, "`n_score_bins` must be a whole number"),
    ],
)
def test_tomtom__names_the_argument_of_the_wrong_kind(options, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        tomtom([LETTERS], database(), **options)


def test_tomtom__says_to_wrap_one_query_and_takes_half_precision() -> None:
    with pytest.raises(InvalidArgument, match=r"`Qs` must be several queries; got one matrix. Wrap it: \[query\]"):
        tomtom(LETTERS, database())
    query = one_hot_encode("GATAAG")
    found = (tomtom([query.to(dtype)], database()).p_values for dtype in (torch.bfloat16, torch.float64))
    assert np.array_equal(*found)


@pytest.mark.parametrize("size", [1e-3, 1e3, 1e5, 9e5 / 4])
def test_tomtom__is_exact_for_attributions_of_any_size(size: float) -> None:
    motifs = database()
    for seed in range(8):
        query = size * np.random.default_rng(seed).normal(size=(4, 6)).clip(-4, 4)
        slow = [p_value for p_value, *_ in slow_tomtom(query, motifs.pwms)]
        assert np.allclose(tomtom([query], motifs).p_values[0], slow, rtol=1e-12, atol=1e-15)
