"""Every argument of a peer's function is taken here at the peer's default, and changes nothing."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

tangermeme = pytest.importorskip("tangermeme")
memelite = pytest.importorskip("memelite")
pytestmark = pytest.mark.peers

X = nbmotif.random_one_hot((4, 4, 60), random_state=0)
MOTIFS = nbmotif.demo.load().motifs
MODEL = torch.nn.Sequential(torch.nn.Conv1d(4, 2, 5), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(112, 1))
ATTRIBUTIONS = torch.from_numpy(np.random.default_rng(0).laplace(size=(4, 60)))
SEQLETS = pd.DataFrame({"example_idx": [0], "start": [10], "end": [20]})
LOCI = pd.DataFrame({"chrom": ["chr1"], "start": [10], "end": [20]})

# the module of the peer's function, and a call of ours
CALLS: dict[str, tuple[str, Callable[..., Any]]] = {
    "recursive_seqlets": ("tangermeme.seqlet", partial(nbmotif.recursive_seqlets, ATTRIBUTIONS)),
    "tfmodisco_seqlets": ("tangermeme.seqlet", partial(nbmotif.tfmodisco_seqlets, ATTRIBUTIONS)),
    "plot_logo": ("tangermeme.plot", partial(nbmotif.plot_logo, X[0])),
    "plot_pwm": ("tangermeme.plot", partial(nbmotif.plot_pwm, MOTIFS.pwms[0])),
    "dinucleotide_shuffle": ("tangermeme.ersatz", partial(nbmotif.dinucleotide_shuffle, X)),
    "extract_loci": ("tangermeme.io", partial(nbmotif.extract_loci, LOCI, {"chr1": "ACGT" * 20}, in_window=10)),
    "annotate_seqlets": ("tangermeme.annotate", partial(nbmotif.annotate_seqlets, X, SEQLETS, MOTIFS)),
    "pairwise_annotations": (
        "tangermeme.annotate",
        partial(nbmotif.pairwise_annotations, torch.tensor([[0, 1], [0, 2]])),
    ),
    "pairwise_annotations_spacing": (
        "tangermeme.annotate",
        partial(nbmotif.pairwise_annotations_spacing, [[0, 1, 0, 5], [0, 2, 7, 9]]),
    ),
    "deep_lift_shap": ("tangermeme.deep_lift_shap", partial(nbmotif.deep_lift_shap, MODEL, X)),
    "marginalize": ("tangermeme.marginalize", partial(nbmotif.marginalize, MODEL, X, "GATA")),
    "fimo": ("memelite", partial(nbmotif.fimo, MOTIFS, X)),
    "tomtom": ("memelite", partial(nbmotif.tomtom, MOTIFS.pwms[:1], MOTIFS)),
}


@pytest.mark.filterwarnings("ignore:tfmodisco_seqlets|.*seqlets")
@pytest.mark.parametrize("name", CALLS)
def test_every_argument_of_the_peer__is_taken_at_its_default(name: str) -> None:
    home, call = CALLS[name]
    theirs = inspect.signature(getattr(pytest.importorskip(home), name)).parameters
    ours = inspect.signature(getattr(nbmotif, name)).parameters
    unused = {key: each.default for key, each in theirs.items() if key not in ours and each.kind != each.VAR_KEYWORD}
    call(**unused)


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        (CALLS["fimo"][1], {"bin_size": 1.0}, r'compat="memelite" bins scores'),
        (CALLS["fimo"][1], {"alphabet": ["A", "C", "G", "U"]}, r"`alphabet` must be 'ACGT', or left out"),
        (CALLS["marginalize"][1], {"alphabet": list("ACGU")}, "The alphabet is A C G T"),
        (CALLS["extract_loci"][1], {"min_counts": 5}, "nbmotif reads no signals"),
        (CALLS["annotate_seqlets"][1], {"n_target_bins": 5}, "No columns are merged"),
        (CALLS["recursive_seqlets"][1], {"X_control": ATTRIBUTIONS, "control": "shuffle"}, "left out where `control`"),
    ],
)
def test_another_value__is_refused_with_what_to_do(call: Callable[..., Any], options: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        call(**options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("annotate_seqlets", {"n_target_bins": None}),
        ("annotate_seqlets", {"n_target_bins": np.int64(100), "n_median_bins": 1000}),
        ("fimo", {"alphabet": np.array(["A", "C", "G", "T"]), "return_counts": np.False_, "bin_size": np.float64(0.1)}),
    ],
)
def test_a_default__is_taken_in_every_spelling(name: str, options: Any) -> None:
    CALLS[name][1](**options)


def test_the_shape_of_pairs__may_be_called_as_in_tangermeme() -> None:
    assert nbmotif.pairwise_annotations(torch.tensor([[0, 1], [0, 2]]), shape=5).shape == (5, 5)


def test_a_control__may_be_called_as_in_tangermeme() -> None:
    control = torch.from_numpy(np.random.default_rng(1).laplace(size=(4, 60)))
    ours, theirs = (
        nbmotif.recursive_seqlets(ATTRIBUTIONS, target_fdr=0.9, return_fdr=True, **{name: control})[1]
        for name in ("control", "X_control")
    )
    pd.testing.assert_frame_equal(ours, theirs)
