"""What readers of a notebook see where no widget can live: a picture, or a copy that needs no kernel."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import nbmotif
from nbmotif.errors import InvalidArgument
from nbmotif.widget.still import WIDTH
from tests.unit.small_study import small_study

if TYPE_CHECKING:
    from numpy.typing import NDArray

Make = "Callable[..., Explorer]"
SCALE = 2
GREEN, BLUE, ORANGE, RED = (0, 128, 0), (0, 0, 255), (255, 165, 0), (255, 0, 0)


def picture(shown: Any) -> NDArray[np.int64]:
    """Return the picture beside a widget, shape (height, width, 3)."""
    data, metadata = shown._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.format == "PNG"
    assert metadata["image/png"]["width"] == WIDTH
    assert "sequence" in metadata["image/png"]["alt"]
    return np.asarray(image.convert("RGB"), np.int64)


def count(pixels: NDArray[np.int64], color: tuple[int, int, int]) -> int:
    """How many pixels have a colour, as near as a palette of 64 keeps it."""
    return int((np.abs(pixels - color).max(axis=2) < 16).sum())


def test_picture__has_the_letters_of_logos_and_tracks(explorer: Make) -> None:
    pixels = picture(explorer())
    assert pixels.shape[1] == SCALE * WIDTH
    assert all(count(pixels, color) > 300 for color in (GREEN, BLUE, ORANGE, RED))
    assert (pixels[0] == 255).all()


def test_picture__has_the_colours_of_the_palette(explorer: Make) -> None:
    pixels = picture(explorer(palette="okabe-ito"))
    assert count(pixels, (0, 158, 115)) > 300
    assert count(pixels, GREEN) == 0


def test_picture__has_a_line_for_each_row_up_to_ten() -> None:
    heights = [
        picture(nbmotif.Explorer(marginal={f"motif {k}": 0.5 for k in range(n)})).shape[0] for n in (1, 2, 10, 11, 300)
    ]
    one, two, ten, eleven, many = heights
    assert ten - one == 9 * (two - one)
    assert ten < eleven == many  # which also says how many more there are


def test_picture__shows_the_part_of_the_track_that_is_in_view() -> None:
    attributions = np.zeros((1, 4, 400), np.float32)
    attributions[0, 0, 30:40] = 1.0  # ten A
    attributions[0, 3, 300:310] = -1.0
    whole = picture(nbmotif.Explorer(attributions))
    near = picture(nbmotif.Explorer(attributions, viewport=(25, 45)))
    assert count(whole, GREEN) > 300
    assert count(whole, RED) > 300
    assert count(near, GREEN) > 5 * count(whole, GREEN)
    assert count(near, RED) == 0


def test_picture__shows_the_strand_in_view() -> None:
    attributions = np.zeros((1, 4, 20), np.float32)
    attributions[0, 0, 2] = 1.0
    forward = picture(nbmotif.Explorer(attributions))
    reverse = picture(nbmotif.Explorer(attributions, reverse_complement=True))
    middle = forward.shape[1] // 2
    assert count(forward[:, :middle], GREEN) > 300
    assert count(forward, RED) == count(reverse, GREEN) == 0
    assert count(reverse[:, middle:], RED) > 300


def test_picture__needs_neither_motifs_nor_attributions(explorer: Make) -> None:
    shown = explorer(attributions=None, hypothetical=None)
    assert picture(shown).shape[1] == SCALE * WIDTH
    assert picture(nbmotif.Explorer()).shape[1] == SCALE * WIDTH
    long = nbmotif.Explorer(marginal={"Å" * 300: float("nan"), "b": 1234.5}, name="n" * 500)
    assert picture(long).shape[1] == SCALE * WIDTH


def test_picture__is_left_out_on_request(explorer: Make) -> None:
    data, _ = explorer(keep_picture=False)._repr_mimebundle_()
    assert sorted(data) == ["application/vnd.jupyter.widget-view+json", "text/plain"]


def test_card__has_the_databases_logo_and_the_models() -> None:
    card = np.zeros((4, 6))
    card[[2, 0, 3, 0, 2, 3], np.arange(6)] = 1.0  # GATAGT
    attributions = np.zeros((1, 4, 40), np.float32)
    attributions[0, 1, 10:16] = -1.0  # which the model reads as C, and against
    hits = pd.DataFrame(
        {"motif_name": ["GATA"], "sequence_name": [0], "start": [10], "end": [16], "strand": ["+"], "p-value": [1e-6]}
    )
    shown = nbmotif.Explorer(attributions, hits=hits, motifs={"GATA": card}, sign="-")
    pixels = picture(shown.card("GATA"))
    middle = pixels.shape[1] // 2
    database, model = pixels[:, :middle], pixels[:, middle:]
    assert [count(database, color) > 300 for color in (GREEN, BLUE, ORANGE, RED)] == [True, False, True, True]
    assert [count(model, color) > 300 for color in (GREEN, BLUE, ORANGE, RED)] == [False, True, False, False]
    # what lowers the output hangs below where letters stand
    assert count(model[: pixels.shape[0] // 2], BLUE) < 0.2 * count(model, BLUE)


def test_parts__have_their_part_of_the_picture(explorer: Make) -> None:
    shown = explorer()
    whole, table, tracks = (picture(part).shape[0] for part in (shown, shown.table(), shown.tracks()))
    heading = picture(nbmotif.Explorer()).shape[0]
    assert whole - heading == (table - heading) + (tracks - heading)
    assert min(table, tracks) > heading
    for part in (shown.thresholds(), shown.pairs(), shown.card()):  # of no motif
        assert "image/png" not in part._repr_mimebundle_()[0]


def test_study__shows_the_picture_of_its_explorer() -> None:
    assert count(picture(small_study().scan(threshold=1e-2).attribute(n_shuffles=2)), GREEN) > 300


def test_render_static__is_the_page_in_a_frame(explorer: Make) -> None:
    shown = explorer()
    text = shown.render_static(tracks=[1], height=500).data
    assert 'sandbox="allow-scripts"' in text
    assert "height: 500px" in text
    page = text.split('srcdoc="')[1].split('"')[0]
    assert html.unescape(page) == shown.to_html(tracks=[1])


@pytest.mark.parametrize("height", [0, 1.5, "tall"])
def test_render_static__refuses_a_height_that_shows_nothing(explorer: Make, height: Any) -> None:
    with pytest.raises(InvalidArgument, match="`height` must be"):
        explorer().render_static(height=height)
