from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.encoding import as_tensor, check_sequences, decode, from_codes, one_hot_encode, to_codes
from nbmotif.errors import InvalidArgument

dna = st.text("ACGTN", min_size=1, max_size=60)


def test_one_hot_encode__has_rows_in_the_order_a_c_g_t() -> None:
    assert one_hot_encode("ACGT").tolist() == np.eye(4, dtype=int).tolist()


def test_one_hot_encode__reads_lower_case_and_leaves_n_empty() -> None:
    assert torch.equal(one_hot_encode("acgtn"), one_hot_encode("ACGTN"))
    assert one_hot_encode("N").tolist() == [[0], [0], [0], [0]]


def test_one_hot_encode__stacks_several_sequences() -> None:
    X = one_hot_encode(["ACG", "TTN"], dtype="float32")
    assert X.shape == (2, 4, 3)
    assert X.dtype == torch.float32
    assert X[1].sum() == 2


def test_one_hot_encode__ignores_what_it_is_told_to() -> None:
    assert decode(one_hot_encode(["AXrC"], ignore=["X", "R"])) == ["ANNC"]


@given(st.text("ACGTacgtNnXx-", min_size=1, max_size=40))
def test_one_hot_encode__has_a_one_where_the_letter_is(sequence: str) -> None:
    expected = [[int(letter.upper() == base) for letter in sequence] for base in "ACGT"]
    alone, among_others = one_hot_encode(sequence, ignore="Nx-"), one_hot_encode([sequence] * 3, "float32", "NX-")
    assert alone.tolist() == expected
    assert among_others.tolist() == [expected] * 3
    assert alone.is_contiguous()
    assert among_others.is_contiguous()


@pytest.mark.parametrize("ignore", ["N", "", "X-", ["n", "@"]])
def test_one_hot_encode__takes_no_letter_for_another(ignore: str | list[str]) -> None:
    known = {*"ACGTacgt", *(letter.upper() for letter in ignore), *(letter.lower() for letter in ignore)}
    for letter in map(chr, range(256)):
        if letter in known:
            assert one_hot_encode(["A" + letter, "CC"], ignore=ignore)[0, :, 1].sum() == (letter in "ACGTacgt")
        else:
            with pytest.raises(InvalidArgument, match=r"^`sequence\[0\]` must be letters.* at position 1"):
                one_hot_encode(["A" + letter, "CC"], ignore=ignore)


@given(st.lists(dna, min_size=1, max_size=5).map(lambda rows: [row[: min(map(len, rows))] for row in rows]))
def test_one_hot_encode__is_undone_by_decode(rows: list[str]) -> None:
    assert decode(one_hot_encode(rows)) == rows


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ("ACGR", r"`sequence` must be letters A, C, G, T or N; got 'R' at position 3.*stand for several bases"),
        (["AC", "AZ"], r"`sequence\[1\]` must be letters .*got 'Z' at position 1"),
        ("ACé", r"got 'é' at position 2"),
        ("AC中", r"got '中' at position 2"),
        ("", r"`sequence` must be a string of at least one letter; got an empty string"),
        ([], r"`sequence` must be one sequence or several; got an empty list"),
        (["AC", ""], r"`sequence\[1\]` must be a string of at least one letter; got an empty string"),
        (["AZ", "ACG"], r"`sequence\[0\]` must be letters .*got 'Z' at position 1"),
        (["ACG", "AC"], r"`sequence` must be sequences of equal length; got 3 letters at index 0 and 2 at index 1"),
        (5, r"^`sequence` must be a string of letters, or several; got int"),
        ([b"ACG"], r"`sequence\[0\]` must be a string of at least one letter; got bytes"),
    ],
)
def test_one_hot_encode__refuses_what_is_not_dna(sequence: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        one_hot_encode(sequence)  # type: ignore[arg-type]


def test_one_hot_encode__does_not_take_names_for_sequences() -> None:
    with pytest.raises(InvalidArgument, match=r"got dict. Pass its values: list\(sequence.values\(\)\)"):
        one_hot_encode({"GAT": "ACGT"})  # type: ignore[arg-type]


def test_one_hot_encode__refuses_to_ignore_a_base() -> None:
    with pytest.raises(
        InvalidArgument, match=r"`ignore` must be single ASCII letters other than A, C, G and T; got 'a'"
    ):
        one_hot_encode("ACGT", ignore="a")


def test_one_hot_encode__refuses_an_unknown_dtype() -> None:
    with pytest.raises(InvalidArgument, match=r"`dtype` must be a torch dtype or its name.*got 'float33'"):
        one_hot_encode("ACGT", dtype="float33")


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.float16, torch.float32, torch.float64, torch.int64])
def test_to_codes__reads_every_dtype(dtype: torch.dtype) -> None:
    codes = to_codes(one_hot_encode(["ACGTN", "NTGCA"], dtype=dtype))
    assert codes.dtype == np.int8
    assert codes.tolist() == [[0, 1, 2, 3, -1], [-1, 3, 2, 1, 0]]


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=40))
def test_to_codes__is_undone_by_from_codes(codes: list[int]) -> None:
    array = np.array([codes], dtype=np.int8)
    assert np.array_equal(to_codes(from_codes(array)), array)


