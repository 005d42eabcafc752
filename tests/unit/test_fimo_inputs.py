"""What the scan takes, and how it says what it cannot use."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import MotifSet, fimo, random_one_hot
from nbmotif.errors import InvalidArgument, InvalidFile, NbmotifWarning

GATA = np.eye(4)[[2, 0, 3, 0]].T
ONE_MOTIF = {"GATA": GATA}


def frame_of(hits):
    return hits.to_frame().to_dict("list")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"threshold": 0}, r"`threshold` must be a p-value above 0 and up to 1; got 0"),
        ({"threshold": float("nan")}, r"`threshold` must be"),
        ({"dim": 2}, r"`dim` must be one of 0, 1; got 2\. 0 gives one table per motif, 1 one per sequence\."),
        ({"compat": "meme"}, r"`compat` must be one of None, 'memelite'; got 'meme'"),
        (
            {"compat": "memelite", "background": "sequences"},
            r"`background` must be left out with compat=\"memelite\", whose own is fixed; got sequences",
        ),
        (
            {"compat": "memelite", "pseudocount": 0.5},
            r"`pseudocount` must be left out with compat=\"memelite\", whose own is fixed; got 0\.5",
        ),
        ({"background": [0.5, 0.5, 0, 0]}, r"`background` must be four probabilities"),
        ({"background": "uniform"}, r"`background` must be None, \"sequences\""),
        ({"pseudocount": -1}, r"`pseudocount` must be 0 or more; got -1"),
        ({"sequences": torch.zeros(4, 20)}, r"`sequences` must be one-hot.*unsqueeze"),
        ({"sequences": torch.full((1, 4, 20), 0.25)}, r"`sequences` must be one-hot"),
        ({"sequences": []}, r"`sequences`"),
        ({"sequences": [""]}, r"`sequences` must be at least one letter"),
        ({"sequences": 5}, r"`sequences` must be one-hot.*got int"),
        ({"sequences": "ACGTACGT"}, r"pass a list: \[sequences\]"),
        ({"sequences": "ACGT" * 1000}, r"pass a list: \[sequences\]"),
        ({"sequences": {"a": 7}}, r"`sequences\[0\]` must be a string"),
        ({"motifs": {"bad": np.full((4, 3), np.nan)}}, r"bad"),
        ({"motifs": {"counts": np.full((4, 3), 7)}}, r"counts"),
        ({"motifs": {}}, r"`motifs` must be at least one motif"),
    ],
)
def test_fimo__refuses_what_it_cannot_use(arguments, words):
    with pytest.raises(InvalidArgument, match=words):
        fimo(**{"motifs": ONE_MOTIF, "sequences": ["GATA"], **arguments})


def test_fimo__says_what_is_wrong_with_a_file(tmp_path):
    (tmp_path / "empty.fa").write_text("")
    with pytest.raises((InvalidFile, InvalidArgument), match=r"empty\.fa|letter"):
        fimo(ONE_MOTIF, tmp_path / "empty.fa")
    with gzip.open(tmp_path / "plain.fa.gz", "wt") as file:
        file.write(">a\nACGT\n")
    with pytest.raises(InvalidFile, match="bgzip"):
        fimo(ONE_MOTIF, tmp_path / "plain.fa.gz")


@pytest.mark.parametrize("sequences", [["NNNNNNNN"], ["GAT", "AT"], ["MKLVWW"]], ids=["N", "too short", "protein"])
def test_fimo__warns_where_there_was_no_window_to_score(sequences):
    with pytest.warns(NbmotifWarning, match="1 of 1 motifs have no hits, because no sequence has as many letters"):
        assert fimo(ONE_MOTIF, sequences, threshold=0.01).n_hits == 0


def test_fimo__reads_u_as_t():
    assert frame_of(fimo(ONE_MOTIF, ["CCGAUACC"], threshold=0.01)) == frame_of(
        fimo(ONE_MOTIF, ["CCGATACC"], threshold=0.01)
    )


@pytest.mark.parametrize("kind", [np.array, pd.Series, lambda strings: np.array(strings, dtype=object)])
def test_fimo__takes_arrays_and_columns_of_strings(kind):
    strings = ["CCGATACC", "GATA"]
    assert frame_of(fimo(ONE_MOTIF, kind(strings), threshold=0.01)) == frame_of(
        fimo(ONE_MOTIF, strings, threshold=0.01)
    )


def test_fimo__needs_no_right_to_write_beside_a_fasta_file(tmp_path, monkeypatch):
    path = tmp_path / "x.fa"
    path.write_text(">a\nCCGATACC\n")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert fimo(ONE_MOTIF, path, threshold=0.01).n_hits == 1
    assert [file.name for file in tmp_path.iterdir()] == ["x.fa"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": "1e-4"}, "`threshold` must be a p-value above 0 and up to 1; got '1e-4'"),
        ({"threshold": None}, "`threshold` must be a p-value above 0 and up to 1; got None"),
        ({"pseudocount": "1"}, "`pseudocount` must be 0 or more; got '1'"),
        ({"background": {"A": 0.25}}, "`background` must be None, .*; got dict"),
        ({"background": ["a"] * 4}, "`background` must be None"),
        ({"dim": [0]}, r"`dim` must be one of 0, 1; got \[0\]"),
    ],
)
def test_fimo__names_the_argument_of_the_wrong_kind(options, words):
    with pytest.raises(InvalidArgument, match=words):
        fimo(ONE_MOTIF, ["CCGATACC"], **options)


def test_fimo__says_that_motifs_and_sequences_are_exchanged() -> None:
    motifs = MotifSet({"GATA": np.eye(4)[[2, 0, 3, 0]].T})
    with pytest.raises(InvalidArgument, match=r"exchanged\? It is fimo\(motifs, sequences\)"):
        fimo(random_one_hot((2, 4, 30), random_state=0), motifs)
