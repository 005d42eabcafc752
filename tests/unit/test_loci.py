from __future__ import annotations

import gzip
import os
import sys
import tempfile
import textwrap
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyfaidx
import pytest
import torch
from Bio import bgzf
from hypothesis import given
from hypothesis import strategies as st

from nbmotif import MotifSet, Study, extract_loci, fimo, one_hot_encode, write_meme
from nbmotif.bed_files import read_bed
from nbmotif.encoding import decode
from nbmotif.errors import InvalidArgument, InvalidFile, NbmotifWarning
from nbmotif.fasta_files import open_fasta, read_windows

CHR1 = "ACGTTGCAAGGCTTAACCGGATATCGCGATTACAGATTAC"  # 40 bp
CHR2 = "ttttNNNNcccc"
GENOME = {"chr1": CHR1, "chr2": CHR2}


def loci(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "summit"][: len(rows[0])])


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    records = [f">{name} some words\n" + "\n".join(textwrap.wrap(s, 7)) + "\n" for name, s in GENOME.items()]
    path.write_text("".join(records))
    return path


def test_extract_loci__cuts_around_the_middle() -> None:
    X = extract_loci(loci(("chr1", 10, 14)), GENOME, in_window=4)
    assert X.dtype == torch.int8
    assert X.shape == (1, 4, 4)
    assert decode(X) == [CHR1[10:14]]


@pytest.mark.parametrize(
    ("start", "end", "width", "span"),
    [(10, 14, 4, (10, 14)), (10, 15, 4, (10, 14)), (10, 15, 5, (10, 15)), (10, 11, 5, (8, 13)), (12, 12, 2, (11, 13))],
)
def test_extract_loci__intervals_are_half_open(start: int, end: int, width: int, span: tuple[int, int]) -> None:
    X, windows = extract_loci(loci(("chr1", start, end)), GENOME, in_window=width, return_loci=True)
    assert decode(X) == [CHR1[slice(*span)]]
    assert windows[["start", "end"]].to_numpy().tolist() == [list(span)]


def test_extract_loci__adds_jitter_on_both_sides() -> None:
    assert decode(extract_loci(loci(("chr1", 10, 14)), GENOME, in_window=4, max_jitter=3)) == [CHR1[7:17]]


def test_extract_loci__reads_lower_case_and_n() -> None:
    assert decode(extract_loci(loci(("chr2", 0, 12)), GENOME, in_window=12)) == [CHR2.upper()]


def test_extract_loci__leaves_out_loci_over_the_edge_and_says_so() -> None:
    table = loci(("chr1", 0, 4), ("chr1", 10, 14), ("chr1", 36, 40), ("chr2", 8, 12))
    with pytest.warns(NbmotifWarning, match=r"2 of 4 loci are left out, .*edge .*\(row 0, 2\)") as record:
        X, windows, mask = extract_loci(table, GENOME, in_window=6, return_loci=True, return_mask=True, chroms=["chr1"])
    assert len(record) == 1
    assert record[0].filename == __file__
    assert decode(X) == [CHR1[9:15]]
    assert windows.to_dict("records") == [{"chrom": "chr1", "start": 9, "end": 15, "locus_idx": 1}]
    assert mask.tolist() == [False, True, False, False]


@pytest.mark.parametrize(("start", "fits"), [(3, True), (2, False), (37, True), (38, False)])
def test_extract_loci__reaches_exactly_to_the_edge(start: int, fits: bool) -> None:
    table = loci(("chr1", start, start), ("chr1", 20, 20))
    if fits:
        assert len(extract_loci(table, GENOME, in_window=6)) == 2
    else:
        with pytest.warns(NbmotifWarning, match="1 of 2 loci"):
            assert len(extract_loci(table, GENOME, in_window=6)) == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), min_size=1, max_size=20), st.integers(1, 9))
