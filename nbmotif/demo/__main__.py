"""The main job on the embedded data: ``python -m nbmotif.demo``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbmotif import Study, demo

if TYPE_CHECKING:
    import pandas as pd

# a heading, the column of the evidence table that ranks it, and what to print
_METHODS = [
    ("Marginalization: change of the prediction when the motif is inserted", "marginal", ["marginal", "marginal_z"]),
    (
        "Seqlets + TOMTOM: spans the model uses, named by their best match",
        "seqlet_explained",
        ["seqlets", "seqlet_attribution"],
    ),
    (
        "FIMO + attribution: sites of known motifs that the model uses",
        "site_explained",
        ["sites", "site_attribution"],
    ),
]


def main(page: Path) -> None:
    """Run every method on the demo, print its top families, write the page that can be shared.

    Parameters
    ----------
    page
        The HTML file to write.
    """
    started = time.perf_counter()
    data = demo.load()
    print(
        f"A small model, {len(data.X)} sequences it has not seen, {len(data.motifs)} motifs of which it uses a few.\n"
    )
    study = Study(data.model, data.X, data.motifs, name="nbmotif demo").run()
    evidence = study.evidence()
    for heading, column, shown in _METHODS:
        print(f"\n{heading}\n{top_families(evidence, column, shown)}")
    study.to_html(page)
    print(
        f"\nDone in {time.perf_counter() - started:.0f} s.\n"
        f"Open {page} in a browser: sliders, tracks and table work there, with no kernel and no network.\n"
        f"{_next_step()}"
    )


def top_families(evidence: pd.DataFrame, column: str, shown: list[str], n: int = 6) -> str:
    """Format the families that one method ranks first.

    Parameters
    ----------
    evidence
        The table of ``study.evidence()``.
    column
        What to rank by; by size, whatever the sign.
    shown
        The columns to print.
    n
        How many families.

    Returns
    -------
    Lines of text.
    """
    rows = evidence.loc[evidence[column].abs().sort_values(ascending=False, kind="stable").index[:n]]
    columns = list(dict.fromkeys(["family", *shown, column]))
    return rows[columns].to_string(index=False, float_format=lambda value: f"{value:+.3g}")


def _next_step() -> str:
    """Name the notebook of a checkout; an installed package has none, so give the lines to type."""
    notebook = Path("examples", "quickstart.ipynb")
    if notebook.is_file():
        return f"Then open the notebook:  {_jupyter_lab()} {notebook}"
    return (
        f"Then in a notebook ({_jupyter_lab()}):\n"
        "    import nbmotif\n"
        "    demo = nbmotif.demo.load()\n"
        "    nbmotif.Study(demo.model, demo.X, demo.motifs).run()"
    )


def _jupyter_lab() -> Path | str:
    beside_python = Path(sys.executable).with_name("jupyter-lab")
    if not beside_python.exists():
        return "jupyter lab"
    here = Path.cwd()
    return beside_python.relative_to(here) if beside_python.is_relative_to(here) else beside_python


if __name__ == "__main__":
    main(Path("demo.html"))
