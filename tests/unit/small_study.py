"""A model with two outputs, six sequences and motifs, small enough to run every stage of a study in each test."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from nbmotif import Study, random_one_hot

X = random_one_hot((6, 4, 60), random_state=0)
MOTIFS = {"GATA": np.eye(4)[[2, 0, 3, 0]].T, "TTTT": np.eye(4)[[3] * 4].T, "CACC": np.eye(4)[[1, 0, 1, 1]].T}
# a database that TOMTOM can take its null from
MANY = MOTIFS | {f"random {i}": np.random.default_rng(i).dirichlet([0.3] * 4, 8).T for i in range(60)}
CONTROL = torch.arange(1.0, 7.0)[:, None]


class Scaled(torch.nn.Module):
    """Two outputs, times a control that it can do without."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = torch.nn.Sequential(torch.nn.Conv1d(4, 2, 4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool1d(1))

    def forward(self, X: torch.Tensor, control: torch.Tensor | None = None) -> torch.Tensor:
        y: torch.Tensor = self.body(X).squeeze(-1)
        return y if control is None else y * control


def small_study(**options: Any) -> Study:
    return Study(Scaled(), X, MOTIFS, verbose=False, **options)


def whole_study() -> Study:
    """Run every stage."""
    study = Study(Scaled(), X, MANY, verbose=False).attribute(n_shuffles=2).call_seqlets(threshold=0.5).annotate()
    return study.scan(threshold=1e-2).marginalize(n_backgrounds=3)
