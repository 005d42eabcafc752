"""Batches, one after the other or in several threads, and smaller ones where memory runs out."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch

from nbmotif.attribution.devices import is_out_of_memory, release
from nbmotif.executors import Here

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from concurrent.futures import Executor, Future

    Result = TypeVar("Result")


_guard = threading.Lock()


class Batch(NamedTuple):
    """Some sequences, and how many references of each are run at once."""

    rows: slice
    n_at_once: int


def whole_sequences(n_sequences: int, n_references: int, batch_size: int) -> list[Batch]:
    """Whole sequences with all their references where they fit, else one sequence in equal parts."""
    per_batch = max(1, batch_size // n_references)
    n_parts = -(-n_references // batch_size) if batch_size < n_references else 1
    starts = range(0, n_sequences, per_batch)
    return [Batch(slice(i, min(i + per_batch, n_sequences)), -(-n_references // n_parts)) for i in starts]


def halved(batches: Sequence[Batch], n_references: int) -> list[Batch]:
    """Batches of half the size for a device whose memory ran out; none if one pair at a time was too much."""
    (first, n_at_once), last = batches[0], batches[-1]
    smaller = (first.stop - first.start) * n_at_once // 2
    if smaller == 0:
        return []
    again = whole_sequences(last.rows.stop - first.start, n_references, smaller)
    return [Batch(slice(rows.start + first.start, rows.stop + first.start), n) for rows, n in again]


def run_all(
    batches: Sequence[Batch],
    prepare: Callable[[Batch], Callable[[], Result]],
    n_references: int,
    device: torch.device,
    n_workers: int = 1,
) -> Generator[Result]:
    """Yield the result of each batch, in their order; to be closed, so that threads end also after an error.

    Parameters
    ----------
    batches
        All of them.
    prepare
        Makes the work of a batch. It is called in this thread; the work is done in any.
    n_references
        Of each sequence, for batches of half the size.
    device
        Where the work is done.
    n_workers
        How many batches are worked on at the same time, each by a thread that computes alone.
    """
    todo, flying = deque(batches), deque[tuple[Batch, "Future[Result]"]]()
    with _workers(n_workers) as workers:
        while todo or flying:
            while todo and len(flying) < n_workers:
                flying.append((todo[0], workers.submit(prepare(todo.popleft()))))
            batch, future = flying.popleft()
            try:
                result = future.result()
            except RuntimeError as error:
                rest = [batch, *(other for other, _ in flying), *todo]
                smaller = halved(rest, n_references) if is_out_of_memory(error) else []
                if not smaller:
                    raise
                for _, other in flying:
                    other.cancel()
                    with contextlib.suppress(Exception):
                        other.exception()
                todo, n_workers = deque(smaller), 1
                flying.clear()
                release(device)
                continue
            yield result


@contextlib.contextmanager
def alone(device: torch.device) -> Iterator[None]:
    """Compute by this thread alone what is too small to share: threads wait for each other after every operation."""
    before = torch.get_num_threads()
    if device.type != "cpu" or before == 1:
        yield
        return
    _compute_alone()
    try:
        yield
    finally:
        torch.set_num_threads(before)  # noqa: TID251


@contextlib.contextmanager
def _workers(n: int) -> Iterator[Executor]:
    """Threads each of which computes alone."""
    if n == 1:
        yield Here()
        return
    pool = ThreadPoolExecutor(n, "nbmotif", initializer=_compute_alone)
    try:
        all_here = threading.Barrier(n)  # none begins while another sets its number
        wait([pool.submit(all_here.wait) for _ in range(n)])
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _compute_alone() -> None:
    """Set the number of threads of the calling thread, which is its own, to one.

    The same call of torch sets the number that threads started later begin with; another thread puts that back.
    """
    with _guard:
        before = torch.get_num_threads()
        torch.set_num_threads(1)  # noqa: TID251
        other = threading.Thread(target=torch.set_num_threads, args=(before,))  # noqa: TID251
        other.start()
        other.join()
