"""Attributions sum to the change of the output, whatever the model is made of."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nbmotif import audit, deep_lift_shap, dinucleotide_shuffle, random_one_hot
from nbmotif.attribution.normalizers import _logarithmic_mean
from tests.unit import attribution_zoo as zoo
from tests.unit.attribution_zoo_architectures import architectures
from tests.unit.attribution_zoo_functions import functions

X = random_one_hot((3, 4, zoo.LENGTH), random_state=0).float()
REFERENCES = dinucleotide_shuffle(X, n=5, random_state=0)
EXACT = {**zoo.activations(), **zoo.operations(), **functions(), **architectures()}


def completeness_error(model: torch.nn.Module, X: torch.Tensor, references: torch.Tensor, **options: object) -> float:
    """Mean |sum of (x - r) m - (f(x) - f(r))| relative to the mean change, both computed here."""
    options = {"device": "cpu", **options}
    multipliers = deep_lift_shap(model, X, references=references, raw_outputs=True, **options)
    model.eval()
    with torch.no_grad():
        change = model(X) - model(references.flatten(0, 1)).view(references.shape[:2])
    total = ((X[:, None] - references) * multipliers).sum((2, 3))
    return float((total - change).abs().mean() / change.abs().mean())


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("middle", EXACT.values(), ids=EXACT.keys())
def test_deep_lift_shap__is_complete(middle):
    assert completeness_error(zoo.build(middle), X, REFERENCES) < 1e-4


def _narrowed_in_place(x):
    mask = x > 0
    mask &= x.roll(1, -1) > 0
    return torch.where(mask, x.exp(), 0.1 * x)


def _next(x):
    return x.roll(1, -1)


_EVEN = torch.arange(zoo.LENGTH) % 2 == 0

# masks that depend on the sequences -> a mask; each of two is at times the only one that is true
MASKS = {
    "either": lambda x: (x > 0) | (_next(x) > 0),
    "both": lambda x: (x > 0) & (_next(x) > 0),
    "one alone": lambda x: (x > 0) ^ (_next(x) > 0),
    "neither": lambda x: ~((x > 0) | (_next(x) > 0)),
    "equal": lambda x: (x > 0) == (_next(x) > 0),
    "unequal": lambda x: (x > 0) != (_next(x) > 0),
    "equal to a flag": lambda x: (x > 0) == False,  # noqa: E712
    "sum": lambda x: (x > 0) + (_next(x) > 0),
    "product": lambda x: (x > 0) * (_next(x) > 0),
    "and a constant": lambda x: (x > 0) & _EVEN,
    "a constant or": lambda x: _EVEN | (x > 0),
    "one alone with a constant": lambda x: torch.logical_xor(input=_EVEN, other=x > 0),
    "moved": lambda x: (x > 0).transpose(1, 2).flip(1).roll(1, 1).transpose(1, 2),
    "repeated": lambda x: (x > 0)[:, :4].repeat(1, 2, 1),
    "in pieces": lambda x: torch.cat((x > 0).chunk(3, -1)[::-1], dim=-1),
    "beside a constant": lambda x: torch.cat([x[..., 9:] > 0, _EVEN[:9].expand(len(x), 8, 9)], -1),
    "stacked": lambda x: torch.stack([x > 0, _next(x) > 0], 1).unbind(1)[1],
    "any channel": lambda x: (x > 0.5).any(1, keepdim=True),
    "all channels": lambda x: (x > -0.5).all(dim=1, keepdim=True),
    "another device": lambda x: (x > 0).to(x.device),
    "as flags": lambda x: (x > 0).to(torch.bool).bool(),
    "with a number": lambda x: x.le(0.1),
    "with operands by name": lambda x: torch.gt(input=x, other=_next(x)),
    "with a number by name": lambda x: torch.gt(x, other=0.1),
    "chosen by a mask": lambda x: torch.where(x > 0, _next(x) > 0, _EVEN),
    "chosen by a constant": lambda x: torch.where(_EVEN, _next(x) > 0, x > 0),
    "filled": lambda x: (x > 0).masked_fill(_next(x) > 0, True),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_deep_lift_shap__follows_masks_that_are_put_together(mask):
    check_followed(lambda x: torch.where(mask(x), x.exp(), 0.1 * x))


def _positions_overwritten(x):
    y = x.mT.clone()
    y[x.mean(1) > 0] = 0.5
    return y.mT


# spellings of a choice by a mask, and of counting one
CHOICES = {
    "by name": lambda x: torch.where(condition=x > 0, input=x.exp(), other=0.1 * x),
    "others by name": lambda x: torch.where(x > 0, other=0.1 * x, input=x.exp()),
    "method": lambda x: x.where(x > 0, 0.1 * x),
    "method by name": lambda x: x.exp().where(condition=x > 0, other=0.1 * x),
    "between numbers": lambda x: torch.where(x > 0, 1.0, 0.2) * x,
    "filled by name": lambda x: x.masked_fill(mask=x > 0, value=0.3),
    "filled with a value by name": lambda x: x.masked_fill(x > 0, value=torch.tensor(0.3)),
    "filled in place": lambda x: (x * 1).masked_fill_(mask=x > 0, value=0.3),
    "overwritten positions": _positions_overwritten,
    "mask narrowed in place": _narrowed_in_place,
    "counted": lambda x: x * torch.stack([x > 0, _next(x) > 0]).sum(0),
    "counted beside numbers": lambda x: torch.cat([x > 0, 0.1 * x], 1).cumsum(1),
    "as a number": lambda x: x * (x > 0).to(x.dtype) + (x > 0).type_as(x) + (x > 0).to(x),
    "added": lambda x: (x * 1).add_(x > 0) + (x > 0),
}


@pytest.mark.parametrize("middle", CHOICES.values(), ids=CHOICES.keys())
def test_deep_lift_shap__follows_choices_by_masks(middle):
    check_followed(middle)


def check_followed(middle):
    """That attributions are complete, and that nothing is to be said about any operation."""
    model = zoo.build(zoo.Do(middle))
    assert completeness_error(model, X, REFERENCES) < 1e-4
    assert set(audit(model, X, device="cpu")["note"]) == {""}


OPERANDS_BY_NAME = {
    "larger": lambda x: torch.max(x, other=_next(x)),
    "smaller": lambda x: torch.minimum(input=x, other=_next(x)),
    "power": lambda x: torch.pow(2 + x.tanh(), exponent=_next(x)),
    "power of a constant": lambda x: torch.pow(self=2.0, exponent=x),
    "quotient": lambda x: torch.div(x, other=2 + _next(x).tanh()),
    "product": lambda x: torch.mul(input=x, other=_next(x)),
    "difference": lambda x: torch.sub(x.exp(), other=_next(x), alpha=2),
    "lower bound": lambda x: x.clamp_min(min=_next(x)),
    "upper bound": lambda x: torch.clamp_max(x, max=_next(x)),
    "range": lambda x: torch.aminmax(x, dim=1).max - torch.aminmax(x, dim=1)[0],
    "log of a sum": lambda x: torch.logaddexp(x, other=_next(x)),
}


@pytest.mark.parametrize("middle", OPERANDS_BY_NAME.values(), ids=OPERANDS_BY_NAME.keys())
def test_deep_lift_shap__follows_operands_that_are_given_by_name(middle):
    check_followed(middle)


@pytest.mark.parametrize("middle", zoo.approximated().values(), ids=zoo.approximated().keys())
def test_deep_lift_shap__approximates_smooth_operations_it_does_not_know(middle):
    model = zoo.build(middle)
    assert completeness_error(model, X, REFERENCES) < 1e-4
    assert "path integral" in set(audit(model, X, device="cpu")["rule"])


@pytest.mark.parametrize(
    "name",
    ["product", "max pool, overlapping and padded", "layer norm", "softmax", "ratio", "GRU", "heads before the batch"],
)
def test_deep_lift_shap__is_complete_to_the_last_digits_in_float64(name):
    model = zoo.build(EXACT[name]).double()
    assert completeness_error(model, X.double(), REFERENCES.double()) < 1e-10


PRESERVING = [
    *[EXACT[name] for name in ("batch norm", "group norm", "layer norm", "inplace residual", "gated residual")],
    *[EXACT[name] for name in ("product", "ratio", "where", "softmax", "log softmax", "multi-head attention")],
    *[EXACT[f"module {name}"] for name in ("ELU", "GELU", "Tanh")],
    EXACT["inplace module ReLU"],
    nn.MaxPool1d(3, 1, 1),
    nn.AvgPool1d(3, 1, 1),
    nn.Conv1d(8, 8, 3, padding=1),
]


@given(st.lists(st.sampled_from(PRESERVING), min_size=2, max_size=4, unique=True), st.integers(0, 99))
def test_deep_lift_shap__is_complete_for_any_stack_of_operations(stack, seed):
    # these give (B, L, C)
    turned = (zoo.SelfAttention, zoo.ChannelsLast)
    stack = [nn.Sequential(m, zoo.Do(lambda h: h.mT)) if isinstance(m, turned) else m for m in stack]
    model = zoo.build(nn.Sequential(*stack)).double()
    X = random_one_hot((2, 4, zoo.LENGTH), random_state=seed).double()
    assert completeness_error(model, X, dinucleotide_shuffle(X, n=2, random_state=seed)) < 1e-8


@pytest.mark.parametrize("name", ["multi-head attention", "inplace residual", "max pool", "LSTM", "where", "RMS norm"])
def test_deep_lift_shap__does_not_depend_on_the_batch_size(name):
    # in float64: sums of another order differ by rounding, which secants over small differences make larger
    model, X64, references = zoo.build(EXACT[name]).double(), X.double(), REFERENCES.double()
    whole, *others = (
        deep_lift_shap(model, X64, references=references, batch_size=n, device="cpu") for n in (100, 1, 3, 7)
    )
    for other in others:
        torch.testing.assert_close(other, whole, rtol=1e-8, atol=1e-10 * float(whole.abs().max()))


class Masked(nn.Module):
    """Attention to the first half of the positions: the scores of the others are minus infinity."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        values = X @ torch.linspace(-1, 1, X.shape[2])
        scores = (3 * X[:, 0] - X[:, 1]).masked_fill(torch.arange(X.shape[2]) >= X.shape[2] // 2, -torch.inf)
        return (scores.softmax(-1) * torch.arange(X.shape[2])).sum(-1, keepdim=True) + values[:, :1]


def test_deep_lift_shap__scores_that_are_masked_on_both_sides_change_nothing() -> None:
    assert completeness_error(Masked(), X, REFERENCES) < 1e-4


def test_deep_lift_shap__takes_the_default_of_an_rms_norm_that_names_no_epsilon() -> None:
    """Of numbers so small that it decides."""
    model = zoo.Do(lambda X: nn.functional.rms_norm(1e-4 * X[:, :2], (X.shape[2],))[:, :, :3].sum((1, 2))[:, None])
    assert completeness_error(model, X, REFERENCES) < 1e-4


@pytest.mark.parametrize(
    "norm",
    [
        nn.LayerNorm(zoo.LENGTH, eps=0.5),
        nn.GroupNorm(2, 8, eps=0.5),
        nn.InstanceNorm1d(8, eps=0.5),
        nn.InstanceNorm1d(8, eps=0.5, affine=True),
        nn.RMSNorm(zoo.LENGTH, eps=0.5),
        zoo.Do(lambda x: nn.functional.group_norm(x, 4)),
    ],
    ids=str,
)
def test_deep_lift_shap__takes_the_epsilon_of_a_norm(norm: nn.Module) -> None:
    assert completeness_error(zoo.build(norm), X, REFERENCES) < 1e-4


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize("softmax", [nn.Softmax(), nn.LogSoftmax(), nn.functional.softmax])
@pytest.mark.parametrize("shape", [(-1,), (8, 3, -1)])
def test_deep_lift_shap__takes_a_softmax_over_the_axis_that_torch_chooses(softmax, shape) -> None:
    model = zoo.build(zoo.Do(lambda x: softmax(x.unflatten(2, (3, -1)) if len(shape) > 1 else x.flatten(1))))
    assert completeness_error(model, X, REFERENCES) < 1e-4


@pytest.mark.parametrize("difference", [0.0, 1e-8, 9.9e-4, -9.9e-4, 1.1e-3, 2.0])
def test_logarithmic_mean__is_that_of_two_exponentials(difference: float) -> None:
    a, b = torch.tensor([0.3 + difference, 0.3], dtype=torch.float64)
    # (e^a - e^b) / (a - b) = e^b expm1(d) / d, which loses no digits
    expected = b.exp() * (torch.tensor(difference, dtype=torch.float64).expm1() / difference if difference else 1)
    found = _logarithmic_mean(a.exp(), b.exp(), torch.tensor(difference, dtype=torch.float64))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
