"""The vignette, step by step, on the demo: its code runs unchanged on the peers' functions and on ours.

Each step is written once and run with two toolboxes, the peers' (tangermeme, memelite) and ours, so that calls and
columns have the same form by construction; then the answers are compared. Where ours differs on purpose by default, the
compatible setting is compared exactly, and the default as closely as the difference allows.
"""

from __future__ import annotations

import functools
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.peers

MEME = str(Path(nbmotif.demo.__file__).parent / "data" / "motifs.meme")
# what chr1 is made of, from the vignette
PROBS = np.array([[0.2910, 0.2085, 0.2087, 0.2918]])
N = 48  # sequences that are attributed
SEQLET_COLUMNS = ["example_idx", "start", "end", "attribution", "p-value"]
HIT_COLUMNS = ["motif_name", "motif_idx", "sequence_name", "start", "end", "strand", "score", "p-value"]
GATA, CTCF = "MA0036.4 GATA2", "MA0139.2 CTCF"


@pytest.fixture(scope="module")
def peers() -> types.SimpleNamespace:
    import memelite
    import tangermeme.annotate
    import tangermeme.deep_lift_shap
    import tangermeme.ersatz
    import tangermeme.io
    import tangermeme.marginalize
    import tangermeme.predict
    import tangermeme.seqlet
    import tangermeme.utils

    return types.SimpleNamespace(
        annotate_seqlets=tangermeme.annotate.annotate_seqlets,
        count_annotations=tangermeme.annotate.count_annotations,
        deep_lift_shap=tangermeme.deep_lift_shap.deep_lift_shap,
        dinucleotide_shuffle=tangermeme.ersatz.dinucleotide_shuffle,
        extract_loci=tangermeme.io.extract_loci,
        extract_signal=tangermeme.utils.extract_signal,
        fimo=memelite.fimo,
        marginalize=tangermeme.marginalize.marginalize,
        predict=tangermeme.predict.predict,
        pwm_consensus=tangermeme.utils.pwm_consensus,
        random_one_hot=tangermeme.utils.random_one_hot,
        read_meme=tangermeme.io.read_meme,
        recursive_seqlets=tangermeme.seqlet.recursive_seqlets,
    )


class Compatible:
    """Ours, set to compute what the peers compute; each function is imported when a step asks for it."""

    settings = types.MappingProxyType(
        {
            "annotate_seqlets": {"compat": "memelite"},
            "dinucleotide_shuffle": {"method": "tangermeme"},
            "fimo": {"compat": "memelite"},
        }
    )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return functools.partial(getattr(nbmotif, name), **self.settings.get(name, {}))


@pytest.fixture(scope="module")
def compatible() -> Compatible:
    return Compatible()


@pytest.fixture(scope="module")
def demo() -> nbmotif.demo.Demo:
    return nbmotif.demo.load()


@pytest.fixture(scope="module")
def X_attr(demo: nbmotif.demo.Demo, peers: types.SimpleNamespace) -> torch.Tensor:
    """Attributions that every later step starts from, so that steps are compared one at a time."""
    return peers.deep_lift_shap(demo.model, demo.X[:N], n_shuffles=10, random_state=0)


@pytest.fixture(scope="module")
def seqlets(X_attr: torch.Tensor, peers: types.SimpleNamespace) -> pd.DataFrame:
    return peers.recursive_seqlets(X_attr.sum(dim=1), additional_flanks=1)


def both(step: Callable[..., Any], peers: types.SimpleNamespace, ours: Compatible, *args: Any) -> tuple[Any, Any]:
    """Run a step with each toolbox."""
    return step(peers, *args), step(ours, *args)


# Marginalization (predictions)


def backgrounds(tools: types.SimpleNamespace) -> torch.Tensor:
    return tools.random_one_hot((20, 4, 500), probs=PROBS, random_state=0).float()


def test_random_one_hot__gives_the_same_backgrounds(peers, compatible):
    theirs, ours = both(backgrounds, peers, compatible)
    assert torch.equal(theirs, ours)


def few_motifs(tools: types.SimpleNamespace) -> dict[str, torch.Tensor]:
    motifs = tools.read_meme(MEME, n_motifs=5)
    motifs[GATA] = tools.read_meme(MEME)[GATA]
    motifs[CTCF] = tools.read_meme(MEME)[CTCF]
    return motifs


def test_read_meme__gives_a_mapping_that_takes_more_motifs(peers, compatible):
    theirs, ours = both(few_motifs, peers, compatible)
    assert list(theirs) == list(ours)
    for name, pwm in theirs.items():
        assert ours[name].dtype == pwm.dtype
        assert torch.equal(ours[name], pwm)


