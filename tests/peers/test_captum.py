"""DeepLIFT against captum, on captum's own test models and on ours, wherever captum's sums are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import nbmotif
from tests.unit.attribution_zoo import LENGTH, ChannelsLast, build

if TYPE_CHECKING:
    from collections.abc import Callable

captum_attr = pytest.importorskip("captum.attr")
captum_models: Any = pytest.importorskip("captum.testing.helpers.basic_models")

pytestmark = [
    pytest.mark.peers,
    # captum's, about its hooks
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning"),
]

N, N_REFERENCES = 4, 3


class OnSequences(nn.Module):
    """A model of captum's as one of DNA: its inputs are the first numbers of a sequence, made larger."""

    def __init__(self, inner: nn.Module, *shapes: tuple[int, ...], scale: float = 4.0) -> None:
        super().__init__()
        self.inner, self.shapes, self.scale = inner, shapes, scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        numbers, inputs = (x.flatten(1) - 0.25) * self.scale, []
        for shape in self.shapes:
            size = torch.Size(shape).numel()
            inputs.append(numbers[:, :size].reshape(-1, *shape))
            numbers = numbers[:, size:]
        y: torch.Tensor = self.inner(*inputs)
        return y.reshape(len(x), -1)


def logits(model: nn.Module) -> nn.Module:
    """Take the softmax away, which these weights, all ones, make constant."""
    model.softmax = nn.Identity()
    return model


# captum's model, the shapes of its inputs
THEIR_ZOO: dict[str, tuple[Callable[[], nn.Module], tuple[tuple[int, ...], ...]]] = {
    "BasicLinearReLULinear": (lambda: captum_models.BasicLinearReLULinear(9), ((9,),)),
    "BasicLinearModel": (captum_models.BasicLinearModel, ((3,), (4,))),
    "BasicLinearModel_Multilayer": (lambda: captum_models.BasicLinearModel_Multilayer(5, 4, 2), ((5,),)),
    "ReLUDeepLiftModel": (captum_models.ReLUDeepLiftModel, ((3,), (3,))),
    "TanhDeepLiftModel": (captum_models.TanhDeepLiftModel, ((3,), (3,))),
    "ReLULinearModel": (captum_models.ReLULinearModel, ((3,), (3,))),
    "ReLULinearModel, in place": (lambda: captum_models.ReLULinearModel(inplace=True), ((3,), (3,))),
    "LinearMaxPoolLinearModel": (captum_models.LinearMaxPoolLinearModel, ((4,),)),
    "BasicModel_MaxPool_ReLU": (captum_models.BasicModel_MaxPool_ReLU, ((2, 9),)),
    "BasicModel_MultiLayer": (captum_models.BasicModel_MultiLayer, ((3,),)),
    "BasicModel_MultiLayer, several inputs": (
        lambda: captum_models.BasicModel_MultiLayer(multi_input_module=True), ((3,), (3,)),
    ),
    "SimpleLRPModel": (lambda: captum_models.SimpleLRPModel(inplace=False), ((3,),)),
    "BasicModel_ConvNet_One_Conv": (captum_models.BasicModel_ConvNet_One_Conv, ((1, 4, 4),)),
    "BasicModel_ConvNetWithPaddingDilation": (captum_models.BasicModel_ConvNetWithPaddingDilation, ((1, 5, 5),)),
    "BasicModel_ConvNet": (lambda: logits(captum_models.BasicModel_ConvNet()), ((1, 10, 10),)),
    "BasicModel_ConvNet_MaxPool1d": (lambda: logits(captum_models.BasicModel_ConvNet_MaxPool1d()), ((1, 10),)),
    "BasicModel_ConvNet_MaxPool3d": (lambda: logits(captum_models.BasicModel_ConvNet_MaxPool3d()), ((1, 10, 10, 10),)),
}  # fmt: skip
# models of ours that are made of what captum has a rule for
OUR_ZOO: dict[str, nn.Module] = {
    "ReLU": nn.ReLU(),
    "ELU": nn.ELU(),
    "LeakyReLU": nn.LeakyReLU(),
    "Sigmoid": nn.Sigmoid(),
    "Tanh": nn.Tanh(),
    "Softplus": nn.Softplus(),
    "Softmax": nn.Softmax(1),
    "MaxPool1d": nn.MaxPool1d(4),
    "BatchNorm1d": nn.Sequential(nn.BatchNorm1d(8), nn.ReLU()),
    "linear channels": nn.Sequential(ChannelsLast(nn.Linear(8, 5)), nn.Tanh()),
    "Basset": nn.Sequential(
        nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(8, 6, 5), nn.BatchNorm1d(6), nn.ELU(), nn.MaxPool1d(4)
    ),
}
# where captum's sums are wrong, so that there is nothing to agree with: its rules of max pooling and of softmax
INCOMPLETE_THERE = {
    "BasicModel_MaxPool_ReLU",
    "BasicModel_ConvNet",
    "BasicModel_ConvNet_MaxPool1d",
    "BasicModel_ConvNet_MaxPool3d",
    "Softmax",
    "Basset",
}


def inputs(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Columns of probabilities, so that no two numbers are equal: X (N, 4, L) and references (N, n, 4, L)."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.rand(N, 1 + N_REFERENCES, 4, length, generator=generator, dtype=torch.float64)
    drawn = drawn / drawn.sum(2, keepdim=True)
    return drawn[:, 0], drawn[:, 1:]


def theirs(model: nn.Module, X: torch.Tensor, references: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Contributions (x - r) m of each pair, and its completeness error, relative to the change of the output."""
    pairs = X.repeat_interleave(N_REFERENCES, 0).requires_grad_()
    flat = references.flatten(0, 1)
    attributions, delta = captum_attr.DeepLift(model.eval()).attribute(
        pairs, flat, target=0, return_convergence_delta=True
    )
    with torch.no_grad():
        change = (model(pairs) - model(flat))[:, 0]
    return attributions.detach().view(references.shape), float(delta.abs().mean() / change.abs().mean())


def assert_agree(name: str, model: nn.Module, length: int) -> None:
    X, references = inputs(length)
    expected, error = theirs(model, X, references)
    multipliers = nbmotif.deep_lift_shap(model, X, references=references, raw_outputs=True, device="cpu")
    contributions = (X[:, None] - references) * multipliers
    if name in INCOMPLETE_THERE:
        assert error > 1e-2
        with torch.no_grad():
            change = model(X)[:, :1] - model(references.flatten(0, 1))[:, 0].view(N, N_REFERENCES)
        # a model without parameters is run in float32
        torch.testing.assert_close(contributions.sum((2, 3)), change, rtol=1e-5, atol=1e-6 * float(change.abs().max()))
    else:
        assert error < 1e-6
        torch.testing.assert_close(contributions, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("name", THEIR_ZOO)
def test_deep_lift_shap__agrees_with_captum_on_its_own_models(name: str) -> None:
    make, shapes = THEIR_ZOO[name]
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        model = OnSequences(make(), *shapes, scale=200 if "One_Conv" in name else 4).double()
    assert_agree(name, model, 250)


@pytest.mark.parametrize("name", OUR_ZOO)
def test_deep_lift_shap__agrees_with_captum_on_models_of_dna(name: str) -> None:
    assert_agree(name, build(OUR_ZOO[name]).double(), LENGTH)
