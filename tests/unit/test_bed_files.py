from __future__ import annotations

import bz2
import gzip
import lzma
from typing import TYPE_CHECKING

import pytest

from nbmotif.bed_files import read_bed
from nbmotif.errors import InvalidFile

if TYPE_CHECKING:
    from pathlib import Path


def test_read_bed__skips_comments_track_lines_and_names(tmp_path: Path) -> None:
    path = tmp_path / "a.bed"
    path.write_text("browser x\ntrack name=a\n#chrom\tstart\tend\n\nchrom\tstart\tend\nchr1\t1\t5\tx\nchr2\t0\t9\n")
    assert read_bed(path).to_dict("list") == {"chrom": ["chr1", "chr2"], "start": [1, 0], "end": [5, 9]}


@pytest.mark.parametrize("separator", ["\t", " ", "  "])
@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_read_bed__reads_what_bed_allows(tmp_path: Path, separator: str, compress) -> None:
    path = tmp_path / "a.bed"
    path.write_bytes(compress(separator.join(["1", "1", "5"]).encode() + b"\r\n"))
    assert read_bed(path).to_dict("list") == {"chrom": ["1"], "start": [1], "end": [5]}


@pytest.mark.parametrize(
    ("content", "with_summits", "message"),
    [
        ("chr1\t1\t5\nchr1\t5\n", False, r"line 2: 'chr1 5' is not chrom, start and end with 0 <= start <= end"),
        ("chr1\t1\t5\nchr1\t5\tx\n", False, r"line 2: 'chr1 5 x' is not"),
        ("chr1\t9\t5\n", False, r"line 1: 'chr1 9 5' is not"),
        ("chr1\t-9\t5\n", False, r"line 1"),
        ("#\n", False, r"there is no interval in it"),
        (
            "chr1\t1\t5\n",
            True,
            r"line 1: column 10 holds no summit between 0 and the 4 bp of .*\. Only narrowPeak",
        ),
        ("chr1\t1\t5\tp\t0\t.\t1\t1\t1\t-1\n", True, r"line 1: column 10 holds no summit"),
        ("chr1\t1\t5\tp\t0\t.\t1\t1\t1\t5\n", True, r"line 1: column 10 holds no summit"),
        ("\x00\x01", False, r"this is no text, so no BED file"),
    ],
)
def test_read_bed__says_which_line_is_wrong(tmp_path: Path, content: str, with_summits: bool, message: str) -> None:
    path = tmp_path / "a.bed"
    path.write_text(content)
    with pytest.raises(InvalidFile, match=message):
        read_bed(path, with_summits)


@pytest.mark.parametrize("header", ["\ufeff", "chrom\tchrom_start\tchrom_end\n"])
def test_read_bed__skips_a_byte_order_mark_and_any_line_of_column_names(tmp_path, header: str) -> None:
    path = tmp_path / "peaks.bed"
    path.write_text(header + "chr1\t10\t20\ntracks\t1\t2\n", encoding="utf-8")
    assert read_bed(path)["chrom"].tolist() == ["chr1", "tracks"]


def test_read_bed__says_that_a_gzipped_file_was_cut_off(tmp_path) -> None:
    path = tmp_path / "peaks.bed.gz"
    path.write_bytes(gzip.compress(b"chr1\t10\t20\n" * 100)[:-9])
    with pytest.raises(InvalidFile, match="it is compressed by gzip but cannot be unpacked"):
        read_bed(path)


@pytest.mark.parametrize("compress", [bz2.compress, lzma.compress])
def test_read_bed__unpacks_bzip2_and_xz(tmp_path, compress) -> None:
    path = tmp_path / "peaks.bed"
    path.write_bytes(compress(b"chr1\t10\t20\n" * 100))
    assert len(read_bed(path)) == 100
    path.write_bytes(compress(b"chr1\t10\t20\n" * 100)[:-9])
    with pytest.raises(InvalidFile, match=r"it is compressed by (bzip2|xz) but cannot be unpacked"):
        read_bed(path)


def test_read_bed__refuses_coordinates_beyond_64_bits(tmp_path) -> None:
    path = tmp_path / "peaks.bed"
    path.write_text("chr1\t1\t99999999999999999999999\n")
    with pytest.raises(InvalidFile, match="line 1: "):
        read_bed(path)
