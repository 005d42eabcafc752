"""Small synthetic studies: every piece that an Explorer takes, made in milliseconds, and the file of a whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import nbmotif.widget.bundle
from tests.unit.small_study import whole_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOTIFS = ("GATA1", "Gata4", "TAL1", "decoy_a", "decoy_b")


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the built browser part, so that Python is tested without building it."""
    path = tmp_path / "widget.js"
    path.write_text("export function mount() {}\nexport default () => ({ render() {} });\n// </script><!-- é\n")
    monkeypatch.setattr(nbmotif.widget.bundle, "SCRIPT", path)
    return path


@pytest.fixture
def pieces() -> Callable[..., dict[str, Any]]:
    """Return a function that makes the arguments of an Explorer; ``without`` leaves some out."""
    return make_pieces


def make_pieces(
    *without: str, n_sequences: int = 6, length: int = 120, n_hits: int = 200, seed: int = 0
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n_sequences, length))
    X = (codes[:, None, :] == np.arange(4)[:, None]).astype(np.int8)
    hypothetical = rng.normal(0, 0.05, (n_sequences, 4, length)).astype(np.float32)
    motifs = {name: rng.dirichlet(np.full(4, 0.3), size=6 + m).T for m, name in enumerate(MOTIFS)}
    widths = np.array([pwm.shape[1] for pwm in motifs.values()])
    motif = np.sort(rng.integers(0, len(MOTIFS), n_hits))
    start = rng.integers(0, length - widths.max(), n_hits)
    hits = pd.DataFrame(
        {
            "motif_name": np.array(MOTIFS)[motif],
            "motif_idx": motif,
            "sequence_name": rng.integers(0, n_sequences, n_hits),
            "start": start,
            "end": start + widths[motif],
            "strand": rng.choice(["+", "-"], n_hits),
            "score": rng.normal(10, 2, n_hits),
            "p-value": rng.choice([1e-6, 1e-5, 5e-5, 9.9e-5, 1e-4], n_hits),
            "attribution": rng.choice([-0.2, -0.01, 0, 0.005, 0.01, 0.0100001, 0.3], n_hits).astype(np.float32),
        }
    )
    n_seqlets = 40
    start = rng.integers(0, length - 10, n_seqlets)
    seqlets = pd.DataFrame(
        {
            "example_idx": rng.integers(0, n_sequences, n_seqlets),
            "start": start,
            "end": start + rng.integers(4, 10, n_seqlets),
            "attribution": rng.normal(0.1, 0.2, n_seqlets),
            "p-value": rng.choice([1e-6, 1e-4, 5e-3, 0.01], n_seqlets),
        }
    )
    annotations = (
        rng.integers(-1, len(MOTIFS), (n_seqlets, 2)),
        rng.choice([1e-8, 1e-4, 0.01, 0.5], (n_seqlets, 2)),
    )
    marginal = pd.DataFrame({"motif_name": MOTIFS[:3], "effect": [0.5, -0.25, 0.5]})
    loci = pd.DataFrame({"chrom": "chr2", "start": 1000 * np.arange(n_sequences), "end": 1000 * np.arange(n_sequences)})
    loci["end"] += length
    made = {
        "attributions": hypothetical * X,
        "hypothetical": hypothetical,
        "X": X,
        "seqlets": seqlets,
        "hits": hits,
        "motifs": motifs,
        "annotations": annotations,
        "marginal": marginal,
        "loci": loci,
        "families": {"GATA1": "GATA", "Gata4": "GATA", "TAL1": "TAL", "decoy_a": "decoy", "decoy_b": "decoy"},
        "sequence_names": [f"peak {i}" for i in range(n_sequences)],
        "name": "demo",
    }
    return {name: piece for name, piece in made.items() if name not in without}


@pytest.fixture
def explorer(bundle: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that makes an Explorer of synthetic pieces, and close what it made."""
    from nbmotif.widget.explorer import Explorer

    made = []

    def make(*without: str, **arguments: Any) -> Explorer:
        made.append(Explorer(**{**make_pieces(*without), **arguments}))
        return made[-1]

    yield make
    for widget in made:
        widget.close()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The file of a small study with results of every stage."""
    return whole_study().save(tmp_path / "study.nbmotif")
