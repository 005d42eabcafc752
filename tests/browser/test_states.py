"""What the Explorer says when something is missing, old, too much or wrong: one sentence, with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable

MAKE = "import synthetic; explorer = synthetic.explorer()"


def test_kernel_ended__is_said_and_what_is_there_still_works(open_notebook: Callable) -> None:
    notebook = open_notebook("ended.ipynb", [MAKE, "explorer"]).run_all()
    [view] = views_on(notebook.page)
    before = sum(int(row["sites"]) for row in view.rows())
    notebook.restart()
    expect(view.root.get_by_text("kernel ended")).to_be_visible()
    view.drag("Attribution threshold", 0.8)
    view.settle()
    assert 0 < sum(int(row["sites"]) for row in view.rows()) < before
    view.root.get_by_role("button", name="Next sequences").click()
    expect(view.root.get_by_text("run the cell again").first).to_be_visible()
    view.screenshot("state-kernel-ended")
    notebook.run_all()
    [view] = views_on(notebook.page)
    assert sum(int(row["sites"]) for row in view.rows()) == before


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("Explorer()", "There is nothing to show yet"),
        ("synthetic.explorer(attributions=None, hypothetical=None).tracks()", "There is no track to show"),
        ("synthetic.explorer(attribution_threshold=90.0)", "the strongest has"),
        ("synthetic.explorer(fimo_p_threshold=1e-12)", "No hit passes here: loosen p"),
        ("synthetic.explorer(hits=None).pairs()", "There is nothing to pair: give the Explorer hits."),
        ("synthetic.explorer().card()", "No motif is open"),
        ("synthetic.explorer(max_hits=300)", "Exact above an attribution of"),
    ],
)
def test_state__is_said_in_one_sentence(open_notebook: Callable, code: str, sentence: str) -> None:
    imports = "import warnings, synthetic\nfrom nbmotif import Explorer\nwarnings.simplefilter('ignore')"
    notebook = open_notebook("state.ipynb", [imports, code]).run_all()
    [view] = views_on(notebook.page)
    expect(view.root.get_by_text(sentence)).to_be_visible()
    view.screenshot("state-" + "".join(c if c.isalnum() else "-" for c in code)[:40])


def test_empty_answer__offers_the_way_out(open_notebook: Callable) -> None:
    cells = ["import synthetic; explorer = synthetic.explorer(attribution_threshold=90.0)", "explorer"]
    notebook = open_notebook("lower.ipynb", cells).run_all()
    [view] = views_on(notebook.page)
    view.root.get_by_role("button", name="Lower to").click()
    view.settle()
    assert notebook.value("int(explorer.counts['sites'].sum())") > 0


def test_no_unexplained_seqlet__offers_a_stricter_match(open_notebook: Callable) -> None:
    cells = ["import synthetic; explorer = synthetic.explorer(tomtom_p_threshold=1.0)", "explorer"]
    notebook = open_notebook("strict.ipynb", cells).run_all()
    [view] = views_on(notebook.page)
    view.root.get_by_label("Kind of site").select_option("unexplained")
    view.root.get_by_role("button", name="Next site").click()
    expect(view.root.get_by_text("with 12 motifs one has that by chance")).to_be_visible()
    view.screenshot("state-unexplained")
    view.root.get_by_role("button", name="Ask for").click()
    view.settle()
    assert notebook.value("explorer.tomtom_p_threshold") == pytest.approx(8e-4)


@pytest.mark.parametrize(("tomtom_p", "asked"), [(1.0, 8e-4), (1e-4, 1e-4)])
def test_unexplained_seqlet__is_one_click_away(open_notebook: Callable, tomtom_p: float, asked: float) -> None:
    made = f"import synthetic; explorer = synthetic.explorer(tomtom_p_threshold={tomtom_p}, attribution_threshold=0.5)"
    notebook = open_notebook("one-click.ipynb", [made, "explorer"]).run_all()
    [view] = views_on(notebook.page)
    view.root.get_by_role("button", name="unexplained").click()
    view.settle()
    assert notebook.value("explorer.tomtom_p_threshold") == pytest.approx(asked)
    found = notebook.value("explorer.unexplained[['example_idx', 'start', 'end']].iloc[0].tolist()")
    sequence, start, end = found
    assert notebook.value("explorer._tracks[0]") == sequence
    low, high = notebook.value("list(explorer.viewport)")
    assert low < start < end < high
    expect(view.root.locator(".nbm-card")).to_contain_text("TOMTOM p")
    expect(view.root.locator(".nbm-track").first).to_be_in_viewport()
    n = notebook.value("len(explorer.unexplained)")
    expect(view.root.get_by_role("button", name=f"Show the {n} unexplained")).to_be_visible()
    if asked < tomtom_p:
        view.root.get_by_role("button", name="Back to 1").click()
        view.settle()
        assert notebook.value("explorer.tomtom_p_threshold") == 1
    view.screenshot("state-one-unexplained")


def test_failing_answer__is_said_where_it_is_missing(open_notebook: Callable) -> None:
    breaks = """import nbmotif.widget.wire as wire
def broken(*args, **kwargs):
    raise RuntimeError("The disk is full.")
wire.track = broken"""
    notebook = open_notebook("broken.ipynb", [MAKE, breaks, "explorer"]).run_all()
    [view] = views_on(notebook.page)
    expect(view.root.get_by_text("The disk is full.").first).to_be_visible()
    expect(view.root.get_by_role("button", name="Try again").first).to_be_visible()
    view.screenshot("state-track-error")


def test_stage__shows_its_progress_and_stops_at_the_button(open_notebook: Callable) -> None:
    prepare = """import nbmotif
demo = nbmotif.demo.load()
study = nbmotif.Study(demo.model, demo.X[:60], demo.motifs, name="demo", verbose=False)
study.attribute(n_shuffles=2).call_seqlets();"""
    notebook = open_notebook("stage.ipynb", [prepare, "study"]).run_all()
    [view] = views_on(notebook.page)
    before = notebook.value("float(study.hypothetical.abs().sum())")
    attempt = "try:\n    study.attribute(n_shuffles=200)\n"
    notebook.start(attempt + "except nbmotif.errors.Cancelled as error:\n    said = str(error)")
    bar = view.root.locator("progress")
    expect(bar).to_be_visible()
    view.page.wait_for_function("(el) => el.querySelector('progress')?.value > 0", arg=view.root.element_handle())
    expect(view.root.get_by_text("Computing attributions")).to_be_visible()
    view.screenshot("state-working")
    view.drag("Seqlet p threshold", 0.5)  # what is there still works
    view.root.get_by_role("button", name="Cancel").click()
    expect(bar).to_have_count(0, timeout=20_000)
    assert "study.attribute()" in notebook.value("said")
    assert notebook.value("float(study.hypothetical.abs().sum())") == before
    assert notebook.value("study.explorer.seqlet_p_threshold") < 0.01
