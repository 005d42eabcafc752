"""What is sent to the browser, decoded again and counted by the browser's rules."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.family_tree import FamilyTree
from nbmotif.hits import Hits
from nbmotif.widget import wire
from nbmotif.widget.content import Content
from nbmotif.widget.inputs import read_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NUMPY = {name: np.dtype(dtype).newbyteorder("<") for dtype, name in wire.DTYPES.items()}


def assemble(messages: Iterable[tuple[list[dict[str, Any]], list[memoryview]]]) -> dict[str, np.ndarray]:
    """Put columns together again, as the browser does."""
    columns: dict[str, np.ndarray] = {}
    received: dict[str, int] = {}
    for entries, buffers in messages:
        assert len(entries) == len(buffers)
        for entry, buffer in zip(entries, buffers, strict=True):
            column = columns.setdefault(entry["name"], np.empty(entry["total"], _NUMPY[entry["dtype"]]))
            part = np.frombuffer(gzip.decompress(buffer) if entry["gzip"] else buffer, column.dtype)
            assert len(part) == entry["length"]
            column[entry["offset"] : entry["offset"] + len(part)] = part
            received[entry["name"]] = received.get(entry["name"], 0) + len(part)
    assert received == {name: len(column) for name, column in columns.items()}
    return columns


def random_hits(rng: np.random.Generator, n_hits: int, n_motifs: int = 7, n_sequences: int = 5) -> Hits:
    return Hits(
        motif_names=[f"m{i}" for i in range(n_motifs)],
        motif_widths=np.full(n_motifs, 5),
        motif_idx=rng.integers(0, n_motifs, n_hits),
        sequence_idx=rng.integers(0, n_sequences, n_hits),
        start=rng.integers(0, 50, n_hits),
        strand=rng.choice([-1, 0, 1], n_hits),
        score=rng.normal(size=n_hits),
        p_value=rng.choice(rng.uniform(0, 1e-4, 9), n_hits),
        attribution=rng.choice(rng.normal(0, 1, 30), n_hits),
        n_sequences=n_sequences,
    )


@given(
    st.integers(0, 40),
    st.integers(8, 64),
    st.lists(st.sampled_from(sorted(wire.DTYPES)), min_size=1, max_size=5),
)
def test_pieces__put_together_are_the_columns(n: int, limit: int, dtypes: list[str]) -> None:
    rng = np.random.default_rng(n)
    columns = {f"{i} {dtype}": rng.integers(0, 100, max(0, n - i)).astype(dtype) for i, dtype in enumerate(dtypes)}
    messages = list(wire.pieces(columns, limit))
    assert all(sum(buffer.nbytes for buffer in buffers) <= limit for _, buffers in messages)
    found = assemble(messages)
    assert list(found) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(found[name], column)


def test_pieces__of_two_megabytes_hold_a_large_column() -> None:
    column = np.arange(1_300_000, dtype=np.float32)
    messages = list(wire.pieces({"a": column}))
    assert [entries[0]["length"] for entries, _ in messages] == [500_000, 500_000, 300_000]
    assert all(buffers[0].nbytes < 2_000_000 for _, buffers in messages)
    np.testing.assert_array_equal(assemble(messages)["a"], column)


def test_encode__gives_continuous_p_values_more_bits() -> None:
    p = np.random.default_rng(0).permutation(70_000) / 1e9
    same = np.zeros(70_000)
    hits = Hits(["m0"], [5], same, same, same, same + 1, same, p, same + 1)
    encoded = wire.encode(_content(hits))
    tail = encoded.tail()
    assert tail["hit_p"].dtype == np.uint32
    np.testing.assert_array_equal(tail["p_level"][tail["hit_p"]], p)


@pytest.mark.parametrize("seed", range(5))
def test_tail__keeps_every_hit_with_its_columns_together(seed: int) -> None:
    hits = random_hits(np.random.default_rng(seed), 300)
    encoded = wire.encode(_content(hits))
    columns = assemble(wire.pieces({**encoded.columns(), **encoded.tail()}))
    sent = _decoded_hits(columns)
    assert sorted(sent) == sorted(_rows(hits))
    places = [row[1:3] for row in sent]
    assert places == sorted(places)


@pytest.mark.parametrize("max_hits", [1, 10, 299, 300])
def test_encode__sends_the_strongest_hits_and_says_the_floor(max_hits: int) -> None:
    hits = random_hits(np.random.default_rng(1), 300)
    encoded = wire.encode(_content(hits), max_hits)
    floor = encoded.manifest["floor"]
    above = np.abs(hits.attribution) > np.float32(floor)
    assert encoded.manifest["n_hits"] == len(encoded.tail()["hit_p"]) <= max_hits
    assert encoded.manifest["n_hits_total"] == 300
    if max_hits == 300:
        assert (floor, encoded.manifest["n_hits"]) == (0.0, 300)
    else:
        assert encoded.manifest["n_hits"] == above.sum()
        # not one more could have been sent: the next hits are equally strong, and too many
        assert (np.abs(hits.attribution) >= np.float32(floor)).sum() > max_hits


def test_hits_of__holds_all_hits_of_a_sequence_also_those_below_the_floor() -> None:
    hits = random_hits(np.random.default_rng(2), 300)
    content = _content(hits)
    columns = {**wire.encode(content, 10).columns(), **wire.hits_of(content, 3)}
    expected = sorted((m, 0, *row) for m, s, *row in _rows(hits) if s == 3)
    assert sorted(_decoded_hits(columns)) == expected


def test_encode__manifest_is_json(pieces: Callable[..., dict[str, Any]]) -> None:
    content = read_content(**pieces())
    manifest = json.loads(json.dumps(wire.encode(content).manifest, allow_nan=False))
    pieces_given = ("hits", "seqlets", "marginal", "hypothetical", "attributions")
    assert manifest["has"] == {**dict.fromkeys(pieces_given, True), "tree": False, "null": False}
    assert (manifest["n_sequences"], manifest["length"], manifest["n_motifs"]) == (6, 120, 5)
    assert manifest["loci"]["start"] == [0, 1000, 2000, 3000, 4000, 5000]
    columns = wire.encode(content).columns()
    assert columns["attribution_stop"].max() == pytest.approx(0.3)
    # hits and seqlets of p = 1e-4 and 0.01 are below these
    assert (columns["fimo_p_stop"][0], columns["seqlet_p_stop"][0], columns["tomtom_p_stop"][0]) == (2e-4, 0.02, 1.0)
    columns = wire.encode(read_content(**pieces("hits", "seqlets", "annotations"))).columns()
    assert (columns["fimo_p_stop"][0], columns["seqlet_p_stop"][0], columns["tomtom_p_stop"][0]) == (1e-4, 0.01, 1.0)


def test_encode__of_nothing_has_every_column(pieces: Callable[..., dict[str, Any]]) -> None:
    empty, full = wire.encode(Content()), wire.encode(read_content(**pieces()))
    for one, other in ((empty.columns(), full.columns()), (empty.tail(), full.tail())):
        assert {name: values.dtype for name, values in one.items()} == {name: v.dtype for name, v in other.items()}
    assert empty.tail()["hit_offset"].tolist() == [0]


def test_encode_pwms__are_columns_of_acgt() -> None:
    pwm = np.array([[0.0, 1.0], [0.5, 0.0], [0.25, 0.0], [0.25, 0.0]])
    assert wire.encode_pwms([pwm], np.array([2])).tolist() == [0, 128, 64, 64, 255, 0, 0, 0]


def test_encode_pwms__without_a_matrix_are_flat() -> None:
    assert wire.encode_pwms(None, np.array([1, 1])).tolist() == [64, 64, 64, 63] * 2


def test_track__holds_bases_and_their_attribution(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces()
    made["X"][2, :, 5] = 0
    made["attributions"][2, :, 5] = 0
    content = read_content(**made)
    codes, observed, hypothetical = wire.track(content, 2, hypothetical=True)
    expected = made["X"][2].argmax(axis=0)
    expected[5] = 4
    np.testing.assert_array_equal(np.frombuffer(codes, np.uint8), expected)
    np.testing.assert_array_equal(np.frombuffer(observed, "<f4"), made["attributions"][2].sum(axis=0))
    np.testing.assert_array_equal(np.frombuffer(hypothetical, "<f4").reshape(4, -1), made["hypothetical"][2])


@pytest.mark.parametrize("given", ["attributions", "hypothetical", "flat"])
def test_track__is_the_same_from_any_form_of_attribution(pieces: Callable[..., dict[str, Any]], given: str) -> None:
    made = pieces()
    expected = wire.track(read_content(**made), 1)
    if given == "flat":
        made["attributions"] = made["attributions"].sum(axis=1)
    else:
        del made[{"attributions": "hypothetical", "hypothetical": "attributions"}[given]]
    assert [bytes(part) for part in wire.track(read_content(**made), 1)] == [bytes(part) for part in expected]


def test_track__guesses_the_bases_where_only_attributions_are_known(pieces: Callable[..., dict[str, Any]]) -> None:
    made = pieces()
    content = read_content(attributions=made["attributions"])
    np.testing.assert_array_equal(content.codes(0), made["X"][0].argmax(axis=0))


def _content(hits: Hits) -> Content:
    names = hits.motif_names
    tree = FamilyTree.of_groups(np.arange(len(names)), names)
    return Content("", 5, 60, names, hits.motif_widths, tree=tree, hits=hits)


def _rows(hits: Hits) -> list[tuple[float, ...]]:
    columns = (hits.motif_idx, hits.sequence_idx, hits.start, hits.strand, hits.p_value, hits.attribution)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _decoded_hits(columns: dict[str, np.ndarray]) -> list[tuple[float, ...]]:
    motif = columns["hit_motif"].astype(np.int64)
    sequence = np.repeat(np.arange(len(columns["hit_offset"]) - 1), np.diff(columns["hit_offset"].astype(np.int64)))
    p = columns["p_level"][columns["p_level_offset"][motif] + columns["hit_p"].astype(np.int64)]
    decoded = (motif, sequence, columns["hit_start"], columns["hit_strand"], p, columns["hit_attribution"])
    return list(zip(*(column.tolist() for column in decoded), strict=True))
