from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chisquare

from nbmotif import dinucleotide_shuffle, random_one_hot, reverse_complement, substitute
from nbmotif.encoding import decode, one_hot_encode, to_codes
from nbmotif.errors import InvalidArgument, NbmotifWarning
from nbmotif.kernels import shuffle as kernels
from nbmotif.sequences import sequence_seeds

dna = st.text("ACGTN", min_size=1, max_size=60)


# random_one_hot


def test_random_one_hot__gives_the_same_numbers_for_the_same_seed() -> None:
    assert torch.equal(random_one_hot((3, 4, 50), random_state=1), random_one_hot((3, 4, 50), random_state=1))
    assert not torch.equal(random_one_hot((3, 4, 50), random_state=1), random_one_hot((3, 4, 50), random_state=2))


def test_random_one_hot__follows_the_probabilities_of_each_sequence() -> None:
    X = random_one_hot((2, 4, 500), probs=[[1, 0, 0, 0], [0, 0, 0.5, 0.5]], dtype="float32", random_state=0)
    assert X.dtype == torch.float32
    assert X.sum(dim=2)[0].tolist() == [500, 0, 0, 0]
    assert X.sum(dim=2)[1, :2].tolist() == [0, 0]
    assert 200 < X[1, 2].sum() < 300


@pytest.mark.parametrize("seed", [2**32, np.uint64(2**40)])
def test_random_one_hot__refuses_a_seed_that_numpys_legacy_generator_does_not_have(seed: Any) -> None:
    with pytest.raises(InvalidArgument, match=rf"^`random_state` must be below 2\*\*32; got {seed}"):
        random_one_hot((1, 4, 5), random_state=seed)


