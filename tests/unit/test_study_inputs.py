"""What a study is given: further inputs, targets and tables of every kind, kept in its file, and what it refuses."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import weakref
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import Study, dinucleotide_shuffle, marginalize_motifs, random_one_hot
from nbmotif.basis import Basis
from nbmotif.errors import InvalidArgument, InvalidFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def _study(**options: Any) -> Study:
    return Study(Scaled(), X, MOTIFS, verbose=False, **options)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A study with results of every stage."""
    study = Study(Scaled(), X, MANY, verbose=False).attribute(n_shuffles=2).call_seqlets(threshold=0.5).annotate()
    return study.scan(threshold=1e-2).marginalize(n_backgrounds=3).save(tmp_path / "study.nbmotif")


def test_further_inputs__go_with_the_shuffles_of_their_sequences() -> None:
    study = _study(args=(CONTROL,)).marginalize(n_backgrounds=4)
    rows = np.random.default_rng(0).choice(6, size=4, replace=False)
    shuffled = dinucleotide_shuffle(X[rows], n=1, random_state=0)[:, 0]
    expected = marginalize_motifs(Scaled(), shuffled, MOTIFS, args=(CONTROL[rows],), random_state=0)
    pd.testing.assert_frame_equal(study.marginal, expected)


def test_further_inputs__are_asked_for_with_other_backgrounds() -> None:
    with pytest.raises(InvalidArgument, match=r"`args` must be the 1 further inputs.*a row for each background"):
        _study(args=(CONTROL,)).marginalize(backgrounds=X[:2])
    assert len(_study(args=(CONTROL,)).marginalize(backgrounds=X[:2], args=(CONTROL[:2],)).marginal) == 3


@pytest.mark.parametrize("backgrounds", ["backgrounds.fa", X[0], pd.DataFrame({"a": [1]}), X * 2])
def test_backgrounds__that_are_no_sequences_are_refused_by_their_name(backgrounds: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^`backgrounds` must be .*; got"):
        _study().marginalize(backgrounds=backgrounds)


def test_further_inputs__are_checked_when_the_study_is_made() -> None:
    with pytest.raises(InvalidArgument, match=r"`args\[0\]` must be a tensor with a row for each of the 6 sequences"):
        _study(args=(CONTROL[:3],))


def test_further_inputs__are_in_the_file(tmp_path: Path) -> None:
    study = _study(args=(CONTROL, CONTROL.bfloat16(), CONTROL > 2)).save(tmp_path / "study")
    for got, expected in zip(Study.open(study).args, (CONTROL, CONTROL.bfloat16(), CONTROL > 2), strict=True):
        assert got.dtype == expected.dtype
        assert torch.equal(got, expected)


@pytest.mark.parametrize("target", [1, -1, np.int64(1), torch.tensor(1), (1,)])
@pytest.mark.parametrize("random_state", [3, np.int32(3)])
def test_an_opened_study__explains_the_same_target_with_the_same_seed(
    tmp_path: Path, target: Any, random_state: int
) -> None:
    study = _study(target=target, random_state=random_state)
    opened = Study.open(study.save(tmp_path / "study"), Scaled())
    assert torch.equal(opened.attribute(n_shuffles=2).hypothetical, study.attribute(n_shuffles=2).hypothetical)


def test_a_target_that_was_a_function__is_to_be_set_again(tmp_path: Path) -> None:
    opened = Study.open(_study(target=lambda y: y.sum(1)).save(tmp_path / "study"), Scaled())
    for method in ("deep_lift_shap", "saliency", "saturation_mutagenesis"):
        with pytest.raises(InvalidArgument, match=r"`target` must be the function that it was.*Set it again"):
            opened.attribute(n_shuffles=2, method=method)
    opened.target = 0
    assert opened.attribute(n_shuffles=2).hypothetical is not None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_attributions_of_every_precision__are_in_the_file(tmp_path: Path, dtype: torch.dtype) -> None:
    study = Study(Scaled().to(dtype), X, MOTIFS, verbose=False).attribute(method="saliency")
    opened = Study.open(study.save(tmp_path / "study"))
    assert opened.hypothetical.dtype == dtype
    assert torch.equal(opened.hypothetical, study.hypothetical)


def test_sequences_that_require_a_gradient__are_no_hindrance(tmp_path: Path) -> None:
    study = Study(Scaled(), X.float().requires_grad_(), MOTIFS, verbose=False).attribute(n_shuffles=2)
    assert not study.attributions.requires_grad
    assert torch.equal(Study.open(study.save(tmp_path / "study")).attributions, study.attributions)


@pytest.mark.filterwarnings("ignore:Mismatched null-like values:FutureWarning")  # pandas 2 has None beside NaN
@pytest.mark.parametrize(
    "columns",
    [
        {3: range(6)},
        {"a/b": range(6), "a": list("uvwxyz")},
        {"label": ["x", None, "", "nan", "None", "y"]},
        {"flag": [True] * 6, "share": [0.5, np.nan] * 3},
    ],
)
def test_loci_with_columns_of_any_kind__are_in_the_file(tmp_path: Path, columns: dict[Any, Any]) -> None:
    loci = pd.DataFrame({"chrom": ["chr1"] * 6, "start": range(6), "end": range(60, 66), **columns})
    opened = Study.open(_study(loci=loci).save(tmp_path / "study"))
    pd.testing.assert_frame_equal(opened.loci, loci)


def test_a_study_without_seqlets__opens_with_the_columns_of_its_table(tmp_path: Path) -> None:
    study = Study(Scaled(), X, MANY, verbose=False).attribute(n_shuffles=2).call_seqlets(threshold=0.5).annotate()
    study.seqlets = study.seqlets[:0]
    opened = Study.open(study.save(tmp_path / "study"))
    pd.testing.assert_frame_equal(opened.seqlets, study.seqlets)


def test_whole_numbers_of_which_some_are_missing__are_in_the_file_as_numbers(tmp_path: Path) -> None:
    loci = pd.DataFrame({"chrom": ["chr1"] * 6, "start": range(6), "end": range(60, 66)})
    loci["reads"] = pd.array([1, None, 3, 4, 5, 6], dtype="Int64")
    loci["depth"] = pd.array([1, 2, 3, 4, 5, 6], dtype="Int64")
    opened = Study.open(_study(loci=loci).save(tmp_path / "study"))
    np.testing.assert_array_equal(opened.loci["reads"], [1, np.nan, 3, 4, 5, 6])
    assert opened.loci["depth"].tolist() == [1, 2, 3, 4, 5, 6]


def test_settings_of_numpy_and_torch__are_in_the_file_as_numbers(tmp_path: Path) -> None:
    study = _study().attribute(n_shuffles=np.int64(2), batch_size=torch.tensor(4))
    opened = Study.open(study.save(tmp_path / "study"))
    kept = opened.settings["attribute"]
    assert (kept["n_shuffles"], kept["batch_size"]) == (2, 4)
    given = _study().attribute(references=X[:, None].float())
    assert "attribute" in Study.open(given.save(tmp_path / "given")).settings


def test_seqlets_that_were_not_annotated__are_in_the_file(tmp_path: Path) -> None:
    study = _study().attribute(n_shuffles=2).call_seqlets(threshold=0.5)
    opened = Study.open(study.save(tmp_path / "study"))
    pd.testing.assert_frame_equal(opened.seqlets, study.seqlets)


def test_saving__into_no_folder_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="`path`: there is no folder"):
        _study().save(tmp_path / "none" / "study")
    with pytest.raises(InvalidArgument, match="`path` must be the name of a file to write; got the folder"):
        _study().save(tmp_path)
    assert not list(tmp_path.parent.glob("*.part"))


