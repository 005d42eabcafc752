"""The report of deep_lift_shap: standard error over references, completeness, and what fewer bits cost."""

from __future__ import annotations

import math
import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nbmotif import deep_lift_shap, dinucleotide_shuffle, random_one_hot
from nbmotif.attribution import AttributionReport
from nbmotif.attribution.precision import exact_float32
from nbmotif.attribution.report import Moments
from nbmotif.errors import InvalidArgument, NbmotifWarning
from tests.unit import attribution_zoo as zoo

X = random_one_hot((3, 4, zoo.LENGTH), random_state=0).float()
CUDA = torch.device("cuda")
REFERENCES = dinucleotide_shuffle(X, n=6, random_state=0)


@pytest.fixture(scope="module")
def model():
    return zoo.build(nn.Sequential(nn.GELU(), nn.MaxPool1d(3)))


def attribute(model, **options):
    return deep_lift_shap(model, X, **{"references": REFERENCES, "device": "cpu", **options})


@pytest.mark.parametrize("batch_size", [1, 4, 100])
@pytest.mark.parametrize("hypothetical", [False, True])
def test_report__standard_error_is_that_of_the_mean_over_references(model, batch_size, hypothetical):
    report = attribute(model, return_report=True, batch_size=batch_size, hypothetical=hypothetical)
    each = torch.stack(
        [attribute(model, references=REFERENCES[:, k : k + 1], hypothetical=hypothetical) for k in range(6)]
    )
    torch.testing.assert_close(report.attributions, each.mean(0), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(report.standard_error, each.std(0) / 6**0.5, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(report.attributions, attribute(model, hypothetical=hypothetical), rtol=1e-4, atol=1e-6)
    assert report.n_references == 6
    assert report.completeness_error < 1e-5
    assert report.references is None


def test_report__says_how_many_references_would_do(model):
    report = attribute(model, return_report=True, return_references=True)
    assert torch.equal(report.references, REFERENCES)
    now = report.relative_error
    assert 0 < now < 5
    assert report.references_for(now) == 6
    assert report.references_for(now / 2) == 24
    assert report.references_for(100.0) == 1
    assert "from 6 references: standard error" in repr(report)
    assert "24 would halve it. Completeness error" in repr(report)


def test_report__error_falls_with_more_references_as_predicted(model):
    few, many = (
        deep_lift_shap(model, X, n_shuffles=n, random_state=0, return_report=True, device="cpu") for n in (20, 80)
    )
    assert many.relative_error == pytest.approx(few.relative_error / 2, rel=0.2)


def test_report__does_not_guess_from_one_reference_or_from_noise(model):
    one = attribute(model, references="zeros", return_report=True)
    assert math.isnan(one.relative_error)
    assert "1 references: standard error nan%" in repr(one)
    with pytest.raises(InvalidArgument, match="One reference has no standard error"):
        one.references_for(0.1)
    noise = AttributionReport(torch.ones(1, 4, 5), torch.full((1, 4, 5), 2.0), 3, 0.0)
    assert math.isinf(noise.relative_error)
    with pytest.raises(InvalidArgument, match="Use more references"):
        noise.references_for(0.1)
    with pytest.raises(InvalidArgument, match="`relative_error` must be above 0"):
        noise.references_for(0)
    with pytest.raises(InvalidArgument, match="`return_report` must be False where raw_outputs"):
        attribute(model, return_report=True, raw_outputs=True)


def test_report__is_shown_behind_the_progress_bar(model, capsys):
    attribute(model, verbose=True)
    shown = capsys.readouterr().err
    assert "standard error" in shown
    assert "completeness error" in shown


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 99))
def test_moments__do_not_depend_on_the_parts(sizes, seed):
    values = 1000 + torch.randn(2, sum(sizes), 4, 3, generator=torch.Generator().manual_seed(seed))
    moments = Moments()
    for part in values.split(sizes, 1):
        moments.add(part, with_squares=True)
    torch.testing.assert_close(moments.mean, values.mean(1))
    if sum(sizes) > 1:
        expected = values.std(1) / sum(sizes) ** 0.5
        torch.testing.assert_close(moments.standard_error(), expected, rtol=1e-3, atol=1e-4)
    else:
        assert moments.standard_error().isnan().all()


@pytest.mark.filterwarnings("ignore:Attributions do not sum")
@pytest.mark.parametrize("middle", [nn.GELU(), zoo.SelfAttention(True, False), zoo.GatedResidual()])
@pytest.mark.parametrize(("dtype", "error"), [("bfloat16", 0.3), (torch.float16, 0.05)])
def test_deep_lift_shap__computes_products_in_fewer_bits(middle, dtype, error):
    model = zoo.build(middle)
    exact, report = attribute(model), attribute(model, dtype=dtype, return_report=True)
    assert report.attributions.dtype == torch.float32
    assert 1e-5 < report.completeness_error < error
    assert not torch.equal(report.attributions, exact)
    assert torch.corrcoef(torch.stack([report.attributions.flatten(), exact.flatten()]))[0, 1] > 0.999


def test_deep_lift_shap__warns_where_fewer_bits_cost_more_than_a_percent():
    def model(x):  # a small change of a large number
        return (
            x.sum((1, 2)) * 10 + (x[:, 0] * torch.linspace(0, 1, zoo.LENGTH)).sum(-1, keepdim=True).T
        ).T @ torch.ones(1, 1)

    with pytest.warns(NbmotifWarning, match=r"Suspects: the precision, torch.bfloat16"):
        attribute(model, dtype="bfloat16")


def test_deep_lift_shap__tf32_is_float32_on_a_cpu(model):
    assert torch.equal(attribute(model, dtype="tf32"), attribute(model))
    with pytest.raises(
        InvalidArgument, match=r"`dtype` must be the model's own, torch.float32, a lower one, or 'tf32'"
    ):
        attribute(model, dtype="int8")


def tf32():
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


def test_exact_float32__keeps_tf32_out_until_the_last_thread_is_done():
    before, inside, go = tf32(), threading.Event(), threading.Event()

    def work():
        with exact_float32(CUDA):
            inside.set()
            go.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with exact_float32(CUDA):
        assert tf32() == (False, False)
    with pytest.raises(KeyError), exact_float32(CUDA):
        raise KeyError
    assert tf32() == (False, False)
    go.set()
    thread.join()
    assert tf32() == before


@pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="torch before 2.9 has no newer names")
def test_exact_float32__works_where_the_settings_were_made_by_their_newer_names():
    conv = torch.backends.cudnn.conv
    before = conv.fp32_precision
    conv.fp32_precision = "ieee"  # and that of rnn stays: torch then refuses to tell by the older names
    try:
        with exact_float32(CUDA):
            assert (conv.fp32_precision, torch.backends.cudnn.rnn.fp32_precision) == ("ieee", "ieee")
        assert (conv.fp32_precision, torch.backends.cudnn.rnn.fp32_precision) == ("ieee", "tf32")
    finally:
        conv.fp32_precision = before
