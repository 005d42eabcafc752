"""The Explorer used by mouse and keyboard, in an exported page, where it is up soonest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page


def test_row__that_is_pointed_at_shows_where_its_sites_are(exported: Callable, page: Page) -> None:
    _, view = exported()
    canvases = view.root.locator(".nbm-track canvas")
    look = "(all) => all.map((el) => el.toDataURL())"
    view.settle()
    page.mouse.move(5, 5)
    before = canvases.evaluate_all(look)
    view.motif("GATA2_MA0036").hover()
    view.settle()
    pointed = canvases.evaluate_all(look)
    assert all(now != then for now, then in zip(pointed, before, strict=True))
    view.screenshot("page-pointed")
    view.motif("CTCF_MA0139").hover()
    view.settle()
    assert canvases.evaluate_all(look) != pointed
    page.mouse.move(5, 5)
    view.settle()
    assert canvases.evaluate_all(look) == before
    # by the keyboard as by the pointer
    table = view.root.get_by_role("treegrid")
    table.focus()
    page.keyboard.press("Home")
    view.settle()
    assert canvases.evaluate_all(look) != before
    table.blur()
    view.settle()
    assert canvases.evaluate_all(look) == before


def test_jump__scrolls_to_the_track_and_its_cursor_stays(exported: Callable, page: Page) -> None:
    page.set_viewport_size({"width": 720, "height": 700})
    _explorer, view = exported(tomtom_p_threshold=1e-4, attribution_threshold=0.5)
    view.root.get_by_role("button", name="unexplained").click()  # under the table, the tracks are out of sight
    view.settle()
    page.mouse.wheel(0, 1)  # the page moves, the pointer rests
    view.settle()
    expect(view.root.locator(".nbm-track").first).to_be_in_viewport()
    expect(view.root.locator(".nbm-card")).to_be_in_viewport()


def test_wheel__zooms_with_ctrl_and_scrolls_the_page_without(exported: Callable) -> None:
    _, view = exported()
    page = view.page
    page.set_viewport_size({"width": 1400, "height": 500})
    canvas = view.root.locator(".nbm-track canvas").first
    canvas.click(position={"x": 300, "y": 20})
    shown = view.root.locator(".nbm-zoom-text")
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 120)
    page.wait_for_function("(before) => scrollY > before", arg=before)
    expect(shown).to_have_text("2,114 bp")
    canvas.hover(position={"x": 300, "y": 20})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    expect(shown).not_to_have_text("2,114 bp")


@pytest.mark.parametrize(("side", "way"), [("left", -1), ("right", 1)])
def test_overview__an_edge_pulled_out_of_the_view_leaves_the_other_where_it_is(
    exported: Callable, side: str, way: int
) -> None:
    _, view = exported(viewport=(500, 1500))
    view.settle()
    window, grip = (view.root.locator(name) for name in (".nbm-window", f'.nbm-grip[data-side="{side}"]'))
    before, at = window.bounding_box(), grip.bounding_box()
    view.page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    view.page.mouse.down()
    view.page.mouse.move(at["x"] + 1000 * way, at["y"], steps=5)
    view.page.mouse.up()
    view.frame()
    after = window.bounding_box()
    assert after["width"] > before["width"]
    other = (lambda box: box["x"] + box["width"]) if side == "left" else (lambda box: box["x"])
    assert other(after) == pytest.approx(other(before), abs=1)
    whole = {"left": "0 to 1,500", "right": "500 to 2,114"}[side]
    expect(window).to_have_attribute("aria-valuetext", whole)


def test_marks__have_a_line_of_their_own_so_that_rows_stay_where_they_are_clicked(exported: Callable) -> None:
    _, view = exported(by_family=False)
    view.settle()  # suggestions come later, and move what is below them
    rows = view.root.locator(".nbm-grid-rows .nbm-grid-row")
    search = view.root.get_by_label("Search motifs").bounding_box()
    expect(view.root.get_by_text("Click a row to mark its sites")).to_be_visible()
    before = rows.first.bounding_box()
    for i in range(3):
        rows.nth(i).locator('[data-column="names"]').click()
        expect(view.root.locator(".nbm-chip")).to_have_count(i + 1)
        assert rows.first.bounding_box() == before
    assert view.root.locator(".nbm-chip").first.bounding_box()["y"] >= search["y"] + search["height"]


def test_notice__is_in_sight_wherever_the_page_is(exported: Callable, page: Page) -> None:
    _, view = exported(attribution_threshold=0.5, tomtom_p_threshold=1.0)
    page.set_viewport_size({"width": 1300, "height": 500})
    view.root.get_by_role("button", name="unexplained").click()
    view.settle()
    notice = view.root.locator(".nbm-toast")
    for y in (0, 10_000):
        page.evaluate(f"scrollTo(0, {y})")
        box = notice.bounding_box()
        assert 0 <= box["y"] <= box["y"] + box["height"] <= 500
    view.screenshot("page-notice")
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_have_count(0)


def test_focus__stays_when_what_has_it_goes(exported: Callable) -> None:
    _, view = exported(selected_motifs=["TAL1_MA0091"])
    view.root.get_by_role("button", name="Unmark TAL1_MA0091").press("Enter")
    expect(view.root.get_by_role("treegrid")).to_be_focused()
    view.root.get_by_role("button", name="Zoom in").press("Enter")
    out = view.root.get_by_role("button", name="Zoom out")
    out.press("Enter")
    expect(out).to_have_attribute("aria-disabled", "true")
    expect(out).to_be_focused()


def test_sequences__come_back_when_their_filter_goes(exported: Callable) -> None:
    _, view = exported()
    before = len(view.canvases())
    field = view.root.get_by_label("Filter sequences")
    for text, shown in (("peak_0003", 1), ("", before)):
        field.fill(text)
        field.press("Enter")
        view.settle()
        assert len(view.canvases()) == shown


def test_go_to__takes_what_is_written_over_a_track(exported: Callable) -> None:
    _, view = exported(sequence_names=None, loci=None)
    field = view.root.get_by_label("Go to sequence")
    field.fill("sequence 11")
    field.press("Enter")
    view.settle()
    assert view.canvases()[0]["sequence"] == "11"


def test_menu__opens_where_it_can_be_seen(exported: Callable, page: Page) -> None:
    _, view = exported()
    page.set_viewport_size({"width": 1300, "height": 600})
    button = view.root.get_by_role("button", name="View")
    button.evaluate("(el) => scrollTo(0, scrollY + el.getBoundingClientRect().bottom - innerHeight + 10)")
    box = view.menu("View").bounding_box()
    assert 0 <= box["y"] <= box["y"] + box["height"] <= 600