def test_opening__a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="`path`: there is no file"):
        Study.open(tmp_path / "none")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_opening__a_file_that_was_cut_off_says_so(saved: Path, share: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InvalidFile, match=r"damaged or not complete.*Save the study again"):
        Study.open(saved)


def _shorten(file: h5py.File, name: str) -> None:
    values = file[name][:-1]
    del file[name]
    file[name] = values


def _set(file: h5py.File, name: str, value: int) -> None:
    file[name][0] = value


def _set_column(file: h5py.File, column: str, value: int) -> None:
    place = json.loads(file["seqlets"].attrs["columns"]).index(column)
    file[f"seqlets/{place}"][0] = value


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.attrs.pop("facts"),
        lambda file: file.attrs.update(facts="{"),
        lambda file: file.pop("codes"),
        lambda file: file.pop("seqlets/1"),
        lambda file: file.pop("hits/p_value"),
        lambda file: _shorten(file, "hypothetical"),
        lambda file: _shorten(file, "codes"),
        lambda file: _shorten(file, "hits/p_value"),
        lambda file: _shorten(file, "motifs/names"),
        lambda file: _set(file, "motifs/widths", 9),
        lambda file: _set(file, "codes", 9),
        lambda file: _set(file, "codes", -2),
        lambda file: _set(file, "hits/sequence_idx", 99),
        lambda file: _set_column(file, "motif_idx", -2),
        lambda file: _set_column(file, "motif_idx", 99),
        lambda file: _set_column(file, "example_idx", 6),
    ],
)
def test_opening__a_damaged_file_says_so(saved: Path, damage: Callable[[h5py.File], object]) -> None:
    with h5py.File(saved, "a") as file:
        damage(file)
    with pytest.raises(InvalidFile, match="damaged or not complete"):
        Study.open(saved)


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
    study = _study()
    with pytest.raises(InvalidArgument, match=f"`{name}` must be left out here"):
        study.attribute(**options)
    assert study.hypothetical is None


@pytest.mark.parametrize(
    ("options", "name"),
    [({"target": 0.0}, "target"), ({"random_state": "0"}, "random_state"), ({"batch_size": 0}, "batch_size")],
)
def test_a_study__names_the_option_that_is_wrong(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidArgument, match=f"`{name}` must be"):
        _study(**options)


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_marginalize__names_the_number_of_backgrounds_that_is_wrong(n: Any) -> None:
    with pytest.raises(InvalidArgument, match="`n_backgrounds` must be"):
        _study().marginalize(n_backgrounds=n)


def test_marginalize__takes_the_name_of_one_motif() -> None:
    assert _study().marginalize(n_backgrounds=2, motifs="GATA").marginal["motif_name"].tolist() == ["GATA"]


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
    study = _study()
    before = getattr(study, name)
    with pytest.raises(InvalidArgument, match=message):
        setattr(study, name, value)
    assert getattr(study, name) is before
    with pytest.raises(InvalidArgument, match=message):
        Study(**{"model": Scaled(), "X": X, "motifs": MOTIFS, name: value})


def test_further_inputs__are_not_those_of_before_only_if_their_numbers_are_others() -> None:
    given = [CONTROL]
    study = _study(args=given).attribute(n_shuffles=2)
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
    study = _study().attribute(n_shuffles=2)
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
    study = _study().attribute(n_shuffles=2)
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
