"""What every function that runs a model asks of its inputs, its outputs and its settings."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nbmotif import (
    audit,
    deep_lift_shap,
    dinucleotide_shuffle,
    marginalize,
    marginalize_motifs,
    predict,
    random_one_hot,
    saliency,
    saturation_mutagenesis,
    substitute,
)
from nbmotif.arguments import check_seed, check_whole
from nbmotif.errors import InvalidArgument, UnsupportedModel

X = random_one_hot((4, 4, 20), random_state=0)
FUNCTIONS = {
    "predict": predict,
    "deep_lift_shap": functools.partial(deep_lift_shap, n_shuffles=2, random_state=0),
    "saliency": saliency,
    "saturation_mutagenesis": saturation_mutagenesis,
    "audit": audit,
}
ATTRIBUTIONS = ("deep_lift_shap", "saliency", "saturation_mutagenesis")


class Shaped(nn.Module):
    """Three outputs through dropout and batch norm, reshaped by a function."""

    def __init__(self, shape=lambda y: y):
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv1d(4, 3, 5), nn.BatchNorm1d(3), nn.ReLU(), nn.Dropout(0.5))
        self.shape = shape

    def forward(self, X, *controls):
        return self.shape(self.body(X).sum(-1)) + sum(controls)


class Holder:
    """A plain object around a model, as people write them."""

    def __init__(self, model):
        self.model = model

    def __call__(self, X):
        return self.model(X)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    "shape",
    [torch.squeeze, lambda y: y.T, lambda y: torch.cat([y, y]), lambda y: y.mean(), lambda y: y[:0]],
    ids=["squeeze", "transpose", "twice", "mean", "none"],
)
def test_an_output_without_a_row_for_each_sequence__is_refused(function, shape):
    with pytest.raises(UnsupportedModel, match="where a row for each sequence is needed"):
        function(Shaped(shape), X[:1])


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (X.to(torch.complex64), "`X` must be a dense tensor of ordinary numbers"),
        (X.float().to_sparse(), "`X` must be a dense tensor"),
        (X.to("meta"), "`X` must be a dense tensor"),
        (X.numpy().astype(np.uint64), r"got an array of uint64. Did you mean X.astype"),
        (X.numpy().astype(np.longdouble), "`X` must be a torch tensor or a numpy array"),
    ],
)
def test_numbers_that_torch_cannot_compute_with__are_refused(function, X, message):
    with pytest.raises(InvalidArgument, match=message):
        function(Shaped(), X)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bytes_in_the_order_of_other_machines__are_read(name):
    swapped = X.numpy().astype(np.float32).astype(np.dtype(np.float32).newbyteorder())
    got, expected = FUNCTIONS[name](Shaped(), swapped), FUNCTIONS[name](Shaped(), X)
    assert got.equals(expected) if name == "audit" else torch.equal(got, expected)


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_sequences_that_require_a_gradient__give_attributions_that_do_not(name):
    leaf = X.float().requires_grad_()
    got = FUNCTIONS[name](Shaped(), leaf)
    assert not got.requires_grad
    assert torch.equal(got, FUNCTIONS[name](Shaped(), X))
    assert leaf.requires_grad
    assert leaf.grad is None


def test_references_that_require_a_gradient__give_attributions_that_do_not():
    references = dinucleotide_shuffle(X, n=2, random_state=0).float().requires_grad_()
    assert not deep_lift_shap(Shaped(), X, references=references).requires_grad


def test_references_that_are_nan__are_refused_also_from_a_function():
    with pytest.raises(InvalidArgument, match="`references` must be finite"):
        deep_lift_shap(Shaped(), X, references=lambda x, **_: x.float()[:, None] * np.nan)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("args", [torch.zeros(4, 1), {"control": torch.zeros(4, 1)}])
def test_extra_inputs__are_a_tuple_of_them(function, args):
    with pytest.raises(InvalidArgument, match=r"`args` must be a tuple or list.*Pass args=\(control,\)"):
        function(Shaped(), X, args=args)


def test_audit__follows_a_model_with_extra_inputs():
    plain, controlled = audit(Shaped(), X), audit(Shaped(), X, args=(torch.ones(4, 3),))
    assert plain.attrs["completeness_error"] < 1e-4
    assert controlled.attrs["completeness_error"] < 1e-4
    assert controlled["operation"].tolist()[: len(plain)] == plain["operation"].tolist()


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_inference_mode_of_the_caller__changes_nothing(function):
    model = Shaped()
    with torch.inference_mode():
        inside = function(model, X.float())
        assert torch.is_inference_mode_enabled()
    outside = function(Shaped(), X)
    assert inside.equals(outside) if function is audit else torch.equal(inside, outside)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    "wrap",
    [
        Holder,
        lambda model: model.forward,
        lambda model: functools.partial(model),
        lambda model: lambda X: model(X),
        lambda model: Holder([model]).model[0].__call__,
    ],
    ids=["object", "method", "partial", "closure", "call"],
)
def test_a_module_inside_a_function__is_run_in_evaluation_mode_and_given_back(function, wrap):
    model = Shaped().train()
    model.body[3].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    got, expected = function(wrap(model), X), function(Shaped(), X)
    if function is audit:
        assert got["rule"].tolist() == expected["rule"].tolist()
    else:
        torch.testing.assert_close(got, expected)
    assert model.training
    assert not model.body[3].training
    assert all(p.requires_grad for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_function_of_a_float64_module__is_given_float64():
    model = Shaped().double()
    assert predict(lambda X: model(X), X).dtype == torch.float64


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_meta_device__is_refused_since_a_model_would_lose_its_weights(function):
    model = Shaped()
    with pytest.raises(InvalidArgument, match="`device` must be a device that this torch can compute on; got 'meta'"):
        function(model, X, device="meta")
    assert not any(p.is_meta for p in model.parameters())


@pytest.mark.parametrize("function", [predict, saturation_mutagenesis])
@pytest.mark.parametrize("dtype", ["float64", "int8"])
def test_a_precision_that_is_not_lower_than_the_models__is_refused(function, dtype):
    with pytest.raises(InvalidArgument, match=r"`dtype` must be the model's own, torch\.float32, or a lower"):
        function(Shaped(), X, dtype=dtype)


@pytest.mark.parametrize("function", [predict, saturation_mutagenesis, FUNCTIONS["deep_lift_shap"]])
def test_another_precision_of_as_many_bits__is_refused(function):
    with pytest.raises(InvalidArgument, match=r"`dtype` must be the model's own, torch\.bfloat16, .*a lower one"):
        function(Shaped().bfloat16(), X, dtype="float16")


@pytest.mark.parametrize("function", [saliency, FUNCTIONS["deep_lift_shap"], saturation_mutagenesis, audit])
@pytest.mark.parametrize("target", [0.0, "0", True, [0, 1], slice(0, 1)])
def test_a_target_that_is_no_column__is_named(function, target):
    with pytest.raises(InvalidArgument, match="`target` must be a column's number, a tuple of indices, or a function"):
        function(Shaped(), X, target=target)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: predict(Shaped(), X, batch_size=2.5), "batch_size"),
        (lambda: saliency(Shaped(), X, batch_size=1.5), "batch_size"),
        (lambda: deep_lift_shap(Shaped(), X, batch_size=2.0), "batch_size"),
        (lambda: deep_lift_shap(Shaped(), X, n_shuffles=True), "n_shuffles"),
        (lambda: deep_lift_shap(Shaped(), X, random_state=np.random.default_rng(0)), "random_state"),
        (lambda: audit(Shaped(), X, random_state="0"), "random_state"),
        (lambda: saturation_mutagenesis(Shaped(), X, start=1.5), "start"),
        (lambda: marginalize_motifs(Shaped(), X, {"a": np.eye(4)}, batch_size=0), "batch_size"),
        (lambda: dinucleotide_shuffle(X, n=2.5), "n"),
        (lambda: dinucleotide_shuffle(X, end=3.0), "end"),
        (lambda: substitute(X, "GATA", start="3"), "start"),
        (lambda: random_one_hot((2, 4, 5), random_state=-1), "random_state"),
        (lambda: random_one_hot((2, 4, 5.5)), "shape"),
    ],
)  # fmt: skip
def test_a_number_that_is_not_whole__is_named(call, name):
    with pytest.raises(InvalidArgument, match=f"`{name}` must be"):
        call()


@pytest.mark.parametrize("value", [np.int8(3), np.uint64(3), torch.tensor(3), np.array(3)])
def test_check_whole__takes_whole_numbers_of_every_kind(value):
    assert check_whole(value, "n") == 3
    assert type(check_seed(value)) is int


@pytest.mark.parametrize(
    "count",
    [lambda y: y.round().to(torch.uint8), lambda y: (y > 2).long(), lambda y: y > 2],
    ids=["uint8", "int64", "bool"],
)
def test_changes_of_counts_and_flags__are_those_of_numbers(count):
    """Unsigned ones would wrap around below zero, flags cannot be subtracted, whole numbers have no mean."""

    def model(X):
        return count(X[:, :1].sum(-1) / 2)

    def as_floats(X):
        return model(X).double()

    torch.testing.assert_close(saturation_mutagenesis(model, X), saturation_mutagenesis(as_floats, X).double())
    effects = [marginalize(function, X, "AAAAAAAA").effect for function in (model, as_floats)]
    torch.testing.assert_close(*effects)
    assert effects[0].abs().max() > 0
    assert (marginalize(model, X, "CCCCCCCC").effect <= 0).all()


@pytest.mark.parametrize("function", [FUNCTIONS[name] for name in (*ATTRIBUTIONS, "audit")])
def test_complex_outputs__are_refused(function):
    with pytest.raises(UnsupportedModel, match="returns complex numbers, where real ones are needed"):
        function(lambda X: torch.fft.fft(X.sum(1))[:, :3], X)


class Centres(nn.Module):
    """Subtracts from its input and adds to its control in place, before it uses them."""

    def forward(self, X, control=None):
        X -= 0.25
        if control is None:
            return X.square().sum((1, 2))[:, None]
        control += 1
        return (X[:, 0] * X[:, 1]).sum(1, keepdim=True) * control


class CentresCopies(Centres):
    """The same without writing."""

    def forward(self, X, control=None):
        return super().forward(X.clone(), None if control is None else control.clone())


@pytest.mark.parametrize("name", ["predict", *ATTRIBUTIONS])
@pytest.mark.parametrize("args", [None, (torch.arange(4.0)[:, None],)], ids=["plain", "control"])
def test_a_model_that_writes_into_its_inputs__changes_no_array_of_the_caller(name, args):
    X_own = X.float()
    expected = FUNCTIONS[name](CentresCopies(), X_own, args=args)
    got = FUNCTIONS[name](Centres(), X_own, args=args)
    assert torch.equal(X_own, X.float())
    assert args is None or torch.equal(args[0], torch.arange(4.0)[:, None])
    torch.testing.assert_close(got, expected)


def test_predictions__share_no_memory_with_the_sequences():
    X_own = X.float()
    predict(lambda X: X, X_own).add_(1)
    assert torch.equal(X_own, X.float())


def test_marginalize__predictions_of_the_shape_of_sequences_are_not_attributions():
    def language_model(X):
        return X.roll(1, 2)

    result = marginalize(language_model, X, "GATA")
    assert torch.equal(result.effect, result.y_after - result.y_before)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_model_without_weights_yet__is_refused_and_given_none(function):
    model = nn.Sequential(nn.LazyConv1d(3, 5), nn.Flatten(), nn.LazyLinear(2))
    with pytest.raises(UnsupportedModel, match=r"the parameter 0\.weight has no values yet"):
        function(model, X)
    assert isinstance(model[0].weight, nn.parameter.UninitializedParameter)


def test_a_model_that_reads_letters_by_argmax__is_told_what_can_follow_it():
    embedding = nn.Embedding(4, 5)
    with pytest.raises(UnsupportedModel, match=r"only through what has no slope.*`saturation_mutagenesis` needs none"):
        deep_lift_shap(lambda X: embedding(X.argmax(1)).mean(1), X)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("model.pt", r"got str. Load the model first: torch.load"),
        (Path("model.pt"), r"Load the model first: torch.load"),
        (Shaped().state_dict(), r"got OrderedDict. These may be weights: build the model"),
        (Shaped, r"This is a class: make a model of it first"),
        (None, r"`model` must be a PyTorch module, or a function of a batch; got NoneType"),
    ],
)
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_is_no_model__is_refused_with_what_to_do(function, model, message):
    with pytest.raises(InvalidArgument, match=message):
        function(model, X)


@pytest.mark.parametrize("insert", [marginalize, marginalize_motifs])
def test_the_name_of_a_function__is_refused(insert):
    motif = "GATA" if insert is marginalize else {"GATA": torch.eye(4)[[2, 0, 3, 0]].T}
    with pytest.raises(InvalidArgument, match=r"`func` must be a function, such as nbmotif.deep_lift_shap itself"):
        insert(Shaped(), X, motif, func="deep_lift_shap")


def test_a_perturbation__is_shown_in_one_line():
    shown = repr(marginalize(Shaped(), X, "GATA", start=3))
    assert shown == f"PerturbationResult of {len(X)} sequences, motif at 3 to 7: y_before, y_after; effect"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there__is_named():
    with pytest.raises(InvalidArgument, match="There is no GPU here, or this torch was built without it"):
        predict(Shaped(), X, device="cuda")
