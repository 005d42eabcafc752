"""What the first call costs: kernels compiled with an empty cache, and loaded from a full one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

_OURS = "from nbmotif.kernels.__main__ import compile_all; compile_all()"
_PEERS = """
import numpy, torch, memelite, tangermeme.seqlet, tangermeme.ersatz
from tangermeme.utils import random_one_hot
pwms = {str(w): numpy.random.default_rng(w).dirichlet([1] * 4, w).T for w in range(6, 32)}
X = random_one_hot((4, 4, 200), random_state=0)
memelite.fimo(pwms, X.float().numpy())
memelite.tomtom(list(pwms.values())[:3], list(pwms.values()), n_nearest=1)
tangermeme.seqlet.recursive_seqlets(torch.randn(4, 200))
tangermeme.ersatz.dinucleotide_shuffle(X, n=2, random_state=0)
"""
# children's CPU time, without the interpreter's own start and imports
_MEASURE = """
import resource, sys
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
{imports}
before = cpu()
{work}
print(cpu() - before)
"""


def cold_start() -> dict[str, float]:
    """CPU seconds of compiling everything, and of the first use in the next process, for us and for the peers."""
    found = {}
    for who, imports, work in (
        ("nbmotif", "import nbmotif.kernels.__main__", _OURS),
        ("memelite and tangermeme", "import numpy, torch, numba", _PEERS),
    ):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("empty cache", "full cache"):
                found[f"{who}, {state}"] = _cpu_seconds(_MEASURE.format(imports=imports, work=work), cache)
    return found


def _cpu_seconds(code: str, cache: str) -> float:
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
