"""A walk through thresholds, signs, windows, filters, modes and similarities, recounted with pandas at each step."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from tests.browser import synthetic
from tests.browser.recount import Asked, recount
from tests.browser.view import View, views_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from nbmotif import Explorer

MODES = ("hits", "sites", "exclusive", "sequences", "explained")


def table_of_hits(explorer: Explorer) -> pd.DataFrame:
    hits = explorer._content.hits
    columns = {"motif_idx": hits.motif_idx, "sequence": hits.sequence_idx, "start": hits.start, "end": hits.end}
    return pd.DataFrame({**columns, "attribution": hits.attribution, "p": hits.p_value})


class Walk:
    """Moves one control after the other, as a user does, and knows what must be shown."""

    def __init__(self, view: View, explorer: Explorer, seed: int = 0) -> None:
        self.view, self.explorer, self.rng = view, explorer, np.random.default_rng(seed)
        self.hits, self.n_checked = table_of_hits(explorer), 0
        self.asked: dict[str, Any] = {"attribution": 0.01, "fimo_p": 1e-4, "sign": "+", "mode": explorer.count_mode}
        self.similarity = 0.7

    def step(self) -> None:
        moves = [self.attribution, self.p, self.sign, self.window, self.filter, self.mode, self.cut, self.rows]
        self.rng.choice(moves, p=[0.3, 0.16, 0.08, 0.12, 0.1, 0.12, 0.06, 0.06])()

    def _slide(self, name: str, stops: np.ndarray) -> float:
        slider = self.view.slider(name)
        step = int(self.rng.integers(0, len(stops)))
        assert int(slider.get_attribute("max")) == len(stops) - 1
        slider.evaluate(
            """(el, step) => { el.value = String(step);
                el.dispatchEvent(new Event("input", { bubbles: true }));
                el.dispatchEvent(new Event("change", { bubbles: true })); }""",
            step,
        )
        return float(np.sort(stops)[step])

    def attribution(self) -> None:
        if self.rng.random() < 0.7:
            self.asked["attribution"] = self._slide(
                "Attribution threshold", self.explorer._content.attribution_stops.values
            )
            return
        # exactly that of a hit: the comparison is strict
        value = float(self.hits["attribution"].abs().sample(random_state=self.rng).iloc[0])
        value = float(f"{value:.6g}")
        box = self.view.number("Attribution threshold")
        box.fill(str(value))
        box.press("Enter")
        self.asked["attribution"] = value

    def p(self) -> None:
        self.asked["fimo_p"] = self._slide("FIMO p threshold", self.explorer._content.p_stops.values)

    def sign(self) -> None:
        k = int(self.rng.integers(3))
        self.view.root.get_by_role("radiogroup", name="Sign").get_by_role("radio").nth(k).click(force=True)
        self.asked["sign"] = ("+", "-", "both")[k]

    def window(self) -> None:
        start = int(self.rng.integers(0, 1500)) if self.rng.random() < 0.8 else 0
        end = int(self.rng.integers(start + 1, 2115)) if start else 2114
        for name, value in (("First position", 0), ("Last position", end), ("First position", start)):
            box = self.view.root.get_by_label(name)
            box.fill(str(value))
            box.press("Enter")
        self.asked["window"] = None if (start, end) == (0, 2114) else (start, end)

    def filter(self) -> None:
        text = str(self.rng.choice(["", "", "1", "peak_000", "chr8:127,750,000-127,765,000", "chr8", "none"]))
        box = self.view.root.get_by_label("Filter sequences")
        box.fill(text)
        box.press("Enter")
        names = [f"peak_{s:04d}" for s in range(12)]
        kept = {"chr8": range(12), "chr8:127,750,000-127,765,000": [3, 4, 5]}
        found = kept.get(text, [s for s, name in enumerate(names) if text in name])
        self.asked["sequences"] = frozenset(found) if text else None

    def mode(self) -> None:
        self.asked["mode"] = str(self.rng.choice(MODES))
        self.view.root.get_by_label("What is counted").select_option(self.asked["mode"])

    def cut(self) -> None:
        self.similarity = round(float(self.rng.uniform(0.4, 1.0)), 2)
        slider = self.view.root.get_by_label("Similarity of a family's motifs")
        slider.evaluate(
            """(el, to) => { el.value = String(to); el.dispatchEvent(new Event("input", { bubbles: true })); }""",
            self.similarity,
        )

    def rows(self) -> None:
        self.view.root.get_by_label("families").click()

    def check(self) -> None:
        """Compare every number that is shown with the recount, bit for bit."""
        asked, content = Asked(**self.asked), self.explorer._content
        labels, nodes = content.tree.cut(self.similarity)
        shown = self.view.values()
        is_family = "family" in shown[0]
        names = [content.tree.names[node] for node in nodes] if is_family else content.motif_names
        group_of = labels if is_family else np.arange(content.n_motifs)
        counts, sequences = recount(self.hits, asked, group_of, is_family, content.index.unit, content.ranks)
        assert {row["family" if is_family else "motif"] for row in shown} == set(names)
        for row in shown:
            g = names.index(row["family" if is_family else "motif"])
            assert row[asked.mode] == counts[g], (asked, self.similarity, row)
            if asked.mode != "sequences":
                assert row["sequences"] == sequences[g], (asked, self.similarity, row)
        self.n_checked += len(shown)


def test_page__counts_as_pandas_does_on_a_walk_of_200_moves(page: Page, tmp_path: Path) -> None:
    explorer = synthetic.explorer(families=None, by_family=True)
    path = tmp_path / "walk.html"
    explorer.to_html(path)
    page.goto(path.as_uri())
    walk = Walk(views_on(page)[0], explorer)
    for _ in range(200):
        walk.step()
        walk.view.frame()
        walk.check()
    assert walk.n_checked > 1500


@pytest.mark.parametrize("mode", MODES)
def test_page__does_not_count_differently_when_the_database_is_doubled(page: Page, tmp_path: Path, mode: str) -> None:
    made = synthetic.pieces()
    hits, motifs = made["hits"], made["motifs"]
    doubled = {
        "motifs": {**motifs, **{f"copy of {name}": pwm for name, pwm in motifs.items()}},
        "hits": pd.concat([hits, hits.assign(motif_name="copy of " + hits["motif_name"])], ignore_index=True),
    }
    shown = []
    for i, more in enumerate(({}, doubled)):
        explorer = synthetic.explorer(**more, families=None, by_family=True, count_mode=mode, sign="both")
        path = tmp_path / f"{i}.html"
        explorer.to_html(path)
        page.goto(path.as_uri())
        [view] = views_on(page)
        view.settle()
        shown.append({row["family"]: (row[mode], row["sequences"], row["enrichment"]) for row in view.values()})
    assert shown[0] == shown[1]
    assert len(shown[0]) > 5


def test_lab__divides_by_what_counts_expects_also_between_stops(open_notebook: Callable) -> None:
    make = "import synthetic; explorer = synthetic.explorer(families=None, sign='both')"
    notebook = open_notebook("chance.ipynb", [make, "explorer"]).run_all()
    [view] = views_on(notebook.page)
    for mode, threshold in product(MODES, (0.0123456, 0.2345671)):
        notebook.python(f"explorer.count_mode, explorer.attribution_threshold = {mode!r}, {threshold}")
        view.settle()
        counts = notebook.value("explorer.counts.to_dict('list')")
        assert sum(counts["expected"]) > 0
        name = "family" if "motifs" in counts else "motif_name"
        shown = {row["family" if name == "family" else "motif"]: row["enrichment"] for row in view.values()}
        for row, count, sequences, expected in zip(
            counts[name], counts[mode], counts["sequences"], counts["expected"], strict=True
        ):
            one = count / max(sequences, 1) if mode == "explained" else 1
            if expected + one > 0:
                assert shown[row] == (count + one) / (expected + one), (threshold, row)


def test_lab__counts_as_pandas_does_also_below_what_the_browser_holds(open_notebook: Callable) -> None:
    make = "import synthetic; explorer = synthetic.explorer(families=None, by_family=True, max_hits=300)"
    notebook = open_notebook("walk.ipynb", [make, "explorer"]).run_all()
    explorer = synthetic.explorer(families=None, by_family=True)
    walk = Walk(views_on(notebook.page)[0], explorer, seed=1)
    assert notebook.value("explorer._manifest['floor']") > 0.1
    for _ in range(40):
        walk.step()
        walk.view.settle()
        assert "≈" not in walk.view.root.locator(".nbm-summary > span").first.inner_text()
        walk.check()
    explorer.close()
