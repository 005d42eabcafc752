"""Progress of long calls: a bar in the notebook or the terminal, and a report to whoever asked for it."""

from __future__ import annotations

import contextlib
from collections.abc import Sized
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    Report = Callable[[float, float | None], None]

_reports: ContextVar[Report | None] = ContextVar("nbmotif_progress", default=None)


@contextlib.contextmanager
def reporting(report: Report) -> Iterator[None]:
    """Call ``report`` with what is done and the total, None if unknown, at each step of every bar inside.

    What it raises stops the work, as an interrupt does.

    Examples
    --------
    >>> from nbmotif.progress import Progress, reporting
    >>> with reporting(lambda done, total: print(done, "of", total)):
    ...     for _ in Progress("ab", disable=True):
    ...         pass
    1 of 2
    2 of 2
    """
    token = _reports.set(report)
    try:
        yield
    finally:
        _reports.reset(token)


class Progress:
    """A tqdm bar, to be iterated over or updated, that also reports where the bar itself is not shown.

    Parameters
    ----------
    iterable
        What to iterate over. Default: nothing; call ``update``.
    total
        How many steps there are. Default: the iterable's length, if it has one.
    disable
        Show no bar.
    look
        Further arguments of tqdm.
    """

    def __init__(
        self, iterable: Iterable[Any] = (), total: float | None = None, disable: bool = False, **look: Any
    ) -> None:
        self._iterable = iterable
        if total is None and isinstance(iterable, Sized):
            total = len(iterable) or None
        self._done: float = 0
        self._total = total
        self._bar = tqdm(total=total, disable=disable, **look)

    def update(self, n: float = 1) -> None:
        """Go on by ``n`` steps."""
        self._bar.update(n)
        self._done += n
        report = _reports.get()
        if report is not None:
            report(self._done, self._total)

    def set_postfix_str(self, text: str) -> None:
        """Write something behind the bar."""
        self._bar.set_postfix_str(text)

    def __iter__(self) -> Iterator[Any]:
        with self:
            for item in self._iterable:
                yield item
                self.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
