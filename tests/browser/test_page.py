"""Exported pages: one file, opened from disk, with no kernel and no network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from nbmotif.widget.queries import QUERY_TRAITS
from tests.browser import synthetic
from tests.browser.view import views_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page


def brightness(color: str) -> float:
    """Mean of what a CSS colour has of red, green and blue, 0 to 255."""
    return float(np.mean([int(part) for part in re.findall(r"\d+", color)[:3]]))


def test_page__shows_the_explorers_counts(exported: Callable) -> None:
    explorer, view = exported()
    expected = explorer.counts
    rows = view.rows()
    assert [row["motif"] for row in rows] == expected["motif_name"].tolist()
    for column in ("sites", "sequences", "seqlets"):
        assert [int(row[column].replace(",", "")) for row in rows] == expected[column].tolist()
    view.screenshot("page")


def test_page__sliders_are_alive(exported: Callable) -> None:
    explorer, view = exported()
    boxes = view.boxes()
    view.drag("Attribution threshold", 0.8)
    view.settle()
    threshold = float(view.number("Attribution threshold").input_value())
    explorer.attribution_threshold = threshold
    assert threshold > 0.01
    assert [int(row["sites"]) for row in view.rows()] == explorer.counts["sites"].tolist()
    assert view.boxes() < boxes


def test_page__keeps_the_thresholds_and_selection_it_was_exported_with(exported: Callable) -> None:
    explorer, view = exported(
        attribution_threshold=0.3, sign="both", selected_motifs=["TAL1_MA0091"], sequence=2, viewport=(900, 1100)
    )
    assert float(view.number("Attribution threshold").input_value()) == 0.3
    assert [int(row["sites"]) for row in view.rows()] == explorer.counts["sites"].tolist()
    assert view.motif("TAL1_MA0091").get_attribute("aria-selected") == "true"
    view.screenshot("page-zoomed")


def test_page__shows_the_sequences_that_it_holds(exported: Callable) -> None:
    _, view = exported(tracks=[7, 3])
    assert {canvas["sequence"] for canvas in view.canvases()} == {"7", "3"}


def test_page__holds_hypothetical_scores(exported: Callable, page: Page) -> None:
    _, view = exported(viewport=(1000, 1060))
    canvas = view.root.locator(".nbm-track canvas").first
    view.settle()
    before = canvas.screenshot()
    view.menu("View").get_by_label("Hypothetical").check()
    page.keyboard.press("Escape")
    view.settle()
    assert canvas.screenshot() != before
    view.screenshot("page-hypothetical")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page__follows_the_systems_colours(exported: Callable, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    _, view = exported()
    assert view.root.get_attribute("data-theme") == scheme
    view.screenshot(f"page-{scheme}")


def test_page__counts_exactly_below_what_it_holds_and_says_where_that_ends(exported: Callable) -> None:
    explorer, view = exported(max_hits=200)
    floor = explorer._manifest["floor"]
    assert floor > 0.01
    footer = view.root.locator(".nbm-footer")
    expect(footer).to_contain_text("below, as the page was exported")
    for to in (0, 0.3, 0.9):
        view.drag("Attribution threshold", to)
        view.settle()
        explorer.attribution_threshold = float(view.number("Attribution threshold").input_value())
        rows = view.rows()
        assert [int(row["sites"]) for row in rows] == explorer.counts["sites"].tolist()
        assert [int(row["sequences"]) for row in rows] == explorer.counts["sequences"].tolist()
    assert explorer.attribution_threshold > floor
    view.drag("FIMO p threshold", 0.5)
    view.settle()
    explorer.fimo_p_threshold = float(view.number("FIMO p threshold").input_value())
    assert [int(row["sites"]) for row in view.rows()] == explorer.counts["sites"].tolist()
    view.drag("Attribution threshold", 0)
    view.settle()
    assert all(row["sites"].startswith("≈") for row in view.rows())
    view.screenshot("page-floor")
    caveat = "of the strongest hits alone"
    expect(view.root.get_by_role("button", name="Show the ≈")).to_be_visible()
    view.root.get_by_role("button", name="Pairs").click()
    expect(view.root.get_by_role("region", name="Pairs of motifs")).to_contain_text(caveat)
    view.drag("Attribution threshold", 0.9)
    expect(view.root.get_by_role("region", name="Pairs of motifs")).not_to_contain_text(caveat)
    expect(view.root.get_by_role("button", name="≈")).to_have_count(0)


def test_page__says_in_a_card_of_which_hits_its_charts_are(exported: Callable) -> None:
    _, view = exported(max_hits=200, motif="GATA1_MA0035")
    charts = view.root.get_by_role("region", name="Motif GATA1_MA0035")
    view.drag("Attribution threshold", 0)
    expect(charts).to_contain_text(re.compile(r"Attribution: ([\d,]+) of \1 hits count, of the strongest hits alone"))
    view.drag("Attribution threshold", 0.9)
    expect(charts).to_contain_text("hits count")
    expect(charts).not_to_contain_text("of the strongest hits alone")


@pytest.mark.parametrize(
    "without",
    [
        ["hits"],
        ["seqlets"],
        ["marginal"],
        ["attributions", "hypothetical"],
        ["X", "hypothetical"],
        ["motifs"],
        ["X", "attributions", "hypothetical"],
        ["hits", "seqlets"],
        ["X", "attributions", "hypothetical", "hits", "seqlets", "loci", "sequence_names"],
        ["X", "attributions", "hypothetical", "hits", "seqlets", "loci", "sequence_names", "motifs", "marginal"],
    ],
    ids=lambda names: "-".join(names),
)
def test_page__needs_none_of_the_pieces(exported: Callable, without: list[str]) -> None:
    if "motifs" in without and "seqlets" not in without:
        without = [*without, "seqlets"]  # whose matches are indices of the motifs
    pieces = dict.fromkeys(without)
    explorer, view = exported(**pieces, **({"families": None} if "motifs" in without else {}))
    names = explorer.counts["motif_name"].tolist()
    if names:
        assert [row["motif"] for row in view.rows()] == names
        expect(view.motif(names[0])).to_be_in_viewport()
    else:
        expect(view.root.get_by_text("There is nothing to show yet")).to_be_visible()
    view.screenshot("page-without-" + "-".join(without))


def test_page__counts_hits_of_more_p_values_than_16_bits_hold(exported: Callable) -> None:
    rng = np.random.default_rng(0)
    n = 70_000
    hits = pd.DataFrame({"motif_name": "any", "sequence_name": rng.integers(0, 12, n), "strand": "+"})
    hits = hits.assign(start=rng.integers(0, 2000, n), attribution=1.0)
    hits = hits.assign(end=hits["start"] + 8)
    hits["p-value"] = rng.permutation(n) / n * 1e-4
    pieces = dict.fromkeys(("seqlets", "marginal", "families"))
    explorer, view = exported(
        hits=hits, motifs={"any": np.full((4, 8), 0.25)}, fimo_p_threshold=9e-5, count_mode="hits", **pieces
    )
    [row] = view.rows()
    assert int(row["hits"].replace(",", "")) == explorer.counts["hits"][0] == 63_000


def test_page__stacks_two_models_and_their_difference(exported: Callable, page: Page) -> None:
    explorer, view = exported(**synthetic.two_models(), viewport=(1000, 1140))
    canvas = view.root.locator(".nbm-track canvas").first
    two = canvas.bounding_box()["height"]
    sheet = view.menu("View")
    sheet.get_by_label("K562 − HepG2").check()
    page.keyboard.press("Escape")
    view.settle()
    assert canvas.bounding_box()["height"] > two
    view.screenshot("page-difference")
    view.menu("View").get_by_label("K562", exact=True).uncheck()
    view.settle()
    assert canvas.bounding_box()["height"] == two
    assert explorer._manifest["layers"] == ["K562", "HepG2"]


def test_page__shows_the_other_strand(exported: Callable, page: Page) -> None:
    _, view = exported(viewport=(1000, 1140))
    canvas = view.root.locator(".nbm-track canvas").first
    view.tracks.focus()
    view.settle()
    before = canvas.screenshot()
    page.keyboard.press("r")
    view.settle()
    assert "reverse complement" in canvas.get_attribute("aria-label")
    assert canvas.screenshot() != before
    view.screenshot("page-reverse")
    page.keyboard.press("r")
    view.settle()
    assert canvas.screenshot() == before


def test_page__jumps_to_seqlets_that_nothing_explains(exported: Callable, page: Page) -> None:
    _, view = exported(tracks=12, tomtom_p_threshold=1e-4, fimo_p_threshold=1e-5)
    view.menu("View").get_by_label("Order of sequences").select_option("by unexplained")
    page.keyboard.press("Escape")
    view.root.get_by_label("Kind of site").select_option("unexplained")
    view.root.get_by_role("button", name="Next site").click()
    view.settle()
    card = view.root.locator(".nbm-card")
    expect(card).to_contain_text(re.compile(r"counts, but its match has TOMTOM p [\d.e-]+, not below 1e-4"))
    first = card.text_content()
    view.tracks.focus()
    page.keyboard.press("n")
    view.settle()
    assert card.text_content() != first
    view.screenshot("page-unexplained")
    view.root.get_by_role("button", name="Next site").press("Escape")  # wherever the focus is
    expect(card).to_have_count(0)
    view.root.get_by_role("button", name="Next site").click()
    expect(card).to_have_count(1)
    view.root.get_by_label("Search motifs").click()
    expect(card).to_have_count(0)


def test_page__the_logo_of_a_family_opens_the_card_of_the_motif_that_describes_it(exported: Callable) -> None:
    explorer, view = exported(by_family=True)
    for family in explorer.counts["family"][:3]:
        view.root.locator(f'[data-family="{family}"] [data-column="logo"]').click()
        card = view.root.get_by_role("region", name=f"Motif {explorer.describe(family).name}", exact=True)
        expect(card).to_be_visible()
        expect(card.get_by_text("with the database")).to_be_visible()


def test_page__has_colours_for_the_colour_blind(exported: Callable) -> None:
    _, view = exported(palette="okabe-ito", viewport=(1000, 1060))
    color = "(el) => getComputedStyle(el).color"
    assert view.root.locator(".nbm-legend .nbm-base-T").evaluate(color) == "rgb(213, 94, 0)"
    view.screenshot("page-okabe-ito")


def test_page__says_why_it_cannot_tell_what_chance_gives(exported: Callable) -> None:
    _, view = exported()
    said = view.root.get_by_text("Obs/exp takes a kernel here")
    view.drag("TOMTOM p threshold", 0.2)  # which hits do not depend on
    view.settle()
    expect(said).to_have_count(0)
    number = view.number("FIMO p threshold")
    number.fill("2.5e-6")
    number.press("Enter")
    expect(said).to_be_visible()
    assert {row["enrichment"] for row in view.rows()} == {"–"}


def test_table__is_in_columns_before_there_is_anything_to_count(exported: Callable) -> None:
    _, view = exported(**dict.fromkeys(("hits", "seqlets", "marginal")))
    expect(view.root.get_by_text("There is nothing to count")).to_be_visible()
    expect(view.root.get_by_role("radiogroup", name="Sign")).to_have_count(0)
    cells = view.root.locator(".nbm-grid-rows .nbm-grid-row").first.get_by_role("gridcell")
    logo, names = (cells.nth(i).bounding_box() for i in range(2))
    assert logo["x"] + logo["width"] <= names["x"]


def test_page__keeps_filters_thresholds_to_compare_with_and_panels(exported: Callable, page: Page) -> None:
    explorer, _ = exported()
    explorer._pinned = {name: getattr(explorer, name) for name in QUERY_TRAITS} | {"attribution_threshold": 0.5}
    explorer._filters, explorer._shows_pairs, explorer._y_mode = {"seqlets": ">= 1"}, True, "same"
    path = Path(page.url.removeprefix("file://"))
    explorer.to_html(path)
    page.reload()
    [view] = views_on(page)
    assert view.root.get_by_label("Filter Seqlets").input_value() == ">= 1"
    assert "attribution 0.5" in view.root.get_by_role("button", name="A ⇄ B").get_attribute("title")
    assert view.root.locator(".nbm-was").count() > 0
    expect(view.root.get_by_text("Pairs of")).to_be_visible()
    assert view.menu("View").get_by_label("Height of the tracks").input_value() == "same"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states__are_seen_in_high_contrast(exported: Callable, page: Page, scheme: str) -> None:
    page.emulate_media(forced_colors="active", color_scheme=scheme)
    _, view = exported(selected_motifs=["TAL1_MA0091"], theme="light")
    row = view.motif("TAL1_MA0091")
    marked, other = (
        r.evaluate("(el) => getComputedStyle(el).backgroundColor") for r in (row, view.motif("GATA1_MA0035"))
    )
    assert marked != other
    words = view.root.locator(".nbm-motif-name").first.evaluate("(el) => getComputedStyle(el).color")
    ground = view.root.evaluate("(el) => getComputedStyle(el).backgroundColor")
    assert abs(brightness(words) - brightness(ground)) > 150
    view.screenshot(f"page-forced-colors-{scheme}")
