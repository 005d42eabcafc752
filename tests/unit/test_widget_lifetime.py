"""What an Explorer holds, and that it lets go of it."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from nbmotif.hits import Hits
from nbmotif.widget.explorer import Explorer
from nbmotif.widget.inputs import read_content
from nbmotif.widget.stage import READY

if TYPE_CHECKING:
    from pathlib import Path

Make = "Callable[..., Explorer]"
Pieces = "Callable[..., dict[str, Any]]"


def test_close__frees_the_arrays(explorer: Make) -> None:
    hypothetical = np.zeros((6, 4, 120), np.float32)
    watched = weakref.ref(hypothetical)
    widget = explorer("X", "attributions", "hits", hypothetical=None, attributions=hypothetical)
    del hypothetical
    widget.close()
    gc.collect()
    assert watched() is None
    assert repr(widget) == "Explorer (closed)"
    with pytest.raises(RuntimeError, match="closed"):
        _ = widget.counts
    widget.close()


def test_close__frees_the_widget(bundle: Path) -> None:
    widget = Explorer()
    watched = weakref.ref(widget)
    widget.close()
    del widget
    gc.collect()
    assert watched() is None


def test_explorer__holds_no_copy_of_its_arrays(explorer: Make, pieces: Pieces) -> None:
    made = pieces()
    hits = read_content(**made).hits
    content = explorer(**{**made, "hits": hits})._content
    for name in ("X", "attributions", "hypothetical"):
        assert np.shares_memory(getattr(content, name), made[name])
    assert content.hits is hits


def test_explorer__made_fifty_times_and_not_closed_adds_up_to_little(bundle: Path) -> None:
    same = np.zeros(200_000, np.int32)
    hits = Hits(["a"], [5], same, same, same, same + 1, same, same + 1e-5, same + 1, n_sequences=1)
    arguments = {"hits": hits, "attributions": np.ones((1, 1000), np.float32)}
    Explorer(**arguments).close()
    tracemalloc.start()
    widgets = [Explorer(**arguments) for _ in range(50)]
    gc.collect()
    per_widget = tracemalloc.get_traced_memory()[0] / 50
    tracemalloc.stop()
    for widget in widgets:
        widget.close()
    # the columns of these hits take 3 MB; the text of the stand-in for the bundle next to nothing
    assert per_widget < 100_000


def test_explorer__pickled_shows_the_same(explorer: Make) -> None:
    widget = explorer(attribution_threshold=0.2, selected_motifs=["TAL1"])
    again = pickle.loads(pickle.dumps(widget))
    pd.testing.assert_frame_equal(again.counts, widget.counts)
    assert (again.attribution_threshold, again.selected_motifs) == (0.2, ["TAL1"])
    assert again.model_id != widget.model_id
    again.close()


def test_explorer__pickled_starts_anew_and_can_be_updated(explorer: Make) -> None:
    widget = explorer(palette="okabe-ito", _pinned={"attribution_threshold": 0.3})
    widget.update(marginal=None)
    with widget.showing("scan"):
        again = pickle.loads(pickle.dumps(widget))
    assert (again.palette, again._pinned) == (widget.palette, widget._pinned)
    assert again._status == READY
    seen: list[int] = []
    again.observe(lambda change: seen.append(change["new"]), "_rev")
    again.update(marginal={"TAL1": 1.0})
    assert seen == [2], "the browser sees that there is something new"
    again.close()
