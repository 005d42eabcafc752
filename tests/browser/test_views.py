"""Parts of an Explorer in cells of their own, and Explorers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.view import views_on

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
    assert sum(int(row["hits"]) for row in table.rows()) < sum(int(row["hits"]) for row in before)
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
