"""The figure of a track."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import nbmotif
from nbmotif.errors import InvalidArgument

mpl.use("Agg")
import matplotlib.pyplot as plt

X = nbmotif.one_hot_encode(["TTGATAACCCCCCCCCCCCC", "CCCCCCCCCCCCTTATCAAA"])
WORTH = np.where(np.arange(20) < 8, 0.5, 0.1).astype(np.float32)
SEQLETS = pd.DataFrame(
    {
        "example_idx": [0, 0, 1],
        "start": [2, 12, 12],
        "end": [7, 16, 18],
        "attribution": [2.5, 0.4, 0.6],
        "p-value": [1e-4, 1e-3, 1e-4],
        "motif_idx": [0, 0, 0],
        "tomtom_p": [1e-5, 1e-5, 1e-5],
    }
)
MOTIFS = {"GATA": np.array([[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]], float)}


def _explorer(**pieces: Any) -> nbmotif.Explorer:
    given = {"attributions": X.numpy() * WORTH, "X": X, "seqlets": SEQLETS, "motifs": MOTIFS, **pieces}
    return nbmotif.Explorer(**given)


@pytest.fixture
def drawn(monkeypatch) -> list[tuple[np.ndarray, dict[str, Any]]]:
    """What was handed to plot_logo."""
    calls: list[tuple[np.ndarray, dict[str, Any]]] = []
    monkeypatch.setattr("nbmotif.widget.figure.plot_logo", lambda values, **look: calls.append((values, look)))
    return calls


def test_plot__draws_the_bases_that_are_there_and_the_seqlets_that_count(drawn) -> None:
    explorer = _explorer(seqlet_p_threshold=5e-4)
    explorer.plot(annotations="seqlets")
    values, look = drawn[0]
    assert (values == X[0].numpy() * WORTH).all()
    assert look["annotations"]["start"].tolist() == [2]
    assert (look["start"], look["end"], look["title"], look["locus"]) == (0, 20, "sequence 0", None)


def test_plot__follows_the_view(drawn) -> None:
    loci = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [100, 200], "end": [120, 220]})
    explorer = _explorer(loci=loci, palette="okabe-ito", sequence_names=["a", "b"])
    explorer.look_at(0)
    explorer.viewport = (0.4, 10.2)
    explorer.plot(annotations="seqlets")
    assert drawn[0][1]["annotations"]["start"].tolist() == [2]
    assert (drawn[0][1]["start"], drawn[0][1]["end"], drawn[0][1]["locus"]) == (0, 11, ("chr1", 100))
    assert drawn[0][1]["color"]["A"] == "#009e73"
    explorer.sequence = 1
    explorer.plot(annotations=None, title="mine", start=3)
    assert (drawn[1][1]["locus"], drawn[1][1]["title"], drawn[1][1]["start"]) == (("chr2", 200), "mine", 3)
    assert drawn[1][1]["annotations"] is None


def test_plot__turns_letters_and_annotations_to_the_other_strand(drawn) -> None:
    explorer = _explorer(reverse_complement=True)
    explorer.viewport = (0, 10)
    explorer.plot(0, annotations="seqlets")
    values, look = drawn[0]
    assert (values == (X[0].numpy() * WORTH)[::-1, ::-1]).all()
    assert (look["start"], look["end"], look["title"]) == (10, 20, "sequence 0, reverse complement")
    assert look["annotations"][["start", "end"]].to_numpy().tolist() == [[13, 18]]


def test_plot__turns_the_strand_of_hits(drawn) -> None:
    hits = nbmotif.fimo(MOTIFS, X, threshold=0.01)
    explorer = _explorer(hits=hits, fimo_p_threshold=0.01, sign="both")
    explorer.plot(1, annotations="hits")
    explorer.reverse_complement = True
    explorer.plot(1, annotations="hits")
    plain, turned = (look["annotations"] for _, look in drawn)
    assert plain[["start", "end", "strand"]].to_numpy().tolist() == [[13, 17, "-"]]
    assert turned[["start", "end", "strand"]].to_numpy().tolist() == [[3, 7, "+"]]
    explorer.plot(1)
    assert drawn[2][1]["annotations"]["n_hits"].tolist() == [1]


def test_plot__counts_in_its_sequence_whatever_the_table_is_narrowed_to(drawn) -> None:
    explorer = _explorer(sequence_filter=[0])
    explorer.plot(1, annotations="seqlets")
    assert drawn[0][1]["annotations"]["start"].tolist() == [12]


def test_plot__draws_differences_and_hypothetical_scores(drawn) -> None:
    hypothetical = np.arange(160, dtype=np.float32).reshape(2, 4, 20)
    both = {"K562": hypothetical, "HepG2": 2 * hypothetical}
    explorer = nbmotif.Explorer(X=X, hypothetical=both)
    explorer.plot(0)
    explorer.plot(0, "HepG2 - K562")
    explorer._show_hypothetical = True
    explorer.layers = ["HepG2"]
    explorer.plot(0)
    shown = [values for values, _ in drawn]
    observed = hypothetical[0] * X[0].numpy()
    assert [look["title"] for _, look in drawn] == [f"sequence 0, {of}" for of in ("K562", "HepG2 - K562", "HepG2")]
    for values, expected in zip(shown, (observed, observed, 2 * hypothetical[0]), strict=True):
        assert (values == expected).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"sequence": 2}, "`sequence` must be a whole number, 0 to 1; got 2"),
        ({"layer": "K562"}, "`layer` must be one of 'attribution'; got 'K562'"),
        ({"annotations": "motifs"}, "`annotations` must be one of 'sites', 'hits', 'seqlets', None"),
    ],
)
def test_plot__says_what_it_cannot_draw(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        _explorer().plot(**arguments)
    assert said in str(refusal.value)


def test_plot__needs_letters() -> None:
    with pytest.raises(InvalidArgument, match="Which bases are there is known by `X`"):
        nbmotif.Explorer(np.ones((2, 20))).plot()
    with pytest.raises(InvalidArgument, match="`layer` must be one of the attributions; there are none"):
        nbmotif.Explorer(X=X).plot()


def test_plot__returns_the_axes_that_it_drew_into(tmp_path) -> None:
    figure, ax = plt.subplots()
    assert _explorer().plot(ax=ax, annotations="seqlets") is ax
    figure.savefig(tmp_path / "track.svg")
    plt.close(figure)
    assert "GATA" in [text.get_text().split()[0] for text in ax.texts]


def test_plot__draws_no_letter_where_no_base_is_known(drawn) -> None:
    with_n = X.clone()
    with_n[0, :, 3] = 0
    _explorer(X=with_n, attributions=np.tile(WORTH, (2, 1))).plot(0, annotations=None)
    expected = X[0].numpy() * WORTH
    expected[:, 3] = 0
    assert (drawn[0][0] == expected).all()


def test_plot__takes_letters_from_attributions_of_every_base(drawn) -> None:
    attributions = X.numpy() * WORTH
    nbmotif.Explorer(attributions).plot(1)
    assert (drawn[0][0] == attributions[1]).all()


def test_plot__draws_the_observed_base_where_no_other_is_known(drawn) -> None:
    explorer = _explorer()
    explorer._show_hypothetical = True
    explorer.plot(0, annotations=None)
    assert (drawn[0][0] == X[0].numpy() * WORTH).all()


def test_plot__leaves_out_what_begins_where_the_view_ends(drawn) -> None:
    explorer = _explorer()
    explorer.viewport = (7, 12)
    explorer.plot(0, annotations="seqlets")
    explorer.viewport = (6, 13)
    explorer.plot(0, annotations="seqlets")
    assert [look["annotations"]["start"].tolist() for _, look in drawn] == [[], [2, 12]]


def test_plot__of_the_other_strand_needs_no_annotations(drawn) -> None:
    _explorer(reverse_complement=True).plot(0, annotations=None)
    assert drawn[0][1]["annotations"] is None
