"""saturation_mutagenesis: every single-base change, by windows or in full, for any function of a batch."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nbmotif import one_hot_encode, random_one_hot, saturation_mutagenesis
from nbmotif.attribution import edits, window_forms
from nbmotif.borrowing import borrowed
from nbmotif.errors import InvalidArgument, UnsupportedModel
from nbmotif.outputs import select_target
from tests.unit import attribution_zoo as zoo
from tests.unit.attribution_zoo_architectures import architectures
from tests.unit.attribution_zoo_functions import functions
from tests.unit.test_attribution_deeplift import state

X = random_one_hot((3, 4, zoo.LENGTH), random_state=0)
EXACT = {**zoo.activations(), **zoo.operations(), **zoo.approximated(), **functions(), **architectures()}


@pytest.fixture(scope="module")
def model():
    return zoo.build(nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.MaxPool1d(3)))


def mutate(model, X=X, **options):
    return saturation_mutagenesis(model, X, **{"device": "cpu", "target": 0, **options})


def one_by_one(model, X, start, end):
    """The definition: every base written into every place, each mutant predicted alone."""
    y = torch.empty(len(X), 4, end - start)
    for i, x in enumerate(X):
        for base in range(4):
            for position in range(start, end):
                mutant = x.clone()[None].float()
                mutant[..., position] = torch.eye(4)[base]
                with torch.no_grad():
                    y[i, base, position - start] = model(mutant).squeeze()
    return y


def test_saturation_mutagenesis__of_a_linear_model_is_its_centred_weight():
    weight = torch.arange(4.0 * zoo.LENGTH).view(4, zoo.LENGTH).square()
    got = mutate(lambda x: (x * weight).sum((1, 2))[:, None], hypothetical=True)
    torch.testing.assert_close(got, (weight - weight.mean(0)).expand(3, -1, -1), rtol=1e-6, atol=0)


def test_saturation_mutagenesis__predicts_every_base_in_every_place(model):
    y0, y_hat = mutate(model, raw_outputs=True, start=5, end=20)
    model = copy.deepcopy(model).eval()
    torch.testing.assert_close(y_hat, one_by_one(model, X, 5, 20))
    torch.testing.assert_close(y0, model(X.float())[:, 0].detach())
    # what the sequence has is no change
    own = X[:, :, 5:20] == 1
    assert torch.equal(y_hat[own].view(4 * 3 * 15 // 4), y0[:, None, None].expand(y_hat.shape)[own])


def test_saturation_mutagenesis__centres_changes_and_keeps_those_of_the_sequence(model):
    y0, y_hat = mutate(model, raw_outputs=True)
    changes = y_hat - y0[:, None, None]
    changes = changes - changes.mean(1, keepdim=True)
    torch.testing.assert_close(mutate(model, hypothetical=True), changes)
    torch.testing.assert_close(mutate(model), changes * X)


def test_saturation_mutagenesis__tries_all_four_bases_at_an_n(model):
    with_n = X.clone()
    with_n[1, :, 7] = 0
    _, y_hat = mutate(model, with_n, raw_outputs=True, start=5, end=9)
    torch.testing.assert_close(y_hat, one_by_one(copy.deepcopy(model).eval(), with_n, 5, 9))
    assert (mutate(model, with_n)[1, :, 7] == 0).all()


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("middle", EXACT.values(), ids=EXACT.keys())
def test_saturation_mutagenesis__by_windows_equals_the_full_forward(middle):
    model = zoo.build(middle).double()
    by_windows, full = (
        mutate(model, raw_outputs=True, start=28, end=31, fast=fast, batch_size=5).y_hat for fast in (True, False)
    )
    torch.testing.assert_close(by_windows, full, rtol=1e-9, atol=1e-9 * float(full.abs().max()))


@settings(max_examples=15)
@given(data=st.data())
def test_saturation_mutagenesis__by_windows_equals_the_full_forward_for_any_stack(data):
    layers = [
        nn.Conv1d(8, 8, 3, padding=1), nn.Conv1d(8, 8, 3, padding=4, dilation=4), nn.Conv1d(8, 8, 5, groups=4),
        nn.Conv1d(8, 8, 4, stride=2, padding=1), nn.MaxPool1d(3, 2, 1), nn.AvgPool1d(2), nn.ReLU(inplace=True),
        nn.GELU(), nn.BatchNorm1d(8), nn.GroupNorm(2, 8), nn.PReLU(8), zoo.GatedResidual(),
        zoo.Do(lambda h: h[..., 2:-1]),
        zoo.Do(lambda h: torch.cat([h[:, :4], h[:, 4:].tanh()], 1)), zoo.Do(lambda h: h - h.mean(-1, keepdim=True)),
    ]  # fmt: skip
    stack = data.draw(st.lists(st.sampled_from(layers), min_size=1, max_size=5))
    model = zoo.build(nn.Sequential(*stack)).double()
    start = data.draw(st.integers(0, zoo.LENGTH - 1))
    span = {"start": start, "end": data.draw(st.integers(start + 1, min(start + 8, zoo.LENGTH)))}
    size = data.draw(st.integers(1, 30))
    by_windows = mutate(model, X[:2], raw_outputs=True, batch_size=size, **span).y_hat
    full = mutate(model, X[:2], raw_outputs=True, fast=False, **span).y_hat
    torch.testing.assert_close(by_windows, full, rtol=1e-9, atol=1e-9 * float(full.abs().max()))


def test_saturation_mutagenesis__computes_little_of_a_model_that_reads_locally():
    net = nn.Sequential(
        nn.Conv1d(4, 8, 9, padding=4), nn.ReLU(), nn.Conv1d(8, 8, 9, padding=4), nn.ReLU(),
        zoo.Do(lambda h: h[:, :, 400:600].mean(-1)), nn.Linear(8, 1),
    )  # fmt: skip
    X = random_one_hot((1, 4, 1000), random_state=0)
    with torch.profiler.profile(record_shapes=True) as profile:
        mutate(net, X, batch_size=30)
    positions = [e.input_shapes[0][0] * e.input_shapes[0][2] for e in profile.events() if e.name == "aten::conv1d"]
    # two layers, 3,000 mutants, of which those within 8 of the 200 that are read matter: 30 positions at most of each
    assert sum(positions) < 2 * 30 * 3 * (200 + 2 * 30) + 60 * 1000
    assert sum(positions) < 0.02 * 2 * 3000 * 1000


def test_saturation_mutagenesis__predicts_in_full_where_a_window_would_be_wrong(model, monkeypatch):
    expected = mutate(model)
    monkeypatch.setitem(
        window_forms.FORMS, "relu", lambda base, function, x: window_forms._pointwise(base, torch.abs, x)
    )
    torch.testing.assert_close(mutate(model), expected)


FUNCTIONS = {
    "numpy": lambda x: x.numpy().argmax(1).mean(-1, keepdims=True),
    "a list of arrays": lambda x: [np.zeros(len(x)), np.asarray(x)[:, 1:3].sum((1, 2))],
    "float64 without a column axis": lambda x: np.asarray(x, float)[:, 0].cumsum(-1).max(-1),
    "Python": lambda x: np.array([[float("".join("ACGT"[k] for k in row.argmax(0)).count("GA"))] for row in x]),
    "a value read into Python": lambda x: x.sum((1, 2))[:, None] * (x[0, 0, 0].item() ** 0),
    "a branch on values": lambda x: (x[:, 1] if (x[:, 0] >= 0).all() else x[:, 2]).sum(-1, keepdim=True),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_saturation_mutagenesis__works_for_any_function_of_a_batch(function):
    options = {"target": (1, 0) if function is FUNCTIONS["a list of arrays"] else 0, "start": 10, "end": 15}
    y_hat = mutate(function, raw_outputs=True, **options).y_hat
    expected = one_by_one(lambda x: torch.as_tensor(select_target(function(x), options["target"])), X, 10, 15)
    torch.testing.assert_close(y_hat.float(), expected)


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("wrap", [torch.jit.script, lambda m: torch.jit.trace(m.eval(), X.float()), torch.compile])
def test_saturation_mutagenesis__works_for_scripted_traced_and_compiled_models(model, wrap):
    plain = zoo.build(nn.Sequential(nn.ReLU(), nn.MaxPool1d(3)))
    expected = mutate(plain, end=6)
    wrapped = wrap(plain, backend="eager") if wrap is torch.compile else wrap(plain)
    torch.testing.assert_close(mutate(wrapped, end=6), expected, rtol=1e-4, atol=1e-6)


def test_saturation_mutagenesis__gives_each_mutant_the_extra_inputs_of_its_sequence():
    conv, extra = nn.Conv1d(4, 3, 5), torch.randn(3, 3)

    def predict(x, z):
        return (conv(x).relu().mean(-1) * z).sum(-1, keepdim=True)

    y_hat = mutate(predict, args=(extra,), raw_outputs=True).y_hat
    for i in range(3):
        alone = one_by_one(lambda x, i=i: predict(x, extra[i : i + 1]), X[i : i + 1], 0, 5)
        torch.testing.assert_close(y_hat[i : i + 1, :, :5], alone)


def test_saturation_mutagenesis__keeps_and_averages_all_outputs_without_a_target():
    conv = nn.Conv1d(4, 6, 5)

    def predict(x):
        return conv(x).relu().mean(-1)

    y0, y_hat = mutate(predict, target=None, raw_outputs=True)
    assert y0.shape == (3, 6)
    assert y_hat.shape == (3, 4, zoo.LENGTH, 6)
    each = torch.stack([mutate(predict, target=k) for k in range(6)], -1)
    torch.testing.assert_close(mutate(predict, target=None), each.mean(-1), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(mutate(predict, func=lambda y: y[:, 2:3]), each[..., 2], rtol=1e-4, atol=1e-6)
    with pytest.raises(UnsupportedModel, match="returns 2 outputs, where one tensor"):
        mutate(lambda x: (x[:, 0], x[:, 1]), target=None)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 1000])
def test_saturation_mutagenesis__does_not_depend_on_the_batch_size(model, batch_size):
    torch.testing.assert_close(mutate(model, batch_size=batch_size), mutate(model), rtol=1e-4, atol=1e-6)


def test_saturation_mutagenesis__computes_in_lower_precision_by_autocast(model):
    half = mutate(model, dtype="bfloat16", raw_outputs=True, end=5)
    # the 8 bits of bfloat16, a few times over
    torch.testing.assert_close(half.y_hat.float(), mutate(model, raw_outputs=True, end=5).y_hat, rtol=0.03, atol=1e-3)


@pytest.mark.parametrize("fits", [1, 4, 7])
def test_saturation_mutagenesis__halves_the_batch_when_memory_runs_out(model, fits):
    net = copy.deepcopy(model).eval()

    def small(x):
        if len(x) > fits:
            raise torch.cuda.OutOfMemoryError
        return net(x).detach().numpy()

    # two rows are looked at at first, to find out what the function is
    fits = max(fits, 2)
    torch.testing.assert_close(mutate(small, batch_size=64, end=10), mutate(model, end=10), rtol=1e-4, atol=1e-6)


def test_saturation_mutagenesis__says_when_memory_is_too_small_for_one_mutant(model):
    seen = []

    def tiny(x):
        seen.append(len(x))
        if len(seen) > 3:
            message = "MPS backend out of memory (MPS allocated: 1.00 GB)"
            raise RuntimeError(message)
        return x.numpy().mean(-1)

    with pytest.raises(RuntimeError, match="MPS backend out of memory"):
        mutate(tiny, batch_size=8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": X.permute(0, 2, 1)}, "`X` must be one-hot"),
        ({"X": X * 0.5}, "`X` must be one-hot"),
        ({"start": 10, "end": 10}, r"`start, end` must be 0 <= start < end <= L = 60; got 10, 10"),
        ({"start": -1}, "`start, end` must be"),
        ({"end": 61}, "`start, end` must be"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"target": 3}, "`target` must be between 0 and 0"),
        ({"args": (torch.zeros(2, 3),)}, r"`args\[0\]` must be a tensor with a row for each of the 3 sequences"),
        ({"dtype": "float31"}, "`dtype` must be a torch dtype"),
    ],
)
def test_saturation_mutagenesis__names_the_argument_that_is_wrong(model, options, message):
    with pytest.raises(InvalidArgument, match=message):
        mutate(model, **options)


@pytest.mark.parametrize("fails_at", [None, 1, 4, 9])
def test_saturation_mutagenesis__gives_the_model_back_as_it_was(fails_at):
    calls = []

    def middle(x):
        calls.append(len(x))
        if len(calls) == fails_at:
            raise KeyboardInterrupt
        return x.relu()

    model = zoo.build(nn.Sequential(nn.ReLU(), nn.Dropout()))
    model.middle[0] = zoo.Do(middle)
    model.conv.weight.requires_grad_(False)
    before = state(model)
    if fails_at is None:
        mutate(model, batch_size=2)
    else:
        with pytest.raises(KeyboardInterrupt):
            mutate(model, fast=fails_at < 9, batch_size=2)
    assert state(model) == before


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_edited_model__follow_what_they_can():
    X64 = X.double()
    followed = {}
    for name, middle in EXACT.items():
        model = zoo.build(middle).double()
        with borrowed(model, torch.device("cpu"), freeze=True):
            edited = edits.EditedModel(model, lambda y: select_target(y, 0))
            edited.follow(X64, (), [(20, one_hot_encode(["GATA"] * 3).double())])
            followed[name] = edited.plan is not None
    assert [name for name, is_followed in followed.items() if not is_followed] == []


def test_edited_model__run_recurrent_networks_with_torchs_own_kernels():
    model = zoo.build(EXACT["LSTM"]).double()
    with borrowed(model, torch.device("cpu"), freeze=True):
        edited = edits.EditedModel(model, lambda y: select_target(y, 0))
        edited.follow(X.double(), (), [])
        edited = edits.EditedSequences(edited, X.double(), ())
        with torch.profiler.profile() as profile:
            edited.predict(20, one_hot_encode(["GATA"] * 6).double())
    names = [e.name for e in profile.events()]
    assert names.count("aten::lstm") == 2  # once for the shape
    assert names.count("aten::sigmoid") < 100


def test_edited_model__give_up_on_a_view_that_is_overwritten():
    def model(x):
        h = F.relu(x * 2)
        first, _ = h.chunk(2, 1)
        first += 1
        return h.sum((1, 2))[:, None]

    torch.testing.assert_close(mutate(model), mutate(model, fast=False))
