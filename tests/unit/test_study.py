"""Study: stages in any order that makes sense, the same numbers as the methods, saved and resumed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif
from nbmotif.errors import InvalidArgument, InvalidFile, MissingStage, NbmotifWarning

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def demo() -> nbmotif.demo.Demo:
    return nbmotif.demo.load()


@pytest.fixture(scope="module")
def motifs(demo: nbmotif.demo.Demo) -> nbmotif.MotifSet:
    return demo.motifs.subset(demo.motifs.names[:40])


def _study(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> nbmotif.Study:
    return nbmotif.Study(demo.model, demo.X[:30], motifs, name="test", verbose=False, random_state=3)


@pytest.fixture(scope="module")
def finished(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> nbmotif.Study:
    study = _study(demo, motifs).attribute(n_shuffles=3).call_seqlets().annotate().scan(threshold=1e-3)
    return study.marginalize(n_backgrounds=5, motifs=motifs.names[:4])


def test_study__stages_equal_the_functions_they_call(finished: nbmotif.Study, demo: nbmotif.demo.Demo) -> None:
    X = demo.X[:30]
    attributions = nbmotif.deep_lift_shap(demo.model, X, n_shuffles=3, random_state=3)
    torch.testing.assert_close(finished.attributions, attributions)
    seqlets = nbmotif.recursive_seqlets(attributions.sum(dim=1), additional_flanks=1, sign="both")
    columns = ["example_idx", "start", "end", "attribution", "p-value"]
    pd.testing.assert_frame_equal(finished.seqlets[columns], seqlets[columns])
    hits = nbmotif.fimo(finished.motifs, X, threshold=1e-3)
    assert finished.hits.n_hits == hits.n_hits
    signal = nbmotif.extract_signal(finished.hits.to_frame()[["sequence_name", "start", "end"]], attributions)
    np.testing.assert_allclose(finished.hits.to_frame()["attribution"], signal.sum(dim=1), atol=1e-5)


def test_study__same_seed_gives_the_same_numbers(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    one, two = (_study(demo, motifs).attribute(n_shuffles=2).attributions for _ in range(2))
    assert torch.equal(one, two)


def test_study__save_and_open_keep_every_result(finished: nbmotif.Study, tmp_path: Path) -> None:
    opened = nbmotif.Study.open(finished.save(tmp_path / "test.nbmotif"))
    torch.testing.assert_close(opened.attributions, finished.attributions, rtol=0, atol=0)
    for name in ("seqlets", "marginal"):
        pd.testing.assert_frame_equal(getattr(opened, name), getattr(finished, name), check_dtype=False)
    pd.testing.assert_frame_equal(opened.hits.to_frame(q_values=True), finished.hits.to_frame(q_values=True))
    assert opened.motifs.names == finished.motifs.names
    assert (opened.name, opened.settings.keys()) == (finished.name, finished.settings.keys())
    pd.testing.assert_frame_equal(opened.evidence(), finished.evidence(), check_dtype=False)
    pd.testing.assert_frame_equal(opened.explorer.counts, finished.explorer.counts)


def test_study__opened_without_a_model_says_what_to_pass(finished: nbmotif.Study, tmp_path: Path) -> None:
    opened = nbmotif.Study.open(finished.save(tmp_path / "test.nbmotif"))
    with pytest.raises(MissingStage, match="model=model"):
        opened.attribute()


def test_study__opened_with_what_is_no_model_blames_the_model_not_the_file(
    finished: nbmotif.Study, tmp_path: Path
) -> None:
    path = finished.save(tmp_path / "test.nbmotif")
    with pytest.raises(InvalidArgument, match="`model` must be a PyTorch module"):
        nbmotif.Study.open(path, model=torch.nn.Linear)


def test_study__opening_another_file_says_what_it_is_not(tmp_path: Path) -> None:
    other = tmp_path / "motifs.meme"
    other.write_text("MEME version 4")
    with pytest.raises(InvalidFile, match="not a study"):
        nbmotif.Study.open(other)


def test_study__opening_another_hdf5_file_says_what_it_is_not(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "modisco.h5", "w") as file:
        file.create_group("pos_patterns")
    with pytest.raises(InvalidFile, match=r"an HDF5 file, but no nbmotif study.*is read by `read_modisco`"):
        nbmotif.Study.open(tmp_path / "modisco.h5")


@pytest.mark.parametrize(("version", "reason"), [(1, "before the first release"), (99, "a later nbmotif")])
def test_study__of_another_format_says_which(
    finished: nbmotif.Study, tmp_path: Path, version: int, reason: str
) -> None:
    path = finished.save(tmp_path / "other.nbmotif")
    with h5py.File(path, "r+") as file:
        file.attrs["version"] = version
    with pytest.raises(InvalidFile, match=rf"{reason} \(format {version}\)"):
        nbmotif.Study.open(path)


@pytest.mark.parametrize(
    ("stage", "missing"),
    [("call_seqlets", "study.attribute"), ("annotate", "study.call_seqlets"), ("run_modisco", "study.attribute")],
)
def test_study__stage_without_its_input_names_the_call(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet, stage: str, missing: str
) -> None:
    with pytest.raises(MissingStage, match=missing):
        getattr(_study(demo, motifs), stage)()


def test_study__loci_must_have_one_row_per_sequence(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    loci = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [10]})
    with pytest.raises(InvalidArgument, match=r"one row per sequence \(30\); got 1 rows"):
        nbmotif.Study(demo.model, demo.X[:30], motifs, loci)


def test_study__attributing_again_drops_the_seqlets_of_before(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    study = _study(demo, motifs).attribute(n_shuffles=2).call_seqlets()
    study.attribute(n_shuffles=3)
    assert study.seqlets is None
    assert list(study.settings) == ["attribute"]


def test_study__scanned_before_attributing_gets_its_signal_then(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    study = _study(demo, motifs).scan()
    assert study.hits.attribution is None
    study.attribute(n_shuffles=2)
    assert len(study.hits.attribution) == study.hits.n_hits


def test_study__open_explorer_follows_each_stage(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    study = _study(demo, motifs).attribute(n_shuffles=2).scan()
    explorer = study.explorer
    few = explorer.counts["sites"].sum()
    study.scan(threshold=1e-3)
    explorer.fimo_p_threshold = 1e-3
    assert study.explorer is explorer
    assert explorer.counts["sites"].sum() > few


def test_study__refuses_settings_that_it_does_not_have_or_cannot_take(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    study = _study(demo, motifs)
    with pytest.raises(AttributeError, match="no setting 'targett'; did you mean 'target'"):
        study.targett = 1
    with pytest.raises(AttributeError, match=r"study.X cannot be set: make a new study"):
        study.X = demo.X[:3]
    for name in ("target", "random_state", "batch_size", "model", "args", "loci"):
        with pytest.raises(InvalidArgument, match=f"`{name}` must be"):
            setattr(study, name, "one")
    with pytest.raises(InvalidArgument, match=r"`loci` must be one row per sequence \(30\); got 1 rows"):
        study.loci = pd.DataFrame({"chrom": ["chr1"], "start": [0], "end": [500]})
    with pytest.raises(InvalidArgument, match=r"a row for each of the 30 sequences"):
        study.args = [torch.zeros(3, 1)]
    assert (study.loci, study.args) == (None, ())
    study.target, study.random_state, study.batch_size = np.int64(0), 4, None


def test_study__keeps_further_inputs_where_no_list_can_change_them(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    study, inputs = _study(demo, motifs), [torch.zeros(30, 1)]
    study.args = inputs
    inputs.append(torch.ones(30, 1))
    assert len(study.args) == 1


def test_a_class_derived_from_study__has_attributes_of_its_own(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    class Screen(nbmotif.Study):
        def __init__(self, *args: object, plate: int) -> None:
            super().__init__(*args)
            self.plate = plate

    screen = Screen(demo.model, demo.X[:3], motifs, plate=4)
    screen.well = "A1"
    assert (screen.plate, screen.well) == (4, "A1")
    with pytest.raises(AttributeError):
        screen.X = demo.X[:2]


def test_study__writes_strands_as_tables_of_hits_do(finished: nbmotif.Study) -> None:
    found = nbmotif.annotate_seqlets(finished.X, finished.seqlets, finished.motifs)
    assert set(finished.seqlets["tomtom_strand"]) == {"+", "-"}
    assert ((finished.seqlets["tomtom_strand"] == "+").to_numpy() == (found.strands[:, 0] == 1).numpy()).all()
    shown = finished.explorer.seqlets.merge(finished.seqlets, on=["example_idx", "start", "end"])
    shown = shown[shown["motif_name"] != "unassigned"]
    assert len(shown)
    assert shown["strand"].astype(str).tolist() == shown["tomtom_strand"].tolist()


def test_study__has_nothing_to_tell_before_any_stage(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet, tmp_path: Path
) -> None:
    study = _study(demo, motifs)
    for wanted, ask in (("evidence", study.evidence), ("to_html", lambda: study.to_html(tmp_path / "page.html"))):
        with pytest.raises(MissingStage, match=rf"study.{wanted}\(\) needs the results of a stage"):
            ask()
    study.scan()
    with pytest.raises(InvalidArgument, match=r"`path` must be the name of an HTML file; got 'page.pdf'"):
        study.to_html(tmp_path / "page.pdf")
    for name in ("page.html", "ctcf_v1.2"):
        assert study.to_html(tmp_path / name).exists()


def test_study__explorer_says_where_results_end(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    study = _study(demo, motifs).attribute(n_shuffles=2).call_seqlets(0.05).scan()
    with pytest.warns(NbmotifWarning, match=r"above 0.0001 was kept. Call study.scan\(threshold=0.01\)") as caught:
        study.explorer.fimo_p_threshold = 0.01
    assert caught[0].filename == __file__
    with pytest.warns(NbmotifWarning, match=r"above 0.05 was kept. Call study.call_seqlets\(threshold=0.5\)"):
        study.explorer.seqlet_p_threshold = 0.5
    study.scan(threshold=1e-2)
    study.explorer.fimo_p_threshold = 5e-3
    study.explorer.update(name="renamed")
    with pytest.warns(NbmotifWarning, match="above 0.01 was kept"):
        study.explorer.fimo_p_threshold = 0.5
    study.explorer.update(hits=study.hits)
    study.explorer.fimo_p_threshold = 0.6
    # nobody knows where a table of hits ends
    nbmotif.Explorer(attributions=study.attributions, hits=study.hits).fimo_p_threshold = 0.5


def test_study__warnings_point_at_the_line_that_called(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    short = nbmotif.MotifSet({"GATA": np.eye(4)[[2, 0, 3, 0]].T})
    for scan in (
        nbmotif.Study(demo.model, demo.X[:2], short, verbose=False).scan,
        lambda: nbmotif.fimo(short, ["ACGT"]),
    ):
        with pytest.warns(NbmotifWarning, match="have no hits") as caught:
            scan()
        assert caught[0].filename == __file__


def test_study__closed_explorer_is_replaced(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    study = _study(demo, motifs).attribute(n_shuffles=2).scan()
    closed = study.explorer
    closed.close()
    study.scan(threshold=1e-3)
    assert study.explorer is not closed
    assert study.explorer.counts["sites"].sum() > 0


def test_study__before_any_stage_shows_what_to_call(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    study = _study(demo, motifs)
    assert study._repr_mimebundle_() == {"text/plain": repr(study)}
    assert "call `.run()`" in repr(study)


def test_study__medoids_stand_for_large_databases(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbmotif.study._MARGINALIZE_ALL_UP_TO", 10)
    study = _study(demo, motifs).marginalize(n_backgrounds=2)
    assert set(study.marginal["motif_name"]) == {motifs.names[medoid] for medoid in motifs.families().medoids}


@pytest.mark.parametrize("method", ["saliency", "saturation_mutagenesis"])
def test_study__attributes_by_other_methods(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet, method: str) -> None:
    study = nbmotif.Study(demo.model, demo.X[:2], motifs, verbose=False).attribute(method=method)
    torch.testing.assert_close(study.attributions, getattr(nbmotif, method)(demo.model, demo.X[:2]))
    assert study.settings["attribute"]["method"] == method
    assert study.call_seqlets().seqlets is not None


def test_study__names_a_method_of_attribution_that_it_does_not_know(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    with pytest.raises(InvalidArgument, match="`method` must be one of 'deep_lift_shap', 'saliency'"):
        _study(demo, motifs).attribute(method="shap")


def test_study__takes_a_model_that_counts_its_calls_for_the_same(
    demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet
) -> None:
    class Counting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = demo.model
            self.register_buffer("n_calls", torch.zeros((), dtype=torch.long))
            self.register_buffer("kept", torch.zeros(1), persistent=False)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            self.n_calls += 1
            self.kept = self.kept + 1
            return self.inner(X)

    study = nbmotif.Study(Counting(), demo.X[:4], motifs, verbose=False).attribute(n_shuffles=2).call_seqlets()
    assert study.seqlets is not None


def test_run__keeps_the_method_that_was_chosen(demo: nbmotif.demo.Demo, motifs: nbmotif.MotifSet) -> None:
    study = nbmotif.Study(demo.model, demo.X[:4], motifs, verbose=False).attribute(method="saliency")
    kept = study.hypothetical
    study.random_state = 5  # which a gradient does not depend on
    assert study.run().hypothetical is kept
    study.model = copy.deepcopy(demo.model)
    with torch.no_grad():
        next(study.model.parameters()).mul_(0.9)
    assert study.run().settings["attribute"]["method"] == "saliency"
    assert study.hypothetical is not kept
