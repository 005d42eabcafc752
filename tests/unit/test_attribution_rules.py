from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from nbmotif.attribution import rules

REAL = torch.ones(2)
COMPLEX = REAL.to(torch.complex64)
BATCH_NORM = (REAL, None, None, None, None)

# name, operands, keywords, positions of the operands that depend on the sequences, label of the rule
CASES = [
    pytest.param("mul", (REAL, REAL), {}, (1,), "linear", id="a product with a constant"),
    pytest.param("mul", (REAL, REAL), {}, (0, 1), "midpoint", id="a product"),
    pytest.param("bilinear", (REAL, REAL, REAL), {}, (0, 1, 2), None, id="a product of three"),
    pytest.param("div", (REAL, REAL), {}, (0,), "linear", id="a quotient by a constant"),
    pytest.param("div", (REAL, REAL), {}, (1,), "quotient", id="a quotient of a constant"),
    pytest.param("rdiv", (REAL, REAL), {}, (0,), "quotient", id="a quotient of a constant, written the other way"),
    pytest.param("div", (REAL, REAL), {"rounding_mode": "floor"}, (0, 1), None, id="a rounded quotient"),
    pytest.param("pow", (REAL, REAL), {}, (1,), "rescale", id="a power of a constant"),
    pytest.param("pow", (REAL, REAL), {}, (0, 1), "expanded", id="a power of two operands"),
    pytest.param("tanh", (REAL,), {}, (0,), "rescale", id="elementwise"),
    pytest.param("prelu", (REAL, REAL), {}, (1,), None, id="elementwise, by its parameter"),
    pytest.param("max", (REAL, REAL), {}, (0,), "expanded", id="the larger of two, one a constant"),
    pytest.param("max", (REAL,), {"dim": 0}, (0,), "maximum", id="the largest along an axis"),
    pytest.param("batch_norm", (*BATCH_NORM, False), {}, (0,), "linear", id="fixed statistics"),
    pytest.param("batch_norm", (*BATCH_NORM, True), {}, (0,), "none", id="statistics of the batch"),
    pytest.param("instance_norm", (REAL,), {}, (0,), "norm", id="statistics of each sequence"),
    pytest.param("sort", (REAL,), {}, (0,), "none", id="an order"),
    pytest.param("abs", (COMPLEX,), {}, (0,), "expanded", id="the modulus"),
    pytest.param("mul", (COMPLEX, COMPLEX), {}, (0, 1), "midpoint", id="a complex product"),
    pytest.param("tanh", (COMPLEX,), {}, (0,), None, id="complex and elementwise"),
    pytest.param("something", (REAL,), {}, (0,), None, id="not known"),
]


@pytest.mark.parametrize(("name", "args", "kwargs", "dependent", "label"), CASES)
def test_choose__follows_the_table(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], dependent: tuple[int, ...], label: str | None
) -> None:
    n_tensors = sum(isinstance(arg, torch.Tensor) for arg in args)
    rule = rules.choose(name, torch.relu, args, kwargs, n_tensors, dependent)
    assert (rule and rule.label) == label


def test_choose__looks_into_python_code_of_torch_alone() -> None:
    rule = rules.choose("normalize", F.normalize, (REAL,), {}, 1, (0,))
    assert rule is not None
    assert rule.expand is not None
    assert torch.equal(rule.expand(REAL, dim=0), F.normalize(REAL, dim=0))
    assert rules.choose("ours", lambda x: x, (REAL,), {}, 1, (0,)) is None