def test_to_codes__agrees_with_itself_when_split(monkeypatch: pytest.MonkeyPatch) -> None:
    X = from_codes(np.random.default_rng(0).integers(-1, 4, (7, 11), dtype=np.int8))
    whole = to_codes(X)
    monkeypatch.setattr("nbmotif.encoding._ELEMENTS_AT_ONCE", 2 * 4 * 11)
    assert np.array_equal(to_codes(X), whole)


def test_check_sequences__gives_back_the_very_tensor() -> None:
    X = one_hot_encode(["ACGTN"])
    assert check_sequences(X) is X


def test_check_sequences__takes_numpy_and_converts() -> None:
    X = check_sequences(np.eye(4, dtype=np.uint8)[None], dtype="float32")
    assert X.dtype == torch.float32
    assert decode(X) == ["ACGT"]


def test_check_sequences__takes_read_only_and_reversed_arrays() -> None:
    array = np.eye(4, dtype=np.int8)[None]
    array.flags.writeable = False
    assert decode(array) == ["ACGT"]
    assert decode(array[:, :, ::-1]) == ["TGCA"]


def _soft() -> torch.Tensor:
    X = one_hot_encode(["ACGT", "ACGT", "ACGT"], dtype=torch.float32)
    X[2, :, 1] = 0.25
    return X


def _nan() -> torch.Tensor:
    X = one_hot_encode(["ACGT"], dtype=torch.float32)
    X[0, 0, 3] = float("nan")
    return X


def _two_hot() -> torch.Tensor:
    X = one_hot_encode(["ACGT"])
    X[0, :2, 2] = 1
    return X


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            torch.zeros(100, 2114, 4),
            r"of shape \(N, 4, L\); got float32 \(100, 2114, 4\)\. Did you mean X\.permute\(0, 2, 1\)\?",
        ),
        (torch.zeros(4, 10), r"got float32 \(4, 10\)\. Did you mean X\.unsqueeze\(0\)\?"),
        (torch.zeros(2, 5, 10), r"got float32 \(2, 5, 10\)"),
        (torch.zeros(0, 4, 10), r"got float32 \(0, 4, 10\)\. There is nothing to work on"),
        (_soft(), r"one 1 per position.*got \(0\.25, 0\.25, 0\.25, 0\.25\) at sequence 2, position 1"),
        (_nan(), r"got \(nan, 0, 0, 1\) at sequence 0, position 3"),
        (_two_hot(), r"got \(1, 1, 1, 0\) at sequence 0, position 2"),
        (-one_hot_encode(["ACGT"]), r"got \(-1, 0, 0, 0\) at sequence 0, position 0"),
        (2 * one_hot_encode(["ACGT"]), r"got \(2, 0, 0, 0\) at sequence 0, position 0"),
        (["ACGT"], r"`X` must be a torch tensor or a numpy array of numbers; got list"),
        (np.array(["ACGT"]), r"got an array of <U4"),
    ],
    ids=["transposed", "one", "alphabet", "empty", "soft", "nan", "two", "negative", "doubled", "list", "strings"],
)
def test_check_sequences__says_what_is_wrong(X: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        check_sequences(X)  # type: ignore[arg-type]


def test_check_sequences__names_the_argument_and_the_row_of_a_late_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbmotif.encoding._ELEMENTS_AT_ONCE", 16)
    with pytest.raises(InvalidArgument, match=r"`backgrounds` must be .* at sequence 2, position 1"):
        check_sequences(_soft(), "backgrounds")


def test_as_tensor__refuses_what_lies_under_a_mask() -> None:
    hidden = np.ma.masked_less(np.array([1.0, -1.0]), 0)
    with pytest.raises(InvalidArgument, match=r"complete; got an array with masked entries. .* X.filled\(0\)"):
        as_tensor(hidden, "X")
    assert as_tensor(np.ma.masked_less(np.ones(2), 0), "X").tolist() == [1, 1]


def test_as_tensor__shares_memory_with_numpy() -> None:
    array = np.zeros((2, 2))
    as_tensor(array, "a")[0, 0] = 5
    assert array[0, 0] == 5
