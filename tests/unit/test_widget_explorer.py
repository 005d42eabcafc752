"""The widget as Python sees it: traits, tables, messages; no browser."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import pandas as pd
import pytest
import torch
import traitlets

import nbmotif
import nbmotif.widget.bundle
from nbmotif.errors import InvalidArgument, InvalidFile, NbmotifWarning
from nbmotif.widget.explorer import Explorer
from tests.unit.conftest import make_pieces

if TYPE_CHECKING:
    from pathlib import Path

Make = "Callable[..., Explorer]"
Pieces = "Callable[..., dict[str, Any]]"


def test_explorer__counts_what_its_thresholds_say(explorer: Make) -> None:
    widget = explorer(by_family=False)
    before = widget.counts.set_index("motif_name")
    widget.attribution_threshold = 0.2
    after = widget.counts.set_index("motif_name")
    assert list(before.columns) == ["family", "sites", "sequences", "seqlets", "marginal"]
    assert (after["sites"] <= before["sites"].reindex(after.index)).all()
    assert after["sites"].sum() < before["sites"].sum()
    assert widget.counts["sites"].is_monotonic_decreasing


def test_explorer__tables_agree_with_each_other(explorer: Make) -> None:
    widget = explorer(
        count_mode="hits", attribution_threshold=0.005, sign="both", tomtom_p_threshold=1.0, by_family=False
    )
    counts = widget.counts.set_index("motif_name")
    pd.testing.assert_series_equal(
        widget.hits["motif_name"].astype(object).value_counts().reindex(counts.index),
        counts["hits"],
        check_names=False,
    )
    seqlets = widget.seqlets["motif_name"].value_counts()
    assert (seqlets.drop("unassigned").reindex(counts.index) == counts["seqlets"]).all()
    assert seqlets["unassigned"] > 0
    widget.selected_motifs = ["TAL1", "decoy_a"]
    assert len(widget.selection) == counts.loc[["TAL1", "decoy_a"], ["hits", "seqlets"]].to_numpy().sum()


def test_explorer__counts_in_one_sequence(explorer: Make) -> None:
    widget = explorer(sequence=2, by_family=False, count_mode="hits")
    assert set(widget.hits["sequence_name"]) == {"peak 2"}
    assert widget.counts["sequences"].max() == 1
    assert widget.counts["hits"].sum() == len(widget.hits)


def test_explorer__counts_follow_the_tables_search_and_sort(explorer: Make) -> None:
    widget = explorer(by_family=False)
    widget._sort = [{"column": "name", "descending": False}]
    widget._search = "gata"
    assert widget.counts["motif_name"].tolist() == ["GATA1", "Gata4"]
    assert widget.counts["marginal"].tolist() == [0.5, -0.25]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attribution_threshold", -0.1),
        ("attribution_threshold", float("nan")),
        ("attribution_threshold", float("inf")),
        ("attribution_threshold", "0.1"),
        ("attribution_threshold", True),
        ("fimo_p_threshold", 0),
        ("fimo_p_threshold", 1.5),
        ("seqlet_p_threshold", -1),
        ("tomtom_p_threshold", None),
        ("sign", "0"),
        ("selected_motifs", ["GATA2"]),
        ("selected_motifs", [1]),
        ("sequence", 6),
        ("sequence", -1),
        ("sequence", 1.5),
        ("viewport", (10, 5)),
        ("viewport", (130, 150)),
        ("viewport", (0, float("nan"))),
        ("viewport", 3),
        ("theme", "blue"),
        ("window", (10, 5)),
        ("window", (0, 121)),
        ("window", (0.5, 20)),
        ("window", 7),
        ("sequence_filter", [0, 6]),
        ("sequence_filter", [[0, 1]]),
        ("sequence_filter", [0.5]),
        ("sequence_filter", 7),
        ("count_mode", "all"),
        ("family_similarity", 0),
        ("family_similarity", 1.1),
        ("_sort", [{"column": "score", "descending": True}]),
        ("_sort", [{"column": "count"}]),
        ("_sort", {"column": "count", "descending": True}),
        ("_filters", {"count": "many"}),
        ("_filters", {"score": "> 1"}),
        ("_tracks", [0, 6]),
    ],
)
def test_explorer__refuses_a_bad_trait_and_keeps_the_old_value(explorer: Make, name: str, value: object) -> None:
    widget = explorer()
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=name):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_explorer__takes_numbers_of_numpy(explorer: Make) -> None:
    widget = explorer()
    widget.attribution_threshold = np.float32(0.5)
    widget.sequence = np.int64(3)
    widget.viewport = np.array([10, 50])
    assert (widget.attribution_threshold, widget.sequence, widget.viewport) == (0.5, 3, (10.0, 50.0))
    assert type(widget.attribution_threshold) is float
    assert type(widget.sequence) is int
    for one in (torch.tensor(0.25), np.array(0.25)):
        widget.attribution_threshold = one
        assert widget.attribution_threshold == 0.25


def test_explorer__takes_names_from_a_column_of_a_table(explorer: Make) -> None:
    widget = explorer(by_family=False)
    names = widget.counts["motif_name"].head(2)
    for chosen in (names, names.to_numpy(), pd.Index(names), tuple(names)):
        widget.selected_motifs = []
        widget.selected_motifs = chosen
        assert widget.selected_motifs == names.tolist()


def test_explorer__wants_one_boolean_for_each_sequence(explorer: Make) -> None:
    widget = explorer()
    for wrong in ([True] * 5, np.ones(7, bool)):
        with pytest.raises(
            traitlets.TraitError, match=r"`sequence_filter` must be one boolean for each of 6 sequences"
        ):
            widget.sequence_filter = wrong


def test_explorer__says_in_a_line_what_is_wrong_with_a_long_value(explorer: Make) -> None:
    with pytest.raises(traitlets.TraitError, match=r"`sequence_filter` must be text, indices.*; got ") as caught:
        explorer().sequence_filter = [0.5] * 10_000
    assert len(str(caught.value)) < 200


def test_explorer__tables_without_hits_or_seqlets_look_as_with_them(explorer: Make) -> None:
    full, empty = explorer(selected_motifs=["TAL1"]), explorer("hits", "seqlets", "annotations")
    for name in ("hits", "sites", "seqlets", "unexplained", "selection"):
        expected, found = getattr(full, name), getattr(empty, name)
        assert found.columns.tolist() == expected.columns.tolist()
        assert len(found) == 0
        are_numbers = [pd.api.types.is_numeric_dtype(frame[column]) for frame in (expected, found) for column in frame]
        assert are_numbers[: len(expected.columns)] == are_numbers[len(expected.columns) :]


def test_explorer__clips_the_viewport_to_the_sequence(explorer: Make) -> None:
    widget = explorer()
    widget.viewport = (-10, 1000)
    assert widget.viewport == (0, 120)


def test_explorer__names_a_motif_like_the_one_it_does_not_have(explorer: Make) -> None:
    widget = explorer()
    with pytest.raises(traitlets.TraitError, match=r"got 'GATA2'\. There are GATA1"):
        widget.selected_motifs = ["GATA2"]


def test_explorer__refuses_an_unknown_argument(bundle: Path) -> None:
    with pytest.raises(TypeError, match="no argument 'atribution_threshold'; did you mean 'attribution_threshold'"):
        Explorer(atribution_threshold=0.1)


def test_explorer__is_linked_both_ways(explorer: Make) -> None:
    widget, slider = explorer(), ipywidgets.FloatSlider(0.02, min=0, max=1)
    ipywidgets.link((slider, "value"), (widget, "attribution_threshold"))
    assert widget.attribution_threshold == 0.02
    widget.attribution_threshold = 0.5
    assert slider.value == 0.5
    slider.close()


def test_explorer__counts_exactly_also_below_the_floor_of_what_the_browser_has(explorer: Make) -> None:
    whole, part = explorer(), explorer(max_hits=50)
    assert 0 < part._manifest["n_hits"] <= 50
    assert part._manifest["floor"] == pytest.approx(0.2)
    for threshold in (0.0, 0.007, 0.25):
        whole.attribution_threshold = part.attribution_threshold = threshold
        pd.testing.assert_frame_equal(part.counts, whole.counts)


def test_explorer__counts_in_a_window_of_some_sequences(explorer: Make) -> None:
    widget = explorer(sign="both", attribution_threshold=0, by_family=False, count_mode="hits")
    everywhere = widget.hits
    widget.window, widget.sequence_filter = (20, 80), "PEAK 2"
    inside = everywhere.query("start >= 20 and end <= 80 and sequence_name == 'peak 2'")
    assert len(widget.hits) == len(inside) == widget.counts["hits"].sum() > 0
    assert set(widget.seqlets["example_idx"]) <= {2}
    widget.window = None
    for chosen, expected in (
        ([2, 3], {"peak 2", "peak 3"}),
        (np.arange(6) == 4, {"peak 4"}),
        ("chr2:3,010-3,020", {"peak 3"}),
        ("chr2:3,011", {"peak 3"}),
        ("chr2:2,990-3,000", set()),
        ("chr2:2,990–3,001", {"peak 3"}),
        ("chr2", {f"peak {i}" for i in range(6)}),
        ("peak", {f"peak {i}" for i in range(6)}),
        ("none", set()),
    ):
        widget.sequence_filter = chosen
        assert set(widget.hits["sequence_name"]) == expected
    widget.sequence_filter = ""
    assert widget.sequence_filter is None


def test_suggestions__come_with_a_reason(explorer: Make) -> None:
    found = explorer("hits", hits=make_pieces()["hits"].drop(columns="attribution")).suggestions
    assert list(found.columns) == ["name", "value", "reason"]
    assert found.set_index("name").loc["vignette", "value"] == 0.01
    assert found["reason"].str.len().min() > 10
    assert explorer("hits").suggestions.empty


def test_explorer__needs_none_of_its_pieces(explorer: Make, bundle: Path) -> None:
    assert explorer("annotations").seqlets["motif_name"].unique().tolist() == ["unassigned"]
    assert "marginal" not in explorer("marginal").counts
    assert explorer("hits").hits.empty
    assert explorer("seqlets", "annotations").seqlets.empty
    assert len(explorer("motifs").counts) == 3
    assert explorer("X", "hypothetical").counts["sites"].sum() > 0
    assert explorer("attributions")._manifest["has"]["attributions"]
    empty = Explorer()
    assert empty.counts.empty
    assert empty._tracks == []
    empty.close()


def test_explorer__computes_the_attribution_under_hits_that_have_none(explorer: Make) -> None:
    widget = explorer(attribution_threshold=0)
    bare = widget.hits.iloc[:0]
    made = explorer().hits
    hits = made.astype({"sequence_name": object})[bare.columns[:8]]
    found = explorer(hits=hits, attribution_threshold=0, sign="both").hits
    content = widget._content
    for row in found.itertuples():
        sequence = content.sequence_names.index(row.sequence_name)
        expected = content.observed(sequence)[row.start : row.end].sum()
        assert row.attribution == pytest.approx(expected, abs=1e-6)
    assert len(found) > 0


def test_explorer__shows_a_bundle_that_was_not_built_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nbmotif.widget.bundle, "SCRIPT", tmp_path / "none.js")
    with pytest.raises(InvalidFile, match="make bundle"):
        Explorer()


def test_explorer__starts_on_the_strongest_sequences(explorer: Make) -> None:
    widget = explorer()
    assert len(widget._tracks) == 4
    assert len(set(widget._tracks)) == 4
    assert explorer(_tracks=[5])._tracks == [5]


def test_explorer__state_for_the_browser_is_json(explorer: Make) -> None:
    widget = explorer(selected_motifs=["TAL1"], viewport=(5, 50), sequence=1)
    state = {name: value for name, value in widget.get_state().items() if name != "layout"}
    assert json.loads(json.dumps(state, allow_nan=False))["viewport"] == [5.0, 50.0]


def test_explorer__takes_what_the_browser_sends(explorer: Make) -> None:
    widget = explorer()
    widget.set_state(
        {"viewport": [5, 50], "_sort": [{"column": "name", "descending": False}], "selected_motifs": ["TAL1"]}
    )
    assert widget.viewport == (5, 50)
    assert widget.counts["family"].tolist() == ["decoy", "GATA", "TAL"]
    assert widget.counts["motifs"].tolist() == [2, 2, 1]


def test_explorer__describes_itself(explorer: Make) -> None:
    widget = explorer()
    assert repr(widget) == "Explorer of demo: 6 sequences of 120 bp, 5 motifs, 200 hits, 40 seqlets"
    data, _ = widget._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert repr(widget) in data["text/plain"]
    assert widget.counts["motif_name"].iloc[0] in data["text/plain"]


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"X": np.zeros((6, 120, 4), np.int8)}, r"`X` must be one-hot of shape \(N, 4, L\).*permute\(0, 2, 1\)"),
        ({"X": np.zeros((5, 4, 120), np.int8)}, "`attributions` must be for the same sequences as `X`"),
        ({"attributions": np.zeros((6, 120, 4))}, r"`attributions` must be of shape .*Did you mean"),
        ({"attributions": np.full((6, 120), np.nan)}, "`attributions` must be finite as float32; got NaN"),
        ({"attributions": np.ones((6, 4, 120))}, "`attributions` must be zero at every base .* as hypothetical="),
        ({"hypothetical": np.ones((6, 120))}, "`hypothetical` must be of shape"),
        ({"seqlets": pd.DataFrame({"start": [1]})}, "`seqlets` must be a DataFrame with the columns.*'example_idx'"),
        ({"seqlets": [1, 2]}, "`seqlets` must be a DataFrame.*got list"),
        ({"annotations": None, "seqlets": None, "hits": 3}, "`hits` must be"),
        ({"annotations": np.zeros(40)}, "`annotations` must be the tuple"),
        ({"annotations": (np.zeros(39, int), np.zeros(39))}, "`annotations` must be one row per seqlet, 40"),
        ({"annotations": (np.full(40, 5), np.zeros(40))}, "`annotations` must be of indices below M = 5"),
        ({"seqlets": None}, "`seqlets` must be given with `annotations`"),
        ({"marginal": {"GATA9": 1.0}}, "`marginal` must be about motifs that are shown; got 'GATA9'"),
        ({"marginal": pd.DataFrame({"motif": ["TAL1"]})}, "`marginal` must be a DataFrame with motif_name and effect"),
        ({"loci": pd.DataFrame({"chrom": ["1"], "start": [1], "end": [2]})}, "`loci` must be one row per sequence"),
        ({"loci": 7}, "`loci` must be a BED file or a DataFrame"),
        ({"families": ["a", "b"]}, "`families` must be one family for each of 5 motifs"),
        ({"sequence_names": ["a", "b"]}, "`sequence_names` must be one per sequence, N = 6"),
        ({"sequence_names": "peak"}, "`sequence_names` must be a list of strings"),
    ],
)
def test_explorer__names_the_argument_that_is_wrong(explorer: Make, replaced: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        explorer(**replaced)
    assert isinstance(caught.value, (InvalidArgument, InvalidFile))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("sequence_name", 6, "sequence 6.*other sequences"),
        ("start", 118, r"inside the sequences|as wide as"),
        ("motif_name", "GATA9", "about motifs that are shown; got 'GATA9'"),
        ("p-value", np.nan, "finite numbers; got nan in row 7"),
        ("attribution", np.inf, "finite numbers; got inf in row 7"),
        ("strand", "?", "strands"),
    ],
)
def test_explorer__names_what_is_wrong_with_hits(
    explorer: Make, pieces: Pieces, column: str, value: object, message: str
) -> None:
    hits = pieces()["hits"].astype({column: object} if isinstance(value, str) else {})
    hits.loc[7, column] = value
    with pytest.raises(InvalidArgument, match=f"`hits.*` must be .*{message}"):
        explorer(hits=hits)


@pytest.mark.parametrize("max_hits", [-1, 1.5, "all", None, True])
def test_explorer__refuses_to_send_no_number_of_hits(explorer: Make, max_hits: object) -> None:
    with pytest.raises(InvalidArgument, match="`max_hits` must be a whole number, at least 0"):
        explorer(max_hits=max_hits)


def test_explorer__without_a_name_has_none(explorer: Make) -> None:
    assert repr(explorer(name=None)).startswith("Explorer: 6 sequences")


def test_explorer__needs_attributions_for_hits_without(explorer: Make, pieces: Pieces) -> None:
    hits = pieces()["hits"].drop(columns="attribution")
    with pytest.raises(InvalidArgument, match="Pass attributions=X_attr as well"):
        explorer("attributions", "hypothetical", hits=hits)


def test_explorer__imports_no_bokeh_before_it_must() -> None:
    code = "import sys, nbmotif.widget.share, nbmotif.widget.wire; sys.exit('bokeh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_explorer__refuses_a_setting_that_it_does_not_have(explorer: Make) -> None:
    with pytest.raises(AttributeError, match="no setting 'attribution_treshold'; did you mean 'attribution_threshold'"):
        explorer().attribution_treshold = 5


def test_explorer__says_that_a_family_has_no_row_at_this_similarity() -> None:
    widget = Explorer(motifs=nbmotif.demo.load().motifs)
    tree = widget._content.tree
    at = {cut: {tree.names[node] for node in tree.cut(cut)[1].tolist()} for cut in (0.01, 1.0)}
    widget.family_similarity = 1.0
    other = next(iter(at[0.01] - at[1.0] - {*widget._content.motif_names}))
    with pytest.warns(NbmotifWarning, match="at another similarity than 1, so that nothing is marked") as said:
        widget.selected_motifs = [other]
    assert said[0].filename == __file__
    widget.update(name="another")  # says nothing again: nothing was chosen anew
    assert widget.selected_motifs == [other]
    widget.selected_motifs = [next(iter(at[1.0])), widget._content.motif_names[0]]
