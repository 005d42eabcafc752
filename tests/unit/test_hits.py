"""Hits: a list of frames on the outside, columns of typed arrays on the inside."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from nbmotif import Hits, columns, fimo
from nbmotif.errors import InvalidArgument
from nbmotif.levels import Levels

COLUMNS = ["motif_name", "motif_idx", "sequence_name", "start", "end", "strand", "score", "p-value"]


def made_hits(**changes) -> Hits:
    columns = {
        "motif_names": ["GATA2", "empty", "Ebox"],
        "motif_widths": [6, 4, 5],
        "motif_idx": [0, 0, 0, 2, 2],
        "sequence_idx": [0, 1, 1, 0, 2],
        "start": [3, 0, 9, 4, 4],
        "strand": [1, 1, -1, 0, 0],
        "score": np.array([9.5, 8.0, 9.5, 7.0, 7.0], dtype=np.float32),
        "p_value": [1e-6, 1e-5, 1e-6, 3e-5, 3e-5],
        "n_sequences": 4,
    }
    return Hits(**{**columns, **changes})


@pytest.fixture
def hits() -> Hits:
    return made_hits()


def test_hits__are_a_list_of_one_frame_per_motif(hits):
    assert len(hits) == 3
    assert [len(frame) for frame in hits] == [3, 0, 2]
    assert hits[0].equals(hits["GATA2"])
    assert hits[-1].equals(hits[2])
    assert [frame.equals(hits[i]) for i, frame in enumerate(hits[:2])] == [True, True]
    assert len(list(hits)) == 3
    assert list(hits[1].columns) == COLUMNS
    assert hits[2]["end"].tolist() == [9, 9]
    assert hits[0]["strand"].tolist() == ["+", "+", "-"]
    assert hits[2]["strand"].tolist() == [".", "."]


def test_hits__concat_with_empty_motifs_keeps_dtypes(hits):
    together = pd.concat(hits)
    assert together.dtypes.to_dict() == hits[1].dtypes.to_dict() == hits.to_frame().dtypes.to_dict()
    kinds = {name: dtype.kind for name, dtype in together.dtypes.items()}
    assert kinds == dict(zip(COLUMNS, "OiiiiOff", strict=True))
    pd.testing.assert_frame_equal(together.reset_index(drop=True), hits.to_frame())


# torch 2 tells numpy 2 less about copying than it asks for
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_hits__frames_take_the_vignettes_next_steps():
    hits = fimo({"GATA": np.eye(4)[[2, 0, 3, 0]].T}, ["CCGATACC", "GGTATCAA"], threshold=0.01)
    frame = pd.concat(hits)
    frame["attribution"] = torch.tensor([[0.5, 0.25], [0.0, 0.125]]).sum(dim=1)
    passing = frame[frame["attribution"] > 0.3].sort_values("attribution", ascending=True)
    counts = passing.groupby("motif_name", observed=True).count()["motif_idx"].sort_values(ascending=False).head(n=10)
    assert counts.to_dict() == {"GATA": 1}
    assert np.array([len(h) for h in hits]).tolist() == [2]


@pytest.mark.parametrize("empty_categories_are_groups", [False, True])
def test_hits__grouped_by_name_have_no_group_without_hits(monkeypatch, hits, empty_categories_are_groups):
    with_categories = hits.named(["a", "b", "c", "d"]).to_frame()
    monkeypatch.setattr(columns, "_GROUPS_EMPTY_CATEGORIES", empty_categories_are_groups)
    frame = hits.named(["a", "b", "c", "d"]).to_frame()
    pd.testing.assert_frame_equal(frame, with_categories, check_dtype=False, check_categorical=False)
    n = frame.groupby(["motif_name", "sequence_name"], observed=not empty_categories_are_groups).size()
    assert (n > 0).all()
    assert n.sum() == hits.n_hits


def test_hits__columns_follow_the_motifs(hits):
    assert hits.n_hits == 5
    assert hits.offsets.tolist() == [0, 3, 3, 5]
    assert hits.n_hits_per_motif.tolist() == [3, 0, 2]
    assert hits.motif_idx.tolist() == [0, 0, 0, 2, 2]
    assert hits.end.tolist() == [9, 6, 15, 9, 9]
    assert hits.p_value.tolist() == [1e-6, 1e-5, 1e-6, 3e-5, 3e-5]
    dtypes = {
        name: getattr(hits, name).dtype.name
        for name in ("motif_idx", "sequence_idx", "start", "end", "strand", "p_value")
    }
    assert dtypes == dict.fromkeys(("motif_idx", "sequence_idx", "start", "end"), "int32") | {
        "strand": "int8",
        "p_value": "float64",
    }


def test_hits__sort_by_motif_and_keep_order_within(hits):
    order = [3, 0, 1, 4, 2]
    shuffled = {
        name: np.asarray(getattr(hits, name))[order]
        for name in ("motif_idx", "sequence_idx", "start", "strand", "score", "p_value")
    }
    pd.testing.assert_frame_equal(made_hits(**shuffled).to_frame(), hits.to_frame())


def test_hits__take_at_most_24_bytes_each():
    rng = np.random.default_rng(0)
    pwms = [rng.dirichlet(np.full(4, 0.3), size=6).T for _ in range(4)]
    hits = fimo(pwms, ["".join(rng.choice(list("ACGT"), size=50_000))], threshold=0.01)
    hits = hits.with_signal(rng.normal(size=(1, 1, 50_000)))
    held = [hits.sequence_idx, hits.start, hits.strand, hits.score, hits.attribution, hits.p_levels.of_hit]
    assert sum(column.itemsize for column in held) <= 24
    assert hits.n_hits > 1000
    assert {len(column) for column in held} == {hits.n_hits}


def test_hits__where_keeps_motifs_that_lose_all_hits(hits):
    kept = hits.where(hits.p_value < 1e-5)
    assert [len(frame) for frame in kept] == [2, 0, 0]
    assert kept.n_sequences == 4
    pd.testing.assert_frame_equal(kept[0], hits[0].iloc[[0, 2]].reset_index(drop=True))
    assert hits.n_hits == 5
    with pytest.raises(InvalidArgument, match=r"`mask` must be bool of shape \(5,\)"):
        hits.where(np.array([1, 0]))


def test_hits__subset_numbers_the_chosen_motifs(hits):
    chosen = hits.subset(["Ebox", "GATA2"])
    assert chosen.motif_names == ["Ebox", "GATA2"]
    assert chosen[1][COLUMNS[2:]].equals(hits[0][COLUMNS[2:]])
    assert chosen[1]["motif_idx"].tolist() == [1, 1, 1]
    assert len(hits.subset([])) == 0


def test_hits__with_signal_sums_under_each_hit_and_leaves_the_old_ones(hits):
    X_attr = np.arange(4 * 2 * 20, dtype=np.float64).reshape(4, 2, 20)
    scored = hits.with_signal(X_attr)
    expected = [X_attr[i, :, s:e].sum() for i, s, e in zip(hits.sequence_idx, hits.start, hits.end, strict=True)]
    assert scored.attribution.dtype == np.float32
    assert scored.attribution.tolist() == expected
    assert scored[0]["attribution"].tolist() == expected[:3]
    assert hits.attribution is None
    assert "attribution" not in hits[0]
    np.testing.assert_array_equal(
        hits.with_signal(torch.from_numpy(X_attr.sum(axis=1))).attribution, scored.attribution
    )


def test_hits__with_signal_of_other_sequences_is_refused(hits):
    with pytest.raises(InvalidArgument, match=r"`X_attr` must be of shape .* N = 4, .*got shape \(3, 4, 20\)"):
        hits.with_signal(torch.zeros(3, 4, 20))
    with pytest.raises(InvalidArgument, match=r"sequence 1, 9 to 15 in row 2"):
        hits.with_signal(torch.zeros(4, 4, 14))


def test_hits__by_sequence_lists_every_sequence(hits):
    frames = hits.by_sequence()
    assert [frame["motif_name"].tolist() for frame in frames] == [["GATA2", "Ebox"], ["GATA2", "GATA2"], ["Ebox"], []]


def test_hits__names_of_sequences_are_shown(hits):
    named = made_hits(sequence_names=["chr1", "chr2", "chrX", "chrM"])
    assert named[0]["sequence_name"].tolist() == ["chr1", "chr2", "chr2"]
    assert hits[0]["sequence_name"].tolist() == [0, 1, 1]


def test_hits__say_what_they_hold(hits):
    assert repr(hits).splitlines() == ["Hits: 5 of 3 motifs in 4 sequences", "         3  GATA2", "         2  Ebox"]
    assert "with attribution" in repr(hits.with_signal(np.zeros((4, 20))))


def test_hits__unknown_motifs_are_named_with_lookalikes(hits):
    with pytest.raises(KeyError, match=r"no motif is called 'gata'; there are GATA2"):
        hits["gata"]
    with pytest.raises(IndexError, match="there are 3 motifs"):
        hits[3]


def test_hits__survive_pickling(hits):
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(hits)).to_frame(), hits.to_frame())


def test_hits__of_nothing_keep_their_dtypes():
    nothing = made_hits(motif_idx=[], sequence_idx=[], start=[], strand=[], score=[], p_value=[], n_sequences=None)
    assert nothing.n_sequences == nothing.n_hits == 0
    assert nothing.to_frame()["p-value"].dtype == np.float64
    assert pd.concat(nothing)["start"].dtype == np.int32


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": [1, 2]}, r"`start` must be of shape \(5,\), as motif_idx; got shape \(2,\)"),
        ({"motif_idx": [0, 0, 0, 2, 3]}, r"`motif_idx` must be between 0 and 2; got 0 to 3"),
        ({"n_sequences": 2}, r"`sequence_idx` must be between 0 and 1"),
        ({"sequence_names": ["a", "b"], "n_sequences": None}, r"`sequence_idx` must be between 0 and 1"),
        ({"motif_widths": [6, 4]}, r"`motif_widths` must be of shape \(3,\)"),
        ({"motif_names": ["a", "b", "a"]}, "`motif_names` must be names that differ; got 'a' twice"),
        ({"sequence_names": ["x", "y", "x", "z"]}, "`sequence_names` must be names that differ; got 'x' twice"),
        ({"start": [0, 1, 2, 3, 4.5]}, r"`start` must be whole numbers; got 4\.5 in row 4"),
        ({"sequence_idx": [0, 0, 0, 0, np.nan]}, "`sequence_idx` must be whole numbers; got nan in row 4"),
        ({"start": [0, 1, 2, 3, 2**40]}, "`start` must be numbers of 32 bits"),
        ({"strand": [1, 1, 1, 1, 2]}, "`strand` must be 1, -1, or 0 for both strands; got 1 to 2"),
        ({"strand": ["+", "-", "+", "-", "+"]}, "`strand` must be whole numbers; got '\\+' in row 0"),
    ],
)
def test_hits__refuse_columns_that_do_not_agree(changes, words):
    with pytest.raises(InvalidArgument, match=words):
        made_hits(**changes)


def test_hits__q_values_are_those_of_benjamini_and_hochberg():
    rng = np.random.default_rng(2)
    pwms = [rng.dirichlet(np.full(4, 0.3), size=w).T for w in (6, 7)]
    texts = ["".join(rng.choice(list("ACGTN"), p=[0.3, 0.2, 0.2, 0.29, 0.01], size=700)) for _ in range(3)]
    every = fimo(pwms, texts, threshold=1.0)
    hits = fimo(pwms, texts, threshold=0.01)
    for m in range(2):
        # the p of windows that no word scores below is 1, and they are not listed
        p = np.append(every[m]["p-value"], np.ones(every.n_windows[m] - len(every[m])))
        expected = stats.false_discovery_control(p)[: len(every[m])]
        listed = every[m].assign(q=expected).query("`p-value` < 0.01")["q"].to_numpy()
        rows = slice(hits.offsets[m], hits.offsets[m + 1])
        np.testing.assert_allclose(every.q_value[every.offsets[m] : every.offsets[m + 1]], expected)
        assert (hits.q_value[rows] >= listed * (1 - 1e-12)).all()
        best = hits.p_value[rows].argmin()
        assert hits.q_value[rows][best] == pytest.approx(listed[best], rel=0.2)


def test_hits__q_values_stay_when_hits_are_taken_away():
    rng = np.random.default_rng(3)
    pwms = {str(w): rng.dirichlet(np.full(4, 0.3), size=w).T for w in (6, 7)}
    hits = fimo(pwms, ["".join(rng.choice(list("ACGT"), size=3000))], threshold=0.01)
    mask = hits.p_value < 0.002
    np.testing.assert_array_equal(hits.where(mask).q_value, hits.q_value[mask])
    np.testing.assert_array_equal(hits.where(mask).subset(["7"]).q_value, hits.q_value[mask & (hits.motif_idx == 1)])
    assert hits.to_frame(q_values=True).columns[-2:].tolist() == ["p-value", "q-value"]
    with pytest.raises(InvalidArgument, match="made by `fimo`"):
        made_hits().q_value  # noqa: B018


def test_levels__hold_each_different_p_value_once_per_motif():
    p = np.array([0.2, 0.1, 0.2, 0.2, 0.3])
    levels = Levels.of(p, np.array([0, 3, 3, 5]))
    assert levels.offsets.tolist() == [0, 2, 2, 4]
    assert levels.values.tolist() == [0.1, 0.2, 0.2, 0.3]
    assert levels.of_hit.tolist() == [1, 0, 1, 0, 1]
    assert levels.of_hit.dtype == np.uint16
    assert levels.expand(np.array([3, 0, 2])).tolist() == p.tolist()


def test_levels__that_no_hit_has_any_more_keep_their_q_values():
    levels = Levels(np.array([0, 0, 0], np.uint16), np.array([0, 2, 4]), np.array([0.01, 0.05, 0.02, 0.2]))
    # p times windows by rank: 0.01 * 10 / 2 and 0.05 * 10 / 2; 0.02 * 20 / 1 and 0.2 * 20 / 1, at most 1
    assert levels.q_values(np.array([2, 1]), np.array([10, 20])).tolist() == [0.05, 0.25, 0.4, 1.0]


def test_levels__of_a_motif_may_be_more_than_two_bytes_can_tell_apart():
    p = np.arange(1, 1 + (1 << 16) + 1) / (1 << 20)
    fewer, more = (Levels.of(p[:n], np.array([0, n])) for n in (1 << 16, len(p)))
    assert (fewer.of_hit.dtype, more.of_hit.dtype) == (np.uint16, np.int32)
    for levels in (fewer, more):
        assert levels.expand(np.array([len(levels.of_hit)])).tolist() == p[: len(levels.of_hit)].tolist()


def test_levels__of_a_scan_ascend_within_each_motif():
    rng = np.random.default_rng(1)
    pwms = [rng.dirichlet(np.full(4, 0.3), size=w).T for w in (5, 6, 7)]
    levels = fimo(pwms, ["".join(rng.choice(list("ACGT"), size=5000))], threshold=0.02).p_levels
    for first, last in zip(levels.offsets, levels.offsets[1:], strict=False):
        assert (np.diff(levels.values[first:last]) > 0).all()
        assert last > first


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("p_value", 5.0, "`p_value` must be between 0 and 1"),
        ("p_value", np.nan, "`p_value` must be finite"),
        ("start", -4, "`start` must be at least 0; got -4 in row 0"),
        ("sequence_idx", -1, "`sequence_idx` must be at least 0; got -1 in row 0"),
        ("motif_widths", 0, "`motif_widths` must be at least 1; got 0 in row 0"),
        ("score", "high", "`score` must be numbers"),
    ],
)
def test_hits__refuse_numbers_that_cannot_be(column: str, value, words: str) -> None:
    columns = {"motif_widths": [3], "motif_idx": [0], "sequence_idx": [0], "start": [0], "strand": [1]}
    columns |= {"score": [1.0], "p_value": [0.5]} | {column: [value]}
    with pytest.raises(InvalidArgument, match=words):
        Hits(["a"], **columns)


def test_hits__know_the_motifs_they_hold_and_take_several_names_for_a_subset() -> None:
    hits = Hits(["a", "b"], [3, 3], [0], [0], [0], [1], [1.0], [0.5])
    assert "a" in hits
    assert "c" not in hits
    with pytest.raises(InvalidArgument, match=r"make a list: \['a'\]"):
        hits.subset("a")


def test_with_signal__refuses_motifs_of_other_widths_than_the_hits() -> None:
    hits = Hits(["a"], [3], [0], [0], [0], [1], [1.0], [0.5])
    with pytest.raises(InvalidArgument, match="'a' of 5 bp, whose hits are 3 bp"):
        hits.with_signal(np.ones((1, 4, 9)), "pwm", {"a": np.full((4, 5), 0.25)})
    assert hits.with_signal(np.ones((1, 4, 9)), "pwm", {"a": np.full((4, 3), 0.25)}).attribution.tolist() == [3.0]


def test_hits__refuse_motif_names_that_could_be_numbers_of_motifs() -> None:
    with pytest.raises(InvalidArgument, match="`motif_names` must be strings"):
        Hits([1], [3], [0], [0], [0], [1], [1.0], [0.5])


def test_hits__say_that_they_are_no_frame(hits) -> None:
    with pytest.raises(AttributeError, match=r"it is hits.to_frame\(\).to_csv"):
        hits.to_csv("hits.csv")
    with pytest.raises(KeyError, match=r"for a column, hits.to_frame\(\)\['score'\]"):
        hits["score"]
    assert not hasattr(hits, "head")
    assert not hasattr(hits, "_mgr")