def test_extract_loci__gives_the_letters_at_the_coordinates_it_tells(spans: list[tuple[int, int]], width: int) -> None:
    table = loci(("chr1", 20, 20), *[("chr1", start, start + length) for start, length in spans])
    reaches_over = any(not width // 2 <= s + n // 2 <= 40 - (width + 1) // 2 for s, n in spans)
    with pytest.warns(NbmotifWarning) if reaches_over else nullcontext():
        X, windows, mask = extract_loci(table, GENOME, in_window=width, return_loci=True, return_mask=True)
    assert decode(X) == [CHR1[start:end] for start, end in zip(windows["start"], windows["end"], strict=True)]
    assert windows["locus_idx"].tolist() == np.flatnonzero(mask).tolist()


def test_extract_loci__centres_on_summits(tmp_path: Path) -> None:
    assert decode(extract_loci(loci(("chr1", 10, 20, 7)), GENOME, in_window=4, summits=True)) == [CHR1[15:19]]
    path = tmp_path / "peaks.narrowPeak"
    path.write_text("chr1\t10\t20\tpeak1\t0\t.\t5.5\t-1\t-1\t7\n")
    assert decode(extract_loci(path, GENOME, in_window=4, summits=True)) == [CHR1[15:19]]
    assert decode(extract_loci(path, GENOME, in_window=4)) == [CHR1[13:17]]


def test_extract_loci__takes_the_tenth_column_of_a_plain_table_as_summit() -> None:
    table = pd.DataFrame([["chr1", 10, 20, "p", 0, ".", 1.0, -1, -1, 7]])
    assert decode(extract_loci(table, GENOME, in_window=4, summits=True)) == [CHR1[15:19]]


def test_extract_loci__finds_columns_by_name_or_by_place() -> None:
    named = pd.DataFrame({"name": ["a"], "start": [10], "end": [14], "chrom": ["chr1"]})
    placed = pd.DataFrame([["chr1", 10, 14, "a"]])
    assert torch.equal(extract_loci(named, GENOME, in_window=4), extract_loci(placed, GENOME, in_window=4))


def test_extract_loci__interleaves_several_tables() -> None:
    a, b = loci(("chr1", 10, 12), ("chr1", 14, 16), ("chr1", 18, 20)), loci(("chr2", 8, 10))
    X, windows = extract_loci([a, b], GENOME, in_window=2, return_loci=True)
    assert decode(X) == [CHR1[10:12], "CC", CHR1[14:16], CHR1[18:20]]
    assert windows["locus_idx"].tolist() == [0, 1, 2, 3]


def test_extract_loci__chooses_chromosomes_and_a_number() -> None:
    table = loci(("chr9", 1, 2), ("chr1", 10, 12), ("chr2", 8, 10), ("chr1", 14, 16))
    X, mask = extract_loci(table, GENOME, in_window=2, chroms=["chr1"], return_mask=True)
    assert decode(X) == [CHR1[10:12], CHR1[14:16]]
    assert mask.tolist() == [False, True, False, True]
    assert decode(extract_loci(table, GENOME, in_window=2, chroms=["chr1"], n_loci=1)) == [CHR1[10:12]]
    assert decode(extract_loci(loci((1, 10, 12)), {1: CHR1}, in_window=2, chroms=[1])) == [CHR1[10:12]]


@pytest.mark.parametrize(
    ("region", "kept"), [((14, 20), [0, 1]), ((13, 20), [0]), ((8, 10), [0, 1]), ((8, 11), [1]), ((11, 11), [0, 1])]
)
def test_extract_loci__leaves_out_windows_that_share_a_base_with_excluded_regions(
    region: tuple[int, int], kept: list[int]
) -> None:
    table = loci(("chr1", 10, 12), ("chr1", 12, 14))
    _X, windows = extract_loci(
        table, GENOME, in_window=2, exclusion_lists=loci(("chr1", *region), ("chr2", 0, 12)), return_loci=True
    )
    assert windows["locus_idx"].tolist() == kept


def test_extract_loci__reads_fasta_files_in_all_ways(fasta: Path, tmp_path: Path) -> None:
    table = loci(("chr2", 4, 10), ("chr1", 20, 26), ("chr1", 3, 9))
    expected = [CHR2[4:10].upper(), CHR1[20:26], CHR1[3:9]]
    compressed = tmp_path / "genome.fa.gz"
    with bgzf.BgzfWriter(compressed) as file:
        file.write(fasta.read_text(encoding="utf-8"))
    with pyfaidx.Fasta(str(fasta)) as opened:
        one_hot = {"chr1": one_hot_encode(CHR1), "chr2": one_hot_encode(CHR2).numpy()}
        for sequences in (fasta, str(fasta), compressed, opened, GENOME, one_hot):
            assert decode(extract_loci(table, sequences, in_window=6, verbose=True)) == expected


@pytest.mark.parametrize("kind", ["plain", "bgzip"])
def test_extract_loci__reads_every_window_of_a_fasta_file(fasta: Path, tmp_path: Path, kind: str) -> None:
    path = fasta
    if kind == "bgzip":
        path = tmp_path / "genome.fa.gz"
        with bgzf.BgzfWriter(path) as file:
            for line in fasta.read_text(encoding="utf-8").splitlines(keepends=True):
                file.write(line)
                file.flush()  # a block per line: every window spans several
    for width in (1, 2, 7, 15):
        table = loci(*[("chr1", mid, mid) for mid in range(width // 2, 40 - (width - 1) // 2)])
        X, windows = extract_loci(table, path, in_window=width, return_loci=True)
        assert decode(X) == [CHR1[start:end] for start, end in zip(windows["start"], windows["end"], strict=True)]


@given(
    st.lists(st.text("ACGTacgtN", min_size=1, max_size=40), min_size=1, max_size=3),
    st.integers(1, 12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.data(),
)
def test_read_windows__gives_what_pyfaidx_reads(sequences, line, line_end, ends_in_one, data) -> None:
    chroms = [f"chr{i}" for i in range(len(sequences))]
    places = [data.draw(st.tuples(st.just(i), st.integers(0, len(s) - 1))) for i, s in enumerate(sequences)] * 2
    windows = [(chroms[i], start, data.draw(st.integers(start + 1, len(sequences[i])))) for i, start in places]
    records = [line_end.join([f">{c} words", *textwrap.wrap(s, line)]) for c, s in zip(chroms, sequences, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "genome.fa"
        path.write_bytes((line_end.join(records) + line_end * ends_in_one).encode())
        with open_fasta(path) as fasta:
            names, start, end = zip(*windows, strict=True)
            assert read_windows(fasta, names, np.array(start), np.array(end)) == [
                fasta[chrom][first:last] for chrom, first, last in windows
            ]


def test_extract_loci__says_in_which_window_of_a_file_a_letter_is_none(fasta: Path) -> None:
    fasta.write_text(">chr1\nACGTR\nYACGT\n>chr2\nACGT\n", encoding="utf-8")
    table = loci(("chr2", 1, 3), ("chr1", 6, 8), ("chr1", 1, 3))
    with pytest.raises(InvalidArgument, match=r"`sequences\['chr1'\]\[5:9\]` must be letters .*got 'Y' at position 0"):
        extract_loci(table, fasta, in_window=4)


def test_extract_loci__refuses_an_index_that_does_not_fit(fasta: Path) -> None:
    Path(f"{fasta}.fai").write_text(
        "chr1\t40\t17\t20\t21\nchr2\t12\t81\t7\t8\n", encoding="utf-8"
    )  # lines of 20 bp, not of 7
    with pytest.raises(InvalidArgument, match=r"chr1:6-18 has 10 letters\. Remove the index"):
        extract_loci(loci(("chr1", 10, 14)), fasta, in_window=12)


def test_extract_loci__refuses_an_index_made_before_a_header_was_shortened(tmp_path: Path) -> None:
    fasta, letters = tmp_path / "genome.fa", "\n".join(["ACGTGCATTA"] * 40)
    fasta.write_text(f">chr1 GRCh38 primary\n{letters}\n", encoding="utf-8")
    pyfaidx.Faidx(str(fasta))
    fasta.write_text(f">chr1\n{letters}\n", encoding="utf-8")
    os.utime(fasta, (1, 1))  # as a copy that keeps the time
    for table in (loci(("chr1", 4, 6)), loci(*[("chr1", at, at + 1) for at in range(20, 300, 7)])):
        with pytest.raises(InvalidFile, match=r"chr1 begins where no line does\. Remove genome\.fa\.fai"):
            extract_loci(table, fasta, in_window=4)


def test_extract_loci__needs_no_right_to_write_beside_the_genome(fasta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert decode(extract_loci(loci(("chr1", 10, 14)), fasta, in_window=4)) == [CHR1[10:14]]
    assert not Path(f"{fasta}.fai").exists()


def test_extract_loci__ignores_the_letters_it_is_told_to() -> None:
    genome = {"chr1": "ACGTRYACGTN"}
    with pytest.raises(
        InvalidArgument,
        match=r"`sequences\['chr1'\]\[2:8\]` must be letters .*got 'R' at position 2\. Name it in `ignore`",
    ):
        extract_loci(loci(("chr1", 4, 6)), genome, in_window=6)
    assert decode(extract_loci(loci(("chr1", 4, 6)), genome, in_window=6, ignore=["N", "R", "Y"])) == ["GTNNAC"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"loci": loci(("22", 10, 12))},
            r'`loci` must be on chromosomes of the sequences; got "22" in row 0\. .* have "chr1", "chr2": rename',
        ),
        (
            {"loci": loci(("chr1", 0, 4)), "in_window": 50},
            r"`loci` must be such that at least one is left; got 1 loci, 0 on other .*, 1 over an edge",
        ),
        (
            {"loci": loci(("chr1", 10, 12)), "chroms": ["chr2"]},
            r"at least one is left; got 1 loci, 1 on other chromosomes than chroms",
        ),
        ({"loci": loci(("chr1", 14, 10))}, r"`loci` must be intervals with 0 <= start <= end; got 14 and 10 in row 0"),
        ({"loci": loci(("chr1", -4, 10))}, r"`loci` must be intervals .*got -4 and 10 in row 0"),
        (
            {"loci": loci(("chr1", 10, 14), ("chr1", 1.5, 4))},
            r"`loci\['start'\]` must be whole numbers; got 1\.5 in row 1",
        ),
        ({"loci": loci(("chr1", 10, None))}, r"`loci\['end'\]` must be whole numbers; got None in row 0"),
        (
            {"loci": loci(("chr1", 10, 14, 5)), "summits": True},
            r"`loci\['summit'\]` must be within the interval; got 5 and 4",
        ),
        (
            {"loci": loci(("chr1", 10, 14)), "summits": True},
            r"`loci` must be a DataFrame with a column 'summit', or with 10 columns",
        ),
        ({"loci": pd.DataFrame([["chr1", 5]])}, r"`loci` must be a DataFrame with a column 'end', or with 3 columns"),
        ({"loci": loci(("chr1", 10, 14))[["chrom", "start", "end", "end"]]}, r"There are 2 called 'end'"),
        ({"loci": loci((None, 10, 14))}, r"`loci\['chrom'\]` must be the name of a chromosome; got none in row 0"),
        ({"loci": []}, r"`loci` must be loci; got an empty list"),
        ({"loci": 5}, r"`loci` must be a BED file or a DataFrame with chrom, start and end; got int"),
        ({"sequences": 5}, r"`sequences` must be a FASTA file, a pyfaidx\.Fasta, or a mapping .*got int"),
        ({"in_window": 0}, r"`in_window` must be at least 1; got 0"),
        ({"max_jitter": -1}, r"`max_jitter` must be at least 0; got -1"),
        ({"n_loci": 0}, r"`n_loci` must be at least 1; got 0"),
        ({"signals": ["a.bw"]}, r"`signals` must be None; got list\. nbmotif reads sequences only"),
        ({"in_signals": ["a.bw"]}, r"`in_signals` must be None"),
    ],
)
@pytest.mark.filterwarnings("ignore:extract_loci")
def test_extract_loci__says_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        extract_loci(**{"loci": loci(("chr1", 10, 14)), "sequences": GENOME, "in_window": 4, **arguments})  # type: ignore[arg-type]


def test_extract_loci__says_what_is_wrong_with_a_genome_file(tmp_path: Path) -> None:
    table = loci(("chr1", 10, 14))
    with pytest.raises(FileNotFoundError, match=r"`sequences`: there is no file .*absent.fa"):
        extract_loci(table, tmp_path / "absent.fa")
    plain_gzip = tmp_path / "genome.fa.gz"
    plain_gzip.write_bytes(gzip.compress(b">chr1\nACGT\n"))
    with pytest.raises(InvalidFile, match=r"compressed by gzip, in which nothing can be looked up\. Unpack it, or"):
        extract_loci(table, plain_gzip)
    (tmp_path / "notes.fa").write_text("hello\n")
    with pytest.raises(InvalidFile, match="it cannot be indexed as FASTA"):
        extract_loci(table, tmp_path / "notes.fa")


def test_extract_loci__says_what_a_bgzip_genome_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genome = tmp_path / "genome.fa.gz"
    with bgzf.BgzfWriter(genome) as file:
        file.write(">chr1\nACGT\n")
    monkeypatch.setitem(sys.modules, "Bio", None)  # as where it is not installed
    with pytest.raises(ImportError, match=r"`sequences`: .*genome.fa.gz is compressed by bgzip; pip install biopython"):
        extract_loci(loci(("chr1", 0, 4)), genome)


def test_extract_loci__reads_real_peaks(shared_data: Path, tmp_path: Path) -> None:
    genome = tmp_path / "chr2.fa.gz"  # a link, so that the index lands here
    genome.symlink_to(shared_data / "genomes" / "hg38_chr2_1-2333275.fa.gz")
    X, windows = extract_loci(
        shared_data / "peaks" / "ctcf_k562_hg38_chr2_1-2333275.bed", genome, in_window=2114, return_loci=True
    )
    assert X.shape == (48, 4, 2114)
    assert (X.sum(dim=1) == 1).all()
    assert windows["locus_idx"].tolist() == list(range(48))


def test_files__are_found_in_the_home_folder(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "peaks.bed").write_text("chr1\t10\t20\n")
    assert len(read_bed("~/peaks.bed")) == 1
    (tmp_path / "genome.fa").write_text(">chr1\n" + "ACGT" * 10 + "\n")
    assert extract_loci("~/peaks.bed", "~/genome.fa", in_window=10).shape == (1, 4, 10)
    motifs = MotifSet({"GATA": np.eye(4)[[2, 0, 3, 0]].T})
    write_meme("~/motifs.meme", motifs)
    assert len(fimo("~/motifs.meme", "~/genome.fa", threshold=0.01)) == 1
    study = Study(None, one_hot_encode(["ACGT" * 5]), motifs, verbose=False).scan(0.01)
    assert study.save("~/a.nbmotif") == tmp_path / "a.nbmotif"
    assert Study.open("~/a.nbmotif").hits is not None
    assert study.to_html("~/a.html") == tmp_path / "a.html"
    assert (tmp_path / "a.html").exists()


def test_extract_loci__of_loci_that_are_all_over_the_edge_raises_without_a_warning() -> None:
    with pytest.raises(InvalidArgument, match="1 over an edge"):
        extract_loci(loci(("chr1", 0, 4)), GENOME, in_window=30)


def test_extract_loci__refuses_a_table_whose_first_interval_became_its_names(tmp_path) -> None:
    (tmp_path / "peaks.bed").write_text("chr1\t10\t20\nchr1\t15\t25\n")
    table = pd.read_csv(tmp_path / "peaks.bed", sep="\t")
    genome = {"chr1": "ACGT" * 10}
    with pytest.raises(InvalidArgument, match=r"which are the first interval. Pass header=None to pandas.read_csv"):
        extract_loci(table, genome, in_window=10)
    table = pd.read_csv(tmp_path / "peaks.bed", sep="\t", header=None)
    assert len(extract_loci(table, genome, in_window=10)) == 2
    assert len(extract_loci(table.rename(columns=str), genome, in_window=10)) == 2


def test_extract_loci__takes_a_table_with_numbered_columns_before_those_it_needs() -> None:
    table = pd.DataFrame({"0": ["a"], "7": [1], "8": [2], "chrom": ["chr1"], "start": [4], "end": [7]})
    assert extract_loci(table, {"chr1": "ACGTACGTACGT"}, in_window=4).shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(12, 4), r"got Tensor of shape \(12, 4\). Did you mean its transpose"),
        (torch.zeros(1, 4, 12), r"one-hot of shape \(4, L\); got Tensor of shape \(1, 4, 12\)"),
        (b"ACGTACGTACGT", "letters, or one-hot"),
        (list("ACGTACGTACGT"), "letters, or one-hot"),
    ],
)
def test_extract_loci__names_a_chromosome_that_is_no_sequence(value: object, message: str) -> None:
    loci = pd.DataFrame({"chrom": ["chr1"], "start": [4], "end": [8]})
    with pytest.raises(InvalidArgument, match=message):
        extract_loci(loci, {"chr1": value}, in_window=4)


def test_extract_loci__takes_the_name_of_one_chromosome() -> None:
    loci = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [4, 4], "end": [8, 8]})
    genome = {"chr1": "ACGTACGTACGT", "chr2": "ACGTACGTACGT"}
    assert extract_loci(loci, genome, chroms="chr2", in_window=4, return_loci=True)[1]["chrom"].tolist() == ["chr2"]


@pytest.mark.parametrize("option", [{"in_window": 4.0}, {"max_jitter": 1.5}, {"n_loci": True}])
def test_extract_loci__names_a_number_that_is_not_whole(option: dict[str, Any]) -> None:
    loci = pd.DataFrame({"chrom": ["chr1"], "start": [4], "end": [8]})
    with pytest.raises(InvalidArgument, match=f"`{next(iter(option))}` must be a whole number"):
        extract_loci(loci, {"chr1": "ACGTACGTACGT"}, **{"in_window": 4, **option})
