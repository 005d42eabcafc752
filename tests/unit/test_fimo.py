"""The scan against its definition: all windows, scored one by one, with p-values from an enumeration of all words."""

from __future__ import annotations

import importlib
import itertools
import warnings

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from nbmotif import MotifSet, fimo, one_hot_encode, reverse_complement
from nbmotif.errors import NbmotifWarning
from nbmotif.kernels import fimo as kernels
from nbmotif.kernels.fimo_tables import IMPOSSIBLE, RESOLUTION, fimo_tables, integer_scores, p_values_up_to

UNIFORM = np.full(4, 0.25)
TATA = np.eye(4)[[3, 0, 3, 0]].T
GATA = np.eye(4)[[2, 0, 3, 0]].T


def random_pwm(rng: np.random.Generator, width: int) -> np.ndarray:
    return rng.dirichlet(np.full(4, 0.3), size=width).T


def random_text(rng: np.random.Generator, length: int, letters: str = "ACGT") -> str:
    return "".join(rng.choice(list(letters), size=length))


def all_words(width: int) -> np.ndarray:
    return np.array(list(itertools.product(range(4), repeat=width)))


def enumerated_p_values(pwm: np.ndarray, background: np.ndarray = UNIFORM, pseudocount: float = 4e-4) -> np.ndarray:
    """The exact p-value of every word of the motif's width, in the order of ``all_words``, from integer scores."""
    steps = integer_scores(pwm.T, background, pseudocount)
    words = all_words(pwm.shape[1])
    score = steps[np.arange(pwm.shape[1]), words].sum(axis=1)
    chance = background[words].prod(axis=1)
    order = np.argsort(-score, kind="stable")
    _, first = np.unique(-score[order], return_inverse=True)
    mass = np.cumsum(np.bincount(first, weights=chance[order]))
    p = np.empty(len(words))
    p[order] = mass[first]
    return p


def scan_slowly(pwm: np.ndarray, text: str, threshold: float, background: np.ndarray = UNIFORM) -> dict:
    """The definition: look up every N-free window of both strands in the enumeration."""
    p = enumerated_p_values(pwm, background)
    width = pwm.shape[1]
    found = {}
    for strand, read in (("+", str), ("-", reverse_complement)):
        for start in range(len(text) - width + 1):
            window = read(text[start : start + width]).upper()
            if set(window) <= set("ACGT"):
                word = sum("ACGT".index(letter) * 4 ** (width - 1 - i) for i, letter in enumerate(window))
                if p[word] < threshold:
                    found[start, strand] = p[word]
    return found


def as_dict(frame: pd.DataFrame) -> dict:
    return dict(zip(zip(frame["start"], frame["strand"], strict=True), frame["p-value"], strict=True))


def columns(hits) -> set:
    """Hits as a set of tuples, whatever their order."""
    frame = hits.to_frame()
    names = ["motif_name", "sequence_name", "start", "end", "strand", "score", "p-value"]
    return set(frame[names].itertuples(index=False, name=None))


@pytest.mark.parametrize("width", [1, 2, 5, 7])
@pytest.mark.parametrize("threshold", [0.3, 0.01, 1.0])
def test_fimo__equals_its_definition(width, threshold):
    rng = np.random.default_rng(width)
    pwm = random_pwm(rng, width)
    text = random_text(rng, 300, "ACGTN" + "ACGT" * 9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NbmotifWarning)
        found = as_dict(fimo([pwm], [text], threshold=threshold)[0])
    expected = scan_slowly(pwm, text, threshold)
    assert found.keys() == expected.keys()
    assert [found[key] for key in expected] == pytest.approx(list(expected.values()), rel=1e-12)
    assert bool(expected) == (4.0**-width < threshold)


@pytest.mark.parametrize("background", [[0.4, 0.1, 0.1, 0.4], [0.1, 0.2, 0.3, 0.4]], ids=["symmetric", "skewed"])
def test_fimo__averages_the_background_over_both_strands(background):
    rng = np.random.default_rng(3)
    pwm, text = random_pwm(rng, 6), random_text(rng, 400)
    both = (np.array(background) + np.array(background)[::-1]) / 2
    assert as_dict(fimo([pwm], [text], threshold=0.02, background=background)[0]) == pytest.approx(
        scan_slowly(pwm, text, 0.02, both)
    )


