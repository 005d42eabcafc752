from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from nbmotif import pwm_consensus
from nbmotif.errors import InvalidArgument
from nbmotif.pwms import information_content

UNIFORM = np.full((4, 3), 0.25)
GATA = np.eye(4)[[2, 0, 3, 0]].T


def test_pwm_consensus__takes_the_likeliest_letter_and_the_first_of_equals() -> None:
    pwm = torch.tensor([[0.1, 0.25, 0.0], [0.2, 0.25, 0.0], [0.3, 0.25, 0.0], [0.4, 0.25, 0.0]], dtype=torch.float64)
    consensus = pwm_consensus(pwm)
    assert consensus.dtype == torch.float64
    assert consensus.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_pwm_consensus__takes_numpy() -> None:
    assert pwm_consensus(GATA).tolist() == GATA.tolist()


@pytest.mark.parametrize("dtype", [torch.bool, torch.int8, torch.int64, torch.float16, torch.float32, torch.bfloat16])
def test_pwm_consensus__keeps_the_dtype(dtype: torch.dtype) -> None:
    one_hot = torch.from_numpy(GATA).to(dtype)
    consensus = pwm_consensus(one_hot)
    assert consensus.dtype == dtype
    assert torch.equal(consensus, one_hot)


@pytest.mark.parametrize(
    ("pwm", "message"),
    [
        (torch.full((4, 2), 5.0), r"`pwm` must be one-hot or probabilities, each between 0 and 1; got 5\.0"),
        (torch.full((4, 2), -0.1), r"got -0\.1"),
        (torch.full((4, 2), float("nan")), r"got nan"),
        (torch.zeros(1, 4, 2), r"`pwm` must be of shape \(4, w\); got shape \(1, 4, 2\)"),
        (torch.zeros(4, 0), r"got shape \(4, 0\)"),
        (torch.zeros(9, 4), r"got shape \(9, 4\)\. Did you mean its transpose\?"),
        ("ACGT", r"`pwm` must be a PWM: numbers of shape \(4, w\); got str"),
        (None, r"`pwm` must be a PWM: numbers of shape \(4, w\); got NoneType"),
    ],
)
def test_pwm_consensus__refuses_what_is_no_pwm(pwm: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        pwm_consensus(pwm)


def test_information_content__is_two_bits_for_a_certain_base_and_none_for_any() -> None:
    assert np.allclose(information_content(GATA), 2, atol=1e-6)
    assert np.allclose(information_content(UNIFORM), 0, atol=1e-6)
    assert np.allclose(information_content(np.array([[0.5], [0.5], [0], [0]])), 1, atol=1e-6)
