"""Logos in an axes of matplotlib's, as the vignette draws them with tangermeme."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import one_hot_encode, plot_logo, plot_pwm

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
pyplot = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.peers

X_ATTR = one_hot_encode("TTGATAACGC") * torch.tensor([0.0, 0.1, 0.5, 0.4, 0.4, 0.3, 0.2, -0.1, -0.3, 0.0])


def test_plot_logo__draws_into_an_axes() -> None:
    figure, ax = pyplot.subplots(figsize=(10, 2.5))
    seqlets = pd.DataFrame({"example_idx": ["GATA"], "start": [2], "end": [7], "attribution": [2.0]})
    assert plot_logo(X_ATTR, ax=ax, start=1, annotations=seqlets, score_key="attribution") is ax
    figure.canvas.draw()
    assert ax.get_xlim() == (0.5, 9.5)
    assert "GATA 2" in [text.get_text() for text in ax.texts]
    pyplot.close(figure)


def test_plot_logo__has_no_limits_taken_from_every_letter() -> None:
    figure, ax = pyplot.subplots()
    plot_logo(X_ATTR, ax=ax)
    assert not np.isfinite(ax.dataLim.get_points()).any()
    assert len(ax.collections) == 4
    pyplot.close(figure)


def test_plot_pwm__draws_into_an_axes_with_open_holes() -> None:
    figure, ax = pyplot.subplots(figsize=(4, 4))
    plot_pwm(np.array([[1.0], [0.0], [0.0], [0.0]]), "A", ax=ax)
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())
    x, y = ax.transData.transform((0, 1.2)).astype(int)  # in the hole of A
    leg_x, leg_y = ax.transData.transform((-0.28, 0.2)).astype(int)
    assert picture[picture.shape[0] - y, x].tolist() == [255, 255, 255, 255]
    assert picture[picture.shape[0] - leg_y, leg_x].tolist() == [0, 128, 0, 255]
    assert ax.get_title() == "A"
    pyplot.close(figure)


def test_plot_logo__leaves_half_of_the_axes_to_the_logo_however_many_annotations() -> None:
    marks = pd.DataFrame({"name": [f"motif {i}" for i in range(50)], "start": 2, "end": 6, "score": range(50)})
    figure, ax = pyplot.subplots(figsize=(8, 2))
    plot_logo(X_ATTR.abs(), ax=ax, annotations=marks)
    low, high = ax.get_ylim()
    labels = [text.get_text() for text in ax.texts]
    pyplot.close(figure)
    assert 0.4 < high / (high - low) <= 0.6
    assert labels[0] == "motif 49 49"
    assert labels[-1].endswith("more annotations have no lane")
