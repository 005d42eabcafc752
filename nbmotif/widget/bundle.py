"""Finds the built browser part, which lies in the package."""

from __future__ import annotations

import functools
from pathlib import Path

from nbmotif.errors import InvalidFile

SCRIPT = Path(__file__).parent / "static" / "widget.js"
BUILD = "make bundle"


def read_script() -> str:
    """Return the bundle's text.

    Raises
    ------
    InvalidFile
        If it has not been built, as in a checkout that ignores built files.
    """
    if not SCRIPT.exists():
        raise InvalidFile(SCRIPT, "the browser part of nbmotif is missing", f"Build it in the checkout: {BUILD}")
    return _read(SCRIPT, SCRIPT.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _read(path: Path, written: int) -> str:  # noqa: ARG001  a bundle that was built anew is read anew
    """Read the text once: a notebook keeps every widget that it made, and each its script."""
    return path.read_text(encoding="utf-8")
