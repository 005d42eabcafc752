from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import MotifSet, random_one_hot, write_meme
from nbmotif.errors import InvalidArgument
from nbmotif.motifs import as_motif_set

if TYPE_CHECKING:
    from pathlib import Path

UNIFORM = np.full((4, 3), 0.25)
GATA = np.eye(4)[[2, 0, 3, 0]].T


@pytest.fixture
def motifs() -> MotifSet:
    return MotifSet({"GATA": GATA, "any": UNIFORM, "GATA2": GATA})


def test_motif_set__keeps_the_order_of_insertion(motifs: MotifSet) -> None:
    assert list(motifs) == motifs.names == ["GATA", "any", "GATA2"]
    motifs["any"] = GATA
    motifs["new"] = UNIFORM
    assert motifs.names == ["GATA", "any", "GATA2", "new"]
    del motifs["GATA"]
    assert motifs.names == ["any", "GATA2", "new"]


def test_motif_set__gives_float64_tensors(motifs: MotifSet) -> None:
    assert motifs["GATA"].dtype == torch.float64
    assert motifs["GATA"].tolist() == GATA.tolist()
    motifs["x"] = torch.from_numpy(UNIFORM).float().requires_grad_()
    assert not motifs["x"].requires_grad


def test_motif_set__copies_what_it_is_given() -> None:
    pwm = UNIFORM.copy()
    motifs = MotifSet({"a": pwm})
    pwm[:] = 0
    assert motifs["a"][0, 0] == 0.25


def test_motif_set__has_arrays_for_kernels(motifs: MotifSet) -> None:
    assert motifs.widths.tolist() == [4, 3, 4]
    assert motifs.widths.dtype == np.int64
    assert motifs.pwms[0].tolist() == GATA.tolist()
    with pytest.raises(ValueError, match="read-only"):
        motifs.pwms[0][0, 0] = 1


def test_motif_set__finds_by_name(motifs: MotifSet) -> None:
    assert motifs.index("GATA2") == 2
    assert "any" in motifs
    assert "none" not in motifs
    assert motifs.get("none") is None
    with pytest.raises(KeyError, match="no motif is called 'gata'; there are GATA, GATA2"):
        motifs["gata"]
    with pytest.raises(KeyError, match="no motif is called 'zzz'"):
        motifs.index("zzz")
    with pytest.raises(KeyError, match="no motif is called 'zzz'"):
        del motifs["zzz"]


def test_subset__takes_motifs_in_the_order_given(motifs: MotifSet) -> None:
    few = motifs.subset(["GATA2", "any"])
    assert few.names == ["GATA2", "any"]
    few["any"][:] = 0
    assert motifs["any"][0, 0] == 0.25
    with pytest.raises(KeyError, match="no motif is called 'zzz'"):
        motifs.subset(["zzz"])


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.__setitem__("GATA", UNIFORM),
        lambda m: m.__delitem__("GATA"),
        lambda m: m["GATA"].copy_(m["GATA"].flip(0).clone()),
        lambda m: m["any"].__setitem__((slice(None), 0), torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)),
        lambda m: m.clear(),
        lambda m: m.pop("any"),
        lambda m: m.update({"b": UNIFORM}),
    ],
    ids=["assign", "delete", "in place", "column", "clear", "pop", "update"],
)
def test_cache__is_emptied_by_any_change(motifs: MotifSet, change) -> None:
    motifs.cache["table"] = 1
    assert motifs.cache == {"table": 1}
    change(motifs)
    assert motifs.cache == {}
    motifs.cache["table"] = 2
    assert motifs.cache == {"table": 2}


def test_motif_set__survives_pickling_and_copying_without_its_tables(motifs: MotifSet) -> None:
    motifs.cache["table"] = 1
    for twin in (pickle.loads(pickle.dumps(motifs)), copy.copy(motifs), copy.deepcopy(motifs)):
        assert twin == motifs
        assert twin.cache == {}
        twin["extra"] = UNIFORM
        assert "extra" not in motifs
    assert motifs.cache == {"table": 1}


