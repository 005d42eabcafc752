"""A real JupyterLab in a real Chromium, on this machine alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import synthetic
from tests.browser.lab import Lab, Notebook, wait_for_lab
from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

HERE = Path(__file__).parent
LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "file:", "about:")
# drawn by software, with nothing that asks the network or looks different on another machine
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def chromium() -> str | None:
    """The browser that an environment variable names, or a system one; None for Playwright's own."""
    named = os.environ.get("NBMOTIF_CHROMIUM")
    if named:
        return named
    on_path = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")]
    return next((found for found in [*on_path, "/usr/bin/chromium"] if found and Path(found).exists()), None)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    pytest.importorskip("jupyterlab")
    server = Lab(tmp_path_factory.mktemp("lab") / "root")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = chromium()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: name one in NBMOTIF_CHROMIUM, or install the package chromium")
        found = playwright.chromium.launch(
            executable_path=path,
            headless=True,
            args=FLAGS,
            ignore_default_args=["--hide-scrollbars"],  # they take room, as for most users
        )
        yield found
        found.close()


class Guarded:
    """A page that may reach this machine alone, and keeps a list of all that went wrong."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport={"width": 1400, "height": 1200}, device_scale_factor=1)
        self.problems: list[str] = []
        self.context.route("**/*", self._pass_or_refuse)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _pass_or_refuse(self, route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            self.problems.append(f"asked for {route.request.url}")
            route.abort()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page; the test fails if it asked the network for anything, or wrote an error to the console."""
    guarded = Guarded(browser)
    yield guarded.page
    guarded.context.close()
    assert guarded.problems == []


@pytest.fixture(scope="session")
def lab_window(browser: Browser, lab: Lab) -> Iterator[Guarded]:
    """JupyterLab, open in one page for all tests, because it takes seconds to start."""
    guarded = Guarded(browser)
    guarded.page.goto(f"{lab.url}/lab?reset", wait_until="domcontentloaded")
    wait_for_lab(guarded.page)
    yield guarded
    guarded.context.close()


@pytest.fixture
def lab_page(lab_window: Guarded) -> Iterator[Page]:
    """JupyterLab's page; the test fails if it asked the network for anything, or wrote an error to the console."""
    lab_window.problems.clear()
    yield lab_window.page
    assert lab_window.problems == []


@pytest.fixture
def open_notebook(lab_page: Page, open_once: Callable[..., Notebook]) -> Iterator[Callable[..., Notebook]]:
    """Return a function that opens a notebook, of the cells given, for one test."""
    opened: list[Notebook] = []

    def go(name: str, cells: list[str] | None = None) -> Notebook:
        opened.append(open_once(name, cells))
        return opened[-1]

    yield go
    for notebook in opened:
        notebook.close()


@pytest.fixture(scope="session")
def open_once(lab_window: Guarded, lab: Lab) -> Callable[..., Notebook]:
    """Return a function that opens a notebook, of the cells given, and leaves it open."""

    def go(name: str, cells: list[str] | None = None) -> Notebook:
        if cells is not None:
            lab.write_notebook(name, cells)
        return Notebook(lab_window.page, name).activate()

    return go


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of notebooks."""
    folder = HERE.parents[1] / "examples"
    if not folder.is_dir():
        pytest.skip("the notebooks are not in this checkout")
    return folder


@pytest.fixture
def exported(page: Page, tmp_path: Path) -> Callable:
    """Return a function that exports an Explorer and opens the file: the explorer and the view."""

    def export(tracks: object = None, **arguments: object) -> tuple:
        explorer = synthetic.explorer(**arguments)
        path = tmp_path / "page.html"
        explorer.to_html(path, tracks=tracks)
        page.goto(path.as_uri())
        return explorer, views_on(page)[0]

    return export
