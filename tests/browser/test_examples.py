"""The notebooks that users start from, run in JupyterLab."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


def test_quickstart__runs_and_its_explorer_works(lab: Any, open_notebook: Callable, examples: Path) -> None:
    shutil.copy(examples / "quickstart.ipynb", lab.work)
    notebook = open_notebook("quickstart.ipynb").run_all(seconds=600)
    assert [output for output in notebook.outputs() if output["output_type"] == "error"] == []
    view, _reopened = views_on(notebook.page, 2)  # the last cell opens the saved study
    assert notebook.value("study.explorer.attribution_threshold") == 0.05
    assert float(view.number("Attribution threshold").input_value()) == 0.05
    counts = notebook.value("study.explorer.counts.to_dict('records')")
    assert_same_top(view.rows(), counts)
    view.screenshot("quickstart")
    view.drag("Attribution threshold", 0.9)
    view.settle()
    assert notebook.value("study.explorer.attribution_threshold") > 0.05
    stricter = notebook.value("study.explorer.counts.to_dict('records')")
    assert sum(row["sites"] for row in stricter) < sum(row["sites"] for row in counts)
    assert_same_top(view.rows(), stricter)


def assert_same_top(rows: list[dict[str, str]], counts: list[dict[str, Any]]) -> None:
    assert len(rows) == len(counts)
    for row, count in zip(rows, counts, strict=True):
        shown = [row["of"], *(int(row[column].replace(",", "")) for column in ("sites", "sequences", "seqlets"))]
        assert shown == [count[column] for column in ("family", "sites", "sequences", "seqlets")]