@pytest.mark.parametrize(
    ("shape", "probs", "message"),
    [
        ((4, 10), None, r"`shape` must be \(N, 4, L\) with N and L at least 1; got \(4, 10\)"),
        ((1, 5, 10), None, r"`shape` must be .*got \(1, 5, 10\)"),
        ((0, 4, 10), None, r"`shape` must be .*got \(0, 4, 10\)"),
        ((2, 4, 10), [0.5, 0.5], r"`probs` must be of shape \(4,\), \(1, 4\) or \(2, 4\); got shape \(2,\)"),
        ((2, 4, 10), [0.5, 0.5, 0.5, 0.5], r"`probs` must be probabilities .*sum to 1; got .* in row 0"),
        ((2, 4, 10), [[1, 0, 0, 0], [2, -1, 0, 0]], r"got \[2\.0, -1\.0, 0\.0, 0\.0\] in row 1"),
        ((2, 4, 10), [float("nan"), 0, 0, 1], r"`probs` must be probabilities"),
    ],
)
def test_random_one_hot__refuses_what_does_not_fit(shape: tuple[int, ...], probs: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        random_one_hot(shape, probs=probs)  # type: ignore[arg-type]


# reverse_complement


@given(dna)
def test_reverse_complement__is_the_same_for_letters_and_tensors(sequence: str) -> None:
    assert decode(reverse_complement(one_hot_encode([sequence]))) == [reverse_complement(sequence)]
    assert reverse_complement(reverse_complement(sequence)) == sequence


def test_reverse_complement__keeps_case_and_ambiguity() -> None:
    assert reverse_complement("acgtNRYKMBVDH") == "DHBVKMRYNacgt"


def test_reverse_complement__takes_pwms_batches_and_numpy() -> None:
    pwm = np.arange(8.0).reshape(4, 2)
    flipped = reverse_complement(pwm)
    assert isinstance(flipped, np.ndarray)
    assert flipped.tolist() == pwm[::-1, ::-1].tolist()
    batch = torch.arange(24.0).reshape(3, 4, 2)
    assert torch.equal(reverse_complement(batch)[1], reverse_complement(batch[1]))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("AC-G", r"`X` must be made of the letters of DNA; got '-' at position 2"),
        (torch.zeros(2, 10, 4), r"`X` must be of shape \(\.\.\., 4, L\); got float32 \(2, 10, 4\)"),
    ],
)
def test_reverse_complement__refuses_what_has_none(X: str | torch.Tensor, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        reverse_complement(X)


# substitute


def test_substitute__writes_into_the_middle() -> None:
    X = one_hot_encode(["AAAAAAAA", "CCCCCCCN"])
    assert decode(substitute(X, "GAT")) == ["AAAGATAA", "CCCGATCN"]
    assert decode(X) == ["AAAAAAAA", "CCCCCCCN"]


def test_substitute__keeps_what_is_under_n_and_reads_lower_case() -> None:
    assert decode(substitute(one_hot_encode(["AAAAAA", "CCCCCC"]), "gNt", start=0)) == ["GATAAA", "GCTCCC"]


def test_substitute__takes_one_motif_per_sequence() -> None:
    X = one_hot_encode(["AAAA", "AAAA"])
    assert decode(substitute(X, one_hot_encode(["CN", "GT"]), start=2)) == ["AACA", "AAGT"]


def test_substitute__writes_the_consensus_of_a_pwm() -> None:
    pwm = torch.tensor([[0.1, 0.4], [0.7, 0.2], [0.1, 0.4], [0.1, 0.0]])
    X = one_hot_encode(["TTTT"], dtype=torch.float32)
    assert decode(substitute(X, pwm, start=0)) == ["CATT"]
    assert substitute(X, pwm).dtype == torch.float32


@given(dna, dna, st.data())
def test_substitute__changes_only_its_span(background: str, motif: str, data: st.DataObject) -> None:
    assume(len(motif) <= len(background))
    start = data.draw(st.integers(0, len(background) - len(motif)))
    expected = list(background)
    for i, letter in enumerate(motif):
        expected[start + i] = letter if letter != "N" else background[start + i]
    assert decode(substitute(one_hot_encode([background]), motif, start)) == ["".join(expected)]


@pytest.mark.parametrize(
    ("motif", "start", "message"),
    [
        ("ACGTACGT", 11, r"`start` must be between 0 and L - w = 10; got 11\. The motif is 8 bp, the sequences 18 bp"),
        ("ACGT", -1, r"`start` must be between 0 and L - w = 14; got -1"),
        ("A" * 19, None, r"`motif` must be no longer than the sequences; got 19 bp"),
        ("WGATAR", None, r"`motif` must be letters .*got 'W' at position 0"),
        ("", None, r"`motif` must be a string of at least one letter"),
        (torch.zeros(3, 4, 2), None, r"`motif` must be letters, or of shape \(4, w\), \(1, 4, w\) or \(2, 4, w\)"),
        (torch.full((4, 2), 7.0), None, r"`motif` must be one-hot or probabilities, .*got 7\.0\. Divide counts"),
        (torch.full((4, 2), float("nan")), None, r"`motif` must be one-hot or probabilities, .*got nan"),
        (3, None, r"`motif` must be a torch tensor or a numpy array"),
    ],
)
def test_substitute__refuses_what_does_not_fit(motif: object, start: int | None, message: str) -> None:
    X = one_hot_encode(["A" * 18, "C" * 18])
    with pytest.raises(InvalidArgument, match=message):
        substitute(X, motif, start)  # type: ignore[arg-type]


# dinucleotide_shuffle


def dinucleotides(sequence: str) -> Counter[str]:
    return Counter(a + b for a, b in pairwise(sequence))


@pytest.mark.filterwarnings("ignore:dinucleotide_shuffle")
@pytest.mark.parametrize("method", ["uniform", "tangermeme"])
@given(sequence=dna, seed=st.integers(0, 2**40))
def test_dinucleotide_shuffle__keeps_every_dinucleotide(method: str, sequence: str, seed: int) -> None:
    shuffles = decode(dinucleotide_shuffle(one_hot_encode([sequence]), n=3, random_state=seed, method=method)[0])  # type: ignore[arg-type]
    for shuffled in shuffles:
        assert dinucleotides(shuffled) == dinucleotides(sequence)
        assert (shuffled[0], shuffled[-1]) == (sequence[0], sequence[-1])


@pytest.mark.filterwarnings("ignore:dinucleotide_shuffle")
@given(dna, st.integers(0, 1000))
def test_dinucleotide_shuffle__leaves_n_in_place_and_shuffles_between(sequence: str, seed: int) -> None:
    (shuffled,) = decode(dinucleotide_shuffle(one_hot_encode([sequence]), n=1, random_state=seed)[0])
    for piece, original in zip(shuffled.split("N"), sequence.split("N"), strict=True):
        assert len(piece) == len(original)
        assert dinucleotides(piece) == dinucleotides(original)


@pytest.mark.parametrize("sequence", ["ACCCACGATGATA", "GATTACAGNACACGT"])
def test_dinucleotide_shuffle__draws_all_shuffles_equally_often(sequence: str) -> None:
    codes = tuple("ACGT".find(letter) for letter in sequence)
    pieces = [[]] if "N" not in sequence else [list(kernels.all_shuffles(codes[sequence.index("N") + 1 :]))]
    firsts = list(kernels.all_shuffles(codes[: sequence.find("N")] if "N" in sequence else codes))
    n_valid = len(firsts) * max(1, len(pieces[0]))
    if sequence == "ACCCACGATGATA":
        assert n_valid == 72
    X = one_hot_encode([sequence])
    drawn = Counter(decode(dinucleotide_shuffle(X, n=400 * n_valid, random_state=0)[0]))
    assert len(drawn) == n_valid
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_dinucleotide_shuffle__draws_all_shuffles_equally_often_over_seeds() -> None:
    X = one_hot_encode(["ACCCACGATGATA"] * 20_000)
    drawn = Counter(decode(dinucleotide_shuffle(X, n=1, random_state=7)[:, 0]))
    assert len(drawn) == 72
    assert chisquare(list(drawn.values())).pvalue > 0.001


@given(st.integers(-(2**63), 2**63 - 65), st.integers(1, 64))
def test_dinucleotide_shuffle__runs_of_other_seeds_have_no_shuffle_in_common(seed: int, step: int) -> None:
    X = random_one_hot((1, 4, 100), random_state=0).repeat(40, 1, 1)
    runs = [decode(dinucleotide_shuffle(X, n=2, random_state=s).flatten(0, 1)) for s in (seed, seed + step)]
    assert len({*runs[0], *runs[1]}) == 160


def test_sequence_seeds__are_all_different_also_of_equal_sequences() -> None:
    codes = np.random.default_rng(0).integers(-1, 4, (5000, 30)).astype(np.int8).repeat(5, axis=0)
    seeds = np.concatenate([sequence_seeds(seed, codes) for seed in (0, 1, 2, -1)])
    assert len(np.unique(seeds)) == 100_000
    # each bit as often set as not, and apart from that of the next sequence
    bits = np.unpackbits(seeds.view(np.uint8)).reshape(-1, 64).astype(np.float64)
    assert np.abs(bits.mean(0) - 0.5).max() < 0.01
    assert np.abs((bits[1:] == bits[:-1]).mean(0) - 0.5).max() < 0.01


def test_sequence_seeds__stay_the_same_from_one_version_to_the_next() -> None:
    codes = np.array([[0, 1, 2, 3, -1], [0, 1, 2, 3, -1], [3, 3, 3, 3, 3]], np.int8)
    assert sequence_seeds(7, codes).tolist() == [1087783369004566910, -7333201113459498175, 9108622276900392982]


@given(st.permutations(range(6)), st.integers(1, 6))
def test_dinucleotide_shuffle__of_some_sequences_is_that_of_all(order: list[int], n: int) -> None:
    X = random_one_hot((6, 4, 40), random_state=0)
    of_all = dinucleotide_shuffle(X, n=2, random_state=7)
    assert torch.equal(dinucleotide_shuffle(X[order[:n]], n=2, random_state=7), of_all[order[:n]])


def test_dinucleotide_shuffle__tangermeme_counts_seeds_up_from_one() -> None:
    X = random_one_hot((3, 4, 80), random_state=0)
    counted = dinucleotide_shuffle(X, n=2, random_state=[7, 8, 9], method="tangermeme")
    assert torch.equal(dinucleotide_shuffle(X, n=2, random_state=7, method="tangermeme"), counted)


def test_dinucleotide_shuffle__tangermeme_reaches_nine_of_72() -> None:
    X = one_hot_encode(["ACCCACGATGATA"])
    assert len(set(decode(dinucleotide_shuffle(X, n=2000, random_state=0, method="tangermeme")[0]))) == 9


def test_dinucleotide_shuffle__depends_on_the_seed_of_its_own_sequence_alone() -> None:
    X = random_one_hot((5, 4, 80), random_state=0)
    batch, seeds = dinucleotide_shuffle(X, n=4, random_state=10), sequence_seeds(10, to_codes(X))
    assert torch.equal(dinucleotide_shuffle(X[3:4], n=4, random_state=[int(seeds[3])])[0], batch[3])
    assert torch.equal(dinucleotide_shuffle(X, n=4, random_state=seeds), batch)
    assert torch.equal(dinucleotide_shuffle(X[:2], n=4, random_state=10), batch[:2])
    assert torch.equal(dinucleotide_shuffle(X, n=2, random_state=10), batch[:, :2])
    assert not torch.equal(dinucleotide_shuffle(X, n=4), dinucleotide_shuffle(X, n=4))


@pytest.mark.parametrize("dtype", [torch.int8, torch.float16, torch.float32, torch.bool])
def test_dinucleotide_shuffle__keeps_dtype_and_x(dtype: torch.dtype) -> None:
    X = random_one_hot((3, 4, 60), random_state=0, dtype=dtype)
    before = X.clone()
    shuffled = dinucleotide_shuffle(X, n=5, random_state=0)
    assert shuffled.shape == (3, 5, 4, 60)
    assert shuffled.dtype == dtype
    assert torch.equal(X, before)


@pytest.mark.parametrize("method", ["uniform", "tangermeme"])
def test_dinucleotide_shuffle__changes_only_the_window(method: str) -> None:
    X = random_one_hot((2, 4, 60), random_state=0)
    shuffled = dinucleotide_shuffle(X, start=10, end=-11, n=3, random_state=0, method=method)  # type: ignore[arg-type]
    for outside in (slice(0, 11), slice(49, 60)):  # the letters at both ends of the window stay too
        assert torch.equal(shuffled[..., outside], X[:, None, :, outside].expand(-1, 3, -1, -1))
    assert not torch.equal(shuffled[:, 0], X)


def test_dinucleotide_shuffle__is_the_same_in_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    X = random_one_hot((7, 4, 50), random_state=0)
    whole = dinucleotide_shuffle(X, n=3, random_state=0)
    monkeypatch.setattr("nbmotif.sequences._LETTERS_AT_ONCE", 300)
    assert torch.equal(dinucleotide_shuffle(X, n=3, random_state=0, verbose=True), whole)


def test_dinucleotide_shuffle__warns_of_sequences_that_have_no_other_shuffle() -> None:
    X = one_hot_encode(["ACGTACGATCGATCGACTAG", "A" * 20, "N" * 20])
    with pytest.warns(NbmotifWarning, match=r"2 sequence\(s\) \(at index 1, 2\) have no shuffle but themselves"):
        shuffled = dinucleotide_shuffle(X, n=3, random_state=0)
    assert decode(shuffled[1]) == ["A" * 20] * 3
    assert decode(shuffled[2]) == ["N" * 20] * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": 5, "end": 5}, r"`start, end` must be 0 <= start < end <= L = 20; got 5, 5\. A negative end"),
        ({"end": 21}, r"`start, end` must be .*got 0, 21"),
        ({"n": 0}, r"`n` must be at least 1; got 0"),
        ({"method": "fast"}, r"`method` must be one of 'uniform', 'tangermeme'; got 'fast'"),
        ({"random_state": [1, 2]}, r"`random_state` must be an integer, one integer for each of the 1 sequences"),
        ({"random_state": 0.5}, r"`random_state` must be an integer"),
    ],
)
def test_dinucleotide_shuffle__refuses_what_does_not_fit(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        dinucleotide_shuffle(one_hot_encode(["ACGTACGATCGATCGACTAG"]), **arguments)  # type: ignore[arg-type]


def test_shuffle_uniform__is_the_same_compiled_and_plain() -> None:
    codes = np.random.default_rng(0).integers(-1, 4, (3, 40), dtype=np.int8)
    results = []
    for run in (kernels.shuffle_uniform, getattr(kernels.shuffle_uniform, "py_func", kernels.shuffle_uniform)):
        states = np.arange(6, dtype=np.uint64).reshape(3, 2)
        out = np.full((3, 2, 40), 9, dtype=np.int8)
        with np.errstate(over="ignore"):  # the generator's arithmetic is modulo 2**64
            run(codes, states, np.empty((9, 4), np.int64), out)
        results.append(out)
    assert np.array_equal(*results)


def test_random_below__is_uniform(monkeypatch: pytest.MonkeyPatch) -> None:
    # what is compiled gives Python's integers, which numpy 1 does not shift by its own
    monkeypatch.setattr(kernels, "_random_bits", kernels._random_bits.py_func)
    state = np.array([3], dtype=np.uint64)
    with np.errstate(over="ignore"):
        drawn = Counter(int(kernels._random_below.py_func(6, state)) for _ in range(12_000))
    assert sorted(drawn) == list(range(6))
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_dinucleotide_shuffle__names_what_has_no_other_shuffle_however_many_are_drawn_at_once(monkeypatch) -> None:
    monkeypatch.setattr("nbmotif.sequences._LETTERS_AT_ONCE", 1)
    X = one_hot_encode(["ACCCACGATGATA", "ACCCACGATGATC", "AAAAAAAAAAAAA"])
    with pytest.warns(NbmotifWarning, match=r"1 sequence\(s\) \(at index 2\) have no shuffle"):
        dinucleotide_shuffle(X, n=2, random_state=0)


def test_sequence_seeds__hang_on_the_letters_however_they_lie_in_memory() -> None:
    codes = np.random.default_rng(0).integers(-1, 4, (5, 30)).astype(np.int8)
    expected = sequence_seeds(3, codes).tolist()
    assert sequence_seeds(3, np.repeat(codes, 2, axis=1)[:, ::2]).tolist() == expected
    assert sequence_seeds(3, np.asfortranarray(codes)).tolist() == expected
