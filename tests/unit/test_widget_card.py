"""What the card of one motif says, against the definition."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import traitlets

from nbmotif.errors import InvalidArgument
from nbmotif.hits import Hits
from nbmotif.widget.card import FLANK, QUANTILES, contribution_weights, encode_card, logo_cosine
from nbmotif.widget.content import Content
from nbmotif.widget.queries import QUERY_TRAITS
from tests.unit.test_widget_share import page_of

Make = "Callable[..., Explorer]"
MOTIF = "Gata4"


def mean_over_sites(widget: Any, motif: str) -> np.ndarray:
    """The definition: turn each site to the motif's strand, add up, divide."""
    attributions = np.asarray(widget._content.attributions)
    hits = widget.hits[widget.hits["motif_name"] == motif]
    total = 0
    for sequence, start, end, strand in hits[["sequence_name", "start", "end", "strand"]].to_numpy():
        window = attributions[int(sequence), :, start:end]
        total = total + (window[::-1, ::-1] if strand == "-" else window)
    return total / len(hits)


@pytest.mark.parametrize("without", [(), ("attributions",)], ids=["projected", "hypothetical and X"])
@pytest.mark.parametrize("sign", ["+", "-", "both"])
def test_describe__averages_the_attributions_of_the_hits_that_count(explorer: Make, sign: str, without: Any) -> None:
    widget = explorer("sequence_names", attribution_threshold=0.005, sign=sign)
    expected = mean_over_sites(widget, MOTIF)
    card = explorer("sequence_names", *without, attribution_threshold=0.005, sign=sign).describe(MOTIF)
    np.testing.assert_allclose(card.cwm, expected, atol=1e-6)
    assert card.n_sites == (widget.hits["motif_name"] == MOTIF).sum() > 10
    assert card.name == MOTIF
    assert card.family == "GATA"


def test_contribution_weights__a_base_that_is_not_known_has_no_letter() -> None:
    X = np.eye(4, dtype=np.int8)[[0, 1, 2, 3, 0, 0]].T[None].copy()  # ACGTAA
    X[0, :, 1] = 0
    content = Content(n_sequences=1, length=6, X=X, attributions=np.arange(1.0, 7)[None])
    both_strands = Hits(["m"], [3], [0, 0], [0, 0], [0, 1], [1, -1], [1, 1], [1, 1])
    # A N G as it is, and N G T turned round: A C N; letters are rows
    expected = np.array([[1 + 4, 0, 0], [0, 3, 0], [0, 0, 3], [0, 0, 0]]) / 2
    np.testing.assert_array_equal(contribution_weights(content, both_strands, 3), expected)


def test_describe__compares_the_heights_of_the_letters() -> None:
    sure = np.array([[1, 0.25], [0, 0.25], [0, 0.25], [0, 0.25]])
    assert logo_cosine(sure, np.array([[3, 0], [0, 0], [0, 0], [0, 0]], np.float32)) == pytest.approx(1, abs=1e-6)
    assert logo_cosine(sure, np.array([[-3, 0], [0, 0], [0, 0], [0, 0]], np.float32)) == pytest.approx(-1, abs=1e-6)
    assert logo_cosine(sure, np.array([[0, 0], [2, 0], [0, 0], [0, 0]], np.float32)) == pytest.approx(0, abs=1e-6)
    assert np.isnan(logo_cosine(np.full((4, 2), 0.25), np.ones((4, 2), np.float32)))
    assert np.isnan(logo_cosine(sure, np.zeros((4, 2), np.float32)))


def test_describe__gives_examples_from_the_strongest_to_the_weakest(explorer: Make) -> None:
    widget = explorer(attribution_threshold=0.005)
    examples = widget.describe(MOTIF).examples
    counted = widget.hits.loc[widget.hits["motif_name"] == MOTIF, "attribution"]
    assert examples["quantile"].tolist() == list(QUANTILES)
    assert examples["attribution"].is_monotonic_decreasing
    assert examples["attribution"].tolist()[0] == counted.max()
    assert examples["attribution"].tolist()[-1] == counted.min()


def test_describe__of_few_or_no_sites_gives_what_there_is(explorer: Make) -> None:
    widget = explorer(attribution_threshold=10.0)
    card = widget.describe(MOTIF)
    assert (card.n_sites, len(card.examples)) == (0, 0)
    assert np.isnan(card.cosine)
    assert "0 sites" in repr(card)
    assert explorer("hits").describe(MOTIF).n_sites == 0
    for unknown, hint in (("Gata", "There are Gata4"), (5, ""), (None, "")):
        with pytest.raises(InvalidArgument, match=rf"`motif` must be .* shown; got {unknown!r}\. ?{hint}"):
            widget.describe(unknown)


