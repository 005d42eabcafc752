"""A stage of a study, as an open Explorer shows it while it runs: how far it is, and a way to stop it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from nbmotif.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY = 0.2  # seconds: an eye cannot follow more, and each report is a message
READY: dict[str, Any] = {"phase": "ready", "message": "", "done": 0, "total": 0}

# what users read while it runs
_TITLES = {
    "attribute": "Computing attributions",
    "call_seqlets": "Calling seqlets",
    "annotate": "Matching seqlets to motifs",
    "scan": "Scanning for motifs",
    "marginalize": "Inserting motifs",
}


class Stage:
    """Reports progress until the user stops it.

    Parameters
    ----------
    name
        The method of `Study`.
    show
        Shows a status to the user.
    """

    def __init__(self, name: str, show: Callable[[dict[str, Any]], None]) -> None:
        self._name, self._show = name, show
        self._stopped = threading.Event()  # set by the thread that hears the browser
        self._last = 0.0

    def stop(self) -> None:
        """End the stage at its next step."""
        self._stopped.set()

    def report(self, done: float, total: float | None) -> None:
        """Show how far the stage is.

        Raises
        ------
        Cancelled
            After ``stop``.
        """
        if self._stopped.is_set():
            raise Cancelled(f"`study.{self._name}()`")
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            message = _TITLES.get(self._name, self._name)
            self._show({"phase": "working", "message": message, "done": done, "total": total or 0})
