"""Windowed predictions equal those of the full forward pass, wherever the edit is and whatever the model is made of."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nbmotif import random_one_hot
from nbmotif.attribution.engine import Attribution
from nbmotif.attribution.windows import Baseline, CannotFollow
from nbmotif.borrowing import borrowed
from tests.unit import attribution_zoo as zoo

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

LENGTH = 200
X = random_one_hot((3, 4, LENGTH), random_state=0).float()


class DilatedResidual(nn.Module):
    """Gated dilated convolutions without padding, cropped sums, several ways of pooling, as different models do it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 8, 15)
        self.layers = nn.ModuleList(nn.Conv1d(8, 8, 3, dilation=d, groups=2) for d in (1, 2, 4))
        self.norm, self.last = nn.BatchNorm1d(8), nn.Conv1d(8, 1, 1)
        self.norm.running_var.fill_(2.0)

    def forward(self, x):
        x = F.gelu(self.norm(self.first(x)))
        for layer in self.layers:
            y = torch.sigmoid(layer(x)) * torch.tanh(layer(x))
            crop = (x.shape[-1] - y.shape[-1]) // 2
            x = x[:, :, crop:-crop] + y
        y = F.avg_pool1d(self.last(x), 8)
        return torch.cat([y.amax(-1), y.mean(-1), F.pad(y, (3, 2))[..., -1]], 1).sum(1, keepdim=True)


class BPNetLike(nn.Module):
    """A profile head that is not read, and a count head."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 8, 9, padding=4)
        self.layers = nn.ModuleList(nn.Conv1d(8, 8, 3, padding=2**i, dilation=2**i) for i in range(1, 4))
        self.profile, self.count = nn.Conv1d(8, 2, 15, padding=7), nn.Linear(8, 1)

    def forward(self, x):
        x = F.relu(self.first(x))
        for layer in self.layers:
            x = torch.add(x, F.relu(layer(x)))
        return self.profile(x)[:, :, 20:-20], self.count(x[:, :, 10:-10].mean(dim=2))


class ControlledBPNet(BPNetLike):
    def forward(self, x):
        y = super().forward(torch.cat([x[:, :3], torch.ones_like(x[:, :1])], dim=1))
        return y[0].log_softmax(-1)[:, 0, 30:32] + y[1]


def basset() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(4, 8, 9, padding=4), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(3),
        nn.Conv1d(8, 6, 5, padding="same"), nn.PReLU(6), nn.ReLU(inplace=True), nn.MaxPool1d(3, 2, 1), nn.Dropout(),
        nn.Flatten(), nn.LazyLinear(5), nn.ELU(), nn.Linear(5, 1),
    )  # fmt: skip


def strided() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(4, 8, 8, stride=3, padding=2), nn.SiLU(), nn.Conv1d(8, 8, 4, padding="same"), nn.AvgPool1d(3, 2, 1),
        nn.Conv1d(8, 4, 5, stride=2, padding=1), nn.ELU(inplace=True), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        nn.Linear(4, 1),
    )  # fmt: skip


MODELS = {
    "BPNet": (BPNetLike(), (1, 0)),
    "profile": (BPNetLike(), (0, 1, 80)),
    "control track and log softmax": (ControlledBPNet(), 1),
    "Basset": (basset(), 0),
    "strided": (strided(), 0),
    "dilated and gated": (DilatedResidual(), 0),
    "global max": (nn.Sequential(nn.Conv1d(4, 4, 5), nn.AdaptiveMaxPool1d(1), nn.Flatten()), 2),
    "layer norm and attention": (
        nn.Sequential(
            nn.Conv1d(4, 8, 9, stride=4), nn.ReLU(), zoo.ChannelsLast(nn.LayerNorm(8)), zoo.Do(lambda h: h @ h.mT)
        ),
        (3, 4),
    ),
}


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    model, target = MODELS[request.param]
    model(X)
    run = Attribution(model, target, float("inf"), only_warn=True)
    with borrowed(model, torch.device("cpu"), freeze=True):
        run.probe(X)
        yield run, Baseline.of(run.output, run.plan.calls, X)


def assert_edit_is_right(case, start, width, seed):
    run, baseline = case
    values = random_one_hot((3, 4, width), random_state=seed).float()
    edited = X.clone()
    edited[:, :, start : start + width] = values
    with torch.no_grad():
        expected = run.output(edited)
    got = baseline.edit(start, values)
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-6 * float(expected.abs().max() + 1))


@pytest.mark.parametrize("width", [1, 20])
@pytest.mark.parametrize("place", ["first", "second", "seventh", "middle", "last but one", "last"])
def test_edit__equals_the_full_forward_at_the_ends_and_in_the_middle(case, place, width):
    last = LENGTH - width
    starts = {"first": 0, "second": 1, "seventh": 7, "middle": last // 2, "last but one": last - 1, "last": last}
    assert_edit_is_right(case, starts[place], width, 1)


@settings(max_examples=15)
@given(data=st.data())
def test_edit__equals_the_full_forward_anywhere(case, data):
    width = data.draw(st.integers(1, 60))
    assert_edit_is_right(case, data.draw(st.integers(0, LENGTH - width)), width, data.draw(st.integers(0, 99)))


def test_edit__computes_little_of_a_model_that_reads_locally():
    model, target = MODELS["BPNet"]
    run = Attribution(model, target, float("inf"), only_warn=True)
    with borrowed(model, torch.device("cpu"), freeze=True):
        run.probe(X)
        baseline = Baseline.of(run.output, run.plan.calls, X)
        before = sum(kept.numel() for kept in baseline.kept.values())
        with torch.profiler.profile(record_shapes=True) as profile:
            baseline.edit(100, torch.eye(4)[None].expand(3, 4, 4))
    assert sum(kept.numel() for kept in baseline.kept.values()) < before
    *widths, of_profile = sorted(e.input_shapes[0][-1] for e in profile.events() if e.name == "aten::conv1d")
    assert len(widths) == 4
    assert max(widths) < LENGTH / 3
    # the profile head is not read: its shape is worked out, without values
    assert of_profile == LENGTH


def test_baseline__gives_up_on_a_view_that_is_overwritten():
    def model(x):
        h = x * 2
        first = h[:, :, :100]
        h += 1
        return first.sum((1, 2))[:, None] + h.mean((1, 2))[:, None]

    run = Attribution(model, 0, float("inf"), only_warn=True)
    run.probe(X)
    with pytest.raises(CannotFollow):
        Baseline.of(run.output, run.plan.calls, X)