def test_fimo__uses_the_background_as_given_on_one_strand():
    rng = np.random.default_rng(4)
    pwm, text, background = random_pwm(rng, 6), random_text(rng, 400), np.array([0.1, 0.2, 0.3, 0.4])
    found = as_dict(fimo([pwm], [text], threshold=0.02, background=background, reverse_complement=False)[0])
    expected = scan_slowly(pwm, text, 0.02, background)
    assert found == pytest.approx({key: p for key, p in expected.items() if key[1] == "+"})


def test_fimo__takes_the_background_from_the_sequences():
    rng = np.random.default_rng(5)
    texts = ["A" * 300 + random_text(rng, 100), "NNNN" + "T" * 200]
    counts = 1 + np.array([sum(text.count(letter) for text in texts) for letter in "ACGT"])
    pwm = random_pwm(rng, 6)
    expected = fimo([pwm], texts, threshold=0.02, background=counts / counts.sum())
    assert columns(fimo([pwm], texts, threshold=0.02, background="sequences")) == columns(expected)


def test_fimo__compares_p_strictly():
    # one word in 256 is the best: its p is exactly 1/256
    with pytest.warns(NbmotifWarning, match="1 of 1 motifs"):
        assert fimo({"GATA": GATA}, ["GATA"], threshold=1 / 256).n_hits == 0
    assert fimo({"GATA": GATA}, ["GATA"], threshold=np.nextafter(1 / 256, 1)).n_hits == 1


def test_fimo__p_is_never_zero_and_is_that_of_the_best_word():
    rng = np.random.default_rng(6)
    pwm = random_pwm(rng, 12)
    best = "".join("ACGT"[i] for i in pwm.argmax(axis=0))
    frame = fimo([pwm], ["CC" + best + "CC"])[0]
    top = frame.loc[frame["score"].idxmax()]
    assert (top["start"], top["strand"]) == (2, "+")
    assert top["p-value"] == 4.0**-12


def test_fimo__finds_words_of_a_wide_motif_far_below_its_best_one() -> None:
    rng = np.random.default_rng(0)
    letters, others = rng.integers(0, 4, 100), rng.integers(1, 4, 100)
    texts = []
    for n_wrong in range(0, 60, 5):
        codes = letters.copy()
        codes[:n_wrong] = (codes[:n_wrong] + others[:n_wrong]) % 4
        texts.append("".join("ACGT"[code] for code in codes))
    pwm = np.full((4, 100), 0.001)
    pwm[letters, np.arange(100)] = 0.997
    hits = fimo([pwm], texts, threshold=1e-6, reverse_complement=False, background=[0.25] * 4)
    # each wrong letter loses the same, so p is the chance of as few wrong letters
    expected = binom.cdf(np.arange(0, 60, 5), 100, 0.75)
    assert hits.to_frame()["p-value"].to_list() == pytest.approx(expected[expected < 1e-6].tolist(), rel=1e-9)


def test_fimo__score_is_the_log_odds_up_to_rounding():
    rng = np.random.default_rng(7)
    pwm, text = random_pwm(rng, 8), random_text(rng, 2000)
    frame = fimo([pwm], [text], threshold=1e-2)[0]
    bits = np.log2((pwm + 1e-4) / (1 + 4e-4) / 0.25)
    forward = frame[frame["strand"] == "+"]
    exact = [
        bits[["ACGT".index(c) for c in text[s:e]], range(8)].sum()
        for s, e in zip(forward["start"], forward["end"], strict=True)
    ]
    assert len(exact) > 5
    assert np.abs(forward["score"] - exact).max() <= 8 * RESOLUTION / 2


def test_fimo__a_palindrome_is_reported_once_with_both_strands_noted():
    frame = fimo({"TATA": TATA}, ["CCTATACC"], threshold=0.01)[0]
    assert frame["strand"].tolist() == ["."]
    assert fimo({"TATA": TATA}, ["CCTATACC"], threshold=0.01, reverse_complement=False)[0]["strand"].tolist() == ["+"]


def test_fimo__finds_hits_flush_with_both_ends_and_none_across_sequences():
    hits = fimo({"GATA": GATA}, ["GATACCCC", "CCCCGATA", "GA", "TACCTATC"], threshold=0.01).to_frame()
    assert hits[["sequence_name", "start", "end", "strand"]].to_numpy().tolist() == [
        [0, 0, 4, "+"],
        [1, 4, 8, "+"],
        [3, 4, 8, "-"],
    ]


def test_fimo__windows_with_n_are_not_scored():
    N = one_hot_encode(["GATAGATA"])
    N[0, :, 1] = 0
    assert fimo({"GATA": GATA}, N, threshold=0.01)[0]["start"].tolist() == [4]
    assert fimo({"GATA": GATA}, ["GRTAgata"], threshold=0.01)[0]["start"].tolist() == [4]
    with pytest.warns(NbmotifWarning, match="no sequence has as many letters A, C, G, T in a row"):
        assert fimo({"AA": np.eye(4)[[0, 0]].T}, ["A-ANA*A"], threshold=0.9).n_hits == 0


