"""Make the demo's data and train its model: ``python -m nbmotif.demo.train``.

Needs pyjaspar, which carries the motifs; takes about ten minutes on one core. Seeded: on one machine and one version of
torch it writes the same files each time.
"""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save

from nbmotif.demo.model import CountModel
from nbmotif.demo.simulate import ROLES, observe, simulate, site_effects
from nbmotif.encoding import decode, from_codes
from nbmotif.motifs import MotifSet, write_meme

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

RELEASE = "JASPAR2026"
# JASPAR's name of a family -> how many of its motifs join the database: the look-alikes of the planted motifs
LOOK_ALIKES = {
    "C4-GATA-related": 12,
    "Ets-related": 18,
    "Fos-related": 14,
    "Jun-related": 6,
    "MyoD/ASC-related factors": 12,
    "Tal-related": 8,
    "E2A": 6,
    "FOX": 12,
    "RFX-related factors": 5,
}
ALSO = ("MA0140.3 GATA1::TAL1", "MA0029.2 Mecom")
N_OTHERS = 100
SHORTEST = 7  # bp: no motif of 6 bp reaches FIMO's default p of 1e-4

FOR_TRAINING, FOR_TESTING = np.random.SeedSequence(0).spawn(2)
N_HELD_OUT = 256
N_EPOCHS, EPOCH_SIZE, BATCH_SIZE, LEARNING_RATE = 20, 12_800, 32, 4e-3


def choose_motifs() -> MotifSet:
    """Pick the motif database: the planted motifs, their look-alikes, and a hundred others spread over JASPAR.

    Returns
    -------
    The motifs in the order of their JASPAR identifiers; probabilities rounded to six digits.
    """
    from pyjaspar import jaspardb

    database = jaspardb(release=RELEASE)
    with contextlib.closing(database.conn):  # it never does so itself, of which Python 3.13 warns
        found = database.fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    matrices = {f"{motif.matrix_id} {motif.name}": motif for motif in sorted(found, key=lambda motif: motif.matrix_id)}
    chosen = {role.motif_name for role in ROLES} | set(ALSO)
    others = []
    for name, motif in matrices.items():
        families = set(motif.tf_family or ())
        if motif.length < SHORTEST or name in chosen or "CTCF" in name:
            continue
        if len(families) == 1 and families.isdisjoint(LOOK_ALIKES):
            others.append(name)
    for family, n in LOOK_ALIKES.items():
        members = [name for name, motif in matrices.items() if {family} == set(motif.tf_family or ())]
        chosen |= set([name for name in members if matrices[name].length >= SHORTEST][:n])
    chosen |= {others[i] for i in np.linspace(0, len(others) - 1, N_OTHERS).astype(int)}
    return MotifSet((name, _probabilities(motif)) for name, motif in matrices.items() if name in chosen)


def _probabilities(motif: Any) -> npt.NDArray[np.float64]:
    counts = np.array([motif.counts[letter] for letter in "ACGT"], dtype=np.float64)
    rounded: npt.NDArray[np.float64] = np.round(counts / counts.sum(axis=0), 6)
    return rounded


def train(pwms: Mapping[str, npt.NDArray[np.float64]], rng: np.random.Generator) -> CountModel:
    """Train the model on sequences that are simulated anew for every epoch, so that it cannot learn any by heart.

    Parameters
    ----------
    pwms
        Probabilities (4, w) by name, at least those of ``ROLES``.
    rng
        The generator of the sequences, of their noise and of the initial weights.

    Returns
    -------
    The trained model, in evaluation mode.
    """
    with torch.device("meta"):  # draws no weights: they come from our own generator
        model = CountModel()
    initialise(model.to_empty(device="cpu"), torch.Generator().manual_seed(int(rng.integers(2**31))))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-3)
    n_steps = N_EPOCHS * (EPOCH_SIZE // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=n_steps)
    for epoch in range(N_EPOCHS):
        codes, _, truth = simulate(EPOCH_SIZE, pwms, rng)
        X, y = from_codes(codes, torch.int8), torch.from_numpy(observe(truth, rng))[:, None]
        if epoch == 0:
            torch.nn.init.constant_(model.count.bias, float(y.mean()))
        error = 0.0
        for batch, target in zip(torch.split(X, BATCH_SIZE), torch.split(y, BATCH_SIZE), strict=True):
            if rng.integers(2):  # the truth is the same on both strands
                batch = batch.flip(1, 2)
            loss = torch.nn.functional.mse_loss(model(batch.float()), target)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            error += float(loss.detach()) * len(batch) / EPOCH_SIZE
        say(f"epoch {epoch + 1:2d} of {N_EPOCHS}: mean squared error {error:.3f} of variance {float(y.var()):.3f}")
    return model.eval()


def initialise(model: CountModel, generator: torch.Generator) -> None:
    """Draw the weights from a generator of our own, as torch would from its global one; biases are 0."""
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv1d, torch.nn.Linear)):
            torch.nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
            torch.nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    # the mean over 500 bp makes one site faint: begin with a louder last layer
    with torch.no_grad():
        model.count.weight.mul_(10)


def hold_out(
    pwms: Mapping[str, npt.NDArray[np.float64]],
) -> tuple[npt.NDArray[np.int8], pd.DataFrame, npt.NDArray[np.float64]]:
    """Simulate the demo's own sequences: base codes, planted sites with their effects, log counts without noise."""
    codes, sites, truth = simulate(N_HELD_OUT, pwms, np.random.default_rng(FOR_TESTING))
    sites["effect"] = site_effects(codes, sites, pwms)
    return codes, sites, truth


def write_data(
    folder: Path,
    model: CountModel,
    motifs: MotifSet,
    codes: npt.NDArray[np.int8],
    sites: pd.DataFrame,
) -> None:
    """Write everything that :func:`nbmotif.demo.load` reads, in formats that other programs read too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(save(model.state_dict()))
    write_meme(folder / "motifs.meme", motifs)
    records = (f">{i}\n{letters}\n" for i, letters in enumerate(decode(from_codes(codes))))
    (folder / "sequences.fa").write_text("".join(records), encoding="utf-8")
    roles = pd.DataFrame([vars(role) for role in ROLES], columns=["motif_name", "family", "role", "effect"])
    roles.to_csv(folder / "roles.csv", index=False)
    sites.to_csv(folder / "sites.csv", index=False, float_format="%.3f")


def say(line: str) -> None:
    """Tell whoever runs the script."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    """Choose motifs, simulate, train, write, and say what was reached.

    Parameters
    ----------
    folder
        Where the files go.
    """
    motifs = choose_motifs()
    pwms = {role.motif_name: motifs[role.motif_name].numpy() for role in ROLES}
    say(f"{len(motifs)} motifs of {RELEASE}, {len(ROLES)} of them planted")
    model = train(pwms, np.random.default_rng(FOR_TRAINING))
    codes, sites, truth = hold_out(pwms)
    write_data(folder, model, motifs, codes, sites)
    with torch.no_grad():
        predicted = model(from_codes(codes, torch.float32))[:, 0].numpy()
    explained = 1 - np.mean((predicted - truth) ** 2) / np.var(truth)
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1000
    say(f"{len(sites)} sites planted in {N_HELD_OUT} held-out sequences of {codes.shape[1]} bp")
    say(f"on them the model explains {explained:.1%} of the variance of the noise-free log counts")
    say(f"{folder}: {size:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data")
