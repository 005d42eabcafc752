"""Interleaved timing of two ways to do the same work, in one process."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Comparison:
    """The same work, ours and a peer's.

    ``agrees`` gets both answers and must be true before the clock starts: a fast wrong kernel cannot win. Work that
    takes minutes has ``max_rounds``.
    """

    stage: str
    work: str
    peer_name: str
    ours: Callable[[], Any]
    peer: Callable[[], Any]
    agrees: Callable[[Any, Any], bool]
    max_rounds: int = 1_000_000


@dataclass(frozen=True)
class Ratio:
    """Medians over rounds; a ratio is the peer's time over ours, round by round."""

    ours_cpu_s: float
    peer_cpu_s: float
    cpu_ratio: float
    wall_ratio: float


def compare(comparison: Comparison, rounds: int) -> Ratio:
    """Warm both up, check that they agree, then time them in turn."""
    if not comparison.agrees(comparison.ours(), comparison.peer()):
        message = f"{comparison.stage}: the answers differ, so their times mean nothing"
        raise AssertionError(message)
    timed = [(_time(comparison.ours), _time(comparison.peer)) for _ in range(min(rounds, comparison.max_rounds))]
    return Ratio(
        statistics.median(ours[0] for ours, _ in timed),
        statistics.median(peer[0] for _, peer in timed),
        statistics.median(peer[0] / ours[0] for ours, peer in timed),
        statistics.median(peer[1] / ours[1] for ours, peer in timed),
    )


def _time(function: Callable[[], Any]) -> tuple[float, float]:
    gc.collect()
    time.sleep(0.1)  # until the threads of what ran before have stopped spinning
    cpu, wall = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - cpu, time.perf_counter() - wall
