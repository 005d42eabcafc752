"""What a study is given and found, kept in its file, and files that are no whole study."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import Study
from nbmotif.errors import InvalidArgument, InvalidFile
from tests.unit.small_study import CONTROL, MANY, MOTIFS, Scaled, X, small_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_further_inputs__are_in_the_file(tmp_path: Path) -> None:
    study = small_study(args=(CONTROL, CONTROL.bfloat16(), CONTROL > 2)).save(tmp_path / "study")
    for got, expected in zip(Study.open(study).args, (CONTROL, CONTROL.bfloat16(), CONTROL > 2), strict=True):
        assert got.dtype == expected.dtype
        assert torch.equal(got, expected)


@pytest.mark.parametrize("target", [1, -1, np.int64(1), torch.tensor(1), (1,)])
@pytest.mark.parametrize("random_state", [3, np.int32(3)])
def test_an_opened_study__explains_the_same_target_with_the_same_seed(
    tmp_path: Path, target: Any, random_state: int
) -> None:
    study = small_study(target=target, random_state=random_state)
    opened = Study.open(study.save(tmp_path / "study"), Scaled())
    assert torch.equal(opened.attribute(n_shuffles=2).hypothetical, study.attribute(n_shuffles=2).hypothetical)


def test_a_target_that_was_a_function__is_to_be_set_again(tmp_path: Path) -> None:
    opened = Study.open(small_study(target=lambda y: y.sum(1)).save(tmp_path / "study"), Scaled())
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
    opened = Study.open(small_study(loci=loci).save(tmp_path / "study"))
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
    opened = Study.open(small_study(loci=loci).save(tmp_path / "study"))
    np.testing.assert_array_equal(opened.loci["reads"], [1, np.nan, 3, 4, 5, 6])
    assert opened.loci["depth"].tolist() == [1, 2, 3, 4, 5, 6]


def test_settings_of_numpy_and_torch__are_in_the_file_as_numbers(tmp_path: Path) -> None:
    study = small_study().attribute(n_shuffles=np.int64(2), batch_size=torch.tensor(4))
    opened = Study.open(study.save(tmp_path / "study"))
    kept = opened.settings["attribute"]
    assert (kept["n_shuffles"], kept["batch_size"]) == (2, 4)
    given = small_study().attribute(references=X[:, None].float())
    assert "attribute" in Study.open(given.save(tmp_path / "given")).settings


def test_seqlets_that_were_not_annotated__are_in_the_file(tmp_path: Path) -> None:
    study = small_study().attribute(n_shuffles=2).call_seqlets(threshold=0.5)
    opened = Study.open(study.save(tmp_path / "study"))
    pd.testing.assert_frame_equal(opened.seqlets, study.seqlets)


def test_saving__into_no_folder_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="`path`: there is no folder"):
        small_study().save(tmp_path / "none" / "study")
    with pytest.raises(InvalidArgument, match="`path` must be the name of a file to write; got the folder"):
        small_study().save(tmp_path)
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
