from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
from bokeh.plotting import figure

import nbmotif.plot
from nbmotif import one_hot_encode, plot_logo, plot_pwm, random_one_hot
from nbmotif.drawing import letters, svg
from nbmotif.drawing.picture import LETTER_WIDTH, stack
from nbmotif.errors import InvalidArgument, NbmotifWarning

if TYPE_CHECKING:
    from nbmotif.drawing.picture import Picture

X_ATTR = one_hot_encode("TTGATAACGC") * torch.tensor([0.0, 0.1, 0.5, 0.4, 0.4, 0.3, 0.2, -0.1, -0.3, 0.0])


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """What was drawn, as geometry."""
    drawn: list[Picture] = []
    deliver = nbmotif.plot._deliver

    def record(picture: Picture, ax: Any) -> Any:
        drawn.append(picture)
        return deliver(picture, ax)

    monkeypatch.setattr(nbmotif.plot, "_deliver", record)
    return drawn


def test_plot_pwm__takes_the_name_and_the_axes_in_either_order(pictures: list[Picture]) -> None:
    pwm, ax = one_hot_encode("GATAA"), figure()
    assert plot_pwm(pwm, ax) is plot_pwm(pwm, ax, "GATA") is plot_pwm(pwm, "GATA", ax) is ax
    assert plot_pwm(pwm, None, "GATA").title.text == "GATA"
    assert plot_pwm(pwm, ax=None, name=None).title is None
    for wrong in (5, ["GATA"]):
        with pytest.raises(InvalidArgument, match=r"`(ax|name)` must be"):
            plot_pwm(pwm, wrong)  # type: ignore[arg-type]


def test_plot_logo__is_a_bokeh_figure_with_a_polygon_per_letter() -> None:
    plot = plot_logo(X_ATTR)
    assert isinstance(plot, figure)
    counts = {r.name: len(r.data_source.data["xs"]) for r in plot.renderers}
    assert counts == {"A": 3, "C": 1, "G": 2, "T": 2}


def test_plot_logo__turns_negative_letters_over() -> None:
    plot = plot_logo(X_ATTR)
    upright, hanging = plot.select_one({"name": "G"}).data_source.data["ys"]
    assert min(upright[0][0]) == pytest.approx(0)
    assert max(upright[0][0]) == pytest.approx(0.5)
    assert min(hanging[0][0]) == pytest.approx(-0.3)
    assert max(hanging[0][0]) == pytest.approx(0)


def test_plot_logo__draws_the_hole_of_a() -> None:
    xs = plot_logo(X_ATTR).select_one({"name": "A"}).data_source.data["xs"]
    assert [len(polygon) for polygon in xs[0]] == [2]


def test_plot_logo__centres_letters_on_their_position() -> None:
    x = plot_logo(X_ATTR, start=2, end=3).select_one({"name": "G"}).data_source.data["xs"][0][0][0]
    assert (min(x), max(x)) == (
        pytest.approx(2 - LETTER_WIDTH / 2, abs=0.02),
        pytest.approx(2 + LETTER_WIDTH / 2, abs=0.02),
    )


@pytest.mark.parametrize(
    ("window", "x_range"),
    [({}, (-0.5, 9.5)), ({"start": 4}, (3.5, 9.5)), ({"end": 4}, (-0.5, 3.5)), ({"start": 2, "end": 4}, (1.5, 3.5))],
)
def test_plot_logo__shows_the_positions_asked_for(window: dict[str, int], x_range: tuple[float, float]) -> None:
    plot = plot_logo(X_ATTR, **window)
    assert (plot.x_range.start, plot.x_range.end) == x_range


@pytest.mark.parametrize("locus", [("chr2", 1_140_000), pd.Series({"chrom": "chr2", "start": 1_140_000, "end": 0})])
def test_plot_logo__counts_in_the_genome(locus: Any, pictures: list[Picture]) -> None:
    plot = plot_logo(X_ATTR, locus=locus, start=2, annotations=pd.DataFrame({"start": [3], "end": [5]}))
    assert (plot.x_range.start, plot.x_range.end) == (1_140_001.5, 1_140_009.5)
    assert plot.xaxis.axis_label == "chr2, 0-based"
    assert (pictures[0].boxes[0].left, pictures[0].boxes[0].right) == (1_140_002.5, 1_140_004.5)
    assert (1_140_002, "1,140,002") in pictures[0].x_ticks


