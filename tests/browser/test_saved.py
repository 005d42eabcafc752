"""A saved notebook whose kernel is gone: what its readers see of an Explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
from nbconvert import HTMLExporter
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

MAKE = "import synthetic; explorer = synthetic.explorer()"
COPY = "explorer.render_static(tracks=[3], height=1100)"


def copy_in(page: Page) -> Locator:
    """Return the root of the Explorer inside the copy."""
    frame = page.locator("iframe[srcdoc]")
    frame.scroll_into_view_if_needed()
    root = frame.content_frame.get_by_test_id("nbmotif")
    expect(root).to_have_attribute("data-state", "ready")
    expect(root).to_have_attribute("data-settled", "true")
    return root


def assert_alive(root: Locator) -> None:
    counts = root.locator(".nbm-grid-rows [data-column='sites']")
    total = "(all) => all.reduce((sum, cell) => sum + Number(cell.dataset.value), 0)"
    before = counts.evaluate_all(total)
    slider = root.get_by_label("Attribution threshold", exact=True)
    slider.fill(str(int(slider.input_value()) + 30))
    expect(root.get_by_role("button", name="Undo")).to_be_enabled()
    assert 0 < counts.evaluate_all(total) < before


def save(page: Page) -> None:
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")


def test_copy__is_alive_when_the_notebook_is_opened_again(
    lab_page: Page, open_once: Callable, open_notebook: Callable
) -> None:
    notebook = open_once("copy.ipynb", [MAKE, COPY]).run_all()
    copy_in(lab_page)
    save(lab_page)
    notebook.close()
    again = open_notebook("copy.ipynb")  # with a new kernel, which knows of no Explorer
    assert_alive(copy_in(lab_page))
    assert again.value("'explorer' in globals()") is False


def test_notebook_as_a_page__has_a_picture_and_a_live_copy(
    lab: Any, lab_page: Page, open_notebook: Callable, page: Page, tmp_path: Path
) -> None:
    open_notebook("saved.ipynb", [MAKE, "explorer", COPY]).run_all()
    copy_in(lab_page)
    save(lab_page)
    # the plain template asks the network for nothing
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.read(lab.work / "saved.ipynb", 4))
    path = tmp_path / "saved.html"
    path.write_text(body, "utf-8")
    page.goto(path.as_uri())
    page.bring_to_front()
    image = page.get_by_role("img").first
    assert image.evaluate("(image) => [image.naturalWidth, image.width]") == [1520, 760]
    assert_alive(copy_in(page))
