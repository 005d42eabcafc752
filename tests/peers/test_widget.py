"""The Explorer shows what tangermeme and memelite return, as they return it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif.widget.bundle
from nbmotif import write_meme
from nbmotif.widget.explorer import Explorer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peers


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "widget.js").write_text("export default () => ({ render() {} });")
    monkeypatch.setattr(nbmotif.widget.bundle, "SCRIPT", tmp_path / "widget.js")


def test_explorer__shows_seqlets_and_hits_of_the_peers(bundle: None) -> None:
    from memelite import fimo
    from tangermeme.annotate import annotate_seqlets
    from tangermeme.seqlet import recursive_seqlets
    from tangermeme.utils import random_one_hot

    X = random_one_hot((8, 4, 300), random_state=0).float()
    rng = np.random.default_rng(0)
    motifs = {f"motif {m}": torch.from_numpy(rng.dirichlet(np.full(4, 0.2), 8).T) for m in range(30)}
    X_attr = X * torch.from_numpy(rng.normal(0, 0.01, (8, 1, 300)).astype(np.float32))
    X_attr[:, :, 100:110] += X[:, :, 100:110] * 0.5
    seqlets = recursive_seqlets(X_attr.sum(dim=1))
    annotations = annotate_seqlets(X, seqlets, motifs)
    hits = fimo(motifs, X.numpy(), threshold=1e-3)
    explorer = Explorer(
        X_attr, X, seqlets, hits, motifs, annotations, tomtom_p_threshold=1.0, fimo_p_threshold=1.0, count_mode="hits"
    )
    explorer.by_family = False
    explorer.attribution_threshold = 0
    explorer.sign = "both"
    counts = explorer.counts.set_index("motif_name")
    expected = np.bincount(np.asarray(annotations[0])[:, 0], minlength=30)
    assert len(seqlets) >= 8
    assert counts.loc[list(motifs), "seqlets"].tolist() == expected.tolist()
    assert counts.loc[list(motifs), "hits"].tolist() == [len(frame) for frame in hits]
    found = explorer.hits
    for row in found.head(50).itertuples():
        assert row.attribution == pytest.approx(
            X_attr[row.sequence_name, :, row.start : row.end].sum().item(), abs=1e-5
        )
    explorer.close()


def test_explorer__counts_what_the_vignettes_pandas_counts(bundle: None, tmp_path: Path) -> None:
    from memelite import fimo
    from tangermeme.utils import extract_signal, random_one_hot

    X = random_one_hot((10, 4, 400), random_state=1).float()
    rng = np.random.default_rng(1)
    motifs = {f"MA{m:04d}.1 TF{m}": torch.from_numpy(rng.dirichlet(np.full(4, 0.2), 8).T) for m in range(20)}
    X_attr = X * torch.from_numpy(rng.normal(0, 0.01, (10, 1, 400)).astype(np.float32))
    hits = pd.concat(fimo(motifs, X.numpy(), threshold=1e-3))
    hits["attribution"] = extract_signal(hits[["sequence_name", "start", "end"]], X_attr).sum(dim=1).numpy()
    counted = hits[hits["attribution"] > 0.01].sort_values("attribution", ascending=True)
    expected = counted.groupby("motif_name").count()["motif_idx"].sort_values(ascending=False)
    write_meme(tmp_path / "motifs.meme", motifs)
    forms = {
        "as the vignette has them": hits,
        "after its threshold, in its order": counted,
        "one table per motif": fimo(motifs, X.numpy(), threshold=1e-3),
        "one table per sequence": fimo(motifs, X.numpy(), threshold=1e-3, dim=1),
    }
    options = {"motifs": tmp_path / "motifs.meme", "fimo_p_threshold": 1, "by_family": False, "count_mode": "hits"}
    for form, given in forms.items():
        explorer = Explorer(X_attr, X, hits=given, **options)
        found = explorer.counts.set_index("motif_name")["hits"]
        assert found[found > 0].to_dict() == expected.to_dict(), form
        names = {"attributions": X_attr, "X": X, "hits": given, "motifs": tmp_path / "motifs.meme"}
        exec(explorer.code(), names)
        pd.testing.assert_frame_equal(names["table"], explorer.counts, check_dtype=False, check_exact=True)
        explorer.close()
    assert len(expected) > 10