@pytest.mark.parametrize(
    ("start", "end", "drawn"),
    [(2, 6, (1.5, 5.5)), (0, 3, (1.5, 2.5)), (5, 9, (4.5, 5.5)), (0, 10, (1.5, 5.5)), (2, 3, (1.5, 2.5))],
    ids=["flush", "left", "right", "both", "first"],
)
def test_plot_logo__clips_annotations(
    start: int, end: int, drawn: tuple[float, float], pictures: list[Picture]
) -> None:
    plot_logo(X_ATTR, start=2, end=6, annotations=pd.DataFrame({"name": ["a"], "start": [start], "end": [end]}))
    assert [(box.left, box.right) for box in pictures[0].boxes] == [drawn]


def test_plot_logo__leaves_out_annotations_outside_the_view(pictures: list[Picture]) -> None:
    plot_logo(X_ATTR, start=2, end=6, annotations=pd.DataFrame({"start": [0, 6], "end": [2, 9]}))
    assert pictures[0].boxes == []


def test_plot_logo__labels_with_name_strand_and_score(pictures: list[Picture]) -> None:
    hits = pd.DataFrame(
        {"motif_name": ["GATA2"], "motif_idx": [3], "start": [2], "end": [7], "strand": ["-"], "score": [11.25]}
    )
    plot = plot_logo(X_ATTR, annotations=hits)
    (box,) = pictures[0].boxes
    assert box.label == "GATA2 (−) 11.2"
    assert box.facts == {
        "motif_name": "GATA2",
        "motif_idx": "3",
        "start": "2",
        "end": "7",
        "strand": "-",
        "score": "11.25",
    }
    assert plot.select_one({"name": "labels"}).data_source.data["label"] == ["GATA2 (−) 11.2"]
    plot_logo(X_ATTR, annotations=hits, show_score=False)
    assert pictures[1].boxes[0].label == "GATA2 (−)"


def test_plot_logo__takes_the_vignettes_seqlets(pictures: list[Picture]) -> None:
    columns = {"example_idx": ["Gata1"], "start": [2], "end": [7], "attribution": [0.5], "p-value": [1e-5]}
    plot_logo(X_ATTR, annotations=pd.DataFrame(columns), score_key="attribution")
    assert pictures[0].boxes[0].label == "Gata1 0.5"
    plot_logo(X_ATTR, annotations=pd.DataFrame({**columns, "example_idx": [3]}))
    assert pictures[1].boxes[0].label == ""


def test_plot_logo__says_how_many_annotations_have_no_lane(pictures: list[Picture]) -> None:
    marks = pd.DataFrame({"name": ["a", "b", "c"], "start": [2, 2, 3], "end": [6, 7, 8], "score": [1.0, 3.0, 2.0]})
    plot = plot_logo(X_ATTR, annotations=marks, n_tracks=1)
    assert [box.label for box in pictures[0].boxes] == ["b 3"]
    assert "2 more annotations have no lane" in svg.render(pictures[0])
    assert any(getattr(one, "text", "") == "2 more annotations have no lane" for one in plot.center)


def test_plot_logo__makes_room_for_lanes_below_the_logo(pictures: list[Picture]) -> None:
    marks = pd.DataFrame({"name": ["a", "b"], "start": [2, 2], "end": [6, 6]})
    plot = plot_logo(X_ATTR, annotations=marks)
    assert pictures[0].n_lanes == 2
    assert plot.y_range.start == pytest.approx(pictures[0].bottom)
    boxes = plot.select_one({"name": "boxes"}).data_source.data
    assert max(boxes["top"]) < pictures[0].y_range[0]
    assert boxes["bottom"][0] > boxes["top"][1]


def test_plot_logo__draws_bars_where_letters_have_no_room() -> None:
    plot = plot_logo(random_one_hot((1, 4, 2114), random_state=0)[0].float(), width=1000)
    assert [renderer.name for renderer in plot.renderers] == ["bars"]


def test_plot_logo__takes_limits_and_colours() -> None:
    plot = plot_logo(X_ATTR, ylim=0.2, color={"A": "black"})
    assert (plot.y_range.start, plot.y_range.end) == (-0.2, 0.2)
    assert plot.select_one({"name": "A"}).glyph.fill_color == "black"
    assert plot.select_one({"name": "C"}).glyph.fill_color == "#0000ff"
    assert plot_logo(X_ATTR, color="gray").select_one({"name": "T"}).glyph.fill_color == "gray"
    assert plot_logo(X_ATTR, ylim=(-1, 2)).y_range.end == 2


