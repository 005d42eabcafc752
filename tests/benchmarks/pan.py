"""How much of a frame it takes to pan and zoom ten tracks of 2,114 bp: ``python -m tests.benchmarks.pan``.

Real mouse events move a real page in a Chromium that draws by software. What counts is the CPU time of the page's main
thread per drawn frame, which other work on the machine does not lengthen; at 60 Hz a frame has 16.7 ms.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.browser import synthetic
from tests.browser.conftest import FLAGS, chromium
from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, Page

    from tests.browser.view import View

_N_TRACKS = 10
_HITS_PER_SEQUENCE = 1630  # as in the vignette: 18.6 million on 11,443 sequences
_ROUNDS = 5


def main() -> None:
    """Print a line per zoom: CPU milliseconds per frame, and the time from an event to the next painted frame."""
    path = Path(tempfile.mkdtemp()) / "page.html"
    n = synthetic.N
    synthetic.explorer(hits=synthetic.many_hits(n * _HITS_PER_SEQUENCE), attribution_threshold=0.02).to_html(
        path, tracks=list(range(n))
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        print(f"{_N_TRACKS} tracks of {synthetic.L:,} bp, {_HITS_PER_SEQUENCE:,} hits each; medians of {_ROUNDS} drags")
        print(f"{'':24}{'CPU ms/frame':>14}{'worst round':>13}{'event to paint, ms':>20}")
        for ratio in (1, 2):
            context = browser.new_context(viewport={"width": 1400, "height": 2400}, device_scale_factor=ratio)
            page = context.new_page()
            page.goto(path.as_uri())
            [view] = views_on(page)
            view.menu("View").get_by_label("Sequences at a time").select_option("10")
            page.keyboard.press("Escape")
            session = context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            for name, bases in (("envelope, all", None), ("bars, 400 bp", 400), ("letters, 120 bp", 120)):
                _show(view, bases)
                _report(f"{name}, ratio {ratio}", [_measure(page, session, view, _drag) for _ in range(_ROUNDS)])
            context.close()
        browser.close()


def _show(view: View, bases: int | None) -> None:
    view.tracks.focus()
    view.page.keyboard.press("0")
    view.settle()
    while bases is not None and _span(view) > bases:
        view.page.keyboard.press("+")
        view.settle()
    if bases is None:  # all cannot be moved: nearly all can
        view.page.keyboard.press("+")
        view.settle()


def _span(view: View) -> int:
    return int(view.root.locator(".nbm-zoom-text").text_content().replace(",", "").split()[0])


def _drag(page: Page, view: View) -> None:
    box = view.root.locator(".nbm-track canvas").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(90):
        page.mouse.move(x + 200 * (1 - abs(step / 45 - 1)), y)
    page.mouse.up()


def _measure(page: Page, session: CDPSession, view: View, act: Callable[[Page, View], None]) -> tuple[float, float]:
    """CPU milliseconds per frame while ``act`` runs, and the median time from its events to their paint."""
    page.evaluate(
        """() => { window.seen = []; window.watch?.disconnect();
            const keep = (list) => window.seen.push(...list.getEntries().map((event) => event.duration));
            window.watch = new PerformanceObserver(keep);
            window.watch.observe({ type: "event", durationThreshold: 16 }); }"""
    )
    view.settle()
    before, frames = _cpu(session), _frames(view)
    act(page, view)
    after, drawn = _cpu(session), _frames(view) - frames
    waits = page.evaluate("() => window.seen") or [0.0]
    return 1000 * (after - before) / max(1, drawn), statistics.median(waits)


def _cpu(session: CDPSession) -> float:
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    return metrics["TaskDuration"]


def _frames(view: View) -> int:
    return int(view.root.get_attribute("data-frames"))


def _report(name: str, rounds: list[tuple[float, float]]) -> None:
    cpu, waits = zip(*rounds, strict=True)
    print(f"{name:24}{statistics.median(cpu):14.1f}{max(cpu):13.1f}{statistics.median(waits):20.0f}")


if __name__ == "__main__":
    sys.exit(main())
