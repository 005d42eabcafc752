"""A JupyterLab server, and notebooks open in it.

Settings that cost time to find:

- ``--LabApp.expose_app_in_browser`` gives ``window.jupyterapp``, through which notebooks are opened and run.
- ``page.evaluate`` must not return what a Lab command returns; it cannot always be serialised.
- A command's promise resolves when the kernel has answered; the widget's DOM comes later, so wait for that too.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


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

    def restart(self) -> None:
        """Start the kernel anew, as after it died; its outputs stay on the page."""
        self.page.evaluate(f"async () => {{ await {self._CURRENT}.sessionContext.session.kernel.restart(); }}")
        self._wait_idle()

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


@contextmanager
def lab_theme(page: Page, theme: str) -> Iterator[None]:
    """JupyterLab in its "light" or its "dark" theme; in the light one afterwards."""
    _set_theme(page, theme)
    try:
        yield
    finally:
        _set_theme(page, "light")


def _set_theme(page: Page, theme: str) -> None:
    page.evaluate(
        "async (theme) => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }",
        f"JupyterLab {theme.capitalize()}",
    )
    is_light = str(theme == "light").lower()
    page.wait_for_function("(light) => document.body.dataset.jpThemeLight === light", arg=is_light)


def wait_for_lab(page: Page) -> None:
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=90_000)
    page.evaluate("async () => { window.jupyterapp.shell.collapseLeft(); }")
