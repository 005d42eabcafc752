"""predict and audit."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import nn

from nbmotif import audit, predict, random_one_hot
from nbmotif.borrowing import borrowed, modules_of
from nbmotif.errors import InvalidArgument, UnsupportedModel
from nbmotif.outputs import select_target
from tests.unit.attribution_zoo import LENGTH, Do, InPlaceResidual, build

X = random_one_hot((7, 4, LENGTH), random_state=0)


@pytest.fixture
def model():
    return build(nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm1d(8)))


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_predict__does_not_depend_on_the_batch_size(model, batch_size):
    model.eval()
    with torch.no_grad():
        expected = model(X.float())
    torch.testing.assert_close(predict(model.train(), X, batch_size=batch_size, device="cpu"), expected)
    assert model.training
    assert model.middle[1].training


def test_predict__returns_a_list_of_several_outputs():
    got = predict(lambda x: (x.sum(-1), x[:, 0]), X, batch_size=2)
    assert [tuple(y.shape) for y in got] == [(7, 4), (7, LENGTH)]


def test_predict__applies_func_to_each_batch_and_passes_extra_inputs():
    extra = torch.arange(7.0)[:, None]
    got = predict(lambda x, z: (x.sum((1, 2))[:, None], z), X, args=(extra,), func=lambda y: y[1] * 2, batch_size=3)
    torch.testing.assert_close(got, extra * 2)


def test_predict__keeps_integers_of_extra_inputs():
    embedding = nn.Embedding(5, 2)
    got = predict(lambda x, z: embedding(z), X, args=(torch.arange(7) % 5,), batch_size=3)
    assert got.shape == (7, 2)


def test_predict__computes_in_lower_precision_by_autocast(model):
    full, half = predict(model, X, device="cpu"), predict(model, X, device="cpu", dtype="bfloat16")
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), full, rtol=0.03, atol=1e-3)  # the 8 bits of bfloat16, a few times over


def test_predict__gives_the_model_back_after_an_error(model):
    model.middle[1].eval()
    with pytest.raises(ValueError, match="no"):
        predict(model, X, func=lambda _: (_ for _ in ()).throw(ValueError("no")))
    assert [m.training for m in model.modules()] == [m is not model.middle[1] for m in model.modules()]
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (X[:0], {}, r"`X` must be sequences of shape \(N, 4, L\)"),
        (X.permute(0, 2, 1), {}, r"Did you mean X.permute\(0, 2, 1\)"),
        (X.numpy().tolist(), {}, "`X` must be a torch tensor or a numpy array"),
        (X, {"args": [torch.zeros(3)]}, r"`args\[0\]` must be a tensor with a row for each of the 7 sequences"),
        (X, {"batch_size": 0}, "`batch_size` must be at least 1; got 0"),
        (X, {"dtype": "float31"}, "`dtype` must be a torch dtype"),
    ],
)
def test_predict__names_the_argument_that_is_wrong(model, X, options, message):
    with pytest.raises(InvalidArgument, match=message):
        predict(model, X, **options)


def test_predict__says_what_a_model_must_return():
    with pytest.raises(UnsupportedModel, match="returns dict"):
        predict(lambda x: {"y": x}, X)


def test_borrowed__moves_a_model_and_brings_it_home():
    model = nn.Linear(2, 2).to("meta")
    with borrowed(model, torch.device("meta"), freeze=True):
        assert not model.weight.requires_grad
    assert model.weight.requires_grad
    assert model.weight.device.type == "meta"


class Holder:
    """Calls modules that it holds, one of them in a list."""

    def __init__(self, *modules: nn.Module) -> None:
        self.first, self.others = modules[0], list(modules[1:])

    def run(self, x):
        return self.first(x)

    def __call__(self, x):
        return self.run(x)


def test_modules_of__finds_what_a_function_a_method_or_an_object_calls():
    one, two = nn.ReLU(), nn.Tanh()

    def chained(x, times=1):
        return two(one(x)) * times

    holder = Holder(one, two)
    found = {
        "module": (one, [one]),
        "function": (chained, [one, two]),
        "partial of a function": (functools.partial(chained, times=2), [one, two]),
        "partial of a module": (functools.partial(one), [one]),
        "partial with a module": (functools.partial(torch.add, two), [two]),
        "object": (holder, [one, two]),
        "method of an object": (holder.run, [one, two]),
        "partial of a method": (functools.partial(holder.run), [one, two]),
        "method of a module": (one.forward, [one]),
        "function of nothing": (torch.relu, []),
    }
    for name, (model, expected) in found.items():
        assert set(modules_of(model)) == set(expected), name
        assert len(modules_of(model)) == len(expected), name


def test_select_target__takes_columns_chains_and_functions():
    y = torch.arange(24.0).view(2, 3, 4)
    assert select_target(y[:, :, 0], 1).tolist() == [4, 16]
    assert select_target(y[:, :, :1], -1).tolist() == [8, 20]
    assert select_target(y[:, :, 0], -3).tolist() == [0, 12]
    assert select_target(y, (2, 3)).tolist() == [11, 23]
    assert select_target((y, y[:, 0]), (1, 2)).tolist() == [2, 14]
    assert select_target(y[:, 0, 0], 0).tolist() == [0, 12]
    assert select_target((y,), lambda y: y[0].sum((1, 2))).tolist() == [66, 210]
    assert select_target((y[:, :, 0].numpy(), None), (0, 1)).tolist() == [4, 16]


@pytest.mark.parametrize(
    ("y", "target", "message"),
    [
        (torch.zeros(2, 3), 3, "`target` must be between 0 and 2"),
        (torch.zeros(2, 3), -4, "`target` must be between 0 and 2"),
        (torch.zeros(2), 1, "`target` must be between 0 and 0"),
        (torch.zeros(2, 3, 4), 1, r"target 1 picks 4 numbers per sequence"),
        (torch.zeros(2, 3), (1, 1), "`target` must be at most 1 indices"),
        (torch.zeros(2, 3), lambda y: y, "`target` must be a function that returns shape"),
        (torch.zeros(2, 3), lambda y: y.sum().item(), "a function that returns float"),
        ({"y": 0}, 0, "the model returns dict"),
        (
            (torch.zeros(2, 3), torch.zeros(2, 1)),
            0,
            r"^the model returns 2 outputs of shapes \(2, 3\), \(2, 1\), and one number per sequence is needed: pass",
        ),
    ],
)
def test_select_target__explains_what_does_not_fit(y, target, message):
    with pytest.raises((InvalidArgument, UnsupportedModel), match=message):
        select_target(y, target)


def test_audit__lists_operations_in_order_with_module_and_line():
    table = audit(build(nn.Sequential(nn.GELU(), nn.MaxPool1d(2))), X, device="cpu")
    assert table["module"].tolist() == ["conv", "middle.0", "middle.1", "(model)", "head"]
    assert table["operation"].tolist() == ["conv1d", "gelu", "max_pool1d", "reshape", "linear"]
    assert table["rule"].tolist() == ["linear", "rescale", "maximum", "linear", "linear"]
    assert table["line"].str.fullmatch(r"attribution_zoo.py:\d+").all()
    assert (table["error"].dropna() < 1e-5).all()
    assert table.attrs["completeness_error"] < 1e-5


def test_audit__puts_the_error_where_it_arises():
    table = audit(build(nn.Sequential(nn.GELU(), Do(lambda x: x.sort(-1)[0]), nn.Tanh())), X, device="cpu")
    table = table.set_index("operation")
    assert table["error"].idxmax() == "sort"
    assert "no DeepLIFT rule" in table.loc["sort", "note"]
    # what the operations miss adds up to what the attributions miss
    assert table["error"].max() == pytest.approx(table.attrs["completeness_error"], rel=1e-3)
    assert table.drop(index="sort")["error"].max() < 1e-4


def test_audit__names_the_parts_of_compound_operations_and_what_is_not_read():
    def two_heads(x):
        h = nn.functional.glu(x, 1)
        return torch.stack([h.mean((1, 2)), h.exp().sum((1, 2))], 1)

    table = audit(two_heads, X[:, :, :30], device="cpu")
    assert "glu > sigmoid" in table["operation"].tolist()
    model = build(nn.ReLU())
    model.head = Do(lambda h: (h[:, :1], h.exp())[0])
    assert audit(model, X, device="cpu").set_index("operation")["rule"]["exp"] == "unread"


def test_audit__accepts_a_model_that_writes_in_place():
    table = audit(build(InPlaceResidual()), X, device="cpu")
    assert table.attrs["completeness_error"] < 1e-5
