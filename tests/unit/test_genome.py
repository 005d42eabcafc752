"""Where rows lie in the genome, and the files that say so."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

import nbmotif
from nbmotif.bed_files import read_bed
from nbmotif.errors import InvalidArgument, NbmotifWarning

WINDOWS = pd.DataFrame({"chrom": ["chr2", "chr10", "chr2"], "start": [1000, 50, 200], "end": [1050, 100, 250]})
GATA = {"GATA": np.array([[0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]], float)}
SEQUENCES = [bases.ljust(50, "C") for bases in ("TTTGATAG", "GATAGGTATC", "GATTGATACCGATA")]


def _seqlets(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"example_idx": [0, 2, 1], "start": [10, 0, 20], "end": [18, 5, 50], **columns})


def test_genome_coordinates__count_from_where_the_window_of_each_row_begins() -> None:
    found = nbmotif.genome_coordinates(_seqlets(), WINDOWS)
    assert found["chrom"].tolist() == ["chr2", "chr2", "chr10"]
    assert found["chrom_start"].tolist() == [1010, 200, 70]
    assert found["chrom_end"].tolist() == [1018, 205, 100]
    assert found["start"].tolist() == [10, 0, 20]


def test_genome_coordinates__are_those_of_an_explorer() -> None:
    X = nbmotif.one_hot_encode(SEQUENCES)
    hits = nbmotif.fimo(GATA, X, threshold=0.01).with_signal(np.ones((3, 50)))
    pieces = {"X": X, "hits": hits, "motifs": GATA, "loci": WINDOWS}
    explorer = nbmotif.Explorer(np.ones((3, 50), np.float32), **pieces, fimo_p_threshold=0.01)
    shown, found = explorer.hits, nbmotif.genome_coordinates(hits, WINDOWS)
    assert len(shown) == hits.n_hits > 0
    for column in ("chrom", "chrom_start", "chrom_end"):
        assert shown[column].tolist() == found[column].tolist()


@pytest.mark.parametrize("dtype", ["category", "object", "Int64", "uint8", float])
def test_genome_coordinates__are_whole_numbers_whatever_the_table_holds_them_as(dtype: object) -> None:
    expected = nbmotif.genome_coordinates(_seqlets(), WINDOWS)
    places = ["example_idx", "start", "end"]
    found = nbmotif.genome_coordinates(_seqlets().astype(dict.fromkeys(places, dtype)), WINDOWS)
    for column in ("chrom", "chrom_start", "chrom_end"):
        pd.testing.assert_series_equal(found[column], expected[column])


def test_genome_coordinates__take_hits_whose_sequences_have_names() -> None:
    hits = nbmotif.fimo(GATA, {"peak 1": "T" * 50, "peak 2": "TTTGATAG".ljust(50, "C")}, threshold=0.01)
    found = nbmotif.genome_coordinates(hits, WINDOWS)
    assert found[["chrom", "chrom_start", "chrom_end"]].to_numpy().tolist() == [["chr10", 53, 57]]


def test_genome_coordinates__number_the_rows_of_several_tables_through() -> None:
    found = nbmotif.genome_coordinates([_seqlets(), _seqlets()], WINDOWS)
    assert found.index.tolist() == list(range(6))
    assert found["chrom_start"].tolist() == [1010, 200, 70] * 2


@pytest.mark.parametrize(
    ("table", "loci", "said"),
    [
        (_seqlets(), WINDOWS[:2], "`loci` must be one row per sequence; got 2 rows, where row 1 of the table"),
        (_seqlets(end=[18, 51, 50]), WINDOWS, "got 0 to 51 in row 1, in a locus of 50 bp"),
        (_seqlets().drop(columns="example_idx"), WINDOWS, "the number of the sequence, as example_idx"),
        (_seqlets(example_idx=["a", "b", "c"]), WINDOWS, "`table['example_idx']` must be whole numbers; got 'a'"),
        (_seqlets().drop(columns="end"), WINDOWS, "There is no 'end'"),
        ([1, 2], WINDOWS, "`table` must be a DataFrame with the columns start, end; got list"),
        (_seqlets(), 3, "`loci` must be a BED file or a DataFrame"),
    ],
)
def test_genome_coordinates__refuse_what_does_not_fit_together(table: object, loci: object, said: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        nbmotif.genome_coordinates(table, loci)  # type: ignore[arg-type]
    assert said in str(refusal.value)


def test_write_bed__orders_by_place_and_scales_the_score(tmp_path) -> None:
    seqlets = _seqlets(attribution=[0.5, -1.0, 0.123], motif_name=["A", "B\tb", "C"], strand=["+", "-", "."])
    path = nbmotif.write_bed(seqlets, tmp_path / "seqlets.bed", loci=WINDOWS)
    lines = path.read_text().splitlines()
    assert lines == [
        "chr10\t70\t100\tC\t123\t.",
        "chr2\t200\t205\tB b\t1000\t-",
        "chr2\t1010\t1018\tA\t500\t+",
    ]
    assert read_bed(path)["start"].tolist() == [70, 200, 1010]


def test_write_bed__gives_the_strongest_row_the_whole_score_however_small_it_is(tmp_path) -> None:
    path = nbmotif.write_bed(_seqlets(attribution=[0.002, -0.004, 0.001]), tmp_path / "a.bed", loci=WINDOWS)
    assert [line.split("\t")[4] for line in path.read_text().splitlines()] == ["250", "1000", "500"]


@pytest.mark.parametrize("dtype", [object, "category"])
def test_write_bed__orders_chromosomes_as_words_also_where_they_are_numbers(tmp_path, dtype: object) -> None:
    table = _seqlets(chrom=pd.Series([2, "X", 10]).astype(dtype))
    rows = nbmotif.write_bed(table, tmp_path / "a.bed").read_text().splitlines()
    assert [row.split("\t")[0] for row in rows] == ["10", "2", "X"]


def test_write_bed__writes_signed_scores_and_surprise_as_narrow_peak(tmp_path) -> None:
    seqlets = _seqlets(**{"attribution": [0.5, -1.0, 0.125], "p-value": [1e-4, 0.01, 0.0]})
    path = nbmotif.write_bed(seqlets, tmp_path / "seqlets.narrowPeak.gz", loci=WINDOWS)
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    assert [row[6:] for row in rows] == [
        ["0.125", "323.306", "-1", "-1"],
        ["-1", "2", "-1", "-1"],
        ["0.5", "4", "-1", "-1"],
    ]


def test_write_bed__keeps_every_hit_of_a_scan(tmp_path) -> None:
    hits = nbmotif.fimo(GATA, SEQUENCES, threshold=0.01)
    written = nbmotif.write_bed(hits, tmp_path / "hits.bed", WINDOWS).read_text()
    as_list = nbmotif.write_bed(list(hits), tmp_path / "list.bed", WINDOWS).read_text()
    assert len(written.splitlines()) == hits.n_hits > 3
    assert as_list == written


def test_write_bed__takes_chromosomes_from_the_table_where_it_has_them(tmp_path) -> None:
    path = tmp_path / "a.bed"
    scanned = nbmotif.fimo(GATA, {"chr7": "TTTGATATTT"}, threshold=0.01)
    assert nbmotif.write_bed(scanned, path).read_text().split("\t")[:4] == ["chr7", "3", "7", "GATA"]
    shown = _seqlets(chrom="chr3", chrom_start=[5, 6, 7], chrom_end=[6, 7, 8])
    assert nbmotif.write_bed(shown, path).read_text().splitlines()[0] == "chr3\t5\t6\t.\t0\t."
    peaks = _seqlets(chrom="chr3", label="peak", height=[1, 2, 4])
    expected = "chr3\t0\t5\tpeak\t500\t."
    assert nbmotif.write_bed(peaks, path, score_key="height").read_text().splitlines()[0] == expected


def test_write_bed__says_what_is_missing(tmp_path) -> None:
    with pytest.raises(InvalidArgument, match=r"`loci` must be given .* extract_loci"):
        nbmotif.write_bed(_seqlets(), tmp_path / "a.bed")
    with pytest.raises(InvalidArgument, match=r"`loci` must be given"):
        nbmotif.write_bed(_seqlets(sequence_name=[0, 2, 1]), tmp_path / "a.bed")
    with pytest.raises(InvalidArgument, match=r"`loci` must be given"):  # numbers of sequences, held as categories
        nbmotif.write_bed(_seqlets(sequence_name=pd.Categorical([0, 2, 1])), tmp_path / "a.bed")
    with pytest.raises(InvalidArgument, match=r"`filename` must be a name that ends in .bed or .narrowPeak"):
        nbmotif.write_bed(_seqlets(), tmp_path / "a.csv", WINDOWS)
    with pytest.raises(InvalidArgument, match="There is no 'size'"):
        nbmotif.write_bed(_seqlets(), tmp_path / "a.bed", WINDOWS, score_key="size")
    with pytest.raises(InvalidArgument, match=r"sequences are called as regions, such as 'chr1:5-99'; got None. Some"):
        nbmotif.write_bed(_seqlets(sequence_name="chr1:5-99"), tmp_path / "a.bed")
    assert list(tmp_path.iterdir()) == []


def test_write_bed__warns_of_an_empty_file(tmp_path) -> None:
    with pytest.warns(NbmotifWarning, match=r"there are no rows, so a.bed is empty"):
        path = nbmotif.write_bed(_seqlets()[:0], tmp_path / "a.bed", WINDOWS)
    assert path.read_text() == ""
