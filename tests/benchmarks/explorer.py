"""Measure the Explorer at the vignette's size: ``python -m tests.benchmarks.explorer [--sequences N] [--steps 200]``.

Prints what the kernel holds and sends, when the first numbers are there, what a move of each control costs the
browser's main thread (CPU time, so that a busy machine does not count) and how frames follow each other while a slider
is dragged; then walks through thresholds, signs, windows, filters and modes, and recounts each state with pandas.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

import nbmotif
from nbmotif.kernels.__main__ import compile_all
from nbmotif.widget.queries import QUERY_TRAITS
from tests.benchmarks.vignette_study import LENGTH, N_SEQUENCES, vignette_study
from tests.browser.conftest import FLAGS, chromium
from tests.browser.recount import Asked, recount

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, Page

    from nbmotif import Explorer

MODES = ("hits", "sites", "exclusive", "sequences", "explained")
_SLIDE = """([name, step]) => {
    const el = document.querySelector(`input[type=range][aria-label="${name}"]`);
    el.value = String(step); el.dispatchEvent(new Event("input", { bubbles: true }));
}"""
_TYPE = """([name, text]) => {
    const el = document.querySelector(`[aria-label="${name}"]`);
    el.value = text; el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
}"""
_SIGN = "(k) => document.querySelectorAll('[aria-label=Sign] input')[k].click()"
_SETTLE = """() => document.querySelectorAll("input[type=range]").forEach(
    (el) => el.dispatchEvent(new Event("change", { bubbles: true })))"""
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_DRAG = """async ([name, from, n]) => {
    const el = document.querySelector(`input[type=range][aria-label="${name}"]`), times = [];
    for (let i = 0; i < n; i++) {
        el.value = String(from + 2 * i); el.dispatchEvent(new Event("input", { bubbles: true }));
        times.push(await new Promise(requestAnimationFrame));
    }
    return times.slice(1).map((t, i) => t - times[i]);
}"""
_VALUES = """() => [...document.querySelectorAll(".nbm-grid-rows [role=row]")].map((row) => ({ ...row.dataset,
    ...Object.fromEntries([...row.querySelectorAll("[data-value]")].map(
        (el) => [el.dataset.column, Number(el.dataset.value)])) }))"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=N_SEQUENCES)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    compile_all()
    explorer = _kernel(options.sequences)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "study.html"
        explorer.to_html(path, tracks=8)
        print(f"exported page: {path.stat().st_size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(path.as_uri())
        page.wait_for_selector("[data-state=ready]", timeout=120_000)
        page.wait_for_timeout(3000)
        _moves(page, explorer)
        print(f"walk: {_walk(page, explorer, options.steps)} numbers of {options.steps} states equal those of pandas")
        browser.close()


def _kernel(n_sequences: int) -> Explorer:
    """Make the study, and print what it costs the kernel to show it."""
    pieces = vignette_study(n_sequences)
    hits = pieces["hits"]
    columns = (hits.sequence_idx, hits.start, hits.strand, hits.score, hits.attribution, hits.p_levels.of_hit)
    print(f"{hits.n_hits:,} hits of {len(hits):,} motifs in {hits.n_sequences:,} sequences of {LENGTH:,} bp")
    print(f"hits in the kernel: {sum(c.nbytes for c in columns) / hits.n_hits:.1f} B each")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    explorer = _timed("Explorer()", lambda: nbmotif.Explorer(**pieces))
    sent: list[tuple[dict[str, Any], int]] = []
    jobs = explorer._jobs
    jobs._in_background = False
    jobs._send = lambda body, buffers: sent.append((body, sum(b.nbytes for b in buffers)))
    query = {name: getattr(explorer, name) for name in QUERY_TRAITS}
    at_any = {**query, "attribution_threshold": 0}
    questions: dict[str, tuple[str, dict[str, Any]]] = {
        "names, motifs, seqlets": ("load", {}),
        "first numbers": ("count", query),
        "hits": ("tail", {}),
        "by chance, density": ("background", at_any),
        "by chance here": ("chance", query),
        "counts at all stops": ("profile", {**at_any, "control": "attribution"}),
    }
    for what, (name, params) in questions.items():
        sent.clear()
        request = {"type": "request", "id": 1, "name": name, "params": params}
        _timed(what, lambda request=request: jobs.receive(request))
        assert sent[-1][0]["status"] == "ok", sent[-1]
        sizes = [size for _, size in sent]
        print(f"    {sum(sizes) / 1e6:.2f} MB in {len(sizes)} messages of at most {max(sizes) / 1e6:.2f} MB")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"memory at its peak beside hits, sequences and attributions: {grown / hits.n_hits:.1f} B per hit")
    floor = explorer._manifest["floor"]
    print(f"exact with no kernel above {floor:.4g}: {explorer._manifest['n_hits']:,} hits")
    return explorer


def _timed(what: str, run: Callable[[], Any]) -> Any:
    cpu, wall = time.process_time(), time.perf_counter()
    found = run()
    print(f"{what:<26}{time.process_time() - cpu:>7.2f} CPU s{time.perf_counter() - wall:>7.2f} s")
    return found


