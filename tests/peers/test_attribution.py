"""Attribution, prediction and marginalization against tangermeme 1.6.0, with the references given."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import nbmotif
from tests.unit import attribution_zoo
from tests.unit.attribution_zoo import LENGTH, ChannelsLast, build
from tests.unit.attribution_zoo_architectures import architectures
from tests.unit.attribution_zoo_functions import functions

if TYPE_CHECKING:
    from pathlib import Path

their_attribution = pytest.importorskip("tangermeme.deep_lift_shap").deep_lift_shap
their_predict = pytest.importorskip("tangermeme.predict").predict
their_marginalize = pytest.importorskip("tangermeme.marginalize").marginalize
their_saliency = pytest.importorskip("tangermeme.saliency").saliency
their_shuffle = pytest.importorskip("tangermeme.ersatz").dinucleotide_shuffle
bpnet = pytest.importorskip("bpnetlite.bpnet")

pytestmark = [
    pytest.mark.peers,
    # theirs, about its own absolute threshold
    pytest.mark.filterwarnings("ignore:Convergence deltas:RuntimeWarning"),
]

# what tangermeme has a rule for, and is complete on
COMPLETE_THERE = {
    **{
        name: getattr(nn, name)()
        for name in ["ReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus", "ELU", "PReLU", "LeakyReLU", "Mish", "SELU"]
    },
    "MaxPool1d": nn.MaxPool1d(4),
    "MaxPool1d, overlapping and padded": nn.MaxPool1d(3, 2, 1),
    "AvgPool1d": nn.AvgPool1d(4),
    "BatchNorm1d": nn.BatchNorm1d(8),
    "LayerNorm": ChannelsLast(nn.LayerNorm(8)),
    "RMSNorm": ChannelsLast(nn.RMSNorm(8)),
    "GLU": nn.GLU(1),
    "Basset": nn.Sequential(
        nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(8, 6, 5), nn.BatchNorm1d(6), nn.GELU(), nn.MaxPool1d(4)
    ),
}


def assert_same(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float = 1e-5) -> None:
    """Equal to the tolerance, relative to the largest value."""
    assert (ours - theirs).abs().max() <= tolerance * theirs.abs().max()


def dense(n: int, length: int, n_references: int) -> tuple[torch.Tensor, torch.Tensor]:
    X = nbmotif.random_one_hot((n, 4, length), random_state=0).float()
    return X, their_shuffle(X, n=n_references, random_state=0)


@pytest.mark.parametrize("middle", COMPLETE_THERE.values(), ids=COMPLETE_THERE.keys())
@pytest.mark.parametrize("raw_outputs", [False, True], ids=["attributions", "multipliers"])
def test_deep_lift_shap__agrees_where_theirs_is_complete(middle: nn.Module, raw_outputs: bool) -> None:
    X, references = dense(3, LENGTH, 4)
    options: dict[str, Any] = {"references": references, "raw_outputs": raw_outputs, "device": "cpu"}
    model = build(middle)
    assert_same(nbmotif.deep_lift_shap(model, X, **options), their_attribution(model, X, **options))


def test_deep_lift_shap__agrees_on_softmax_in_float64() -> None:
    # in float32 theirs, which divides small differences, is 2e-4 off
    X, references = dense(3, LENGTH, 4)
    model = build(nn.Softmax(-1)).double()
    options: dict[str, Any] = {"references": references.double(), "raw_outputs": True, "device": "cpu"}
    X = X.double()
    assert_same(nbmotif.deep_lift_shap(model, X, **options), their_attribution(model, X, **options))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # theirs, about what they have no rule for
def test_deep_lift_shap__agrees_on_every_model_of_the_zoo_on_which_theirs_is_complete() -> None:
    """Ours is complete on all of them: tests/unit/test_attribution_zoo.py; README tells both numbers."""
    X, references = (t.double() for t in dense(3, LENGTH, 5))
    zoo = {**attribution_zoo.activations(), **attribution_zoo.operations(), **functions(), **architectures()}
    options: dict[str, Any] = {"references": references, "raw_outputs": True, "device": "cpu"}
    n_complete = 0
    for name, middle in zoo.items():
        model = build(middle).double().eval()
        try:
            theirs = their_attribution(model, X, batch_size=100, **options)
        except Exception:  # noqa: BLE001  (it crashes on some)
            continue
        with torch.no_grad():
            change = model(X) - model(references.flatten(0, 1)).view(3, 5)
        error = ((X[:, None] - references) * theirs).sum((2, 3)) - change
        relative_error = float(error.abs().mean() / change.abs().mean())
        n_complete += relative_error < 1e-4
        if relative_error < 1e-6:
            ours = nbmotif.deep_lift_shap(model, X, **options)
            assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max(), name
    assert (n_complete, len(zoo)) == (47, 277)


@pytest.mark.parametrize("options", [{}, {"hypothetical": True}, {"target": 0, "batch_size": 7}], ids=str)
def test_deep_lift_shap__draws_their_references_from_the_same_seed(options: dict[str, Any]) -> None:
    X, _ = dense(2, LENGTH, 1)
    model = build(nn.Sequential(nn.ReLU(), nn.MaxPool1d(2)))
    same = {**options, "n_shuffles": 3, "random_state": 7, "return_references": True, "device": "cpu"}
    ours = nbmotif.deep_lift_shap(model, X, references=their_shuffle, **same)
    theirs = their_attribution(model, X, **same)
    assert torch.equal(ours.references, theirs.references)
    assert_same(ours.attributions, theirs.attributions)
    compatible = partial(nbmotif.dinucleotide_shuffle, method="tangermeme")
    assert torch.equal(nbmotif.deep_lift_shap(model, X, references=compatible, **same).references, theirs.references)


@pytest.mark.parametrize("n_control_tracks", [0, 2])
def test_deep_lift_shap__agrees_on_a_bpnet_that_counts(n_control_tracks: int) -> None:
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        net = bpnet.BPNet(n_filters=16, n_layers=4, n_control_tracks=n_control_tracks, trimming=50, verbose=False)
    model = bpnet.CountWrapper(bpnet.ControlWrapper(net))
    X, references = dense(3, 400, 5)
    options: dict[str, Any] = {"references": references, "device": "cpu"}
    assert_same(nbmotif.deep_lift_shap(model, X, **options), their_attribution(model, X, **options))


def test_deep_lift_shap__agrees_with_control_tracks_as_extra_input() -> None:
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        model = bpnet.CountWrapper(bpnet.BPNet(n_filters=8, n_layers=3, trimming=30, verbose=False))
    X, references = dense(3, 200, 3)
    control = torch.rand(3, 2, 200, generator=torch.Generator().manual_seed(0))
    options: dict[str, Any] = {"args": (control,), "references": references, "device": "cpu"}
    assert_same(nbmotif.deep_lift_shap(model, X, **options), their_attribution(model, X, **options))


def test_deep_lift_shap__is_complete_on_the_profile_of_a_bpnet() -> None:
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        net = bpnet.BPNet(n_filters=16, n_layers=4, n_control_tracks=0, trimming=50, verbose=False)
    model = bpnet.ProfileWrapper(net).eval()
    X, references = dense(3, 400, 4)
    attributions = nbmotif.deep_lift_shap(model, X, references=references, device="cpu")
    with torch.no_grad():
        change = model(X)[:, 0] - model(references.flatten(0, 1)).view(3, 4).mean(1)
    torch.testing.assert_close(attributions.sum((1, 2)), change, rtol=1e-4, atol=1e-6)


def test_deep_lift_shap__is_complete_on_a_chrombpnet() -> None:
    from bpnetlite.chrombpnet import ChromBPNet

    def net(n_filters: int) -> nn.Module:
        return bpnet.BPNet(n_filters=n_filters, n_layers=3, n_outputs=1, n_control_tracks=0, trimming=50, verbose=False)

    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        both = ChromBPNet(net(4), net(8), name="chrombpnet")
    X, references = dense(2, 300, 3)
    for model in (bpnet.CountWrapper(both), bpnet.ProfileWrapper(both)):
        attributions = nbmotif.deep_lift_shap(model, X, references=references, device="cpu")
        model.eval()
        with torch.no_grad():
            change = model(X)[:, 0] - model(references.flatten(0, 1)).view(2, 3).mean(1)
        torch.testing.assert_close(attributions.sum((1, 2)), change, rtol=1e-4, atol=1e-6)


def test_predict__agrees() -> None:
    model = build(nn.ReLU())
    X = nbmotif.random_one_hot((50, 4, LENGTH), random_state=0)
    for options in ({}, {"batch_size": 7}, {"func": lambda y: y * 2}):
        ours = nbmotif.predict(model, X, device="cpu", **options)
        torch.testing.assert_close(ours, their_predict(model, X, device="cpu", **options), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("start", [None, 0, 11])
def test_marginalize__agrees(start: int | None) -> None:
    model = build(nn.ReLU())
    X = nbmotif.random_one_hot((20, 4, LENGTH), random_state=0)
    for ours, theirs in zip(
        nbmotif.marginalize(model, X, "GATAAG", start=start, device="cpu"),
        their_marginalize(model, X, "GATAAG", start=start, device="cpu"),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def ctcf(shared_data: Path) -> nn.Module:
    """The real BPNet of CTCF in K562, as a model of log counts."""
    stem = shared_data / "models" / "bpnet_ctcf_k562_2114bp"
    settings = json.loads(stem.with_suffix(".json").read_text())
    names = ("n_filters", "n_layers", "n_outputs", "n_control_tracks", "trimming")
    net = bpnet.BPNet(**{name: settings[name] for name in names}, verbose=False)
    net.load_state_dict(torch.load(f"{stem}.state_dict.pt"))
    return bpnet.CountWrapper(net)


def test_deep_lift_shap__agrees_on_the_real_ctcf_model(ctcf: nn.Module) -> None:
    X, references = dense(1, 2114, 6)
    X = nbmotif.substitute(X, "TGGCCACCAGGGGGCGCTA")
    options: dict[str, Any] = {"references": references, "device": "cpu"}
    ours = nbmotif.deep_lift_shap(ctcf, X, **options)
    assert_same(ours, their_attribution(ctcf, X, batch_size=6, **options))
    # the motif stands out
    middle = 2114 // 2
    assert ours[:, :, middle - 10 : middle + 10].abs().sum() > 0.2 * ours.abs().sum()


def test_marginalize_motifs__finds_ctcf_in_the_real_ctcf_model(ctcf: nn.Module) -> None:
    letters = {"CTCF": "TGGCCACCAGGGGGCGCTA", "GATA": "AGATAAGA"}
    motifs = {name: nbmotif.one_hot_encode(sequence) for name, sequence in letters.items()}
    backgrounds = nbmotif.random_one_hot((16, 4, 2114), random_state=0)
    table = nbmotif.marginalize_motifs(ctcf, backgrounds, motifs, random_state=0, device="cpu", batch_size=8)
    effect = table.set_index("motif_name")["effect"]
    # about 1.6 in 100 backgrounds, as the data's description says
    assert effect["CTCF"] == pytest.approx(1.6, abs=0.3)
    assert abs(effect["GATA"]) < 0.1
    assert table["z"][0] > 10
    before, after = their_marginalize(ctcf, backgrounds, letters["CTCF"], device="cpu", batch_size=8)
    assert effect["CTCF"] == pytest.approx((after - before).mean().item(), abs=1e-5)


their_mutagenesis = pytest.importorskip("tangermeme.saturation_mutagenesis")


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("options", [{}, {"hypothetical": True}, {"start": 7, "end": 20}, {"start": 50}], ids=str)
def test_saturation_mutagenesis__agrees(monkeypatch: pytest.MonkeyPatch, fast: bool, options: dict[str, Any]) -> None:
    monkeypatch.setattr(their_mutagenesis, "_FAST_MIN_SECONDS", 0.0)
    monkeypatch.setattr(their_mutagenesis, "_FAST_MAX_RELATIVE_TIME", float("inf"))
    X, _ = dense(3, LENGTH, 1)
    model = build(nn.Sequential(nn.GELU(), nn.MaxPool1d(3)))
    ours = nbmotif.saturation_mutagenesis(model, X, device="cpu", **options)
    theirs = their_mutagenesis.saturation_mutagenesis(model, X, device="cpu", fast=fast, **options)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_saturation_mutagenesis__agrees_on_all_outputs_and_raw_predictions() -> None:
    X, _ = dense(2, LENGTH, 1)
    model = nn.Sequential(nn.Conv1d(4, 8, 7), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5)).eval()
    model(X)
    ours = nbmotif.saturation_mutagenesis(model, X, raw_outputs=True, device="cpu")
    theirs = their_mutagenesis.saturation_mutagenesis(model, X, raw_outputs=True, device="cpu")
    for our_side, their_side in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our_side, their_side, rtol=1e-5, atol=1e-6)
    ours_mean = nbmotif.saturation_mutagenesis(model, X, device="cpu")
    torch.testing.assert_close(
        ours_mean, their_mutagenesis.saturation_mutagenesis(model, X, device="cpu"), rtol=1e-5, atol=1e-6
    )


def test_saturation_mutagenesis__gives_the_raw_predictions_of_one_output_their_shapes() -> None:
    X, _ = dense(2, LENGTH, 1)
    model = build(nn.ReLU())
    ours = nbmotif.saturation_mutagenesis(model, X, raw_outputs=True, end=3, device="cpu")
    theirs = their_mutagenesis.saturation_mutagenesis(model, X, raw_outputs=True, end=3, device="cpu")
    for our_side, their_side in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our_side, their_side, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"hypothetical": True}, {"gradient_correction": False}], ids=str)
def test_saliency__agrees(options: dict[str, Any]) -> None:
    X, _ = dense(3, LENGTH, 1)
    model = build(nn.Sequential(nn.GELU(), nn.MaxPool1d(3)))
    ours = nbmotif.saliency(model, X, device="cpu", **options)
    torch.testing.assert_close(ours, their_saliency(model, X, device="cpu", **options), rtol=1e-5, atol=1e-6)


def test_saturation_mutagenesis__agrees_on_the_real_ctcf_model(ctcf: nn.Module) -> None:
    X, _ = dense(1, 2114, 1)
    X = nbmotif.substitute(X, "TGGCCACCAGGGGGCGCTA")
    options: dict[str, Any] = {"start": 1050, "end": 1066, "device": "cpu"}
    ours = nbmotif.saturation_mutagenesis(ctcf, X, **options)
    torch.testing.assert_close(
        ours, their_mutagenesis.saturation_mutagenesis(ctcf, X, fast=False, **options), rtol=1e-4, atol=1e-5
    )
    assert ours.sum() > 1  # every base of the motif counts
