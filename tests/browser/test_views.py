"""Parts of an Explorer in cells of their own, and Explorers side by side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.view import SCREENSHOTS, views_on

if TYPE_CHECKING:
    from collections.abc import Callable

MAKE = "import synthetic; explorer = synthetic.explorer()"


def test_views__in_separate_cells_stay_linked(open_notebook: Callable) -> None:
    cells = [MAKE, "explorer.thresholds()", "explorer.table()", "explorer.tracks()"]
    notebook = open_notebook("parts.ipynb", cells).run_all()
    thresholds, table, tracks = views_on(notebook.page, 3)
    before, boxes = table.rows(), tracks.boxes()
    thresholds.drag("Attribution threshold", 0.85)
    thresholds.settle()
    assert notebook.value("explorer.attribution_threshold") > 0.01
    assert sum(int(row["sites"]) for row in table.rows()) < sum(int(row["sites"]) for row in before)
    assert [row["motif"] for row in table.rows()] == notebook.value("explorer.counts['motif_name'].tolist()")
    assert 0 < tracks.boxes() < boxes
    for name, view in {"thresholds": thresholds, "table": table, "tracks": tracks}.items():
        view.screenshot(f"part-{name}")
    expect(tracks.root.get_by_role("grid")).to_have_count(0)
    expect(table.root.locator("input[type=range]")).to_have_count(0)
    notebook.python("explorer.close()")
    expect(notebook.page.locator("[data-testid=nbmotif]:visible")).to_have_count(0)


def test_view__of_a_closed_explorer_says_so(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "closed.ipynb", [MAKE, "part = explorer.tracks()", "explorer.comm.close(); part"]
    ).run_all()
    expect(notebook.page.get_by_text("run the cell that makes it")).to_be_visible()
    with pytest.raises(Exception, match="make a new one"):
        notebook.python("explorer.close(); explorer.tracks()")


def test_card__shows_what_python_describes(open_notebook: Callable) -> None:
    notebook = open_notebook("card.ipynb", [MAKE, "explorer", "explorer.card('TAL1_MA0091')"]).run_all()
    whole, alone = views_on(notebook.page, 2)
    for view in (whole, alone):
        expect(view.root.get_by_role("heading", name="TAL1_MA0091")).to_be_visible()
    n_sites, cosine = notebook.value(
        "(explorer.describe('TAL1_MA0091').n_sites, explorer.describe('TAL1_MA0091').cosine)"
    )
    said = alone.root.get_by_text("with the database")
    expect(said).to_have_text(f"cosine {cosine:.2f} with the database, over {n_sites} sites")
    whole.screenshot("card")
    alone.screenshot("card-alone")
    whole.drag("Attribution threshold", 0.8)
    whole.settle()
    fewer = notebook.value("explorer.describe('TAL1_MA0091').n_sites")
    assert 0 < fewer < n_sites
    expect(said).to_contain_text(f"over {fewer} sites")
    expect(alone.root.get_by_text(f"{fewer} of")).to_be_visible()


def test_card__is_opened_by_a_marked_motif_and_leads_to_its_sites(open_notebook: Callable) -> None:
    notebook = open_notebook("sites.ipynb", [MAKE, "explorer"]).run_all()
    [view] = views_on(notebook.page)
    view.motif("GATA1_MA0035").click()
    view.root.get_by_role("button", name="GATA1_MA0035", exact=True).click()
    view.settle()
    assert notebook.value("explorer.motif") == "GATA1_MA0035"
    strongest = notebook.value("explorer.describe('GATA1_MA0035').examples.iloc[0][['sequence_idx', 'start']].tolist()")
    view.root.locator(".nbm-examples button").first.click()
    view.settle()
    start, end = notebook.value("explorer.viewport")
    assert start < strongest[1] < end
    assert notebook.value("explorer._tracks[0]") == strongest[0]
    view.root.get_by_role("button", name="GATA2").click()  # of its family
    view.settle()
    assert notebook.value("explorer.motif") == "GATA2_MA0036"
    view.root.get_by_role("button", name="Close the card").click()
    view.settle()
    assert notebook.value("explorer.motif") is None


def test_pairs__count_the_sequences_that_hold_both(open_notebook: Callable) -> None:
    notebook = open_notebook("pairs.ipynb", [MAKE, "explorer", "explorer.pairs()"]).run_all()
    whole, alone = views_on(notebook.page, 2)
    whole.motif("GATA1_MA0035").click()
    whole.motif("KLF1_MA0493").click()
    alone.root.get_by_label("What is paired").select_option("motifs")
    for threshold in (0.01, 0.5):
        notebook.python(f"explorer.attribution_threshold = {threshold}")
        alone.settle()
        notebook.python(
            "held = explorer.hits.groupby('motif_name', observed=True)['sequence_name'].agg(set)\n"
            "both = len(held['GATA1_MA0035'] & held['KLF1_MA0493'])\n"
            "chance = len(held['GATA1_MA0035']) * len(held['KLF1_MA0493']) / 12"
        )
        both, chance = notebook.value("(both, chance)")
        assert both > 0
        cell = alone.root.get_by_role("button", name=re.compile("KLF1 and GATA1"))
        expect(cell).to_have_attribute(
            "aria-label", f"KLF1 and GATA1: {both} sequences with both, {chance:.0f} by chance"
        )
    alone.screenshot("pairs")
    whole.root.get_by_role("button", name="Pairs").click()
    whole.screenshot("pairs-whole")


def test_pairs__are_shown_when_their_bar_is_clicked(open_notebook: Callable) -> None:
    cells = ["import synthetic; explorer = synthetic.explorer(**synthetic.pieces(n=40))", "explorer"]
    notebook = open_notebook("bars.ipynb", cells).run_all()
    [view] = views_on(notebook.page)
    view.root.get_by_role("button", name="Pairs").click()
    bars = view.root.get_by_role("slider", name=re.compile("facing"))
    bars.focus()
    wanted = re.compile(r"^[1-9]\d* pairs?")
    for _ in range(100):
        notebook.page.keyboard.press("ArrowRight")
        view.frame()
        if wanted.match(said := bars.get_attribute("aria-valuetext")):
            break
    n, gap = (int(part) for part in re.findall(r"\d+", said))
    notebook.page.keyboard.press("Enter")
    view.settle()
    start, end = notebook.value("explorer.viewport")
    assert gap < end - start < 2114
    assert view.root.get_by_label("Kind of site").input_value() == "picked"
    assert n == 1 or "The first of" in view.root.get_by_role("status").text_content()


def test_explorers__side_by_side_move_together_and_count_apart(open_notebook: Callable) -> None:
    make = """import synthetic
