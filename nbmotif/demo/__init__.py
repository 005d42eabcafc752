"""A small trained model, sequences that it has not seen, a redundant motif database, and the truth that was planted.

The sequences are simulated (``nbmotif.demo.simulate`` states the rules), so what the model ought to have learned is
known: GATA, AP-1 and ETS raise the log count, an E-box raises it a little alone and more at its preferred distance from
GATA, REST lowers it; CTCF, RFX and FOX sites are planted as often and do nothing. ``python -m nbmotif.demo.train``
makes everything in ``data/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file

from nbmotif.demo.model import CountModel
from nbmotif.encoding import one_hot_encode
from nbmotif.motifs import MotifSet, read_meme
from nbmotif.words import counted

__all__ = ["Demo", "Truth", "load"]

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Truth:
    """What was planted and what it does.

    Parameters
    ----------
    roles
        One row per planted motif: ``motif_name`` (in the motif database), ``family`` (readable), ``role``
        (``activator``, ``partner``, ``repressor`` or ``decoy``), ``effect`` (what one fully bound site adds to the log
        count, alone).
    sites
        One row per planted instance: ``example_idx start end strand motif_name``, 0-based, half-open, on the + strand;
        ``effect``, what this site adds to the log count where it stands: less than its motif's when its letters are
        weak, more with its partner beside it.
    """

    roles: pd.DataFrame
    sites: pd.DataFrame


@dataclass(frozen=True, repr=False)
class Demo:
    """Everything that :class:`nbmotif.Study` asks for, and the right answers.

    Parameters
    ----------
    model
        From one-hot (N, 4, L) to log counts (N, 1); in evaluation mode, on the CPU.
    X
        One-hot float32 sequences, shape (256, 4, 500), none of them used in training.
    motifs
        JASPAR vertebrate motifs: those planted, many look-alikes of them, and a hundred others.
    truth
        What was planted and what it does.
    """

    model: CountModel
    X: torch.Tensor
    motifs: MotifSet
    truth: Truth

    def __repr__(self) -> str:
        drivers = self.truth.roles.query("role != 'decoy'")["family"]
        n, _, length = self.X.shape
        return (
            f"Demo: a model driven by {', '.join(drivers)}; {counted(n, 'sequence')} of {length} bp with "
            f"{counted(len(self.truth.sites), 'planted site')}; {counted(len(self.motifs), 'motif')}"
        )


def load() -> Demo:
    """Load the embedded demo.

    Returns
    -------
    A :class:`Demo`: ``model``, ``X``, ``motifs``, ``truth``. Each call reads it anew: changing
    one changes no other.

    Examples
    --------
    >>> import nbmotif
    >>> demo = nbmotif.demo.load()
    >>> demo.X.shape
    torch.Size([256, 4, 500])
    >>> demo.model(demo.X[:2]).shape
    torch.Size([2, 1])
    """
    with torch.device("meta"):  # draws no weights, so torch's random state stays as it is
        model = CountModel()
    model.load_state_dict(load_file(_DATA / "model.safetensors"), assign=True)
    lines = (_DATA / "sequences.fa").read_text(encoding="utf-8").split()
    truth = Truth(roles=pd.read_csv(_DATA / "roles.csv"), sites=pd.read_csv(_DATA / "sites.csv"))
    return Demo(
        model=model.eval(),
        X=one_hot_encode(lines[1::2], dtype=torch.float32),
        motifs=read_meme(_DATA / "motifs.meme"),
        truth=truth,
    )
