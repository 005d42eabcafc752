"""Compare with the peers.

``python -m tests.benchmarks [--rounds 5] [--only STAGE] [--motifs FILE.meme] [--json FILE]``
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
from importlib.metadata import version
from pathlib import Path

import torch

import nbmotif
from tests.benchmarks.cold import cold_start
from tests.benchmarks.comparisons import comparisons
from tests.benchmarks.limits import achieved, best_device, by_threads, peak_memory
from tests.benchmarks.timing import compare


def main() -> None:
    """Print one row per stage, as ratios, and keep the numbers if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--motifs", type=Path, help="a MEME file in place of the embedded motifs")
    parser.add_argument("--only", default="", help="part of the name of the stages to compare")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    options = parser.parse_args()

    rows = []
    print(f"{platform.machine()}, torch {torch.__version__} with {torch.get_num_threads()} threads")
    print("ratio = the peer's time over ours, median of interleaved rounds\n")
    print(f"{'stage':<22}{'ours, CPU s':>12}{'peer, CPU s':>13}{'CPU ratio':>11}{'wall ratio':>12}  work")
    for comparison in comparisons(options.motifs):
        if options.only.lower() not in comparison.stage.lower():
            continue
        ratio = compare(comparison, options.rounds)
        rows.append({"stage": comparison.stage, "peer": comparison.peer_name, **dataclasses.asdict(ratio)})
        numbers = f"{ratio.ours_cpu_s:>12.3f}{ratio.peer_cpu_s:>13.3f}{ratio.cpu_ratio:>11.2f}{ratio.wall_ratio:>12.2f}"
        print(f"{comparison.stage:<22}{numbers}  {comparison.work}; {comparison.peer_name}", flush=True)

    motifs = nbmotif.read_meme(options.motifs) if options.motifs else nbmotif.demo.load().motifs
    device = best_device()
    print(f"\nFloating-point operations per second on {device}, all overheads included, and share of a product's rate")
    for what, (rate, share) in achieved(motifs, device).items():
        rows.append({"stage": what, "flop_per_s": rate, "share": share})
        print(f"{what:<60}{rate / 1e9:>8.1f} G{share:>8.0%}")
    print("\nPeak memory of DeepLIFT/SHAP above what was there before, MB; 2 x 2,114 bp, 20 references")
    for what, megabytes in peak_memory().items():
        rows.append({"stage": what, "peak_mb": megabytes})
        print(f"{what:<60}{megabytes:>8.0f}")
    print("\nDeepLIFT/SHAP by torch's threads, wall s")
    for what, seconds in by_threads().items():
        rows.append({"stage": what, "wall_s": seconds})
        print(f"{what:<60}{seconds:>8.2f}")

    print("\nCold start: first use of every kernel in a new process, CPU s")
    for what, seconds in cold_start().items():
        rows.append({"stage": what, "cpu_s": seconds})
        print(f"{what:<60}{seconds:>8.1f}")
    if options.json:
        versions = {name: version(name) for name in ("nbmotif", "numba", "numpy", "torch", "tangermeme", "memelite")}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(
            json.dumps({"versions": versions, "machine": platform.platform(), "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
