"""Batches in one thread or in several: the same results in the same order, and nothing left changed."""

from __future__ import annotations

import threading
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nbmotif import deep_lift_shap, marginalize_motifs, one_hot_encode, random_one_hot, saturation_mutagenesis
from nbmotif.attribution.batches import Batch, alone, halved, run_all, whole_sequences
from nbmotif.attribution.engine import Attribution
from tests.unit import attribution_zoo as zoo

CPU = torch.device("cpu")
X = random_one_hot((7, 4, zoo.LENGTH), random_state=0).float()


@pytest.fixture
def threads():
    """Return a function that sets torch's threads; they are put back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@given(st.integers(1, 30), st.integers(1, 12), st.integers(1, 60))
def test_batches__hold_every_pair_once_and_no_more_than_fit(n_sequences, n_references, batch_size):
    batches = whole_sequences(n_sequences, n_references, batch_size)
    assert [i for rows, _ in batches for i in range(rows.start, rows.stop)] == list(range(n_sequences))
    for rows, n_at_once in batches:
        assert (rows.stop - rows.start) * n_at_once <= max(batch_size, 1)
        assert 1 <= n_at_once <= n_references
    rest = batches[len(batches) // 2 :]
    smaller = halved(rest, n_references)
    largest = rest[0].n_at_once * (rest[0].rows.stop - rest[0].rows.start)
    if largest == 1:
        assert smaller == []
    else:
        assert [i for b in smaller for i in range(b.rows.start, b.rows.stop)] == list(
            range(rest[0].rows.start, n_sequences)
        )
        assert all(n * (rows.stop - rows.start) <= largest // 2 for rows, n in smaller)


@pytest.mark.parametrize("n_workers", [1, 3])
def test_run_all__keeps_the_order_and_prepares_in_this_thread(n_workers, threads):
    threads(2)
    seen, here = [], threading.get_ident()

    def prepare(batch: Batch):
        assert threading.get_ident() == here

        def work():
            time.sleep(0.01 * (batch.rows.start % 3))
            seen.append((threading.get_ident() == here, torch.get_num_threads()))
            return batch.rows.start

        return work

    assert list(run_all(whole_sequences(10, 1, 1), prepare, 1, CPU, n_workers)) == list(range(10))
    assert set(seen) == ({(True, 2)} if n_workers == 1 else {(False, 1)})
    assert torch.get_num_threads() == 2


def test_run_all__leaves_the_threads_of_others_alone(threads):
    threads(3)
    seen = []

    def prepare(batch: Batch):
        def work():
            other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
            other.start()
            other.join()

        return work

    list(run_all(whole_sequences(5, 1, 1), prepare, 1, CPU, 2))
    with alone(CPU):
        prepare(Batch(slice(0, 1), 1))()
    prepare(Batch(slice(0, 1), 1))()
    assert seen == [3] * 7


@pytest.mark.parametrize("n_workers", [1, 3])
def test_run_all__goes_on_with_half_where_memory_runs_out(n_workers):
    def prepare(batch: Batch):
        def work():
            n = batch.rows.stop - batch.rows.start
            if batch.rows.start >= 8 and n > 1:
                raise torch.cuda.OutOfMemoryError
            return list(range(batch.rows.start, batch.rows.stop))

        return work

    found = list(run_all(whole_sequences(20, 1, 4), prepare, 1, CPU, n_workers))
    assert [row for rows in found for row in rows] == list(range(20))
    assert [len(rows) for rows in found] == [4, 4, *[1] * 12]


@pytest.mark.parametrize("n_workers", [1, 3])
@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), torch.cuda.OutOfMemoryError()])
def test_run_all__raises_what_a_batch_raises_and_stops(n_workers, error, threads):
    threads(2)
    started = []

    def prepare(batch: Batch):
        def work():
            started.append(batch.rows.start)
            raise error

        return work

    with pytest.raises(type(error)):
        list(run_all(whole_sequences(50, 1, 1), prepare, 1, CPU, n_workers))
    assert len(started) <= 3
    assert torch.get_num_threads() == 2


def test_alone__computes_with_one_thread_and_puts_the_number_back(threads):
    threads(2)
    with pytest.raises(ZeroDivisionError), alone(CPU):
        1 / (torch.get_num_threads() - 1)
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("middle", [nn.GELU(), zoo.SelfAttention(True, False), zoo.into_masked])
def test_results__do_not_depend_on_the_number_of_threads(middle, threads):
    model = zoo.build(middle if isinstance(middle, nn.Module) else zoo.Do(middle)).double()
    motifs = {"GATAAG": one_hot_encode("GATAAG")}
    runs = {
        "attributions": lambda: deep_lift_shap(model, X, n_shuffles=3, random_state=0, batch_size=2, device="cpu"),
        "mutagenesis": lambda: saturation_mutagenesis(model, X, start=20, end=30, device="cpu"),
        "effects": lambda: torch.tensor(
            marginalize_motifs(model, X, motifs, random_state=0, batch_size=2, device="cpu")["effect"]
        ),
    }
    for run in runs.values():
        threads(1)
        expected = run()
        threads(3)
        torch.testing.assert_close(run(), expected, rtol=1e-9, atol=1e-10)
        assert torch.get_num_threads() == 3


class RemembersItself(nn.Module):
    """Puts a value aside for later in the same pass, as U-nets sometimes do."""

    def forward(self, x):
        self.skip = x.relu()
        time.sleep(0.002)
        return x.tanh() + self.skip


def test_models_that_write_into_themselves__are_run_by_one_thread(threads):
    threads(3)
    batches = whole_sequences(7, 1, 1)
    for middle, is_stateful in ((RemembersItself(), True), (nn.GELU(), False)):
        run = Attribution(zoo.build(middle).requires_grad_(False).eval(), 0, 1.0, only_warn=False)
        run.probe(X[:2])
        assert run.is_stateful == is_stateful
        assert run.n_workers(batches, CPU) == (1 if is_stateful else 3)
        assert run.n_workers(batches[:1], CPU) == 1
    model = zoo.build(RemembersItself())
    got = deep_lift_shap(model, X, n_shuffles=2, random_state=0, batch_size=1, device="cpu")
    threads(1)
    expected = deep_lift_shap(model, X, n_shuffles=2, random_state=0, batch_size=1, device="cpu")
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)
