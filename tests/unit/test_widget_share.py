"""The exported page: what is in the file. That it works is tested in a browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import pytest

from nbmotif.hit_index import HitIndex
from nbmotif.widget import wire
from nbmotif.widget.stage import READY
from tests.unit.conftest import make_pieces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


Make = "Callable[..., Explorer]"
_NUMPY = {name: dtype for dtype, name in wire.DTYPES.items()}


def page_of(text: str) -> dict[str, Any]:
    [found] = re.findall(r'<script type="application/json" id="nbmotif-page">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def unpack(data: str) -> bytes:
    return gzip.decompress(base64.b64decode(data))


def test_to_html__holds_the_columns(explorer: Make) -> None:
    widget = explorer()
    page = page_of(widget.to_html())
    expected = wire.encode(widget._content).columns()
    [answer] = [answer for answer in page["answers"] if answer["name"] == "load"]
    assert answer["message"] == {"rev": 1}
    assert [column["name"] for column in answer["columns"]] == list(expected)
    for column in answer["columns"]:
        values = np.frombuffer(unpack(column["data"]), _NUMPY[column["dtype"]])
        assert (column["offset"], column["length"], column["total"]) == (0, len(values), len(values))
        np.testing.assert_array_equal(values, expected[column["name"]])


def test_to_html__holds_the_traits_as_they_are(explorer: Make) -> None:
    widget = explorer(attribution_threshold=0.2, sequence=3, viewport=(5, 60), selected_motifs=["TAL1"])
    traits = page_of(widget.to_html())["traits"]
    assert traits["attribution_threshold"] == 0.2
    assert (traits["sequence"], traits["viewport"], traits["selected_motifs"]) == (3, [5, 60], ["TAL1"])
    assert set(traits) == set(widget.keys) - set(anywidget.AnyWidget().keys) - {"_esm"}
    assert traits["_manifest"]["n_motifs"] == 5


def test_to_html__says_anew_what_is_of_this_notebook_alone(explorer: Make) -> None:
    widget = explorer()
    widget.update(marginal=None)
    with widget.showing("scan"):
        page = page_of(widget.to_html())
    assert widget._rev == 2
    assert page["traits"]["_rev"] == 1
    assert page["traits"]["_status"] == READY


@pytest.mark.parametrize("mode", ["hits", "exclusive", "explained"])
def test_to_html__holds_the_counts_by_chance_at_its_thresholds(explorer: Make, mode: str) -> None:
    hits = make_pieces()["hits"].drop(columns="attribution")  # computed, so that they can be shifted
    widget = explorer(hits=hits, count_mode=mode, by_family=False, _sort=[], sign="both", fimo_p_threshold=1)
    widget.attribution_threshold = 0.0123456  # beside the slider's stops
    answers = {answer["name"]: answer for answer in page_of(widget.to_html())["answers"]}
    [column] = answers["chance"]["columns"]
    expected = np.frombuffer(unpack(column["data"]), _NUMPY[column["dtype"]])
    n_motifs = widget._manifest["n_motifs"]
    np.testing.assert_array_equal(expected[:n_motifs], widget.counts["expected"])
    widget.by_family = True
    np.testing.assert_array_equal(expected[n_motifs:], widget.counts["expected"])
    # the same whatever is asked of seqlets
    asked = answers["count"]["params"] | {"seqlet_p_threshold": 1, "tomtom_p_threshold": 1}
    assert answers["chance"]["params"] == asked
    assert expected.sum() > 0


@pytest.mark.parametrize(("tracks", "expected"), [([5, 2, 5], [5, 2]), (3, None), (None, None), ([], []), (0, [])])
def test_to_html__holds_the_tracks_asked_for(explorer: Make, tracks: Any, expected: list[int] | None) -> None:
    widget = explorer()
    page = page_of(widget.to_html(tracks=tracks))
    found = [track["sequence"] for track in page["tracks"]]
    assert page["traits"]["_manifest"]["tracks"] == found
    assert set(page["traits"]["_tracks"]) <= set(found)
    if expected is not None:
        assert found == expected
    else:
        assert len(found) == (3 if tracks == 3 else 6)


def test_to_html__holds_each_tracks_arrays(explorer: Make) -> None:
    widget = explorer()
    for track in page_of(widget.to_html())["tracks"]:
        expected = wire.track(widget._content, track["sequence"], hypothetical=True)
        assert [unpack(part) for part in track["buffers"]] == [bytes(part) for part in expected]
    assert len(page_of(explorer("hypothetical").to_html())["tracks"][0]["buffers"]) == 2


@pytest.mark.parametrize("by_family", [True, False])
def test_to_html__counts_once_for_the_table_its_rows_and_whose_cards_they_open(
    explorer: Make, monkeypatch: pytest.MonkeyPatch, by_family: bool
) -> None:
    widget = explorer(
        hits=make_pieces()["hits"].drop(columns="attribution"), by_family=by_family, family_similarity=0.5
    )
    opened = widget._motifs_of(list(widget.counts.iloc[:, 0]))
    seen, count = [], HitIndex.count

    def counted(index: HitIndex, thresholds: Any, *rest: Any) -> Any:
        seen.append(index)
        return count(index, thresholds, *rest)

    monkeypatch.setattr(HitIndex, "count", counted)
    page = page_of(widget.to_html())
    indices = [widget._content.index, *widget._content.null]
    assert len(indices) > 1
    assert [sum(index is one for one in seen) for index in indices] == [1] * len(indices)
    assert list(page["cards"]) == [widget._content.motif_names[motif] for motif in dict.fromkeys(opened)]


def test_to_html__fetches_nothing(explorer: Make, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    text = explorer().to_html(path)
    assert path.read_text(encoding="utf-8") == text
    assert "default-src 'none'; script-src 'unsafe-inline' blob:" in text
    assert not re.findall(r"https?://", text)


def test_to_html__cannot_be_ended_by_what_it_holds(explorer: Make, pieces: Callable[..., dict[str, Any]]) -> None:
    names = [f"</script><script>alert({i})</script><!--" for i in range(6)]
    hits = pieces()["hits"]
    text = explorer(sequence_names=names, hits=hits, name="</title><b>").to_html()
    assert text.count("</script>") == 3
    assert page_of(text)["traits"]["_manifest"]["sequence_names"] == names
    assert "<title>&lt;/title&gt;&lt;b&gt;</title>" in text


def test_to_html__is_the_same_each_time(explorer: Make) -> None:
    widget = explorer()
    assert widget.to_html() == widget.to_html()


def test_to_html__refuses_a_track_that_is_not_there(explorer: Make) -> None:
    with pytest.raises(ValueError, match=r"`tracks` must be a whole number, 0 to 5; got 6"):
        explorer().to_html(tracks=[6])


@pytest.mark.parametrize("tracks", [-1, 1.5, "a", ["a"], [1.5], True])
def test_to_html__refuses_tracks_that_are_no_numbers_of_sequences(explorer: Make, tracks: Any) -> None:
    with pytest.raises(ValueError, match="`tracks` must be a whole number"):
        explorer().to_html(tracks=tracks)


def test_to_html__writes_names_that_no_encoding_holds(explorer: Make, tmp_path: Path) -> None:
    names = ["\ud800", "é ☃ 𝔸", "<script>alert(1)</script>", "x" * 200, "", "\n\"'\\"]
    text = explorer("hits", sequence_names=names).to_html(tmp_path / "é ☃.html", title="</title><script>")
    assert "é ☃ 𝔸" in (tmp_path / "é ☃.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "</title><script>" not in text
