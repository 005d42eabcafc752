"""What Python and the page's TypeScript both say by hand, read from both: names, orders and kinds must not drift."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import pytest

from nbmotif.suggestions import Suggestion
from nbmotif.widget import answers, figure, jobs, share, table, wire
from nbmotif.widget.card import encode_card
from nbmotif.widget.queries import QUERY_TRAITS
from nbmotif.widget.rows import NUMBER_COLUMNS, SORT_COLUMNS
from nbmotif.widget.score_sets import difference_name
from nbmotif.widget.stage import READY
from nbmotif.widget.state import SHARED, ExplorerState
from nbmotif.widget.view import VIEWS
from tests.unit.conftest import make_pieces

if TYPE_CHECKING:
    from collections.abc import Mapping

Make = "Callable[..., Explorer]"
_SOURCE = Path(__file__).parents[2] / "js" / "src"

pytestmark = pytest.mark.skipif(not _SOURCE.is_dir(), reason="the widget's source is not part of this checkout")


def source(name: str) -> str:
    return (_SOURCE / name).read_text()


def found(pattern: str, name: str) -> str:
    [text] = re.findall(pattern, source(name), re.DOTALL | re.MULTILINE)
    return str(text)


def names_in(text: str) -> list[str]:
    return re.findall(r'"([^"]+)"', text)


def list_of(constant: str, name: str = "wire.ts") -> list[str]:
    return names_in(found(rf"const {constant}\b[^=]*= \[(.*?)\]", name))


def union(alias: str, name: str = "wire.ts") -> set[str]:
    """Return the texts of a type that is one of several."""
    return set(names_in(found(rf"type {alias} =(.*?);", name)))


def fields(interface: str, name: str = "wire.ts") -> list[str]:
    """Return the names of an interface's fields, without those of objects inside."""
    return re.findall(r"^  (\w+)\??:", found(rf"^(?:export )?interface {interface} \{{\n(.*?)^\}}", name), re.MULTILINE)


# traits


def test_the_traits_that_counts_depend_on__are_the_same_in_the_same_order() -> None:
    assert list_of("QUERY_TRAITS") == list(QUERY_TRAITS)


def test_the_page_knows_every_trait_that_is_synced__and_a_shared_page_takes_them_all_along() -> None:
    synced = set(ExplorerState.class_traits(sync=True)) - set(anywidget.AnyWidget.class_traits(sync=True))
    assert sorted([*QUERY_TRAITS, *list_of("TRAIT_NAMES")]) == sorted(synced)
    assert sorted(fields("Traits")) == sorted(synced)
    # what is shown and what runs is said anew by each page
    assert sorted([*SHARED, "_manifest", "_rev", "_status"]) == sorted(synced)


@pytest.mark.parametrize(
    ("alias", "trait"),
    [
        ("Sign", "sign"),
        ("Theme", "theme"),
        ("PaletteName", "palette"),
        ("YMode", "_y_mode"),
        ("SequenceOrder", "_sequence_order"),
        ("CountMode", "count_mode"),
    ],
)
def test_a_choice_is_one_of_the_same__here_and_there(alias: str, trait: str) -> None:
    assert union(alias) == set(ExplorerState.class_traits()[trait].values)


def test_the_columns_of_the_table__are_the_same() -> None:
    assert union("NumberColumn") == set(NUMBER_COLUMNS)
    assert union("SortColumn") | union("NumberColumn") == set(SORT_COLUMNS)


def test_as_many_motifs_can_be_marked__as_have_a_colour() -> None:
    most = ExplorerState.class_traits()["selected_motifs"]._maxlen
    assert int(found(r"const MAX_MARKED = (\d+);", "marks.ts")) == most
    for colors in re.findall(r"(?:--nbm-motif-\d+: #\w+;\s*)+", source("styles.css")):
        assert re.findall(r"motif-(\d+)", colors) == [str(i) for i in range(1, most + 1)]


def test_the_parts_of_an_explorer__are_the_same() -> None:
    assert union("ViewName", "views/Explorer.tsx") == {"explorer", *VIEWS}


# what is sent


def test_what_the_columns_are_about__has_the_same_names(explorer: Make) -> None:
    manifest = explorer()._manifest
    assert fields("Manifest") == list(manifest)
    for part in ("has", "loci"):
        inside = found(rf"^  {part}: \{{(.*?)\}}", "wire.ts")
        assert re.findall(r"(\w+): ", re.sub(r"/\*.*?\*/", "", inside)) == list(manifest[part])


def test_numbers_have_the_same_kinds() -> None:
    assert union("Dtype") == set(wire.DTYPES.values())
    assert set(re.findall(r"^  (\w+): \w+Array,$", source("decode.ts"), re.MULTILINE)) == set(wire.DTYPES.values())


def taken(name: str) -> dict[str, str]:
    """Return the columns that the page takes, and as which kind of number; "" where it takes whichever comes."""
    text = source(name)
    typed = dict(re.findall(r'\.take\("(\w+)", "(\w+)"', text))
    others = re.findall(r'(?:takeIndex\(|addUp\(columns, )"(\w+)"', text)
    return {**typed, **dict.fromkeys(others, "")}


