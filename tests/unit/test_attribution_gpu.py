"""The same numbers on a GPU as on the CPU; skipped where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from nbmotif import (
    audit,
    deep_lift_shap,
    marginalize_motifs,
    one_hot_encode,
    random_one_hot,
    saliency,
    saturation_mutagenesis,
)
from nbmotif.attribution.devices import is_out_of_memory, memory_budget, widest
from tests.unit import attribution_zoo as zoo
from tests.unit.attribution_zoo_architectures import DanQ, enformer_block
from tests.unit.test_attribution_deeplift import state
from tests.unit.test_attribution_zoo import EXACT, REFERENCES, completeness_error
from tests.unit.test_attribution_zoo import X as ZOO_X

if TYPE_CHECKING:
    from collections.abc import Iterator

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
MANY = random_one_hot((300, 4, 2114), random_state=0).float()
IN_BATCHES = {
    "deep_lift_shap": lambda model, device, batch_size: deep_lift_shap(
        model, MANY[:100], n_shuffles=4, random_state=0, device=device, batch_size=batch_size
    ),
    "saliency": lambda model, device, batch_size: saliency(model, MANY, device=device, batch_size=batch_size),
    "saturation_mutagenesis": lambda model, device, batch_size: saturation_mutagenesis(
        model, MANY[:2], start=1000, end=1200, device=device, batch_size=batch_size
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


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("device", DEVICES)
def test_deep_lift_shap__is_complete_in_float32_on_a_gpu(device):
    errors = {
        name: completeness_error(zoo.build(middle), ZOO_X, REFERENCES, device=device) for name, middle in EXACT.items()
    }
    assert len(errors) > 200
    assert {name: error for name, error in errors.items() if not error < 1e-4} == {}


@pytest.mark.parametrize("device", DEVICES)
def test_deep_lift_shap__reports_completeness_as_it_is_on_a_gpu(device):
    model = zoo.build(MODELS["convolutions"])
    report = deep_lift_shap(model, X, n_shuffles=4, random_state=0, device=device, return_report=True)
    assert report.completeness_error < 1e-4


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Let this process take no more than 256 MB of a CUDA device's memory."""
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(2**28 / torch.cuda.mem_get_info()[1])
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("device", DEVICES[:1])  # whose memory torch can limit
@pytest.mark.parametrize("method", IN_BATCHES)
def test_attribution__halves_its_batches_until_they_fit_a_gpu(method, device):
    layers = nn.Conv1d(4, 64, 21, padding=10), nn.ReLU(), nn.Conv1d(64, 1, 3, padding=1), nn.Flatten()
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        model = nn.Sequential(*layers, nn.Linear(2114, 1)).eval()
    expected = IN_BATCHES[method](model, "cpu", 16)
    with pytest.raises(torch.cuda.OutOfMemoryError), torch.no_grad():
        model.cuda()(MANY.cuda().repeat(4, 1, 1))
    torch.cuda.empty_cache()
    got = IN_BATCHES[method](model.cpu(), device, 4096)
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.filterwarnings("ignore:Attributions do not sum")
def test_deep_lift_shap__computes_products_in_fewer_bits_on_a_gpu(device):
    model = zoo.build(MODELS["convolutions"])
    exact, *low = (
        deep_lift_shap(model, X, n_shuffles=4, random_state=0, device=device, dtype=dtype).flatten()
        for dtype in (None, "float16", "tf32")
    )
    for other in low:
        assert torch.corrcoef(torch.stack([exact, other]))[0, 1] > 0.999


@pytest.mark.parametrize("device", DEVICES)
def test_audit__finds_no_error_on_a_gpu(device):
    table = audit(zoo.build(MODELS["attention"]), X, device=device)
    assert table.attrs["completeness_error"] < 1e-4


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