pieces = synthetic.pieces()
one = synthetic.explorer(name="K562")
other = synthetic.explorer(name="HepG2", hits=pieces["hits"].assign(attribution=pieces["hits"]["attribution"] / 2))"""
    notebook = open_notebook("beside.ipynb", [make, "one.beside(other)"]).run_all()
    left, right = views_on(notebook.page, 2)
    left.drag("Attribution threshold", 0.8)
    left.settle()
    right.settle()
    assert notebook.value("one.attribution_threshold == other.attribution_threshold > 0.01")
    assert right.number("Attribution threshold").input_value() == left.number("Attribution threshold").input_value()
    sites = [sum(int(row["sites"]) for row in view.rows()) for view in (left, right)]
    assert sites == notebook.value("[int(e.counts['sites'].sum()) for e in (one, other)]")
    assert sites[1] < sites[0]
    right.motif("TAL1_MA0091").click()
    left.settle()
    assert left.motif("TAL1_MA0091").get_attribute("aria-selected") == "true"
    assert {canvas["sequence"] for canvas in left.canvases()} == {canvas["sequence"] for canvas in right.canvases()}
    left.screenshot("beside-left")
    notebook.page.screenshot(path=SCREENSHOTS / "beside.png")
    notebook.python("one.close(); other.close()")


def test_explorers__in_a_row_of_widgets_share_its_width(open_notebook: Callable) -> None:
    cells = ["import synthetic, ipywidgets", "ipywidgets.HBox([synthetic.explorer(), synthetic.explorer()])"]
    notebook = open_notebook("row.ipynb", cells).run_all()
    widths = [view.root.bounding_box()["width"] for view in views_on(notebook.page, 2)]
    assert widths[0] == widths[1] > 500


def test_box__marks_what_the_table_has_a_row_for_and_unmarks_it(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "box.ipynb", ["import synthetic; explorer = synthetic.explorer(by_family=True)", "explorer"]
    )
    [view] = views_on(notebook.run_all().page)
    view.family("GATA").click()
    view.settle()
    notebook.python("explorer.viewport = explorer.selection.iloc[0][['start', 'end']].astype(int).tolist()")
    notebook.python("explorer._tracks = [int(explorer.selection.iloc[0]['sequence_idx'])]")
    view.settle()
    canvas = view.root.locator(".nbm-track canvas")
    box = canvas.bounding_box()
    at_hit = {"x": box["width"] / 2, "y": box["height"] - 2.5 * 16}  # the first of three lanes of hits
    for marked in ([], ["GATA"]):
        canvas.click(position=at_hit)
        view.settle()
        assert notebook.value("explorer.selected_motifs") == marked


def test_table__comes_before_the_tracks_where_there_is_no_room_beside_them(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "narrow.ipynb", ["import synthetic; explorer = synthetic.explorer()", "explorer"]
    ).run_all()
    [view] = views_on(notebook.page)
    try:
        notebook.page.set_viewport_size({"width": 1100, "height": 1200})
        view.settle()
        table, tracks = (view.root.locator(part).bounding_box() for part in (".nbm-motifs", ".nbm-tracks"))
        assert table["y"] + table["height"] <= tracks["y"]
        assert table["x"] == tracks["x"]
    finally:
        notebook.page.set_viewport_size({"width": 1400, "height": 1200})


def test_view__opens_while_another_has_something_to_say(open_notebook: Callable) -> None:
    made = "import synthetic; explorer = globals().get('explorer') or synthetic.explorer()"
    notebook = open_notebook("notice.ipynb", [made, "explorer", "explorer"]).run_all()
    view, _ = views_on(notebook.page, 2)
    view.root.get_by_role("button", name="Copy", exact=True).click()
    expect(view.root.locator(".nbm-toast")).to_be_visible()
    notebook.run_all()
    for opened in views_on(notebook.page, 2):
        opened.ready()
        assert len(opened.rows()) > 0
