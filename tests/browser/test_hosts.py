"""The colours of the page around: VS Code, Colab, and pages that say nothing; and people who want no motion."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.browser import synthetic
from tests.browser.view import View, views_on

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

Attributes = dict[str, str]
# attributes of <html>, attributes of <body>, and what becomes of them
HOSTS: dict[str, tuple[Attributes, Attributes, str, str]] = {
    "vscode-dark": (
        {"style": "--vscode-editor-background: #1e1e1e; --vscode-editor-foreground: #d4d4d4"},
        {"data-vscode-theme-kind": "vscode-dark", "class": "vscode-dark"},
        "dark",
        "#1e1e1e",
    ),
    "vscode-light": (
        {"style": "--vscode-editor-background: #fdf6e3; --vscode-editor-foreground: #073642"},
        {"data-vscode-theme-kind": "vscode-light", "class": "vscode-light"},
        "light",
        "#fdf6e3",
    ),
    "vscode-high-contrast": (
        {"style": "--vscode-editor-background: #000000; --vscode-editor-foreground: #ffffff"},
        {"data-vscode-theme-kind": "vscode-high-contrast"},
        "dark",
        "#000000",
    ),
    "colab-dark": ({"theme": "dark"}, {}, "dark", "#16191d"),
    "plain": ({}, {}, "light", "#ffffff"),
}
NAMES = ("text", "muted", "line", "grid", "raised", "surface", "accent", "hit", "base-a", "base-g", "motif-1")


def opened(page: Page, folder: Path) -> View:
    path = folder / "page.html"
    synthetic.explorer(viewport=(1000, 1100)).to_html(path)
    page.goto(path.as_uri())
    return views_on(page)[0]


def colors(view: View) -> dict[str, tuple[float, ...]]:
    """Return the view's colours as a canvas reads them, red, green and blue from 0 to 255."""
    read: dict[str, Any] = view.root.evaluate(
        """(root, names) => {
            const pen = document.createElement("canvas").getContext("2d");
            const style = getComputedStyle(root);
            return Object.fromEntries(names.map((name) => {
                pen.fillStyle = "#123456";
                pen.fillStyle = style.getPropertyValue("--nbm-" + name);
                pen.fillRect(0, 0, 1, 1);
                return [name, [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)];
            }));
        }""",
        list(NAMES),
    )
    return {name: tuple(value) for name, value in read.items()}


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return the contrast of two colours, as WCAG defines it."""

    def luminance(color: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("host", HOSTS)
def test_host__its_colours_are_the_views(page: Page, tmp_path: Path, host: str) -> None:
    html, body, theme, surface = HOSTS[host]
    view = opened(page, tmp_path)
    page.evaluate(
        """([html, body]) => {
            for (const [name, value] of Object.entries(html)) document.documentElement.setAttribute(name, value);
            for (const [name, value] of Object.entries(body)) document.body.setAttribute(name, value);
        }""",
        [html, body],
    )
    view.until("data-theme", theme)
    view.settle()
    seen = colors(view)
    assert seen["surface"] == tuple(int(part, 16) for part in re.findall("..", surface[1:]))
    for ground in ("surface", "raised"):
        assert contrast(seen["text"], seen[ground]) > 7
        assert contrast(seen["muted"], seen[ground]) > 4.5
    for mark in ("accent", "hit"):
        assert contrast(seen[mark], seen["surface"]) > 3
    assert 1.1 < contrast(seen["line"], seen["surface"]) < 3
    assert view.colourful_pixels() > 300
    view.screenshot(f"host-{host}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_that_says_nothing__follows_the_system(
    page: Page, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    view = opened(page, tmp_path)
    view.until("data-theme", scheme)
    other: Literal["light", "dark"] = "light" if scheme == "dark" else "dark"
    page.emulate_media(color_scheme=other)  # as at sunset
    view.until("data-theme", other)


def test_reduced_motion__nothing_fades_in(page: Page, tmp_path: Path) -> None:
    view = opened(page, tmp_path)
    show_state = """(root) => {
        const state = document.createElement("div");
        state.className = "nbm-state";
        state.innerHTML = "<p>Waiting</p>";
        root.append(state);
        const { animationDuration } = getComputedStyle(state.firstChild);
        state.remove();
        return animationDuration;
    }"""
    assert view.root.evaluate(show_state) == "0.2s"
    page.emulate_media(reduced_motion="reduce")
    assert view.root.evaluate(show_state) == "0s"
    view.root.get_by_role("button", name="Next site").click()
    moving = "() => document.getAnimations().filter((each) => each.effect.getComputedTiming().duration > 0).length"
    assert page.evaluate(moving) == 0


def test_page_that_makes_blocks_of_pictures__keeps_an_icon_beside_its_word(page: Page, tmp_path: Path) -> None:
    view = opened(page, tmp_path)
    # as Tailwind does, which marimo brings along
    page.add_style_tag(content="svg { display: block; vertical-align: middle; }")
    word, icon = view.root.get_by_role("button", name="View").evaluate(
        """(button) => {
            const range = document.createRange();
            range.selectNode(button.firstChild);
            return [range, button.querySelector("svg")].map((part) => part.getBoundingClientRect().toJSON());
        }"""
    )
    assert icon["left"] > word["right"]
    assert abs((icon["top"] + icon["bottom"]) - (word["top"] + word["bottom"])) < 6


@pytest.mark.parametrize("width", [1230, 1250, 1300, 1500])
def test_cell__has_room_for_every_column_of_the_table(page: Page, tmp_path: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    path = tmp_path / "page.html"
    synthetic.explorer(marginal=dict.fromkeys(synthetic.NAMES, 0.1)).to_html(path)
    page.goto(path.as_uri())
    view = views_on(page)[0]
    right = view.root.get_by_role("treegrid").evaluate("(grid) => grid.getBoundingClientRect().left + grid.clientWidth")
    cells = view.root.locator("[data-column='marginal']").evaluate_all(
        "(all) => all.map((cell) => cell.getBoundingClientRect().right)"
    )
    assert len(cells) > 5
    assert max(cells) <= right