def test_plot_logo__draws_into_a_figure_of_the_users() -> None:
    mine = figure(width=300, height=100)
    assert plot_logo(X_ATTR, mine) is mine
    assert mine.select_one({"name": "G"})


def test_plot_logo__draws_no_attribution_at_all() -> None:
    plot = plot_logo(torch.zeros(4, 10))
    assert (plot.y_range.start, plot.y_range.end) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"X_attr": torch.zeros(2, 4, 10)},
            r"`X_attr` must be of shape \(4, L\); got float32 \(2, 4, 10\)\. Choose one sequence",
        ),
        ({"X_attr": torch.zeros(10, 4)}, r"`X_attr` must be of shape \(4, L\); got float32 \(10, 4\)"),
        (
            {"X_attr": X_ATTR.clone().index_fill_(1, torch.tensor(3), float("nan"))},
            r"`X_attr` must be finite; got nan for A at position 3",
        ),
        ({"start": 5, "end": 5}, r"`start, end` must be such that 0 <= start < end <= L = 10; got 5, 5"),
        ({"start": -1}, r"`start, end` must be .*got -1, None"),
        ({"end": 11}, r"`start, end` must be .*got None, 11"),
        ({"annotations": pd.DataFrame({"start": [1]})}, r"`annotations` must be a DataFrame .*no 'end'"),
        ({"annotations": pd.DataFrame({"start": [1], "end": [1]})}, r"spans with start < end; got 1 to 1 in row 0"),
        (
            {"annotations": pd.DataFrame({"start": [1], "end": [2]}), "score_key": "attribution"},
            r"no 'attribution'",
        ),
        ({"locus": "chr2"}, r"`locus` must be \(chromosome, start\).*got 'chr2'"),
        ({"ylim": -1}, r"`ylim` must be a positive number, or a lower and a higher one; got -1"),
        ({"color": {"N": "red"}}, r"`color` must be a colour, or colours for A, C, G and T; got a colour for 'N'"),
        ({"ylim": (0,)}, r"`ylim` must be a positive number, or a lower and a higher one; got \(0,\)"),
        ({"ylim": "high"}, r"`ylim` must be"),
        ({"start": 1.5}, r"`start` must be a whole number; got 1.5"),
        ({"width": 0}, r"`width` must be at least 1; got 0"),
        ({"height": -1}, r"`height` must be at least 1"),
        ({"n_tracks": -1}, r"`n_tracks` must be at least 0"),
        ({"color": "notacolor"}, r"`color` must be a colour.* got 'notacolor'"),
        ({"color": 3}, r"`color` must be a colour.* got int"),
        ({"locus": ("chr1", 1.5)}, r"`locus` must be"),
        (
            {"X_attr": "ACGT"},
            r"`X_attr` must be numbers of shape \(4, L\); got str\. Letters become an array by one_hot_encode",
        ),
        ({"annotations": np.ones((2, 2))}, r"`annotations` must be a DataFrame"),
        (
            {"annotations": pd.DataFrame({"start": [1, 1_140_000], "end": [2, 1_140_010]})},
            r"`annotations` must be on the 10 positions of X_attr; got 1140000 to 1140010 in row 1",
        ),
        (
            {"annotations": pd.DataFrame({"start": [1.5], "end": [2]})},
            r"`annotations\['start'\]` must be whole numbers; got 1.5 in row 0",
        ),
        (
            {"annotations": pd.DataFrame({"start": [1], "end": [2], "score": ["high"]})},
            r"`annotations\['score'\]` must be numbers",
        ),
        ({"ax": 5}, r"`ax` must be a Bokeh figure, an axes of matplotlib's, or None; got int"),
    ],
)
def test_plot_logo__says_what_is_wrong(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        plot_logo(**{"X_attr": X_ATTR, **arguments})


@pytest.mark.parametrize(
    "kind", [lambda X: X.numpy()[:, ::-1], lambda X: X.numpy().astype(">f4"), lambda X: X.tolist()]
)
def test_plot_logo__takes_arrays_of_any_layout_and_lists(kind) -> None:
    assert plot_logo(kind(X_ATTR)).x_range.end == 9.5


def test_plot_logo__warns_of_annotations_of_several_sequences() -> None:
    seqlets = pd.DataFrame({"example_idx": [0, 1], "start": [1, 2], "end": [4, 5]})
    with pytest.warns(NbmotifWarning, match="2 sequences by 'example_idx'") as warned:
        plot_logo(X_ATTR, annotations=seqlets)
    assert warned[0].filename == __file__
    plot_logo(X_ATTR, annotations=seqlets[:1])


def test_plot_logo__gives_annotations_without_a_score_the_last_lanes(pictures: list[Picture]) -> None:
    marks = pd.DataFrame({"name": list("abc"), "start": [2] * 3, "end": [6] * 3, "score": [np.nan, 1.0, 2.0]})
    plot_logo(X_ATTR, annotations=marks)
    assert [box.label for box in pictures[0].boxes] == ["c 2", "b 1", "a"]


def test_plot_logo__gives_annotations_without_any_score_lanes_from_left_to_right(pictures: list[Picture]) -> None:
    plot_logo(X_ATTR, annotations=pd.DataFrame({"name": list("abc"), "start": [4, 1, 3], "end": [8, 6, 7]}))
    assert [(box.label, box.lane) for box in pictures[0].boxes] == [("b", 0), ("c", 1), ("a", 2)]


@pytest.mark.parametrize(("start", "end"), [(10, 11), (-3, 0)])
def test_plot_logo__refuses_annotations_that_touch_the_sequence_from_outside(start: int, end: int) -> None:
    with pytest.raises(InvalidArgument, match=f"on the 10 positions of X_attr; got {start} to {end} in row 0"):
        plot_logo(X_ATTR, annotations=pd.DataFrame({"start": [start], "end": [end]}))


@pytest.mark.parametrize("strand", [["+", "-", "."], [1, -1, None], [1, -1, np.nan], pd.Categorical(["+", "-", None])])
def test_plot_logo__labels_annotations_with_strand_and_score_and_leaves_their_names_alone(
    pictures: list[Picture], strand: list[Any]
) -> None:
    marks = pd.DataFrame(
        {"name": "NKX2-5", "start": [1, 4, 7], "end": [3, 6, 9], "strand": strand, "score": [3, 2, -1]}
    )
    plot_logo(X_ATTR, annotations=marks)
    assert [box.label for box in pictures[0].boxes] == ["NKX2-5 (+) 3", "NKX2-5 (−) 2", "NKX2-5 −1"]


@pytest.mark.parametrize("options", [{"eps": 0}, {"eps": np.nan}, {"width": 0}, {"height": -1}])
def test_plot_pwm__names_what_leaves_nothing_to_draw(options) -> None:
    with pytest.raises(InvalidArgument, match=f"`{next(iter(options))}` must be"):
        plot_pwm(np.eye(4), **options)


# plot_pwm

PWM = np.array([[0.97, 0.25, 0.0], [0.01, 0.25, 0.5], [0.01, 0.25, 0.5], [0.01, 0.25, 0.0]])


def test_plot_pwm__draws_both_strands(pictures: list[Picture]) -> None:
    plot = plot_pwm(PWM, "TEST")
    assert plot.title.text == "TEST"
    glyphs = pictures[0].glyphs
    forward, reverse = glyphs.x < 2.5, glyphs.x > 4.5
    assert (forward | reverse).all()
    drawn = sorted(zip(2 - glyphs.x[forward], 3 - glyphs.code[forward], glyphs.height[forward], strict=True))
    mirrored = sorted(zip(glyphs.x[reverse] - 5, glyphs.code[reverse], glyphs.height[reverse], strict=True))
    assert np.allclose(drawn, mirrored)
    assert [words for _, words in pictures[0].headings] == ["forward", "reverse complement"]


def test_plot_pwm__scales_letters_by_information(pictures: list[Picture]) -> None:
    plot_pwm(torch.from_numpy(PWM))
    glyphs = pictures[0].glyphs
    at_2 = glyphs.x == 2
    assert glyphs.height[at_2].tolist() == pytest.approx([0.5, 0.5], abs=1e-5)  # 1 bit, shared by C and G
    assert (glyphs.x != 1).all()  # no information, no letters
    assert pictures[0].y_range == (0, 2)


def test_plot_pwm__counts_each_strand_from_zero() -> None:
    plot = plot_pwm(PWM)
    assert plot.xaxis.ticker.ticks == [0, 1, 2, 5, 6, 7]
    assert list(plot.xaxis.major_label_overrides.values()) == ["0", "1", "2", "0", "1", "2"]


def test_plot_pwm__takes_the_name_second_as_in_the_vignette() -> None:
    assert plot_pwm(PWM, "GATA2").title.text == "GATA2"


def test_plot_pwm__refuses_counts() -> None:
    with pytest.raises(InvalidArgument, match=r"`pwm` must be probabilities of A, C, G, T that sum to 1"):
        plot_pwm(100 * PWM)


# SVG


def test_render__is_valid_xml_whatever_the_labels(pictures: list[Picture]) -> None:
    plot_logo(X_ATTR, title="<&>", annotations=pd.DataFrame({"a<b": ["x & y"], "start": [1], "end": [9]}))
    root = ET.fromstring(svg.render(pictures[0]))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<&>" in words
    assert "x & y" in words


def test_render__places_letters_as_the_picture_says(pictures: list[Picture]) -> None:
    plot_logo(X_ATTR)
    picture = pictures[0]
    uses = re.findall(
        r'<use href="#nbm(\w)".*?translate\(([-\d.]+) ([-\d.]+)\) scale\(([-\d.]+) ([-\d.]+)\)', svg.render(picture)
    )
    assert [letter for letter, *_ in uses] == [letters.LETTERS[code] for code in picture.glyphs.code]
    px = picture.width / 10
    for (_, x, _, width, height), centre, value in zip(uses, picture.glyphs.x, picture.glyphs.height, strict=True):
        assert float(x) + 50 * float(width) == pytest.approx(64 + (centre + 0.5) * px, abs=0.05)
        assert np.sign(float(height)) == np.sign(value)


def test_render__stays_small() -> None:
    picture = nbmotif.plot.Picture(
        stack(random_one_hot((1, 4, 200), random_state=0)[0].double().numpy(), 0),
        (0, 200),
        (0, 1),
        1000,
        180,
        nbmotif.plot.LETTER_COLORS,
    )
    assert len(svg.render(picture)) < 30_000


# in a notebook


def test_plots__show_themselves_once_per_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Picture] = []
    shell = SimpleNamespace(kernel=None, execution_count=1)
    monkeypatch.setattr(nbmotif.plot, "_notebook", lambda: shell)
    monkeypatch.setattr(nbmotif.plot, "_publish", shown.append)
    plot = plot_pwm(PWM, "a")
    plot_pwm(PWM, "b")
    assert [picture.title for picture in shown] == ["a", "b"]
    plot._ipython_display_()  # the cell ends with the figure
    assert len(shown) == 2
    shell.execution_count = 2
    plot._ipython_display_()  # a later cell asks for it
    assert [picture.title for picture in shown] == ["a", "b", "a"]