@pytest.mark.parametrize("kind", ["tensor", "float", "array", "bool"])
def test_fimo__one_hot_of_any_kind_equals_strings(kind):
    rng = np.random.default_rng(8)
    texts = [random_text(rng, 200, "ACGTN" + "ACGT" * 9) for _ in range(5)]
    X = one_hot_encode(texts)
    X = {"tensor": X, "float": X.float(), "array": X.numpy(), "bool": X.bool()}[kind]
    pwms = [random_pwm(rng, width) for width in (5, 9)]
    assert columns(fimo(pwms, X, threshold=0.01)) == columns(fimo(pwms, texts, threshold=0.01))


@pytest.mark.parametrize("between", "ACGT")
def test_fimo__finds_nothing_that_would_reach_from_one_sequence_into_the_next(between: str) -> None:
    pwm = {"GA.TA": one_hot_encode(f"GA{between}TA").double()}
    for sequences in (["CCCGA", "TACCC"], one_hot_encode(["CCCGA", "TACCC"])):
        assert fimo(pwm, sequences, threshold=0.01).n_hits == 0


def test_fimo__reads_fasta_with_names_and_different_lengths(tmp_path):
    path = tmp_path / "two.fa"
    path.write_text(">chr1 first\nCCGAT\nACCNN\n>chr2\nggtatc\n")
    hits = fimo({"GATA": GATA}, path, threshold=0.01)
    assert hits.sequence_names == ["chr1", "chr2"]
    assert hits.to_frame()[["sequence_name", "start", "strand"]].to_numpy().tolist() == [
        ["chr1", 2, "+"],
        ["chr2", 2, "-"],
    ]
    assert columns(hits) == columns(fimo({"GATA": GATA}, {"chr1": "CCGATACCNN", "chr2": "ggtatc"}, threshold=0.01))


def test_fimo__a_long_sequence_in_pieces_equals_the_whole(monkeypatch):
    rng = np.random.default_rng(9)
    texts = [random_text(rng, length, "ACGTN" + "ACGT" * 50) for length in (5000, 3, 700, 1, 2600)]
    pwms = [random_pwm(rng, width) for width in (4, 8, 15)]
    whole = fimo(pwms, texts, threshold=1e-2)
    monkeypatch.setattr("nbmotif.exact_scan.SLAB", 643)
    monkeypatch.setattr("nbmotif.exact_scan._FEW_GROUPS", 1)
    pieces = fimo(pwms, texts, threshold=1e-2)
    pd.testing.assert_frame_equal(pieces.to_frame(), whole.to_frame())
    np.testing.assert_array_equal(pieces.n_windows, whole.n_windows)


def test_fimo__motifs_out_of_reach_are_named_in_one_warning():
    motifs = {f"short{i}": TATA for i in range(12)} | {"long": np.tile(TATA, 3)}
    with pytest.warns(NbmotifWarning) as caught:
        hits = fimo(motifs, ["TATATATATATA"])
    assert len(caught) == 1
    assert "12 of 13 motifs have no hits" in str(caught[0].message)
    assert "short0, short1" in str(caught[0].message)
    assert "short9, …" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert [len(frame) for frame in hits] == [0] * 12 + [1]


def test_fimo__a_pseudocount_of_zero_makes_unseen_letters_impossible():
    pwm = np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [1, 0, 0, 0]]).T
    starts = fimo([pwm], ["ACAGGAAAA"], threshold=1.0, pseudocount=0, reverse_complement=False)[0]["start"]
    # the four words that can occur; p of every other word is 1
    assert starts.tolist() == [0]
    assert fimo([pwm], ["ACAGGAAAA"], threshold=1.0, reverse_complement=False).n_hits > 1


def test_fimo__sorts_by_motif_strand_sequence_and_start():
    rng = np.random.default_rng(10)
    texts = [random_text(rng, 500) for _ in range(20)]
    frame = fimo([random_pwm(rng, 6) for _ in range(40)], texts, threshold=0.01).to_frame()
    is_minus = frame["strand"] == "-"
    key = frame.assign(is_minus=is_minus)[["motif_idx", "is_minus", "sequence_name", "start"]]
    pd.testing.assert_frame_equal(key, key.sort_values(list(key.columns), kind="stable"))


