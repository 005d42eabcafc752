"""Several sets of attributions of the same sequences, by name."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import traitlets

from nbmotif.errors import InvalidArgument
from nbmotif.widget import wire
from tests.unit.conftest import make_pieces

Make = "Callable[..., Explorer]"


def two_models() -> dict[str, Any]:
    pieces = make_pieces()
    first, every = pieces["attributions"], pieces["hypothetical"]
    return {"attributions": {"K562": first, "HepG2": 2 * first}, "hypothetical": {"K562": every}}


def sent(widget: Any, sequence: int, number: int, hypothetical: bool = False) -> list[Any]:
    """Ask as the browser does; return the last reply's body, then its buffers."""
    replies: list[Any] = []
    widget._jobs._send = lambda body, buffers: replies.append([body, *buffers])
    params = {"sequence": sequence, "set": number, "hypothetical": hypothetical}
    widget._jobs.receive({"type": "request", "id": 1, "name": "track", "params": params})
    return replies[-1]


def test_explorer__names_its_sets_and_counts_by_the_first(explorer: Make) -> None:
    widget, plain = explorer(**two_models()), explorer()
    assert widget._manifest["layers"] == ["K562", "HepG2"]
    assert plain._manifest["layers"] == ["attribution"]
    assert explorer("attributions", "hypothetical")._manifest["layers"] == []
    assert widget.counts.equals(plain.counts)


def test_explorer__sends_the_set_that_is_asked_for(explorer: Make) -> None:
    widget = explorer(**two_models())
    first, second = (np.frombuffer(sent(widget, 2, number)[2], np.float32) for number in (0, 1))
    np.testing.assert_allclose(second, 2 * first)
    assert first.any()
    # the second has no hypothetical scores, which is no error
    assert [len(sent(widget, 2, number, hypothetical=True)) for number in (0, 1)] == [4, 3]
    assert "a whole number, 0 to 1" in sent(widget, 2, 2)[0]["message"]


def test_explorer__keeps_its_sets_when_it_is_updated_or_copied(explorer: Make) -> None:
    widget = explorer(**two_models(), layers=["HepG2 - K562"])
    widget.update(marginal={"GATA1": 1.0})
    assert list(widget._content.score_sets) == ["K562", "HepG2"]
    assert widget.layers == ["HepG2 - K562"]
    copy = pickle.loads(pickle.dumps(widget))
    assert list(copy._content.score_sets) == ["K562", "HepG2"]
    copy.close()
    widget.update(attributions=make_pieces()["attributions"], hypothetical=None)
    assert widget._manifest["layers"] == ["attribution"]
    assert widget.layers == []


def test_layers__are_sets_or_differences_of_two(explorer: Make) -> None:
    widget = explorer(**two_models())
    widget.layers = ["HepG2", "K562 - HepG2", "HepG2"]
    assert widget.layers == ["HepG2", "K562 - HepG2"]
    for wrong in ("HepG", "K562 - K562"):
        with pytest.raises(traitlets.TraitError, match="'K562', 'HepG2', 'K562 - HepG2', 'HepG2 - K562'; got"):
            widget.layers = [wrong]


def test_explorer__shows_hypothetical_scores_alone_by_name(explorer: Make) -> None:
    every = make_pieces()["hypothetical"]
    widget = explorer(attributions=None, hypothetical={"a": every, "b": every})
    found = wire.track(widget._content, 1, scores=widget._content.score_sets["b"])
    assert bytes(found[1]) == bytes(wire.track(explorer()._content, 1)[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attributions": {}}, "an empty mapping"),
        ({"hypothetical": make_pieces()["hypothetical"]}, "both arrays, or both mappings"),
        ({"attributions": {"a": np.zeros((6, 80)), "b": np.zeros((6, 81))}, "X": None}, "same sequences"),
        ({"attributions": {"a": np.zeros((6, 4, 120)), "b": make_pieces()["hypothetical"]}}, "zero at every base"),
    ],
)
def test_explorer__refuses_sets_that_do_not_go_together(explorer: Make, change: dict[str, Any], message: str) -> None:
    pieces = {"attributions": {"a": make_pieces()["attributions"]}, "hypothetical": None, **change}
    if pieces["hypothetical"] is None and "X" in pieces:
        pieces |= dict.fromkeys(("hits", "seqlets", "annotations", "loci", "sequence_names"))
    with pytest.raises(InvalidArgument, match=message):
        explorer(**pieces)


def test_update__keeps_a_layer_whose_name_reads_like_a_difference(explorer: Make) -> None:
    scores = make_pieces()["attributions"]
    widget = explorer("hypothetical", attributions={"day 0 - 7": scores, "day 8": scores})
    widget.layers = ["day 0 - 7", "day 8 - day 0 - 7"]
    widget.update(name="again")
    assert widget.layers == ["day 0 - 7", "day 8 - day 0 - 7"]


def test_explorer__refuses_a_set_that_is_called_like_the_difference_of_two_others(explorer: Make) -> None:
    scores = make_pieces()["attributions"]
    with pytest.raises(InvalidArgument, match="a set called 'a - b'"):
        explorer("hypothetical", attributions={"a": scores, "b": scores, "a - b": scores})