def test_motif_set__is_equal_by_names_order_and_numbers(motifs: MotifSet) -> None:
    assert motifs == MotifSet(motifs)
    assert motifs != motifs.subset(["any", "GATA", "GATA2"])
    assert motifs != MotifSet({**motifs, "any": GATA})
    assert motifs != {"GATA": 1}


def test_motif_set__shows_itself_in_a_line(motifs: MotifSet) -> None:
    assert repr(motifs) == "MotifSet of 3 motifs, 3-4 bp: GATA, any, GATA2"
    assert repr(motifs.subset(["any"])) == "MotifSet of 1 motif, 3 bp: any"
    assert repr(MotifSet()) == "MotifSet of no motifs"


@pytest.mark.parametrize(
    ("pwm", "message"),
    [
        (
            np.full((4, 3), 25),
            r"`motifs\['x'\]` must be probabilities .*got \[25\.0, 25\.0, 25\.0, 25\.0\] in column 0",
        ),
        (np.zeros((4, 3)), r"must be probabilities .* an unknown position is 0\.25 four times"),
        (np.array([[1, 1.5], [0, -0.5], [0, 0], [0, 0]]), r"got \[1\.5, -0\.5, 0\.0, 0\.0\] in column 1"),
        (np.full((4, 3), np.nan), r"got \[nan, nan, nan, nan\] in column 0"),
        (np.full((3, 4), 0.25), r"must be of shape \(4, w\); got shape \(3, 4\)\. Did you mean its transpose\?"),
        (np.full((1, 4, 3), 0.25), r"must be of shape \(4, w\); got shape \(1, 4, 3\)"),
        (np.zeros((4, 0)), r"got shape \(4, 0\)"),
    ],
)
def test_motif_set__refuses_what_is_no_pwm(pwm: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        MotifSet({"x": pwm})  # type: ignore[dict-item]


def test_motif_set__refuses_bad_names() -> None:
    with pytest.raises(InvalidArgument, match="`name` must be a string that is not blank; got 3"):
        MotifSet({3: UNIFORM})  # type: ignore[dict-item]
    with pytest.raises(InvalidArgument, match="`motifs` must be names that differ; got 'a' twice"):
        MotifSet([("a", UNIFORM), ("a", UNIFORM)])


def test_motif_set__is_unchanged_by_a_refused_assignment(motifs: MotifSet) -> None:
    before = copy.copy(motifs)
    with pytest.raises(InvalidArgument):
        motifs["any"] = np.zeros((4, 2))
    assert motifs == before


def test_as_motif_set__takes_every_form(motifs: MotifSet, tmp_path: Path) -> None:
    assert as_motif_set(motifs) is motifs
    assert as_motif_set(dict(motifs)) == motifs
    assert as_motif_set(list(motifs.values())).names == ["0", "1", "2"]
    named = pd.Series({name: pwm.numpy() for name, pwm in motifs.items()})
    assert as_motif_set(named) == MotifSet(named) == motifs
    assert as_motif_set(torch.stack([motifs["GATA"], motifs["GATA2"]])).names == ["0", "1"]
    write_meme(tmp_path / "m.meme", motifs)
    assert as_motif_set(tmp_path / "m.meme") == as_motif_set(str(tmp_path / "m.meme")) == motifs


@pytest.mark.parametrize(
    ("motifs", "message"),
    [
        ({}, r"`database` must be at least one motif; got none"),
        (5, r"`database` must be a MotifSet, the path of a motif file, or a mapping of name to PWM; got int"),
        (UNIFORM, r"`database` must be several motifs by name; got one matrix\. Wrap it"),
        (np.array(5), r"`database` must be a MotifSet, the path of a motif file.*got ndarray"),
        (random_one_hot((2, 4, 300)), r"`database` must be motifs; got sequences, of shape \(2, 4, 300\)\. Did you"),
        (random_one_hot((2, 4, 300)).numpy(), r"`database` must be motifs; got sequences"),
    ],
)
def test_as_motif_set__refuses_what_holds_no_motifs(motifs: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        as_motif_set(motifs, "database")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("motifs", "words"),
    [
        ("motifs.meme", "Use MotifSet.read to read a file"),
        ([np.full((4, 3), 0.25)], r"`motifs\[0\]` must be a pair of name and PWM; got ndarray. Name PWMs"),
        (None, "`motifs` must be a mapping of name to PWM, or pairs of both; got None"),
        ({"a": np.eye(4) + 1j}, r"`motifs\['a'\]` must be a PWM: numbers"),
    ],
)
def test_motif_set__says_what_it_is_made_from(motifs, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        MotifSet(motifs)


def test_motif_set__takes_letters() -> None:
    found = MotifSet({"site": "gaNT"})["site"]
    assert found.T.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0.25] * 4, [0, 0, 0, 1]]
    with pytest.raises(InvalidArgument, match=r"^`motifs\['site'\]` must be letters A, C, G, T or N; got 'R' at"):
        MotifSet({"site": "GR"})
    motifs = MotifSet({"site": "GAT"})
    motifs["site"] = "TA"
    assert motifs.widths.tolist() == [2]


