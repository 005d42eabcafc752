"""Writes an Explorer as one HTML file that works with no kernel, no network and no server."""

from __future__ import annotations

import base64
import gzip
import html
import json
from typing import TYPE_CHECKING, Any

from nbmotif.widget import answers, wire
from nbmotif.widget.bundle import read_script
from nbmotif.widget.card import encode_card
from nbmotif.widget.content import Scores
from nbmotif.widget.queries import QUERY_TRAITS, read_query
from nbmotif.widget.stage import READY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from nbmotif.widget.card import MotifCard
    from nbmotif.widget.content import Content
    from nbmotif.widget.table import Answer

# nothing may be fetched: a page that was mailed around must not call home
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src data:"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ margin: 0; padding: 12px; font-family: system-ui, sans-serif; }}
.nbmotif-message {{ max-width: 40em; }}
</style>
</head>
<body>
<main id="nbmotif"><noscript>This page draws itself with JavaScript, which is switched off here.</noscript></main>
<script type="application/json" id="nbmotif-page">{page}</script>
<script type="application/json" id="nbmotif-script">{script}</script>
<script>
(async () => {{
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const url = URL.createObjectURL(new Blob([read("nbmotif-script")], {{ type: "text/javascript" }}));
  const module = await import(url);
  URL.revokeObjectURL(url);
  await module.mount(document.getElementById("nbmotif"), read("nbmotif-page"));
}})().catch((error) => {{
  const message = document.createElement("p");
  message.className = "nbmotif-message";
  message.textContent = `This page could not be drawn (${{error}}). It needs a current browser.`;
  document.getElementById("nbmotif").replaceChildren(message);
  throw error;
}});
</script>
</body>
</html>
"""


def page(
    traits: Mapping[str, Any],
    encoded: wire.Encoded,
    found: Answer,
    tracks: Sequence[int],
    title: str,
    cards: Sequence[MotifCard] = (),
) -> str:
    """Return the text of the page.

    Parameters
    ----------
    traits
        The widget's synced traits that can be shared, JSON-ready.
    encoded
        What it shows.
    found
        The numbers of its table, also by chance, at ``traits``.
    tracks
        The sequences to put in; the page can show no other.
    title
        Of the page.
    cards
        Motifs whose cards can be opened completely, at the thresholds of ``traits``.
    """
    sequences = [int(sequence) for sequence in tracks]
    manifest = encoded.manifest | {"tracks": sequences}
    shown = [sequence for sequence in traits.get("_tracks", []) if sequence in set(sequences)]
    static = {
        "traits": {**traits, "_manifest": manifest, "_rev": 1, "_status": READY, "_tracks": shown or sequences[:4]},
        "answers": list(_answers(traits, encoded, found, sequences)),
        "tracks": [
            {"sequence": sequence, "set": number, "buffers": _track(encoded.content, sequence, scores)}
            for number, scores in enumerate(encoded.content.score_sets.values() or [Scores(None, None)])
            for sequence in sequences
        ],
        "cards": {card.name: _card(encoded.content, card) for card in cards},
    }
    return _PAGE.format(policy=_POLICY, title=html.escape(title), page=_json(static), script=_json(read_script()))


def _answers(
    traits: Mapping[str, Any], encoded: wire.Encoded, found: Answer, sequences: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Answer ahead what the view will ask: so far as it can be known what that is."""
    content, floor = encoded.content, encoded.manifest["floor"]
    asked = {name: traits[name] for name in QUERY_TRAITS}
    of_hits = {**asked, "seqlet_p_threshold": 1, "tomtom_p_threshold": 1}
    at_any = {**of_hits, "attribution_threshold": 0}
    query = read_query(content, asked)
    yield _answer("load", {}, {"rev": 1}, encoded.columns())
    yield _answer("tail", {}, {}, encoded.tail())
    yield _answer("count", asked, {}, answers.count_columns(content, query, found))
    if content.has_null:
        yield _answer("chance", of_hits, {}, answers.chance_columns(content, query, found))
    if floor > 0:
        columns, exact = answers.profile_columns(content, query, "attribution", floor)
        yield _answer("profile", {**at_any, "control": "attribution"}, {"exact": exact}, columns)
        for sequence in sequences:
            yield _answer("hits", {"sequence": sequence}, {}, wire.hits_of(content, sequence))
    plane = answers.background(content, query)
    yield _answer("background", at_any, plane.message, plane.columns)


def _answer(name: str, params: Any, message: dict[str, Any], columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    pieces = [
        {"name": column, "dtype": wire.DTYPES[values.dtype.name], "offset": 0, "length": len(values)}
        | {"total": len(values), "data": _base64(wire.to_bytes(values))}
        for column, values in columns.items()
    ]
    return {"name": name, "params": params, "message": message, "columns": pieces}


def _track(content: Content, sequence: int, scores: Scores) -> list[str]:
    return [_base64(buffer) for buffer in wire.track(content, sequence, hypothetical=True, scores=scores)]


def _card(content: Content, card: MotifCard) -> dict[str, Any]:
    body, arrays = encode_card(content, card)
    return {"body": body, "buffers": [_base64(wire.to_bytes(array)) for array in arrays]}


def _base64(raw: memoryview) -> str:
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode()


def _json(value: Any) -> str:
    """Return JSON that can stand inside a script element: no `<`, so no tag can begin or end in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
