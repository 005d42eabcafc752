"""Finds the built browser part, which lies in the package."""

from __future__ import annotations

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
    return SCRIPT.read_text(encoding="utf-8")