def test_plots__show_nothing_in_a_script() -> None:
    assert not hasattr(plot_pwm(PWM), "_ipython_display_")


def test_plots__keep_a_title_out_of_the_notebooks_html(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    shell = SimpleNamespace(kernel=None, execution_count=1)
    monkeypatch.setattr(nbmotif.plot, "_notebook", lambda: shell)
    monkeypatch.setattr("IPython.display.publish_display_data", shown.append)
    plot_pwm(PWM, '"><script>alert(1)</script> & co')
    (bundle,) = shown
    image = ET.fromstring(bundle["text/html"].removesuffix(">") + "/>")
    assert image.tag == "img"
    assert image.attrib["alt"] == 'Logo "><script>alert(1)</script> & co'
    assert bundle["text/plain"] == '<Logo "><script>alert(1)</script> & co>'


@pytest.mark.slow
def test_plots__show_themselves_in_a_real_kernel() -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    cells = [
        "import numpy as np; from nbmotif import plot_pwm; pwm = np.eye(4)",
        "plot_pwm(pwm, 'a')\nplot = plot_pwm(pwm, 'b')",
        "plot",
        "plot_pwm(pwm, 'c')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    outputs = [[output.data for output in cell.outputs if "data" in output] for cell in notebook.cells]
    assert [[data["text/plain"] for data in cell] for cell in outputs] == [
        [],
        ["<Logo a>", "<Logo b>"],
        ["<Logo b>"],
        ["<Logo c>"],
    ]
    assert all(set(data) == {"text/html", "image/svg+xml", "text/plain"} for cell in outputs for data in cell)
