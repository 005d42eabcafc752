"""BED and narrowPeak files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from nbmotif.errors import InvalidFile
from nbmotif.text_files import read_content, to_lines

if TYPE_CHECKING:
    import os

_NOT_INTERVALS = re.compile(r"#|(track|browser)\b")
_COLUMN_NAME = re.compile(r"[A-Za-z_.]+")
_LAST = 2**62  # beyond any coordinate, and a sum of two is still an int64
_SUMMIT = 9  # the tenth column of a narrowPeak file: the summit, counted from the start


def read_bed(filename: str | os.PathLike[str], with_summits: bool = False) -> pd.DataFrame:
    """Read the intervals of a BED file, plain or compressed by gzip, bzip2 or xz.

    Parameters
    ----------
    filename
        The file. Comments, track and browser lines and a line of column names at the top are skipped.
    with_summits
        Whether to read the summits of a narrowPeak file as well.

    Returns
    -------
    One row per interval: chrom (str), start and end (0-based, half-open) and, if asked for, summit, counted from start.

    Raises
    ------
    InvalidFile
        With the line number of the first line that holds no interval or no summit, or if there is no interval at all.
    """
    content = read_content(filename)
    if b"\0" in content[:1000]:
        hint = "Unpack zip archives; bigBed files are unpacked by bigBedToBed."
        raise InvalidFile(filename, "this is no text, so no BED file", hint)
    rows: list[tuple[str, int, int, int]] = []
    for number, line in enumerate(to_lines(content), 1):
        fields = line.split("\t") if "\t" in line else line.split()
        is_names = not rows and len(fields) > 2 and all(_COLUMN_NAME.fullmatch(field.strip()) for field in fields[1:3])
        if not line.strip() or _NOT_INTERVALS.match(line) or is_names:
            continue
        rows.append(_read_interval(fields, number, filename, with_summits))
    if not rows:
        raise InvalidFile(filename, "there is no interval in it")
    return pd.DataFrame(rows, columns=["chrom", "start", "end", "summit"]).drop(
        columns=[] if with_summits else "summit"
    )


def _read_interval(
    fields: list[str], number: int, filename: str | os.PathLike[str], with_summits: bool
) -> tuple[str, int, int, int]:
    try:
        chrom, start, end = fields[0].strip(), int(fields[1]), int(fields[2])
    except (ValueError, IndexError):
        chrom, start, end = "", 0, 0
    if not chrom or not 0 <= start <= end <= _LAST:
        problem = f"line {number}: {' '.join(fields[:3])!r} is not chrom, start and end with 0 <= start <= end"
        raise InvalidFile(filename, problem)
    return chrom, start, end, _read_summit(fields, end - start, number, filename) if with_summits else 0


def _read_summit(fields: list[str], length: int, number: int, filename: str | os.PathLike[str]) -> int:
    summit = int(fields[_SUMMIT]) if len(fields) > _SUMMIT and fields[_SUMMIT].strip().lstrip("-").isdigit() else -1
    if not 0 <= summit <= length:
        problem = f"line {number}: column 10 holds no summit between 0 and the {length} bp of the interval"
        raise InvalidFile(filename, problem, "Only narrowPeak files have summits; summits=False takes the middle.")
    return summit
