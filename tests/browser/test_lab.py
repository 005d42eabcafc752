"""The Explorer in JupyterLab, used with mouse and keyboard, and from Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.lab import lab_theme
from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAKE = "import synthetic; explorer = synthetic.explorer()"


@pytest.fixture(scope="module")
def kernel(lab_window: Any, lab: Any, open_once: Callable) -> Any:
    """One notebook for all tests that only need a fresh Explorer, because a kernel takes seconds to start."""
    return open_once("explorer.ipynb", [MAKE, "explorer"])


@pytest.fixture
def shown(kernel: Any, lab_page: Any) -> Iterator[Callable]:
    """Return a function that shows a new Explorer: the notebook and the view."""

    def show() -> tuple:
        kernel.activate().run_all()
        return kernel, views_on(lab_page)[0]

    yield show
    kernel.python("explorer.close()")


def table_of(notebook: Any) -> list[dict[str, Any]]:
    return notebook.value("explorer.counts.to_dict('records')")


def assert_same_table(rows: list[dict[str, str]], counts: list[dict[str, Any]]) -> None:
    """Compare the table's text with Python's numbers, cell by cell."""
    assert [row["motif"] for row in rows] == [count["motif_name"] for count in counts]
    for row, count in zip(rows, counts, strict=True):
        for column in ("sites", "sequences", "seqlets"):
            assert row[column].replace(",", "") == str(count[column]), (row, count)


def test_explorer__shows_what_python_counts(shown: Callable) -> None:
    notebook, view = shown()
    assert_same_table(view.rows(), table_of(notebook))
    view.screenshot("lab")


def test_explorer__is_drawn_in_colour_when_its_cell_is_run_again(shown: Callable) -> None:
    _, view = shown()
    view.settle()
    before = view.colourful_pixels()
    assert before > 1000
    _, view = shown()
    view.settle()
    assert view.colourful_pixels() == before


def test_explorer__follows_a_slider_dragged_with_the_mouse(shown: Callable) -> None:
    notebook, view = shown()
    view.motif("KLF1_MA0493").click()  # the sites of a selected motif stay, ghosted
    view.settle()
    before, boxes, ghosts = view.rows(), view.boxes(), view.ghosts()
    frames = int(view.root.get_attribute("data-frames"))
    view.drag("Attribution threshold", 0.85, release=False)
    view.settle(confirmed=False)
    during = view.rows()
    assert sum(int(row["sites"]) for row in during) < sum(int(row["sites"]) for row in before)
    assert int(view.root.get_attribute("data-frames")) > frames
    assert view.boxes() < boxes
    assert view.ghosts() > ghosts
    view.page.mouse.up()
    view.settle()
    threshold = notebook.value("explorer.attribution_threshold")
    assert threshold > 0.01
    assert float(view.number("Attribution threshold").input_value()) == pytest.approx(threshold)
    assert_same_table(view.rows(), table_of(notebook))


@pytest.mark.parametrize(
    ("slider", "trait", "to", "column"),
    [
        ("FIMO p threshold", "fimo_p_threshold", 0.4, "sites"),
        ("Seqlet p threshold", "seqlet_p_threshold", 0.4, "seqlets"),
        ("TOMTOM p threshold", "tomtom_p_threshold", 0.3, "seqlets"),
    ],
)
def test_explorer__follows_each_p_value_slider(
    shown: Callable, slider: str, trait: str, to: float, column: str
) -> None:
    notebook, view = shown()
    before = sum(int(row[column]) for row in view.rows())
    old = notebook.value(f"explorer.{trait}")
    view.drag(slider, to)
    view.settle()
    assert notebook.value(f"explorer.{trait}") < old
    rows = view.rows()
    assert sum(int(row[column]) for row in rows) < before
    assert_same_table(rows, table_of(notebook))


def test_explorer__takes_a_typed_threshold_and_a_sign(shown: Callable) -> None:
    notebook, view = shown()
    view.number("Attribution threshold").fill("0.25")
    view.page.keyboard.press("Enter")
    view.settle()
    assert notebook.value("explorer.attribution_threshold") == 0.25
    view.root.get_by_role("radiogroup", name="Sign").get_by_role("radio").nth(1).click(force=True)
    view.settle()
    assert notebook.value("explorer.sign") == "-"
    rows = view.rows()
    assert rows[0]["motif"] in {"GFI1B_MA0483", "ZEB1_MA0103"}
    assert_same_table(rows, table_of(notebook))


def test_explorer__hears_the_keys_that_jupyterlab_would_take(shown: Callable) -> None:
    notebook, view = shown()
    slider = view.slider("Attribution threshold")
    slider.focus()
    for _ in range(5):
        view.page.keyboard.press("ArrowRight")
    view.settle()
    assert notebook.value("explorer.attribution_threshold") > 0.01
    view.root.locator(".nbm-track-area").focus()
    view.page.keyboard.press("+")
    view.page.keyboard.press("ArrowRight")
    view.settle()
    start, end = notebook.value("explorer.viewport")
    assert 0 < end - start < 2114
    view.page.keyboard.press("0")
    view.settle()
    assert notebook.value("explorer.viewport") in (None, [0.0, 2114.0])
    assert len(notebook.outputs()) == 1  # no key ran, cut or added a cell


def test_explorer__zooms_to_letters_from_python(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python("explorer._tracks = [5]; explorer.viewport = (1000, 1080)")
    view.settle()
    assert [canvas["sequence"] for canvas in view.canvases()] == ["5"]
    view.screenshot("lab-letters")


def test_explorer__is_linked_to_another_widget_in_the_browser(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python(
        "import ipywidgets; other = ipywidgets.FloatText(0.0); "
        "linked = ipywidgets.jslink((explorer, 'attribution_threshold'), (other, 'value'))"
    )
    view.drag("Attribution threshold", 0.7)
    view.settle()
    threshold = notebook.value("explorer.attribution_threshold")
    assert threshold > 0.01
    assert notebook.value("other.value") == threshold
    # a link to a widget that is closed would keep JupyterLab from restoring any after a reload
    notebook.python("linked.close(); other.close()")


def test_explorer__moves_its_slider_when_python_sets_a_trait(shown: Callable) -> None:
    notebook, view = shown()
    before = view.slider("Attribution threshold").evaluate("(el) => Number(el.value)")
    notebook.python("explorer.attribution_threshold = 0.5")
    view.page.wait_for_function(
        "([el, old]) => Number(el.value) !== old", arg=[view.slider("Attribution threshold").element_handle(), before]
    )
    view.settle()
    assert float(view.number("Attribution threshold").input_value()) == 0.5
    assert view.slider("Attribution threshold").evaluate("(el) => Number(el.value)") > before
    assert_same_table(view.rows(), table_of(notebook))
    assert notebook.value("explorer.attribution_threshold") == 0.5


def test_explorer__marks_the_sites_of_a_motif_that_is_clicked(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python("explorer.count_mode = 'hits'")
    canvas = view.root.locator(".nbm-track canvas").first
    view.settle()
    before = canvas.screenshot()
    view.motif("GATA1_MA0035").click()
    view.settle()
    assert notebook.value("explorer.selected_motifs") == ["GATA1_MA0035"]
    assert canvas.screenshot() != before
    counts = {count["motif_name"]: count for count in table_of(notebook)}["GATA1_MA0035"]
    assert notebook.value("len(explorer.selection)") == counts["hits"] + counts["seqlets"]
    view.screenshot("lab-selected")
    notebook.python("explorer.selected_motifs = []")
    view.page.mouse.move(5, 5)  # off the row, whose sites are shown while the pointer is on it
    view.settle()
    assert canvas.screenshot() == before


def test_explorer__counts_in_a_selected_sequence(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python("explorer.sequence = explorer._tracks[0]")
    view.settle()
    rows = view.rows()
    assert {row["sequences"] for row in rows} <= {"0", "1"}
    assert_same_table(rows, table_of(notebook))
    view.screenshot("lab-sequence")
    notebook.python("explorer.sequence = None")
    view.settle()
    assert_same_table(view.rows(), table_of(notebook))


def test_explorer__searches_and_sorts(shown: Callable) -> None:
    notebook, view = shown()
    search = view.root.get_by_label("Search motifs")
    search.fill("gata")
    view.settle()
    rows = view.rows()
    assert {row["motif"] for row in rows} == {"GATA1_MA0035", "GATA2_MA0036", "Gata4_MA0482"}
    assert_same_table(rows, table_of(notebook))
    search.fill("")
    for title in ("Marginal", "Seqlets", "Seqlets"):
        view.root.get_by_role("columnheader", name=re.compile(title)).click()
        view.settle()
        assert_same_table(view.rows(), table_of(notebook))
    assert notebook.value("explorer._sort") == [{"column": "seqlets", "descending": False}]


def test_explorer__keeps_two_views_in_step(open_notebook: Callable) -> None:
    notebook = open_notebook("two.ipynb", [MAKE, "explorer", "explorer"]).run_all()
    one, other = views_on(notebook.page, 2)
    one.drag("Attribution threshold", 0.9)
    one.settle()
    other.settle()
    assert one.number("Attribution threshold").input_value() == other.number("Attribution threshold").input_value()
    assert one.rows() == other.rows()
    assert_same_table(other.rows(), table_of(notebook))


def test_explorer__loads_many_hits_in_pieces(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python("explorer.update(hits=synthetic.many_hits(300_000))")
    view.until("data-rev", "2")
    view.settle()
    counts = table_of(notebook)
    assert sum(count["sites"] for count in counts) > 10_000
    assert_same_table(view.rows(), counts)
    view.drag("Attribution threshold", 0.8)
    view.settle()
    assert_same_table(view.rows(), table_of(notebook))


def test_explorer__loads_again_when_python_replaces_data(shown: Callable) -> None:
    notebook, view = shown()
    before = view.rows()
    notebook.python("explorer.update(hits=synthetic.pieces(seed=1)['hits'])")
    view.until("data-rev", "2")
    view.settle()
    assert view.rows() != before
    assert_same_table(view.rows(), table_of(notebook))


def test_explorer__is_answered_while_a_cell_runs(shown: Callable) -> None:
    notebook, view = shown()
    before = [canvas["sequence"] for canvas in view.canvases()]
    notebook.start("import time\nfor _ in range(60): time.sleep(0.1)\nbusy = explorer.attribution_threshold")
    view.drag("Attribution threshold", 0.8)
    view.root.get_by_role("button", name="Next sequences").click()
    view.page.wait_for_function(
        """([el, before]) => { const now = [...el.querySelectorAll(".nbm-track canvas")];
            return now.length > 0 && now.every((canvas) => !before.includes(canvas.dataset.sequence)
                && canvas.dataset.boxes !== undefined); }""",
        arg=[view.root.element_handle(), before],
        timeout=5_000,
    )
    view.settle()
    assert notebook.is_running()
    threshold = float(view.number("Attribution threshold").input_value())
    assert notebook.value("busy") == pytest.approx(threshold)


def test_explorer__is_answered_while_a_cell_that_sets_its_traits_runs(shown: Callable) -> None:
    notebook, view = shown()
    before = [canvas["sequence"] for canvas in view.canvases()]
    notebook.start(
        "import time\nfor i in range(60):\n    explorer.attribution_threshold = 0.01 + i / 1000\n    time.sleep(0.1)"
    )
    view.page.wait_for_timeout(500)
    view.root.get_by_role("button", name="Next sequences").click()
    view.page.wait_for_function(
        """([el, before]) => [...el.querySelectorAll(".nbm-track canvas")].every(
            (canvas) => !before.includes(canvas.dataset.sequence) && canvas.dataset.boxes !== undefined)
            && !el.textContent.includes("Loading attributions")""",
        arg=[view.root.element_handle(), before],
        timeout=4_000,
    )
    assert notebook.is_running()
    view.page.wait_for_function("() => !window.running")
    view.settle()
    assert float(view.number("Attribution threshold").input_value()) == pytest.approx(0.069)


def test_explorer__fifty_runs_of_a_cell_leave_little_behind(open_notebook: Callable) -> None:
    count = """
