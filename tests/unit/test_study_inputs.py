"""What a study is given: further inputs, targets and settings, which results belong to them, and what it refuses."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import Study, dinucleotide_shuffle, marginalize_motifs
from nbmotif.basis import Basis
from nbmotif.errors import InvalidArgument
from tests.unit.small_study import CONTROL, MANY, MOTIFS, Scaled, X, small_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_further_inputs__go_with_the_shuffles_of_their_sequences() -> None:
    study = small_study(args=(CONTROL,)).marginalize(n_backgrounds=4)
    rows = np.random.default_rng(0).choice(6, size=4, replace=False)
    shuffled = dinucleotide_shuffle(X[rows], n=1, random_state=0)[:, 0]
    expected = marginalize_motifs(Scaled(), shuffled, MOTIFS, args=(CONTROL[rows],), random_state=0)
    pd.testing.assert_frame_equal(study.marginal, expected)


def test_further_inputs__are_asked_for_with_other_backgrounds() -> None:
    with pytest.raises(InvalidArgument, match=r"`args` must be the 1 further inputs.*a row for each background"):
        small_study(args=(CONTROL,)).marginalize(backgrounds=X[:2])
    assert len(small_study(args=(CONTROL,)).marginalize(backgrounds=X[:2], args=(CONTROL[:2],)).marginal) == 3


@pytest.mark.parametrize("backgrounds", ["backgrounds.fa", X[0], pd.DataFrame({"a": [1]}), X * 2])
def test_backgrounds__that_are_no_sequences_are_refused_by_their_name(backgrounds: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^`backgrounds` must be .*; got"):
        small_study().marginalize(backgrounds=backgrounds)


def test_further_inputs__are_checked_when_the_study_is_made() -> None:
    with pytest.raises(InvalidArgument, match=r"`args\[0\]` must be a tensor with a row for each of the 6 sequences"):
        small_study(args=(CONTROL[:3],))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"return_references": True}, "return_references"),
        ({"raw_outputs": True}, "raw_outputs"),
        ({"return_report": True}, "return_report"),
        ({"method": "saturation_mutagenesis", "start": 2, "end": 9}, "start"),
        ({"target": 1}, "target"),
        ({"hypothetical": False}, "hypothetical"),
    ],
)
def test_attribute__refuses_what_gives_no_number_for_each_base(options: dict[str, Any], name: str) -> None:
    study = small_study()
    with pytest.raises(InvalidArgument, match=f"`{name}` must be left out here"):
        study.attribute(**options)
    assert study.hypothetical is None


@pytest.mark.parametrize(
    ("options", "name"),
    [({"target": 0.0}, "target"), ({"random_state": "0"}, "random_state"), ({"batch_size": 0}, "batch_size")],
)
def test_a_study__names_the_option_that_is_wrong(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidArgument, match=f"`{name}` must be"):
        small_study(**options)


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_marginalize__names_the_number_of_backgrounds_that_is_wrong(n: Any) -> None:
    with pytest.raises(InvalidArgument, match="`n_backgrounds` must be"):
        small_study().marginalize(n_backgrounds=n)


def test_marginalize__takes_the_name_of_one_motif() -> None:
    assert small_study().marginalize(n_backgrounds=2, motifs="GATA").marginal["motif_name"].tolist() == ["GATA"]


def test_motifs_that_changed_since_they_were_numbered__are_refused(saved: Path) -> None:
    study = Study.open(saved, Scaled())
    del study.motifs["GATA"]
    for show in (study.evidence, lambda: study.explorer, lambda: study.save(saved)):
        with pytest.raises(InvalidArgument, match=r"`study.motifs` must be the motifs of `study.annotate\(\)`"):
            show()
    study.annotate().scan(threshold=1e-2).marginalize(n_backgrounds=2)
    assert "GATA" not in set(study.evidence()["family"])


def _trained_further(study: Study) -> None:
    with torch.no_grad():
        study.model.body[0].weight.neg_()  # type: ignore[union-attr, operator]


@pytest.mark.filterwarnings("ignore:.* have no hits")
@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda study: setattr(study, "model", Scaled().double()), "model"),
        (_trained_further, "model"),
        (lambda study: setattr(study, "target", 1), "target"),
        (lambda study: setattr(study, "args", (CONTROL,)), "args"),
    ],
    ids=["another model", "trained further", "another target", "further inputs"],
)
def test_results_of_what_the_study_was_before__are_replaced_or_refused(
    saved: Path, change: Callable[[Study], object], name: str
) -> None:
    study = Study.open(saved, Scaled())
    before = study.attribute(n_shuffles=2).call_seqlets(0.5).annotate().marginalize(n_backgrounds=3).attributions
    change(study)
    refused = (study.call_seqlets, study.marginalize, study.evidence, lambda: study.explorer, lambda: study.save(saved))
    for ask in refused:
        with pytest.raises(InvalidArgument, match=rf"`study.{name}` must be that of `study.attribute\(\)`"):
            ask()
    study.attribute(n_shuffles=2)
    assert study.marginal is None, "which was of the model before"
    assert not torch.equal(study.attributions.float(), before.float())
    study.run()
    assert len(study.evidence())


@pytest.mark.filterwarnings("ignore:.* have no hits")
def test_running_again__keeps_attributions_that_are_of_the_same_model_target_and_seed(saved: Path) -> None:
    study = Study.open(saved, Scaled()).attribute(n_shuffles=2)
    kept = study.hypothetical
    assert study.run().hypothetical is kept
    study.random_state = 5
    assert study.run().hypothetical is not kept
    study.target = 1
    again = Study(Scaled(), X, MANY, verbose=False, target=1, random_state=5).attribute()
    assert torch.equal(study.run().hypothetical, again.hypothetical)


@pytest.mark.filterwarnings("ignore:.* have no hits")
def test_an_opened_study__notices_that_the_model_is_another(saved: Path) -> None:
    opened = Study.open(saved, Scaled())
    kept = opened.hypothetical
    assert opened.run().hypothetical is kept
    other = Scaled()
    other.body[0].weight.data.neg_()
    opened = Study.open(saved, other)
    with pytest.raises(InvalidArgument, match=r"`study.model` must be that of `study.attribute\(\)`"):
        opened.marginalize(n_backgrounds=2)
    assert not torch.equal(opened.run().hypothetical, kept)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model", "weights.pt", r"`model` must be a PyTorch module, or a function.*Load the model first"),
        ("model", Scaled, r"`model` must be .*make a model of it first"),
        ("args", (CONTROL[:3],), r"`args\[0\]` must be a tensor with a row for each of the 6 sequences"),
        ("args", CONTROL, r"`args` must be a tuple or list of inputs"),
        ("loci", "peaks.bed", "`loci` must be a DataFrame with chrom, start and end; got str"),
        ("loci", pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [60]}), "`loci` must be one row per sequence"),
        ("loci", pd.DataFrame({"chrom": ["chr1"] * 6}), "`loci` must be a DataFrame with"),
        ("motifs", 3, "`motifs` must be"),
        ("batch_size", 0, "`batch_size` must be"),
        ("device", "gpu", "`device` must be a torch device"),
        ("device", "meta", "`device` must be a device that this torch can compute on"),
    ],
)
def test_settings__are_checked_when_they_are_given_and_when_they_are_set_anew(
    name: str, value: Any, message: str
) -> None:
    study = small_study()
    before = getattr(study, name)
    with pytest.raises(InvalidArgument, match=message):
        setattr(study, name, value)
    assert getattr(study, name) is before
    with pytest.raises(InvalidArgument, match=message):
        Study(**{"model": Scaled(), "X": X, "motifs": MOTIFS, name: value})


def test_further_inputs__are_not_those_of_before_only_if_their_numbers_are_others() -> None:
    given = [CONTROL]
    study = small_study(args=given).attribute(n_shuffles=2)
    given[0] = CONTROL * 2
    assert torch.equal(study.args[0], CONTROL)
    study.args = [CONTROL.numpy().copy()]  # type: ignore[assignment, list-item]
    study.call_seqlets()
    for other in ((CONTROL * 2,), (CONTROL.double(),), (), (CONTROL, CONTROL)):
        study.args = other
        with pytest.raises(InvalidArgument, match=r"`study.args` must be that of `study.attribute\(\)`"):
            study.call_seqlets()


def test_a_model_that_was_replaced__is_let_go_and_still_known_to_be_another() -> None:
    class Plus:
        def __init__(self, x: float) -> None:
            self.x = x

        def ask(self, X: torch.Tensor) -> torch.Tensor:
            return (X[:, 1] * torch.linspace(0, self.x, 60)).sum(1, keepdim=True)

    model: Any = Plus(1.0)
    study = Study(model.ask, X, MOTIFS, verbose=False).attribute(method="saturation_mutagenesis")
    study.model = model.ask  # a bound method is another object each time
    assert study.call_seqlets(0.5).seqlets is not None
    gone = weakref.ref(model)
    study.model = model = Plus(2.0).ask
    gc.collect()
    assert gone() is None
    for one in (study, copy.deepcopy(study)):
        with pytest.raises(InvalidArgument, match=r"`study.model` must be that of `study.attribute\(\)`"):
            one.call_seqlets()


def test_a_module_that_was_replaced__is_let_go() -> None:
    study = small_study().attribute(n_shuffles=2)
    gone = weakref.ref(study.model)
    study.model = Scaled()
    gc.collect()
    assert gone() is None


def test_a_study_that_was_opened__is_copied_with_or_without_a_model(saved: Path) -> None:
    for opened in (Study.open(saved), Study.open(saved, Scaled())):
        for again in (copy.deepcopy(opened), pickle.loads(pickle.dumps(opened))):
            assert torch.equal(again.hypothetical, opened.hypothetical)
            assert again.call_seqlets(0.5).seqlets is not None


@pytest.mark.parametrize(
    "odd",
    [
        torch.nn.ParameterList([torch.arange(8.0)[::2]]),
        torch.nn.ParameterList([torch.ones(2, 3).to_sparse()]),
        torch.nn.ParameterList([torch.ones(4, device="meta")]),
        torch.nn.LazyLinear(2),
    ],
    ids=["every second number", "sparse", "without data", "lazy"],
)
def test_weights_of_any_kind__are_no_hindrance_to_notice_that_others_changed(odd: torch.nn.Module) -> None:
    model = torch.nn.Linear(3, 1)
    model.odd = odd
    before, same = (Basis.of(model, 0, 0, ()) for _ in range(2))
    assert before.changed(same) == ""
    with torch.no_grad():
        model.weight.add_(1)
    assert before.changed(Basis.of(model, 0, 0, ())) == "model"


def test_a_copy_of_a_study__knows_the_copy_of_its_model() -> None:
    study = small_study().attribute(n_shuffles=2)
    for again in (copy.deepcopy(study), pickle.loads(pickle.dumps(study))):
        assert again.model is not study.model
        assert again.call_seqlets(0.5).seqlets is not None
        again.model = Scaled().double()
        with pytest.raises(InvalidArgument, match=r"`study.model` must be that of `study.attribute\(\)`"):
            again.call_seqlets()


def test_a_class_derived_from_study__is_refused_what_no_study_can_be_set() -> None:
    class Named(Study):
        protein = "GATA1"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.notes = ["before"]
            super().__init__(*args, **kwargs)
            self.protein = "TAL1"

    study = Named(Scaled(), X, MOTIFS, verbose=False)
    assert (study.notes, study.protein) == (["before"], "TAL1")
    for name in ("attributions", "run"):
        with pytest.raises(AttributeError, match=rf"study.{name} cannot be set"):
            setattr(study, name, None)


def test_sequences__of_a_study_are_not_exchanged(saved: Path) -> None:
    study = Study.open(saved)
    with pytest.raises(AttributeError):
        study.X = X[:3]  # type: ignore[misc]


def test_an_interrupted_stage__leaves_the_study_as_it_was(saved: Path) -> None:
    study = Study.open(saved, Scaled())
    before = dict(vars(study))
    settings = json.dumps(study.settings)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    study.model.body[0].register_forward_hook(stop)  # type: ignore[union-attr]
    for stage in (study.attribute, study.marginalize):
        with pytest.raises(KeyboardInterrupt):
            stage()
    assert all(vars(study)[name] is value for name, value in before.items())
    assert json.dumps(study.settings) == settings


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"sign": "plus"}, "`sign` must be one of"),
        ({"fimo_p": 2}, "`fimo_p` must be a p-value"),
        ({"tomtom_p": "0.01"}, "`tomtom_p` must be a p-value"),
        ({"attribution": float("nan")}, "`attribution` must be a finite number"),
        ({"window": (0, 10)}, "`thresholds` must be among attribution, seqlet_p"),
        ({"fimo_p": 0.05}, r"`fimo_p` must be at most the threshold of that stage, 0.01; got 0.05. Call study.scan\("),
        ({"seqlet_p": 0.9}, "`seqlet_p` must be at most the threshold of that stage, 0.5"),
    ],
)
def test_evidence__refuses_thresholds_that_its_results_cannot_answer(
    saved: Path, thresholds: dict[str, Any], message: str
) -> None:
    study = Study.open(saved)
    with pytest.raises(InvalidArgument, match=message):
        study.evidence(**thresholds)
    assert len(study.evidence(fimo_p=0.01, seqlet_p=0.5, attribution=None, sign="+"))


@pytest.mark.parametrize(
    ("model", "loci", "message"),
    [("model.pt", None, "`model` must be a PyTorch module"), (None, [1] * 6, "`loci` must be a DataFrame")],
)
def test_a_study__names_the_piece_that_is_wrong(model: Any, loci: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Study(model, X, MOTIFS, loci)