def marginal_predictions(tools: types.SimpleNamespace, model: torch.nn.Module) -> dict[str, float]:
    X = backgrounds(tools)
    deltas = {}
    for name, pwm in few_motifs(tools).items():
        consensus = tools.pwm_consensus(pwm).unsqueeze(0)
        y_before, y_after = tools.marginalize(model, X, consensus)
        deltas[name] = (y_after - y_before).mean().item()
    return deltas


def test_marginalize__gives_the_same_effects_and_gata_leads(peers, compatible, demo):
    theirs, ours = both(marginal_predictions, peers, compatible, demo.model)
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert max(ours, key=ours.get) in {GATA, "MA0029.2 Mecom"}
    assert abs(ours[CTCF]) < 0.1 < 0.5 < ours[GATA]


# Marginalization (attribution)


def marginal_attributions(tools: types.SimpleNamespace, model: torch.nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    consensus = tools.pwm_consensus(tools.read_meme(MEME)[GATA]).unsqueeze(0)

    def attribute(*args: Any, **kwargs: Any) -> torch.Tensor:
        """Draw references for each side: where ours knows the function, both sides have the same."""
        return tools.deep_lift_shap(*args, **kwargs)

    return tools.marginalize(
        model,
        backgrounds(tools)[:4],
        consensus,
        func=attribute,
        additional_func_kwargs={"references": tools.dinucleotide_shuffle, "n_shuffles": 5, "random_state": 0},
    )


def test_marginalize__with_attributions_gives_the_same(peers, compatible, demo):
    theirs, ours = both(marginal_attributions, peers, compatible, demo.model)
    for their_side, our_side in zip(theirs, ours, strict=True):
        torch.testing.assert_close(our_side, their_side, rtol=0, atol=1e-5)


MECOM = "MA0029.2 Mecom"


@pytest.fixture(scope="module")
def marginal_rows(demo: nbmotif.demo.Demo) -> dict[str, Any]:
    X = backgrounds(nbmotif)[:8]
    consensus = {name: nbmotif.pwm_consensus(demo.motifs[name]).unsqueeze(0) for name in (GATA, MECOM, CTCF)}
    options = {"func": nbmotif.deep_lift_shap, "n_shuffles": 20, "random_state": 0}
    return {name: nbmotif.marginalize(demo.model, X, motif, **options) for name, motif in consensus.items()}


def test_marginalize__attribution_rows_come_out_with_the_corrections(peers, demo, marginal_rows):
    """The motif's own span, each side on its own sequence, the same references: by tangermeme, step by step."""
    references = nbmotif.dinucleotide_shuffle(marginal_rows[GATA].X_before, n=20, random_state=0)
    for name, row in marginal_rows.items():
        start = 250 - demo.motifs[name].shape[1] // 2
        span = slice(start, start + demo.motifs[name].shape[1])
        assert (row.start, row.end) == (span.start, span.stop)
        total = []
        for X in (row.X_before, row.X_after):
            attributions = peers.deep_lift_shap(demo.model, X, references=references, hypothetical=True)
            total.append((attributions * X)[:, :, span].sum((1, 2)))
        torch.testing.assert_close(row.effect, (total[1] - total[0]).double(), rtol=1e-3, atol=1e-5)


def test_marginalize__attribution_rows_say_what_predictions_say(demo, marginal_rows):
    effect = {name: row.effect.mean().item() for name, row in marginal_rows.items()}
    # Mecom's consensus is two GATA sites: it leads by its sum, and as a mean over positions they are alike
    assert effect[MECOM] > effect[GATA] > 0.5 > 20 * abs(effect[CTCF])
    per_position = {name: value / demo.motifs[name].shape[1] for name, value in effect.items()}
    assert per_position[MECOM] == pytest.approx(per_position[GATA], rel=0.25)
    # what the bases of the motif contribute is what inserting them changes
    for name in (GATA, MECOM):
        motif = nbmotif.pwm_consensus(demo.motifs[name]).unsqueeze(0)
        predicted = nbmotif.marginalize(demo.model, backgrounds(nbmotif)[:8], motif).effect.mean().item()
        assert effect[name] == pytest.approx(predicted, rel=0.05)


def test_marginalize__the_vignettes_own_formula_misses_most_of_it(marginal_rows):
    for name in (GATA, MECOM):
        row = marginal_rows[name]
        window = slice(250 - 3, 250 + 3)  # consensus.shape[1] // 2 + 1 is half of the alphabet, whatever the width
        on_background = ((row.y_after - row.y_before) * row.X_before)[:, :, window].sum((1, 2))
        assert on_background.mean() < 0.5 * row.effect.mean()


# Seqlet calling + TOMTOM


def loci(tools: types.SimpleNamespace, fasta: str) -> torch.Tensor:
    peaks = pd.DataFrame({"chrom": ["0", "1", "1"], "start": [150, 200, 17], "end": [160, 203, 302]})
    X = tools.extract_loci(peaks, fasta, in_window=114).float()
    return X[X.sum(dim=(1, 2)) == X.shape[-1]]


def test_extract_loci__cuts_the_same_windows(peers, compatible, demo, tmp_path):
    fasta = tmp_path / "genome.fa"
    fasta.write_bytes((Path(MEME).parent / "sequences.fa").read_bytes())
    theirs, ours = both(loci, peers, compatible, str(fasta))
    assert torch.equal(theirs, ours)
    assert torch.equal(ours[1], demo.X[1][:, 201 - 57 : 201 + 57])


def attributions(tools: types.SimpleNamespace, model: torch.nn.Module, X: torch.Tensor) -> torch.Tensor:
    return tools.deep_lift_shap(
        model, X, references=tools.dinucleotide_shuffle, n_shuffles=10, random_state=0, warning_threshold=0.1
    )


def test_deep_lift_shap__gives_the_same_attributions(peers, compatible, demo):
    theirs, ours = both(attributions, peers, compatible, demo.model, demo.X[:8])
    assert ours.shape == theirs.shape == (8, 4, 500)
    assert ours.dtype == theirs.dtype
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def call_seqlets(tools: types.SimpleNamespace, X_attr: torch.Tensor) -> pd.DataFrame:
    return tools.recursive_seqlets(X_attr.sum(dim=1), additional_flanks=1)


def test_recursive_seqlets__calls_the_same_spans(peers, compatible, X_attr):
    theirs, ours = both(call_seqlets, peers, compatible, X_attr)
    assert len(theirs) > N
    assert list(ours) == list(theirs) == SEQLET_COLUMNS
    spans = SEQLET_COLUMNS[:3]
    theirs, ours = (frame.sort_values(spans, ignore_index=True) for frame in (theirs, ours))
    pd.testing.assert_frame_equal(ours[spans], theirs[spans], check_dtype=False)
    np.testing.assert_allclose(ours["attribution"], theirs["attribution"], atol=1e-5)
    np.testing.assert_allclose(ours["p-value"], theirs["p-value"], rtol=1e-6)


def annotate(tools: types.SimpleNamespace, X: torch.Tensor, seqlets: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    found = tools.annotate_seqlets(X, seqlets, MEME)
    return np.asarray(found[0][:, 0]), np.asarray(found[1][:, 0])


def test_annotate_seqlets__finds_the_same_motifs(peers, compatible, demo, seqlets):
    theirs, ours = both(annotate, peers, compatible, demo.X, seqlets)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-9, atol=1e-15)
    # of equally near motifs the peer returns any; ours the first
    nearest = compatible.annotate_seqlets(demo.X, seqlets, MEME, n_nearest=5)
    is_tie = (nearest[0].numpy() == theirs[0][:, None]) & np.isclose(nearest[1].numpy(), theirs[1][:, None], rtol=1e-9)
    assert ((ours[0] == theirs[0]) | is_tie.any(axis=1)).all()
    assert (ours[0] == theirs[0]).mean() > 0.95


def count(tools: types.SimpleNamespace, seqlets: pd.DataFrame, motif_idxs: np.ndarray) -> torch.Tensor:
    return tools.count_annotations((seqlets["example_idx"], motif_idxs))


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable:UserWarning")  # tangermeme, under pandas 3
def test_count_annotations__counts_the_same_in_int32(peers, compatible, demo, seqlets):
    motif_idxs, _ = annotate(compatible, demo.X, seqlets)
    theirs, ours = both(count, peers, compatible, seqlets, motif_idxs)
    assert ours.dtype == torch.int32
    assert torch.equal(ours, theirs.int())
    # the vignette's last lines: the most counted motifs, by name
    motif_names = np.array(list(nbmotif.read_meme(MEME).keys()))
    y_sum = ours.sum(dim=0)
    idxs = torch.flip(torch.argsort(y_sum), dims=(-1,))
    assert "GATA" in motif_names[idxs[:5]][0]


# FIMO + attribution thresholding


def scan(tools: types.SimpleNamespace, X: torch.Tensor) -> pd.DataFrame:
    hits = tools.fimo(MEME, X)
    n_hits = np.array([len(h) for h in hits])
    assert len(hits) == len(n_hits) == len(tools.read_meme(MEME))
    return pd.concat([h for h in hits if len(h)], ignore_index=True)


def test_fimo__finds_the_same_hits(peers, compatible, demo):
    theirs, ours = both(scan, peers, compatible, demo.X[:N])
    assert list(theirs) == list(ours) == HIT_COLUMNS
    assert len(theirs) == len(ours) > 1000
    order = ["motif_idx", "sequence_name", "start", "strand"]
    theirs, ours = (frame.astype({"strand": str}).sort_values(order, ignore_index=True) for frame in (theirs, ours))
    for column in ("motif_name", *order, "end"):
        assert (theirs[column].astype(str) == ours[column].astype(str)).all(), column
    np.testing.assert_allclose(ours["score"], theirs["score"], atol=1e-4)
    np.testing.assert_allclose(ours["p-value"], theirs["p-value"], rtol=1e-6)


def keep_by_attribution(tools: types.SimpleNamespace, hits: pd.DataFrame, X_attr: torch.Tensor) -> pd.DataFrame:
    hits_ = hits.copy()
    attrs = tools.extract_signal(hits_[["sequence_name", "start", "end"]], X_attr, verbose=False)
    hits_["attribution"] = attrs.sum(dim=1)
    return hits_


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # a tensor becomes a column
def test_extract_signal__gives_the_same_attributions_of_hits(peers, compatible, demo, X_attr):
    hits = scan(compatible, demo.X[:N])
    theirs, ours = both(keep_by_attribution, peers, compatible, hits, X_attr)
    np.testing.assert_allclose(ours["attribution"], theirs["attribution"], atol=1e-5)
    kept = ours[ours["attribution"] > 0.01].sort_values("attribution", ascending=True)
    table = kept.groupby("motif_name", observed=True).count()["motif_idx"].sort_values(ascending=False)
    assert CTCF not in table.index or table[CTCF] < table[GATA] / 5


# our defaults, where they differ on purpose


def test_annotate_seqlets__by_default_mostly_agrees_and_says_more(peers, demo, seqlets):
    idxs, p_values = annotate(peers, demo.X, seqlets)
    found = nbmotif.annotate_seqlets(demo.X, seqlets, MEME)
    # every target column counts instead of merged ones: p-values move by up to half a decade
    assert np.abs(np.log10(found.p_values[:, 0].numpy()) - np.log10(p_values)).max() < 0.5
    assert (found.motif_idxs[:, 0].numpy() == idxs).mean() > 0.9
    assert list(vars(found))[2:] == ["q_values", "strands", "offsets", "overlaps"]


def test_fimo__by_default_finds_nearly_the_same_sites(peers, demo):
    sites = ["motif_idx", "sequence_name", "start"]
    theirs, ours = (frame[sites].drop_duplicates() for frame in (scan(peers, demo.X[:N]), scan(nbmotif, demo.X[:N])))
    shared = len(theirs.merge(ours, on=sites))
    # memelite rounds scores to 0.1 bit, which misses and adds hits at the threshold
    assert shared / len(ours) > 0.9
    assert shared / len(theirs) > 0.9


def test_deep_lift_shap__by_default_differs_no_more_than_with_another_seed(peers, demo, X_attr):
    ours = nbmotif.deep_lift_shap(demo.model, demo.X[:N], n_shuffles=10, random_state=0)
    other_seed = peers.deep_lift_shap(demo.model, demo.X[:N], n_shuffles=10, random_state=1000)
    assert correlation(ours, X_attr) > correlation(other_seed, X_attr) - 0.03


def correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(np.corrcoef(a.flatten().numpy(), b.flatten().numpy())[0, 1])


# plots


def test_plots__take_the_vignettes_calls(demo, X_attr, seqlets):
    motif_idxs = nbmotif.annotate_seqlets(demo.X, seqlets, MEME)[0][:, 0]
    motif_names = np.array(demo.motifs.names)
    idxs = seqlets["example_idx"] == 1
    shown = seqlets[idxs].assign(example_idx=motif_names[motif_idxs[idxs.to_numpy(copy=True)]])
    shown = shown[shown["attribution"] > 0]
    logo = nbmotif.plot_logo(X_attr[1], start=50, end=250, annotations=shown, score_key="attribution")
    pwm = nbmotif.plot_pwm(demo.motifs[GATA], "GATA2")
    assert {type(figure).__name__ for figure in (logo, pwm)} <= {"figure", "Figure", "Column", "Row", "GridPlot"}
