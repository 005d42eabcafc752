"""Runs the notebooks and keeps in them what they show, for readers where nothing runs: ``make notebooks``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import nbclient
import nbformat

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(notebook: NotebookNode, folder: Path | str) -> NotebookNode:
    """Run all cells in a folder; an error in one of them is raised."""
    resources = {"metadata": {"path": str(folder)}}
    return nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()


def keep_results(path: Path) -> None:
    """Run a notebook and write it with what its cells show, less what only its kernel understands."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        execute(notebook, folder)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_passing(output)]
            for output in cell.outputs:
                output.get("data", {}).pop(_WIDGET, None)
    nbformat.write(notebook, path)


def is_passing(output: NotebookNode) -> bool:
    """Tell whether an output is a bar of progress, or what a kernel writes beside the results."""
    is_bar = output.output_type == "display_data" and _WIDGET in output.data
    return is_bar or output.get("name") == "stderr"


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(path.name for path in EXAMPLES.glob("*.ipynb")):
        keep_results(EXAMPLES / name)
