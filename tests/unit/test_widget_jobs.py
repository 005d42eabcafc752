"""Requests of the browser and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nbmotif.widget import answers, wire
from nbmotif.widget.card import encode_card, motif_card
from nbmotif.widget.inputs import read_content
from nbmotif.widget.jobs import Jobs, Snapshot, sentence
from nbmotif.widget.queries import read_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmotif.widget.content import Content
    from nbmotif.widget.table import Query


class Wire:
    """Records what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], list[memoryview]]] = []
        self.on_send: Callable[[], None] = lambda: None

    def send(self, body: dict[str, Any], buffers: list[memoryview]) -> None:
        self.sent.append((body, buffers))
        self.on_send()


@pytest.fixture
def asked(pieces: Callable[..., dict[str, Any]]) -> tuple[Wire, Jobs]:
    content = read_content(**pieces("hypothetical"))
    to_browser = Wire()
    return to_browser, Jobs(to_browser.send, lambda: Snapshot(wire.encode(content), rev=3))


def request(name: str, /, **params: Any) -> dict[str, Any]:
    return {"type": "request", "id": 17, "name": name, "params": params}


def test_load__answers_in_parts_and_ends_with_ok(asked: tuple[Wire, Jobs]) -> None:
    to_browser, jobs = asked
    jobs.receive(request("load"))
    assert [body["status"] for body, _ in to_browser.sent] == ["part", "ok"]
    assert all((body["type"], body["id"]) == ("reply", 17) for body, _ in to_browser.sent)
    body, buffers = to_browser.sent[0]
    assert len(body["columns"]) == len(buffers)
    assert to_browser.sent[1][0]["rev"] == 3


def test_track__answers_with_bases_and_attribution(asked: tuple[Wire, Jobs]) -> None:
    to_browser, jobs = asked
    jobs.receive(request("track", sequence=4, hypothetical=False))
    [(body, buffers)] = to_browser.sent
    assert body == {"type": "reply", "id": 17, "status": "ok", "sequence": 4}
    assert [len(buffer) for buffer in buffers] == [120, 480]


QUERY = {
    "attribution_threshold": 0.0,
    "fimo_p_threshold": 1e-3,
    "seqlet_p_threshold": 0.02,
    "tomtom_p_threshold": 0.9,
    "sign": "both",
    "window": [10, 100],
    "sequence_filter": None,
    "sequence": None,
    "count_mode": "sites",
    "family_similarity": 0.5,
}


@pytest.mark.parametrize(
    ("message", "columns"),
    [
        (request("load"), lambda shown: shown.encoded.columns()),
        (request("tail"), lambda shown: shown.encoded.tail()),
        (request("hits", sequence=4), lambda shown: wire.hits_of(shown.content, 4)),
        (request("count", **QUERY), lambda shown: answers.count_columns(*_query(shown))),
        (request("chance", **QUERY), lambda shown: answers.chance_columns(*_query(shown))),
        (request("background", **QUERY), lambda shown: answers.background(*_query(shown)).columns),
        (
            request("profile", control="p", **QUERY),
            lambda shown: answers.profile_columns(*_query(shown), "p", shown.encoded.manifest["floor"])[0],
        ),
    ],
    ids=lambda one: one["name"] if isinstance(one, dict) else "",
)
def test_receive__sends_the_columns_that_are_asked_for_and_then_one_ok(
    asked: tuple[Wire, Jobs], message: dict[str, Any], columns: Callable[[Snapshot], Any]
) -> None:
    to_browser, jobs = asked
    jobs.receive(message)
    *parts, (end, rest) = to_browser.sent
    assert (end["status"], rest) == ("ok", [])
    expected = list(wire.pieces(columns(jobs._snapshot())))
    assert [body["columns"] for body, _ in parts] == [entries for entries, _ in expected]
    assert [list(map(bytes, buffers)) for _, buffers in parts] == [list(map(bytes, made)) for _, made in expected]


def _query(shown: Snapshot) -> tuple[Content, Query]:
    return shown.content, read_query(shown.content, QUERY)


def test_card__answers_with_the_motif_that_is_asked_for(asked: tuple[Wire, Jobs]) -> None:
    to_browser, jobs = asked
    jobs.receive(request("card", motif=2.0, **QUERY))
    [(body, buffers)] = to_browser.sent
    expected, arrays = encode_card(jobs._snapshot().content, motif_card(*_query(jobs._snapshot()), 2))
    assert body == {"type": "reply", "id": 17, "status": "ok", **expected}
    assert [bytes(buffer) for buffer in buffers] == [array.tobytes() for array in arrays]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("two\nlines"), "two lines"),
        (ValueError(), "ValueError: "),
        (RuntimeError("closed"), "closed"),
        (TypeError("no"), "TypeError: no"),
    ],
)
def test_sentence__names_the_kind_of_an_error_that_does_not_speak_for_itself(error: Exception, says: str) -> None:
    assert sentence(error) == says


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (request("track", sequence=6), "`sequence` must be a whole number, 0 to 5; got 6."),
        (request("track"), "`sequence` must be a whole number, 0 to 5; got None."),
        (request("track", sequence=0, hypothetical=True), "Pass hypothetical= to the Explorer."),
        (request("paint"), "'hits', 'track', 'card'; got 'paint'. Reload the page."),
        (request("count", sign="+"), "got no 'attribution_threshold'. Reload the page."),
    ],
)
def test_receive__answers_a_bad_request_with_one_sentence(
    asked: tuple[Wire, Jobs], message: dict[str, Any], answer: str
) -> None:
    to_browser, jobs = asked
    jobs.receive(message)
    [(body, buffers)] = to_browser.sent
    assert (body["status"], body["id"], buffers) == ("error", 17, [])
    assert body["message"].endswith(answer)
    assert "\n" not in body["message"]


def test_receive__answers_when_the_widget_was_closed() -> None:
    to_browser = Wire()
    Jobs(to_browser.send, lambda: None).receive(request("load"))
    assert to_browser.sent[0][0]["message"] == "This Explorer was closed; run its cell again."


def test_receive__answers_whatever_is_raised() -> None:
    to_browser = Wire()
    Jobs(to_browser.send, lambda: {}[0]).receive(request("load"))  # type: ignore[index]
    assert to_browser.sent[0][0] == {"type": "reply", "id": 17, "status": "error", "message": "KeyError: 0"}


def test_receive__stops_at_a_cancel(asked: tuple[Wire, Jobs], monkeypatch: pytest.MonkeyPatch) -> None:
    to_browser, jobs = asked
    monkeypatch.setattr(wire, "PIECE_BYTES", 1000)
    monkeypatch.setattr(wire.pieces, "__defaults__", (1000,))
    to_browser.on_send = lambda: jobs.receive({"type": "cancel", "id": 17})
    jobs.receive(request("load"))
    assert [body["status"] for body, _ in to_browser.sent] == ["part"]


@pytest.mark.parametrize("message", [{}, {"type": "hello"}, {"type": "reply", "id": 1}])
def test_receive__ignores_what_is_not_for_it(asked: tuple[Wire, Jobs], message: dict[str, Any]) -> None:
    to_browser, jobs = asked
    jobs.receive(message)
    assert to_browser.sent == []
