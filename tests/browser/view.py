"""An Explorer on a page, driven as a user does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SCREENSHOTS = Path(__file__).parent / "screenshots"


class View:
    """One view of an Explorer on a page, driven as a user does: by mouse, keyboard and what is written there."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root

    def ready(self) -> View:
        self.root.wait_for(state="visible")
        self.until("data-state", "ready")
        drawn = "(el) => Number(el.dataset.frames) > 0 || el.querySelector('canvas') === null"
        self.page.wait_for_function(drawn, arg=self.root.element_handle())
        return self

    def until(self, attribute: str, value: str) -> None:
        self.page.wait_for_function(
            "([el, name, value]) => el.getAttribute(name) === value", arg=[self.root.element_handle(), attribute, value]
        )

    def settle(self, confirmed: bool = True) -> None:
        """Wait until the view has stopped drawing, what was held back has been sent, and the kernel has answered.

        Parameters
        ----------
        confirmed
            False while a slider is held: the kernel is asked when it is let go.
        """
        self.page.evaluate(
            """async ([el, confirmed]) => {
                let last = -1, since = performance.now();
                const deadline = since + 15_000;
                while (performance.now() - since < 350 || (confirmed && el.dataset.settled === "false")) {
                    await new Promise(requestAnimationFrame);
                    if (el.dataset.frames !== last) { last = el.dataset.frames; since = performance.now(); }
                    if (performance.now() > deadline) throw new Error("the view does not come to rest");
                }
            }""",
            [self.root.element_handle(), confirmed],
        )

    def slider(self, name: str) -> Locator:
        return self.root.locator(f'input[type=range][aria-label="{name}"]')

    def number(self, name: str) -> Locator:
        return self.root.locator(f'input[aria-label="{name} (number)"]')

    def drag(self, name: str, to: float, release: bool = True) -> None:
        """Drag a slider's thumb with the mouse to a fraction of its length."""
        slider = self.slider(name)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        low, high, value = (float(slider.evaluate(f"(el) => el.{which}")) for which in ("min", "max", "value"))
        thumb = 16  # the thumb's middle moves between half a thumb from either end
        at = (value - low) / (high - low)
        x = lambda fraction: box["x"] + thumb / 2 + fraction * (box["width"] - thumb)  # noqa: E731
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(x(at), y)
        self.page.mouse.down()
        self.page.mouse.move(x(to), y, steps=12)
        if release:
            self.page.mouse.up()

    def menu(self, name: str) -> Locator:
        """Open a menu and return its sheet."""
        self.root.get_by_role("button", name=name).click()
        return self.root.get_by_role("group", name=name)

    @property
    def tracks(self) -> Locator:
        """What takes the keys of the tracks."""
        return self.root.locator(".nbm-track-area")

    def rows(self) -> list[dict[str, str]]:
        """Return the motif table as text: every row, also those that scrolling would show, by column.

        ``motif`` is the motif of a row, and ``of`` the family; one of them is empty.
        """
        return self.page.evaluate(_READ_TABLE, self.root.element_handle())

    def values(self) -> list[dict[str, Any]]:
        """Return the numbers of the rows in sight as they are, not as they are written; by motif or family."""
        return self.root.locator(".nbm-grid-rows [role=row]").evaluate_all(
            """(rows) => rows.map((row) => ({ ...row.dataset, ...Object.fromEntries(
                [...row.querySelectorAll("[data-value]")].map((el) => [el.dataset.column, Number(el.dataset.value)])
            ) }))"""
        )

    def frame(self) -> None:
        """Wait until what was changed is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def motif(self, name: str) -> Locator:
        return self.root.locator(f'.nbm-grid-rows [data-motif="{name}"]')

    def family(self, name: str) -> Locator:
        return self.root.locator(f'.nbm-grid-rows [data-family="{name}"]')

    def canvases(self) -> list[dict[str, str]]:
        """Return the data of each track's canvas."""
        return self.root.locator(".nbm-track canvas").evaluate_all("(all) => all.map((el) => ({ ...el.dataset }))")

    def boxes(self) -> int:
        return sum(int(canvas.get("boxes", 0)) for canvas in self.canvases())

    def ghosts(self) -> int:
        return sum(int(canvas.get("ghosts", 0)) for canvas in self.canvases())

    def colourful_pixels(self) -> int:
        """Count the pixels of the canvases that are neither black, grey nor white."""
        return self.root.locator("canvas").evaluate_all(
            """(all) => all.reduce((sum, el) => {
                const { data } = el.getContext("2d").getImageData(0, 0, el.width, el.height);
                for (let i = 0; i < data.length; i += 4) {
                    const most = Math.max(data[i], data[i + 1], data[i + 2]);
                    sum += data[i + 3] > 100 && most - Math.min(data[i], data[i + 1], data[i + 2]) > 80 ? 1 : 0;
                }
                return sum;
            }, 0)"""
        )

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        self.settle()
        self.root.screenshot(path=SCREENSHOTS / f"{name}.png")


# the table may hold only the rows in sight, so it is scrolled through; rows are told apart by their ids
_READ_TABLE = """async (root) => {
    const grid = root.querySelector('[role=treegrid][aria-label="Motifs"]');
    const scroller = [grid, ...grid.querySelectorAll("*")].find((el) => el.scrollHeight > el.clientHeight + 2
        && /auto|scroll/.test(getComputedStyle(el).overflowY)) ?? grid;
    const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const seen = new Map();
    const before = scroller.scrollTop;
    for (let top = 0; ; top += Math.max(20, scroller.clientHeight / 2)) {
        scroller.scrollTop = top;
        await frame();
        for (const row of grid.querySelectorAll("[data-motif], [data-family]")) {
            const cells = [...row.querySelectorAll("[data-column]")];
            seen.set(row.id, {
                ...Object.fromEntries(cells.map((el) => [el.dataset.column, el.textContent.trim()])),
                motif: row.dataset.motif ?? "",
                of: row.dataset.family ?? "",
                index: Number(row.getAttribute("aria-rowindex")),
            });
        }
        if (top >= scroller.scrollHeight - scroller.clientHeight) break;
    }
    scroller.scrollTop = before;
    await frame();
    const rows = [...seen.values()];
    return rows.every((row) => row.index > 0) ? rows.sort((a, b) => a.index - b.index) : rows;
}"""


def views_on(page: Page, n: int = 1) -> list[View]:
    """Wait for so many views of Explorers, drawn and in sight, and return them."""
    found = page.locator("[data-testid=nbmotif]:visible")  # JupyterLab keeps other notebooks, hidden
    expect(found).to_have_count(n, timeout=30_000)
    return [View(page, found.nth(i)).ready() for i in range(n)]
