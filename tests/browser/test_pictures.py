"""The logos as they were when somebody looked at them: their pixels against small pictures in ``pictures/``.

Letters are outlines of our own, so that no font and no other machine can change them; what words there are is cut off.
After a change that is meant, look at the new ones: ``NBMOTIF_PICTURES=write pytest tests/browser/test_pictures.py``.
"""

from __future__ import annotations

import base64
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.browser import synthetic
from tests.browser.view import views_on

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

PICTURES = Path(__file__).parent / "pictures"
# of 255: edges are smoothed a little differently by other versions of the browser
MOST_MEAN, MOST_STRONG = 1.5, 0.01
STRONG = 60

LOGO = (240, 4, 400, 72)  # left, top, width and height of the part of a track that holds letters alone
SITE = (11, 1013)  # a sequence of the synthetic study, and the middle of its strongest site
CLOSE, NEAR, FAR = 30, 80, 200  # bp on each side of it
TRACKS: dict[str, tuple[int, dict[str, Any], float]] = {
    "letters": (CLOSE, {}, 1),
    "letters-sharp": (CLOSE, {}, 2),
    "letters-reverse": (CLOSE, {"reverse_complement": True}, 1),
    "letters-okabe-ito-dark": (CLOSE, {"palette": "okabe-ito", "theme": "dark"}, 1),
    "hypothetical": (CLOSE, {"_show_hypothetical": True}, 1),
    "between-bars-and-letters": (NEAR, {}, 1),
    "bars": (FAR, {}, 1),
    "envelope": (1057, {}, 1),
}


def picture_of(canvas: Locator) -> np.ndarray:
    """Return a canvas's pixels on its page's ground, (height, width, 3)."""
    from PIL import Image

    url = canvas.evaluate("(el) => el.toDataURL('image/png')")
    drawn = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA")
    color = canvas.evaluate("(el) => getComputedStyle(el.closest('[data-testid=nbmotif]')).backgroundColor")
    red, green, blue = (int(part) for part in re.findall(r"\d+", color)[:3])
    ground = Image.new("RGBA", drawn.size, (red, green, blue, 255))
    return np.asarray(Image.alpha_composite(ground, drawn).convert("RGB"))


def screenshot_of(drawing: Locator) -> np.ndarray:
    """Return the pixels of what is no canvas, (height, width, 3)."""
    from PIL import Image

    # at a whole pixel, whatever the fonts above it are, and with nothing behind it
    drawing.evaluate("(el) => { Object.assign(el.style, { position: 'fixed', top: 0, left: 0, background: '#fff' }); }")
    return np.asarray(Image.open(io.BytesIO(drawing.screenshot())).convert("RGB"))


def difference(seen: np.ndarray, before: np.ndarray) -> str:
    """Say by how much two pictures differ; nothing where a person would not see it."""
    if seen.shape != before.shape:
        return f"{seen.shape} in place of {before.shape}"
    apart = np.abs(seen.astype(int) - before).max(axis=2)
    mean, strong = apart.mean(), (apart > STRONG).mean()
    if mean <= MOST_MEAN and strong <= MOST_STRONG:
        return ""
    return f"mean difference {mean:.2f}, strong in {strong:.1%} of the pixels"


def read(name: str) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(PICTURES / f"{name}.png").convert("RGB"))


def assert_looks_as_before(name: str, seen: np.ndarray) -> None:
    from PIL import Image

    if os.environ.get("NBMOTIF_PICTURES") == "write":
        PICTURES.mkdir(exist_ok=True)
        Image.fromarray(seen).quantize(256).save(PICTURES / f"{name}.png", optimize=True)
    elif found := difference(seen, read(name)):
        Image.fromarray(seen).save(PICTURES / f"{name}.seen.png")
        pytest.fail(f"{name}: {found}; see {name}.seen.png")


def shown(browser: Browser, tmp_path: Path, traits: dict[str, Any], ratio: float) -> tuple[Any, Any]:
    explorer = synthetic.explorer(**traits)
    path = tmp_path / "page.html"
    explorer.to_html(path)
    context = browser.new_context(viewport={"width": 900, "height": 1400}, device_scale_factor=ratio)
    page = context.new_page()
    page.goto(path.as_uri())
    [view] = views_on(page)
    view.settle()
    return context, view


@pytest.mark.parametrize("name", TRACKS)
def test_track__looks_as_before(browser: Browser, tmp_path: Path, name: str) -> None:
    span, traits, ratio = TRACKS[name]
    sequence, middle = SITE
    traits = {"_tracks": [sequence], "viewport": (middle - span, middle + span), **traits}
    context, view = shown(browser, tmp_path, traits, ratio)
    left, top, width, height = (round(ratio * edge) for edge in LOGO)
    seen = picture_of(view.root.locator(".nbm-track canvas").first)
    context.close()
    assert_looks_as_before(name, seen[top : top + height, left : left + width])


def test_motif__looks_as_before(browser: Browser, tmp_path: Path) -> None:
    context, view = shown(browser, tmp_path, {"motif": "TAL1_MA0091"}, 1)
    forward, reverse = view.root.locator(".nbm-sheet figure svg.nbm-logo").all()
    seen = {
        "motif": screenshot_of(forward),
        "motif-as-read": picture_of(view.root.locator(".nbm-sheet figure canvas")),
        "motif-reverse": screenshot_of(reverse),
    }
    context.close()
    for name, picture in seen.items():
        assert_looks_as_before(name, picture)


def test_pictures__are_told_apart() -> None:
    assert difference(read("letters"), read("letters")) == ""
    moved = np.roll(read("letters"), 2, axis=1)
    for other in (read("letters-reverse"), read("letters-okabe-ito-dark"), moved):
        assert "mean difference" in difference(other, read("letters"))
    assert "in place of" in difference(read("letters-sharp"), read("letters"))


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_canvases__are_as_sharp_as_the_screen(browser: Browser, tmp_path: Path, ratio: int) -> None:
    context, view = shown(browser, tmp_path, {"viewport": (1020, 1080), "motif": "TAL1_MA0091"}, ratio)
    sizes = view.root.locator("canvas").evaluate_all(
        "(all) => all.map((el) => [el.width / el.clientWidth, el.height / el.clientHeight])"
    )
    context.close()
    assert len(sizes) > 5
    np.testing.assert_allclose(sizes, ratio, rtol=0.02)
