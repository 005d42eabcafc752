"""Numbers in whatever holds them: what is taken as it is, and what is refused by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif
from nbmotif.arrays import as_array
from nbmotif.errors import InvalidArgument

HELD = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
KINDS: dict[str, Any] = {
    "list": HELD.tolist(),
    "list of arrays": list(HELD),
    "other byte order": HELD.astype(">f4"),
    "objects": HELD.astype(object),
    "table": pd.DataFrame(HELD),
    "table with missing values allowed": pd.DataFrame(HELD).convert_dtypes(),
    "nothing masked": np.ma.masked_array(HELD),
    "tensor with a gradient": torch.tensor(HELD, requires_grad=True),
    "tensor of half precision": torch.tensor(HELD, dtype=torch.bfloat16),
    "flags": HELD.astype(bool),
}
WRONG: dict[str, Any] = {
    "nothing": None,
    "letters": "ACGT",
    "lists of two lengths": [[0, 1], [0]],
    "complex": HELD.astype(complex),
    "a mapping": {"GATA": HELD},
    "sparse": torch.tensor(HELD).to_sparse(),
    "no data": torch.tensor(HELD).to("meta"),
    "masked entries": np.ma.masked_array(HELD, mask=HELD == 0),
    "a list of tensors with a gradient": [torch.ones(2, requires_grad=True)],
}
TAKERS: dict[str, Any] = {
    "probs": lambda values: nbmotif.random_one_hot((4, 4, 9), probs=values, random_state=0),
    "background": lambda values: nbmotif.fimo({"A": HELD}, ["ACGTACGT"], threshold=0.1, background=values),
    "Qs": lambda values: nbmotif.tomtom([values], {"A": HELD}),
    "motifs": lambda values: nbmotif.MotifSet({"A": values}),
    "pwm": nbmotif.pwm_consensus,
    "X": nbmotif.recursive_seqlets,
    "X_attr": nbmotif.plot_logo,
    "attributions": lambda values: nbmotif.Explorer(attributions=values),
    "score": lambda values: nbmotif.Hits(["any"], [4], [], [], [], [], values, []),
    "attribution": lambda values: nbmotif.Hits(["any"], [4], [], [], [], [], [], [], attribution=values),
}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers__in_anything_that_holds_some_become_an_array(kind: str) -> None:
    np.testing.assert_array_equal(as_array(KINDS[kind], "X", "numbers"), HELD)


def test_numbers__keep_their_precision_unless_numpy_does_not_know_it() -> None:
    for dtype, expected in ((torch.float64, np.float64), (torch.float16, np.float16), (torch.bfloat16, np.float32)):
        assert as_array(torch.ones(2, dtype=dtype), "X", "numbers").dtype == expected
    assert as_array(torch.ones(2, dtype=torch.int8), "X", "numbers").dtype == np.int8


def test_letters__are_refused_with_what_makes_numbers_of_them() -> None:
    said = r"got ndarray of <U4\. Letters become an array by one_hot_encode"
    with pytest.raises(InvalidArgument, match=said):
        as_array(np.array(["ACGT"]), "X", "numbers")
    with pytest.raises(InvalidArgument, match=r"got list\. Letters become an array"):
        as_array(["ACGT"], "X", "numbers")
    with pytest.raises(InvalidArgument, match="got ndarray of complex128") as refusal:
        as_array(np.ones(2, complex), "X", "numbers")
    assert "Letters" not in str(refusal.value)


def test_an_array__is_not_copied() -> None:
    assert as_array(HELD, "X", "numbers") is HELD
    tensor = torch.ones(3)
    assert as_array(tensor, "X", "numbers").ctypes.data == tensor.data_ptr()


@pytest.mark.parametrize("kind", WRONG)
def test_what_holds_no_numbers__is_refused(kind: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^`X` must be .*; got "):
        as_array(WRONG[kind], "X", "numbers")


@pytest.mark.filterwarnings("ignore:TOMTOM's null")
@pytest.mark.parametrize("kind", [kind for kind in WRONG if kind not in {"nothing", "letters"}])
@pytest.mark.parametrize("taker", TAKERS)
def test_what_holds_no_numbers__is_refused_by_its_name(taker: str, kind: str) -> None:
    with pytest.raises(InvalidArgument, match=rf"^`{taker}(\[.*\])?` must be .*; got "):
        TAKERS[taker](WRONG[kind])
