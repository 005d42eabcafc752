"""deep_lift_shap: its arguments, what it refuses, and that it leaves things as it found them."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from nbmotif import deep_lift_shap, dinucleotide_shuffle, random_one_hot
from nbmotif.errors import InvalidArgument, NbmotifWarning, UnsupportedModel
from tests.unit.attribution_zoo import LENGTH, Do, build

X = random_one_hot((3, 4, LENGTH), random_state=0).float()
REFERENCES = dinucleotide_shuffle(X, n=5, random_state=0)


def attribute(model, X=X, **options):
    return deep_lift_shap(model, X, **{"references": REFERENCES, "device": "cpu", **options})


@pytest.fixture(scope="module")
def model():
    return build(nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.MaxPool1d(3)))


def predictions(model, X):
    model.eval()
    with torch.no_grad():
        return model(X)[:, 0]


def test_deep_lift_shap__of_a_linear_model_is_weight_times_difference():
    weight = torch.arange(4.0 * LENGTH).view(4, LENGTH)
    multipliers = attribute(lambda x: (x * weight).sum((1, 2))[:, None], raw_outputs=True)
    torch.testing.assert_close(multipliers, weight.expand(REFERENCES.shape))


def test_deep_lift_shap__follows_the_rescale_rule_by_hand():
    # one ReLU of (number of A - 2): sequence AAAA -> 2, reference CCCC -> 0, over a difference of 4 before the ReLU
    x = torch.zeros(1, 4, 4)
    x[:, 0] = 1
    r = torch.zeros(1, 1, 4, 4)
    r[:, :, 1] = 1
    got = attribute(lambda x: F.relu(x[:, 0].sum(-1, keepdim=True) - 2), x, references=r, raw_outputs=True)
    expected = torch.zeros(1, 1, 4, 4)
    expected[:, :, 0] = 0.5
    torch.testing.assert_close(got, expected)


def test_deep_lift_shap__sums_to_the_change_of_the_prediction(model):
    change = predictions(model, X) - predictions(model, REFERENCES.flatten(0, 1)).view(3, 5).mean(1)
    torch.testing.assert_close(attribute(model).sum((1, 2)), change, rtol=1e-4, atol=1e-6)


def test_deep_lift_shap__hypothetical_agrees_where_the_base_is(model):
    torch.testing.assert_close(attribute(model, hypothetical=True) * X, attribute(model))


def test_deep_lift_shap__takes_int8_and_numpy(model):
    expected = attribute(model)
    torch.testing.assert_close(attribute(model, X.to(torch.int8)), expected)
    torch.testing.assert_close(attribute(model, X.numpy(), references=REFERENCES.numpy()), expected)


def test_deep_lift_shap__draws_the_same_references_from_the_same_seed(model):
    first, references = attribute(
        model, references="dinucleotide", n_shuffles=3, random_state=5, return_references=True
    )
    again = attribute(model, references="dinucleotide", n_shuffles=3, random_state=5, batch_size=2)
    assert references.shape == (3, 3, 4, LENGTH)
    assert torch.equal(references.sum((1, 3)), 3 * X.sum(-1))
    torch.testing.assert_close(first, again)
    torch.testing.assert_close(first, attribute(model, references=references))


def test_deep_lift_shap__of_some_sequences_is_that_of_all(model):
    options = {"references": "dinucleotide", "n_shuffles": 3, "random_state": 5}
    torch.testing.assert_close(attribute(model, X[[2, 1]], **options), attribute(model, **options)[[2, 1]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("zeros", torch.zeros(3, 4, LENGTH)), ("uniform", torch.full((3, 4, LENGTH), 0.25)),
     ("gc", X.mean(-1, keepdim=True).expand(3, 4, LENGTH))],
)  # fmt: skip
def test_deep_lift_shap__knows_references_by_name(model, name, expected):
    got, references = attribute(model, references=name, return_references=True)
    torch.testing.assert_close(references[:, 0].float(), expected)
    torch.testing.assert_close(got, attribute(model, references=expected[:, None]))


def test_deep_lift_shap__calls_a_function_of_references_with_a_seed_per_reference(model):
    seen = []

    def references(x, n, random_state):
        seen.append((x.shape[0], n, random_state))
        return dinucleotide_shuffle(x, n=n, random_state=random_state)

    attribute(model, references=references, n_shuffles=2, random_state=7)
    assert seen == [(1, 1, 7), (1, 1, 8)] * 3


def test_deep_lift_shap__takes_a_function_of_references_without_a_seed_where_there_is_none(model):
    def references(x, n):
        return torch.full((1, n, 4, LENGTH), 0.25, requires_grad=True)

    got, drawn = attribute(model, references=references, n_shuffles=2, random_state=None, return_references=True)
    assert drawn.shape == (3, 2, 4, LENGTH)
    assert not drawn.requires_grad
    torch.testing.assert_close(got, attribute(model, references="uniform"))


def test_deep_lift_shap__composition_is_of_the_bases_that_are_known(model):
    with_n = X.clone()
    with_n[:, :, 10:20] = 0
    references = attribute(model, with_n, references="gc", return_references=True)[1]
    expected = with_n.sum(-1, keepdim=True) / (LENGTH - 10)
    torch.testing.assert_close(references[:, 0].float(), expected.expand(3, 4, LENGTH))


def test_deep_lift_shap__reports_as_many_references_as_it_was_given(model):
    assert attribute(model, return_report=True).n_references == 5


def test_deep_lift_shap__works_with_n_and_soft_columns(model):
    with_n = X.clone()
    with_n[:, :, 10:20] = 0
    assert (attribute(model, with_n)[:, :, 10:20] == 0).all()
    soft = X * 0.7 + 0.075
    change = predictions(model, soft) - predictions(model, torch.zeros_like(X))
    torch.testing.assert_close(attribute(model, soft, references="zeros").sum((1, 2)), change, rtol=1e-4, atol=1e-6)


def test_deep_lift_shap__keeps_extra_inputs_the_same_for_sequence_and_references():
    conv, extra = nn.Conv1d(4, 3, 5), torch.randn(3, 7)

    def predict(x, z):
        return (conv(x).relu().mean(-1) * z[:, :3]).sum(-1, keepdim=True)

    got = attribute(predict, args=(extra,))
    with torch.no_grad():
        change = predict(X, extra)[:, 0] - predict(REFERENCES.flatten(0, 1), extra.repeat_interleave(5, 0)).view(
            3, 5
        ).mean(1)
    torch.testing.assert_close(got.sum((1, 2)), change, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "same_as"),
    [((0, 1), lambda y: y[0][:, 1]), ((1, 0, 2), lambda y: y[1][:, 0, 2]), (lambda y: y[1].relu().sum((1, 2)),) * 2],
)
def test_deep_lift_shap__chooses_among_outputs(target, same_as):
    conv = nn.Conv1d(4, 3, 5)

    def predict(x):
        h = conv(x).tanh()
        return h.mean(-1), h[:, :2, :4]

    torch.testing.assert_close(attribute(predict, target=target), attribute(lambda x: same_as(predict(x))[:, None]))


def test_deep_lift_shap__one_sequence_gives_what_it_gives_among_others(model):
    torch.testing.assert_close(
        attribute(model, X[1:2], references=REFERENCES[1:2]), attribute(model)[1:2], rtol=1e-4, atol=1e-6
    )


def test_deep_lift_shap__says_that_rules_of_modules_are_not_used(model):
    with pytest.warns(NbmotifWarning, match=r"additional_nonlinear_ops: not used.*got \{.*ReLU"):
        attribute(model, additional_nonlinear_ops={nn.ReLU: None})
    attribute(model, additional_nonlinear_ops={})


@pytest.mark.parametrize("fits", [1, 2, 7])
def test_deep_lift_shap__halves_the_batch_when_memory_runs_out(model, fits):
    model = copy.deepcopy(model).eval()  # a function of a batch is taken as it is, dropout included

    def small(x):
        if len(x) > max(4, fits):  # the probe takes four
            raise torch.cuda.OutOfMemoryError
        return model(x)

    torch.testing.assert_close(attribute(small, batch_size=100), attribute(model), rtol=1e-4, atol=1e-6)


def test_deep_lift_shap__says_when_memory_is_too_small_for_one_pair(model):
    calls, model = [], copy.deepcopy(model).eval()

    def tiny(x):
        calls.append(len(x))
        if len(calls) > 4:  # after the probe
            raise torch.cuda.OutOfMemoryError
        return model(x)

    with pytest.raises(torch.cuda.OutOfMemoryError):
        attribute(tiny)


# --- what is refused -------------------------------------------------------------------------------------------------


class Custom(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


def through_numpy(x):
    return x * torch.from_numpy(x.detach().numpy()).sigmoid()


def branching_on_the_batch(x):
    return x.relu() if x.shape[0] > 3 else x


def branching_on_values(x):
    return x.relu() if x[0, 0].argmax() % 2 else x.tanh().exp()


def under_autocast(x):
    with torch.autocast("cpu", torch.bfloat16):
        return F.linear(x, torch.ones(3, LENGTH)).relu().float()


REFUSED = {
    "sort": (lambda x: x.sort(-1)[0], r"sort in middle \(test_attribution_deeplift.py:\d+\) has no DeepLIFT rule"),
    "batch statistics": (lambda x: F.batch_norm(x, None, None, training=True), "statistics of the batch"),
    "mixing sequences": (lambda x: (x - x.mean(0)).relu(), "cannot tell which rows belong to which sequence"),
    "dropout that is always on": (lambda x: F.dropout(x, 0.5), "depends on the other sequences .*, or is random"),
    "custom autograd Function": (Custom.apply, "autograd Function Custom"),
    "no derivative": (lambda x: torch.heaviside(x, x), "heaviside in middle .* neither a DeepLIFT rule nor"),
    "numpy": (through_numpy, "numpy in middle .* turns a tensor into a numpy array"),
    "autocast": (under_autocast, "linear in middle .* runs under autocast"),
    "batch size": (branching_on_the_batch, "depend on the number of sequences in the batch"),
    "branch": (branching_on_values, "another path|depend on the number"),
    "index": (lambda x: x.gather(-1, x.argmax(-1, keepdim=True)) * x.mean(-1, keepdim=True), "without a derivative"),
    "value read into Python": (lambda x: x * x.max().item(), "into Python|rows belong"),
    "checkpoint": (lambda x: checkpoint(torch.tanh, x, use_reentrant=False), "gradient checkpointing off"),
    "reentrant checkpoint": (lambda x: checkpoint(torch.tanh, x, use_reentrant=True), "gradient checkpointing off"),
    "top k": (lambda x: x.topk(5, -1)[0], r"topk in middle \(test_attribution_deeplift.py:\d+\) has no DeepLIFT rule"),
    "median": (lambda x: x.median(-1)[0], "median in middle .* has no DeepLIFT rule"),
    "running maximum": (lambda x: x.cummax(-1)[0], "cummax in middle .* has no DeepLIFT rule"),
    "unpooling": (lambda x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2), "max_unpool.* in middle"),
    "noise": (lambda x: F.gumbel_softmax(x, dim=1), "or draw random numbers"),
    "vmap": (lambda x: torch.vmap(torch.relu)(x), "such as TorchScript or vmap"),
    "NaN": (lambda x: x.log(), "the model predicts nan for one of the first sequences"),
}  # fmt: skip


@pytest.mark.parametrize(("function", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_deep_lift_shap__refuses_by_name_what_cannot_be_right(function, message):
    model = build(Do(function))
    with pytest.raises(UnsupportedModel, match=message):
        attribute(model, batch_size=1)


def test_deep_lift_shap__refuses_the_autocast_of_its_caller(model):
    with (
        torch.autocast("cpu", torch.bfloat16),
        pytest.raises(UnsupportedModel, match=r"conv1d in conv .* under autocast"),
    ):
        attribute(model)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_deep_lift_shap__refuses_torchscript_and_says_what_to_pass():
    scripted = build(torch.jit.script(nn.Sequential(nn.ReLU())))
    with pytest.raises(UnsupportedModel, match=r"middle is TorchScript.*pass the Python module it was made from"):
        attribute(scripted)
    inner = torch.jit.script(F.softsign)
    with pytest.raises(UnsupportedModel, match=r"does not show.*such as TorchScript or vmap"):
        attribute(build(Do(lambda x: inner(x))))


def test_deep_lift_shap__only_warns_where_asked():
    model = build(Do(lambda x: x.sort(-1)[0]))
    with pytest.warns(NbmotifWarning, match=r"do not sum.*sort in middle \(test_attribution"):
        assert attribute(model, only_warn=True).shape == X.shape


def test_deep_lift_shap__warns_once_of_what_does_not_add_up():
    # jumps that the path integral does not see
    model = build(Do(lambda x: torch.copysign(x, x.roll(1, -1))))
    with pytest.warns(NbmotifWarning) as caught:
        attribute(model, batch_size=1)
    assert len(caught) == 1
    assert "copysign in middle" in str(caught[0].message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": X.permute(0, 2, 1)}, r"`X` must be sequences of shape \(N, 4, L\).*X.permute\(0, 2, 1\)"),
        ({"X": X * 2}, "`X` must be one-hot"),
        ({"X": X - 0.5}, "`X` must be one-hot"),
        ({"references": REFERENCES[:2]}, r"`references` must be of shape \(3, n, 4, 60\); got float32 \(2, 5, 4, 60\)"),
        ({"references": REFERENCES[..., :50]}, "`references` must be of shape"),
        ({"references": REFERENCES[:, :0]}, "`references` must be of shape"),
        ({"references": REFERENCES[:, 0]}, "`references` must be of shape"),
        ({"references": torch.tensor(0.25)}, "`references` must be of shape"),
        ({"references": lambda x, n, **_: x[:, None].numpy()}, "`references` must be a function of.*returns ndarray"),
        ({"references": REFERENCES * np.nan}, "`references` must be finite"),
        ({"references": "shuffle"}, "`references` must be one of 'dinucleotide'"),
        ({"references": lambda x, n, **_: x}, "`references` must be a function of"),
        ({"n_shuffles": 0}, "`n_shuffles` must be at least 1"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"target": 3}, "`target` must be between 0 and 0"),
        ({"target": (0, 1)}, "`target` must be at most 1 indices"),
        ({"args": (torch.zeros(2, 3),)}, r"`args\[0\]` must be a tensor with a row for each of the 3 sequences"),
        ({"device": "nowhere"}, "`device` must be a torch device"),
        ({"dtype": "float64"}, r"`dtype` must be the model's own, torch.float32.*model.double\(\)"),
        ({"dtype": "bool"}, "`dtype` must be the model's own"),
    ],
)  # fmt: skip
def test_deep_lift_shap__names_the_argument_that_is_wrong(model, options, message):
    with pytest.raises(InvalidArgument, match=message):
        attribute(model, **options)


def test_deep_lift_shap__asks_which_of_several_outputs():
    with pytest.raises(UnsupportedModel, match=r"returns 2 outputs of shapes \(2, 4\), \(2, 4, 60\).*target="):
        attribute(lambda x: (x.mean(-1), x))


# --- left as it was found --------------------------------------------------------------------------------------------


def state(model):
    return (
        [module.training for module in model.modules()],
        [
            (p.requires_grad, p.device, p.dtype, None if p.grad is None else p.grad.sum().item())
            for p in model.parameters()
        ],
        [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()],
        [set(vars(module)) for module in model.modules()],
        len(torch.nn.modules.module._global_forward_hooks),
        torch.is_grad_enabled(),
        [p.detach().clone().tolist() for p in model.parameters()],
    )


@pytest.mark.parametrize("when", ["never", "at the probe", "in the middle"])
def test_deep_lift_shap__gives_the_model_back_as_it_was(when):
    calls = []

    def middle(x):
        calls.append(len(x))
        if when != "never" and len(calls) == (2 if when == "at the probe" else 6):
            raise KeyboardInterrupt
        return x.relu()

    model = build(nn.Sequential(nn.ReLU(), nn.Dropout()))
    model.middle[0] = Do(middle)
    model.conv.weight.requires_grad_(False)
    model.conv.register_forward_hook(lambda *_: None)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    model.middle[1].eval()
    before = state(model)
    if when == "never":
        attribute(model, batch_size=2)
    else:
        with pytest.raises(KeyboardInterrupt):
            attribute(model, batch_size=2)
    assert state(model) == before


def test_deep_lift_shap__works_under_no_grad_and_in_two_threads():
    models = [build(nn.GELU()), build(nn.Sequential(nn.ReLU(), nn.MaxPool1d(2)))]
    expected = [attribute(model) for model in models]
    got = {}

    def work(k):
        with torch.no_grad():
            got[k] = [attribute(models[k % 2], batch_size=2) for _ in range(3)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        for result in got[k]:
            torch.testing.assert_close(result, expected[k % 2], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("is_module", [True, False])
def test_deep_lift_shap__works_in_inference_mode(is_module):
    model = build(nn.GELU())
    expected = attribute(model)
    with torch.inference_mode():
        given = X.clone()
        got = attribute(model if is_module else model.forward, given)
    torch.testing.assert_close(got, expected)


@pytest.mark.filterwarnings("ignore")
def test_deep_lift_shap__sees_through_torch_compile():
    plain = build(Do(lambda x: F.silu(x) * x))
    expected = attribute(plain)
    torch.testing.assert_close(attribute(torch.compile(plain, backend="eager")), expected)
    inner = torch.compile(lambda x: F.silu(x) * x, backend="eager")
    torch.testing.assert_close(attribute(build(Do(lambda x: inner(x)))), expected)
    assert torch._dynamo.eval_frame._stance.stance == "default"