def test_motif_set__takes_half_precision() -> None:
    assert MotifSet({"a": torch.full((4, 3), 0.25, dtype=torch.bfloat16)})["a"].dtype == torch.float64


@pytest.mark.parametrize("key", [0, slice(0, 1), ["a"]])
def test_motif_set__says_that_motifs_are_found_by_name(key) -> None:
    with pytest.raises(KeyError, match="motifs are found by one name"):
        MotifSet({"a": np.full((4, 3), 0.25)})[key]


def test_subset__loses_no_motif_that_is_named_twice() -> None:
    motifs = MotifSet({"a": np.full((4, 3), 0.25)})
    with pytest.raises(InvalidArgument, match="'a' twice"):
        motifs.subset(["a", "a"])
    with pytest.raises(InvalidArgument, match=r"make a list: \['a'\]"):
        motifs.subset("a")


@pytest.mark.parametrize(
    "edit", [lambda pwm: pwm.numpy(), lambda pwm: pwm.data, lambda pwm: pwm], ids=["numpy", "data", "torch"]
)
def test_motif_set__empties_its_cache_after_any_edit_in_place(edit) -> None:
    motifs = MotifSet({"a": np.full((4, 3), 0.25), "b": np.eye(4)})
    motifs.cache["key"] = 1
    assert motifs.cache == {"key": 1}
    edit(motifs["b"])[:, 0] = edit(motifs["b"])[[1, 0, 2, 3], 0]  # A and C change places: no sum changes
    assert motifs.cache == {}


def test_motif_set__refuses_to_work_with_an_edit_that_left_no_probabilities() -> None:
    motifs = MotifSet({"a": np.full((4, 3), 0.25)})
    motifs["a"][:, 1] = 3
    with pytest.raises(InvalidArgument, match=r"`motifs\['a'\]` must be probabilities .* in column 1"):
        motifs.pwms  # noqa: B018 - every method reads them here


def test_as_motif_set__takes_one_hot_matrices_of_a_motif_s_length_and_any_by_name() -> None:
    assert len(as_motif_set(random_one_hot((3, 4, 30)))) == 3
    assert as_motif_set({"long": random_one_hot((1, 4, 300))[0]}).widths.tolist() == [300]
    assert as_motif_set(np.full((2, 4, 300), 0.25)).widths.tolist() == [300, 300]


def test_as_motif_set__says_how_to_choose_by_name_and_knows_log_odds() -> None:
    with pytest.raises(InvalidArgument, match=r"Choose them from a database: motifs.subset\(\['GATA2'\]"):
        as_motif_set(["GATA2", "CTCF"])
    with pytest.raises(InvalidArgument, match="They look like log-odds: export probabilities instead"):
        MotifSet({"GATA": np.full((4, 5), -0.3)})