def check_columns(sent: Mapping[str, Any], wanted: dict[str, str]) -> None:
    assert sorted(sent) == sorted(wanted)
    kinds = {name: wire.DTYPES[values.dtype.name] for name, values in sent.items()}
    assert {name: kinds[name] for name in wanted if wanted[name]} == {
        name: kind for name, kind in wanted.items() if kind
    }
    assert {kinds[name] for name in wanted if name.startswith("hit_") and not wanted[name]} <= {"u16", "u32"}


def test_the_page_takes_every_column_that_is_sent__as_what_it_is(explorer: Make) -> None:
    encoded = wire.encode(explorer()._content)
    check_columns({**encoded.columns(), **encoded.tail()}, taken("dataset.ts"))


def test_the_page_takes_every_number_that_it_asks_for__as_what_it_is(explorer: Make) -> None:
    widget = explorer(hits=make_pieces()["hits"].drop(columns="attribution"))
    content, query = widget._content, widget._query
    profiles = [answers.profile_columns(content, query, control, 0.1)[0] for control in union("Control")]
    sent = [answers.count_columns(content, query), answers.chance_columns(content, query), *profiles]
    sent.append(answers.background(content, query).columns)
    assert content.has_null
    check_columns({name: values for columns in sent for name, values in columns.items()}, taken("answers.ts"))


def test_whatever_can_be_asked_for__is_answered() -> None:
    assert sorted(fields("RequestParams")) == sorted(jobs._HANDLERS)


def test_what_is_said_beside_the_columns__has_the_same_names(explorer: Make) -> None:
    assert fields("Status") == list(READY)
    assert fields("Suggestion") == list(Suggestion._fields)
    widget = explorer()
    message = answers.background(widget._content, widget._query).message
    assert set(re.findall(r"message\.(\w+)", source("answers.ts"))) == {*message, "exact"}


def test_the_card_of_a_motif__has_the_same_names(explorer: Make) -> None:
    widget = explorer()
    body, _ = encode_card(widget._content, widget.describe(widget._content.motif_names[0]))
    assert set(re.findall(r"message\.(\w+)", source("card.ts"))) == set(body)
    own = set(fields("Example", "card.ts")) - {"sequence", "window"}
    assert {*own, "sequence_idx"} == set(body["examples"][0])


def test_the_plane_of_hits__has_a_bin_for_so_many_stops_as_it_says(explorer: Make) -> None:
    widget = explorer()
    content = widget._content
    sent = answers.background(content, widget._query)
    sliders = (content.attribution_stops, content.p_stops)
    columns, rows = (-(-len(s.values) // step) for s, step in zip(sliders, sent.message["density_step"], strict=True))
    assert len(sent.columns["density"]) == len(sent.columns["density_null"]) == 2 * columns * rows


# a shared page finds an answer by the text of its question


def test_a_shared_page_holds_answers_to_what_it_will_ask(explorer: Make) -> None:
    """The same texts as in js/test/answers.test.ts, of what the page asks."""
    hits = make_pieces()["hits"].drop(columns="attribution")
    asked = {"attribution_threshold": 0.125, "fimo_p_threshold": 0.0001, "seqlet_p_threshold": 0.01}
    asked |= {"tomtom_p_threshold": 0.05, "sign": "+", "count_mode": "sites", "family_similarity": 0.7}
    widget = explorer(hits=hits, max_hits=20, **asked)
    traits = {name: getattr(widget, name) for name in SHARED}
    numbers = table.answer(widget._content, widget._query)
    answered = share._answers(traits, widget._shown.encoded, numbers, [])
    found = {answer["name"]: answer["params"] for answer in answered}

    def text(attribution: float, seqlet: float, tomtom: float) -> str:
        return (
            f'{{"attribution_threshold":{attribution},"fimo_p_threshold":0.0001,"seqlet_p_threshold":{seqlet},'
            f'"tomtom_p_threshold":{tomtom},"sign":"+","window":null,"sequence_filter":null,"sequence":null,'
            '"count_mode":"sites","family_similarity":0.7'
        )

    assert {name: json.dumps(params, separators=(",", ":")) for name, params in found.items()} == {
        "load": "{}",
        "tail": "{}",
        "count": text(0.125, 0.01, 0.05) + "}",
        "chance": text(0.125, 1, 1) + "}",
        "background": text(0, 1, 1) + "}",
        "profile": text(0, 1, 1) + ',"control":"attribution"}',
    }


def test_a_card_in_a_shared_page__is_shown_where_nothing_moved_that_its_sites_depend_on() -> None:
    # what seqlets, the mode and the families are does not matter to a motif's hits
    others = {"seqlet_p_threshold", "tomtom_p_threshold", "count_mode", "family_similarity"}
    assert set(list_of("CARD_TRAITS", "standalone.ts")) == set(QUERY_TRAITS) - others


# what both call or paint the same


def test_a_difference_of_two_sets__is_called_the_same() -> None:
    pattern = found(r"const differenceName = .*?`(.*?)`", "layers.ts")
    assert difference_name("${of}", "${less}") == pattern


def test_a_figure_has_the_colours_of_the_page() -> None:
    block = found(r'^\.nbm-root\[data-palette="okabe-ito"\] \{(.*?)\}', "styles.css")
    colors = {base.upper(): color for base, color in re.findall(r"--nbm-base-([acgt]): (#\w+);", block)}
    assert colors == figure.COLORS["okabe-ito"]
