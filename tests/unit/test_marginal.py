"""Marginalization of one motif and of a database."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nbmotif import (
    deep_lift_shap,
    dinucleotide_shuffle,
    marginalize,
    marginalize_motifs,
    one_hot_encode,
    predict,
    random_one_hot,
    saliency,
    saturation_mutagenesis,
    substitute,
)
from nbmotif.arrangements import other_orders
from nbmotif.errors import InvalidArgument
from tests.unit.attribution_zoo import LENGTH, build

X = random_one_hot((12, 4, LENGTH), random_state=0)
WEIGHTS = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def model():
    return build(nn.Sequential(nn.GELU(), nn.MaxPool1d(3)))


class CountsGATA(nn.Module):
    """Number of GATA, counted softly: the motif acts, its letters do not."""

    def forward(self, x):
        weight = one_hot_encode("GATA", dtype=torch.float32)[None]
        return torch.relu(torch.conv1d(x, weight.to(x.dtype)) - 3).sum(-1)


class CountsGC(nn.Module):
    """The GC mirage: only the composition acts."""

    def forward(self, x):
        return x[:, 1:3].sum((1, 2))[:, None]


def test_marginalize__predicts_before_and_after(model):
    result = marginalize(model, X, "GATAA", device="cpu")
    y_before, y_after = result
    torch.testing.assert_close(y_before, predict(model, X, device="cpu"))
    torch.testing.assert_close(y_after, predict(model, substitute(X, "GATAA"), device="cpu"))
    torch.testing.assert_close(result.effect, y_after - y_before)
    assert (result.start, result.end) == (LENGTH // 2 - 2, LENGTH // 2 + 3)
    assert len(result) == 2
    assert result[1] is y_after


@pytest.mark.parametrize("motif", ["GATA", one_hot_encode("GATA"), one_hot_encode("GATA")[None].float()])
def test_marginalize__takes_letters_and_one_hot(model, motif):
    expected = predict(model, substitute(X, "GATA", start=3), device="cpu")
    torch.testing.assert_close(marginalize(model, X, motif, start=3, device="cpu").y_after, expected)


def test_marginalize__gives_one_effect_for_each_output():
    result = marginalize(lambda x: (x.mean(-1), x[:, :1, 0]), X, "GATA")
    assert [tuple(effect.shape) for effect in result.effect] == [(12, 4), (12, 1)]
    after = substitute(X, "GATA")
    torch.testing.assert_close(result.effect[0], after.float().mean(-1) - X.float().mean(-1))


def test_marginalize__compares_both_sides_with_the_same_references(model):
    options = {"device": "cpu", "n_shuffles": 4}
    result = marginalize(model, X, "GATAA", func=deep_lift_shap, random_state=3, **options)
    references = dinucleotide_shuffle(X, n=4, random_state=3)
    edited = substitute(X, "GATAA")
    for got, sequences in ((result.y_before, X), (result.y_after, edited)):
        expected = deep_lift_shap(model, sequences, references=references, device="cpu")
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("hypothetical", [False, True])
def test_marginalize__projects_each_side_on_its_own_sequence(model, hypothetical):
    result = marginalize(
        model, X, "GATAA", func=deep_lift_shap, random_state=0, n_shuffles=3, device="cpu", hypothetical=hypothetical
    )
    span, edited = slice(result.start, result.end), substitute(X, "GATAA")
    after = (result.y_after * edited)[:, :, span].sum((1, 2))
    before = (result.y_before * X)[:, :, span].sum((1, 2))
    torch.testing.assert_close(result.effect, (after - before).double(), rtol=1e-4, atol=1e-7)


def test_marginalize__attributions_of_a_motif_that_is_all_that_acts_sum_to_its_effect():
    model, backgrounds = CountsGATA(), one_hot_encode(["C" * 20, "T" * 20])
    zeros = torch.zeros(2, 1, 4, 20)
    attributed = marginalize(model, backgrounds, "GATA", func=deep_lift_shap, references=zeros)
    torch.testing.assert_close(attributed.effect, marginalize(model, backgrounds, "GATA").effect[:, 0].double())


def test_marginalize__passes_arguments_that_it_has_itself():
    def func(model, X, start):
        return torch.full((len(X), 1), float(start))

    assert marginalize(None, X, "GATA", func=func, additional_func_kwargs={"start": 7}).y_before[0] == 7


def test_marginalize_motifs__agrees_with_marginalize(model):
    motifs = {name: one_hot_encode(name, dtype=torch.float64) for name in ("GATAA", "CCGCC", "TTTTTTTTTT", "A")}
    table = marginalize_motifs(model, X, motifs, random_state=0, device="cpu")
    assert table["motif_name"].tolist() == list(motifs)
    for row in table.itertuples():
        effect = marginalize(model, X, row.motif_name, device="cpu").effect[:, 0].double()
        assert row.effect == pytest.approx(effect.mean().item(), abs=1e-6)
        assert row.standard_error == pytest.approx(effect.std().item() / 12**0.5, abs=1e-6)


def test_marginalize_motifs__sees_through_the_gc_mirage():
    motifs = {"GATA": one_hot_encode("GATA"), "GGGCCA": one_hot_encode("GGGCCA"), "GGGG": one_hot_encode("GGGG")}
    true = marginalize_motifs(CountsGATA(), X, motifs, random_state=0).set_index("motif_name")
    assert true.loc["GATA", "z"] > 5
    mirage = marginalize_motifs(CountsGC(), X, motifs, random_state=0).set_index("motif_name")
    assert mirage.loc["GGGCCA", "effect"] > 1
    assert mirage.loc["GGGCCA", "shuffled_effect"] == pytest.approx(mirage.loc["GGGCCA", "effect"])
    assert mirage.loc["GGGCCA", "z"] == 0
    assert np.isnan(mirage.loc["GGGG", "z"])
    gc_before = X[:, 1:3, LENGTH // 2 - 2 : LENGTH // 2 + 2].float().mean().item() * 2
    assert mirage.loc["GGGG", "gc_change"] == pytest.approx(1 - gc_before)


@pytest.mark.parametrize("sign", [1, -1])
def test_marginalize_motifs__an_effect_that_is_the_same_in_all_backgrounds_is_infinitely_sure(sign):
    weight = one_hot_encode("CAGATAAGCA", dtype=torch.float32)[None]

    def finds(x):
        return sign * 0.1 * (torch.conv1d(x.float(), weight).amax(-1) >= 10).double()

    row = marginalize_motifs(finds, X, {"GATA": weight[0]}, random_state=0).iloc[0]
    assert (row["effect"], row["standard_error"], row["shuffled_effect"]) == (pytest.approx(0.1 * sign), 0, 0)
    assert row["z"] == sign * np.inf


def test_marginalize_motifs__has_no_z_where_there_is_nothing_to_compare():
    motifs = {"GATA": one_hot_encode("GATA"), "GGGG": one_hot_encode("GGGG")}
    assert np.isnan(marginalize_motifs(CountsGC(), X[:1], motifs, random_state=0)["z"]).all()
    beyond_reach = marginalize_motifs(lambda x: x[:, :2, 0], X, motifs, random_state=0).set_index("motif_name")
    assert beyond_reach.loc["GATA", "z"] == 0
    assert np.isnan(beyond_reach.loc["GGGG", "z"])


def test_marginalize_motifs__sums_attributions_over_the_motif(model):
    references = dinucleotide_shuffle(X, n=3, random_state=0)
    options = {"func": deep_lift_shap, "references": references, "device": "cpu"}
    table = marginalize_motifs(model, X, {"GATAA": one_hot_encode("GATAA")}, random_state=0, **options)
    assert table["effect"][0] == pytest.approx(marginalize(model, X, "GATAA", **options).effect.mean().item(), abs=1e-7)


def test_marginalize_motifs__same_seed_same_table_other_seed_other_orders(model):
    motifs = {"GATAA": one_hot_encode("GATAA")}
    a, b, c = (marginalize_motifs(model, X, motifs, random_state=seed, device="cpu") for seed in (1, 1, 2))
    assert a.equals(b)
    assert a["effect"].equals(c["effect"])
    assert not a["shuffled_effect"].equals(c["shuffled_effect"])


def test_marginalize_motifs__runs_the_backgrounds_once():
    rows = []

    def model(x):
        rows.append(len(x))
        return x.numpy().mean(-1)

    marginalize_motifs(model, X, [np.eye(4), np.eye(4)[:, :3]], random_state=0, batch_size=5)
    # two by which it is found out that this is not torch
    assert sum(rows) == 2 + len(X) * (1 + 2 * 2)


def test_marginalize_motifs__names_a_motif_that_does_not_fit(model):
    with pytest.raises(InvalidArgument, match=r"`motifs` must be inside sequences of 60 bp; got 'long' of 61 bp"):
        marginalize_motifs(model, X, {"short": np.eye(4), "long": np.eye(4)[:, np.zeros(61, int)]})
    for start in (58, -1):
        with pytest.raises(InvalidArgument, match=f"`start` must be inside .* 'short' of 4 bp at position {start}"):
            marginalize_motifs(model, X, {"short": np.eye(4)}, start=start)


def test_marginalize_motifs__tries_every_start_and_strand(model):
    motifs = {name: one_hot_encode(name, dtype=torch.float64) for name in ("GATAAG", "CCGC")}
    table = marginalize_motifs(model, X, motifs, start=[0, 7, 50], strand="both", random_state=0, device="cpu")
    places = [(name, start, strand) for name in motifs for start in (0, 7, 50) for strand in "+-"]
    assert list(table[["motif_name", "start", "strand"]].itertuples(index=False, name=None)) == places
    for row in table.itertuples():
        letters = motifs[row.motif_name] if row.strand == "+" else motifs[row.motif_name].flip(0, 1)
        effect = marginalize(model, X, letters[None], start=row.start, device="cpu").effect
        assert row.effect == pytest.approx(effect.mean().item(), abs=1e-6)


@pytest.mark.parametrize("spacing", [0, 3])
def test_marginalize_motifs__inserts_several_copies_in_a_row(model, spacing):
    motifs = {"GATAAG": one_hot_encode("GATAAG")}
    options = {"random_state": 0, "device": "cpu"}
    table = marginalize_motifs(model, X, motifs, n_copies=3, spacing=spacing, **options)
    row = ("GATAAG" + "N" * spacing) * 2 + "GATAAG"
    alone = marginalize(model, X, row, device="cpu")
    assert table["start"][0] == alone.start
    assert table["effect"][0] == pytest.approx(alone.effect.mean().item(), abs=1e-6)
    # the background between the copies is not part of the motif
    gc = X[:, 1:3].sum(1).double()
    copies = torch.cat([gc[:, alone.start + k * (6 + spacing) :][:, :6] for k in range(3)], 1)
    assert table["gc_change"][0] == pytest.approx((2 / 6 - copies.mean()).item())


def test_marginalize_motifs__more_copies_of_what_acts_do_more():
    options = {"motifs": {"GATA": one_hot_encode("GATA")}, "random_state": 0}
    one, three = (marginalize_motifs(CountsGATA(), X, n_copies=n, **options)["effect"][0] for n in (1, 3))
    assert three == pytest.approx(3 * one, abs=0.3)


def test_marginalize_motifs__samples_instances_from_the_pwm():
    pwm = np.array([[0.1, 0, 0.25], [0.2, 0, 0.25], [0.3, 1, 0.25], [0.4, 0, 0.25]])
    X = random_one_hot((4000, 4, 8), random_state=0)
    seen = []

    def record(x):
        seen.append(x[:, :, 3:6])
        return np.zeros((len(x), 1))

    marginalize_motifs(record, X, {"m": pwm}, instances="sampled", random_state=0, batch_size=4000)
    # two rows by which the function is looked at, the backgrounds, the motif, its shuffled letters
    _, background, motif, shuffled = (x.double() for x in seen)
    # 4,000 draws: within four standard errors
    torch.testing.assert_close(background.mean(0), torch.full((4, 3), 0.25).double(), atol=0.03, rtol=0)
    torch.testing.assert_close(motif.mean(0), torch.from_numpy(pwm), atol=0.03, rtol=0)
    assert torch.equal(motif.sum(-1), shuffled.sum(-1))


def test_marginalize_motifs__sampled_instances_of_a_sharp_motif_are_its_consensus(model):
    motifs = {"GATAAG": one_hot_encode("GATAAG", dtype=torch.float64)}
    options = {"random_state": 0, "device": "cpu"}
    a, b = (marginalize_motifs(model, X, motifs, instances=how, **options) for how in ("consensus", "sampled"))
    assert a["effect"][0] == b["effect"][0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strand": "?"}, r"`strand` must be one of '\+', '-', 'both'; got '\?'"),
        ({"n_copies": 0}, "`n_copies` must be at least 1"),
        ({"spacing": -1}, "`spacing` must be at least 0"),
        ({"start": []}, "`start` must be a position, or several"),
        ({"instances": "best"}, "`instances` must be one of 'consensus', 'sampled'"),
        ({"n_copies": 20}, r"`motifs` must be inside sequences of 60 bp; got 20 copies of 'GATA' of 4 bp"),
        ({"n_shuffles": 3}, r"`kwargs` must be among args, batch_size"),
    ],
)
def test_marginalize_motifs__names_the_option_that_is_wrong(model, options, message):
    with pytest.raises(InvalidArgument, match=message):
        marginalize_motifs(model, X, {"GATA": one_hot_encode("GATA")}, **options)


@given(st.integers(1, 7), st.integers(0, 2**31))
def test_other_orders__keep_the_letters_and_change_the_order_where_they_can(width, seed):
    rng = np.random.default_rng(seed)
    letters = random_one_hot((6, 4, width), random_state=seed % 1000)
    shuffled = other_orders(letters, rng)
    assert torch.equal(shuffled.sum(-1), letters.sum(-1))
    has_other = (letters.sum(-1) < width).all(-1)
    assert ((shuffled != letters).any(-1).any(-1) | ~has_other).all()


@pytest.mark.parametrize("function", [saliency, saturation_mutagenesis, deep_lift_shap])
@pytest.mark.parametrize("target", [0, 1])
def test_marginalize_motifs__attributes_the_target_that_was_asked_for(function, target):
    """Of two outputs, of which the second is minus twice the first."""

    def two(X):
        return X[:, 0].sum(-1, keepdim=True) * torch.tensor([1.0, -2.0])

    options = {"references": "zeros"} if function is deep_lift_shap else {}
    table = marginalize_motifs(two, X, {"AAAA": np.eye(4)[[0] * 4].T}, func=function, target=target, **options)
    of_first = marginalize_motifs(two, X, {"AAAA": np.eye(4)[[0] * 4].T}, func=function, **options)
    assert of_first["effect"][0] > 0
    assert table["effect"][0] == pytest.approx(of_first["effect"][0] * (1, -2)[target], rel=1e-5)


@pytest.mark.parametrize("function", [predict, saliency])
def test_marginalize_motifs__of_several_targets_is_that_of_each(function):
    runs = []

    def three(X):
        runs.append(len(X))
        return torch.tanh(torch.conv1d(X, WEIGHTS)).sum(-1)

    options = {"func": function, "random_state": 0, "strand": "both"}
    motifs = {"GATA": "GATA", "GC": "GCGC"}
    each = [marginalize_motifs(three, X, motifs, target=target, **options) for target in (2, (0,))]
    n_alone, runs[:] = sum(runs), []
    together = marginalize_motifs(three, X, motifs, target=[np.int64(2), (0,)], **options)
    assert together["target"].tolist() == [2] * 4 + [(0,)] * 4
    pd.testing.assert_frame_equal(together.drop(columns="target"), pd.concat(each, ignore_index=True), rtol=1e-5)
    if function is predict:
        assert sum(runs) == n_alone // 2


@pytest.mark.parametrize("target", [[], [0, "one"], (0, [1])])
def test_marginalize_motifs__says_which_targets_it_takes(model, target):
    with pytest.raises(InvalidArgument, match="`target` must be"):
        marginalize_motifs(model, X, {"GATA": "GATA"}, target=target)


def test_marginalize_motifs__refuses_a_target_that_func_cannot_be_told(model):
    motifs = {"GATA": np.eye(4)[[2, 0, 3, 0]].T}
    with pytest.raises(InvalidArgument, match=r"`target` must be 0 where func returns attributions.*argument called"):
        marginalize_motifs(model, X, motifs, func=lambda model, X: saliency(model, X), target=1)


def test_marginalize__a_partial_compares_both_sides_with_the_same_references(model):
    """The same letters on both sides: any effect would come from the draws."""
    result = marginalize(model, X, "NNNN", func=functools.partial(deep_lift_shap, n_shuffles=2))
    assert torch.equal(result.y_before, result.y_after)


def test_marginalize_motifs__a_partial_is_the_function_with_its_arguments(model):
    motifs = {"GATA": np.eye(4)[[2, 0, 3, 0]].T}
    given = marginalize_motifs(model, X, motifs, func=deep_lift_shap, n_shuffles=2, random_state=0)
    partial = functools.partial(functools.partial(deep_lift_shap, n_shuffles=9), n_shuffles=2)
    assert marginalize_motifs(model, X, motifs, func=partial, random_state=0).equals(given)


@pytest.mark.parametrize("start", [1.5, [1.5], "3", True, [[1, 2]]])
def test_marginalize_motifs__a_start_that_is_no_position_is_named(model, start):
    with pytest.raises(InvalidArgument, match="`start` must be a whole number"):
        marginalize_motifs(model, X, {"GATA": np.eye(4)[[2, 0, 3, 0]].T}, start=start)


@pytest.mark.parametrize("references", ["gc", "uniform", "zeros"])
def test_marginalize__takes_whole_numbers_for_every_kind_of_references(model, references):
    options = {"func": deep_lift_shap, "references": references, "device": "cpu"}
    whole, floats = (marginalize(model, sequences, "GATAA", **options) for sequences in (X.to(torch.int8), X.float()))
    torch.testing.assert_close(whole.y_after, floats.y_after)


def test_marginalize__a_partial_keeps_what_it_was_given_by_place():
    def times(factor, model, X):
        return factor * X.float().mean(-1)

    result = marginalize(None, X, "GATA", func=functools.partial(times, 3.0))
    torch.testing.assert_close(result.y_before, 3 * X.float().mean(-1))


def test_marginalize_motifs__measures_the_change_of_what_any_function_predicts():
    """Without A elsewhere: AAA adds three, in the second of two outputs six."""

    def func(model, X):
        return X[:, 0].sum(-1, keepdim=True).float() * torch.tensor([1.0, 2.0]) + 7

    backgrounds = one_hot_encode(["CCCCCCCC", "GTGTGTGT"])
    for target, expected in ((0, 3), (1, 6)):
        table = marginalize_motifs(None, backgrounds, {"AAA": "AAA"}, func=func, target=target)
        assert table["effect"].tolist() == [expected]


def test_marginalize_motifs__takes_attributions_of_a_function_that_knows_no_target(model):
    motifs = {"GATAA": "GATAA"}
    given = marginalize_motifs(model, X, motifs, func=saliency, random_state=0, device="cpu")
    hidden = marginalize_motifs(
        model, X, motifs, func=lambda model, X: saliency(model, X, device="cpu"), random_state=0
    )
    pd.testing.assert_frame_equal(hidden, given)


def test_marginalize_motifs__leaves_the_background_between_copies_out_of_their_attributions():
    """Each base is worth its position: AA at 1 and 2, and at 5 and 6, less what was there before."""
    worth = torch.arange(8.0)

    def func(model, X):
        return X * worth

    options = {"func": func, "start": 1, "n_copies": 2, "spacing": 2}
    assert marginalize_motifs(None, one_hot_encode(["CGCGCGCG"] * 2), {"AA": "AA"}, **options)["effect"].tolist() == [0]
    table = marginalize_motifs(None, one_hot_encode(["CNNCCNNC"] * 2), {"AA": "AA"}, **options)
    assert table["effect"].tolist() == [1 + 2 + 5 + 6]


def test_marginalize_motifs__counts_both_g_and_c():
    table = marginalize_motifs(CountsGC(), one_hot_encode(["ATGATCAT"] * 2), {"CGCA": "CGCA", "ATAT": "ATAT"}, start=1)
    # TGAT is replaced: one G of four before; three of four, and none, after
    assert table["gc_change"].tolist() == [0.5, -0.25]


def test_marginalize_motifs__z_of_two_backgrounds_by_hand():
    """The motif adds 4 and 2 where its letters in another order add 1 and 1."""
    backgrounds = one_hot_encode(["GGGG", "TTTT"])

    def func(x):
        is_first = x[:, 0, 0].double()
        adds = torch.where(x[:, 2, 3] == 1, 4.0, 2.0).double()
        return (adds * is_first + (x[:, 0, 1] == 1).double())[:, None]

    row = marginalize_motifs(func, backgrounds, {"AC": "AC"}, start=0, random_state=0).iloc[0]
    assert (row["effect"], row["shuffled_effect"], row["standard_error"]) == (3, 1, 1)
    # differences 3 and 1: mean 2, standard error 1
    assert row["z"] == pytest.approx(2)


def test_marginalize_motifs__keeps_ten_bases_between_copies_unless_told_otherwise(model):
    options = {"n_copies": 2, "random_state": 0, "device": "cpu"}
    default, ten = (marginalize_motifs(model, X, {"GATA": "GATA"}, **options, **said) for said in ({}, {"spacing": 10}))
    assert default.equals(ten)


def test_marginalize_motifs__applies_the_function_of_a_partial_to_what_the_model_returns(model):
    options = {"random_state": 0, "device": "cpu"}
    plain = marginalize_motifs(model, X, {"GATAA": "GATAA"}, **options)
    halved = functools.partial(predict, func=lambda y: y / 2)
    table = marginalize_motifs(model, X, {"GATAA": "GATAA"}, func=halved, **options)
    assert table["effect"][0] == pytest.approx(plain["effect"][0] / 2, rel=1e-4)