import gc, resource, sys
def held():
    gc.collect()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""
    made = "import synthetic\npieces = synthetic.pieces(n=100)\n" + count
    cell = "from nbmotif import Explorer\nexplorer = Explorer(**pieces)\nexplorer"
    notebook = open_notebook("many.ipynb", [made, cell]).run_all()
    views_on(notebook.page)
    before, seen_before = notebook.value("held()"), held_by_the_page(notebook.page)
    for _ in range(50):
        notebook.page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell'); }")
        # JupyterLab loses a model whose cell is run again before its view was made
        views_on(notebook.page)
    per_run = (notebook.value("held()") - before) / 50
    # a run that copied the sequences or their attributions would take 8 MB or more
    assert per_run < 1500, f"{per_run:.0f} kB per run"
    # Jupyter keeps the models of widgets that were not closed, each with its script, as text and compiled: about 1 MB
    for what, limit in {"JSEventListeners": 40, "Nodes": 60, "JSHeapUsedSize": 1_200_000}.items():
        grown = (held_by_the_page(notebook.page)[what] - seen_before[what]) / 50
        assert grown < limit, f"{what}: {grown:.0f} more per run"


def held_by_the_page(page: Any) -> dict[str, float]:
    """What is alive in the browser after its garbage was collected."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    return {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}


def test_explorer__closed_leaves_the_page(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python("explorer.close()")
    expect(view.page.locator("[data-testid=nbmotif]:visible")).to_have_count(0)
    assert "closed" in notebook.value("repr(explorer)")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_explorer__follows_jupyterlabs_theme(shown: Callable, theme: str) -> None:
    _, view = shown()
    with lab_theme(view.page, theme):
        view.settle()
        background = view.root.evaluate("(el) => getComputedStyle(el).backgroundColor")
        red, green, blue = (int(part) for part in re.findall(r"\d+", background)[:3])
        assert (red + green + blue > 384) == (theme == "light")
        view.screenshot(f"lab-{theme}")


def test_explorer__is_saved_with_a_plain_text_that_says_something(shown: Callable) -> None:
    notebook, _ = shown()
    [bundle] = [output["data"] for output in notebook.outputs() if "data" in output]
    assert "Explorer of GATA2 K562: 12 sequences of 2,114 bp, 12 motifs" in "".join(bundle["text/plain"])
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_explorer__loads_after_the_page_is_reloaded(shown: Callable) -> None:
    notebook, view = shown()
    notebook.python("explorer.attribution_threshold = 0.3")
    view.settle()
    before = view.rows()
    notebook.reload()
    [again] = views_on(view.page)
    again.settle()
    assert again.rows() == before