def test_fimo__dim_1_gives_a_frame_for_every_sequence():
    frames = fimo({"GATA": GATA, "TATA": TATA}, ["GATATA", "CCCCCC", "TATATA"], threshold=0.01, dim=1)
    assert [frame["motif_name"].tolist() for frame in frames] == [["GATA", "TATA"], [], ["TATA", "TATA"]]
    assert [frame["sequence_name"].unique().tolist() for frame in frames] == [[0], [], [2]]


def test_fimo__counts_the_windows_that_were_scored():
    hits = fimo({"GATA": GATA, "TATA": TATA}, ["ACGTACG", "ANACGTA", "ACG"], threshold=0.01)
    assert hits.n_windows.tolist() == [2 * (4 + 2), 4 + 2]


def test_fimo__keeps_its_tables_in_the_motif_set():
    motifs = MotifSet({"GATA": GATA})
    fimo(motifs, ["GATA"], threshold=0.01)
    tables = motifs.cache["fimo"][1]
    fimo(motifs, ["GATAGATA"], threshold=0.01)
    assert motifs.cache["fimo"][1] is tables
    # TATC agrees with two letters of GATA, and a random word does with p = 67/256
    assert fimo(motifs, ["GATA"], threshold=67 / 256).n_hits == 1
    assert fimo(motifs, ["GATA"], threshold=0.5).n_hits == 2
    motifs["GATA"] = TATA
    assert fimo(motifs, ["GATATA"], threshold=0.01)[0]["start"].tolist() == [2]


texts_of_any_kind = st.lists(st.text("ACGTNacgt", max_size=60), min_size=1, max_size=6).filter(lambda x: any(x))
pwms_of_any_kind = st.lists(
    hnp.arrays(np.float64, st.tuples(st.just(4), st.integers(1, 9)), elements=st.integers(0, 5)), min_size=1, max_size=4
).map(lambda counts: [(c + 0.01) / (c + 0.01).sum(axis=0) for c in counts])


def quiet_fimo(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NbmotifWarning)
        return fimo(*args, **{"threshold": 0.05, **kwargs})


@hypothesis.given(texts=texts_of_any_kind, pwms=pwms_of_any_kind)
def test_fimo__reverse_complement_of_the_sequences_mirrors_the_hits(texts, pwms):
    flip = {"+": "-", "-": "+", ".": "."}
    mirrored = {
        (motif, sequence, len(texts[sequence]) - end, len(texts[sequence]) - start, flip[strand], score, p)
        for motif, sequence, start, end, strand, score, p in columns(quiet_fimo(pwms, texts))
    }
    assert columns(quiet_fimo(pwms, [reverse_complement(text.upper()) for text in texts])) == mirrored


@hypothesis.given(texts=texts_of_any_kind, pwms=pwms_of_any_kind, data=st.data())
def test_fimo__order_of_sequences_and_motifs_does_not_matter(texts, pwms, data):
    of_text = data.draw(st.permutations(range(len(texts))))
    of_motif = data.draw(st.permutations(range(len(pwms))))
    named = {str(i): pwm for i, pwm in enumerate(pwms)}
    permuted = quiet_fimo({str(i): named[str(i)] for i in of_motif}, [texts[i] for i in of_text])
    renamed = {(name, of_text[sequence], *rest) for name, sequence, *rest in columns(permuted)}
    assert renamed == columns(quiet_fimo(named, texts))


@hypothesis.given(texts=texts_of_any_kind, pwms=pwms_of_any_kind)
def test_fimo__sequences_without_hits_change_nothing(texts, pwms):
    more = [*texts, "N" * 50, "", "ACG"[:0]]
    assert columns(quiet_fimo(pwms, more)) == columns(quiet_fimo(pwms, texts))


@hypothesis.given(pwm=pwms_of_any_kind.map(lambda pwms: pwms[0][:, :6]), threshold=st.floats(1e-4, 1))
def test_fimo_tables__hold_the_enumerated_p_values(pwm, threshold):
    tables = fimo_tables([pwm], UNIFORM, 4e-4, threshold)
    steps = integer_scores(pwm.T, UNIFORM, 4e-4)
    loss = tables.tops[0] - steps[np.arange(pwm.shape[1]), all_words(pwm.shape[1])].sum(axis=1)
    p = enumerated_p_values(pwm)
    np.testing.assert_array_equal(loss <= tables.budgets[0], p < threshold)
    is_hit = p < threshold
    np.testing.assert_allclose(tables.p_values[loss[is_hit]], p[is_hit], rtol=1e-12)


