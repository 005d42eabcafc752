"""The Explorer shows what tangermeme and memelite return, as they return it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

import nbmotif.widget.bundle
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
    explorer = Explorer(X_attr, X, seqlets, hits, motifs, annotations, tomtom_p_threshold=1.0, fimo_p_threshold=1.0)
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
