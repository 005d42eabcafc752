"""Answers the browser's requests.

anywidget's own `invoke` gives up after three seconds and swallows what a handler raises; here every request gets parts
and then exactly one ``ok`` or ``error``, under its own id. Handlers may run in a thread beside the user's cell, so they
read one immutable `Content` and change nothing.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from nbmotif.arguments import check_choice, whole_number
from nbmotif.errors import InvalidArgument
from nbmotif.widget import answers, wire
from nbmotif.widget.card import encode_card, motif_card
from nbmotif.widget.content import Scores
from nbmotif.widget.queries import read_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from nbmotif.widget.content import Content

_log = logging.getLogger(__name__)


class Snapshot(NamedTuple):
    """What the widget shows at one moment."""

    encoded: wire.Encoded
    rev: int

    @property
    def content(self) -> Content:
        """What is shown."""
        return self.encoded.content


class Reply(NamedTuple):
    """One message of an answer, without its id."""

    body: dict[str, Any]
    buffers: list[memoryview]


def _parts(columns: Mapping[str, NDArray[Any]]) -> Iterator[Reply]:
    for entries, buffers in wire.pieces(columns):
        yield Reply({"status": "part", "columns": entries}, buffers)


def _load(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:  # noqa: ARG001  every handler takes params
    yield from _parts(shown.encoded.columns())
    yield Reply({"status": "ok", "rev": shown.rev}, [])


def _tail(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:  # noqa: ARG001  every handler takes params
    yield from _parts(shown.encoded.tail())
    yield Reply({"status": "ok"}, [])


def _count(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    yield from _parts(answers.count_columns(shown.content, read_query(shown.content, params)))
    yield Reply({"status": "ok"}, [])


def _chance(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    yield from _parts(answers.chance_columns(shown.content, read_query(shown.content, params)))
    yield Reply({"status": "ok"}, [])


def _profile(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    query, floor = read_query(shown.content, params), shown.encoded.manifest["floor"]
    columns, exact = answers.profile_columns(shown.content, query, str(params.get("control")), floor)
    yield from _parts(columns)
    yield Reply({"status": "ok", "exact": exact}, [])


def _background(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    found = answers.background(shown.content, read_query(shown.content, params))
    yield from _parts(found.columns)
    yield Reply({"status": "ok", **found.message}, [])


def _hits(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    yield from _parts(wire.hits_of(shown.content, _sequence(shown, params)))
    yield Reply({"status": "ok"}, [])


def _track(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    content, sequence = shown.content, _sequence(shown, params)
    sets = list(content.score_sets.values()) or [Scores(None, None)]
    chosen = whole_number(params.get("set", 0), "set", 0, len(sets) - 1)
    wants_hypothetical = bool(params.get("hypothetical"))
    if wants_hypothetical and not shown.encoded.manifest["has"]["hypothetical"]:
        hint = "Pass hypothetical= to the Explorer."
        raise InvalidArgument("hypothetical", True, "False where there are no hypothetical scores", hint)
    buffers = wire.track(content, sequence, wants_hypothetical, sets[chosen])
    yield Reply({"status": "ok", "sequence": sequence}, buffers)


def _card(shown: Snapshot, params: Mapping[str, Any]) -> Iterator[Reply]:
    motif = whole_number(params.get("motif"), "motif", 0, shown.content.n_motifs - 1)
    card = motif_card(shown.content, read_query(shown.content, params), motif)
    body, arrays = encode_card(shown.content, card)
    yield Reply({"status": "ok", **body}, [wire.to_bytes(array) for array in arrays])


def _sequence(shown: Snapshot, params: Mapping[str, Any]) -> int:
    return whole_number(params.get("sequence"), "sequence", 0, shown.content.n_sequences - 1)


_HANDLERS: dict[str, Callable[[Snapshot, Mapping[str, Any]], Iterator[Reply]]] = {
    "load": _load,
    "tail": _tail,
    "count": _count,
    "chance": _chance,
    "profile": _profile,
    "background": _background,
    "hits": _hits,
    "track": _track,
    "card": _card,
}

# take seconds where there are tens of millions of hits
_SLOW = {"tail", "count", "chance", "profile", "background"}


@functools.cache
def _worker() -> ThreadPoolExecutor:
    """Return the one thread of all Explorers: of those that were not closed a notebook keeps many."""
    return ThreadPoolExecutor(1, thread_name_prefix="nbmotif")


class Jobs:
    """Answers requests until told to stop.

    Parameters
    ----------
    send
        Sends one message with its buffers to the browser.
    snapshot
        Returns what is shown now, or None once the widget is closed.
    stop
        Cancels the stage that the user wants to stop.
    in_background
        Answer what may take seconds in a thread of its own, one after the other, so that tracks need not wait for it.
    """

    def __init__(
        self,
        send: Callable[[dict[str, Any], list[memoryview]], None],
        snapshot: Callable[[], Snapshot | None],
        stop: Callable[[], None] = lambda: None,
        in_background: bool = False,
    ) -> None:
        self._send, self._snapshot, self._stop = send, snapshot, stop
        # a cancel may come before its request or long after it; the last few are all that can matter
        self._cancelled: deque[object] = deque(maxlen=64)
        self._waiting: list[Future[None]] = []
        self._in_background = in_background

    def receive(self, message: Mapping[str, Any]) -> None:
        """Answer one message; what goes wrong is sent, never raised, because nobody would see it here."""
        kind, request_id = message.get("type"), message.get("id")
        if kind == "stop":
            self._stop()
        elif kind == "cancel":
            self._cancelled.append(request_id)
        elif kind == "request":
            name, params = str(message.get("name")), message.get("params") or {}
            if self._in_background and name in _SLOW:
                self._waiting = [job for job in self._waiting if not job.done()]
                self._waiting.append(_worker().submit(self._answer_or_say_why_not, request_id, name, params))
            else:
                self._answer_or_say_why_not(request_id, name, params)

    def close(self) -> None:
        """Answer nothing more."""
        for job in self._waiting:
            job.cancel()

    def _answer_or_say_why_not(self, request_id: object, name: str, params: Mapping[str, Any]) -> None:
        try:
            self._answer(request_id, name, params)
        except Exception as error:  # noqa: BLE001  whatever it is, the browser is waiting for an answer
            _log.debug("request %r failed", name, exc_info=True)
            self._send({"type": "reply", "id": request_id, "status": "error", "message": sentence(error)}, [])

    def _answer(self, request_id: object, name: str, params: Mapping[str, Any]) -> None:
        shown = self._snapshot()
        if shown is None:
            raise RuntimeError("This Explorer was closed; run its cell again.")
        check_choice(name, "name", _HANDLERS, "Reload the page.")
        if request_id in self._cancelled:
            return
        for reply in _HANDLERS[name](shown, params):
            if request_id in self._cancelled:
                return
            self._send({"type": "reply", "id": request_id, **reply.body}, reply.buffers)


def sentence(error: Exception) -> str:
    """Return an error as one line for the user."""
    text = " ".join(str(error).split())
    return text if isinstance(error, (ValueError, RuntimeError)) and text else f"{type(error).__name__}: {text}"
