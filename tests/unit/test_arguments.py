"""Single arguments: every kind that a user's array or table holds, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif
from nbmotif.annotations import pairwise_annotations, pairwise_annotations_spacing
from nbmotif.arguments import check_choice, check_file, check_flags, check_list, check_number, check_whole, whole_number
from nbmotif.bed_files import read_bed
from nbmotif.errors import InvalidArgument, InvalidFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTEGERS = [np.dtype(code).type for code in np.typecodes["AllInteger"]]
FLOATS = [np.dtype(code).type for code in np.typecodes["Float"]]

X = nbmotif.random_one_hot((3, 4, 600), random_state=0)
PEAKS = pd.DataFrame({"chrom": ["1"], "start": [1000], "end": [1001]})
MODEL = torch.nn.Sequential(
    torch.nn.Conv1d(4, 1, 5), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten()
)
SIGNAL = np.random.default_rng(0).normal(size=(3, 600))
MOTIFS = {"GATA": np.eye(4)[[2, 0, 3, 0]].T}
NO_HITS = (["any"], [4], [], [], [], [], [], [])


def _marginalized(batch_size: Any) -> torch.Tensor:
    table = nbmotif.marginalize_motifs(MODEL, X, {"GATA": np.eye(4)[[2, 0, 3, 0]].T}, batch_size=batch_size)
    return torch.tensor(table["effect"].to_numpy())


# what takes a whole number, and a number whose double or product is beyond 8 bits
TAKERS: dict[str, tuple[Callable[[Any], torch.Tensor | np.ndarray[Any, Any]], int]] = {
    "extract_loci in_window": (lambda n: nbmotif.extract_loci(PEAKS, {"1": "ACGT" * 500}, in_window=n), 127),
    "extract_loci max_jitter": (
        lambda n: nbmotif.extract_loci(PEAKS, {"1": "ACGT" * 500}, in_window=300, max_jitter=n),
        100,
    ),
    "extract_loci n_loci": (lambda n: nbmotif.extract_loci(PEAKS, {"1": "ACGT" * 500}, in_window=9, n_loci=n), 1),
    "dinucleotide_shuffle n": (lambda n: nbmotif.dinucleotide_shuffle(X, n=n, random_state=0), 3),
    "predict batch_size": (lambda n: nbmotif.predict(MODEL, X, batch_size=n), 2),
    "saliency batch_size": (lambda n: nbmotif.saliency(MODEL, X, batch_size=n), 2),
    "saturation_mutagenesis batch_size": (
        lambda n: nbmotif.saturation_mutagenesis(MODEL, X, end=9, batch_size=n),
        100,
    ),
    "deep_lift_shap batch_size": (
        lambda n: nbmotif.deep_lift_shap(MODEL, X, n_shuffles=2, batch_size=n, random_state=0),
        2,
    ),
    "deep_lift_shap n_shuffles": (lambda n: nbmotif.deep_lift_shap(MODEL, X, n_shuffles=n, random_state=0), 3),
    "audit n_shuffles": (lambda n: nbmotif.audit(MODEL, X, n_shuffles=n)["error"].to_numpy(), 3),
    "marginalize_motifs batch_size": (_marginalized, 2),
    "tfmodisco_seqlets window_size": (lambda n: nbmotif.tfmodisco_seqlets(SIGNAL, n).to_numpy(), 21),
    "tfmodisco_seqlets flank": (lambda n: nbmotif.tfmodisco_seqlets(SIGNAL, flank=n).to_numpy(), 70),
    "Hits n_sequences": (lambda n: np.array(nbmotif.Hits(*NO_HITS, n_sequences=n).n_sequences * 2), 100),
    "Study batch_size": (
        lambda n: np.array(nbmotif.Study(MODEL, X, {"A": np.eye(4)}, batch_size=n).batch_size * 2),
        100,
    ),
}


@pytest.mark.parametrize("kind", [np.int8, np.uint8, torch.tensor])
@pytest.mark.parametrize("take", TAKERS)
def test_whole_numbers__of_every_kind_are_reckoned_with_as_ints(take: str, kind: Any) -> None:
    call, number = TAKERS[take]
    np.testing.assert_array_equal(call(kind(number)), call(number))


@pytest.mark.parametrize("kind", [int, *INTEGERS, torch.tensor])
@pytest.mark.parametrize("check", [check_whole, whole_number])
def test_whole_numbers__of_every_kind_are_taken(check: Any, kind: Any) -> None:
    number = check(kind(7), "n", 7)
    assert (number, type(number)) == (7, int)


@pytest.mark.parametrize("kind", [float, Fraction, *FLOATS])
def test_whole_numbers__that_a_row_of_a_table_made_floats_are_taken_where_rows_are(kind: Any) -> None:
    number = whole_number(kind(7), "n", 7, 7)
    assert (number, type(number)) == (7, int)
    with pytest.raises(InvalidArgument, match=r"^`n` must be a whole number"):
        check_whole(kind(7), "n")


@pytest.mark.parametrize("dtype", ["int8", "uint32", "int64", "Int32", "float32", "Float64", "object"])
def test_whole_numbers__are_taken_from_columns_of_every_kind(dtype: str) -> None:
    column = pd.Series([0, 7], dtype=dtype)
    assert whole_number(column.iloc[1], "n", 0, 7) == 7


def test_whole_numbers__beyond_what_a_float_holds_stay_exact() -> None:
    assert whole_number(10**400 + 1, "n") == 10**400 + 1
    assert whole_number(2**53 + 1, "n") == 2**53 + 1
    assert whole_number(np.int64(2**53 + 1), "n") == 2**53 + 1


@pytest.mark.parametrize(
    "value",
    [True, np.True_, 2.5, np.float32(2.5), np.nan, np.inf, Fraction(5, 2), "2", None, 2j, pd.NA, [2], np.array([2, 3])],
)
@pytest.mark.parametrize("check", [check_whole, whole_number])
def test_what_is_no_whole_number__is_refused_by_its_name(check: Any, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^`n` must be a whole number"):
        check(value, "n")


@pytest.mark.parametrize("value", [-1, 3, np.int32(3), 3.0])
def test_whole_numbers__outside_what_will_do_are_refused_with_the_limits(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="0 to 2"):
        whole_number(value, "n", 0, 2)


@pytest.mark.parametrize("kind", [*INTEGERS, *FLOATS])
def test_numbers__of_every_kind_are_taken_as_floats(kind: Any) -> None:
    number = check_number(kind(7), "x", "above 0", lambda x: x > 0)
    assert (number, type(number)) == (7.0, float)


@pytest.mark.parametrize("value", [np.array(7.0), torch.tensor(7.0), torch.tensor(7), torch.tensor(7.0).half()])
def test_numbers__are_taken_from_arrays_and_tensors_of_one(value: object) -> None:
    assert check_number(value, "x", "above 0", lambda x: x > 0) == 7


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, [1.0], np.ones(1), np.array(True), pd.NA])
def test_numbers__are_neither_flags_nor_lists(value: object) -> None:
    with pytest.raises(InvalidArgument, match=r"^`x` must be above 0; got"):
        check_number(value, "x", "above 0", lambda x: x > 0)


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_, 1, 0, np.int8(1)])
def test_flags__are_taken_in_every_spelling(value: object) -> None:
    check_flags(verbose=value)


@pytest.mark.parametrize(
    "value", ["no", "False", None, 2, -1, 1.0, [], np.ones(1), np.array(True), float("nan"), pd.NA]
)
def test_flags__are_not_what_only_counts_as_true_or_false(value: object) -> None:
    with pytest.raises(InvalidArgument, match=r"^`verbose` must be True or False; got"):
        check_flags(verbose=value)


FLAGS: dict[str, Callable[[Any], Any]] = {
    "fimo reverse_complement": lambda flag: nbmotif.fimo(MOTIFS, X, reverse_complement=flag),
    "tomtom reverse_complement": lambda flag: nbmotif.tomtom(MOTIFS, MOTIFS, reverse_complement=flag),
    "annotate_seqlets reverse_complement": lambda flag: nbmotif.annotate_seqlets(
        X, [[0, 1, 9]], MOTIFS, reverse_complement=flag
    ),
    "recursive_seqlets return_fdr": lambda flag: nbmotif.recursive_seqlets(SIGNAL, return_fdr=flag),
    "deep_lift_shap hypothetical": lambda flag: nbmotif.deep_lift_shap(MODEL, X, hypothetical=flag),
    "deep_lift_shap raw_outputs": lambda flag: nbmotif.deep_lift_shap(MODEL, X, raw_outputs=flag),
    "deep_lift_shap return_references": lambda flag: nbmotif.deep_lift_shap(MODEL, X, return_references=flag),
    "saliency hypothetical": lambda flag: nbmotif.saliency(MODEL, X, hypothetical=flag),
    "saturation_mutagenesis raw_outputs": lambda flag: nbmotif.saturation_mutagenesis(MODEL, X, raw_outputs=flag),
    "pairwise_annotations unique": lambda flag: pairwise_annotations([[0, 1], [0, 2], [1, 1]], unique=flag),
    "pairwise_annotations_spacing symmetric": lambda flag: pairwise_annotations_spacing(
        np.zeros((0, 4)), symmetric=flag
    ),
}


@pytest.mark.parametrize("taker", FLAGS)
def test_flags__of_what_is_returned_are_checked(taker: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^`{taker.partition(' ')[2]}` must be True or False; got 'no'"):
        FLAGS[taker]("no")


def test_thresholds__that_are_none_are_refused_before_the_work() -> None:
    with pytest.raises(InvalidArgument, match="`warning_threshold` must be 0 or more; got 'never'"):
        nbmotif.deep_lift_shap(MODEL, X, warning_threshold="never")  # type: ignore[call-overload]
    with pytest.raises(InvalidArgument, match="`additional_func_kwargs` must be a mapping of argument to value"):
        nbmotif.marginalize(MODEL, X, "GATA", additional_func_kwargs="verbose")  # type: ignore[arg-type]


WRITERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "write_meme": ("filename", lambda path: nbmotif.write_meme(path, MOTIFS)),
    "write_bed": (
        "filename",
        lambda path: nbmotif.write_bed(pd.DataFrame({"chrom": ["chr1"], "start": [1], "end": [2]}), path),
    ),
    "Study.save": ("path", lambda path: nbmotif.Study(None, X, MOTIFS).save(path)),
    "Explorer.to_html": ("path", lambda path: nbmotif.Explorer(marginal={"GATA": 0.5}).to_html(path)),
}


@pytest.mark.parametrize(
    "values",
    [["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"], [5, 5]), {"a": 1, "b": 2}, iter("ab")],
)
def test_lists__are_taken_of_every_kind(values: Any) -> None:
    assert check_list(values, "names", "strings") == ["a", "b"]


LISTS: dict[str, Callable[[Any], Any]] = {
    "names": nbmotif.MotifSet(MOTIFS).subset,
    "motif_names": lambda names: nbmotif.Hits(names, [4], [], [], [], [], [], []),
    "sequence_names": lambda names: nbmotif.Hits(*NO_HITS, sequence_names=names),
    "shape": lambda shape: nbmotif.count_annotations([[0, 1], [0, 2], [1, 1]], shape=shape),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("values", ["GATA", 3, float("nan"), np.array("a"), np.zeros((2, 2)), str])
def test_lists__are_not_one_thing_alone(name: str, values: Any) -> None:
    with pytest.raises(InvalidArgument, match=rf"^`{name}` must be a list of .*; got "):
        LISTS[name](values)


@pytest.mark.parametrize("title", [1.5, b"CTCF", ["CTCF"], pd.NA])
def test_titles__are_text(title: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^`title` must be text; got"):
        nbmotif.plot_logo(np.ones((4, 9)), title=title)
    with pytest.raises(InvalidArgument, match=r"^`title` must be text; got"):
        nbmotif.Explorer(marginal={"GATA": 0.5}).to_html(title=title)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_to_write__is_no_folder_and_lies_in_one(writer: str, tmp_path: Path) -> None:
    name, write = WRITERS[writer]
    ends = "results.bed" if writer == "write_bed" else "results.html"
    (tmp_path / ends).mkdir()
    with pytest.raises(InvalidArgument, match=f"^`{name}` must be the name of a file to write; got the folder"):
        write(tmp_path / ends)
    with pytest.raises(FileNotFoundError, match=f"^`{name}`: there is no folder {tmp_path / 'absent'}"):
        write(tmp_path / "absent" / ends)


@pytest.mark.parametrize("value", ["sum", np.str_("sum"), None, 0, np.int64(0)])
def test_choices__are_taken_in_every_spelling(value: object) -> None:
    check_choice(value, "how", ("sum", None, 0))


@pytest.mark.parametrize("value", ["max", ["sum"], np.array(["sum"]), np.array("sum"), torch.tensor([0, 1]), pd.NA, 1])
def test_choices__are_listed_where_a_value_is_none_of_them(value: object) -> None:
    with pytest.raises(InvalidArgument, match=r"^`how` must be one of 'sum', None, 0; got .*\. Choose\.$"):
        check_choice(value, "how", ("sum", None, 0), "Choose.")


FILE_READERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "extract_loci, loci": (lambda path: nbmotif.extract_loci(path, {"1": "ACGT"}), "loci"),
    "extract_loci, exclusion_lists": (
        lambda path: nbmotif.extract_loci(PEAKS, {"1": "A" * 2000}, in_window=9, exclusion_lists=[path]),
        "exclusion_lists",
    ),
    "extract_loci, sequences": (lambda path: nbmotif.extract_loci(PEAKS, path), "sequences"),
    "fimo, motifs": (lambda path: nbmotif.fimo(path, ["ACGT"]), "motifs"),
    "fimo, sequences": (lambda path: nbmotif.fimo({"any": np.eye(4)}, str(path)), "sequences"),
    "tomtom, Ts": (lambda path: nbmotif.tomtom([np.eye(4)], path), "Ts"),
    "read_meme": (nbmotif.read_meme, "filename"),
    "MotifSet.read": (nbmotif.MotifSet.read, "filename"),
    "read_bed": (read_bed, "filename"),
    "read_modisco": (nbmotif.read_modisco, "filename"),
    "Study.open": (nbmotif.Study.open, "path"),
    "Explorer, attributions": (lambda path: nbmotif.Explorer(attributions=path), "attributions"),
}


@pytest.mark.parametrize("reader", FILE_READERS)
def test_a_file_that_is_not_there__is_named_with_its_argument(reader: str, tmp_path: Path) -> None:
    read, name = FILE_READERS[reader]
    with pytest.raises(FileNotFoundError, match=f"^`{name}`: there is no file {tmp_path / 'absent.npz'}$"):
        read(tmp_path / "absent.npz")


@pytest.mark.parametrize("reader", FILE_READERS)
def test_a_folder__is_no_file(reader: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=f"^{tmp_path}: this is a folder, where a file is needed"):
        FILE_READERS[reader][0](tmp_path)


@pytest.mark.parametrize("value", ["ACGT" * 1000, "a\0b", "~nobody-of-this-name/motifs.meme"])
def test_what_cannot_be_a_path__is_no_file(value: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"^`X`: there is no file"):
        check_file(value, "X")
