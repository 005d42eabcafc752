"""What is typed into an Explorer: it stays while it is typed, and what is wrong with it is said beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import synthetic
from tests.browser.view import View, views_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture
def shown(page: Page, tmp_path: Path) -> Callable[..., View]:
    """Return a function that exports an Explorer and opens the file."""

    def show(**arguments: object) -> View:
        synthetic.explorer(**arguments).to_html(tmp_path / "page.html")
        page.goto((tmp_path / "page.html").as_uri())
        return views_on(page)[0].ready()

    return show


def test_filter__is_typed_sign_by_sign(shown: Callable[..., View]) -> None:
    view = shown()
    most = max(int(row["seqlets"]) for row in view.rows())
    view.root.get_by_label("filter", exact=True).check()
    field = view.root.get_by_label("Filter Seqlets")
    field.press_sequentially(f">= {most - 2}")
    assert field.input_value() == f">= {most - 2}"
    view.settle()
    assert [int(row["seqlets"]) >= most - 2 for row in view.rows()] == [True] * len(view.rows()) != []
    field.fill("many")
    field.press("Enter")
    expect(view.root.get_by_role("alert")).to_have_text("Type a bound, such as >= 10, < 5 or 10.")
    assert field.input_value() == "many"


def test_field__is_changed_by_nothing_but_typing(shown: Callable[..., View]) -> None:
    view = shown()
    field = view.number("Attribution threshold")
    before = field.input_value()
    field.click()
    view.page.mouse.wheel(0, -300)
    field.press("ArrowUp")
    view.settle()
    assert field.input_value() == before
    assert view.page.evaluate("scrollY") == 0


def test_field__keeps_what_is_refused_when_it_is_left(shown: Callable[..., View]) -> None:
    view = shown()
    field = view.number("FIMO p threshold")
    field.fill("7")
    field.press("Tab")
    expect(view.root.get_by_role("alert")).to_be_visible()
    assert field.input_value() == "7"
    field.press("Escape")
    expect(view.root.get_by_role("alert")).to_have_count(0)
    assert field.input_value() == "1e-4"


@pytest.mark.parametrize(
    ("label", "text", "problem"),
    [
        ("Attribution threshold (number)", "-5", "Type 0 or more, such as 0.01."),
        ("Attribution threshold (number)", "0,05", "Type 0 or more, such as 0.01."),
        ("FIMO p threshold (number)", "2", "Type more than 0, at most 1, such as 0.01."),
        ("Last position", "0", "Type a start and an end between 0 and 2114."),
        ("Go to sequence", "peak_99", 'No sequence "peak_99": type a name, or a number up to 11.'),
    ],
)
def test_field__says_what_is_wrong_where_it_can_be_read(
    shown: Callable[..., View], label: str, text: str, problem: str
) -> None:
    view = shown()
    for width in (1400, 500):
        view.page.set_viewport_size({"width": width, "height": 1200})
        view.settle()
        field = view.root.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Enter")
        said = view.root.get_by_role("alert")
        expect(said).to_have_text(problem)
        box, around = said.bounding_box(), view.root.bounding_box()
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"]
        field.press("Escape")
        expect(said).to_have_count(0)


def test_search__says_when_it_is_no_expression(shown: Callable[..., View]) -> None:
    view = shown()
    search = view.root.get_by_label("Search motifs")
    search.press_sequentially("/^(gata")
    expect(view.root.get_by_text("/^(gata is not a regular expression.")).to_be_visible()
    search.press_sequentially("|tal)\\d")
    assert {row["motif"] for row in view.rows()} == {"GATA1_MA0035", "GATA2_MA0036", "Gata4_MA0482", "TAL1_MA0091"}


def test_region__is_shown_from_edge_to_edge_in_the_coordinates_of_genome_browsers(shown: Callable[..., View]) -> None:
    view = shown()
    go = view.root.get_by_label("Go to sequence")
    start = 127_735_000 + 5000 * 7  # of peak_0007, 0-based
    go.fill(f"chr8:{start + 101:,}-{start + 200:,}")
    go.press("Enter")
    view.settle()
    head = view.root.locator(".nbm-track-head").first
    expect(head).to_contain_text("peak_0007")
    expect(head).to_contain_text(f"chr8:{start + 101:,}–{start + 200:,}")
    go.fill(f"chr8:{start + 151}")
    go.press("Enter")
    expect(view.root.locator(".nbm-card-head")).to_contain_text(f"chr8:{start + 151:,}150")


def test_sequence_filter__leads_to_the_sequences_that_it_keeps(shown: Callable[..., View]) -> None:
    view = shown()
    field = view.root.get_by_label("Filter sequences")
    field.fill("peak_000")
    field.press("Enter")
    view.settle()
    pager = view.root.locator(".nbm-pager-text")
    expect(pager).to_have_text("1–4 of 10")
    assert all(int(canvas["sequence"]) < 10 for canvas in view.canvases())
    field.fill("peak_0011")
    field.press("Enter")
    view.settle()
    expect(pager).to_have_text("1–1 of 1")
    assert [canvas["sequence"] for canvas in view.canvases()] == ["11"]
    field.fill("nowhere")
    field.press("Enter")
    expect(view.root.get_by_text("No sequence fits the filter.")).to_be_visible()
