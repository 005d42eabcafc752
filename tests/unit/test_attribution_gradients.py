"""saliency: gradient times input."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nbmotif import random_one_hot, saliency
from nbmotif.errors import InvalidArgument, UnsupportedModel
from tests.unit import attribution_zoo as zoo
from tests.unit.test_attribution_deeplift import state

X = random_one_hot((5, 4, zoo.LENGTH), random_state=0)


@pytest.fixture(scope="module")
def model():
    return zoo.build(nn.Sequential(nn.GELU(), nn.Dropout(0.5), nn.MaxPool1d(3)))


def gradient(model, X):
    model.eval()
    leaf = X.float().requires_grad_()
    return torch.autograd.grad(model(leaf).sum(), leaf)[0]


def test_saliency__is_gradient_times_input(model):
    options = {"gradient_correction": False, "device": "cpu"}
    torch.testing.assert_close(saliency(model, X, **options), gradient(model, X) * X)
    torch.testing.assert_close(saliency(model, X, hypothetical=True, **options), gradient(model, X))


def test_saliency__sums_to_zero_over_the_bases(model):
    got = saliency(model, X, hypothetical=True, device="cpu")
    torch.testing.assert_close(got, gradient(model, X) - gradient(model, X).mean(1, keepdim=True))
    torch.testing.assert_close(saliency(model, X, device="cpu"), got * X)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_saliency__does_not_depend_on_the_batch_size(model, batch_size):
    torch.testing.assert_close(
        saliency(model, X, batch_size=batch_size, device="cpu"), saliency(model, X, device="cpu")
    )


def test_saliency__takes_extra_inputs_targets_and_numpy():
    def predict(x, z):
        return x.sum(-1), (x[:, :2].square().sum((1, 2)) * z[:, 0])[:, None]

    extra = torch.arange(5.0)[:, None]
    options = {"target": (1, 0), "device": "cpu", "batch_size": 2, "gradient_correction": False}
    got = saliency(predict, X.numpy(), args=(extra,), **options)
    expected = 2 * X.float() * extra[:, :, None]
    expected[:, 2:] = 0
    torch.testing.assert_close(got, expected)


def test_saliency__works_where_the_caller_works_without_gradients(model):
    expected = saliency(model, X, device="cpu")
    with torch.inference_mode():
        torch.testing.assert_close(saliency(model, X, device="cpu"), expected)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_saliency__needs_no_more_than_a_derivative(model):
    expected = saliency(model, X, device="cpu")
    torch.testing.assert_close(saliency(torch.jit.script(model), X, device="cpu"), expected)
    model = zoo.build(zoo.Do(lambda x: x.sort(-1)[0]))
    assert saliency(model, X, device="cpu").abs().sum() > 0


@pytest.mark.parametrize(
    "function", [lambda x: x.numpy().mean(-1), lambda x: x.detach().mean(-1), lambda x: torch.ones(len(x), 1)]
)
def test_saliency__says_what_to_do_about_a_function_without_gradients(function):
    with pytest.raises((UnsupportedModel, RuntimeError), match=r"no gradient.*saturation_mutagenesis|requires grad"):
        saliency(function, X)


def test_saliency__halves_the_batch_when_memory_runs_out(model):
    def small(x):
        if len(x) > 2:
            raise torch.cuda.OutOfMemoryError
        return model.eval()(x)

    torch.testing.assert_close(saliency(small, X), saliency(model, X, device="cpu"))
    with pytest.raises(torch.cuda.OutOfMemoryError):
        saliency(lambda x: (_ for _ in ()).throw(torch.cuda.OutOfMemoryError()), X)


def test_saliency__gives_the_model_back_as_it_was():
    model = zoo.build(nn.Sequential(nn.ReLU(), nn.Dropout()))
    model.conv.weight.requires_grad_(False)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    before = state(model)
    saliency(model, X, device="cpu")
    with pytest.raises(InvalidArgument, match="`target` must be between 0 and 0"):
        saliency(model, X, target=1, device="cpu")
    assert state(model) == before
    assert model.head.weight.grad.sum() == model.head.weight.numel()


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (X.permute(0, 2, 1), {}, r"`X` must be sequences of shape \(N, 4, L\)"),
        (X, {"batch_size": 0}, "`batch_size` must be at least 1"),
        (X, {"args": [torch.zeros(3)]}, r"`args\[0\]` must be a tensor with a row for each of the 5"),
    ],
)
def test_saliency__names_the_argument_that_is_wrong(model, X, options, message):
    with pytest.raises(InvalidArgument, match=message):
        saliency(model, X, **options)
