"""Progress that is reported to whoever asks, and stages that an Explorer shows and stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import nbmotif
from nbmotif.errors import Cancelled
from nbmotif.progress import Progress, reporting
from nbmotif.widget.stage import READY

if TYPE_CHECKING:
    from collections.abc import Callable

Make = "Callable[..., Explorer]"


def reported(work: Callable[[], object]) -> list[tuple[float, float | None]]:
    said: list[tuple[float, float | None]] = []
    with reporting(lambda done, total: said.append((done, total))):
        work()
    return said


def test_progress__reports_each_step_also_where_the_bar_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    assert reported(lambda: list(Progress([7, 8], disable=True))) == [(1, 2), (2, 2)]
    assert reported(lambda: list(Progress(iter("ab"), disable=True))) == [(1, None), (2, None)]
    with Progress(total=10, disable=True) as bar:
        assert reported(lambda: bar.update(4)) == [(4, 10)]
    assert capsys.readouterr().err == ""
    assert list(Progress("ab", desc="counting")) == ["a", "b"]
    assert "counting" in capsys.readouterr().err


def test_progress__is_reported_by_the_long_calls() -> None:
    X = nbmotif.random_one_hot((8, 4, 200), random_state=0)
    motifs = {"TATA": np.eye(4)[[3, 0, 3, 0, 0, 0]].T, "GATA": np.eye(4)[[2, 0, 3, 0, 0, 1]].T}
    for work in (
        lambda: nbmotif.fimo(motifs, X, threshold=0.01),
        lambda: nbmotif.dinucleotide_shuffle(X, n=2, random_state=0),
        lambda: nbmotif.predict(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(800, 1)), X, batch_size=3),
    ):
        said = reported(work)
        assert said
        assert said[-1][0] == said[-1][1]


@pytest.mark.parametrize("func", [nbmotif.predict, nbmotif.saliency])
@pytest.mark.parametrize("target", [0, [0, 1]])
def test_progress__of_a_database_reaches_its_end(func: Callable[..., Any], target: Any) -> None:
    X = nbmotif.random_one_hot((5, 4, 30), random_state=0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(120, 2))
    motifs = {"TATA": "TATA", "GATA": "GATA"}
    options = {"batch_size": 2} if func is nbmotif.predict else {}
    said = reported(
        lambda: nbmotif.marginalize_motifs(model, X, motifs, func=func, target=target, device="cpu", **options)
    )
    # both motifs and their shuffled letters, in five backgrounds; attributions once for each target
    total = 2 * 2 * 5 * (len(target) if func is nbmotif.saliency and isinstance(target, list) else 1)
    assert said[-1] == (total, total)


def test_progress__stops_the_work_when_the_report_raises() -> None:
    def stop(done: float, total: float | None) -> None:
        raise Cancelled("`this`")

    with pytest.raises(Cancelled, match="unchanged"), reporting(stop):
        nbmotif.dinucleotide_shuffle(nbmotif.random_one_hot((8, 4, 200), random_state=0), n=2, random_state=0)


def test_showing__tells_the_explorer_how_far_a_stage_is(explorer: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbmotif.widget.stage._EVERY", 0)
    widget = explorer()
    said: list[Any] = []
    widget.observe(lambda change: said.append(change["new"]), "_status")
    with widget.showing("scan"):
        list(Progress(range(3), disable=True))
    assert said[0] == {"phase": "working", "message": "Scanning for motifs", "done": 0, "total": 0}
    assert said[1]["done"] == 1
    assert said[1]["total"] == 3
    assert said[-1] == widget._status == READY


def test_showing__stops_at_the_users_button_and_not_at_an_old_one(explorer: Make) -> None:
    widget = explorer()
    seen = []

    def stage() -> None:
        with widget.showing("scan"):
            for item in Progress(range(9), disable=True):
                seen.append(item)
                widget._jobs.receive({"type": "stop"})

    with pytest.raises(Cancelled, match=r"study\.scan\(\)"):
        stage()
    assert seen == [0]
    assert widget._status == READY
    with widget.showing("scan"):
        assert list(Progress(range(3), disable=True)) == [0, 1, 2]
    widget._jobs.receive({"type": "stop"})  # nothing runs: nothing happens


def test_study__shows_its_stages_and_keeps_what_it_had_when_one_is_cancelled() -> None:
    demo = nbmotif.demo.load()
    study = nbmotif.Study(demo.model, demo.X[:6], demo.motifs, verbose=False)
    study.attribute(n_shuffles=2)
    widget, before = study.explorer, study.hypothetical
    said: list[str] = []
    widget.observe(lambda change: said.append(change["new"]["message"]), "_status")
    study.call_seqlets()
    assert said == ["Calling seqlets", ""]
    widget.observe(lambda change: widget._jobs.receive({"type": "stop"}), "_status")
    with pytest.raises(Cancelled, match=r"study\.attribute\(\)"):
        study.attribute(n_shuffles=2)
    assert study.hypothetical is before
    assert study.seqlets is not None
    widget.close()
    study.attribute(n_shuffles=2)  # nobody looks any more
