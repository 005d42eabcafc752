"""The notebooks run from top to bottom, and what they find is what is known of the data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from tests.run_examples import EXAMPLES, execute, is_passing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    # the kernel client's own
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def names_in(cell: Any) -> list[list[str]]:
    """Return the words of each result, less numbers, whose last digits may differ between machines."""
    results = [output for output in cell.get("outputs", []) if not is_passing(output)]
    texts = [output.get("data", {}).get("text/plain", output.get("text", "")) for output in results]
    return [re.findall(r"[A-Za-z]\w+", text) for text in texts]


@pytest.mark.parametrize("name", ["quickstart.ipynb", "ctcf_k562.ipynb"])
def test_notebook__can_be_read_where_nothing_runs(name: str) -> None:
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    results = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.data for output in results) >= 2
    assert all(output.output_type == "execute_result" or "image/svg+xml" in output.data for output in results)
    text = (EXAMPLES / name).read_text("utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users)/|widget-view", text)


@pytest.fixture
def run_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Any]:
    """Run a notebook, then ``report``, an expression whose value comes back through JSON."""

    def run(name: str, report: str) -> Any:
        for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            monkeypatch.setenv(variable, str(tmp_path / variable))
        monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent))
        notebook = nbformat.read(EXAMPLES / name, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(f"import json; print(json.dumps({report}))"))
        kept = [names_in(cell) for cell in notebook.cells[:-1]]
        done = execute(notebook, tmp_path)
        assert [names_in(cell) for cell in done.cells[:-1]] == kept, "run `make notebooks`: they show something else"
        return json.loads("".join(output.get("text", "") for output in done.cells[-1].outputs).splitlines()[-1])

    return run


def test_quickstart__finds_what_was_planted(run_notebook: Callable[[str, str], Any]) -> None:
    found = run_notebook(
        "quickstart.ipynb",
        "{'top': study.evidence().head(4)['family'].to_list(), 'counts': len(study.explorer.counts)}",
    )
    assert any("GATA" in family for family in found["top"])
    assert found["counts"] > 50


def test_ctcf_k562__ctcf_leads_every_method(
    run_notebook: Callable[[str, str], Any], shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBMOTIF_DATA", str(shared_data))
    found = run_notebook(
        "ctcf_k562.ipynb",
        "{'effects': effects, 'hits': counts['motif_name'].to_list()[:3], 'page_mb': page.stat().st_size / 1e6,"
        " **{column: evidence.sort_values(column, ascending=False)['family'].to_list()[:3]"
        " for column in ('seqlets', 'site_explained')}}",
    )
    assert found["effects"]["CTCF_MA0139.1"] == pytest.approx(1.6, abs=0.2)
    assert abs(found["effects"]["GATA2_MA0036.3"]) < 0.1
    assert "CTCF" in found["seqlets"][0]
    assert "CTCF" in found["site_explained"][0]
    assert all("CTCF" in name for name in found["hits"])
    assert found["page_mb"] < 20
