"""How far from the limit: floating-point operations per second, memory, threads."""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.flop_counter import FlopCounterMode

import nbmotif
from nbmotif.attribution.batches import alone
from tests.benchmarks.attribution import bpnet, deep_lift_shap_work, marginal_work, mutagenesis_work

if TYPE_CHECKING:
    from collections.abc import Callable

_SIDE = 2048


def best_device() -> str:
    """Where the attribution rows are run: an accelerator if there is one."""
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def matmul_rate(device: str) -> float:
    """What a square product of float32 achieves on the device, operations per second."""
    a = torch.rand(_SIDE, _SIDE, device=device)
    return 2 * _SIDE**3 / min(_seconds(lambda: a @ a, device) for _ in range(5))


def achieved(motifs: nbmotif.MotifSet, device: str, rounds: int = 3) -> dict[str, tuple[float, float]]:
    """Operations of each stage -> per second, and as a share of the rate of a product, all overheads included."""
    limit = matmul_rate(device)
    X, model = nbmotif.random_one_hot((32, 4, 2114), random_state=0), bpnet()
    stages: dict[str, Callable[[], Any]] = {
        "plain forward": lambda: nbmotif.predict(model, X, device=device, batch_size=8),
        "DeepLIFT/SHAP": deep_lift_shap_work(device)[0],
        "Mutagenesis": mutagenesis_work(device)[0],
        "Marginalization": marginal_work(motifs, device, 10, 20)[0],
    }
    found = {"a product of float32": (limit, 1.0)}
    for name, run in stages.items():
        with FlopCounterMode(display=False) as counter, alone(torch.device("cpu")):  # it counts one thread's
            run()
        rate = counter.get_total_flops() / statistics.median(_seconds(run, device) for _ in range(rounds))
        found[name] = (rate, rate / limit)
    return found


def _seconds(run: Callable[[], Any], device: str) -> float:
    wait: Callable[[], None] = getattr(getattr(torch, device), "synchronize", lambda: None)
    clock = time.process_time if device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    wait()
    start = clock()
    run()
    wait()
    return clock() - start


def by_threads(rounds: int = 3) -> dict[str, float]:
    """Wall seconds of DeepLIFT/SHAP with one thread and with two."""
    ours, _ = deep_lift_shap_work("cpu")
    found: dict[str, list[float]] = {"one thread": [], "two threads": []}
    before = torch.get_num_threads()
    try:
        for _ in range(rounds + 1):
            for n, name in ((1, "one thread"), (2, "two threads")):
                torch.set_num_threads(n)
                start = time.perf_counter()
                ours()
                found[name].append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(before)
    return {name: statistics.median(seconds[1:]) for name, seconds in found.items()}


def peak_memory() -> dict[str, float]:
    """MB above what is there before the call, of DeepLIFT/SHAP, each in a process of its own."""
    if not Path("/proc/self/statm").exists():
        return {}
    runs = {
        "ours": "ours()",
        "tangermeme, batch of 4": "theirs(4)",
        "tangermeme, batch of 32 (its default)": "theirs(32)",
    }
    return {name: _megabytes(call) for name, call in runs.items()}


def _megabytes(call: str) -> float:
    code = f"from tests.benchmarks.limits import measure_memory; measure_memory({call!r})"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def measure_memory(call: str) -> None:
    """Print by how many MB this process grows during a call, at most, after it has been made once in small."""
    torch.set_num_threads(1)
    ours, theirs = deep_lift_shap_work("cpu", n=2)
    small_ours, small_theirs = deep_lift_shap_work("cpu", n=1)
    small = {"ours": lambda: small_ours(batch_size=1), "theirs": lambda _: small_theirs(1)}
    eval(call, small)
    gc.collect()
    sizes, is_done = [_resident()], threading.Event()

    def sample() -> None:
        while not is_done.wait(0.002):
            sizes.append(_resident())

    sampler = threading.Thread(target=sample)
    sampler.start()
    eval(call, {"ours": ours, "theirs": theirs})
    is_done.set()
    sampler.join()
    print((max(sizes) - sizes[0]) / 2**20)


def _resident() -> int:
    """Bytes of memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()
