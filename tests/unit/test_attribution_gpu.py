"""The same numbers on a GPU as on the CPU; skipped where there is none."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nbmotif import deep_lift_shap, marginalize_motifs, one_hot_encode, random_one_hot, saliency, saturation_mutagenesis
from nbmotif.attribution.devices import is_out_of_memory, memory_budget, widest
from tests.unit import attribution_zoo as zoo
from tests.unit.attribution_zoo_architectures import DanQ, enformer_block
from tests.unit.test_attribution_deeplift import state

DEVICES = [
    pytest.param(
        "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
    ),
    pytest.param(
        "mps",
        marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.backends.mps.is_available(), reason="no Apple GPU")],
    ),
]
X = random_one_hot((5, 4, zoo.LENGTH), random_state=0)
MODELS = {
    "convolutions": nn.Sequential(nn.ReLU(), nn.Conv1d(8, 8, 3, dilation=2), nn.GELU(), nn.MaxPool1d(3)),
    "attention": enformer_block(),
    "LSTM": DanQ(),
}
METHODS = {
    "deep_lift_shap": lambda model, device: deep_lift_shap(model, X, n_shuffles=4, random_state=0, device=device),
    "saliency": lambda model, device: saliency(model, X, device=device),
    "saturation_mutagenesis": lambda model, device: saturation_mutagenesis(model, X, start=20, end=30, device=device),
    "marginalize_motifs": lambda model, device: torch.tensor(
        marginalize_motifs(model, X, {"GATA": one_hot_encode("GATA")}, random_state=0, device=device)["effect"]
    ),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODELS)
def test_attribution__is_the_same_on_a_gpu_and_the_model_comes_home(name, method, device):
    model = zoo.build(MODELS[name])
    expected, before = METHODS[method](model, "cpu"), state(model)
    got = METHODS[method](model, device)
    assert got.device.type == "cpu"
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
    assert state(model) == before


@pytest.mark.parametrize("device", DEVICES)
def test_deep_lift_shap__is_complete_in_float32_on_a_gpu(device):
    model = zoo.build(MODELS["convolutions"])
    report = deep_lift_shap(model, X, n_shuffles=4, random_state=0, device=device, return_report=True)
    assert report.completeness_error < 1e-4


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.filterwarnings("ignore:Attributions do not sum")
def test_deep_lift_shap__computes_products_in_fewer_bits_on_a_gpu(device):
    model = zoo.build(MODELS["convolutions"])
    exact, low = (
        deep_lift_shap(model, X, n_shuffles=4, random_state=0, device=device, dtype=dtype)
        for dtype in (None, "float16")
    )
    assert torch.corrcoef(torch.stack([exact.flatten(), low.flatten()]))[0, 1] > 0.999


def test_devices__know_what_running_out_of_memory_looks_like():
    for error in (
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB, other allocations: 2.00 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    ):
        assert is_out_of_memory(error)
    for other in (
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        MemoryError(),
        ValueError("out of memory"),
    ):
        assert not is_out_of_memory(other)
    assert memory_budget(torch.device("cpu")) > 2**20
    assert widest(torch.zeros(2)).dtype == torch.float64