def _moves(page: Page, explorer: Explorer) -> None:
    """Print the main thread's CPU milliseconds per move: its median and the 95th of 100."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    stops = explorer._content.attribution_stops.values
    low = int(np.searchsorted(stops, explorer._manifest["floor"])) + 1
    n_p = len(explorer._content.p_stops.values)
    shares = explorer._content.hits.attribution > stops[low]
    print(f"\nlowest exact threshold {stops[low]:.4g}, which {np.count_nonzero(shares):,} hits pass; CPU ms per move")
    print(f"{'mode':<12}" + "".join(f"{what:>22}" for what in ("attribution", "p", "window", "sign", "similarity")))
    for mode in MODES:
        page.evaluate(_TYPE, ["What is counted", mode])
        page.evaluate(_SLIDE, ["Attribution threshold", low])
        page.wait_for_timeout(1500)
        series: dict[str, Callable[[int], Any]] = {
            "attribution": lambda i: page.evaluate(_SLIDE, ["Attribution threshold", low + 1 + i % 60]),
            "p": lambda i: page.evaluate(_SLIDE, ["FIMO p threshold", n_p - 1 - i % 30]),
            "window": lambda i: page.evaluate(_TYPE, ["First position", str(1 + i)]),
            "sign": lambda i: page.evaluate(_SIGN, i % 3),
            "similarity": lambda i: page.evaluate(_SLIDE, ["Similarity of a family's motifs", 0.5 + i / 100]),
        }
        cells = []
        for what, move in series.items():
            costs = sorted(_cost(page, session, lambda i=i, move=move: move(i)) for i in range(40))
            cells.append(f"{statistics.median(costs):>13.1f} ({costs[37]:.1f})")
            _reset(page, low, n_p, what)
        print(f"{mode:<12}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    gaps = sorted(page.evaluate(_DRAG, ["Attribution threshold", low + 1, 100]))
    print(f"a drag, one move per frame: frames every {statistics.median(gaps):.1f} ms, 95 % within {gaps[94]:.1f} ms")
    page.evaluate(_SETTLE)


def _reset(page: Page, low: int, n_p: int, moved: str) -> None:
    back: dict[str, tuple[str, Any]] = {
        "attribution": (_SLIDE, ["Attribution threshold", low]),
        "p": (_SLIDE, ["FIMO p threshold", n_p - 1]),
        "window": (_TYPE, ["First position", "0"]),
        "sign": (_SIGN, 0),
        "similarity": (_SLIDE, ["Similarity of a family's motifs", 0.7]),
    }
    page.evaluate(*back[moved])
    page.evaluate(_SETTLE)
    page.wait_for_timeout(500)


def _cost(page: Page, session: CDPSession, move: Callable[[], Any]) -> float:
    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    before = spent()
    move()
    page.evaluate(_TWO_FRAMES)
    return 1000 * (spent() - before)


def _walk(page: Page, explorer: Explorer, n_steps: int) -> int:
    """Move a control at a time and recount what is shown; return how many numbers were compared."""
    content, rng = explorer._content, np.random.default_rng(0)
    strong = np.abs(content.hits.attribution) > explorer._manifest["floor"]
    kept = content.hits.where(strong)
    table = pd.DataFrame(
        {
            "motif_idx": kept.motif_idx,
            "sequence": kept.sequence_idx,
            "start": kept.start,
            "end": kept.end,
            "attribution": kept.attribution,
            "p": kept.p_value,
        }
    )
    labels, nodes = content.tree.cut(0.7)
    names = [content.tree.names[node] for node in nodes]
    stops, p_stops = content.attribution_stops.values, np.sort(content.p_stops.values)
    low = int(np.searchsorted(stops, explorer._manifest["floor"])) + 1
    asked: dict[str, Any] = {"attribution": float(stops[low]), "mode": "hits", "fimo_p": float(p_stops[-1])}
    page.evaluate(_TYPE, ["What is counted", "hits"])
    page.evaluate(_SLIDE, ["Attribution threshold", low])
    page.evaluate(_SLIDE, ["FIMO p threshold", len(p_stops) - 1])
    n_compared = 0
    for _ in range(n_steps):
        match rng.choice(["attribution", "p", "sign", "window", "filter", "mode"], p=[0.35, 0.2, 0.1, 0.15, 0.1, 0.1]):
            case "attribution":
                k = int(rng.integers(low, len(stops)))
                page.evaluate(_SLIDE, ["Attribution threshold", k])
                asked["attribution"] = float(stops[k])
            case "p":
                k = int(rng.integers(len(p_stops) // 2, len(p_stops)))
                page.evaluate(_SLIDE, ["FIMO p threshold", k])
                asked["fimo_p"] = float(p_stops[k])
            case "sign":
                k = int(rng.integers(3))
                page.evaluate(_SIGN, k)
                asked["sign"] = ("+", "-", "both")[k]
            case "window":
                start = int(rng.integers(0, LENGTH - 200))
                page.evaluate(_TYPE, ["First position", str(start)])
                asked["window"] = (start, LENGTH) if start else None
            case "filter":
                text = str(rng.choice(["", "peak_00", "chrIV", "7"]))
                page.evaluate(_TYPE, ["Filter sequences", text])
                chosen = [
                    s
                    for s, (name, chrom) in enumerate(zip(content.sequence_names, content.loci.chrom, strict=True))
                    if text in name or text.lower() == chrom.lower()
                ]
                asked["sequences"] = frozenset(chosen) if text else None
            case "mode":
                asked["mode"] = str(rng.choice(MODES))
                page.evaluate(_TYPE, ["What is counted", asked["mode"]])
        page.evaluate(_TWO_FRAMES)
        counts, sequences = recount(table, Asked(**asked), labels, True, content.index.unit, content.ranks)
        for row in page.evaluate(_VALUES):
            family = names.index(row["family"])
            assert row[asked["mode"]] == counts[family], (asked, row, counts[family])
            assert asked["mode"] == "sequences" or row["sequences"] == sequences[family], (asked, row)
            n_compared += 2
    return n_compared


if __name__ == "__main__":
    main()