def test_encode_card__sends_the_surroundings_of_each_example(explorer: Make) -> None:
    content = explorer(attribution_threshold=0.005)._content
    card = explorer(attribution_threshold=0.005).describe(MOTIF)
    body, (cwm, codes, observed) = encode_card(content, card)
    json.dumps(body, allow_nan=False)
    width = card.cwm.shape[1]
    assert cwm.shape == (4 * width,)
    windows = codes.reshape(len(card.examples), width + 2 * FLANK)
    sums = observed.reshape(windows.shape)[:, FLANK : FLANK + width].sum(axis=1)
    for row, window, total in zip(card.examples.itertuples(), windows, sums, strict=True):
        assert window[FLANK : FLANK + width].tolist() == content.codes(row.sequence_idx)[row.start : row.end].tolist()
        assert total == pytest.approx(content.observed(row.sequence_idx)[row.start : row.end].sum(), abs=1e-6)


def test_card__is_answered_at_the_thresholds_of_the_request(explorer: Make) -> None:
    widget = explorer()
    replies: list[Any] = []
    widget._jobs._send = lambda body, buffers: replies.append((body, buffers))
    params = {name: getattr(widget, name) for name in QUERY_TRAITS} | {"motif": 2, "attribution_threshold": 0.2}
    widget._jobs.receive({"type": "request", "id": 1, "name": "card", "params": params})
    widget.attribution_threshold = 0.2
    [(body, buffers)] = replies
    assert body["n_sites"] == widget.describe(widget._content.motif_names[2]).n_sites
    assert len(buffers) == 3
    widget._jobs.receive({"type": "request", "id": 2, "name": "card", "params": {**params, "motif": 99}})
    assert "a whole number, 0 to 4" in replies[-1][0]["message"]


def test_to_html__holds_the_cards_of_the_motifs(explorer: Make) -> None:
    widget = explorer(motif="TAL1")
    page = page_of(widget.to_html())
    assert set(page["cards"]) == {widget.describe(family).name for family in widget.counts["family"]}
    assert page["traits"]["motif"] == "TAL1"
    assert page["cards"]["TAL1"]["body"]["n_sites"] == widget.describe("TAL1").n_sites


def test_describe__takes_a_family_for_its_middle_unless_another_motif_counts_twice_as_much(explorer: Make) -> None:
    widget = explorer(count_mode="hits")
    seen = set()
    for sequence in range(widget._content.n_sequences):
        widget.by_family = False
        widget.sequence = sequence
        counts = widget.counts
        members = counts[counts["family"] == "GATA"].set_index("motif_name")[widget.count_mode]
        widget.by_family = True
        middle = widget.counts.set_index("family").loc["GATA", "motif_name"]
        expected = middle if members.max() <= 2 * members[middle] else members.idxmax()
        assert widget.describe("GATA").name == expected
        seen.add(expected)
    assert len(seen) > 1
    widget.selected_motifs = ["GATA"]
    assert widget.describe("GATA").name in page_of(widget.to_html())["cards"]


def test_describe__takes_a_family_of_which_nothing_counts_for_its_middle_motif(explorer: Make) -> None:
    widget = explorer(attribution_threshold=1e6)
    for family, middle in widget.counts[["family", "motif_name"]].itertuples(index=False):
        assert widget.describe(family).name == middle


def test_motif__is_one_that_is_shown(explorer: Make) -> None:
    widget = explorer()
    with pytest.raises(traitlets.TraitError, match="`motif` must be the name of a motif that is shown"):
        widget.motif = "TAL"
    widget.motif = "TAL1"
    widget.update(motifs={"other": np.full((4, 6), 0.25)}, hits=None, seqlets=None, marginal=None)
    assert widget.motif is None


def test_card__of_a_family_is_that_of_the_motif_that_describes_it(explorer: Make) -> None:
    widget = explorer()
    widget.card("GATA")
    assert widget.motif == widget.describe("GATA").name
    with pytest.raises(InvalidArgument, match="`motif` must be the name of a motif"):
        widget.card("GATA9")


def test_describe__has_the_motifs_own_matrix_to_itself(explorer: Make) -> None:
    widget = explorer()
    pwms = widget._content.pwms
    for motif, name in enumerate(widget._content.motif_names):
        card = widget.describe(name)
        np.testing.assert_array_equal(card.pwm, pwms[motif])
        assert not np.shares_memory(card.pwm, pwms[motif])
    assert Content(motif_names=["only a name"], motif_widths=np.array([4])).pwm(0) is None


def test_describe__refuses_a_matrix_that_was_made_none_and_no_other(explorer: Make) -> None:
    widget = explorer()
    name, other = widget._content.motif_names[:2]
    widget._content.motifs[name][0] = 3.0
    with pytest.raises(InvalidArgument, match=rf"`motifs\['{name}'\]` must be probabilities"):
        widget.describe(name)
    assert widget.describe(other).name == other
