"""A real JupyterLab in a real Chromium, on this machine alone.

Settings that cost time to find:

- ``--LabApp.expose_app_in_browser`` gives ``window.jupyterapp``, through which notebooks are opened and run.
- ``page.evaluate`` must not return what a Lab command returns; it cannot always be serialised.
- A command's promise resolves when the kernel has answered; the widget's DOM comes later, so wait for that too.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCREENSHOTS = HERE / "screenshots"
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
_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


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


class Lab:
    """A JupyterLab server of its own: no user settings, no password, only this machine."""

    def __init__(self, root: Path) -> None:
        self.root, self.work = root, root / "work"
        self.work.mkdir(parents=True)
        self.url = f"http://127.0.0.1:{_free_port()}"
        for name, value in _SETTINGS.items():
            self.set(name, value)
        self._log = (root / "lab.log").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *self._options()],
            env=self._environment(),
            cwd=root,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_until_it_answers()

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.url.rpartition(':')[2]}",
            "--ServerApp.port_retries=0",
            "--IdentityProvider.token=",
            "--ServerApp.password=",
            "--ServerApp.disable_check_xsrf=True",
            f"--ServerApp.root_dir={self.work}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
        ]

    def _environment(self) -> dict[str, str]:
        folders = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        own = {name: str(self.root / folder) for name, folder in folders.items()}
        paths = [str(ROOT), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, **own, "PYTHONPATH": os.pathsep.join(paths), "NO_PROXY": "127.0.0.1"}

    def _wait_until_it_answers(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while True:
            if self._process.poll() is not None:
                raise RuntimeError((self.root / "lab.log").read_text()[-4000:])
            try:
                with urllib.request.urlopen(f"{self.url}/api/status", timeout=2):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise
                time.sleep(0.1)

    def set(self, name: str, value: dict[str, Any]) -> None:
        """Write one of JupyterLab's user settings, such as the theme."""
        path = self.root / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))

    def write_notebook(self, name: str, cells: list[str]) -> None:
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
        )
        nbformat.write(notebook, self.work / name)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)  # the server shuts its kernels down
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._log.close()


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Notebook:
    """One notebook, open in JupyterLab."""

    _CURRENT = "window.jupyterapp.shell.currentWidget"

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name

    def activate(self) -> Notebook:
        """Open it, or bring it to the front."""
        self.page.evaluate(
            "async (path) => { await window.jupyterapp.commands.execute('docmanager:open', { path }); }", self.name
        )
        self._wait(f"{self._CURRENT}?.context?.path === '{self.name}' && {self._CURRENT}.context.isReady")
        self._wait_idle()
        return self

    def run_all(self, seconds: float = 120) -> Notebook:
        self.page.set_default_timeout(seconds * 1000)
        # in braces, so that evaluate does not return an object of Lab's
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self._wait_idle(seconds)
        self.page.set_default_timeout(30_000)
        return self

    def python(self, code: str) -> str:
        """Run code in the notebook's kernel, in no cell; return what it printed."""
        return self.page.evaluate(
            """async ([code, current]) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code, store_history: false, stop_on_error: false });
                let printed = "", failed = "";
                future.onIOPub = ({ header, content }) => {
                    if (header.msg_type === "stream" && content.name === "stdout") printed += content.text;
                    if (header.msg_type === "error") failed = `${content.ename}: ${content.evalue}`;
                };
                await future.done;
                if (failed) throw new Error(failed);
                return printed;
            }""",
            [code, self._CURRENT],
        ).strip()

    def reload(self) -> Notebook:
        """Load the page again, as after a lost connection; the kernel stays."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
        self.page.reload(wait_until="domcontentloaded")
        wait_for_lab(self.page)
        return self.activate()

    def start(self, code: str) -> None:
        """Run code in the notebook's kernel without waiting for it; `is_running` tells whether it still runs."""
        self.page.evaluate(
            f"""(code) => {{
                window.running = true;
                const future = {self._CURRENT}.sessionContext.session.kernel.requestExecute({{ code }});
                future.done.then(() => {{ window.running = false; }});
            }}""",
            code,
        )

    def is_running(self) -> bool:
        return self.page.evaluate("() => window.running")

    def value(self, expression: str) -> Any:
        """Return what an expression is in the kernel, through JSON."""
        return json.loads(self.python(f"import json; print(json.dumps({expression}))"))

    def outputs(self) -> list[dict[str, Any]]:
        """Return the outputs of all cells, as they would be saved."""
        return self.page.evaluate(
            f"() => {self._CURRENT}.content.model.toJSON().cells.flatMap((cell) => cell.outputs ?? [])"
        )

    def close(self) -> None:
        # disposed, not closed: closing would ask whether to save
        self.page.evaluate(
            f"async () => {{ const open = {self._CURRENT}; await open.sessionContext.shutdown(); open.dispose(); }}"
        )

    def _wait(self, condition: str, seconds: float = 60) -> None:
        self.page.wait_for_function(f"() => {condition}", timeout=seconds * 1000)

    def _wait_idle(self, seconds: float = 60) -> None:
        self._wait(f"{self._CURRENT}?.sessionContext?.session?.kernel?.status === 'idle'", seconds)


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

    def settle(self) -> None:
        """Wait until the view has stopped drawing, and what was held back has been sent."""
        self.page.evaluate(
            """async (el) => {
                let last = -1, since = performance.now();
                while (performance.now() - since < 350) {
                    await new Promise(requestAnimationFrame);
                    if (el.dataset.frames !== last) { last = el.dataset.frames; since = performance.now(); }
                }
            }""",
            self.root.element_handle(),
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

    def rows(self) -> list[dict[str, str]]:
        """Return the motif table as text: every row, also those that scrolling would show, by column."""
        return self.page.evaluate(_READ_TABLE, self.root.element_handle())

    def motif(self, name: str) -> Locator:
        return self.root.locator(f'[role=grid][aria-label="Motifs"] [data-motif="{name}"]')

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


# the table may hold only the rows in sight, so it is scrolled through; rows are told apart by their motif
_READ_TABLE = """async (root) => {
    const grid = root.querySelector('[role=grid][aria-label="Motifs"]');
    const scroller = [grid, ...grid.querySelectorAll("*")].find((el) => el.scrollHeight > el.clientHeight + 2
        && /auto|scroll/.test(getComputedStyle(el).overflowY)) ?? grid;
    const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const seen = new Map();
    const before = scroller.scrollTop;
    for (let top = 0; ; top += Math.max(20, scroller.clientHeight / 2)) {
        scroller.scrollTop = top;
        await frame();
        for (const row of grid.querySelectorAll("[data-motif]")) {
            const cells = [...row.querySelectorAll("[data-column]")];
            seen.set(row.dataset.motif, {
                ...Object.fromEntries(cells.map((el) => [el.dataset.column, el.textContent.trim()])),
                motif: row.dataset.motif,
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
        found = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
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


def wait_for_lab(page: Page) -> None:
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=90_000)
    page.evaluate("async () => { window.jupyterapp.shell.collapseLeft(); }")


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


def views_on(page: Page, n: int = 1) -> list[View]:
    """Wait for so many views of Explorers, drawn and in sight, and return them."""
    found = page.locator("[data-testid=nbmotif]:visible")  # JupyterLab keeps other notebooks, hidden
    expect(found).to_have_count(n, timeout=30_000)
    return [View(page, found.nth(i)).ready() for i in range(n)]


@pytest.fixture(name="views_on")
def _views_on() -> Callable[..., list[View]]:
    return views_on


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """The module that makes synthetic studies."""
    spec = importlib.util.spec_from_file_location("synthetic", HERE / "synthetic.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of notebooks."""
    folder = ROOT / "examples"
    if not folder.is_dir():
        pytest.skip("the notebooks are not in this checkout")
    return folder
