"""What every test shares: hypothesis' profile, the reference data, and a guard that nothing global is left changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numba
import pytest
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

# the first call of a kernel compiles it, so no example may have a deadline
hypothesis.settings.register_profile("fast", max_examples=25, deadline=None, derandomize=True)
hypothesis.settings.register_profile("large", max_examples=1000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real models, genomes, peaks and motif databases, which lies beside a checkout, not in it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the reference data (../shared/data) is not beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def _nothing_global_changes() -> Iterator[None]:
    """Fail a test after which numba's or torch's process-wide settings differ."""
    before = _global_state()
    yield
    assert _global_state() == before


def _global_state() -> dict[str, object]:
    return {
        "numba threads": numba.get_num_threads(),
        "torch threads": torch.get_num_threads(),
        "torch grad mode": torch.is_grad_enabled(),
        "torch default dtype": torch.get_default_dtype(),
    }