def test_kmer_codes__spell_the_letters_from_each_position():
    letters = np.array([2, 0, 3, -1, 1], dtype=np.int8)
    codes = kernels.kmer_codes(letters, np.array([3]), 3, 4)
    assert len(codes) == 9
    assert codes[0] == 2 + 4 * 0 + 16 * 3
    assert codes[4] & 3 == 1
    long_run = kernels.kmer_codes(np.full(6400, -1, dtype=np.int8), np.arange(6400), 3, 0)
    assert np.bincount(long_run[:-2], minlength=64).min() > 50


@hypothesis.given(
    letters=hnp.arrays(np.int8, st.integers(1, 60), elements=st.integers(-1, 3)),
    widths=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    n_starts=st.integers(0, 60),
)
def test_count_windows__equals_looking_at_each(letters, widths, n_starts):
    starts = range(min(n_starts, len(letters)))
    expected = [sum(i + w <= len(letters) and (letters[i : i + w] >= 0).all() for i in starts) for w in widths]
    assert (
        kernels.count_windows(len(letters), np.flatnonzero(letters < 0), np.array(widths), n_starts).tolist()
        == expected
    )


def test_kernels__compiled_and_plain_agree():
    rng = np.random.default_rng(11)
    letters = rng.integers(-1, 4, size=130).astype(np.int8)
    tables = fimo_tables([random_pwm(rng, width) for width in (3, 7)], UNIFORM, 4e-4, 0.05)
    both = []
    for run in (lambda kernel: kernel, lambda kernel: getattr(kernel, "py_func", kernel)):
        quantised = kernels.filter_tables(*tables[:2][::-1], tables.budgets, np.array([2, 2]), 4, 256)
        keys, masks, ends = np.empty(9, dtype=np.int64), np.empty(9, dtype=np.uint64), np.empty(2, dtype=np.int64)
        codes = kernels.kmer_codes(letters, np.flatnonzero(letters < 0), 4, 80)
        scratch = np.empty(len(quantised[0]), dtype=np.uint32), np.empty(kernels.BLOCK, dtype=np.uint32)
        run(kernels.filter_blocks)(codes, 2, *quantised, 0, 2, *scratch, keys, masks, ends)
        counts, boundaries = np.empty((2, 2), dtype=np.int64), np.array([0, 130])
        scan = tables.losses, tables.column_offsets, tables.budgets, 0, keys, masks, ends, counts
        hits = np.zeros((3, kernels.n_survivors(masks[: ends[-1]])), dtype=np.int32)
        n_hits = run(kernels.rescore)(letters, 130, boundaries, *scan, hits)
        both.append([*quantised, ends, counts, n_hits, hits])
    for compiled, plain in zip(*both, strict=True):
        np.testing.assert_array_equal(compiled, plain)
    assert both[0][3].sum() > 0


def test_p_values_up_to__compiled_and_plain_agree():
    losses = np.array([[0, 9, 600, 700], [5, 0, 80, IMPOSSIBLE]], dtype=np.int32)
    both = []
    for run in (p_values_up_to, getattr(p_values_up_to, "py_func", p_values_up_to)):
        budgets, p_values = np.empty(2, dtype=np.int64), np.zeros(800)
        scratch = np.empty((2, 4096), dtype=np.int64), np.empty((2, 4096)), np.empty((2, 1402))
        given = losses, np.array([0, 1, 2]), np.array([0.1, 0.2, 0.3, 0.4]), 0.75, np.array([700, 80])
        n = run(*given, *scratch, budgets, p_values)
        both.append([n, budgets, p_values])
    for compiled, plain in zip(*both, strict=True):
        np.testing.assert_array_equal(compiled, plain)


def test_warm_up__leaves_nothing_to_compile():
    modules = [
        importlib.import_module(f"nbmotif.kernels.{name}")
        for name in ("fimo", "fimo_tables", "fimo_memelite", "simd", "one_hot")
    ]
    for module in modules:
        module.warm_up()

    def compiled():
        kernels_of = {id(f): f for module in modules for f in vars(module).values() if hasattr(f, "signatures")}
        return sum(len(f.signatures) for f in kernels_of.values())

    before = compiled()
    rng = np.random.default_rng(12)
    pwms = [random_pwm(rng, width) for width in (5, 8, 12)]
    X = one_hot_encode([random_text(rng, 300) for _ in range(3)])
    for sequences in (X, X.float(), [random_text(rng, 99)]):
        fimo(pwms, sequences, threshold=0.01, background="sequences")
    fimo(pwms, X, threshold=0.01, compat="memelite")
    assert compiled() == before
