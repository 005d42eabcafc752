"""Exported pages: one file, opened from disk, with no kernel and no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from playwright.sync_api import Page


@pytest.fixture
def exported(page: Page, tmp_path: Path, synthetic: ModuleType, views_on: Callable) -> Callable:
    def export(tracks: object = None, **arguments: object) -> tuple:
        explorer = synthetic.explorer(**arguments)
        path = tmp_path / "page.html"
        explorer.to_html(path, tracks=tracks)
        page.goto(path.as_uri())
        return explorer, views_on(page)[0]

    return export


def test_page__shows_the_explorers_counts(exported: Callable) -> None:
    explorer, view = exported()
    expected = explorer.counts
    rows = view.rows()
    assert [row["motif"] for row in rows] == expected["motif_name"].tolist()
    for column in ("hits", "sequences", "seqlets"):
        assert [int(row[column].replace(",", "")) for row in rows] == expected[column].tolist()
    view.screenshot("page")


def test_page__sliders_are_alive(exported: Callable) -> None:
    explorer, view = exported()
    boxes = view.boxes()
    view.drag("Attribution threshold", 0.8)
    view.settle()
    threshold = float(view.number("Attribution threshold").input_value())
    explorer.attribution_threshold = threshold
    assert threshold > 0.01
    assert [int(row["hits"]) for row in view.rows()] == explorer.counts["hits"].tolist()
    assert view.boxes() < boxes
