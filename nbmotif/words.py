"""Words of messages: numbers with their noun, long lists cut short, and names that may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def counted(n: int, what: str) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> from nbmotif.words import counted
    >>> counted(1, "motif"), counted(1200, "motif")
    ('1 motif', '1,200 motifs')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def some(items: Sequence[object], most: int = 5) -> str:
    """List the first few.

    Examples
    --------
    >>> from nbmotif.words import some
    >>> some([1, 2, 3], 2), some([1, 2], 2)
    ('1, 2, …', '1, 2')
    """
    return ", ".join(map(str, items[:most])) + (", …" if len(items) > most else "")


def alike(name: str, known: Iterable[str], most: int = 5) -> list[str]:
    """Find a few of the known names that hold another one, whatever the case."""
    return [one for one in known if name.lower() in one.lower()][:most]


def no_motif(name: str, known: Iterable[str]) -> str:
    """Say that no motif has a name, and which are alike."""
    found = alike(name, known)
    return f"no motif is called {name!r}" + (f"; there are {', '.join(found)}" if found else "")
