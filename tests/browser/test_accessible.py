"""The Explorer for those who use a keyboard, a screen reader or other colours: axe finds nothing to object to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser import synthetic
from tests.browser.lab import ROOT, lab_theme
from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.view import View

AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
MAKE = "import synthetic; explorer = synthetic.explorer(**synthetic.two_models(), motif='TAL1_MA0091')"


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("axe is not installed: run `npm ci` in js/")
    return AXE.read_text(encoding="utf-8")


def objections(view: View, axe: str) -> list[str]:
    """Return what axe has against a view: rule, element and reason."""
    view.settle()
    view.page.evaluate(axe)
    found = view.page.evaluate("(el) => axe.run(el).then(({ violations }) => violations)", view.root.element_handle())
    return [
        f"{rule['id']}: {node['html'][:120]} ({' '.join(node['failureSummary'].split())})"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.fixture
def everything(page: Page, tmp_path: Path) -> Callable:
    """Return a function that opens an exported page with every panel open."""

    def go(scheme: str, **traits: object) -> View:
        page.emulate_media(color_scheme=scheme)
        explorer = synthetic.explorer(**synthetic.two_models(), motif="GATA1_MA0035", **traits)
        path = tmp_path / "page.html"
        explorer.to_html(path)
        page.goto(path.as_uri())
        [view] = views_on(page)
        view.motif("GATA1_MA0035").click()
        view.root.get_by_role("button", name="Pairs").click()
        return view

    return go


@pytest.mark.parametrize("palette", ["classic", "okabe-ito"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page__has_nothing_that_axe_objects_to(everything: Callable, axe: str, scheme: str, palette: str) -> None:
    view = everything(scheme, palette=palette)
    assert objections(view, axe) == []
    view.menu("View")
    assert objections(view, axe) == []
    view.screenshot(f"everything-{scheme}-{palette}")


def test_axe__would_object(everything: Callable, axe: str) -> None:
    view = everything("light")
    view.root.evaluate(
        "(el) => { el.querySelector('[aria-label=\"Search motifs\"]').removeAttribute('aria-label'); "
        "el.style.color = '#bbb'; }"
    )
    found = objections(view, axe)
    assert any(text.startswith("color-contrast") for text in found)


@pytest.fixture(scope="module")
def lab_view(lab_window: object, open_once: Callable) -> Iterator[View]:
    notebook = open_once("accessible.ipynb", [MAKE, "explorer"]).run_all()
    yield views_on(notebook.page)[0]
    notebook.activate().close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lab__has_nothing_that_axe_objects_to(lab_page: Page, lab_view: View, axe: str, theme: str) -> None:
    with lab_theme(lab_page, theme):
        assert objections(lab_view, axe) == []


def test_page__every_control_can_be_reached_and_seen_by_keyboard(everything: Callable) -> None:
    view = everything("light")
    page = view.page
    wanted = view.root.locator("button:enabled, input, select, [tabindex='0']").evaluate_all(
        "(all) => all.filter((el) => el.checkVisibility() && !el.closest('[popover]')).length"
    )
    page.locator("body").click(position={"x": 1, "y": 1})
    seen: list[bool] = []
    for _ in range(wanted + 8):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
                const el = document.activeElement;
                if (!el || !el.closest("[data-testid=nbmotif]") || el.dataset.seen) return null;
                el.dataset.seen = "true";
                const parts = [el, el.closest(".nbm-segment"), ...(el.type === "range" ? [null] : [])];
                return parts[2] === null || parts.filter(Boolean)
                    .some((part) => getComputedStyle(part).outlineStyle === "solid");
            }"""
        )
        if state is not None:
            seen.append(state)
    radios = view.root.locator("input[type=radio]").count()
    assert len(seen) >= wanted - radios + 1  # the tab key stops once in a group of radio buttons
    assert all(seen)
